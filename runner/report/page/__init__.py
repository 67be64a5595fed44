"""The report of a run as a single HTML page."""
