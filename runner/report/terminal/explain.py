"""Describe a plan in words: what main will do and when, as far as it is known before the run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.model.exit_codes import declared
from runner.model.plan import Act, Join, Kill, Show, Sleep, Start, Terminate
from runner.model.shared_things import (
    SharedArray,
    SharedBarrier,
    SharedEvent,
    SharedManaged,
    SharedQueue,
    SharedSemaphore,
    SharedValue,
    kind_of,
)
from runner.notes.note import listed
from runner.report.terminal.formatting import duration, harmless, size
from runner.report.terminal.step_words import in_words, one

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.model.plan import Declared, Expect, Limits, Plan, ProcessPlan, Step
    from runner.model.shared_things import SharedPlan

MAX_ALIKE = 6
"""In a longer row of similar steps, only the first and the last are described."""


def explain(plan: Plan) -> str:
    """Return what main will do, step by step, as lines of text."""
    lines = [plan.title or plan.file, ""]
    lines += [*_before(plan), "Main, step by step:"]
    lines += [f"{number:>4}. {text}" for number, text in _numbered(plan)]
    lines += ["", *_after(plan)]
    lines += _what_they_do(plan)
    rules = _folded([rule for process in plan.processes for rule in _rules(process)])
    rules += expected(plan)
    return "\n".join(map(harmless, [*lines, *([""] if rules else []), *rules]))


def expected(plan: Plan) -> list[str]:
    """Return what the file expects of its processes and of the run, as sentences."""
    of_processes = [
        f"{process.name} is expected to {', to '.join(_expected(process.expect))}."
        for process in plan.processes
        if process.expect is not None
    ]
    of_run = [] if plan.expect is None else [f"The run is expected to {', '.join(_expected_of_the_run(plan.expect))}."]
    return [harmless(sentence) for sentence in [*_folded(of_processes), *of_run]]


def _before(plan: Plan) -> Iterator[str]:
    processes = len(plan.processes)
    yield f"{processes} process{'' if processes == 1 else 'es'}, started by {plan.start_method}."
    if plan.preload:
        yield f"Imported once, before any of them starts: {', '.join(plan.preload)}."
    for thing in plan.shared:
        yield f"Created before the first start, and removed at the end: {_shared(thing)}."
    yield ""


def _shared(thing: SharedPlan) -> str:
    match thing:
        case SharedArray(name, dtype, length):
            return f"{name}, {length} number{'' if length == 1 else 's'} ({dtype}) in shared memory"
        case SharedSemaphore(name, permits, bounded):
            bound = "bounded " if bounded else ""
            return f"{name}, a {bound}semaphore with {permits} permit{'' if permits == 1 else 's'}"
        case SharedEvent(name, True):
            return f"{name}, an event that is set"
        case SharedBarrier(name, parties):
            return f"{name}, a barrier that opens when {parties} wait at it"
        case SharedQueue(name, size_, joinable):
            room = f" with room for {size_}" if size_ else ""
            return f"{name}, a {'joinable ' if joinable else ''}queue{room}"
        case SharedValue(name, dtype, initial, locked):
            return f"{name}, the number {initial} ({dtype}){'' if locked else ' without a lock'}"
        case SharedManaged(name, of):
            return f"{name}, a {of} in the process of a manager"
    kind = kind_of(thing)
    return f"{thing.name}, {'an' if kind[0] in 'aeiour' else 'a'} {kind}"


def _numbered(plan: Plan) -> Iterator[tuple[int | str, str]]:
    """Return the steps with their numbers; of a long row of similar ones, the middle is left out."""
    worded = list(_in_words(plan))
    start = 0
    while start < len(worded):
        end = start
        while end < len(worded) and type(plan.steps[end]) is type(plan.steps[start]):
            end += 1
        row = [(number + 1, worded[number]) for number in range(start, end)]
        if len(row) > MAX_ALIKE:
            yield from row[:2]
            yield "…", f"({len(row) - 3} more like these)"
            yield row[-1]
        else:
            yield from row
        start = end


def _in_words(plan: Plan) -> Iterator[str]:
    """Return each step in words, with its time as long as that is known."""
    moment: float | None = 0.0
    for step in plan.steps:
        at = "" if moment is None else f"at {moment:g} s: " if moment else ""
        yield at + _step(plan, step)
        match step:
            case Sleep(seconds) if moment is not None:
                moment += seconds
            case Join():
                moment = None  # the time when a process ends is unknown
            case Act(act) if act["step"] in _WAITING:
                moment = None


_WAITING = ("get", "put", "acquire", "join_queue")
"""The operations in which main may have to wait, for an unknown time."""


def _step(plan: Plan, step: Step) -> str:
    match step:
        case Start(process):
            return f"start {_described(plan.processes[process])}"
        case Sleep(seconds):
            return f"sleep {duration(seconds)}"
        case Join(process, None):
            return f"join {plan.processes[process].name}: wait until it has ended"
        case Join(process, timeout):
            name = plan.processes[process].name
            return f"join {name}: wait for its end, at most {duration(timeout)}; then go on, and let {name} run"
        case Terminate(process):
            return f"terminate {plan.processes[process].name}: send SIGTERM, and go on at once"
        case Kill(process):
            return f"kill {plan.processes[process].name}: send SIGKILL, and go on at once"
        case Act(act):
            return one(act)
        case Show(process, label):  # pragma: no branch  # mypy sees that these are all
            return f"show {plan.processes[process].name} as {label}"


def _described(process: ProcessPlan) -> str:
    daemon = " (a daemon)" if process.daemon else ""
    if process.do is not None:
        return f"{process.name}{daemon}, which does its steps"
    what = (process.target or process.cls or "").removeprefix("runner.workers:")
    kind = "an object of the class" if process.cls else "which runs"
    return f"{process.name}{daemon}, {kind} {what}"


def _after(plan: Plan) -> Iterator[str]:
    started = {step.process for step in plan.steps if isinstance(step, Start)}
    daemons = [plan.processes[number].name for number in sorted(started) if plan.processes[number].daemon]
    left = [process.name for number, process in enumerate(plan.processes) if number not in started]
    if daemons:
        yield f"When main has ended, daemons that still run are terminated: {listed(daemons)}."
    if len(daemons) < len(started):
        yield "When main has ended, the run waits for every process that is not a daemon."
    if left:
        yield f"Never started: {listed(left)}."
    yield f"A process that does not end within {duration(plan.grace_period)} of SIGTERM gets SIGKILL."
    if plan.time_limit is not None:
        yield f"After {duration(plan.time_limit)} the whole run is stopped, and has failed."


def _what_they_do(plan: Plan) -> Iterator[str]:
    """Return the steps of the processes that have some; if there are many, of the first ones."""
    doing = [process for process in plan.processes if process.do is not None]
    for process in doing[:MAX_ALIKE]:
        yield from ("", f"{process.name}, step by step:")
        yield from in_words(process.do or (), "      ")
    if len(doing) > MAX_ALIKE:
        yield from ("", f"({len(doing) - MAX_ALIKE} more processes with steps)")


def _rules(process: ProcessPlan) -> Iterator[str]:
    if process.terminate_after is not None:
        yield f"{process.name} is terminated {duration(process.terminate_after)} after its start, if it still runs."
    if process.timeout is not None:
        yield f"{process.name} is stopped {duration(process.timeout)} after its start, if it still runs: a failure."
    if process.limits is not None:
        yield f"{process.name} may have at most {_limits(process.limits)}."
    if process.on_terminate == "unwind":
        yield f"{process.name} runs its `finally` blocks when it is terminated."


def _expected(expect: Expect) -> Iterator[str]:
    """Return what a process is expected to do."""
    yield f"end with {declared(expect)}"
    match expect.output:
        case ():
            yield "print nothing"
        case (line,):
            yield f"print one line (`{line}`)"
        case (first, *_) as lines:
            yield f"print {len(lines)} lines (`{first}` is the first)"
    if expect.before:
        yield f"end before {listed(list(expect.before))}"


def _expected_of_the_run(expect: Declared) -> Iterator[str]:
    """Return what the run is expected to come to."""
    yield "succeed" if expect.outcome in (None, "succeeded") else f"end as `{expect.outcome}`"
    if expect.deadlock is not None:
        yield "with a deadlock" if expect.deadlock else "without a deadlock"
    if expect.values:
        yield f"with {', '.join(f'{name} {value}' for name, value in expect.values.items())} in the end"
    if expect.notes:
        yield f"with a note about {listed(list(expect.notes))}"


def _limits(limits: Limits) -> str:
    texts = (
        None if limits.memory is None else f"{size(limits.memory)} of memory of its own",
        None if limits.cpu_seconds is None else f"{duration(limits.cpu_seconds)} of processor time",
        None if limits.open_files is None else f"{limits.open_files} open descriptors",
        None if limits.core is None else f"{size(limits.core)} of a core dump" if limits.core else "no core dump",
    )
    return ", ".join(text for text in texts if text)


def _folded(rules: list[str]) -> list[str]:
    if len(rules) <= 2 * MAX_ALIKE:
        return rules
    return [*rules[:MAX_ALIKE], f"(and {len(rules) - MAX_ALIKE} more such rules)"]
