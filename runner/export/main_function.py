"""Generate the function `main` of a script."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.export import shared_things
from runner.export.code.expressions import literal, seconds
from runner.export.code.layout import indented
from runner.export.code.names import TAKEN, Names, identifier
from runner.export.code.statements import ENDING, Scope, block, reads
from runner.export.code.step_traversal import renamed, statements
from runner.export.process_objects import Run, Unit, code_of, failed, made, runs_of, variable_of
from runner.model.plan import Act, Join, Kill, Show, Sleep, Start, Terminate
from runner.model.shared_things import SharedArray

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from runner.export.code.step_traversal import Statement
    from runner.export.process_objects import Making
    from runner.export.shared_things import Things
    from runner.model.json_types import Encoded, StepData
    from runner.model.plan import JobPlan, Plan, ProcessPlan, Step

_LEVELS = {"debug": "DEBUG", "info": "INFO", "warning": "WARNING", "error": "ERROR", "critical": "CRITICAL"}
FAILED = "not every process has succeeded"
"""The message with which a script fails."""
MIN_TOGETHER = 3
"""This number of variables that are listed together repeatedly get a common name."""
_OWN_LEVELS = {"subdebug": 5, "subwarning": 25}
"""Levels that only multiprocessing has."""


def main_lines(
    plan: Plan, things: Things, makings: Mapping[int, Making], counted: Sequence[str], stubborn: frozenset[int]
) -> list[str]:
    """Return the lines of `main`; `counted` are statements that it ends with."""
    steps = _until_exit(plan.steps)
    runs = [each for each in runs_of(plan, steps, stubborn) if isinstance(each, Run | Show)]
    units = _units(plan, _used(steps), runs, {*things.names.values(), *(each.callee for each in makings.values())})
    printed = [*shared_things.printed(things), *counted]
    paragraphs = [shared_things.filled(things), _all_made(units, makings, things)]
    paragraphs.append(_steps(plan, steps, units, things, stubborn))
    ends = bool(things.plans or stubborn & {*_daemons_left(plan, steps)})
    if ends:
        paragraphs += [_rest(plan, steps, units, stubborn), printed]
    paragraphs += [_check(plan, steps, units, ended=ends), _exit(steps, things)]
    return [
        "def main() -> None:",
        *indented([f'"""{_says(things, runs)}"""', *_log(plan), *_within(things, paragraphs)]),
    ]


def _says(things: Things, runs: Sequence[Run | Show]) -> str:
    """Return the docstring of main."""
    kinds = {run.key[0] for run in runs if isinstance(run, Run)}
    said = ["make what the processes share"] if things.plans else []
    said += ["start the processes"] if "start" in kinds else []
    said += ["stop some"] if kinds & {"terminate", "kill"} else []
    said += ["wait for them"] if "join" in kinds else []
    *first, last = said or ["do nothing with the processes"]
    text = f"{', '.join(first)} and {last}" if first else last
    return f"{text[0].upper()}{text[1:]}."


def _within(things: Things, paragraphs: list[list[str]]) -> list[str]:
    """Return the paragraphs, inside the things that they need."""
    if things.managed:
        paragraphs = [shared_things.managed(things), *paragraphs]
        lines = ["with multiprocessing.Manager() as manager:", *indented(_joined(paragraphs))]
        paragraphs = [lines]
    if things.arrays:
        lines = [*_joined(paragraphs)]
        removal = indented(shared_things.removed(things.arrays, things))
        return [*shared_things.made(things), "try:", *indented(lines), "finally:", *removal]
    return _joined([shared_things.made(things), *paragraphs])


def _joined(paragraphs: Sequence[list[str]]) -> list[str]:
    """Return paragraphs with a blank line between each two."""
    lines: list[str] = []
    for paragraph in filter(None, paragraphs):
        lines += [*([""] if lines else []), *paragraph]
    return lines


def _log(plan: Plan) -> list[str]:
    if plan.mp_log is None:
        return []
    level = f"logging.{_LEVELS[plan.mp_log]}" if plan.mp_log in _LEVELS else str(_OWN_LEVELS[plan.mp_log])
    return [f"multiprocessing.log_to_stderr({level})"]


def _until_exit(steps: Sequence[Step]) -> list[Step]:
    """Return the steps up to the one with which main exits."""
    found: list[Step] = []
    for step in steps:
        found.append(step)
        if isinstance(step, Act) and step.step["step"] in ENDING:
            break
    return found


def _used(steps: Sequence[Step]) -> tuple[int, ...]:
    """Return the processes that main uses, in creation order."""
    return tuple(sorted({step.process for step in steps if isinstance(step, Start | Join | Terminate | Kill | Show)}))


def _units(plan: Plan, used: tuple[int, ...], runs: Sequence[Run | Show], taken: set[str]) -> list[Unit]:
    """Return one list of all processes if main does everything with all of them, otherwise a variable for each job.

    If main does several things with all of them, these get a common name, too.
    """
    jobs = tuple(tuple(process for process in job.processes if process in used) for job in plan.jobs)
    with_all = [isinstance(run, Run) and run.processes == used for run in runs]
    if len(used) > 1 and all(with_all):
        return [Unit("processes", used, True, tuple(filter(None, jobs)))]
    names = Names(TAKEN | taken)
    units = [
        Unit(names.give(_variable(plan, job, processes)), processes, len(processes) > 1, (processes,))
        for job, processes in zip(plan.jobs, jobs, strict=True)
        if processes
    ]
    together = len(units) >= MIN_TOGETHER and sum(with_all) > 1
    return [*units, *([Unit("processes", used, True)] if together else [])]


def _variable(plan: Plan, job: JobPlan, processes: tuple[int, ...]) -> str:
    """Return the name for the processes of a job."""
    if len(processes) > 1:
        return f"{identifier(job.name).lower()}_processes" if "name" in job.options else "unnamed_processes"
    name = identifier(plan.processes[processes[0]].name).lower()
    return f"{name}_process" if "name" in job.options else name


def _all_made(units: Sequence[Unit], makings: Mapping[int, Making], things: Things) -> list[str]:
    lines: list[str] = []
    for unit in units:
        if unit.jobs:
            lines += made(unit, makings, things.argument)
        else:
            parts = [f"*{each.variable}" if each.is_list else each.variable for each in units if each.jobs]
            lines.append(f"{unit.variable} = ({', '.join(parts)})")
    return lines


def _steps(
    plan: Plan, steps: Sequence[Step], units: Sequence[Unit], things: Things, stubborn: frozenset[int]
) -> list[str]:
    """Return main's steps, except the exit."""
    lines: list[str] = []
    acts = statements(step.step for step in steps if isinstance(step, Act))
    scope = _scope(things, acts)
    for each in runs_of(plan, steps, stubborn):
        match each:
            case Run():
                lines += code_of(each, units)
            case Sleep(duration):
                lines.append(f"time.sleep({seconds(duration)})")
            case Show(process, label):
                name = variable_of(process, units)
                lines.append(f"print({literal(label)}, {name}, {name}.is_alive())")
            case Act(step) if step["step"] != "exit":
                lines += block(_seen(step, things), scope)
    return lines


def _scope(things: Things, acts: Sequence[Statement]) -> Scope:
    plans = {things.names[plan.name]: plan for plan in things.plans if not isinstance(plan, SharedArray)}
    return Scope(plans, reads(acts))


def _seen(step: StepData, things: Things) -> list[Statement]:
    """Return a step of main's with its things as main sees them."""
    names: dict[str, Encoded] = {thing.name: {"ref": things.shown(thing.name)} for thing in things.plans}
    return renamed(statements([step]), names)


def _exit(steps: Sequence[Step], things: Things) -> list[str]:
    return [
        line
        for step in steps
        if isinstance(step, Act) and step.step["step"] == "exit"
        for line in block(_seen(step.step, things), _scope(things, []))
    ]


def _rest(plan: Plan, steps: Sequence[Step], units: Sequence[Unit], stubborn: frozenset[int]) -> list[str]:
    """Return what multiprocessing does when a program ends, done earlier: shared things are removed when main returns.

    Under spawn, a process that has not reached its first line yet would not find them. A daemon that ignores SIGTERM
    would be waited for without a limit.
    """
    left = tuple(_unjoined(steps))
    lines: list[str] = []
    for is_stubborn in (False, True):
        daemons = tuple(each for each in _daemons_left(plan, steps) if (each in stubborn) is is_stubborn)
        if daemons:
            lines += code_of(Run(("terminate", is_stubborn), daemons), units)
    if left:
        lines += code_of(Run(("join", None), left), units)
    return lines


def _check(plan: Plan, steps: Sequence[Step], units: Sequence[Unit], *, ended: bool) -> list[str]:
    """Return the check that makes the script fail if a process has failed, as the run does, unless the file expects
    that of the run.

    `ended` means that main has waited for all processes.
    """
    if plan.expect is not None and (plan.expect.outcome in ("failed", "timed_out") or plan.expect.deadlock):
        return []
    stopped = {step.process for step in steps if isinstance(step, Terminate | Kill)}
    asked: dict[str, list[int]] = {}
    for each in sorted({step.process for step in steps if isinstance(step, Start)}):
        condition = _failure(plan.processes[each], is_stopped=each in stopped)
        if condition is not None:
            asked.setdefault(condition, []).append(each)
    left = tuple(each for each in _unjoined(steps) if asked and not plan.processes[each].daemon)
    lines = code_of(Run(("join", None), left), units) if left and not ended else []
    for condition, processes in asked.items():
        lines += [f"if {failed(processes, units, condition)}:", f"    sys.exit({literal(FAILED)})"]
    return lines


def _failure(process: ProcessPlan, *, is_stopped: bool) -> str | None:
    """Return the condition under which a process, `{}`, has failed by its exit code; None if the exit code does not
    show that."""
    expect = process.expect
    if expect is not None and expect.says_the_end:
        exit_code = None if expect.outcome is not None or process.daemon else expect.exit_code
        return None if exit_code is None else f"{{}}.exitcode != {exit_code}"
    if is_stopped or process.terminate_after is not None or process.daemon:
        return "({}.exitcode or 0) > 0"
    return "{}.exitcode"


def _daemons_left(plan: Plan, steps: Sequence[Step]) -> list[int]:
    return [process for process in _unjoined(steps) if plan.processes[process].daemon]


def _unjoined(steps: Sequence[Step]) -> Iterator[int]:
    """Return the processes that may still run when main is at its end."""
    for process in _used(steps):
        own = [step for step in steps if getattr(step, "process", None) == process]
        if any(isinstance(step, Start) for step in own) and Join(process) not in own:
            yield process
