"""A file descriptor that can be pickled with a process, to be sent to a child.

Children import this module.
"""

from __future__ import annotations

from multiprocessing import reduction

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class Descriptor:
    """A descriptor that arrives in the child, whatever the start method; `number` is its number here."""

    __slots__ = ("number",)

    def __init__(self, number: int) -> None:
        self.number = number

    def __reduce__(self) -> tuple[object, ...]:
        return _arrive, (reduction.DupFd(self.number),)


def _arrive(duplicate: Any) -> Descriptor:
    return Descriptor(duplicate.detach())
