"""What becomes of what the system says of an end, and of what the process recorded."""

from __future__ import annotations

import pytest

from runner.supervise.starting.started_process import LEAVES_WITHIN_S, Ended, end_of


@pytest.mark.parametrize(
    ("alive_at", "left_at"), [(0.0, 5.0), (5.0, 5.0), (5.0 + LEAVES_WITHIN_S, 5.0), (5.1 + LEAVES_WITHIN_S, None)]
)
def test_a_process_that_lived_on_has_not_ended_when_it_recorded_that_it_leaves(
    alive_at: float, left_at: float | None
) -> None:
    seen = end_of(Ended(0, 0.1, 1_000), {"ended_by": "return", "left_at": 5.0}, "<P>", alive_at)

    assert (seen.exit_code, seen.ended_by, seen.left_at, seen.repr) == (0, "return", left_at, "<P>")


def test_a_process_that_recorded_nothing_has_ended_when_its_end_was_seen() -> None:
    assert end_of(Ended(-9, None, None), {}, "<P>", 7.0).left_at is None
