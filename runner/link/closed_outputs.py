"""Decide when the supervisor learns which processes take no room in the front any more. Pure.

A message for each process would end each of the supervisor's rows of starts. So they are sent together, once the
supervisor counts half of the room as taken. If it waits for room, it counts all as taken, and then each is sent at
once.
"""

from __future__ import annotations


class FreedRoom:
    """The processes whose outputs are closed, until the supervisor learns of them."""

    def __init__(self, room: int) -> None:
        """`room` is the number of processes for which the front has descriptors."""
        self._half = room // 2
        self._counted = 0
        """How many processes take room as far as the supervisor knows."""
        self._closed: list[int] = []

    def see_opened(self) -> tuple[int, ...]:
        """Note that another process has outputs. Return the processes to report to the supervisor now."""
        self._counted += 1
        return self._taken()

    def see_closed(self, process: int) -> tuple[int, ...]:
        """Note that the outputs of a process are closed. Return the processes to report to the supervisor now."""
        self._closed.append(process)
        return self._taken()

    def _taken(self) -> tuple[int, ...]:
        if self._counted < self._half or not self._closed:
            return ()
        closed = tuple(self._closed)
        self._closed.clear()
        self._counted -= len(closed)
        return closed
