"""A run as lanes in time: in a terminal, as a picture, and as a trace."""
