"""The work of each process as steps, with its own shared things filled in but its name and index kept symbolic."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.describe.fields.placeholders import encode
from runner.export.built_in import WORKERS
from runner.export.code.statements import ENV
from runner.export.code.step_traversal import references, renamed, unfilled, unfilled_value
from runner.model.json_types import list_in, mapping_in
from runner.model.records import record, replace
from runner.model.shared_things import SharedArray

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from runner.export.code.step_traversal import Statement
    from runner.model.json_types import Encoded
    from runner.model.plan import JobPlan, Plan, ProcessPlan

BUILT_IN = "runner.workers:"
COUNTER = "shared_counter"


@record(frozen=True, slots=True)
class Work:
    """The work of one process: `steps`, or `callee` (`module:name`), which is passed to `Process` unchanged."""

    process: int
    job: JobPlan
    steps: list[Statement] | None = None
    callee: str = ""


def works_of(plan: Plan, coroutines: Mapping[str, bool]) -> list[Work]:
    """Return the work of each process, in creation order; for a shared counter only an empty place.

    `coroutines` are the targets that return coroutines, False for those that might.
    """
    return [_work(plan, job, number, coroutines) for job in plan.jobs for number in job.processes]


def _work(plan: Plan, job: JobPlan, number: int, coroutines: Mapping[str, bool]) -> Work:
    process = plan.processes[number]
    if job.type == COUNTER:
        return Work(number, job)
    if process.cls is not None:
        return Work(number, job, callee=process.cls)
    steps = _steps(plan, job, process, returns=_returned(process, coroutines))
    if steps is None:
        return Work(number, job, callee=process.target or "")
    if len(job.processes) == 1:
        steps = renamed(steps, {"$index": 0})
    return Work(number, job, [*_surroundings(process), *steps])


def _steps(plan: Plan, job: JobPlan, process: ProcessPlan, *, returns: str) -> list[Statement] | None:
    """Return its steps; None if a target is called with what main knows."""
    options = job.options
    if process.do is not None:
        return unfilled(options["do"], process.do)
    args = unfilled_value([encode(value) for value in list_in(options.get("args", []))], [*process.args])
    named = {key: encode(value) for key, value in mapping_in(options.get("kwargs", {})).items()}
    kwargs = {key: unfilled_value(named[key], value) for key, value in process.kwargs.items()}
    target = process.target or ""
    if target.startswith(BUILT_IN):
        return WORKERS[target.removeprefix(BUILT_IN)](*args, **kwargs)
    arrays = {thing.name for thing in plan.shared if isinstance(thing, SharedArray)}
    only_there = {"pid", *arrays} & {*references([*args, *kwargs.values()])}
    if not (only_there or process.env or process.cwd or returns):
        return None
    return [{"step": "call", "callee": target, "args": args, "kwargs": kwargs, "returns": returns}]


def _returned(process: ProcessPlan, coroutines: Mapping[str, bool]) -> str:
    """Return what a target returns that must be run: a coroutine, perhaps one, or nothing (empty)."""
    is_certain = coroutines.get(process.target or "")
    return "" if is_certain is None else "coroutine" if is_certain else "anything"


def _surroundings(process: ProcessPlan) -> list[Statement]:
    env: dict[str, Encoded] = dict(process.env)
    steps: list[Statement] = []
    if env:
        steps.append({"step": "environ", "value": {"dict": [[*pair] for pair in env.items()]}})
    if process.cwd:
        steps.append({"step": "chdir", "value": process.cwd})
    return steps


def environment(works: Sequence[Work]) -> list[str]:
    """Return the variables of the environment in works: `$env.NAME`, or `$env.NAME:-default`."""
    every = [name for work in works for name in references(work.steps or [])]
    return [name for name in dict.fromkeys(every) if name.startswith(ENV)]


def with_constants(work: Work, constants: Mapping[str, str]) -> Work:
    """Return the work with these names after `$env.` in place of its references to the environment."""
    if work.steps is None:
        return work
    return replace(work, steps=renamed(work.steps, {old: {"ref": f"{ENV}{new}"} for old, new in constants.items()}))
