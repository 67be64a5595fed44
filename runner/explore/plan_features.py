"""Find the features that a plan uses, to decide which actions can be split, and refuse unmodelled plans."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.explore.machine import Unmodelled
from runner.model.plan import Act, Join, Kill, Terminate
from runner.model.records import record

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from runner.model.json_types import StepData
    from runner.model.plan import Plan, ProcessPlan

_REFUSED = {"child": "a process of its own", "ignore": "an ignored signal", "append": "a list of a manager"}


@record(frozen=True, slots=True)
class Uses:
    """The features that a plan uses. `timed` are guards that a process acquires with a timeout, `released` those that a
    step `release` names.

    `mortal` are the processes that can be killed between any two of their actions, `crashing` those that end themselves
    by a signal. Main joins `awaited` with a timeout. For the queues in `readers_locks` the read lock matters.
    """

    timed: frozenset[str]
    released: frozenset[str]
    mortal: frozenset[int]
    crashing: frozenset[int]
    awaited: frozenset[int]
    readers_locks: frozenset[str]

    @classmethod
    def of(cls, plan: Plan) -> Uses:
        """Return the features of a plan. Raise `Unmodelled`."""
        for process in plan.processes:
            _check(process)
        mains = [step.step for step in plan.steps if isinstance(step, Act)]
        by_process = [list(all_steps(process.do or ())) for process in plan.processes]
        every = [*mains, *(step for steps in by_process for step in steps)]
        mortal = frozenset(number for number in range(len(plan.processes)) if _is_mortal(plan, number))
        return cls(
            timed=frozenset(_thing(step) for step in every if step["step"] == "acquire" and "timeout" in step),
            released=frozenset(_thing(step) for step in every if step["step"] == "release"),
            mortal=mortal,
            crashing=frozenset(
                number for number, steps in enumerate(by_process) if any(step["step"] == "crash" for step in steps)
            ),
            awaited=frozenset(
                step.process for step in plan.steps if isinstance(step, Join) and step.timeout is not None
            ),
            readers_locks=frozenset(_readers_locks(mains, by_process, mortal)),
        )


def all_steps(steps: Iterable[StepData]) -> Iterator[StepData]:
    """Return all steps, including those inside of others."""
    for step in steps:
        yield step
        yield from all_steps(step.get("do", ()))


def _check(process: ProcessPlan) -> None:
    if process.do is None:
        what = "a target" if process.cls is None else "a class"
        raise Unmodelled(f"{process.name}: {what} can do anything; only steps of `do:` are modelled")
    if process.on_terminate != "die":
        raise Unmodelled(f"{process.name}: on_terminate: {process.on_terminate} is not modelled")
    if process.limits is not None:
        raise Unmodelled(f"{process.name}: limits are not modelled")
    for step in all_steps(process.do):
        if step["step"] in _REFUSED:
            raise Unmodelled(f"{process.name}: {step['step']}: {_REFUSED[step['step']]} is not modelled")


def _is_mortal(plan: Plan, number: int) -> bool:
    """Return whether a signal can end the process. A daemon that main always joins has ended before main."""
    process = plan.processes[number]
    if process.terminate_after is not None or process.timeout is not None:
        return True
    if any(isinstance(step, Terminate | Kill) and step.process == number for step in plan.steps):
        return True
    is_joined = Join(number) in plan.steps and not any(isinstance(step, Act) for step in plan.steps)
    return process.daemon and not is_joined


def _readers_locks(mains: list[StepData], by_process: list[list[StepData]], mortal: frozenset[int]) -> Iterator[str]:
    for steps, may_die in [(mains, False), *((steps, number in mortal) for number, steps in enumerate(by_process))]:
        for step in steps:
            if step["step"] == "get" and (may_die or "timeout" in step):
                yield _thing(step)


def _thing(step: StepData) -> str:
    return step["thing"]["ref"]
