"""One value of a file: its type, what may stand in it, and what is wrong with it."""
