"""The names that processes of wrong jobs may have."""

from __future__ import annotations

from runner.describe.plan.error_recovery import PossibleNames


def test_names_that_are_known_for_certain_are_suggested_and_others_stand_for_no_process() -> None:
    names = PossibleNames([{"name": "a", "replica": 2}], [])

    assert (list(names), len(names)) == ([], 0)
    assert names["a-1"] == ()
    assert "b" not in names
