"""Events become lanes: what lasts, what happens in a moment, what goes from one lane to another."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.model.events import MAIN_PROCESS, Event
from runner.report.timeline.build import timeline_of
from runner.report.timeline.model import MAIN, End, Lane, Span, Timeline, ending
from tests.events import event_of

if TYPE_CHECKING:
    from collections.abc import Sequence

KINDS = ("lock", "rlock", "semaphore", "bounded_semaphore", "condition", "event", "barrier", "queue", "joinable_queue")


def event(name: str, t: float = 0.0, **fields: Any) -> Event:
    return event_of(0, t, "2026-01-01T00:00:00Z", name, "r", fields)


def began(count: int = 1) -> Event:
    return event("run.started", file="jobs.yaml", start_method="fork", processes=count)


def finished(t: float, outcome: str = "succeeded", **more: Any) -> Event:
    return event("run.finished", t, outcome=outcome, exit_status=0, duration=t, **more)


def process(what: str, t: float, name: str = "p", **more: Any) -> Event:
    """An event of a process, with what all of them have."""
    facts = {"pid": 7, "state": "started", "alive": True, "exit_code": None, "repr": f"<Process name='{name}'>"}
    return event(f"process.{what}", t, **{"job": "j", "process": name, **facts, **more})


def created(name: str = "p", daemon: bool = False) -> Event:
    return process("created", 0.0, name, pid=None, target="m:f", daemon=daemon)


def started(t: float, name: str = "p") -> Event:
    return process("started", t, name)


def exited(t: float, name: str = "p", outcome: str = "succeeded", code: int | None = 0, **more: Any) -> Event:
    said = {"expected": outcome == "succeeded", "stop_reason": None, "signal": None, "duration": t, "error": None}
    usage = {"ended_by": "return", "cpu_seconds": 0.1, "max_rss": 1 << 20, "returned": None, "limit": None}
    return process("exited", t, name, outcome=outcome, **{"exit_code": code, **said, **usage, **more})


def shared(what: str, t: float, name: str, thing: str, kind: str = "lock", **more: Any) -> Event:
    """An event of a shared thing; main's own when there is no name."""
    said = {"job": "j" if name else None, "process": name or MAIN_PROCESS, "pid": 7, "thing": thing, "kind": kind}
    usual = {"waiting": {}, "acquired": {"waited": 0.0, "skipped": 0}, "timed_out": {"waited": 0.0}, "released": {}}
    operation = {} if what == "released" else {"operation": "acquire"}
    return event(f"shared.{what}", t, **{**said, **operation, **usual[what], **more})


def wrote(t: float, name: str, text: str, stream: str = "stdout") -> Event:
    return event("process.wrote", t, job="j", process=name, pid=7, stream=stream, text=text)


def note(t: float, about: str, name: str | None, text: str) -> Event:
    return event("note", t, about=about, process=name, text=text)


def philosophers() -> list[Event]:
    """Three philosophers who take the left fork, then wait for the right one for ever."""
    names = ["aristotle", "buddha", "confucius"]
    events = [began(3), *(created(name) for name in names)]
    for number, name in enumerate(names):
        left, right = f"fork-{number}", f"fork-{(number + 1) % 3}"
        at = 0.02 + number * 0.05
        events += [
            started(at, name),
            wrote(at + 0.01, name, "thinking"),
            shared("acquired", at + 0.1, name, left),
            shared("released", at + 0.3, name, left, held=0.2),
            shared("acquired", at + 0.5, name, left),
            shared("waiting", at + 0.9, name, right),
        ]
    stop = {"signal": "SIGTERM", "reason": "holder_died"}
    text = "aristotle waits for buddha, buddha for confucius, confucius for aristotle: nobody ever goes on."
    events += [note(1.5, "deadlock", None, text), event("main.slept", 0.3, seconds=0.1)]
    events += [process("terminating", 1.5, name, **stop) for name in names]
    events += [exited(1.51, name, "terminated", -15, signal="SIGTERM") for name in names]
    return [*events, finished(1.52, "failed", values={}, deadlock=names)]


def kitchen() -> list[Event]:
    """A cook puts three dishes into a queue, two waiters wait for them, and one locks the counter."""
    events = [began(3), *(created(name) for name in ("cook", "waiter-1", "waiter-2"))]
    events += [started(0.01 + 0.01 * number, name) for number, name in enumerate(("cook", "waiter-1", "waiter-2"))]
    at_queue: dict[str, Any] = {"thing": "dishes", "kind": "queue"}
    for number in (1, 2):
        events.append(shared("waiting", 0.05, f"waiter-{number}", operation="get", **at_queue))
        got = 0.4 * number
        events.append(shared("acquired", got, "cook", operation="put", **at_queue))
        events.append(
            shared(
                "acquired",
                got + 0.001,
                f"waiter-{number}",
                operation="get",
                waited=got - 0.049,
                **at_queue | {"skipped": 0},
            )
        )
    events += [
        shared("acquired", 0.5, "waiter-1", "counter"),
        shared("waiting", 0.9, "waiter-2", "counter"),
        shared("released", 1.2, "waiter-1", "counter", held=0.7),
        shared("acquired", 1.2005, "waiter-2", "counter", waited=0.3005),
        shared("released", 1.6, "waiter-2", "counter", held=0.3995),
        event("main.slept", 0.53, seconds=0.5),
        process("join_timed_out", 1.03, "cook", timeout=0.5),
        note(1.03, "join_timed_out", "cook", "cook was still running when main's join gave up after 0.5 s."),
        process("terminating", 1.1, "cook", signal="SIGTERM", reason="main"),
        process("killed", 1.4, "cook", reason="grace_period"),
        exited(1.41, "cook", "killed", -9, signal="SIGKILL"),
        exited(1.25, "waiter-1"),
        exited(1.8, "waiter-2", "failed", 3, error={"type": "SystemExit", "message": "3", "traceback": ""}),
        process("joined", 1.41, "cook", waited=0.3),
        process("joined", 1.41, "waiter-1", waited=0.0),
        process("joined", 1.8, "waiter-2", waited=0.39),
        event("main.ended", 1.8),
    ]
    return [*events, finished(1.81, "failed", values={}, deadlock=None)]


def alone(*events: Event) -> Lane:
    """The lane of the process `p`, of a run of these events after its start at 1."""
    timeline = timeline_of([began(), created(), started(1.0), *events])
    (lane,) = timeline.lanes[1:]
    return lane


def bars(lane: Lane, *kinds: str) -> list[tuple[str, float, float]]:
    """What a lane does but for running, in order."""
    return [(span.label, span.start, span.end) for span in lane.spans if span.kind != "running"]


def running(lane: Lane) -> Span:
    (span,) = [span for span in lane.spans if span.kind == "running"]
    return span


def test_the_first_lane_is_mains_even_of_a_run_without_events() -> None:
    timeline = timeline_of([])

    (lane,) = timeline.lanes
    assert (lane.name, timeline.end, timeline.outcome, timeline.file) == (MAIN_PROCESS, 0.0, None, None)
    assert (running(lane).end, running(lane).is_open) == (0.0, True)


def test_a_process_runs_from_its_start_to_its_end() -> None:
    lane = alone(exited(3.0), finished(4.0))

    assert (lane.name, lane.pid) == ("p", 7)
    assert (running(lane).start, running(lane).end, running(lane).is_open) == (1.0, 3.0, False)
    assert running(lane).detail == (
        "p ran: 2 s, from 1.000 s to 3.000 s; m:f; pid 7; succeeded, exit code 0, no error; expected"
    )
    assert lane.end == End(3.0, "succeeded", 0, True, "succeeded, exit code 0, no error; expected")


def test_the_timeline_has_the_file_the_outcome_and_the_last_moment() -> None:
    timeline = timeline_of([began(), finished(2.5, "failed")])

    assert (timeline.file, timeline.outcome, timeline.end, timeline.deadlock) == ("jobs.yaml", "failed", 2.5, ())


def test_a_process_whose_end_nobody_saw_runs_to_the_end_of_what_is_known() -> None:
    lane = alone(wrote(2.0, "p", "one"))

    assert (running(lane).end, running(lane).is_open, lane.end) == (2.0, True, None)
    assert "no end of it was seen" in running(lane).detail


def test_a_process_that_was_never_started_has_no_bar() -> None:
    timeline = timeline_of([began(), created(daemon=True), finished(1.0)])

    assert (timeline.lanes[1].spans, timeline.lanes[1].pid) == ((), None)
    assert [instant.label for instant in timeline.lanes[1].instants] == ["created"]


def test_a_start_that_failed_is_the_end() -> None:
    error = {"type": "OSError", "message": "", "traceback": ""}
    timeline = timeline_of([began(), created(), process("start_failed", 0.5, pid=None, error=error)])

    assert timeline.lanes[1].end == End(0.5, "not started", None, False, "OSError")
    assert timeline.lanes[1].instants[-1].detail == "p: OSError (at 0.500 s)"


def test_an_end_tells_its_error_and_its_limit() -> None:
    error = {"type": "MemoryError", "message": "x" * 200 + "\x1b", "traceback": ""}
    lane = alone(exited(2.0, outcome="failed", code=1, error=error, limit="memory"))

    assert lane.end is not None
    assert lane.end.detail.startswith("failed, exit code 1, an error; MemoryError: xxx")
    assert lane.end.detail.endswith("x…; by its limit `memory`; not expected")


def test_main_sleeps_and_joins_before_the_moments_at_which_that_is_told() -> None:
    timeline = timeline_of(
        [
            event("main.slept", 1.5, seconds=1.0),
            process("join_timed_out", 2.5, timeout=1.0),
            process("joined", 4.0, waited=1.25),
            event("main.ended", 4.5),
            finished(6.0),
        ]
    )

    main = timeline.lanes[MAIN]
    assert bars(main) == [("sleeps", 0.5, 1.5), ("joins p", 1.5, 2.5), ("joins p", 2.75, 4.0)]
    assert [span.thing for span in main.spans if span.kind == "joining"] == ["p", "p"]
    assert (running(main).end, ending(main)) == (4.5, "")


def test_a_main_that_ends_with_an_exit_code_says_so() -> None:
    error = {"type": "ValueError", "message": "full", "traceback": ""}

    main = timeline_of([event("main.ended", 2.0, exit_code=1, error=error)]).lanes[MAIN]

    assert main.end == End(2.0, "ended", 1, None, "exit code 1, an error; ValueError: full")
    assert ending(main) == "exit code 1"


def test_a_main_that_the_run_does_not_wait_for_is_cut_short() -> None:
    main = timeline_of([finished(2.0, "failed")]).lanes[MAIN]

    assert (ending(main), running(main).end) == ("cut short", 2.0)
    assert "the run ended before main did" in running(main).detail


@pytest.mark.parametrize(("joining", "joins"), [("p", [("joins p", 1.5, 2.0)]), (None, [])])
def test_a_main_that_is_stopped_with_the_run_is_cut_short(joining: str | None, joins: list[Any]) -> None:
    stopped = event("main.stopped", 2.0, joining=joining, waited=0.5)

    main = timeline_of([began(), created(), started(0.5), stopped, finished(2.0, "failed")]).lanes[MAIN]

    assert bars(main, "joining") == joins
    assert main.end is not None
    assert (ending(main), main.end.detail) == ("cut short", "the run was stopped before main's end")


def test_a_join_that_waits_for_nothing_is_a_moment() -> None:
    timeline = timeline_of([created(), started(1.0), exited(2.0), process("joined", 3.0, waited=0.0)])

    assert bars(timeline.lanes[MAIN]) == []
    assert [(one.kind, one.at) for one in timeline.lanes[MAIN].instants] == [("start", 1.0), ("joined", 3.0)]
    assert [arrow.kind for arrow in timeline.arrows] == ["start"]


def test_arrows_lead_from_main_to_a_start_and_from_an_end_to_the_join_that_waits_for_it() -> None:
    timeline = timeline_of([created(), started(1.0), exited(2.0), process("joined", 2.25, waited=1.0)])

    assert [(a.kind, a.source, a.leaves, a.target, a.arrives) for a in timeline.arrows] == [
        ("start", MAIN, 1.0, 1, 1.0),
        ("join", 1, 2.0, MAIN, 2.25),
    ]


@pytest.mark.parametrize("events", [[], [exited(0.5)]])
def test_no_arrow_leads_to_a_join_from_an_end_before_it_or_unseen(events: list[Event]) -> None:
    timeline = timeline_of([*events, process("joined", 3.0, waited=1.0)])

    assert timeline.arrows == ()
    assert bars(timeline.lanes[MAIN]) == [("joins p", 2.0, 3.0)]


@pytest.mark.parametrize(
    ("reason", "source", "words"),
    [
        ("main", MAIN, "main asks for it"),
        ("timeout", None, "its timeout is over"),
        ("the moon", None, "the moon"),
    ],
)
def test_a_signal_comes_from_main_or_from_the_rules(reason: str, source: int | None, words: str) -> None:
    events = [process("terminating", 2.0, signal="SIGTERM", reason=reason), process("killed", 3.0, reason=reason)]
    timeline = timeline_of(events)

    assert [(one.kind, one.at) for one in timeline.lanes[1].instants] == [("SIGTERM", 2.0), ("SIGKILL", 3.0)]
    assert [(arrow.kind, arrow.source) for arrow in timeline.arrows] == [("stop", source), ("stop", source)]
    assert timeline.arrows[0].detail == f"SIGTERM to p: {words} (at 2.000 s)"


def test_only_the_first_line_is_a_moment_and_it_steers_no_terminal() -> None:
    lane = alone(wrote(1.5, "p", "\x1b[2J"), wrote(1.75, "p", "two"))

    assert [one.detail for one in lane.instants[1:]] == [
        r"p: first line read, which was written before, on stdout: \x1b[2J (at 1.500 s)"
    ]


def test_that_main_has_shown_a_process_is_a_moment_of_that() -> None:
    lane = alone(process("shown", 2.0, label="BEFORE"))

    assert (lane.instants[-1].label, lane.instants[-1].detail) == (
        "shown as BEFORE",
        "p: <Process name='p'> (at 2.000 s)",
    )


def test_waiting_ends_with_having_and_having_with_letting_go() -> None:
    lane = alone(
        shared("waiting", 2.0, "p", "lock"),
        shared("acquired", 3.0, "p", "lock", waited=1.0),
        shared("released", 4.0, "p", "lock", held=1.0),
        exited(5.0),
    )

    assert bars(lane) == [("waits for lock", 2.0, 3.0), ("holds lock", 3.0, 4.0)]
    assert not any(span.is_open for span in lane.spans)


def test_what_waits_is_told_late_and_drawn_where_it_began() -> None:
    lane = alone(shared("acquired", 3.0, "p", "q", "queue", waited=1.0), shared("waiting", 2.0, "p", "q", "queue"))

    assert bars(lane) == [("waits for q", 2.0, 3.0)]


def test_a_wait_of_which_only_the_end_was_told_began_so_long_before() -> None:
    lane = alone(shared("timed_out", 3.0, "p", "q", "queue", waited=0.5, operation="get"))

    assert bars(lane) == [("waits for q", 2.5, 3.0)]
    assert "in get, and gave up" in lane.spans[-1].detail


def test_who_gives_up_has_nothing() -> None:
    lane = alone(shared("waiting", 2.0, "p", "lock"), shared("timed_out", 3.0, "p", "lock", waited=1.0), exited(4.0))

    assert bars(lane) == [("waits for lock", 2.0, 3.0)]


@pytest.mark.parametrize("kind", KINDS)
def test_only_what_can_be_held_is_held_and_to_the_end_when_nobody_lets_go(kind: str) -> None:
    lane = alone(shared("acquired", 2.0, "p", "x", kind), exited(4.0))

    held = [("holds x", 2.0, 4.0)] if kind in ("lock", "rlock", "condition") or "semaphore" in kind else []
    assert bars(lane) == held
    assert all(span.is_open for span in lane.spans if span.kind == "holding")


def test_what_is_let_go_and_was_not_seen_taken_was_held_before() -> None:
    lane = alone(shared("released", 3.0, "p", "lock", held=0.5))

    assert bars(lane) == [("holds lock", 2.5, 3.0)]


def test_a_permit_that_was_never_taken_is_given_without_having_been_held() -> None:
    lane = alone(shared("released", 3.0, "p", "permits", "semaphore", held=None))

    assert bars(lane) == []


def test_a_lock_that_is_taken_again_was_let_go_between_and_nobody_knows_when() -> None:
    lane = alone(shared("acquired", 2.0, "p", "lock"), shared("acquired", 3.0, "p", "lock"), exited(4.0))

    assert bars(lane) == [("holds lock", 3.0, 4.0)]


def test_what_was_held_before_events_that_were_not_told_is_forgotten() -> None:
    kind = "semaphore"
    lane = alone(
        shared("acquired", 2.0, "p", "s", kind),
        shared("acquired", 2.5, "p", "s", kind),
        shared("released", 2.75, "p", "s", kind, held=0.25),
        shared("acquired", 3.0, "p", "s", kind, skipped=500),
        shared("released", 3.5, "p", "s", kind, held=0.5),
        exited(4.0),
    )

    assert bars(lane) == [("holds s", 2.5, 2.75), ("holds s", 3.0, 3.5)]


def test_who_waits_for_a_condition_does_not_hold_it_meanwhile() -> None:
    wait = {"kind": "condition", "operation": "wait"}
    lane = alone(
        shared("acquired", 2.0, "p", "c", "condition"),
        shared("waiting", 2.5, "p", "c", **wait),
        shared("timed_out", 3.5, "p", "c", **wait, waited=1.0),
        shared("released", 4.0, "p", "c", "condition", held=0.5),
        exited(5.0),
    )

    assert bars(lane) == [("holds c", 2.0, 2.5), ("waits for c", 2.5, 3.5), ("holds c", 3.5, 4.0)]


def handed(let_go: float, waited: float, held: float = 0.5) -> list[tuple[int | None, int, float, float]]:
    """How a lock is handed over that `p` lets go of then, and `q` has at 3 after so long."""
    timeline = timeline_of(
        [
            *(created(name) for name in "pq"),
            shared("released", let_go, "p", "lock", held=held),
            shared("acquired", 3.0, "q", "lock", waited=waited),
            finished(4.0),
        ]
    )
    return [(one.source, one.target, one.leaves, one.arrives) for one in timeline.arrows]


def test_a_lock_is_handed_over_to_who_waited_for_it() -> None:
    assert handed(2.995, waited=0.5) == [(1, 2, 2.995, 3.0)]


def test_who_lets_go_may_say_so_after_another_has_it() -> None:
    assert handed(3.005, waited=0.5) == [(1, 2, 3.0, 3.0)]


@pytest.mark.parametrize(
    ("let_go", "waited", "held"),
    [
        (2.995, 0.0, 0.5),  # nobody waited
        (2.995, 0.004, 0.5),  # not when it was let go of
        (2.9, 0.5, 0.5),  # others may have had it since
        (3.1, 0.5, 0.5),
        (3.005, 0.0, 0.5),
        (3.005, 0.5, 0.004),  # it was taken later
    ],
)
def test_a_lock_that_is_let_go_of_at_another_time_is_not_handed_over(let_go: float, waited: float, held: float) -> None:
    assert handed(let_go, waited, held) == []


def test_a_lock_goes_from_hand_to_hand() -> None:
    events = [shared("released", 1.0, "a", "lock", held=1.0)]
    for number, name in enumerate("bcd", 1):
        events.append(shared("acquired", number + 0.0001, name, "lock", waited=number - 0.5))
        events.append(shared("released", number + 1.0, name, "lock", held=0.9999))

    arrows = timeline_of(events).arrows

    assert [(arrow.source, arrow.target) for arrow in arrows] == [(1, 2), (2, 3), (3, 4)]


def test_nobody_hands_a_lock_over_to_itself() -> None:
    timeline = timeline_of(
        [
            shared("released", 1.0, "p", "lock", held=1.0),
            shared("acquired", 1.001, "p", "lock", waited=0.5),
            shared("released", 1.002, "p", "lock", held=0.001),
        ]
    )

    assert timeline.arrows == ()


def test_what_main_does_with_shared_things_is_on_its_lane() -> None:
    timeline = timeline_of([shared("waiting", 1.0, "", "start", "barrier", operation="wait"), finished(2.0)])

    assert len(timeline.lanes) == 1
    assert bars(timeline.lanes[MAIN]) == [("waits for start", 1.0, 2.0)]


def test_a_process_may_be_called_as_main_is() -> None:
    timeline = timeline_of([created(MAIN_PROCESS), started(1.0, MAIN_PROCESS)])

    assert [lane.name for lane in timeline.lanes] == [MAIN_PROCESS, MAIN_PROCESS]


def test_in_a_deadlock_each_waits_for_ever_for_who_has_what_it_waits_for() -> None:
    timeline = timeline_of(philosophers())

    assert timeline.deadlock == ("aristotle", "buddha", "confucius")
    arrows = [(arrow.source, arrow.target) for arrow in timeline.arrows if arrow.kind == "deadlock"]
    assert arrows == [(1, 2), (2, 3), (3, 1)]
    for lane in timeline.lanes[1:]:
        (span,) = [span for span in lane.spans if span.kind == "deadlocked"]
        assert span.label.startswith("waits for ever for fork-")


def test_notes_keep_their_moment_and_their_process() -> None:
    (remark,) = timeline_of([note(1.5, "lost", "p", "why")]).remarks

    assert (remark.at, remark.about, remark.process, remark.text) == (1.5, "lost", "p", "why")


@pytest.mark.parametrize(
    ("events", "sign"),
    [
        ([], "not started"),
        ([started(1.0)], "no end seen"),
        ([started(1.0), exited(2.0)], "✓"),
        ([started(1.0), exited(2.0, code=3, expected=True)], "✓ 3"),
        ([started(1.0), exited(2.0, outcome="failed", code=1)], "✗ 1"),
        ([started(1.0), exited(2.0, outcome="killed", code=-9)], "✗ -9 SIGKILL"),
        ([started(1.0), exited(2.0, outcome="lost", code=None)], "✗ lost"),
    ],
)
def test_an_ending_is_a_sign_and_the_exit_code_that_is_not_0(events: list[Event], sign: str) -> None:
    assert ending(timeline_of([created(), *events]).lanes[1]) == sign


def some_of(events: Sequence[Event]) -> st.SearchStrategy[list[Event]]:
    """Some of these events, and in another order."""
    return st.lists(st.sampled_from(range(len(events))), unique=True).map(
        lambda chosen: [events[one] for one in chosen]
    )


def all_facts_are_in_time(timeline: Timeline) -> bool:
    lanes = timeline.lanes
    spans = all(0 <= span.start <= span.end <= timeline.end for lane in lanes for span in lane.spans)
    order = all(
        (one.start, -one.end) <= (other.start, -other.end)
        for lane in lanes
        for one, other in zip(lane.spans, lane.spans[1:], strict=False)
    )
    arrows = all(0 <= arrow.leaves <= arrow.arrives <= timeline.end for arrow in timeline.arrows)
    return spans and order and arrows


@given(some_of(philosophers()) | some_of(kitchen()))
def test_whatever_is_missing_all_facts_are_within_the_run_and_in_order(events: list[Event]) -> None:
    assert all_facts_are_in_time(timeline_of(events))


def test_events_that_no_picture_shows_only_make_the_run_longer() -> None:
    timeline = timeline_of([created(), event("job.result", 3.0, job="j", type="t", result={})])

    assert (timeline.end, len(timeline.lanes[1].instants), timeline.arrows) == (3.0, 1, ())


def test_a_bar_ends_where_the_process_did_and_not_where_that_was_noticed() -> None:
    events = [began(), created(), started(1.0), exited(3.0, ended_at=2.0, ended_at_from="child"), finished(3.0)]

    lane = timeline_of(events).lanes[1]

    assert lane.end is not None
    assert (lane.end.at, lane.spans[0].end) == (2.0, 2.0)


def test_the_first_line_is_where_it_was_written_and_when_it_was_only_read_that_is_said() -> None:
    known = event("process.wrote", 3.0, job="j", process="p", pid=7, stream="stdout", text="x", written_at=2.0)
    events = [began(2), created("p"), created("q"), started(1.0, "p"), started(1.0, "q"), known, wrote(3.0, "q", "y")]

    first, second = (lane.instants[-1] for lane in timeline_of(events).lanes[1:])

    assert (first.kind, first.at, first.label) == ("wrote", 2.0, "first line")
    assert (second.kind, second.at, second.label) == ("read", 3.0, "first line read")
