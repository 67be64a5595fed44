"""Decides what follows from each fact of a run. Pure: no clock, no pid, no file."""
