"""Detect lost updates: shared numbers that differ from the sum of all additions to them. Pure."""

from __future__ import annotations

import math
import re

from runner.model.arguments import references, resolve
from runner.model.dtypes import DTYPES
from runner.model.records import record, replace
from runner.model.shared_things import SharedArray, SharedManaged, SharedValue
from runner.model.step_places import place_of
from runner.notes.lives import Note, listed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from typing import Any

    from runner.model.plan import Json, Plan


@record(frozen=True, slots=True)
class Change:
    """A step that changes a number: in which place (None: it is not known), by how much (the same), how often."""

    thing: str
    place: str | None
    at: Any
    adds: bool
    amount: float | None
    times: int


@record(frozen=True, slots=True)
class Sum:
    """What was in a place, what was added to it, by whom, with what held, by which steps, and what is there now."""

    place: str
    dtype: str | None
    before: float
    amount: float
    names: list[str]
    guards: list[str]
    adds: list[Change]
    now: float

    @property
    def expected(self) -> float:
        """What should be there now."""
        return self.before + self.amount

    @property
    def is_one_way(self) -> bool:
        """Whether all have added, or all have taken away, as far as that is known."""
        signs = [None if one.amount is None else one.amount > 0 for one in self.adds]
        return signs[0] is not None and len(set(signs)) == 1

    @property
    def rounded(self) -> float:
        """What rounding may have come to, at the most."""
        is_whole = all(isinstance(number, int) for number in (self.before, self.amount, self.now))
        epsilon = 0.0 if is_whole else _EPSILON.get(self.dtype or "float64", 0.0)
        if not epsilon:
            return 0.0
        sizes = (math.inf if one.amount is None else abs(one.amount) * one.times for one in self.adds)
        return epsilon * sum(one.times for one in self.adds) * (abs(self.before) + sum(sizes))


def of_sums(plan: Plan, added: Mapping[str, Any], values: Mapping[str, Json]) -> Iterator[Note]:
    """Of what was added, place by place, and what things hold in the end: what was lost, and what wrapped around."""
    things = {thing.name: thing for thing in plan.shared}
    changes = _Changes(plan) if added else None
    for place, (amount, processes, guards) in added.items():
        thing = things.get(re.split(r"[.\[]", place)[0])
        adds = changes.adds_to(thing.name, place, processes) if thing and changes else []
        if not adds or not isinstance(thing, SharedValue | SharedArray | SharedManaged):
            continue
        before, now = _item(_initial(thing), adds[0].at), _item(values.get(thing.name), adds[0].at)
        if _is_number(before) and _is_number(now):
            names = [plan.processes[number].name for number in sorted(processes)]
            dtype = None if isinstance(thing, SharedManaged) else thing.dtype
            yield from _of_sum(Sum(place, dtype, before, amount, names, guards, adds, now))


class _Changes:
    """What the steps of a plan change, by thing and place."""

    def __init__(self, plan: Plan) -> None:
        self._received: set[str] = set()
        """The things that a target may change."""
        self._by_place: dict[tuple[str, str | None], list[tuple[int, Change]]] = {}
        """Each with the number of its process; a change of a place that is not known yet is at None."""
        for number, process in enumerate(plan.processes):
            self._received |= references([*process.args, *process.kwargs.values()])
            for change in _changes(process.do or ()):
                self._by_place.setdefault((change.thing, change.place), []).append((number, change))

    def adds_to(self, thing: str, place: str, reported: Iterable[int]) -> list[Change]:
        """What adds to this place, if the number in it is the sum of what was reported; else nothing.

        It is not where a target may have changed it, or a process has not reported what it added.
        """
        if thing in self._received or (thing, None) in self._by_place:
            return []
        changes = self._by_place.get((thing, place), [])
        known = set(reported)
        if any(not change.adds or number not in known for number, change in changes):
            return []
        return [change for _, change in changes]


def _changes(steps: Any, times: int = 1) -> Iterator[Change]:
    """The steps, at any depth, that change a number, where all of them are done so many times."""
    for step in steps:
        if step["step"] in ("add", "write"):
            amount = step["value"] if _is_number(step["value"]) else None
            often = times * step.get("times", 1)
            yield Change(step["to"]["ref"], place_of(step), step["at"], step["step"] == "add", amount, often)
        inner = _changes(step.get("do", ()), times * (step["times"] if step["step"] == "repeat" else 1))
        # Nobody tells of what a child of its own adds.
        yield from (replace(change, adds=False) for change in inner) if step["step"] == "child" else inner


def _initial(thing: SharedValue | SharedArray | SharedManaged) -> Any:
    """What a thing held before it was first changed."""
    if isinstance(thing, SharedArray):
        return thing.initial or (0,) * thing.length
    return resolve(thing.initial, str)


def _item(held: Any, at: Any) -> Any:
    """What is in a place of what a thing holds; None if there is no such place."""
    if isinstance(held, dict):
        return held.get(at)
    if isinstance(held, list | tuple):
        return held[at] if at < len(held) else None
    return held


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _of_sum(found: Sum) -> Iterator[Note]:
    wrapped, span = 0, 0
    dtype = DTYPES.get(found.dtype or "")
    if dtype is not None and dtype.least is not None and dtype.highest is not None:
        if found.dtype == "bool" or isinstance(found.amount, float):  # it is true then; something is cut off each time
            return
        span = dtype.highest - dtype.least + 1
        wrapped = int((found.expected - dtype.least) // span)
        if wrapped:
            yield Note("overflow", None, _overflow(found, dtype.least, dtype.highest, abs(wrapped)), found.place)
    if len(found.names) > 1:  # the additions of a single process are not overwritten
        yield from _of_loss(found, found.expected - found.now, span if wrapped else 0)


def _overflow(found: Sum, least: int, highest: int, wrapped: int) -> str:
    times = "once" if wrapped == 1 else f"{wrapped:,} times"
    return _OVERFLOW.format(found.place, found.dtype, least, highest, found.expected, found.now, times)


def _of_loss(found: Sum, lost: float, span: int) -> Iterator[Note]:
    """What is not in the sum, which may have wrapped around a `span` of numbers."""
    names, unguarded = listed(found.names), _unguarded(found)
    if span:
        if lost % span:
            yield Note("lost_updates", None, _LOST_TOO.format(names, found.place, unguarded), found.place)
    elif abs(lost) > found.rounded and not found.is_one_way:
        text = _LOST.format(found.place, found.now, found.expected, _SOME.format(names), unguarded)
        yield Note("lost_updates", None, text, found.place)
    elif abs(lost) > found.rounded and (lost > 0) == (found.amount > 0):
        text = _LOST.format(found.place, found.now, found.expected, _SO_MUCH.format(names, abs(lost)), unguarded)
        yield Note("lost_updates", None, text, found.place)


def _unguarded(found: Sum) -> str:
    if found.guards:
        return f"though all of them held {listed(found.guards)}: it lets in more than one at a time"
    return f"nothing that all of them hold guards {found.place}"


_EPSILON = {"float32": 2.0**-23, "float64": 2.0**-52}
"""How far two numbers of a type are from each other, next to 1."""
_SO_MUCH = "of what {0} added, {1:,} is lost"
_SOME = "of what {0} added and took away, some is lost"
_LOST = (
    "{0} is {1:,}, and should be {2:,}: {3}. Adding is to read, to add and to write back; "
    "who reads before another one has written back overwrites that one's addition, and {4}."
)
_LOST_TOO = "Of what {0} added to {1} some is lost, too, and {2}."
_OVERFLOW = (
    "{0} is of the type {1}, which holds {2:,} to {3:,}: the sum {4:,} wrapped around {6}, to {5:,}. "
    "Choose a wider dtype."
)
