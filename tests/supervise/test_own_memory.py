"""What is resident at a process's first step, and what of its peak is its own."""

from __future__ import annotations

import os
from types import SimpleNamespace
from typing import Any

import pytest

from runner.supervise import own_memory
from runner.supervise.own_memory import FirstSteps, begin, resident


@pytest.fixture
def first_steps() -> Any:
    made = FirstSteps()
    kept = os.dup(made._memory)  # a child closes the descriptor
    yield SimpleNamespace(note=made.note, own=made.own, restore=lambda: os.dup2(kept, made._memory))
    os.close(kept)
    os.close(made._memory)


def test_what_is_resident_is_most_of_what_this_process_has_ever_had() -> None:
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024

    now = resident()

    assert now is not None
    assert 1 << 20 < now < 2 * peak


def test_of_a_peak_that_is_own_which_came_after_the_first_step(first_steps: Any) -> None:
    around: Any = SimpleNamespace(first_steps=first_steps, number=2, parent=1)
    begin(around)
    first_steps.restore()
    now = resident()
    assert now is not None

    assert 8 << 20 <= first_steps.own(2, now + (10 << 20)) < 12 << 20
    assert first_steps.own(2, 1) == 0


def test_a_process_that_never_came_to_its_first_step_has_nothing_of_its_own(first_steps: Any) -> None:
    assert first_steps.own(1, 10 << 20) == 0
    first_steps.restore()


def test_where_the_system_does_not_say_what_is_resident_the_peak_stays_as_it_is(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(own_memory.os, "open", refuse)  # type: ignore[attr-defined]  # the module that it imports
    made = FirstSteps()

    made.note(0)

    assert made.own(0, 5) == 5


def refuse(*_: object) -> int:
    raise OSError("there is no /proc")


@pytest.mark.parametrize(("parent", "knows"), [(None, True), (1, False)])
def test_a_child_of_the_forkserver_knows_for_itself(parent: int | None, knows: bool) -> None:
    around: Any = SimpleNamespace(first_steps=None, parent=parent, resident=0)

    begin(around)

    assert bool(around.resident) is knows
