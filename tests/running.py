"""Runs the text of a file, as if it lay in a folder of the tests."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import runner
from runner.describe.planning import describe

if TYPE_CHECKING:
    from pathlib import Path

    from runner import Plan, RunResult
    from runner.plan import Json


def plan_of(text: str, folder: Path, start_method: str | None = None) -> Plan:
    """The plan of a file with this text in this folder."""
    file = str(folder / "jobs.yaml")
    return describe(text.encode(), file=file, start_method=start_method, environ=os.environ).plan


def run_text(text: str, folder: Path, start_method: str | None = None) -> RunResult:
    """What a file with this text in this folder comes to."""
    return runner.run(plan_of(text, folder, start_method))


def events(result: RunResult, event: str) -> list[dict[str, Json]]:
    """All events of this kind, as JSON."""
    return [each.to_json() for each in result.events if each.event == event]
