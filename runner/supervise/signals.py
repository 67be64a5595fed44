"""What every start and every child does with signals, below the enums of `signal`: those cost more than the calls.

Forked children run this, and copy each page that they touch: `signal.signal` alone would touch thirty.
"""

from __future__ import annotations

import _signal  # type: ignore[import-not-found]  # the C half of `signal`, which has no stubs

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from types import FrameType

    Handler = Callable[[int, FrameType | None], object] | int

DEFAULT: int = _signal.SIG_DFL
IGNORE: int = _signal.SIG_IGN
"""These are numbers; those of `signal` are an enum's, which the C half does not take."""

HANDLED = (int(_signal.SIGTERM), int(_signal.SIGINT), int(_signal.SIGHUP))
"""The signals that the supervisor has handlers for."""


def handle(number: int, handler: Handler) -> None:
    """Have `handler` called for a signal, or `DEFAULT` or `IGNORE` done."""
    _signal.signal(number, handler)


def block(numbers: Iterable[int] = HANDLED) -> None:
    """Have these signals wait."""
    _signal.pthread_sigmask(_signal.SIG_BLOCK, numbers)


def let_through(numbers: Iterable[int] = HANDLED) -> None:
    """Have these signals come again."""
    _signal.pthread_sigmask(_signal.SIG_UNBLOCK, numbers)


def let_all_through() -> None:
    """Have no signal wait."""
    _signal.pthread_sigmask(_signal.SIG_SETMASK, ())
