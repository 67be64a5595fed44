"""What the fields of a file are set to, by the paths of `--set`."""

from __future__ import annotations

import pytest

from runner.describe.plan.old_values import FieldValues

TEXT = b"""\
grace_period: 1_000
title:
jobs:
  - {name: a, target: say, args: [x, {y: 1}], env: {TOKEN: sesame}}
  - {type: shared_counter}
"""


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("grace_period", "1000"),
        ("jobs.a.args", '["x", {"y": 1}]'),
        ("jobs.a.args[1].y", "1"),
        ("jobs[0].name", '"a"'),
        ("jobs.counter.type", '"shared_counter"'),
        ("jobs.a.env.TOKEN", "***"),
        ("title", None),
        ("time_limit", None),
        ("jobs.a.args[2]", None),
        ("jobs.a.args[7]", None),
        ("jobs.b.name", None),
        ("grace_period.x", None),
        ("jobs..a", None),
    ],
)
def test_a_field_has_its_value_in_one_line_or_is_not_set(path: str, value: str | None) -> None:
    assert FieldValues(TEXT).of(path) == value


def test_the_value_is_that_after_the_overrides() -> None:
    fields = FieldValues(TEXT, ("grace_period=2s", "jobs.a.replicas=3"))

    assert (fields.of("grace_period"), fields.of("jobs.a.replicas")) == ('"2s"', "3")


@pytest.mark.parametrize(("text", "overrides"), [(b"jobs: [", ()), (TEXT, ("nowhere[7]=1",)), (b"\xff", ())])
def test_what_cannot_be_read_has_no_fields(text: bytes, overrides: tuple[str, ...]) -> None:
    assert FieldValues(text, overrides).of("jobs") is None
