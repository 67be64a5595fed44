"""One process that does nothing: until its end is seen, and the whole command.

Both as it is when the file is the same as the last time, so that its plan has been kept, and when it is read anew.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import datetime
from pathlib import Path

from benchmarks.measuring import COMMAND, PROGRAMS, Bound, Contestant, compare, installed, plans_kept_apart

KEPT, ANEW = "run-jobs", "run-jobs, read anew"
OPTIONS = {KEPT: (), ANEW: ("--no-cache",)}


def measure(rounds: int) -> None:
    """Seconds."""
    with tempfile.TemporaryDirectory() as name, plans_kept_apart():
        folder = Path(name)
        file = folder / "jobs.yaml"
        file.write_text("jobs: [{target: noop}]")
        (folder / "Procfile").write_text("one: /bin/true\n")
        _whole([*COMMAND, str(file)])  # its plan is kept from now on
        honcho = installed("honcho")
        procfile = [honcho, "-d", name, "start"] if honcho else []
        _compare_until_seen(file, procfile, rounds)
        _compare_whole(file, procfile, rounds)
    helps = [
        Contestant("--help", lambda: _whole([*COMMAND, "--help"])),
        Contestant("python -c pass", lambda: _whole([sys.executable, "-c", "pass"])),
    ]
    compare("--help", "s", helps, [Bound("--help", "python -c pass", 2, at_least=False)], rounds)


def _compare_until_seen(file: Path, procfile: list[str], rounds: int) -> None:
    contestants = [
        Contestant(KEPT, lambda: _until_seen(file, *OPTIONS[KEPT])),
        Contestant(ANEW, lambda: _until_seen(file, *OPTIONS[ANEW])),
    ]
    if procfile:
        contestants.append(Contestant("honcho", lambda: _until_honcho_sees(procfile)))
    bounds = [Bound(who, "honcho", 1.2, at_least=False) for who in OPTIONS]
    compare("one process: until its end is seen", "s", contestants, bounds, rounds)


def _compare_whole(file: Path, procfile: list[str], rounds: int) -> None:
    naive = [sys.executable, str(PROGRAMS / "naive.py"), str(file), "--no-cache"]
    contestants = [
        Contestant(KEPT, lambda: _whole([*COMMAND, str(file), *OPTIONS[KEPT]])),
        Contestant(ANEW, lambda: _whole([*COMMAND, str(file), *OPTIONS[ANEW]])),
        Contestant("naive", lambda: _whole(naive)),
    ]
    if procfile:
        contestants.append(Contestant("honcho", lambda: _whole(procfile)))
    bounds = [Bound(who, "honcho", 1.6, at_least=False) for who in OPTIONS]
    bounds += [Bound(who, "naive", 0.8, at_least=False) for who in OPTIONS]
    compare("one process: the whole command", "s", contestants, bounds, rounds)


def _whole(command: list[str]) -> float:
    began = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return time.monotonic() - began


def _until_seen(file: Path, *options: str) -> float:
    command = [*COMMAND, str(file), "-q", "--events", "-", *options]
    began = time.time()
    said = subprocess.run(command, check=True, stdout=subprocess.PIPE).stdout
    (exited,) = (event for event in map(json.loads, said.splitlines()) if event["event"] == "process.exited")
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
