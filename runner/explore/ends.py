"""The possible ends of a program: the exit code of each process, or the wait in which it is stuck."""

from __future__ import annotations

from ast import literal_eval
from typing import TYPE_CHECKING

from runner.explore.machine import UNSTARTED, Wait
from runner.explore.queues import Queue
from runner.explore.shared_values import Number
from runner.model.records import record

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import TypeAlias

    from runner.explore.code import Code
    from runner.explore.conditions import Condition
    from runner.explore.guards import Guard
    from runner.explore.machine import State
    from runner.explore.program import Program

    Fate: TypeAlias = "Ended | Wait | None"


@record(frozen=True, slots=True)
class Ended:
    """A process has ended by itself or by a signal (a negative exit code).

    `held` is what it owned when it died; `unsent` are the queues with items that were lost with it, and how many.
    """

    exit_code: int
    held: tuple[str, ...] = ()
    unsent: tuple[tuple[str, int], ...] = ()


@record(frozen=True, slots=True)
class End:
    """One way in which a program can end, after which no process can do anything any more.

    `fates` has the processes and main (`__main__`): how each ended, what it waits for, or None if it was never started.
    `values` has the numbers and the items in the pipes of queues, as reprs. `circles` are processes that wait for each
    other; `orphaned` are things that a process waits for while a dead one owns them, or a lock inside of them.
    """

    fates: tuple[tuple[str, Fate], ...]
    values: tuple[tuple[str, str], ...]
    circles: tuple[tuple[str, ...], ...] = ()
    orphaned: tuple[str, ...] = ()

    @property
    def waiting(self) -> dict[str, Wait]:
        """The processes that wait for ever, main included, and what for."""
        return {name: fate for name, fate in self.fates if isinstance(fate, Wait)}

    @property
    def ended(self) -> dict[str, Ended]:
        """The processes that have ended, main included."""
        return {name: fate for name, fate in self.fates if isinstance(fate, Ended)}

    def value(self, name: str) -> object:
        """Return the last number of a value, or the items that are left in the pipe of a queue."""
        found: object = literal_eval(dict(self.values)[name])
        return found

    def __str__(self) -> str:
        kind = "all ended" if not self.waiting else "dead holder" if self.orphaned else "standstill"
        if self.circles:
            kind = "deadlock"
        fates = ", ".join(f"{name}={_shown(fate)}" for name, fate in self.fates)
        values = ", ".join(f"{name}: {value}" for name, value in self.values)
        return f"{kind}: {fates}" + (f" {{{values}}}" if values else "")


def _shown(fate: Fate) -> str:
    match fate:
        case Ended(exit_code):
            return str(exit_code)
        case Wait():
            return f"waits({fate})"
    return "never started"


def end_of(program: Program, state: State) -> End:
    """Return the end for a state in which no process can do anything."""
    fates = {code.name: _fate(program, code, state) for code in program.codes}
    return End(
        tuple(fates.items()),
        tuple(_values(program, state)),
        tuple(_circles(program, state, fates)),
        tuple(_orphaned(program, state, fates)),
    )


def _fate(program: Program, code: Code, state: State) -> Fate:
    if state[code.end] is not None:
        return Ended(*state[code.end])
    if state[code.position] == UNSTARTED:
        return None
    joined = program.main.joins.get(state[code.position], []) if code is program.main else []
    for awaited in joined:
        if state[awaited.end] is None:
            return Wait("join", awaited.name)
    return code.actions[state[code.position]].wait


def _values(program: Program, state: State) -> list[tuple[str, str]]:
    found = []
    for name, thing in program.things.items():
        match thing:
            case Number():
                found.append((name, repr(state[thing.cell])))
            case Queue():
                found.append((name, f"[{', '.join(state[thing.pipe])}]"))
    return found


def _holders(program: Program, state: State, guard: Guard | None) -> list[str]:
    """Return the names of the owners of a guard's permits, the dead included."""
    if guard is None:
        return []
    return [program.codes[number].name for number, cell in sorted(guard.held.items()) if state[cell]]


def _orphaned(program: Program, state: State, fates: Mapping[str, Fate]) -> list[str]:
    found = set()
    for fate in fates.values():
        if not isinstance(fate, Wait):
            continue
        holders = _holders(program, state, _guard_of(program, fate))
        is_dead = bool(holders) and all(isinstance(fates[holder], Ended) for holder in holders)
        if is_dead or fate.operation == "flush":  # a living process releases the write lock
            found.add(fate.on)
    return sorted(found)


def _guard_of(program: Program, wait: Wait) -> Guard | None:
    """Return the lock without which a wait never ends: the thing itself, or one inside of it."""
    match wait.operation:
        case "acquire":
            return program.guards[wait.on]
        case "get":
            return program.queues[wait.on].reading
        case "enter" | "put" | "task_done" | "join_queue":
            inner: Condition | None = getattr(program.things[wait.on], "inner", None)
            return None if inner is None else inner.guard
    return None


def _circles(program: Program, state: State, fates: Mapping[str, Fate]) -> list[tuple[str, ...]]:
    """Return the processes that wait for each other: for the owner of a guard, or main for the end of one."""
    after: dict[str, list[str]] = {}
    for name, fate in fates.items():
        match fate:
            case Wait("join", other):
                after[name] = [other]
            case Wait("acquire", thing):
                after[name] = [
                    one for one in _holders(program, state, program.guards[thing]) if isinstance(fates[one], Wait)
                ]
    found: dict[frozenset[str], tuple[str, ...]] = {}
    for start in after:
        ways: list[tuple[str, ...]] = [(start,)]
        seen = {start}
        while ways:
            way = ways.pop(0)
            following = after.get(way[-1], [])
            if start in following:
                found.setdefault(frozenset(way), way)
                break
            ways += [(*way, one) for one in following if one not in seen]
            seen.update(following)
    return list(found.values())
