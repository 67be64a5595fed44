"""What is otherwise about a run: what somebody changed, and what came of it; never what differs between any two."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.history import KeptRun, line_of
from runner.history.compare import Comparison, OutcomeChange, OutputChange, TimeChange, ValueChange, compare
from runner.history.event_comparison import EventChange
from runner.history.event_queries import End, NoteSeen
from runner.model.records import replace

if TYPE_CHECKING:
    from runner.history.runs import OutputPiece
    from runner.model.json_types import Json

    Events = tuple[dict[str, Json], ...]

RUN = KeptRun(
    run="00000001",
    file="/jobs/a.yaml",
    title=None,
    text="jobs:\n- target: a\n- target: b\n",
    overrides=(),
    start_method="fork",
    began="2026-01-02T03:04:05.000006Z",
    duration=1.0,
    outcome="succeeded",
    exit_status=0,
    events=(),
    output=(),
    python="3.11.7",
    version="0.1.0",
)
CREATED, STARTED, JOINED, EXITED = "process.created", "process.started", "process.joined", "process.exited"


def event(kind: str, t: float = 0.0, **fields: Json) -> dict[str, Json]:
    return {"v": 1, "seq": 0, "time": "…", "t": t, "event": kind, "run": "1", **fields}


def of(process: str, kind: str, t: float = 0.0, **fields: Json) -> dict[str, Json]:
    return event(kind, t, process=process, **fields)


def exited(process: str, t: float = 1.0, **fields: Json) -> dict[str, Json]:
    said: dict[str, Json] = {"outcome": "succeeded", "exit_code": 0, "expected": True, "error": None, "limit": None}
    return event(EXITED, t, process=process, **said | fields)


def compared(before: Events, after: Events) -> Comparison:
    return compare(replace(RUN, events=before), replace(RUN, events=after))


def changed(**changes: Any) -> Comparison:
    return compare(RUN, replace(RUN, **changes))


kinds = st.sampled_from([CREATED, STARTED, JOINED, EXITED, "note", "main.ended", "job.result", "run.finished"])
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=4), inner, max_size=2),
    max_leaves=4,
)
texts = st.text(max_size=4)
fields = st.fixed_dictionaries(
    {"process": st.sampled_from(["a", "b"]), "job": texts, "about": texts, "text": texts},
    optional={
        "outcome": texts,
        "exit_code": st.integers() | st.none(),
        "result": json_values,
        "values": st.dictionaries(texts, json_values, max_size=2),
        "deadlock": st.lists(texts, max_size=2) | st.none(),
        "x": json_values,
    },
)
any_events = st.lists(
    st.builds(
        lambda kind, t, fields: event(kind, t, **fields),
        kinds,
        st.floats(0, 9),
        fields,
    ),
    max_size=5,
).map(tuple)


@given(any_events)
def test_a_run_is_like_itself(events: Events) -> None:
    line = line_of(replace(RUN, events=events))

    assert compared(events, events) == Comparison(
        before=line,
        after=line,
        diff=(),
        changed_lines=0,
        settings=(),
        outcomes=(),
        deadlock=None,
        values=(),
        output=(),
        first_event=None,
        notes_gone=(),
        notes_new=(),
        times=(),
        measures=(),
        is_whole=True,
    )


def test_what_is_no_number_is_like_another_such() -> None:
    before, after = ((event("job.result", job="j", result={"mean": float("nan")}),) for _ in range(2))

    assert compared(before, after).first_event is None
    assert compared(before, after).values == ()


@given(any_events, any_events)
def test_the_other_way_round_the_same_places_differ(before: Events, after: Events) -> None:
    there, back = compared(before, after), compared(after, before)

    assert (there.notes_gone, there.notes_new) == (back.notes_new, back.notes_gone)
    assert {one.process for one in there.outcomes} == {one.process for one in back.outcomes}
    assert (there.first_event is None) == (back.first_event is None)


# What somebody changed


def test_a_file_that_changed_is_shown_by_its_changed_hunks() -> None:
    found = changed(text="jobs:\n- target: a\n- target: c\n- target: d\n")

    assert found.diff == ("@@ -2,2 +2,3 @@", " - target: a", "-- target: b", "+- target: c", "+- target: d")
    assert found.changed_lines == 2


def test_the_settings_that_differ_are_named() -> None:
    before = replace(RUN, overrides=("a.b=1", "c=x=y"))

    found = compare(before, replace(before, overrides=("a.b=2",), start_method="spawn", file="/b", version="9"))

    assert found.settings == (
        ValueChange("file", "/jobs/a.yaml", "/b"),
        ValueChange("--set a.b", "1", "2"),
        ValueChange("--set c", "x=y", None),
        ValueChange("start method", "fork", "spawn"),
        ValueChange("run-jobs", "0.1.0", "9"),
    )


def test_a_field_that_is_set_for_one_run_has_the_value_of_the_file_in_the_other() -> None:
    before = replace(RUN, overrides=("same=1",))
    after = replace(RUN, overrides=("a.b=2",))
    values = {(before, "same"): "1", (after, "same"): "1", (before, "a.b"): None, (after, "a.b"): "2"}

    found = compare(before, after, lambda run, path: values[run, path])

    assert found.settings == (ValueChange("--set a.b", None, "2"),)


def test_what_an_edit_is_called_is_no_setting() -> None:
    assert changed(overrides=('title="An edit"', "titled=1")).settings == (ValueChange("--set titled", None, "1"),)


def test_no_secret_is_in_a_comparison() -> None:
    before = replace(RUN, text="env:\n  TOKEN: sesame\n", overrides=("env.TOKEN=sesame",))

    found = compare(before, replace(before, text="env:\n  TOKEN: other\n", overrides=("x=1",)))

    assert found.diff == ("@@ -1,2 +1,2 @@", " env:", "-  TOKEN: ***", "+  TOKEN: ***")
    assert found.settings == (ValueChange("--set env.TOKEN", "***", None), ValueChange("--set x", None, "1"))


# How processes ended


def test_processes_that_ended_otherwise_or_are_new_or_gone_are_told() -> None:
    before = (of("same", CREATED), of("p", CREATED), of("gone", CREATED), exited("same"), exited("p"))
    failed = exited("p", outcome="failed", exit_code=1, expected=False, error={"type": "ValueError"})
    after = (of("same", CREATED), of("p", CREATED), of("new", CREATED), exited("same"), failed)

    assert compared(before, after).outcomes == (
        OutcomeChange("p", End("succeeded", 0, expected=True), End("failed", 1, "ValueError", expected=False)),
        OutcomeChange("gone", End("not started"), None),
        OutcomeChange("new", None, End("not started")),
    )


def test_an_end_that_nobody_saw_and_a_start_that_failed_are_ends() -> None:
    before = (of("p", CREATED), exited("p", outcome="lost", exit_code=None, expected=False))
    after = (of("p", CREATED), of("p", "process.start_failed", error={"type": "OSError", "message": "no"}))

    (change,) = compared(before, after).outcomes

    assert change == OutcomeChange(
        "p", End("lost", expected=False), End("start failed", error="OSError", expected=False)
    )


def test_an_end_by_a_limit_is_another_end() -> None:
    (change,) = compared((exited("p"),), (exited("p", limit="memory"),)).outcomes

    assert change.after == End("succeeded", 0, limit="memory", expected=True)


@pytest.mark.parametrize(
    ("before", "after", "change"),
    [
        (None, ["b", "a"], ValueChange("deadlock", None, "a, b")),
        (["a", "b"], None, ValueChange("deadlock", "a, b", None)),
        (["a", "b", "c"], ["c", "a", "b"], None),
        (["a", "b", "c"], ["a", "c", "b"], ValueChange("deadlock", "a, b, c", "a, c, b")),
        ([], None, None),
    ],
)
def test_a_deadlock_is_its_cycle_wherever_that_begins(
    before: list[Json] | None, after: list[Json] | None, change: ValueChange | None
) -> None:
    found = compared((event("run.finished", deadlock=before),), (event("run.finished", deadlock=after),))

    assert found.deadlock == change
    assert found.first_event is None


# What came out


def test_values_that_differ_are_told_by_where_they_are() -> None:
    before = (
        event("job.result", job="counter", result={"total": 4, "rows": [{"n": 1}, {"n": 2}], "gone": 1}),
        event("run.finished", values={"x": 1, "list": [1, 2]}),
    )
    after = (
        event("job.result", job="counter", result={"total": 3, "rows": [{"n": 1}, {"n": 5}]}),
        event("run.finished", values={"x": True, "list": [1, 2, 3]}),
    )

    assert compared(before, after).values == (
        ValueChange("counter.total", 4, 3),
        ValueChange("counter.rows[1].n", 2, 5),
        ValueChange("counter.gone", 1, None),
        ValueChange("x", 1, True),
        ValueChange("list", [1, 2], [1, 2, 3]),
    )


@pytest.mark.parametrize(
    ("name", "before", "after", "differs"),
    [
        ("elapsed", 1.0, 1.21, True),
        ("elapsed", 1.0, 1.19, False),
        ("wait_seconds", 0.001, 0.009, False),
        ("increments_per_second", 0.001, 0.009, True),
        ("increments_per_second", 100, 90, False),
        ("elapsed", 1.0, None, True),
    ],
)
def test_times_and_rates_are_no_values_and_differ_only_by_much(
    name: str, before: Json, after: Json, differs: bool
) -> None:
    found = compared(
        (event("job.result", job="j", result={name: before}),), (event("job.result", job="j", result={name: after}),)
    )

    assert (found.values, found.first_event) == ((), None)
    assert found.measures == ((ValueChange(f"j.{name}", before, after),) if differs else ())


@pytest.mark.parametrize(
    ("before", "after", "differs"),
    [(1.0, 1.19, False), (1.0, 1.21, True), (1.0, 0.79, True), (0.001, 0.02, False), (0.001, 0.022, True)],
)
def test_a_process_ran_for_another_time_if_that_differs_by_a_fifth_and_20_ms(
    before: float, after: float, differs: bool
) -> None:
    found = compared((exited("p", duration=before),), (exited("p", duration=after),))

    assert found.times == ((TimeChange("p", before, after),) if differs else ())


def test_a_process_that_one_run_does_not_have_ran_for_no_other_time() -> None:
    assert compared((exited("p", duration=5.0),), (exited("q", duration=1.0),)).times == ()


def test_notes_are_new_or_gone_by_what_they_are_about() -> None:
    def note(about: str, process: str | None, text: str) -> dict[str, Json]:
        return event("note", about=about, process=process, text=text)

    before = (note("timeout", "p", "after 1 s"), note("lost_updates", None, "5 were lost"))
    after = (note("timeout", "p", "after 1.1 s"), note("timeout", "q", "after 1 s"), note("timeout", "q", "again"))

    found = compared(before, after)

    assert found.notes_gone == (NoteSeen("lost_updates", None, "5 were lost"),)
    assert found.notes_new == (NoteSeen("timeout", "q", "after 1 s"),)


# The first event that differs


def test_which_process_of_a_job_has_the_first_note_does_not_count() -> None:
    of_p = event("note", 0.5, about="lost", process="p", text="", job="j", count=1, processes=["p"], repeats=None)
    of_q = event("note", 0.5, about="lost", process="q", text="", job="j", count=1, processes=["q"], repeats=None)

    found = compared((exited("p", 1.0), exited("q", 1.0), of_p), (exited("p", 1.0), exited("q", 1.0), of_q))

    assert (found.first_event, found.notes_gone, found.notes_new) == (None, (), ())


def test_a_field_that_an_earlier_version_did_not_have_does_not_count() -> None:
    assert compared((exited("p", 1.0),), (exited("p", 1.0, result=None),)).first_event is None
    assert compared((exited("p", 1.0),), (exited("p", 1.0, result=1),)).first_event is not None


def test_what_differs_between_any_two_runs_does_not_count() -> None:
    before = (
        event("run.started", file="a.yaml"),
        of("p", STARTED, 0.1, pid=7, repr="<Process name='p' pid=7 parent=3 started>"),
        exited("p", 1.0, pid=7, duration=0.9, cpu_seconds=0.1, max_rss=1, returned="<object at 0x7f00ab>"),
        of("p", JOINED, 1.0, waited=0.9),
        event("main.slept", 2.0, seconds=1.0001),
    )
    after = (
        event("run.started", file="../a.yaml"),
        of("p", STARTED, 0.2, pid=8, repr="<Process name='p' pid=8 parent=4 started>"),
        exited("p", 1.1, pid=8, duration=0.91, cpu_seconds=0.2, max_rss=2, returned="<object at 0x7f11cd>"),
        of("p", JOINED, 1.1, waited=0.91),
        event("main.slept", 2.1, seconds=1.0002),
    )

    assert compared(before, after).first_event is None


def test_the_order_of_what_different_processes_do_does_not_count() -> None:
    of_p, of_q = exited("p", 1.0), exited("q", 1.0)
    shared = event("shared.acquired", 0.5, process="p", thing="lock")
    wrote = of("q", "process.wrote", 0.5, text="x")

    assert compared((of_p, shared, of_q), (of_q, of_p, wrote)).first_event is None


def test_the_order_of_what_main_does_counts() -> None:
    of_p, of_q = of("p", STARTED, 0.1), of("q", STARTED, 0.2)

    found = compared((of_p, of_q), (of_q, of_p)).first_event

    assert found == EventChange(None, of_p, of_q, ("process",))


def test_what_main_asks_for_is_in_its_order_and_what_time_asks_for_is_not() -> None:
    def terminated(reason: str) -> tuple[Events, Events]:
        of_p, of_q = (of(name, "process.terminating", reason=reason) for name in "pq")
        return (of_p, of_q), (of_q, of_p)

    assert compared(*terminated("main")).first_event is not None
    assert compared(*terminated("timeout")).first_event is None


def test_the_earliest_difference_is_the_first_whichever_process_is_its() -> None:
    before = (of("p", STARTED), of("q", STARTED), exited("p", 2.0), exited("q", 1.0))
    after = (of("p", STARTED), of("q", STARTED), exited("p", 2.0, exit_code=1), exited("q", 1.5, exit_code=3))

    found = compared(before, after).first_event

    assert found == EventChange("q", before[3], after[3], ("exit_code",))


def test_an_event_that_one_run_alone_has_differs_from_nothing() -> None:
    before = (exited("p", 1.0),)
    after = (exited("p", 1.0), of("p", JOINED, 1.5))

    assert compared(before, after).first_event == EventChange("p", None, after[1])
    assert compared(after, before).first_event == EventChange("p", after[1], None)


def test_events_of_two_kinds_differ_as_a_whole() -> None:
    before, after = of("p", "process.join_timed_out", 1.0, timeout=1), exited("p", 1.0)

    assert compared((before,), (after,)).first_event == EventChange("p", before, after)


def test_results_differ_by_more_than_times() -> None:
    before = event("job.result", job="j", result={"rows": [{"n": 1, "wait_seconds": 0.1}]})
    after = event("job.result", job="j", result={"rows": [{"n": 2, "wait_seconds": 0.2}]})

    assert compared((before,), (after,)).first_event == EventChange(None, before, after, ("result",))


# What was printed


def printed(*lines: str, process: str = "p", stream: str = "stdout") -> tuple[OutputPiece, ...]:
    return ((0.1, process, stream, "\n".join(lines), ()),)


def test_of_each_stream_the_first_line_that_differs_is_told() -> None:
    before = replace(RUN, output=printed("a", "b", "c") + printed("x", stream="stderr") + printed("same", process="q"))
    after = replace(
        RUN, output=printed("same", process="q") + printed("a", "y", "z") + printed("x", "x", stream="stderr")
    )

    assert compare(before, after).output == (
        OutputChange("p", "stdout", 2, "b", "y"),
        OutputChange("p", "stderr", 2, None, "x"),
    )
    assert compare(after, before).output[1] == OutputChange("p", "stderr", 2, "x", None)


def test_what_differs_in_the_output_of_any_two_runs_does_not_count() -> None:
    def run(pid: int, address: str) -> KeptRun:
        said = printed(f"I am {pid} of 9", f"<lock at {address}>", f"x{pid}", process="p")
        return replace(RUN, events=(of("p", STARTED, pid=pid),), output=said)

    (change,) = compare(run(123, "0x7f00"), run(456, "0x7f88")).output

    assert change == OutputChange("p", "stdout", 3, "x123", "x456")


def test_what_a_process_printed_that_only_one_run_had_is_no_difference_of_the_output() -> None:
    before = replace(RUN, events=(of("p", CREATED),))
    after = replace(RUN, events=(of("p", CREATED), of("q", CREATED)), output=printed("a", process="q"))

    assert compare(before, after).output == ()


def test_of_output_that_was_cut_no_lines_are_compared() -> None:
    found = compare(replace(RUN, output=printed("a")), replace(RUN, output=printed("b"), output_cut=1))

    assert found.output == ()
    assert not found.is_whole


@pytest.mark.parametrize("cut", ["before", "after"])
def test_a_comparison_of_a_run_without_all_its_events_is_not_whole(cut: str) -> None:
    before, after = (replace(RUN, events_cut=int(name == cut)) for name in ("before", "after"))

    assert changed().is_whole
    assert not compare(before, after).is_whole
