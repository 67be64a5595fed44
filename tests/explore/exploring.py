"""Explores the text of a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.explore import Ended, explore
from runner.model.events import MAIN_PROCESS
from tests.describe.describing import plan_of

if TYPE_CHECKING:
    from runner.explore import End, Exploration


def explored(text: str) -> Exploration:
    """What the file can come to; the plain search agrees with the reduced one."""
    reduced, plain = explore(plan_of(text)), explore(plan_of(text), reduced=False)
    assert reduced.ends == plain.ends
    assert reduced.states <= plain.states
    return reduced


def ways(text: str) -> set[str]:
    """The ends, each as "P: 0, Q: acquire g": exit codes, and what a process waits for. Main is left out."""
    return {_said(end) for end in explored(text).ends}


def _said(end: End) -> str:
    fates = [(name, fate.exit_code if isinstance(fate, Ended) else fate) for name, fate in end.fates]
    return ", ".join(f"{name}: {fate}" for name, fate in fates if name != MAIN_PROCESS)


def mains_ways(text: str) -> set[str]:
    """What main comes to in each end: its exit code, or what it waits for."""
    fates = [dict(end.fates)[MAIN_PROCESS] for end in explored(text).ends]
    return {str(fate.exit_code if isinstance(fate, Ended) else fate) for fate in fates}


def values(text: str, name: str) -> list[object]:
    """What a shared thing can hold in the end."""
    found = {repr(end.value(name)): end.value(name) for end in explored(text).ends}
    return [found[text] for text in sorted(found)]
