"""Shared things that note, in a child, which process waits for them and which holds them."""
