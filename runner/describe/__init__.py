"""From a file to a plan: reading, checking, planning, and saying what is wrong and where.

Empty on purpose: the modules below import yaml and pydantic, and only who reads a file should pay for them.
"""

__path__ = [*__path__, f"{__path__[0]}/../old_paths/describe"]
