"""Present events to users: in the terminal, as a timeline and as an HTML page."""
