"""Find the parts of a plan that a plain script cannot express."""

from __future__ import annotations

from keyword import iskeyword
from typing import TYPE_CHECKING

from runner.export.code.step_traversal import every_step, pairs_of
from runner.export.process_steps import COUNTER
from runner.model.errors import RunJobsError
from runner.model.plan import Act, Join
from runner.model.shared_things import SharedManaged
from runner.notes.environment_variables import STARTS_PROGRAMS, takes_effect_at_the_start
from runner.system.open_files import MAX_POLL_S

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from runner.model.json_types import Encoded
    from runner.model.plan import Plan, ProcessPlan

JOB_TYPES = ("process", COUNTER)


class CannotExport(RunJobsError):
    """A file uses something that a plain script cannot express."""

    exit_status = 2


def refuse(plan: Plan, coroutines: Mapping[str, bool]) -> None:
    """Raise `CannotExport` for the first thing that cannot be expressed.

    `coroutines` are the classes and the targets that return a coroutine which must be run; False if they may return
    one.
    """
    if plan.time_limit is not None:
        raise CannotExport("`time_limit` cannot be exported: nothing watches over a plain script")
    _refuse_long_waits(plan)
    for path in plan.preload:
        _refuse_keywords(path)
    for thing in plan.shared:
        if isinstance(thing, SharedManaged) and thing.of == "namespace":
            _refuse_attributes(thing.name, [key for key, _ in pairs_of(thing.initial)])
    for job in plan.jobs:
        if job.type not in JOB_TYPES:
            raise CannotExport(f"the job `{job.name}` cannot be exported: only run-jobs knows its type `{job.type}`")
    for process in plan.processes:
        if process.cls is not None and coroutines.get(process.cls):
            raise CannotExport(f"the class `{process.cls}` cannot be exported: its `run` is a coroutine function")
        _refuse_process(process)
        early = [name for name in process.env if takes_effect_at_the_start(name)]
        if early and plan.start_method == "spawn" and not (process.target or "").startswith(STARTS_PROGRAMS):
            message = f"`env.{early[0]}` of the process `{process.name}` cannot be exported"
            raise CannotExport(f"{message}: a plain script sets it when the interpreter has already read it")


def _refuse_process(process: ProcessPlan) -> None:
    name = process.name
    if process.limits is not None:
        raise CannotExport(f"`limits` of the process `{name}` cannot be exported: a plain script sets none")
    if process.on_terminate == "unwind":
        raise CannotExport(f"`on_terminate: unwind` of the process `{name}` cannot be exported: run-jobs does that")
    if process.cls is not None and process.cwd:
        raise CannotExport(f"`cwd` of the process `{name}` cannot be exported: its class decides what it does first")
    if process.cls is not None and process.env:
        raise CannotExport(f"`env` of the process `{name}` cannot be exported: its class decides what it does first")
    _refuse_keywords(process.cls or process.target or "")
    for step in every_step(process.do or ()):
        if step.get("kind") == "namespace" and not isinstance(step["at"], str):
            message = f"`at` of the step `{step['step']}` of the process `{name}` cannot be exported"
            raise CannotExport(f"{message}: it is known only while it runs")
        if step.get("kind") == "namespace":
            _refuse_attributes(step["to"]["ref"], [step["at"]])


def _refuse_long_waits(plan: Plan) -> None:
    """Refuse long waits: multiprocessing's `join` and `get` pass their seconds to `poll`, which takes no more than
    `MAX_POLL_S`."""
    waits: list[float | None] = [plan.grace_period]
    for process in plan.processes:
        waits += [process.terminate_after, process.timeout]
        waits += [step.get("timeout") for step in every_step(process.do or ())]
    waits += [step.timeout for step in plan.steps if isinstance(step, Join)]
    waits += [step.step.get("timeout") for step in plan.steps if isinstance(step, Act)]
    longest = max(wait for wait in waits if wait is not None)
    if longest > MAX_POLL_S:
        message = f"a timeout of {longest:,.0f} s cannot be exported"
        raise CannotExport(f"{message}: Python's join and get wait at most 2,147,483 s; write never, for no timeout")


def _refuse_keywords(path: str) -> None:
    for part in path.replace(":", ".").split("."):
        if iskeyword(part):
            raise CannotExport(f"`{path}` cannot be imported by a script: `{part}` is a keyword of Python")


def _refuse_attributes(namespace: str, names: Iterable[Encoded]) -> None:
    for name in names:
        if iskeyword(str(name)):
            message = f"the attribute `{name}` of the namespace `{namespace}` cannot be exported"
            raise CannotExport(f"{message}: it is a keyword of Python")
