"""What other tools write: their keys, their entries and their files, and what to write here instead."""
