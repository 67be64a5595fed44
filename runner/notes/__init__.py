"""Why something surprising happened: explanations made of a run's events. Pure."""
