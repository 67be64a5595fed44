"""Where the system gives no descriptors of processes, their ends are seen all the same."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.running import COMMAND, written

if TYPE_CHECKING:
    from collections.abc import Mapping

pytestmark = pytest.mark.linux("seccomp")

LAUNCHER = [sys.executable, str(Path(__file__).with_name("without_calls.py"))]
ENDS = """
jobs:
  - {name: says, target: say, args: [hello]}
  - {name: fails, target: fail}
  - {name: killed, target: sleep, args: [60]}
  - {name: terminated, target: sleep, args: [60]}
  - {name: parent, target: "tests.processes.targets:leave_a_grandchild"}
  - {name: closer, target: "tests.processes.targets:close_everything"}
main: [{start: [says, fails, killed, terminated, parent, closer]}, {terminate: terminated}, {kill: killed}]
"""


def came_to(folder: Path, text: str, *words: str, errno: str) -> Mapping[str, Any]:
    """The result of a run in whose processes the calls for pidfds fail in this way."""
    command = [*LAUNCHER, errno, *COMMAND, str(written(folder, text)), "--json", *words]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if "no filter can be loaded" in done.stderr:
        pytest.skip("no filter of seccomp can be loaded here")
    result: Mapping[str, Any] = json.loads(done.stdout or f'"{done.stderr}"')
    return result


@pytest.mark.parametrize("errno", ["ENOSYS", "EPERM", "EINVAL"])
def test_each_end_is_seen(errno: str, start_method: str, tmp_path: Path) -> None:
    processes = came_to(tmp_path, ENDS, "--start-method", start_method, errno=errno)["processes"]

    assert {name: (process["outcome"], process["exit_code"]) for name, process in processes.items()} == {
        "says": ("succeeded", 0),
        "fails": ("failed", 1),
        "killed": ("killed", -9),
        "terminated": ("terminated", -15),
        "parent": ("succeeded", 0),
        "closer": ("succeeded", 0),
    }
    assert processes["parent"]["duration"] < 30


def test_a_target_that_closes_everything_does_not_keep_the_supervisor_busy(tmp_path: Path) -> None:
    text = """
jobs: [{name: closer, target: "closing:close_all"}, {name: watcher, target: "closing:watch"}]
main: [{start: [closer, watcher]}, {join: watcher}, {terminate: closer}]
"""
    (tmp_path / "closing.py").write_text("""
import os, time
def close_all():
    os.closerange(0, 200)
    time.sleep(60)
def used():
    words = open(f"/proc/{os.getppid()}/stat").read().rpartition(")")[2].split()
    return int(words[11]) + int(words[12])
def watch():
    before = used()
    time.sleep(1)
    print("ticks", used() - before)
""")

    result = came_to(tmp_path, text, errno="ENOSYS")

    ticks = int(result["processes"]["watcher"]["output"].split()[1])
    assert ticks < 20, "of a hundred in the second"
