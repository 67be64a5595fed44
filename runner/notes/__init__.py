"""Explain surprising behaviour of a run, from its events. Pure."""
