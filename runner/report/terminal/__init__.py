"""A run as lines: for a terminal, for a pipe, and as JSON."""
