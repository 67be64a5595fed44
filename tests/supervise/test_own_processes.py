"""A process notes that it has processes of its own."""

from __future__ import annotations

import array
import os
from multiprocessing import process as processes
from typing import TYPE_CHECKING, Any

import pytest

from runner.supervise.tracing import own_processes

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def before_forks(monkeypatch: pytest.MonkeyPatch) -> list[Callable[[], None]]:
    """What is called before each fork, and is not registered."""
    hooks: list[Callable[[], None]] = []
    monkeypatch.setattr(os, "register_at_fork", lambda **given: hooks.append(given["before"]))
    monkeypatch.setattr(processes, "_children", {"one"})
    return hooks


def test_a_fork_is_noted(before_forks: list[Callable[[], None]]) -> None:
    cell = memoryview(array.array("I", [0]))
    own_processes.watch(cell)

    before = cell[0]
    before_forks[0]()

    assert (before, cell[0]) == (0, 1)


@pytest.mark.usefixtures("before_forks")
def test_a_start_is_noted_and_multiprocessing_has_the_process() -> None:
    cell = memoryview(array.array("I", [0]))
    own_processes.watch(cell)
    theirs: Any = processes

    theirs._children.add("other")

    assert (cell[0], theirs._children) == (1, {"one", "other"})
