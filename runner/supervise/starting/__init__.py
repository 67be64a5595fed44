"""Create `Process` objects, start them, and wait for their ends."""
