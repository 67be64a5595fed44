"""A forkserver that ends, or gets out of reach, amid starts: the start that fails says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.running import run_text

if TYPE_CHECKING:
    from pathlib import Path

DEEDS = """
import multiprocessing, os, signal, subprocess, sys
from multiprocessing import forkserver

def killed_meanwhile(pid):
    os.kill(pid, signal.SIGSTOP)
    subprocess.Popen([sys.executable, "-c", f"import os, time; time.sleep(0.3); os.kill({pid}, 9)"])

def reaped_elsewhere(pid):
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)

def without_socket(pid):
    os.unlink(forkserver._forkserver._forkserver_address)

class Worker(multiprocessing.Process):
    def __init__(self, deed, size=0):
        super().__init__()
        self.deed, self.data = deed, "x" * size

    def __getstate__(self):
        if self.deed:
            globals()[self.deed](forkserver._forkserver._forkserver_pid)
        return self.__dict__

    def run(self):
        pass
"""


@pytest.mark.parametrize(
    ("args", "cause"),
    [
        ("killed_meanwhile", "the forkserver, which SIGKILL ended, did not fork it"),
        ("killed_meanwhile, 1000000", "the forkserver, which SIGKILL ended, did not fork it"),
        ("reaped_elsewhere", "the forkserver, which has died, did not fork it"),
    ],
)
def test_a_start_that_a_forkserver_does_not_live_to_carry_out_says_so(args: str, cause: str, tmp_path: Path) -> None:
    (tmp_path / "deeds.py").write_text(DEEDS)
    jobs = f"{{name: a, class: 'deeds:Worker', args: [{args}]}}, {{name: b, class: 'deeds:Worker', args: ['']}}"

    result = run_text(f"jobs: [{jobs}]", tmp_path, "forkserver")

    failed = [event.fields for event in result.events if event.event == "process.start_failed"]
    assert [(one["process"], one["error"]) for one in failed] == [
        (
            "a",
            {"type": "RuntimeError", "message": f"{cause}; the next start makes another forkserver", "traceback": None},
        )
    ]
    assert result.processes["b"].outcome == "succeeded"
    assert result.counts == {"start_failed": 1, "succeeded": 1}


def test_a_socket_of_the_forkserver_that_has_been_removed_is_named(tmp_path: Path) -> None:
    (tmp_path / "deeds.py").write_text(DEEDS)
    text = "jobs: [{name: a, class: 'deeds:Worker', args: [without_socket]}, {name: b, target: noop}]"

    result = run_text(text, tmp_path, "forkserver")

    failed = [event.fields for event in result.events if event.event == "process.start_failed"]
    assert [one["process"] for one in failed] == ["a", "b"]
    for one in failed:
        assert "the forkserver did not fork it: its socket " in str(one["error"])
        assert " has been removed" in str(one["error"])
