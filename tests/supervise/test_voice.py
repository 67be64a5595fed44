"""What a process says of its use of a shared thing, and how much of it where it would be too much."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.supervise.tracing.thing_messages import REPORTED_AT_FIRST, ThingReporter


class Ear:
    """Collects the messages of a thing reporter about row 3."""

    def __init__(self) -> None:
        self.heard: list[list[Any]] = []
        self.thing_reporter = ThingReporter(3, lambda text: self.heard.append(json.loads(text)))

    def acquire(self, times: int) -> None:
        """Acquire it so often, as the tracing does it: told is what the thing_reporter asks for."""
        left = 1
        for _ in range(times):
            left -= 1
            if not left:
                left = self.thing_reporter.acquired("acquire", 0.0, 0)


@pytest.mark.parametrize("timeout", [None, 2.5])
def test_who_waits_says_in_what_since_when_and_for_how_long_at_most(timeout: float | None) -> None:
    ear = Ear()

    ear.thing_reporter.waiting("get", timeout, 100.25)

    assert ear.heard == [["waiting", 3, "get", 100.25, timeout]]


def test_who_has_it_says_when_after_how_long_and_how_many_were_not_told() -> None:
    ear, before = Ear(), time.monotonic()

    left = ear.thing_reporter.acquired("acquire", 0.5, 0)

    ((what, row, operation, at, waited, skipped),) = ear.heard
    assert (what, row, operation, waited, skipped, left) == ("acquired", 3, "acquire", 0.5, 0, 1)
    assert before - 0.001 <= at <= time.monotonic() + 0.001


def test_who_gave_up_says_after_how_long() -> None:
    ear = Ear()

    ear.thing_reporter.timed_out("wait", 1.5)

    ((what, row, operation, at, waited),) = ear.heard
    assert (what, row, operation, waited) == ("timed_out", 3, "wait", 1.5)
    assert isinstance(at, float)


def test_who_lets_go_says_for_how_long_it_had_it() -> None:
    ear = Ear()
    ear.thing_reporter.acquired("acquire", 0.0, 0)

    ear.thing_reporter.released()

    acquired_at, (what, row, at, held) = ear.heard[0][3], ear.heard[1]
    assert (what, row) == ("released", 3)
    assert held == pytest.approx(at - acquired_at, abs=2e-6)


def test_who_lets_go_of_several_had_them_since_the_first() -> None:
    ear = Ear()
    for _ in range(2):
        ear.thing_reporter.acquired("acquire", 0.0, 0)
    ear.thing_reporter.released()
    ear.thing_reporter.acquired("acquire", 0.0, 0)
    ear.thing_reporter.released()

    (first, _, released, third, again) = ear.heard
    assert released[3] == pytest.approx(released[2] - first[3], abs=2e-6)
    assert again[3] == pytest.approx(again[2] - third[3], abs=2e-6)


def test_a_release_of_what_it_had_not_says_how_many_are_free() -> None:
    ear = Ear()

    ear.thing_reporter.released_extra(4)

    ((what, row, at, free),) = ear.heard
    assert (what, row, free) == ("extra", 3, 4)
    assert isinstance(at, float)


def test_of_the_first_all_are_told_and_of_very_many_few() -> None:
    ear = Ear()

    ear.acquire(100_000)

    skipped = [message[-1] for message in ear.heard]
    assert skipped[:REPORTED_AT_FIRST] == [0] * REPORTED_AT_FIRST
    assert 60 <= len(ear.heard) <= 75
    assert skipped == sorted(skipped)


@given(st.integers(0, 3_000))
def test_what_is_told_and_what_is_said_to_be_skipped_are_all_up_to_the_last_one_told(times: int) -> None:
    ear = Ear()

    ear.acquire(times)

    counted = sum(message[-1] + 1 for message in ear.heard)
    assert counted <= times
    assert times - counted <= max(0, counted // 5)


def test_who_had_to_wait_is_told_out_of_turn_and_the_count_is_still_right() -> None:
    ear = Ear()
    ear.acquire(25)
    gap = ear.thing_reporter.acquired("acquire", 0.0, 0)

    ear.thing_reporter.acquired("acquire", 1.0, gap - 3)

    assert ear.heard[-1][-1] == 2


def test_of_many_permits_that_were_never_taken_some_are_told() -> None:
    ear = Ear()

    for free in range(100):
        ear.thing_reporter.released_extra(free + 1)

    assert [message[-1] for message in ear.heard] == [*range(1, REPORTED_AT_FIRST + 1), 32, 64]
