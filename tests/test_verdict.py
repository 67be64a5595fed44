"""What a run comes to, by what is known of it when it is over."""

from __future__ import annotations

from itertools import product
from typing import Any, get_args

import pytest

from runner.model.plan import Declared
from runner.model.verdict import OUTCOME_OF_STOP, Findings, Verdict, verdict
from runner.model.words import RunOutcome

FAILED = Declared(outcome="failed")
DEADLOCK = Declared(deadlock=True)
SUCCEEDED, FAILURE = Verdict("succeeded", 0), Verdict("failed", 1)


@pytest.mark.parametrize(
    ("expect", "found", "decided"),
    [
        (None, Findings(), SUCCEEDED),
        (None, Findings(has_unexpected_end=True), FAILURE),
        (None, Findings(main_exit_code=2), FAILURE),
        (None, Findings(has_failed_job=True), FAILURE),
        (None, Findings(has_unmet=True), FAILURE),
        (None, Findings(stop="time_limit"), Verdict("timed_out", 1)),
        (None, Findings(stop="deadlock"), FAILURE),
        (None, Findings(stop="holder_died"), FAILURE),
        (None, Findings(stop="stop_requested"), Verdict("stopped", 143)),
        (None, Findings(stop="stop_requested", stopped_by=2), Verdict("stopped", 130)),
        (None, Findings(supervisor_died=True), Verdict("faulted", 3)),
        (None, Findings(supervisor_died=True, stop="time_limit"), Verdict("faulted", 3)),
        (FAILED, Findings(has_unexpected_end=True), Verdict("failed", 0)),
        (FAILED, Findings(has_unexpected_end=True, has_wrong_end=True), FAILURE),
        (FAILED, Findings(has_unexpected_end=True, has_unmet=True), FAILURE),
        (FAILED, Findings(stop="stop_requested"), Verdict("stopped", 143)),
        (FAILED, Findings(supervisor_died=True), Verdict("faulted", 3)),
        (Declared(outcome="timed_out"), Findings(stop="time_limit"), Verdict("timed_out", 0)),
        (DEADLOCK, Findings(stop="deadlock"), SUCCEEDED),
        (DEADLOCK, Findings(stop="deadlock", has_unexpected_end=True), Verdict("failed", 0)),
        (DEADLOCK, Findings(stop="standstill"), Verdict("failed", 0)),
        (Declared(deadlock=False), Findings(stop="deadlock"), Verdict("failed", 0)),
    ],
)
def test_a_run_comes_to(expect: Declared | None, found: Findings, decided: Verdict) -> None:
    assert verdict(expect, found) == decided


def test_more_that_is_wrong_never_makes_a_run_succeed() -> None:
    flags = ("has_unexpected_end", "has_failed_job", "has_unmet", "has_wrong_end", "supervisor_died")
    for stop, expect, given in product(
        [None, *OUTCOME_OF_STOP], [None, FAILED, DEADLOCK], product([False, True], repeat=5)
    ):
        found = Findings(stop=stop, **dict(zip(flags, given, strict=True)))
        decided = verdict(expect, found)

        assert decided.outcome in get_args(RunOutcome)
        for flag in flags:
            all_flags: dict[str, Any] = dict(zip(flags, given, strict=True)) | {flag: True}
            worse = verdict(expect, Findings(stop=stop, **all_flags))
            assert decided.outcome == "succeeded" or worse.outcome != "succeeded"
