"""Raise SIGTERM as an exception in a target with `on_terminate: unwind`.

Children import this module.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import FrameType


class Terminated(BaseException):
    """SIGTERM has come, and the file asks for `on_terminate: unwind`."""


def raise_terminated(_signal: int, _frame: FrameType | None) -> None:
    """Handle SIGTERM while a target runs that should be unwound."""
    raise Terminated
