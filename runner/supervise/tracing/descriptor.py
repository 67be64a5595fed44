"""A file descriptor that is pickled with a shared thing, and so reaches a child.

Children import this module.
"""

from __future__ import annotations

from multiprocessing import reduction

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Protocol

    class _Duplicate(Protocol):
        """A descriptor on its way, as multiprocessing sends it."""

        def detach(self) -> int:
            """Return its number here."""


class Descriptor:
    """A descriptor that is sent to the child, whatever the start method; `number` is its number in this process."""

    __slots__ = ("number",)

    def __init__(self, number: int) -> None:
        self.number = number

    def __reduce__(self) -> tuple[object, ...]:
        return _arrive, (reduction.DupFd(self.number),)


def _arrive(duplicate: _Duplicate) -> Descriptor:
    return Descriptor(duplicate.detach())
