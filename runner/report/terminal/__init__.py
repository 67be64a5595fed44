"""Report a run as lines of text or JSON, for a terminal or a pipe."""
