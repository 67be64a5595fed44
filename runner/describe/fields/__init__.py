"""The fields of a file: their types, their allowed values and their problems."""
