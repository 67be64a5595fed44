"""What failed in a run is grouped by error and place, from made-up events."""

from __future__ import annotations

import json
import traceback
from typing import TYPE_CHECKING, Any

import pytest

from runner.model.event_types import StartFailed
from runner.notes.failure_groups import MAX_GROUPS, MAX_NAMES_KEPT, Failures, place_of
from tests.events import event_of

if TYPE_CHECKING:
    from runner.model.events import Event


def event(name: str, **fields: Any) -> Event:
    return event_of(0, 1.0, "", name, "r", fields)


def ended(process: str, **fields: Any) -> Event:
    end = {"outcome": "failed", "expected": False, "exit_code": 1, "error": None, "limit": None, "stop_reason": None}
    return event("process.exited", process=process, **end | fields)


def error(message: str = "no", line: int = 3, kind: str = "ValueError") -> dict[str, Any]:
    return {"type": kind, "message": message, "traceback": f'  File "/app/job.py", line {line}, in work\n'}


def failures_of(*events: Event) -> Failures:
    found = Failures()
    for each in events:
        found.see(each)
    return found


def test_processes_are_grouped_by_error_and_place_the_most_frequent_first() -> None:
    found = failures_of(
        ended("a", error=error(line=9)),
        ended("b", error=error()),
        ended("c", error=error()),
        ended("d", error=error(kind="TypeError")),
        ended("e", exit_code=3),
        ended("f", expected=True),
    )

    assert [(one.count, one.processes, one.place) for one in found.groups()] == [
        (2, ["b", "c"], "job.py:3 in work"),
        (1, ["a"], "job.py:9 in work"),
        (1, ["d"], "job.py:3 in work"),
        (1, ["e"], None),
    ]
    assert found.count == 5


def test_other_messages_of_the_same_error_are_one_group() -> None:
    found = failures_of(ended("a", error=error("1")), ended("b", error=error("1")))
    assert found.groups()[0].has_one_message

    found.see(ended("c", error=error("2")))

    assert [(one.count, one.has_one_message) for one in found.groups()] == [(3, False)]


def test_what_could_not_be_started_and_main_fail_too() -> None:
    found = failures_of(
        event("process.created", process="a"),
        event("process.created", process="b"),
        event("process.start_failed", process="a", exit_code=None, error=error("no room", kind="OSError")),
        event("main.ended", exit_code=1, error=error(kind="RuntimeError")),
    )

    [group] = found.groups()
    assert isinstance(group.end, StartFailed)
    assert group.processes == ["a"]
    assert found.main is not None
    assert found.main.error is not None
    assert found.main.error["type"] == "RuntimeError"
    assert (found.processes, found.count, found.has_error) == (2, 1, True)


def test_where_all_is_as_expected_nothing_failed() -> None:
    found = failures_of(ended("a", expected=True), event("main.ended", exit_code=0, error=None))

    assert (found.groups(), found.main, found.count, found.has_error) == ([], None, 0, False)


def test_a_thousand_ways_to_fail_take_a_bounded_memory() -> None:
    found = failures_of(*(ended(f"p-{number}", error=error(line=number)) for number in range(1_000)))

    assert (len(found.groups()), found.count) == (MAX_GROUPS, 1_000)
    assert max(len(one.processes) for one in found.groups()) == MAX_NAMES_KEPT


def raised(source: str) -> str:
    """The traceback of what this code raises."""
    try:
        exec(compile(source, "/home/u/app.py", "exec"), {"json": json})
    except Exception as error:
        return "".join(traceback.format_exception(error))
    raise AssertionError


@pytest.mark.parametrize(
    ("source", "place"),
    [
        ("1 / 0", "app.py:1 in <module>"),
        ("def f():\n  1 / 0\nf()", "app.py:2 in f"),
        ("json.loads('x')", "app.py:1 in <module>"),
        ("try:\n  1 / 0\nexcept ValueError as e: pass\nelse: pass", "app.py:2 in <module>"),
        ("try:\n  1 / 0\nexcept Exception as e:\n  raise ValueError from e", "app.py:4 in <module>"),
        ("def f():\n  raise ValueError\nraise ExceptionGroup('g', [ValueError(1)])", "app.py:3 in <module>"),
    ],
)
def test_the_place_is_where_the_users_code_raised_it(source: str, place: str) -> None:
    assert place_of(raised(source)) == place


def test_a_place_in_a_library_counts_where_there_is_no_other() -> None:
    assert place_of('  File "/usr/lib/python3.11/json/x.py", line 7, in loads\n') == "x.py:7 in loads"
    assert place_of("") is None
