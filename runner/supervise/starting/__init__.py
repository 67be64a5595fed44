"""Makes `Process` objects, starts them, and waits for their ends."""
