"""One process that does nothing: until its end is seen, and the whole command."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

from benchmarks.measuring import COMMAND, PROGRAMS, Bound, Contestant, compare, events_of, installed

YAML = "jobs: [{target: noop}]"


def measure(rounds: int) -> None:
    """Seconds."""
    honcho = installed("honcho")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "jobs.yaml")
        file.write_text(YAML)
        Path(folder, "Procfile").write_text("one: /bin/true\n")
        until_seen = [Contestant("run-jobs", _until_seen)]
        whole = [
            Contestant("run-jobs", lambda: _whole([*COMMAND, str(file)])),
            Contestant("naive", lambda: _whole([sys.executable, str(PROGRAMS / "naive.py"), str(file)])),
        ]
        if honcho:
            command = [honcho, "-d", folder, "start"]
            until_seen.append(Contestant("honcho", lambda: _until_honcho_sees(command)))
            whole.append(Contestant("honcho", lambda: _whole(command)))
        bound = [Bound("run-jobs", "honcho", 1.2, at_least=False)]
        compare("one process: until its end is seen", "s", until_seen, bound, rounds)
        bounds = [Bound("run-jobs", "honcho", 1.6, at_least=False), Bound("run-jobs", "naive", 0.8, at_least=False)]
        compare("one process: the whole command", "s", whole, bounds, rounds)
        helps = [
            Contestant("--help", lambda: _whole([*COMMAND, "--help"])),
            Contestant("python -c pass", lambda: _whole([sys.executable, "-c", "pass"])),
        ]
        compare("--help", "s", helps, [Bound("--help", "python -c pass", 2, at_least=False)], rounds)


def _whole(command: list[str]) -> float:
    began = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.monotonic() - began


def _until_seen() -> float:
    began = time.time()
    (exited,) = (event for event in events_of(YAML) if event["event"] == "process.exited")
    return datetime.fromisoformat(exited["time"]).timestamp() - began


def _until_honcho_sees(command: list[str]) -> float:
    env = os.environ | {"PYTHONUNBUFFERED": "1"}
    began = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env) as honcho:
        assert honcho.stdout is not None
        for line in honcho.stdout:
            if b"stopped" in line:
                seen = time.monotonic()
    return seen - began
