"""A resource tracker that is killed amid starts: all processes run, and none of its successor's errors is shown."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

from tests.running import COMMAND, written

if TYPE_CHECKING:
    from pathlib import Path

KILLING = """
import multiprocessing, os, signal
from multiprocessing import resource_tracker

class Worker(multiprocessing.Process):
    def start(self):  # called by the supervisor
        super().start()
        os.kill(resource_tracker._resource_tracker._pid, signal.SIGKILL)
        os.waitid(os.P_PID, resource_tracker._resource_tracker._pid, os.WEXITED | os.WNOWAIT)

    def run(self):
        print("worked")
"""
TEXT = """
shared: {door: lock, total: {value: 0}, row: {array: [0, 1]}}
jobs:
- {name: a, class: 'killing:Worker'}
- {name: b, target: say, args: [worked]}
- {name: c, do: [acquire: door, release: door, {add: 1, to: total}, {print: worked}]}
"""


def test_what_a_killed_tracker_knew_its_successor_knows(start_method: str, tmp_path: Path) -> None:
    (tmp_path / "killing.py").write_text(KILLING)

    command = [*COMMAND, str(written(tmp_path, TEXT)), "--start-method", start_method]

    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

    assert (done.returncode, done.stdout.count("worked")) == (0, 3)
    assert "resource_tracker" not in done.stdout + done.stderr
