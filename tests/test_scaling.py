"""What the front does grows with the number of processes, not with its square: the steps of Python are counted."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING, Any

import pytest

from runner.history.bounds import BOUNDS
from runner.history.collecting import Collected
from runner.history.compare import compare
from runner.model import messages
from runner.model.events import Event, Output
from runner.model.plan import Expect, JobPlan, Join, Plan, ProcessPlan, Start
from runner.model.records import replace
from runner.model.shared_things import SharedLock, SharedValue
from runner.report.page.html import ReportedRun, page
from runner.report.terminal.reporter import Reporter, Settings
from runner.report.timeline import chrome_trace, svg, text
from runner.report.timeline.build import timeline_of
from runner.session.event_builder import EventBuilder
from runner.session.line_events import Lines

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    from runner.history.runs import KeptRun
    from runner.model.events import Item
    from runner.model.messages import Reported

FEW, MANY = 24, 96
MAX_TIMES = 1.2 * MANY / FEW
CRASHED = messages.Exited(
    at=106.0,
    process=0,
    exit_code=-9,
    repr="<Process>",
    outcome="failed",
    expected=False,
    ended_by="signal",
    stop_reason=None,
    duration=0.1,
    cpu_seconds=0.1,
    max_rss=1,
    returned=None,
    error=None,
    limit=None,
    result=None,
    ended_at=106.0,
    ended_at_from="supervisor",
)


def steps_of(action: Callable[[], object]) -> int:
    """The number of lines of Python that an action goes through, each pass of a loop within a line included."""
    count = 0

    def step(frame: FrameType, event: str, argument: object) -> Any:
        nonlocal count
        count += event == "line"
        return step

    before = sys.gettrace()
    sys.settrace(step)
    try:
        action()
    finally:
        sys.settrace(before)
    return count


def plan_of(processes: int, *, jobs_each: bool) -> Plan:
    """Processes in one job or in a job each, that have a lock each and add to a number each."""
    numbers = tuple(range(processes))
    jobs = [(f"job-{number}", (number,)) for number in numbers] if jobs_each else [("job", numbers)]
    job_of = {number: name for name, members in jobs for number in members}
    following = [f"p-{(number + 1) % processes}" for number in numbers]
    return Plan(
        "f",
        "spawn",
        tuple(
            ProcessPlan(
                f"p-{number}",
                job_of[number],
                do=({"step": "add", "value": 1, "to": {"ref": f"n-{number}"}, "kind": "value", "at": None},),
                expect=Expect(outcome="failed", output=("hello",), before=(following[number],)),
            )
            for number in numbers
        ),
        (*map(Start, numbers), *map(Join, numbers)),
        tuple(JobPlan(name, "process", members) for name, members in jobs),
        shared=(
            *(SharedLock(f"lock-{number}") for number in numbers),
            *(SharedValue(f"n-{number}", "int64", 0) for number in numbers),
        ),
    )


def reported(processes: int, *, in_pairs: bool) -> Iterator[Reported | Output]:
    """What the supervisor reports of a run in which each takes a lock, waits for another one's, and is killed."""
    numbers = range(processes)
    wanted = [number ^ 1 if in_pairs else (number + 1) % processes for number in numbers]
    yield messages.Begun(100.0, 1_000_000.0, ("<Process>", "<Process daemon>"))
    for number in numbers:
        yield messages.Started(101 + number / 1000, number, number, "<Process>")
        yield Output(number, "stdout", b"hello\n", 102 + number / 1000, lines=b"hello\n")
    for number in numbers:
        at = 103 + number / 1000
        yield messages.Acquired(at, number, f"lock-{number}", "lock", "acquire", 0.0, 0)
        yield messages.Waiting(at, number, f"lock-{wanted[number]}", "lock", "acquire", None)
        yield messages.TargetReported(at, number, "finally", (1,))
        yield messages.TargetReported(at, number, "globals", ("m", ["x"]))
        yield messages.TargetReported(at, number, "worked", (104.0, 104.1))
        yield messages.TargetReported(at, number, "drawn", ("random", 7))
    yield messages.Stuck(
        at=105.0,
        waits=tuple(messages.Wait(number, f"lock-{wanted[number]}", "lock", "acquire") for number in numbers),
        holders={f"lock-{number}": (number,) for number in numbers},
        givers={},
        circles=tuple((number, number + 1) for number in numbers[::2]) if in_pairs else (tuple(numbers),),
        standstill=True,
        in_vain=(),
        bereft=(),
        died=(),
    )
    for number in numbers:
        at = 106 + number / 1000
        yield replace(CRASHED, at=at, process=number, ended_at=at)
        yield messages.HolderDied(at, number, f"lock-{number}")
    last = messages.LastValues(
        arrays={},
        things={f"n-{number}": 1 for number in numbers},
        added={f"n-{number}": messages.Added(1, (number,), ()) for number in numbers},
        holders=tuple((number, f"lock-{number}") for number in numbers),
    )
    yield messages.Ended(108.0, None, (), (), last)


def items_of(processes: int, *, jobs_each: bool) -> list[Item]:
    """All that a session yields of that run."""
    telling = EventBuilder(plan_of(processes, jobs_each=jobs_each), "run")
    lines = Lines(telling)
    items: list[Item] = []
    for message in reported(processes, in_pairs=jobs_each):
        if isinstance(message, Output):
            telling.note_output(message)
            items += [message, *lines.cut(message)]
        else:
            items += telling.tell(message)
    return [*items, *telling.finish()]


def report(items: list[Item], processes: int, **settings: Any) -> None:
    """Report these items to nobody."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    reporter = Reporter(Settings(tuple(f"p-{number}" for number in range(processes)), {}, nowhere, **settings), print)
    reporter._write = lambda descriptor, pieces: None  # type: ignore[method-assign]
    for item in items:
        reporter.handle(item, 0.0)
    reporter.close()
    reporter.conclude()


def kept(items: list[Item], plan: Plan) -> KeptRun:
    """The run as the history keeps it."""
    collected = Collected(plan)
    for item in items:
        collected.add(item)
    return BOUNDS.cut(collected.run(b"jobs: []", "f", (), began=100.0, version="1"))


def events_of(items: list[Item]) -> list[Event]:
    return [item for item in items if isinstance(item, Event)]


def draw(items: list[Item]) -> None:
    """Draw the run in each of the ways that there are."""
    events = events_of(items)
    timeline = timeline_of(events)
    text.lines(timeline, 100, color=False)
    svg.svg(timeline, None)
    chrome_trace.trace(events)
    page(ReportedRun(None, "f", "", tuple(events), (), 1.0, "failed", 1, "3.11", "fork"))


PARTS: dict[str, Callable[[list[Item], int, bool], object]] = {
    "session": lambda items, processes, jobs_each: items_of(processes, jobs_each=jobs_each),
    "report": lambda items, processes, jobs_each: report(items, processes),
    "json": lambda items, processes, jobs_each: report(items, processes, json=True, verbose=True),
    "history": lambda items, processes, jobs_each: kept(items, plan_of(processes, jobs_each=jobs_each)),
    "pictures": lambda items, processes, jobs_each: draw(items),
    "comparison": lambda items, processes, jobs_each: compare(
        kept(items, plan_of(processes, jobs_each=jobs_each)),
        kept([*items[:-5], items[-1]], plan_of(processes, jobs_each=jobs_each)),
    ),
}


@pytest.mark.parametrize("jobs_each", [False, True])
@pytest.mark.parametrize("part", PARTS)
def test_four_times_as_many_processes_take_four_times_as_many_steps(part: str, jobs_each: bool) -> None:
    few, many = (items_of(processes, jobs_each=jobs_each) for processes in (FEW, MANY))
    PARTS[part](few, FEW, jobs_each)  # what is done once, such as an import, is done

    of_few = steps_of(lambda: PARTS[part](few, FEW, jobs_each))
    of_many = steps_of(lambda: PARTS[part](many, MANY, jobs_each))

    assert of_many <= MAX_TIMES * of_few
