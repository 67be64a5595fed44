"""Check the steps of `main:`, and flatten them into primitive steps."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeAlias

from runner.describe.plan.naming import numbers
from runner.describe.steps.fitting import filled
from runner.describe.steps.reader import StepReader, unknown_step
from runner.describe.steps.step_types import IN_MAIN, ORDERS, STEPS
from runner.describe.yaml import durations
from runner.describe.yaml.scalars import found
from runner.describe.yaml.suggestions import suggestion
from runner.model.plan import Act, Join, Kill, Show, Sleep, Start, Step, Terminate

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from runner.describe.plan.jobs import Job
    from runner.describe.steps.reader import Scope
    from runner.describe.yaml.document import Document, Path
    from runner.describe.yaml.scalars import Scalar
    from runner.model.errors import Problem
    from runner.model.problem_ids import ProblemId

KNOWN = tuple(dict.fromkeys((*ORDERS, *IN_MAIN)))
"""The steps of main; each step is a mapping with one of these keys."""

MODIFIERS = {"timeout": "join", "as": "show"}
"""Keys that a step may have in addition to its order, and the order that they belong to."""
_OPTIONS = {option for name in IN_MAIN for option in STEPS[name].options}


Names: TypeAlias = "Mapping[str, tuple[int, ...]]"


@dataclass(slots=True)
class Script:
    """Goes through the steps of `main:` in order and collects primitive steps and problems.

    `names` are processes and jobs, with their processes; `labels` are the processes' names; `timeouts` their
    `join_timeout`; `scope` are the things that steps on shared things may refer to.
    """

    document: Document
    names: Names
    labels: Sequence[str]
    timeouts: Sequence[float | None]
    scope: Scope
    steps: list[Step] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    _started_in: dict[int, int] = field(default_factory=dict)

    def read(self, main: Sequence[object]) -> None:
        """Add the steps of the whole script."""
        acts = StepReader(self.scope, IN_MAIN)
        for index, step in enumerate(main):
            if not _is_act(step):
                self._step(("main", index), step)
            elif (data := acts.step(step, ("main", index))) is not None:
                act, faults = filled(data, {}, self.scope.environ or {}, self.scope.things, ("main", index))
                self.steps.append(Act(act))
                acts.faults += faults
        self.problems += [fault.problem(self.document, ()) for fault in acts.faults]

    def _step(self, path: Path, step: object) -> None:
        if not isinstance(step, dict):
            help: str | None = f"did you mean `{step}: all`?" if step in ORDERS else "write for example - start: all"
            message = f"expected a step, found {found(step)}"
            id: ProblemId = "wrong-type"
            if isinstance(step, str) and step in STEPS and step not in ORDERS:
                message, help = unknown_step(step, KNOWN)
                id = "unknown-step"
            self._report(path, message, help, id=id)
            return
        order = self._order(path, step)
        if order is None or not self._keys_fit(path, step, order):
            return
        if order == "sleep":
            seconds = self._seconds((*path, "sleep"), step["sleep"])
            self.steps += [Sleep(seconds)] if seconds else []
            return
        processes = self._processes((*path, order), step[order])
        for process, place in processes:
            self._add(path, step, order, process, place)

    def _order(self, path: Path, step: dict[Scalar, object]) -> str | None:
        orders = [key for key in step if key in ORDERS or key in IN_MAIN]
        if len(orders) == 1:
            return str(orders[0])
        if orders:
            self._report(
                (*path, str(orders[1])),
                f"a step does one thing, and here are `{orders[0]}` and `{orders[1]}`",
                "begin a new step with `- `",
                id="conflicting-keys",
                key=True,
            )
            return None
        unknown = [key for key in step if key not in MODIFIERS and key not in _OPTIONS]
        if unknown:
            self._report((*path, unknown[0]), *unknown_step(str(unknown[0]), KNOWN), id="unknown-step", key=True)
        else:
            self._report(path, "the step does nothing", f"a step has one of {', '.join(KNOWN)}", id="missing-key")
        return None

    def _keys_fit(self, path: Path, step: dict[Scalar, object], order: str) -> bool:
        fit = True
        for key in step:
            if key == order or (isinstance(key, str) and MODIFIERS.get(key) == order):
                continue
            fit = False
            place = (*path, key)
            if isinstance(key, str) and key in MODIFIERS:
                self._report(
                    place,
                    f"`{key}` has no effect on `{order}`",
                    f"it belongs to `{MODIFIERS[key]}`",
                    id="no-effect",
                    key=True,
                )
            else:
                own = [name for name, owner in MODIFIERS.items() if owner == order]
                help = suggestion(str(key), [order, *own], "keys here")
                self._report(place, f"unknown key `{key}` in a `{order}` step", help, id="unknown-key", key=True)
        return fit

    def _add(self, path: Path, step: dict[Scalar, object], order: str, process: int, place: Path) -> None:
        label = self.labels[process]
        if order == "start":
            if process in self._started_in:
                line = self.document.line_of(("main", self._started_in[process]))
                message = f"`{label}` is started twice, first in line {line}"
                self._report(place, message, "a process starts once", id="wrong-order")
                return
            self._started_in[process] = int(str(path[1]))
            self.steps.append(Start(process))
            return
        if order == "show":
            self._show(path, step, process)
            return
        if process not in self._started_in:
            message = f"`{label}` is not started before this step"
            self._report(place, message, f"start it before this `{order}`", id="wrong-order")
            return
        match order:
            case "join":
                timeout, good = self._timeout(path, step, process)
                self.steps += [Join(process, timeout)] if good else []
            case "terminate":
                self.steps.append(Terminate(process))
            case _:
                self.steps.append(Kill(process))

    def _show(self, path: Path, step: dict[Scalar, object], process: int) -> None:
        label = step.get("as", self.labels[process])
        if isinstance(label, str):
            self.steps.append(Show(process, label))
        else:
            self._report((*path, "as"), f"`as`: expected text, found {found(label)}", id="wrong-type")

    def _timeout(self, path: Path, step: dict[Scalar, object], process: int) -> tuple[float | None, bool]:
        if "timeout" not in step:
            return self.timeouts[process], True
        try:
            return durations.limit(step["timeout"]), True
        except durations.BadDuration as error:
            help = f"write {durations.LIMIT_EXAMPLES}"
            self._report((*path, "timeout"), f"`timeout`: {error}", help, id="not-a-duration")
            return None, False

    def _seconds(self, path: Path, value: object) -> float | None:
        try:
            return durations.seconds(value)
        except durations.BadDuration as error:
            self._report(path, f"`{path[-1]}`: {error}", f"write {durations.EXAMPLES}", id="not-a-duration")
        return None

    def _processes(self, path: Path, value: object) -> list[tuple[int, Path]]:
        """Return the processes that a step names, each with the path of its name."""
        if value == "all":
            return [(process, path) for process in range(len(self.labels))]
        named = [(value, path)]
        if isinstance(value, list):
            named = [(item, (*path, index)) for index, item in enumerate(value)]
            if not value:
                self._report(path, "the list is empty", "name a process or a job, or write all", id="empty")
        return [(process, place) for name, place in named for process in self._named(name, place)]

    def _named(self, name: object, place: Path) -> tuple[int, ...]:
        if not isinstance(name, str):
            self._report(place, f"expected the name of a process or a job, found {found(name)}", id="wrong-type")
            return ()
        if name == "all":
            self._report(
                place, "`all` must stand alone, not in a list", "write for example - start: all", id="invalid-value"
            )
            return ()
        if name not in self.names:
            help = suggestion(name, self.names, "processes and jobs")
            self._report(place, f"there is no process or job named `{name}`", help, id="unknown-process")
            return ()
        return self.names[name]

    def _report(self, path: Path, message: str, help: str | None = None, *, id: ProblemId, key: bool = False) -> None:
        problem = self.document.problem(path, message, help, id=id, key=key)
        if problem not in self.problems:
            self.problems.append(problem)


def _is_act(step: object) -> bool:
    """Return whether main does something with shared things in this step, prints or exits."""
    if isinstance(step, dict):
        return any(key in IN_MAIN for key in step) and not any(key in ORDERS for key in step)
    return step in IN_MAIN


def default_steps(jobs: Sequence[Job]) -> list[Step]:
    """Return main's steps without a script: start each process, join each that is joined."""
    starts: list[Step] = []
    joins: list[Step] = []
    for job, processes in zip(jobs, numbers(jobs), strict=True):
        for process in processes:
            starts += [Sleep(job.model.start_delay)] if job.model.start_delay else []
            starts.append(Start(process))
            joins += [Join(process, job.model.join_timeout)] if job.model.joined else []
    return starts + joins
