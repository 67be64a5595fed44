"""The timeline of a run as lanes: in a terminal, as a picture and as a trace."""
