"""The supervisor's side of shared things: create, watch, read and remove them, and use them for main."""
