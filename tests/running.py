"""Runs the text of a file, as if it lay in a folder of the tests."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from typing import TYPE_CHECKING

import runner
from runner.describe.planning import describe

if TYPE_CHECKING:
    from pathlib import Path

    from runner import Plan, RunResult
    from runner.plan import Json


COMMAND = [sys.executable, "-m", "runner"]


def written(folder: Path, text: str) -> Path:
    """A file with this text in this folder."""
    file = folder / "jobs.yaml"
    file.write_text(text)
    return file


def plan_of(text: str, folder: Path, start_method: str | None = None) -> Plan:
    """The plan of a file with this text in this folder."""
    file = str(folder / "jobs.yaml")
    return describe(text.encode(), file=file, start_method=start_method, environ=os.environ).plan


def run_text(text: str, folder: Path, start_method: str | None = None) -> RunResult:
    """What a file with this text in this folder comes to."""
    return runner.run(plan_of(text, folder, start_method))


def on_a_terminal(*command: str) -> tuple[int, str]:
    """The exit status of a command that is run on a terminal, and all that this was sent."""
    ours, theirs = pty.openpty()
    env = os.environ | {"TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24"}
    running = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=env)
    os.close(theirs)
    shown = b""
    try:
        while piece := os.read(ours, 65536):
            shown += piece
    except OSError:  # Linux's way to say that a terminal's other end is closed
        pass
    os.close(ours)
    return running.wait(), shown.decode()


def events(result: RunResult, event: str) -> list[dict[str, Json]]:
    """All events of this kind, as JSON."""
    return [each.to_json() for each in result.events if each.event == event]
