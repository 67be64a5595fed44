"""Compile steps into actions: the steps of `do:`, and main's steps on shared things."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING, TypeVar

from runner.explore.conditions import Condition
from runner.explore.events_barriers import Barrier, Event
from runner.explore.machine import BLOCKED, Unmodelled, Wait
from runner.explore.queues import JoinableQueue, Queue
from runner.explore.shared_values import Number
from runner.model.arguments import references, resolve
from runner.model.sys_exit import exit_status

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import TypeAlias

    from runner.explore.code import Code
    from runner.explore.guards import Guard
    from runner.explore.machine import Cells, Label
    from runner.model.json_types import Encoded, StepData

    Thing: TypeAlias = Guard | Condition | Event | Barrier | Queue | Number
    Evaluate: TypeAlias = Callable[[Cells], object]

Kind = TypeVar("Kind")


def _only(things: Mapping[str, Thing], kind: type[Kind]) -> dict[str, Kind]:
    """Return the things of a kind: a step names no other, which `describe` has checked."""
    return {name: thing for name, thing in things.items() if isinstance(thing, kind)}


class Steps:
    """Adds the actions of steps to a process's code."""

    def __init__(self, code: Code, things: Mapping[str, Thing], guards: Mapping[str, Guard]) -> None:
        self._code = code
        self._things = things
        self._guards = guards
        self._numbers = _only(things, Number)
        self._queues = _only(things, Queue)
        self._joinable = _only(things, JoinableQueue)
        self._events = _only(things, Event)
        self._conditions = _only(things, Condition)
        self._awaited: dict[str, Event | Condition | Barrier] = {
            **self._events,
            **self._conditions,
            **_only(things, Barrier),
        }
        self._rounds: dict[str, int] = {}
        """The numbers of the rounds that `repeat` names; loops are unrolled, so they are known."""

    def add(self, step: StepData) -> None:
        """Add one step, with those inside of it."""
        getattr(self, f"_{step['step']}")(step)
        self._code.forget()

    def _guard(self, step: StepData) -> Guard:
        return self._guards[step["thing"]["ref"]]

    def _value(self, encoded: Encoded) -> Evaluate:
        """Return a function that returns the value of an argument for the next action; shared numbers in it are read
        before."""
        for name in sorted(references(encoded)):
            if isinstance(number := self._things.get(name), Number):
                number.read(self._code, f"${name}")
        read = {name: self._reading(name) for name in references(encoded)}
        return lambda cells: resolve(encoded, lambda name: read[name](cells))

    def _reading(self, name: str) -> Evaluate:
        if name in self._rounds:
            number = self._rounds[name]
            return lambda _: number
        if name == "pid":
            raise Unmodelled(f"{self._code.name}: $pid is not modelled")
        return self._code.reading(f"${name}" if name in self._things else name)

    def _print(self, step: StepData) -> None:
        for name in sorted(references(step["value"])):
            if isinstance(number := self._things.get(name), Number):  # which acquires its lock
                number.read(self._code, f"${name}")

    def _nothing(self, step: StepData) -> None:
        """Add nothing: the step only takes time."""

    _sleep = _spin = _nothing

    def _exit(self, step: StepData) -> None:
        if not references(step["value"]):
            self._code.go(self._code.leave(exit_status(resolve(step["value"], lambda name: None))))
            return
        value, code, leave = self._value(step["value"]), self._code, self._code.leave(None)

        def leave_with(cells: Cells) -> Label:
            code.set_exit_code(cells, exit_status(value(cells)))
            return leave

        self._code.do(leave_with, local=True)

    def _raise(self, step: StepData) -> None:
        self._print({"value": step.get("message")})
        self._code.go(self._code.failure)

    def _return(self, step: StepData) -> None:
        self._print(step)
        self._code.go(self._code.leave(0))

    def _crash(self, step: StepData) -> None:
        number, code = signal.Signals[step["signal"]], self._code
        code.do(lambda cells: code.die(cells, -number))

    def _hang(self, step: StepData) -> None:
        self._code.do(lambda _: BLOCKED, wait=Wait("hang", ""))

    def _repeat(self, step: StepData) -> None:
        for number in range(step["times"]):
            if "as" in step:
                self._rounds[step["as"]] = number
            for inner in step["do"]:
                self.add(inner)

    def _with(self, step: StepData) -> None:
        guard = self._guard(step)
        guard.acquire(self._code)
        self._code.enter(guard)
        for inner in step["do"]:
            self.add(inner)
        self._code.exit().release(self._code)

    def _acquire(self, step: StepData) -> None:
        guard, keep, timeout = self._guard(step), self._code.keep(self._name(step)), step.get("timeout")
        take = guard.taking(self._code)

        def acquire(cells: Cells) -> Label | None:
            went = take(cells)
            if went is None:
                keep(cells, True)
            return went

        late = None if timeout is None else lambda cells: keep(cells, False)
        self._code.do(acquire, wait=Wait("acquire", step["thing"]["ref"]), late=late)

    def _name(self, step: StepData) -> str | None:
        """Return the name that `as` gives; it hides the loop variable of the same name."""
        name: str | None = step.get("as")
        self._rounds.pop(name or "", None)
        return name

    def _release(self, step: StepData) -> None:
        self._guard(step).release(self._code)

    def _wait(self, step: StepData) -> None:
        keep, timeout = self._code.keep(self._name(step)), step.get("timeout")
        self._awaited[step["thing"]["ref"]].wait(self._code, keep, timeout)

    def _notify(self, step: StepData) -> None:
        self._wake(step, step.get("n", 1))

    def _notify_all(self, step: StepData) -> None:
        self._wake(step, None)

    def _wake(self, step: StepData, count: int | None) -> None:
        self._conditions[step["thing"]["ref"]].notify(self._code, count)

    def _set(self, step: StepData) -> None:
        self._events[step["thing"]["ref"]].set(self._code)

    def _clear(self, step: StepData) -> None:
        self._events[step["thing"]["ref"]].clear(self._code)

    def _put(self, step: StepData) -> None:
        queue, value = self._queues[step["into"]["ref"]], step["value"]
        queue.put(self._code, self._value(value), step.get("timeout"), len(str(value)))

    def _get(self, step: StepData) -> None:
        self._queues[step["thing"]["ref"]].get(self._code, self._code.keep(self._name(step)), step.get("timeout"))

    def _task_done(self, step: StepData) -> None:
        self._joinable[step["thing"]["ref"]].task_done(self._code)

    def _join_queue(self, step: StepData) -> None:
        self._joinable[step["thing"]["ref"]].join(self._code)

    def _add(self, step: StepData) -> None:
        number = self._numbers[step["to"]["ref"]]
        for _ in range(step.get("times", 1)):
            number.add(self._code, self._value(step["value"]))

    def _write(self, step: StepData) -> None:
        self._numbers[step["to"]["ref"]].write(self._code, self._value(step["value"]))
