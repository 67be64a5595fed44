"""Run the steps of a process's `do:`, one after the other.

Children that have steps import this module. Each step becomes a closure before the first one is done, so that a step in
a loop costs little more than the line of Python that it stands for. `runner.describe.steps.reader` defines the steps,
which arrive here as data: a mapping with the step's name under `step`, shared things as `{"ref": name}`, values encoded
(see `runner.model.arguments`).
"""

from __future__ import annotations

import builtins
import os
import signal
import time
from functools import partial
from itertools import repeat

from runner.model.arguments import resolve
from runner.supervise.child import messages, shared_steps
from runner.supervise.child.frame import Frame, Returned
from runner.supervise.tracing.table import ALL_DONE

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import NoReturn

    from runner.model.json_types import StepData
    from runner.supervise.child.frame import Maker, Run
    from runner.supervise.tracing.handles import Handle
    from runner.supervise.tracing.table import Position


class Steps:
    """The steps of one process; a call does them, and returns the value of a `return` step."""

    __slots__ = ("_do", "_position", "_things", "_variables")

    def __init__(
        self,
        do: Iterable[StepData],
        things: dict[str, Handle],
        variables: dict[str, object] | None = None,
        position: Position | None = None,
    ) -> None:
        """`position` is where the current step of the process is recorded, if it is needed."""
        self._do = tuple(do)
        self._things = things
        self._variables = variables or {}
        self._position = position

    def __reduce__(self) -> tuple[object, ...]:
        return Steps, (self._do, self._things, self._variables, self._position)

    def __call__(self) -> object:
        """Do the steps."""
        at = None if self._position is None else self._position.cell()
        frame = Frame(MAKERS, self._things, dict(self._variables), at)
        run = frame.sequence(self._do, "do")
        try:
            run()
        except Returned as returned:
            return returned.args[0]
        finally:
            if at is not None:
                at[0] = ALL_DONE
            frame.report_added()
            if messages.lines is not None:
                messages.lines.end()
        return None


def _print(frame: Frame, step: StepData, _: str) -> Run:
    value, end = step["value"], step.get("end", "\n")
    if messages.lines is not None:
        return messages.lines.printing(frame.value(value), end)
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

    def unwrap_run() -> NoReturn:
        raise Returned(value())

    return unwrap_run


def _crash(frame: Frame, step: StepData, _: str) -> Run:
    number = signal.Signals[step["signal"]]

    def die() -> None:  # pragma: no cover  # the process does not survive it
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


MAKERS: dict[str, Maker] = {
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
