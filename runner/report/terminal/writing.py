"""Write to a file descriptor, even if another program has made it non-blocking."""

from __future__ import annotations

import os
import select
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def write_some(descriptor: int, pieces: Sequence[bytes | memoryview]) -> int:
    """Write at least a byte, as much as possible now; return how many. Block until there is room; raise `OSError`."""
    while True:
        try:
            return os.writev(descriptor, pieces)
        except BlockingIOError:  # another program has made it non-blocking, as some do with their terminal
            select.select([], [descriptor], [])
