"""The timeline in a terminal: columns, signs, and what is left out."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.report.timeline.build import timeline_of
from runner.report.timeline.model import SPAN_WORDS
from runner.report.timeline.text import MAX_LANES, MIN_WIDTH, fitted, lines, ticks, width_of
from tests.report.test_timeline import (
    created,
    event,
    exited,
    finished,
    kitchen,
    philosophers,
    process,
    shared,
    some_of,
    started,
)

if TYPE_CHECKING:
    from runner.model.events import Event

MARGIN = len("MainProcess  ")
JOINED = [
    created("slow"),
    created("short"),
    started(0.0, "slow"),
    started(0.25, "short"),
    exited(0.2501, "short"),
    process("terminating", 0.9, "slow", signal="SIGTERM", reason="main"),
    exited(1.0, "slow", "terminated", -15, expected=True),
    process("joined", 1.0, "slow", waited=0.5),
    event("main.ended", 1.0),
    finished(1.0),
]
"""A run of one second."""


def bar(line: str) -> str:
    """What stands between a name and an ending."""
    return re.split(r"  [✓✗]|  no|  not", line[MARGIN:])[0].rstrip()


def plain(line: str) -> str:
    return re.sub(r"\x1b\[[0-9;]*m", "", line)


def test_a_run_is_drawn_below_its_scale_and_above_its_legend() -> None:
    assert lines(timeline_of(JOINED), 56, color=False) == [
        "             0 s           500 ms       1 s",
        "             ┌─────────────┬────────────┬",
        "MainProcess  ▄▄▄▄▄▄▄▄▄▄▄▄▄▄┄┄┄┄┄┄┄┄┄┄┄┄┄┄",
        "slow         ▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▄▼▄▄  ✓ -15 SIGTERM",
        "short               ▄                      ✓",
        "",
        "▄ runs   ┄ main waits in join   ▼ SIGTERM sent",
    ]


def test_with_colours_the_signs_are_the_same() -> None:
    timeline = timeline_of(kitchen())

    colored = lines(timeline, 80, color=True)

    assert [plain(line).rstrip() for line in colored] == lines(timeline, 80, color=False)
    assert all("\x1b[" in line for line in colored if line)


def test_a_bar_is_never_empty() -> None:
    (line,) = [line for line in lines(timeline_of(JOINED), 60, color=False) if line.startswith("short")]

    assert bar(line).strip() == "▄"


def test_the_signs_of_one_kind_are_seen_once_at_least_however_short_it_is() -> None:
    events = [created(), started(0.0), shared("released", 5.0, "p", "lock", held=0.001), exited(10.0), finished(10.0)]

    (line,) = [line for line in lines(timeline_of(events), 80, color=False) if line.startswith("p ")]

    assert bar(line).count("█") == 1


def test_what_takes_half_of_a_column_is_seen_in_it() -> None:
    events = [created(), started(0.0)]
    for number in range(100):
        events.append(shared("released", number + 0.6, "p", "lock", held=0.6))
    events += [exited(100.0), finished(100.0)]

    (line,) = [line for line in lines(timeline_of(events), 80, color=False) if line.startswith("p ")]

    assert set(bar(line)) == {"█"}


def test_a_deadlock_is_told_around_to_where_it_began() -> None:
    told = lines(timeline_of(philosophers()), 80, color=False)

    assert "deadlock  aristotle → buddha → confucius → aristotle" in told
    assert "▒" in "".join(told[3:6])


def test_the_legend_has_only_what_occurs() -> None:
    legend = lines(timeline_of([created(), finished(1.0)]), 80, color=False)[-1]

    assert legend == "▄ runs"


def test_a_process_that_was_never_started_says_so() -> None:
    (line,) = [line for line in lines(timeline_of([created(), finished(1.0)]), 80, color=False) if line[:1] == "p"]

    assert line.split() == ["p", "not", "started"]


def test_a_run_without_a_moment_has_bars_too() -> None:
    told = lines(timeline_of([created(), started(0.0)]), 80, color=False)

    assert [bar(line) for line in told[2:4]] == ["▄", "▄"]


def test_letters_of_east_asia_keep_the_columns() -> None:
    names = ["일꾼", "日本語", "plain", "e\u0301tude"]
    events = [*(created(name) for name in names), *(started(0.0, name) for name in names), finished(1.0)]

    told = lines(timeline_of(events), 80, color=False)[2:7]

    assert {width_of(line[: line.index("▄")]) for line in told} == {MARGIN}


def test_of_a_long_name_the_middle_is_left_out() -> None:
    name = "the-worker-with-the-long-name-17"
    told = lines(timeline_of([created(name), finished(1.0)]), 80, color=False)

    assert told[3].startswith("the-worker-w…ong-name-17  ")


def test_a_name_steers_no_terminal() -> None:
    told = lines(timeline_of([created("a\x1b[2J\n"), finished(1.0)]), 80, color=False)

    assert told[3].startswith(r"a\x1b[2J\n  ")


def many(count: int, bad: int) -> list[str]:
    """The names in the picture of a run of so many, of which the last so many have failed."""
    names = [f"p{number}" for number in range(count)]
    events = [created(name) for name in names]
    events += [
        exited(1.0, name, "failed" if number >= count - bad else "succeeded") for number, name in enumerate(names)
    ]
    return lines(timeline_of(events), 80, color=False)[2:]


def test_of_many_lanes_those_that_did_not_end_as_expected_and_the_first_are_drawn() -> None:
    told = many(100, bad=2)

    names = [line.split()[0] for line in told[:MAX_LANES]]
    assert names == ["MainProcess", *(f"p{number}" for number in range(37)), "p98", "p99"]
    assert told[MAX_LANES] == "61 more processes not shown"


def test_of_too_many_that_did_not_end_as_expected_the_first_are_drawn() -> None:
    told = many(MAX_LANES, bad=MAX_LANES)

    assert told[MAX_LANES - 1].split()[0] == f"p{MAX_LANES - 2}"
    assert told[MAX_LANES] == "1 more process not shown"


@given(some_of(philosophers()) | some_of(kitchen()), st.integers(0, 200))
def test_no_line_is_wider_than_there_is_room(events: list[Event], width: int) -> None:
    told = lines(timeline_of(events), width, color=False)

    assert max(map(width_of, told)) <= max(width, MIN_WIDTH)


@pytest.mark.parametrize("word", SPAN_WORDS.values())
def test_a_word_of_the_legend_has_letters_of_one_column(word: str) -> None:
    assert width_of(word) == len(word)


@pytest.mark.parametrize(
    ("text", "room", "shown"),
    [("ab", 4, "ab  "), ("abcdef", 5, "ab…ef"), ("한국어", 5, "한…어"), ("한국어", 4, "한… "), ("한국어", 6, "한국어")],
)
def test_a_text_is_fitted_into_columns(text: str, room: int, shown: str) -> None:
    assert fitted(text, room) == shown


@given(st.text(), st.integers(1, 30))
def test_a_fitted_text_has_the_columns_that_it_is_to_have(text: str, room: int) -> None:
    assert width_of(fitted(text, room)) == room


@pytest.mark.parametrize(
    ("seconds", "most", "moments"),
    [
        (0.0, 5, [0.0]),
        (1.0, 5, [0.0, 0.2, 0.4, 0.6, 0.8, 1.0]),
        (1.5, 4, [0.0, 0.5, 1.0, 1.5]),
        (0.003, 3, [0.0, 0.001, 0.002, 0.003]),
        (200.0, 4, [0.0, 60.0, 120.0, 180.0]),
        (864000.0, 5, [0.0, 172800.0, 345600.0, 518400.0, 691200.0, 864000.0]),
    ],
)
def test_ticks_are_round(seconds: float, most: int, moments: list[float]) -> None:
    assert ticks(seconds, most) == moments


@given(st.floats(1e-6, 1e7), st.integers(1, 20))
def test_ticks_are_at_even_distances_and_not_too_many(seconds: float, most: int) -> None:
    moments = ticks(seconds, most)

    steps = {round(later - earlier, 6) for earlier, later in pairwise(moments)}
    assert len(steps) <= 1
    assert 1 <= len(moments) <= most + 1
    assert moments[-1] <= seconds * (1 + 1e-9) + 1e-9


def test_where_a_moment_has_no_room_its_sign_stands_alone() -> None:
    events = [created("p"), started(0.0, "p"), exited(0.4, "p"), event("main.ended", 0.4), finished(0.4)]

    names, ruler, *_ = lines(timeline_of(events), 40, color=False)

    assert (names.split(), ruler.count("┬")) == (["0", "s", "200", "ms"], 2)
