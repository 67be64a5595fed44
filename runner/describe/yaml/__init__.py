"""Bytes to plain data with its places in the file, and what scalars mean."""
