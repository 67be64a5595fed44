"""Turn a file into a plan: read, check and plan it, and report each problem with its source position.

Empty on purpose: the modules below import yaml and pydantic, and only code that reads a file should pay for them.
"""

__path__ = [*__path__, f"{__path__[0]}/../old_paths/describe"]
