"""The supervisor's view of shared things: made, watched, read and removed; and main's use of them."""
