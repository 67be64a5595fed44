"""The table at the end and the results of jobs, line by line."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from runner.model.records import replace
from runner.model.results import ProcessResult, RunResult
from runner.report.terminal.summary import MAX_ROWS, result_lines, summary, value_lines

if TYPE_CHECKING:
    from runner.model.json_types import Json

HEADINGS = "process pid outcome time cpu memory exit code expected"
ENDED = ProcessResult("p", "j", 7, "succeeded", True, 0, duration=1.5, cpu_seconds=0.25, max_rss=3 << 20)


def shown(*processes: ProcessResult, width: int = 100, color: bool = False) -> list[str]:
    """The lines of the table of these processes."""
    result = RunResult("succeeded", 0, 1.0, {process.name: process for process in processes})
    text = summary(result, width=width, color=color)
    assert text.endswith("\n")
    return text.split("\n")[:-1]


def rows(*processes: ProcessResult, width: int = 100) -> list[str]:
    """The lines below the headings, their columns one blank apart."""
    empty, headings, *lines = [" ".join(line.split()) for line in shown(*processes, width=width)]
    assert (empty, headings) == ("", HEADINGS)
    return lines


def many(unexpected: int, expected: int = 0) -> list[ProcessResult]:
    """Processes that failed, each with an exit code of its own, and others that did not."""
    failed = [
        ProcessResult(f"bad-{number}", "j", 100 + number, "failed", False, 1 + number) for number in range(unexpected)
    ]
    return failed + [ProcessResult(f"good-{number}", "j", 500, "succeeded", True, 0) for number in range(expected)]


def test_the_table_has_its_columns_below_an_empty_line() -> None:
    assert shown(ENDED) == [
        "",
        "process   pid  outcome     time     cpu   memory  exit code   expected",
        "p           7  succeeded  1.5 s  250 ms  3.0 MiB  0 no error  yes",
    ]


@pytest.mark.parametrize(
    ("process", "row"),
    [
        (ProcessResult("p", "j", 7, "failed", False, 3, duration=0), "p 7 failed 0 s ? ? 3 an error no"),
        (ProcessResult("p", "j", 7, "killed", True, -9), "p 7 killed ? ? ? -9 SIGKILL yes"),
        (ProcessResult("p", "j", 7, "lost", False), "p 7 lost ? ? ? no"),
        (ProcessResult("p", "j", 7), "p 7 not started ? ? ?"),
        (ProcessResult("p", "j"), "p not started"),
        (
            ProcessResult("p", "j", error={"type": "OSError", "message": "", "traceback": None}, expected=False),
            "p start failed no",
        ),
    ],
)
def test_a_row_leaves_out_what_never_was_and_asks_what_is_not_known(process: ProcessResult, row: str) -> None:
    assert rows(process) == [row]


@pytest.mark.parametrize("name", ["[red]x[/red]", "x[/b]", ":smile:", "a\x1b[2J\n"])
def test_a_name_is_shown_as_it_is_and_steers_nothing(name: str) -> None:
    (row,) = rows(ProcessResult(name, "j"))

    assert row == f"{name.encode('unicode_escape').decode()} not started"


def test_a_name_that_is_too_wide_is_folded_and_no_letter_of_it_lost() -> None:
    name = "abcdefghij" * 10

    lines = shown(ProcessResult(name, "j"), width=80)

    assert "".join(line.split()[0] for line in lines[2:]) == name
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize(
    ("width", "left"),
    [
        (71, HEADINGS),
        (70, "process pid outcome time cpu exit code expected"),
        (61, "process pid outcome time cpu exit code expected"),
        (60, "process pid outcome time exit code expected"),
        (53, "process outcome time exit code expected"),
        (47, "process outcome exit code expected"),
        (1, "process outcome exit code expected"),
    ],
)
def test_where_there_is_little_room_the_least_important_columns_are_left_out(width: int, left: str) -> None:
    process = ProcessResult("abcdefghijkl", "j", 12345, "succeeded", True, 0, duration=1.5, cpu_seconds=0.25)

    _, headings, row = shown(process, replace(process, max_rss=123 << 20), width=width)[:3]

    assert " ".join(headings.split()) == left
    assert row.startswith("abcdefghijkl ")
    assert row.endswith(" 0 no error yes")
    assert len(row) <= max(width, 42)


def test_what_was_noted_about_a_process_has_a_column() -> None:
    noted = replace(ENDED, name="q", notes=("return_value", "slow_start"))

    _, headings, first, second = shown(ENDED, noted)

    assert headings.endswith("expected  notes")
    assert first.endswith("yes")
    assert second.endswith("yes       return_value, slow_start")
    assert "notes" not in shown(replace(noted, notes=("x" * 60,)), width=80)[1]


@pytest.mark.parametrize(
    ("expected", "code", "word"), [(True, "\x1b[32m", "yes"), (False, "\x1b[31m", "no"), (None, "\x1b[2m", "")]
)
def test_colours_say_what_was_expected(
    expected: bool | None, code: str, word: str, monkeypatch: pytest.MonkeyPatch
) -> None:

    line = shown(ProcessResult("p", "j", 7, "failed", expected, 1), color=True)[2]

    assert f"{code}failed" in line
    assert f"{code}{word}" in line.partition("an error")[2]


def test_nothing_in_the_environment_has_a_file_coloured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FORCE_COLOR", "1")

    assert "\x1b" not in "".join(shown(ENDED))


def test_as_many_processes_as_there_may_be_rows_are_all_listed_and_not_counted() -> None:
    assert [line.split()[0] for line in rows(*many(1, MAX_ROWS - 1))] == [
        "bad-0",
        *(f"good-{number}" for number in range(MAX_ROWS - 1)),
    ]


def test_of_one_more_only_the_unexpected_are_listed_and_all_are_counted_most_first() -> None:
    assert rows(*many(2, MAX_ROWS - 1)) == [
        "bad-0 100 failed ? ? ? 1 an error no",
        "bad-1 101 failed ? ? ? 2 an error no",
        "41 processes: 39 succeeded, 2 failed",
    ]


def test_of_too_many_unexpected_the_first_are_listed_and_the_rest_counted() -> None:
    lines = rows(*many(MAX_ROWS + 2), ProcessResult("never", "j"))

    assert [line.split()[0] for line in lines[:MAX_ROWS]] == [f"bad-{number}" for number in range(MAX_ROWS)]
    assert lines[MAX_ROWS:] == ["43 processes: 42 failed, 1 not started", "2 more did not end as expected"]


def test_of_many_processes_the_notes_are_counted() -> None:
    noted = [ProcessResult(f"p-{number}", "j", 7, "succeeded", True, 0, notes=("unreported",)) for number in range(41)]

    assert shown(*noted, replace(noted[0], name="q", notes=("unreported", "slow_start")))[1:] == [
        "42 processes: 42 succeeded",
        "notes: 42 unreported, 1 slow_start",
    ]


def test_of_many_that_ended_alike_the_first_are_listed() -> None:
    failed = [ProcessResult(f"bad-{number}", "j", 7, "failed", False, 1) for number in range(1_000)]
    crashed = [ProcessResult(f"odd-{number}", "j", 7, "failed", False, -11) for number in range(2)]

    lines = rows(*failed, *crashed)

    assert [line.split()[0] for line in lines[:5]] == ["bad-0", "bad-1", "bad-2", "odd-0", "odd-1"]
    assert lines[5:] == ["1,002 processes: 1,002 failed", "997 more did not end as expected"]


def test_as_many_unexpected_as_there_may_be_rows_are_all_listed() -> None:
    lines = rows(*many(MAX_ROWS, 1))

    assert len(lines) == MAX_ROWS + 1
    assert lines[-1] == "41 processes: 40 failed, 1 succeeded"


def test_when_many_ended_as_expected_they_are_only_counted() -> None:
    assert shown(*many(0, MAX_ROWS + 1)) == ["", "41 processes: 41 succeeded"]


def test_a_run_without_a_process_has_no_table() -> None:
    assert shown() == [""]


@pytest.mark.parametrize(
    ("key", "value", "text"),
    [
        ("count", 100_000_000, "100000000"),
        ("rate", 999.4, "999.4"),
        ("rate", 1000.0, "1000"),
        ("rate", 1234567.8, "1234568"),
        ("rate", -1234.5, "-1234"),
        ("rate", -0.123456, "-0.1235"),
        ("elapsed", 61.0, "1m01s"),
        ("elapsed", 2, "2"),
        ("waited_seconds", 0.25, "250 ms"),
        ("seconds", 1.5, "1.5 s"),
        ("elapsed_hours", 1.5, "1.5"),
        ("good", True, "True"),
        ("nothing", None, "unknown"),
        ("text", "two\nlines\x1b[2J", "two\\nlines\\x1b[2J"),
        ("empty", [], "[]"),
        ("numbers", [1, 2], "[1, 2]"),
        ("mixed", [{"a": 1}, 2], "[{'a': 1}, 2]"),
        ("mapping", {"a": 1}, "{'a': 1}"),
    ],
)
def test_a_value_of_a_result_is_a_line(key: str, value: Json, text: str) -> None:
    assert result_lines("j", {key: value}) == [f"j: {key.removesuffix('_seconds').replace('_', ' ')}  {text}"]


def test_the_values_of_a_result_stand_in_one_column_and_its_tables_below() -> None:
    result: dict[str, Json] = {
        "workers": [
            {"rate": 0.5, "process": "w\n0", "waited_seconds": 0.1, "state": "done"},
            {"rate": 2000.4},
            {"process": "w-2"},
        ],
        "n": 1,
        "total": 22,
    }

    assert result_lines("j\t1", result) == [
        "j\\t1: n      1",
        "j\\t1: total  22",
        "j\\t1: w\\n0  done  rate 0.5, waited 100 ms",
        "j\\t1: rate 2000",
        "j\\t1: w-2",
    ]


def test_a_result_without_a_value_is_no_line() -> None:
    assert result_lines("j", {}) == []


def test_results_cannot_steer_a_terminal() -> None:
    lines = result_lines("j\x1b", {"k\x1b[2J": "v\x1b", "t": [{"r\x07": 1, "s": "\x1b"}]})

    assert not {"\x1b", "\x07"} & set("".join(lines))


def test_last_values_stand_in_one_column_and_steer_nothing() -> None:
    assert value_lines({"n": 1, "items": ["a", "\x1b[2J"], "nothing": None}) == [
        "shared: n        1",
        "shared: items    ['a', '\\x1b[2J']",
        "shared: nothing  None",
    ]


@pytest.mark.parametrize(("value", "shown"), [("x" * 10, "x" * 10), ("x" * 11, "x" * 10 + " …")])
def test_of_a_long_value_the_beginning_is_shown(value: str, shown: str) -> None:
    assert value_lines({"text": value}, 10) == [f"shared: text  {shown}"]


def test_without_a_value_there_is_no_line() -> None:
    assert value_lines({}) == []
