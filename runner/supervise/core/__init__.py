"""The decisions of the supervisor: facts in, commands out. Pure: no clock, no pid, no file."""
