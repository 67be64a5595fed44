"""What failed is told in a few lines, however many processes failed in it."""

from __future__ import annotations

from typing import Any

import pytest

from runner.notes.failure_groups import Failures
from runner.report.terminal.failure_lines import MAX_GROUPS, MAX_TRACEBACK, failure_lines
from tests.events import event_of

ERROR: dict[str, Any] = {
    "type": "ValueError",
    "message": "no\x1b[2J",
    "traceback": '  File "/app/job.py", line 3, in work\nValueError: no',
}
END: dict[str, Any] = {
    "outcome": "failed",
    "expected": False,
    "exit_code": 1,
    "signal": None,
    "ended_by": "exception",
    "returned": None,
    "error": None,
    "limit": None,
    "stop_reason": None,
}


def lines(*ends: dict[str, Any], width: int = 80, tracebacks: bool = False, event: str = "process.exited") -> list[str]:
    """The lines on a run whose processes `p-0`, `p-1`, … end so."""
    found = Failures()
    for number in range(len(ends)):
        found.see(event_of(0, 0.0, "", "process.created", "r", {"process": f"p-{number}"}))
    said = END if event == "process.exited" else {}
    for number, end in enumerate(ends):
        found.see(event_of(0, 1.0, "", event, "r", said | {"process": f"p-{number}"} | end))
    return failure_lines(found, width, tracebacks=tracebacks)


def test_a_thousand_that_fail_alike_are_one_group() -> None:
    assert lines(*[{"error": ERROR}] * 1_000, {"exit_code": 3}, {"expected": True}, width=100) == [
        "1,001 of 1,002 processes did not end as expected:",
        "  1,000  ValueError: no\\x1b[2J, at job.py:3 in work: p-0, p-1, p-2, p-3 and 996 more",
        "      1  failed with exit code 3: p-1000",
    ]


@pytest.mark.parametrize(
    ("end", "text"),
    [
        ({"outcome": "lost", "exit_code": None}, "lost, which means that the exit code is unknown"),
        ({"exit_code": -11, "signal": "SIGSEGV"}, "killed by SIGSEGV (exit code -11)"),
        ({"outcome": "timed_out", "stop_reason": "timeout"}, "timed_out, because its timeout is over"),
        ({"outcome": "terminated", "stop_reason": "time_limit"}, "terminated, because the run's time limit is over"),
        ({"ended_by": "sys_exit", "returned": "'no luck'"}, "exit code 1, by sys.exit('no luck')"),
        ({"ended_by": "sys_exit", "returned": "1"}, "failed with exit code 1"),
        ({"outcome": "succeeded", "exit_code": 0}, "succeeded with exit code 0"),
        ({"error": {"type": "KeyError", "message": "", "traceback": ""}}, "KeyError"),
        ({"error": {"type": "KeyError", "message": "x" * 900, "traceback": None}}, "KeyError: " + "x" * 200 + "…"),
    ],
)
def test_each_way_to_fail_has_its_words(end: dict[str, Any], text: str) -> None:
    told = "".join(line.strip() for line in lines(end)[1:])

    assert told.replace(" ", "") == f"1  {text}: p-0".replace(" ", "")


def test_what_could_not_be_started_is_said_to_be_so() -> None:
    assert lines({"error": {"type": "OSError", "message": "no room", "traceback": None}}, event="process.start_failed")[
        1:
    ] == ["  1  not started: OSError: no room: p-0"]


def test_two_with_other_messages_are_named_both() -> None:
    [_, line] = lines({"error": ERROR | {"message": "1"}}, {"error": ERROR | {"message": "2"}}, width=100)

    assert line == "  2  ValueError: 1 (and other messages), at job.py:3 in work: p-0 and p-1"


def test_main_comes_first() -> None:
    found = Failures()
    found.see(event_of(0, 1.0, "", "main.ended", "r", {"exit_code": 1, "error": ERROR}))

    assert failure_lines(found, 80, tracebacks=False) == ["Main failed: ValueError: no\\x1b[2J, at job.py:3 in work"]


def test_a_kept_run_of_another_version_may_have_other_reasons_and_lack_errors() -> None:
    quota = {"outcome": "terminated", "exit_code": -15, "stop_reason": "quota", "expected": False}

    assert lines(quota)[1:] == ["  1  terminated with exit code -15: p-0"]
    assert lines({}, event="process.start_failed")[1:] == ["  1  not started: p-0"]


def test_a_main_that_fails_without_an_exception_has_its_exit_code() -> None:
    found = Failures()
    found.see(event_of(0, 1.0, "", "main.ended", "r", {"exit_code": 3, "error": None}))

    assert failure_lines(found, 80, tracebacks=False) == ["Main failed: failed with exit code 3"]


def test_where_nothing_failed_there_are_no_lines() -> None:
    assert lines({"expected": True}) == []


@pytest.mark.parametrize("width", [20, 80, 120, 300])
def test_many_ways_to_fail_fit_into_a_screen_of_any_width(width: int) -> None:
    told = lines(*({"exit_code": number} for number in range(1, 40)), width=width)

    assert len(told) == MAX_GROUPS + 2
    assert told[-1] == f"  {39 - MAX_GROUPS}  in {39 - MAX_GROUPS} more ways"
    assert max(map(len, told)) <= max(width, 50)


def test_the_end_of_a_traceback_is_shown_of_the_first_groups() -> None:
    deep = ERROR | {"traceback": "\n".join(f"line {number}" for number in range(100))}

    told = lines({"error": deep}, *({"error": ERROR | {"type": f"E{number}"}} for number in range(5)), tracebacks=True)

    shown = [line for line in told if "| " in line]
    assert shown[:2] == ["     | …", f"     | line {100 - MAX_TRACEBACK}"]
    assert shown.count("     | ValueError: no") == 2
