"""Detect lost updates: shared numbers that differ from the sum of all additions to them. Pure."""

from __future__ import annotations

import math
import re

from runner.model.arguments import references, resolve
from runner.model.assigned_places import place_of
from runner.model.dtypes import DTYPES
from runner.model.records import record, replace
from runner.model.shared_things import SharedArray, SharedManaged, SharedValue
from runner.notes.note import Note, listed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from runner.model.json_types import Json, StepData
    from runner.model.messages import Added
    from runner.model.plan import Plan


@record(frozen=True, slots=True)
class Change:
    """A step that changes a number: its place (None if unknown), the amount (None if unknown), and how often it is
    done."""

    thing: str
    place: str | None
    at: Json
    adds: bool
    amount: float | None
    times: int


@record(frozen=True, slots=True)
class Sum:
    """The additions to a place: its first and last value, the sum, the processes, the guards that they held, and the
    steps."""

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
        """The value that the place should have now."""
        return self.before + self.amount

    @property
    def is_one_way(self) -> bool:
        """Whether all processes have added, or all have subtracted, as far as that is known."""
        signs = [None if one.amount is None else one.amount > 0 for one in self.adds]
        return signs[0] is not None and len(set(signs)) == 1

    @property
    def rounded(self) -> float:
        """The largest error that rounding may cause."""
        is_whole = all(isinstance(number, int) for number in (self.before, self.amount, self.now))
        epsilon = 0.0 if is_whole else _EPSILON.get(self.dtype or "float64", 0.0)
        if not epsilon:
            return 0.0
        sizes = (math.inf if one.amount is None else abs(one.amount) * one.times for one in self.adds)
        return epsilon * sum(one.times for one in self.adds) * (abs(self.before) + sum(sizes))


def of_sums(plan: Plan, added: Mapping[str, Added], values: Mapping[str, Json]) -> Iterator[Note]:
    """Return what was lost and what wrapped around, place by place, from the additions and the final contents of
    things."""
    things = {thing.name: thing for thing in plan.shared}
    changes = _Changes(plan) if added else None
    for place, sum_ in added.items():
        thing = things.get(re.split(r"[.\[]", place)[0])
        adds = changes.adds_to(thing.name, place, sum_.processes) if thing and changes else []
        if not adds or not isinstance(thing, SharedValue | SharedArray | SharedManaged):
            continue
        before = _number_in(_item(_initial(thing), adds[0].at))
        now = _number_in(_item(values.get(thing.name), adds[0].at))
        if before is not None and now is not None:
            names = [plan.processes[number].name for number in sorted(sum_.processes)]
            dtype = None if isinstance(thing, SharedManaged) else thing.dtype
            yield from _of_sum(Sum(place, dtype, before, sum_.amount, names, list(sum_.guards), adds, now))


class _Changes:
    """The changes that the steps of a plan make, by thing and place."""

    def __init__(self, plan: Plan) -> None:
        self._received: set[str] = set()
        """The things that a target may change."""
        self._by_place: dict[tuple[str, str | None], list[tuple[int, Change]]] = {}
        """Each with the number of its process; changes of an unknown place are at None."""
        for number, process in enumerate(plan.processes):
            self._received |= references([*process.args, *process.kwargs.values()])
            for change in _changes(process.do or ()):
                self._by_place.setdefault((change.thing, change.place), []).append((number, change))

    def adds_to(self, thing: str, place: str, reported: Iterable[int]) -> list[Change]:
        """Return the steps that add to this place, if its number is the sum of the reported additions; else none.

        It is not if a target may have changed it, or if a process has not reported its additions.
        """
        if thing in self._received or (thing, None) in self._by_place:
            return []
        changes = self._by_place.get((thing, place), [])
        known = set(reported)
        if any(not change.adds or number not in known for number, change in changes):
            return []
        return [change for _, change in changes]


def _changes(steps: Iterable[StepData], times: int = 1) -> Iterator[Change]:
    """Return the steps, at any depth, that change a number, where all of them are done `times` times."""
    for step in steps:
        if step["step"] in ("add", "write"):
            amount = _number_in(step["value"])
            often = times * step.get("times", 1)
            yield Change(step["to"]["ref"], place_of(step), step["at"], step["step"] == "add", amount, often)
        inner = _changes(step.get("do", ()), times * (step["times"] if step["step"] == "repeat" else 1))
        # No process reports the additions of a process's own child.
        yield from (replace(change, adds=False) for change in inner) if step["step"] == "child" else inner


def _initial(thing: SharedValue | SharedArray | SharedManaged) -> object:
    """Return the contents of a thing before its first change."""
    if isinstance(thing, SharedArray):
        return thing.initial or (0,) * thing.length
    return resolve(thing.initial, str)


def _item(held: object, at: Json) -> object:
    """Return the contents of a place of a thing; None if there is no such place."""
    if isinstance(held, dict):
        return held.get(at)
    if isinstance(held, list | tuple):
        return held[at] if isinstance(at, int) and at < len(held) else None
    return held


def _number_in(value: object) -> float | None:
    """Return the value, if it is a number."""
    return value if isinstance(value, int | float) and not isinstance(value, bool) else None


def _of_sum(found: Sum) -> Iterator[Note]:
    wrapped, span = 0, 0
    dtype = DTYPES.get(found.dtype or "")
    if dtype is not None and dtype.least is not None and dtype.highest is not None:
        if found.dtype == "bool" or isinstance(found.amount, float):  # true division, which truncates each time
            return
        span = dtype.highest - dtype.least + 1
        wrapped = int((found.expected - dtype.least) // span)
        if wrapped:
            yield Note("overflow", None, _overflow(found, dtype.least, dtype.highest, abs(wrapped)), found.place)
    if len(found.names) > 1:  # additions of a single process are not overwritten
        yield from _of_loss(found, found.expected - found.now, span if wrapped else 0)


def _overflow(found: Sum, least: int, highest: int, wrapped: int) -> str:
    times = "once" if wrapped == 1 else f"{wrapped:,} times"
    return _OVERFLOW.format(found.place, found.dtype, least, highest, found.expected, found.now, times)


def _of_loss(found: Sum, lost: float, span: int) -> Iterator[Note]:
    """Return the amount that is missing from the sum, which may have wrapped around a `span` of numbers."""
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
        return f"all of them held {listed(found.guards)}, which admits more than one process at a time"
    return f"no lock that all of them hold guards {found.place}"


_EPSILON = {"float32": 2.0**-23, "float64": 2.0**-52}
"""The distance between two adjacent numbers of a type, next to 1."""
_SO_MUCH = "{1:,} of what {0} added is lost"
_SOME = "some of what {0} added and subtracted is lost"
_LOST = (
    "{0} is {1:,}, and should be {2:,}: {3}. An addition reads, adds and writes back. A process that "
    "reads before another one has written back overwrites the other's addition, and {4}."
)
_LOST_TOO = "Some of what {0} added to {1} is lost, too, and {2}."
_OVERFLOW = (
    "{0} is of the type {1}, which holds {2:,} to {3:,}: the sum {4:,} wrapped around {6}, to {5:,}. "
    "Choose a wider dtype."
)
