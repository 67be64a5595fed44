"""Decide which processes can still release a lock, from their remaining steps. Pure.

The steps are numbered from 1 in the order of the file: those in a `with` one by one, a `repeat` or a `child` as one. A
process records the number of its current step (see `runner.supervise.child.steps`); 0 means that it has not begun.
"""

from __future__ import annotations

from runner.model.arguments import references
from runner.model.shared_things import SharedLock, SharedSemaphore, SharedValue, is_declared

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Literal, TypeAlias

    from runner.model.json_types import StepData
    from runner.model.plan import ProcessPlan
    from runner.model.shared_things import SharedPlan

    Then: TypeAlias = Literal["goes on", "unwinds", "is gone"]
    """What a process does after a step; while it unwinds, every `with` around the step still releases its guard."""

_LEAVES = frozenset({"raise", "return", "exit"})
_GONE = frozenset({"crash", "hang"})


def size_of(step: StepData) -> int:
    """Return how many numbers a step takes."""
    return 1 + (sum(map(size_of, step["do"])) if step["step"] == "with" else 0)


def can_release(process: ProcessPlan, thing: SharedPlan, *, position: int, held: int, waits: bool) -> bool:
    """Return whether a process can release a guard more often than it acquires it from now on.

    `position` is the number of its step, `held` how many permits it owns, `waits` whether it is blocked at this guard.
    Only the owner can release an rlock or the lock of a condition or of a value; the last is released by each step that
    uses the value. A target may do anything: it is assumed to release what it owns, and every semaphore that it has
    received.
    """
    declared = isinstance(thing, SharedLock | SharedSemaphore) and is_declared(thing.name)
    if process.do is not None and not isinstance(thing, SharedValue):
        return bool(held or declared) and may_release(process.do, thing.name, position=position, held=held, waits=waits)
    if isinstance(thing, SharedSemaphore) and declared:
        return thing.name in references([*process.args, *process.kwargs.values()])
    return held > 0


def may_release(
    steps: Iterable[StepData], guard: str, *, position: int = 0, held: int = 0, waits: bool = False
) -> bool:
    """Return whether these steps, from `position` on, release a guard without having acquired it first.

    An acquisition with a timeout may fail, and then the following release adds a permit.
    """
    walk = _Walk(guard, position, held, owed=int(waits))
    walk.sequence(list(steps))
    return walk.found


_MAX_OWED = 100
"""The limit of counted permits: a process that acquires more may be taken for one that can release."""


class _Walk:
    """Goes through the remaining steps; `owed` are the permits that are acquired before they can be released."""

    def __init__(self, guard: str, position: int, held: int, owed: int) -> None:
        self._guard = guard
        self._position = position
        self._held = held
        self._owed = owed
        self._number = 1
        self.found = False

    def sequence(self, steps: Sequence[StepData]) -> Then:
        """Go through the steps in order, up to one that ends the process."""
        for step in steps:
            then = self._step(step)
            if then != "goes on":
                return then
        return "goes on"

    def _step(self, step: StepData) -> Then:
        number, size = self._number, size_of(step)
        if number + size <= self._position:  # the process is past it, but its children may live
            self._number += size
            self.found = self.found or any(may_release(child["do"], self._guard) for child in _children(step))
            return "goes on"
        self._number += 1
        match step["step"]:
            case "with":
                return self._with(step, is_inside=number <= self._position)
            case "repeat":
                return self._repeat(step, is_inside=number == self._position)
            case "child":
                self.found = self.found or may_release(step["do"], self._guard)
            case "acquire" if self._is_guard(step) and "timeout" not in step and number != self._position:
                self._owed += 1
            case "release" if self._is_guard(step):
                self._release()
            case "wait" if self._is_guard(step):  # the lock of a condition is released while the process waits in it
                self._release()
                self._owed += 1
            case kind if kind in _LEAVES:
                return "unwinds"
            case kind if kind in _GONE:
                return "is gone"
        return "goes on"

    def _is_guard(self, step: StepData) -> bool:
        return step["thing"]["ref"] == self._guard

    def _release(self) -> None:
        if self._owed:
            self._owed -= 1
        else:
            self.found = True

    def _with(self, step: StepData, *, is_inside: bool) -> Then:
        is_guard = self._is_guard(step)
        if is_guard and not is_inside:
            self._owed += 1
        then = self.sequence(step["do"])
        if is_guard and then != "is gone":
            self._release()
        return then

    def _repeat(self, step: StepData, *, is_inside: bool) -> Then:
        """Go through the rounds: they may release more often than they acquire.

        The position in a round is unknown: from its beginning on, the process acquires again what it may be blocked at.
        """
        if is_inside:
            self._owed = 0
            self.found = self.found or (self._held > 0 and _releases(step["do"], self._guard))
        number, position = self._number, self._position
        self._position = -1  # the steps of a round have no numbers
        then: Then = "goes on"
        rounds, gained = min(step["times"], self._owed + 2), 0
        for _ in range(rounds):
            owed = self._owed
            then = self.sequence(step["do"])
            gained = self._owed - owed
            if self.found or then != "goes on":
                break
        else:  # the other rounds do the same as the last one of these; permits beyond `_MAX_OWED` are ignored
            more = max(gained, 0) * (step["times"] - rounds)
            self._owed = max(self._owed, min(self._owed + more, _MAX_OWED))
        self._number, self._position = number, position
        return then


def _children(step: StepData) -> Iterator[StepData]:
    """Return the children that a step starts."""
    if step["step"] == "child":
        yield step
    else:
        for inner in step.get("do", ()):
            yield from _children(inner)


def _releases(steps: Iterable[StepData], guard: str) -> bool:
    """Return whether one of these steps, or of those within, releases the guard."""
    return any(
        (step["step"] in ("release", "with", "wait") and step["thing"]["ref"] == guard)
        or _releases(step.get("do", ()), guard)
        for step in steps
    )
