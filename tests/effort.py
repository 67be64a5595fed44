"""How much the tests do: everything in CI, where the variable CI is set; a part of it on the way there."""

from __future__ import annotations

import os

EVERYTHING = "CI" in os.environ
PART = 4
"""Of this many made-up examples one is tried while developing."""
START_METHODS = ("fork", "spawn", "forkserver")


def examples(count: int) -> int:
    """The number of examples to try of this many."""
    return count if EVERYTHING else -(-count // PART)
