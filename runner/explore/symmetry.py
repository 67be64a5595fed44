"""Merge states that differ only by an exchange of identical replicas."""

from __future__ import annotations

from itertools import permutations, product
from typing import TYPE_CHECKING

from runner.explore.machine import UNSTARTED
from runner.model.plan import Act, Join, Kill, Start, Terminate

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from runner.explore.machine import State
    from runner.explore.program import Program
    from runner.model.plan import Plan


class Symmetry:
    """The groups of exchangeable processes of a program, each with its own cells."""

    def __init__(self, program: Program) -> None:
        codes = program.codes
        self._positions = [code.position for code in codes]
        self._groups = [
            [(codes[number].first, codes[number + 1].first) for number in group] for group in groups(program.plan)
        ]
        self._keys: dict[State, str] = {}

    def representative(self, state: State) -> State:
        """Return the representative of all equivalent states."""
        for group in self._groups:
            parts = [state[first:after] for first, after in group]
            if all(part[0] != UNSTARTED for part in parts):
                state = _with(state, group, sorted(parts, key=self._key))
        return state

    def alike(self, state: State) -> Iterator[State]:
        """Return all states that this one represents."""
        every = [set(permutations([state[first:after] for first, after in group])) for group in self._groups]
        for parts in product(*every):
            one = state
            for group, order in zip(self._groups, parts, strict=True):
                one = _with(one, group, order)
            yield one

    def _key(self, part: State) -> str:
        if part not in self._keys:
            self._keys[part] = repr(part)
        return self._keys[part]


def _with(state: State, group: list[tuple[int, int]], parts: Sequence[State]) -> State:
    cells = list(state)
    for (first, after), part in zip(group, parts, strict=True):
        cells[first:after] = part
    return tuple(cells)


def groups(plan: Plan) -> list[list[int]]:
    """Return processes that do the same, and that main treats alike, in groups of two and more."""
    alike: dict[str, list[int]] = {}
    for number, process in enumerate(plan.processes):
        ends = process.terminate_after is not None or process.timeout is not None
        role = [turn for turn, numbers in enumerate(_turns(plan)) if number in numbers]
        if not _is_singled_out(plan, number):
            alike.setdefault(repr((process.do, process.daemon, ends, role)), []).append(number)
    return [numbers for numbers in alike.values() if len(numbers) > 1]


def _is_singled_out(plan: Plan, number: int) -> bool:
    """Return whether main does something to this process alone."""
    return any(
        (isinstance(step, Terminate | Kill) or (isinstance(step, Join) and step.timeout is not None))
        and step.process == number
        for step in plan.steps
    )


def _turns(plan: Plan) -> Iterator[set[int]]:
    """Return the processes that main starts or joins in a row, in which the order makes no difference."""
    kind: type | None = None
    numbers: set[int] = set()
    for step in plan.steps:
        match step:
            case Start(process) | Join(process, None):
                if type(step) is not kind:
                    yield numbers
                    kind, numbers = type(step), set()
                numbers.add(process)
            case Act() | Join() | Terminate() | Kill():
                yield numbers
                kind, numbers = None, set()
    yield numbers
