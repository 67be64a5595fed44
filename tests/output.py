"""Output as a session passes it on: each piece with the lines that it completes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.model.lines import WholeLines

if TYPE_CHECKING:
    from runner.model.events import Output


def split(*outputs: Output) -> list[Output]:
    """The pieces of one run, with their lines."""
    return list(map(WholeLines().split, outputs))
