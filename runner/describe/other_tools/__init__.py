"""The formats of other tools: their keys, entries and files, and the replacement for each."""
