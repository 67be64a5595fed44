"""Code that runs in a child process: its bootstrap, its target or steps, and its end record."""
