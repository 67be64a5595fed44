"""The original system clock, even if a user's import replaces `time.monotonic`.

Import this module before such imports. The functions are stored where tools that patch the attributes of modules do not
find them.
"""

from __future__ import annotations

import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def monotonic(*, _read: Callable[[], float] = time.monotonic) -> float:
    """Return the seconds on the clock that never goes back."""
    return _read()


def wall(*, _read: Callable[[], float] = time.time) -> float:
    """Return the seconds since 1970."""
    return _read()


def sleep(seconds: float, *, _sleep: Callable[[float], None] = time.sleep) -> None:
    """Wait."""
    _sleep(seconds)
