"""The peak before a process's first step, and what of its peak is its own."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from runner.supervise.child.own_memory import begin, first_steps, max_rss_bytes, own, peak


def test_the_peak_never_falls_and_grows_by_what_is_touched() -> None:
    before = peak()

    taken = bytearray(b"x" * (before + (8 << 20)))
    grown = peak()
    del taken

    assert grown >= before + (8 << 20)
    assert peak() >= grown


@pytest.mark.parametrize(("platform", "factor"), [("darwin", 1), ("linux", 1024), ("freebsd14", 1024)])
def test_macos_alone_counts_bytes(platform: str, factor: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.platform", platform)

    assert max_rss_bytes(7) == 7 * factor


def test_of_a_peak_that_is_own_which_came_after_the_first_step() -> None:
    peaks = first_steps(3)
    around: Any = SimpleNamespace(first_steps=peaks, number=2, parent=1)

    begin(around)

    assert own(peak() + (10 << 20), peaks[2]) >= 10 << 20
    assert own(1, peaks[2]) == 0


def test_a_process_that_never_came_to_its_first_step_has_nothing_of_its_own() -> None:
    assert own(10 << 20, first_steps(2)[1]) == 0


def test_a_run_without_processes_has_none_to_note() -> None:
    first_steps(0)


@pytest.mark.parametrize(("parent", "knows"), [(None, True), (1, False)])
def test_a_child_of_the_forkserver_knows_for_itself(parent: int | None, knows: bool) -> None:
    around: Any = SimpleNamespace(first_steps=None, parent=parent, peak_before=0)

    begin(around)

    assert bool(around.peak_before) is knows
