"""Decide when a requested start takes place: in order, as soon as there is room. Pure: it reads no clock.

A start without room waits: room comes when a life ends, and when the front has closed that life's outputs. A start for
which the system lacks resources now (`EAGAIN`) waits for a pause.
"""

from __future__ import annotations

from collections import deque

PAUSES_S = (0.05, 0.1, 0.2, 0.4, 0.8)
"""The pauses before another try at a start that the system had no resources for."""


class StartQueue:
    """The processes that wait for their starts, and the slots of those that take room."""

    def __init__(self, room: int, outputs_room: int | None = None) -> None:
        """`room` is the number of processes that can live at once, `outputs_room` of those that can have open outputs.

        It is None if the outputs of all processes can be open at once.
        """
        self._room = room
        self._outputs_room = outputs_room
        self.waiting: deque[int] = deque()
        """The processes whose start is requested, in the order of the requests."""
        self.starting: dict[int, None] = {}
        """The row that is being started."""
        self._put_back: list[int] = []
        """The processes of that row that have to wait again."""
        self._alive: set[int] = set()
        """The processes that live, or are being started."""
        self._open: set[int] = set()
        """The processes with open outputs, if these are counted."""
        self.generation = 0
        """The current pause: a timer of an older generation is void."""
        self._is_paused = False
        self._pause_is_for_room = False
        self._failures = 0
        """How many pauses there have been in a row without a start."""

    def __bool__(self) -> bool:
        return bool(self.waiting or self.starting)

    @property
    def room(self) -> int:
        """Return the number of processes for which there are descriptors."""
        return self._room if self._outputs_room is None else min(self._room, self._outputs_room)

    @property
    def free(self) -> int:
        """Return for how many more processes there is room."""
        free = self._room - len(self._alive)
        return free if self._outputs_room is None else min(free, self._outputs_room - len(self._open))

    @property
    def can_start(self) -> bool:
        """Return whether the first of the waiting processes can be started now."""
        return bool(self.waiting) and not self.starting and not self._is_paused and self.free > 0

    @property
    def holders(self) -> frozenset[int]:
        """Return the processes that take room."""
        return frozenset(self._alive | self._open)

    def add(self, process: int) -> None:
        """Add a process that waits for its start, after all others."""
        self.waiting.append(process)

    def withdraw(self, process: int) -> None:
        """Remove a waiting process."""
        self.waiting.remove(process)

    def take_row(self, most: int) -> tuple[int, ...]:
        """Return the processes to be started now, in order; they take their room."""
        row = tuple([self.waiting.popleft() for _ in range(min(most, self.free, len(self.waiting)))])
        self.starting = dict.fromkeys(row)
        self._alive.update(row)
        if self._outputs_room is not None:
            self._open.update(row)
        return row

    def see_started(self, process: int) -> None:
        """Handle that one of the row has been started."""
        self._failures = 0
        self._leave_the_row(process)

    def see_failed(self, process: int, *, again: bool) -> None:
        """Handle that one of the row has not been started; with `again`, it waits for another try."""
        self._alive.discard(process)
        self._open.discard(process)
        if again:
            self._put_back.append(process)
        self._leave_the_row(process)

    def see_postponed(self) -> tuple[int, ...]:
        """Handle that the row ended early: return the processes that were not attempted, which wait again."""
        rest = tuple(self.starting)
        for process in rest:
            self.see_failed(process, again=True)
        return rest

    def _leave_the_row(self, process: int) -> None:
        del self.starting[process]
        if not self.starting:
            self.waiting.extendleft(reversed(self._put_back))
            self._put_back.clear()

    def see_end(self, process: int) -> None:
        """Note that a process does not live any more."""
        self._alive.discard(process)

    def see_outputs_closed(self, process: int) -> None:
        """Note that the outputs of a process are closed: a pause is over if the room was waited for."""
        self._open.discard(process)
        if self._pause_is_for_room and self.free > 0:
            self._is_paused = False

    def pause(self, *, for_room: bool) -> float | None:
        """Begin a pause, if there is none: return its length in seconds; None if there have been enough of them."""
        if self._failures == len(PAUSES_S):
            return None
        self._is_paused = True
        self._pause_is_for_room = for_room
        self.generation += 1
        self._failures += 1
        return PAUSES_S[self._failures - 1]

    @property
    def is_paused(self) -> bool:
        """Whether the next try waits for the end of a pause."""
        return self._is_paused

    def end_pause(self, generation: int) -> None:
        """Handle the end of the pause of this generation."""
        if generation == self.generation:
            self._is_paused = False

    def give_up(self) -> tuple[int, ...]:
        """Have nothing wait any more: return the processes that did."""
        left = tuple(self.waiting)
        self.waiting.clear()
        return left
