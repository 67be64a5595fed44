"""Shared things as planned: what a file calls them, whether they are traced, whose they are."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from runner.describe.steps.shared_things import read_things
from runner.describe.steps.thing_kinds import KINDS
from runner.model.shared_things import (
    SharedArray,
    SharedLock,
    SharedManaged,
    SharedQueue,
    SharedSemaphore,
    SharedValue,
    from_json,
    is_declared,
    is_traced,
    kind_of,
    to_json,
)

if TYPE_CHECKING:
    from runner.model.shared_things import SharedPlan

ARGUMENTS: dict[str, object] = {"barrier": 2, "array": [1, 2]}


def thing_of(kind: str) -> SharedPlan:
    """A thing of this kind, as a file declares it."""
    ((thing,), faults) = read_things({"x": {kind: ARGUMENTS.get(kind)}})
    assert faults == []
    return thing


@pytest.mark.parametrize("kind", KINDS)
def test_a_thing_is_called_as_the_file_calls_it(kind: str) -> None:
    assert kind_of(thing_of(kind)) == kind


@pytest.mark.parametrize("kind", KINDS)
def test_a_thing_survives_json(kind: str) -> None:
    thing = thing_of(kind)

    assert from_json(to_json(thing)) == thing


@pytest.mark.parametrize("kind", KINDS)
def test_what_can_be_waited_for_is_traced_unless_the_file_says_not_to(kind: str) -> None:
    can_be_waited_for = kind not in ("raw_value", "array", "dict", "list", "namespace")

    assert is_traced(thing_of(kind)) == can_be_waited_for


@pytest.mark.parametrize(
    "thing",
    [
        SharedLock("x", traced=False),
        SharedSemaphore("x", 1, traced=False),
        SharedQueue("x", traced=False),
        SharedValue("x", "int64", 0, traced=False),
        SharedValue("x", "int64", 0, locked=False),
        SharedArray("x", "int64", 1, 8),
        SharedManaged("x", "list", []),
    ],
)
def test_what_is_not_to_be_traced_is_not(thing: SharedPlan) -> None:
    assert not is_traced(thing)


def test_a_name_with_a_dot_is_not_the_files_own() -> None:
    assert is_declared("door")
    assert not is_declared("counter.lock")
