"""Does what a file's `do:` says, step by step. Children import this module, if they have such steps.

Each step is made a closure before the first one is done, so that a step in a loop costs little more than the line of
Python that it stands for. What a step may be is declared in `runner.describe.steps`, whose data comes here: a mapping
with its name under `step`, shared things as `{"ref": name}`, values encoded (see `runner.arguments`).
"""

from __future__ import annotations

import builtins
import os
import signal
import time
from functools import partial
from itertools import repeat

from runner.arguments import resolve
from runner.supervise import shared_steps, told
from runner.supervise.table import ALL_DONE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, NoReturn, TypeAlias

    from runner.supervise.handles import Handle
    from runner.supervise.table import Cell, Position

    StepData: TypeAlias = dict[str, Any]
    Run: TypeAlias = Callable[[], object]


class Steps:
    """The steps of one process; calling it does them, and gives what `return` says."""

    __slots__ = ("_do", "_position", "_things", "_variables")

    def __init__(
        self,
        do: Iterable[StepData],
        things: dict[str, Handle],
        variables: dict[str, object] | None = None,
        position: Position | None = None,
    ) -> None:
        """`position` is where it is noted which step the process is in, if that is of interest."""
        self._do = tuple(do)
        self._things = things
        self._variables = variables or {}
        self._position = position

    def __reduce__(self) -> tuple[object, ...]:
        return Steps, (self._do, self._things, self._variables, self._position)

    def __call__(self) -> object:
        """Do the steps."""
        at = None if self._position is None else self._position.cell()
        frame = Frame(self._things, dict(self._variables), at)
        run = frame.sequence(self._do, "do")
        try:
            run()
        except _Returned as returned:
            return returned.args[0]
        finally:
            if at is not None:
                at[0] = ALL_DONE
            frame.tell_added()
            if told.lines is not None:
                told.lines.end()
        return None


class _Returned(Exception):
    """The step `return`; its argument is the value."""


class Frame:
    """What the steps of a process share: variables, things, and what they hold."""

    def __init__(self, things: dict[str, Handle], variables: dict[str, object], position: Cell | None = None) -> None:
        """`position` is the cell where the number of a step is noted before it is done (see `releases`)."""
        self.handles = things
        self.variables = variables
        self._position = position
        self._number = 1
        self.held: tuple[str, ...] = ()
        """The names of what is held now."""
        self.added: list[Callable[[], tuple[str, float, set[tuple[str, ...]]]]] = []
        """Asked in the end: what was added to a thing, and what was held at that."""

    def sequence(self, steps: Iterable[StepData], path: str) -> Run:
        """One after the other; what is raised says in which step."""
        every = [(step, f"{path}[{place}]") for place, step in enumerate(steps)]
        runs = [self._numbered(step, at) for step, at in every]
        if len(runs) == 1 and every[0][0]["step"] in _NESTING:
            return runs[0]

        def run_all() -> None:
            done = 0
            try:
                for run in runs:
                    run()
                    done += 1
            except Exception as error:
                if not isinstance(error, _Returned) and not getattr(error, "__notes__", None):
                    step, at = every[done]
                    error.add_note(f"in the step {at}: {step['step']}")
                raise

        return run_all

    def repeated(self, steps: Iterable[StepData], path: str) -> Run:
        """A sequence that is done more than once: its steps have no numbers."""
        position, self._position = self._position, None
        try:
            return self.sequence(steps, path)
        finally:
            self._position = position

    def _numbered(self, step: StepData, at: str) -> Run:
        """A step that first notes its number, where that is of interest."""
        cell, number = self._position, self._number
        if cell is None:
            return _MAKERS[step["step"]](self, step, at)
        self._number += 1
        run = _MAKERS[step["step"]](self, step, at)

        def run_noted() -> object:
            cell[0] = number
            return run()

        return run_noted

    def value(self, encoded: Any) -> Callable[[], Any]:
        """What gives the value of an argument, when it is needed."""
        if not isinstance(encoded, list | dict):
            return lambda: encoded
        if isinstance(encoded, dict) and encoded.keys() == {"ref"} and encoded["ref"] not in self.handles:
            if encoded["ref"] == "pid":
                return os.getpid
            variables, name = self.variables, encoded["ref"]
            return lambda: variables[name]
        return lambda: resolve(encoded, self.look_up)

    def look_up(self, name: str) -> object:
        """What a placeholder stands for: of a shared value the number."""
        if name == "pid":
            return os.getpid()
        found = self.handles[name].bind() if name in self.handles else self.variables[name]
        return getattr(found, "value", found) if type(found).__module__ in _OF_NUMBERS else found

    def keep(self, step: StepData) -> Callable[[object], None]:
        """What puts a result under the name that `as` gives."""
        name, variables = step.get("as"), self.variables
        if name is None:
            return _nothing

        def keep(value: object) -> None:
            variables[name] = value

        return keep

    def name_of(self, step: StepData, key: str = "thing") -> str:
        """The name of the shared thing that a step is about."""
        name: str = step[key]["ref"]
        return name

    def thing(self, step: StepData, key: str = "thing") -> Any:
        """The shared thing that a step is about."""
        return self.handles[self.name_of(step, key)].bind()

    def tell_added(self) -> None:
        """Tell what was added to shared things, and what was held whenever it was."""
        sums: dict[str, float] = {}
        guards: dict[str, set[str]] = {}
        for ask in self.added:
            name, amount, held = ask()
            if held:
                sums[name] = sums.get(name, 0) + amount
                every = set.intersection(*map(set, held))
                guards[name] = guards.get(name, every) & every
        for name, amount in sums.items():
            told.tell_added(name, amount, sorted(guards[name]))


def _nothing(_: object = None) -> None:
    """Does nothing."""


def _print(frame: Frame, step: StepData, _: str) -> Run:
    value, end = step["value"], step.get("end", "\n")
    if told.lines is not None:
        return told.lines.printing(frame.value(value), end)
    if not isinstance(value, list | dict):
        return partial(print, value, end=end)
    return lambda: print(resolve(value, frame.look_up), end=end)


def _sleep(frame: Frame, step: StepData, _: str) -> Run:
    return partial(time.sleep, step["seconds"])


def _spin(frame: Frame, step: StepData, _: str) -> Run:
    from runner.workers import spin

    return partial(spin, step["seconds"])


def _exit(frame: Frame, step: StepData, _: str) -> Run:
    value = frame.value(step["value"])

    def leave() -> NoReturn:
        raise SystemExit(value())

    return leave


def _raise(frame: Frame, step: StepData, _: str) -> Run:
    kind: type[BaseException] = getattr(builtins, step["exception"])
    message = frame.value(step.get("message"))

    def fail() -> NoReturn:
        said = message()
        raise kind() if said is None else kind(said)

    return fail


def _return(frame: Frame, step: StepData, _: str) -> Run:
    value = frame.value(step["value"])

    def give_back() -> NoReturn:
        raise _Returned(value())

    return give_back


def _crash(frame: Frame, step: StepData, _: str) -> Run:
    number = signal.Signals[step["signal"]]

    def die() -> None:  # pragma: no cover  # nobody lives to tell
        import resource

        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        if number not in (signal.SIGKILL, signal.SIGSTOP):
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)

    return die


def _hang(frame: Frame, step: StepData, _: str) -> Run:
    def hang() -> NoReturn:
        while True:
            signal.pause()

    return hang


def _ignore(frame: Frame, step: StepData, _: str) -> Run:
    return partial(signal.signal, signal.Signals[step["signal"]], signal.SIG_IGN)


def _child(frame: Frame, step: StepData, _: str) -> Run:
    def start() -> None:
        from multiprocessing import Process

        steps = Steps(step["do"], frame.handles, frame.variables)
        Process(target=steps, name=step["name"], daemon=step.get("daemon")).start()

    return start


def _repeat(frame: Frame, step: StepData, at: str) -> Run:
    run, times = frame.repeated(step["do"], f"{at}.do"), step["times"]
    if "as" not in step:

        def run_repeatedly() -> None:
            for _ in repeat(None, times):
                run()

        return run_repeatedly
    keep = frame.keep(step)

    def run_counted() -> None:
        for number in range(times):
            keep(number)
            run()

    return run_counted


_OF_NUMBERS = ("multiprocessing.sharedctypes", "ctypes")
"""The modules of what a `value` and a `raw_value` are."""
_NESTING = {"with", "repeat"}
_MAKERS: dict[str, Callable[[Frame, StepData, str], Run]] = {
    "print": _print,
    "sleep": _sleep,
    "spin": _spin,
    "exit": _exit,
    "raise": _raise,
    "return": _return,
    "crash": _crash,
    "hang": _hang,
    "ignore": _ignore,
    "child": _child,
    "repeat": _repeat,
    **shared_steps.MAKERS,
}
