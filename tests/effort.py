"""How much the tests do: everything in CI, where the variable CI is set; a part of it on the way there."""

from __future__ import annotations

import os

EVERYTHING = "CI" in os.environ
PART = 4
"""While developing, a test makes up one example where it makes up this many in CI."""
START_METHODS = ("fork", "spawn", "forkserver")


def share_of(count: int) -> int:
    """How many of this many examples, or megabytes, a test takes."""
    return count if EVERYTHING else -(-count // PART)
