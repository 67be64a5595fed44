"""Two runs compared, and the list of runs, line by line."""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.history import KeptRun, RunLine
from runner.history.compare import Comparison, OutcomeChange, OutputChange, TimeChange, ValueChange, compare
from runner.history.event_comparison import EventChange
from runner.history.event_queries import End, NoteSeen
from runner.model.records import replace
from runner.report.terminal.comparison import MAX_DIFF, MAX_ROWS, MIN_WIDTH, comparison_lines, verdict
from runner.report.terminal.listing import MIN_FILE, history_lines

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from runner.model.json_types import Json

LINE = RunLine("00000001", "/jobs/a.yaml", None, "2026-01-02T03:04:05.000006Z", 1.0, "succeeded", 0, 2)
SAME = Comparison(
    before=LINE,
    after=replace(LINE, run="00000002", began="2026-01-02T03:05:00.000000Z"),
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
HEAD = [
    "before  00000001  02 Jan 2026 03:04:05  succeeded  in 1 s",
    "after   00000002  02 Jan 2026 03:05:00  succeeded  in 1 s",
]
OK = End("succeeded", 0, expected=True)
FAILED = End("failed", 1, "ValueError", expected=False)
CHANGED = OutcomeChange("p", OK, FAILED)
VALUE = ValueChange("total", 400_000, 212_345)
PRINTED = OutputChange("p", "stdout", 2, "b", "y")
NOTE = NoteSeen("timeout", "p", "The `timeout` of p is over. " * 6)
SETTING = ValueChange("--set a.b", None, "1")


@pytest.fixture(autouse=True)
def _utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Local time is UTC."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


def said(**differing: Any) -> str:
    return verdict(replace(SAME, **differing))


def section(*, width: int = 100, color: bool = False, **differing: Any) -> list[str]:
    """The lines below the two runs, which are those of the only section."""
    lines = comparison_lines(replace(SAME, **differing), width, color)
    return lines[lines.index("") + 1 :]


def event(kind: str, t: float, **fields: Json) -> dict[str, Json]:
    return {"v": 1, "seq": 0, "time": "…", "t": t, "event": kind, "run": "1", **fields}


def ended(**outcomes: str) -> Comparison:
    before, after = (replace(LINE, outcome=outcome, exit_status=1) for outcome in outcomes.values())
    return replace(SAME, before=before, after=after)


# The verdict


@pytest.mark.parametrize(
    ("differing", "sentence"),
    [
        ({}, "Nothing changed."),
        ({"times": (TimeChange("p", 1, 2),)}, "Nothing changed but times."),
        ({"after": replace(LINE, duration=2.0)}, "Nothing changed but times."),
        ({"changed_lines": 1}, "1 line of the file changed; nothing else changed."),
        ({"changed_lines": 2, "values": (VALUE,)}, "2 lines of the file changed; 1 value differs."),
        ({"outcomes": (CHANGED,)}, "The file is the same; 1 process ended differently."),
        ({"outcomes": (CHANGED, CHANGED)}, "The file is the same; 2 processes ended differently."),
        (
            {"outcomes": (OutcomeChange("p", None, OK), OutcomeChange("q", OK, None))},
            "The file is the same; 1 process is new; 1 process is gone.",
        ),
        ({"notes_new": (NOTE, NOTE), "notes_gone": (NOTE,)}, "The file is the same; 2 notes are new; 1 note is gone."),
        ({"first_event": EventChange(None, None, {})}, "The file is the same; the events differ."),
        ({"output": (PRINTED,)}, "The file is the same; 1 process printed something else."),
        (
            {"output": (PRINTED, replace(PRINTED, stream="stderr"), replace(PRINTED, process="q"))},
            "The file is the same; 2 processes printed something else.",
        ),
        ({"settings": (SETTING, SETTING)}, "An edit was made; nothing else changed."),
        (
            {"settings": (ValueChange("file", "a", "b"), ValueChange("python", "1", "2")), "changed_lines": 1},
            "These are two files; 1 line of them differs; Python's version changed; nothing else changed.",
        ),
        (
            {"settings": (ValueChange("file", "a", "b"),), "changed_lines": 2},
            "These are two files; 2 lines of them differ; nothing else changed.",
        ),
        ({"deadlock": ValueChange("deadlock", None, "a, b")}, "The file is the same; there is a deadlock."),
        ({"deadlock": ValueChange("deadlock", "a, b", "a, c")}, "The file is the same; there is another deadlock."),
        ({"deadlock": ValueChange("deadlock", "a, b", None)}, "The file is the same; the deadlock is gone."),
    ],
)
def test_the_verdict_is_one_sentence(differing: dict[str, Any], sentence: str) -> None:
    assert said(**differing) == sentence


def test_the_verdict_says_how_the_run_ended_if_that_differs() -> None:
    found = ended(before="succeeded", after="timed_out")

    assert verdict(found) == "The file is the same; the run ended as timed_out, not as succeeded."


# The sections


def test_of_runs_that_are_alike_there_is_no_section() -> None:
    assert comparison_lines(SAME, 100, False) == ["Nothing changed.", *HEAD]


def test_runs_without_all_their_events_are_said_to_be_so() -> None:
    lines = comparison_lines(replace(SAME, is_whole=False), 100, False)

    assert lines[3:] == ["Not all events or lines of these runs were stored, so this comparison may be incomplete."]


def test_a_setting_is_shown_with_both_values() -> None:
    assert section(settings=(SETTING,)) == ["settings", "  --set a.b  not set → 1"]


def test_of_what_was_printed_the_lines_that_differ_are_shown() -> None:
    found = (PRINTED, OutputChange("p", "stderr", 1, None, ""), OutputChange("q", "stdout", 1200, "a\x1b", None))

    assert section(output=found) == [
        "output",
        "  p, line 2          b → y",
        "  p, stderr, line 1  no such line →",
        "  q, line 1,200      a\\x1b → no such line",
    ]


def test_the_diff_is_red_and_green_where_there_is_color() -> None:
    diff = ("@@ -1 +1 @@", " a", "-b", "+c\x1b")

    assert section(diff=diff) == ["file", "  @@ -1 +1 @@", "   a", "  -b", "  +c\\x1b"]
    assert section(diff=diff, color=True)[1:] == [
        "  \x1b[36m@@ -1 +1 @@\x1b[0m",
        "   a",
        "  \x1b[31m-b\x1b[0m",
        "  \x1b[32m+c\\x1b\x1b[0m",
    ]


def test_of_a_long_diff_the_start_is_shown_and_the_rest_counted() -> None:
    lines = section(diff=("+x",) * (MAX_DIFF + 3))

    assert lines[1:] == ["  +x"] * MAX_DIFF + ["  and 3 more"]


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [
        (OK, FAILED, "p  succeeded (exit code 0) → failed (exit code 1, ValueError)"),
        (End("killed", -9), End("lost"), "p  killed (SIGKILL) → lost"),
        (End("failed", 1, limit="memory"), None, "p  failed (exit code 1, its limit of memory) → no such process"),
        (None, End("not started"), "p  no such process → not started"),
        (
            OK,
            replace(OK, expected=False),
            "p  succeeded (exit code 0), expected → succeeded (exit code 0), not expected",
        ),
        (OK, replace(OK, expected=None), "p  succeeded (exit code 0), expected → succeeded (exit code 0)"),
    ],
)
def test_an_outcome_is_shown_with_what_matters_of_it(before: End | None, after: End | None, line: str) -> None:
    assert section(outcomes=(OutcomeChange("p", before, after),)) == ["outcomes", f"  {line}"]


def test_the_run_s_own_outcome_and_a_deadlock_are_among_the_outcomes() -> None:
    found = replace(ended(before="failed", after="stopped"), deadlock=ValueChange("deadlock", None, "a, b"))

    assert comparison_lines(found, 100, False)[-2:] == [
        "  the run   failed (exit status 1) → stopped (exit status 1)",
        "  deadlock  none → a, b",
    ]


@pytest.mark.parametrize(
    ("before", "after", "line"),
    [
        (400_000, 212_345, "400,000 → 212,345"),
        (0.123456789, 12345.678, "0.123457 → 12,346"),
        (True, None, "true → none"),
        ([1, "ä"], {"a": None}, '[1, "ä"] → {"a": null}'),
        ("a\nb", "", "a\\nb →"),
    ],
)
def test_values_are_shown_side_by_side(before: Json, after: Json, line: str) -> None:
    assert section(values=(ValueChange("total", before, after),)) == ["values", f"  total  {line}"]


def test_long_values_are_shown_from_where_they_differ() -> None:
    alike = "x" * 200

    (_, line) = section(values=(ValueChange("v", alike + "a" * 100, alike + "b" * 100),), width=60)

    assert line == f"  v  …{'x' * 8}{'a' * 16}… → …{'x' * 8}{'b' * 16}…"


def test_a_short_value_leaves_its_room_to_a_long_one() -> None:
    (_, line) = section(values=(ValueChange("v", None, "b" * 200),), width=60)

    assert line == f"  v  none → {'b' * 47}…"
    assert len(line) == 60


def test_of_many_values_some_are_shown_and_the_rest_counted() -> None:
    lines = section(values=tuple(ValueChange(f"v[{number}]", 1, 2) for number in range(MAX_ROWS + 5)))

    assert len(lines) == 1 + MAX_ROWS + 1
    assert lines[-1] == "  and 5 more"


def test_the_first_event_that_differs_is_shown_as_it_was_told_with_what_differs() -> None:
    before = event("process.joined", 1.0, process="p", waited=0.5, exit_code=0, alive=False)
    after = event("process.joined", 2.0, process="p", waited=1.5, exit_code=1, alive=True)

    lines = section(first_event=EventChange("p", before, after, ("alive", "exit_code")))

    assert lines == [
        "first event that differs",
        "  before   1.000s  p  joined       waited 500 ms",
        "  after    2.000s  p  joined       waited 1.5 s",
        "  exit_code  0 → 1",
    ]


def test_an_event_that_only_a_later_version_has_is_shown_by_its_name() -> None:
    before, after = event("process.joined", 1.0, process="p", waited=0.5), event("process.paused", 1.0, process="p")

    assert section(first_event=EventChange("p", before, after))[2] == "  after process.paused"


def test_what_follows_from_other_fields_is_shown_where_it_alone_differs() -> None:
    before, after = (
        event("process.shown", 1.0, process="p", label="l", repr="<p>", alive=alive) for alive in (True, False)
    )

    assert section(first_event=EventChange("p", before, after, ("alive",)))[-1] == "  alive  true → false"


def test_a_result_is_not_shown_again_beside_its_event() -> None:
    before, after = (event("job.result", 1.0, job="j", result={"n": number}) for number in (1, 2))

    assert section(first_event=EventChange(None, before, after, ("result",)))[1:] == [
        "  before   1.000s  j  result",
        "  after    1.000s  j  result",
    ]


def test_an_event_with_nothing_in_its_place_is_shown_alone() -> None:
    change = EventChange(None, None, event("main.ended", 1.0, exit_code=0, error=None))

    assert section(first_event=change)[1:] == [
        "  before     nothing in its place",
        "  after    1.000s  main  ended",
    ]


def test_an_event_that_takes_several_lines_stays_in_its_column() -> None:
    wrote = event("process.wrote", 1.0, process="p", stream="stdout", text="word " * 40)

    lines = section(first_event=EventChange("p", wrote, None), width=90)

    assert len(lines) > 4
    assert all(len(line) <= 90 for line in lines)
    assert lines[2].index("word") == lines[1].index("word")


def test_notes_are_paragraphs() -> None:
    lines = section(notes_new=(NOTE,), width=60)

    assert lines[:3] == [
        "notes that are new",
        "  note: The `timeout` of p is over. The `timeout` of p is",
        "        over. The `timeout` of p is over. The `timeout` of p",
    ]
    assert section(notes_gone=(NOTE,), width=60)[1:] == lines[1:]


def test_a_note_may_say_nothing() -> None:
    assert section(notes_gone=(replace(NOTE, text=""),))[1:] == ["  note:"]


def test_of_many_notes_the_rest_is_counted() -> None:
    assert section(notes_gone=(NOTE,) * (MAX_ROWS + 1))[-1] == "  and 1 more"


def test_times_are_those_of_the_run_of_processes_and_of_results() -> None:
    lines = section(
        after=replace(LINE, duration=2.0),
        times=(TimeChange("p", 0.5, 0.75),),
        measures=(
            ValueChange("j.elapsed", 0.25, None),
            ValueChange("j.increments_per_second", 123456.7, 1.5),
        ),
    )

    assert lines == [
        "times",
        "  the run                  1 s → 2 s",
        "  p                        500 ms → 750 ms",
        "  j.elapsed                250 ms → none",
        "  j.increments_per_second  123,457 → 1.5",
    ]


def test_the_timelines_stand_below_each_other_at_the_end() -> None:
    lines = comparison_lines(SAME, 100, False, (["|--|"], ["|---|"]))

    assert lines == ["Nothing changed.", *HEAD, "", "before", "|--|", "", "after", "|---|"]


def test_all_that_is_painted_is_the_same_without_its_color() -> None:
    found = replace(
        SAME,
        diff=("-a", "+b"),
        notes_new=(NOTE,),
        first_event=EventChange(None, None, event("main.ended", 1.0, exit_code=0, error=None)),
    )

    painted = comparison_lines(found, 100, True)

    assert painted[0].startswith("\x1b[1m")
    assert [re.sub(r"\x1b\[\d+m", "", line) for line in painted] == comparison_lines(found, 100, False)


texts = st.text(max_size=80)
json_values = st.none() | st.booleans() | st.integers() | st.floats() | texts | st.lists(texts, max_size=3)
changes = st.lists(st.builds(ValueChange, st.text(max_size=20), json_values, json_values), max_size=3).map(tuple)


@given(changes, st.lists(texts.map(lambda text: f"+{text}"), max_size=3).map(tuple), st.integers(0, 120))
def test_no_line_is_wider_than_there_is_room_nor_steers_a_terminal(
    found: tuple[ValueChange, ...], diff: tuple[str, ...], width: int
) -> None:
    lines = comparison_lines(replace(SAME, values=found, settings=found, diff=diff), width, False)

    assert all(len(line) <= max(width, MIN_WIDTH) and line.isprintable() for line in lines)


def test_two_runs_are_compared_and_shown() -> None:
    events: tuple[dict[str, Json], ...] = (event("process.created", 0, process="p"),)
    run = KeptRun("00000001", "-", None, "a\n", (), "fork", LINE.began, 1.0, "succeeded", 0, events, (), "3", "1")

    lines = comparison_lines(compare(run, replace(run, run="00000002", text="b\n")), 100, False)

    assert lines[0] == "1 line of the file changed; nothing else changed."
    assert lines[-4:] == ["file", "  @@ -1 +1 @@", "  -a", "  +b"]


# The list


def test_the_list_has_its_columns() -> None:
    other = replace(LINE, run="00000002", file="-", outcome="failed", duration=0.0123, processes=12)

    assert history_lines([other, LINE], 100) == [
        "run       when             file          outcome       time  processes",
        "00000002  02 Jan 03:04:05  -             failed     12.3 ms         12",
        "00000001  02 Jan 03:04:05  /jobs/a.yaml  succeeded      1 s          2",
    ]


def test_below_a_run_of_an_edited_file_stands_the_edit() -> None:
    edited = replace(LINE, edit="\x1b" + "x" * 50)

    _, _, edit, unedited = history_lines([edited, LINE], 70)

    assert edit == " " * len("00000001  02 Jan 03:04:05  ") + "edit: \\x1b" + "x" * 32 + "…"
    assert len(edit) == 70
    assert "edit" not in unedited


def test_a_list_of_nothing_says_so() -> None:
    assert history_lines([], 100) == ["No run is stored."]


def test_a_run_of_an_earlier_year_is_shown_with_that() -> None:
    earlier = replace(LINE, began="2025-12-31T23:59:59Z")

    assert [line[10:25].rstrip() for line in history_lines([LINE, earlier], 100)] == [
        "when",
        "02 Jan 03:04:05",
        "31 Dec 2025",
    ]


def test_a_file_below_the_current_folder_is_told_from_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = [str(tmp_path / "jobs" / "a.yaml"), f"{tmp_path}-other/b.yaml"]
    monkeypatch.chdir(tmp_path)

    lines = history_lines([replace(LINE, file=file) for file in files], 300)

    assert [line.split()[4] for line in lines[1:]] == ["jobs/a.yaml", files[1]]


def test_without_a_current_folder_files_are_told_in_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()

    assert "/jobs/a.yaml" in history_lines([LINE], 100)[1]


@given(st.text(max_size=100), st.integers(0, 120))
def test_a_file_that_is_too_long_is_shown_by_its_end(file: str, width: int) -> None:
    headings, line = history_lines([replace(LINE, file=file)], width)

    assert len(headings) == len(line)
    assert len(line) <= max(width, len(headings.replace("  file", "")) + MIN_FILE + 2, MIN_WIDTH)
    assert line.isprintable()


def test_the_end_of_a_long_file_is_what_is_left_of_it() -> None:
    (_, line) = history_lines([replace(LINE, file=f"/{'x' * 100}/jobs.yaml")], 70)

    assert len(line) == 70
    assert "/jobs.yaml  succeeded" in line
    assert "  …xxx" in line
