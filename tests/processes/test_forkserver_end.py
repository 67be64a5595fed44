"""A forkserver that ends, or gets out of reach, amid starts: the start that fails says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.running import run_text

if TYPE_CHECKING:
    from pathlib import Path

    from runner import RunResult

DEEDS = """
import multiprocessing, os, signal, sys
from multiprocessing import forkserver

def reaped_elsewhere():
    pid = forkserver._forkserver._forkserver_pid
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)

def without_socket():
    os.unlink(forkserver._forkserver._forkserver_address)

class Worker(multiprocessing.Process):
    def __init__(self, deed="", size=0):
        super().__init__()
        self.deed, self.data = deed, "x" * size

    def __getstate__(self):  # called by the supervisor during the start
        if self.deed:
            globals()[self.deed]()
        return self.__dict__

    def run(self):
        pass
"""
DYING = """
import os, signal, sys

def die():
    if "forkserver" in str(sys.orig_argv) and not os.path.exists("{file}"):
        open("{file}", "x").close()
        {deed}

os.register_at_fork(before=die)
"""


def failures_of(result: RunResult) -> dict[str, str]:
    """The message of each process that was not started."""
    failed = [event.fields for event in result.events if event.event == "process.start_failed"]
    errors: list[tuple[str, Any]] = [(str(fields["process"]), fields["error"]) for fields in failed]
    assert all(error["traceback"] is None for _, error in errors)
    return {process: error["message"] for process, error in errors}


@pytest.mark.parametrize("size", [0, 1_000_000])
@pytest.mark.parametrize(
    ("deed", "how"),
    [("os.kill(os.getpid(), signal.SIGKILL)", "which SIGKILL ended"), ("os._exit(3)", "which ended with exit code 3")],
)
def test_a_start_that_a_forkserver_does_not_live_to_carry_out_says_so(
    deed: str, how: str, size: int, tmp_path: Path
) -> None:
    (tmp_path / "deeds.py").write_text(DEEDS)
    (tmp_path / "dying.py").write_text(DYING.format(file=tmp_path / "dead", deed=deed))
    jobs = f"{{name: a, class: 'deeds:Worker', args: ['', {size}]}}, {{name: b, class: 'deeds:Worker'}}"

    result = run_text(f"preload: [dying]\njobs: [{jobs}]", tmp_path, "forkserver")

    assert failures_of(result) == {
        "a": f"the forkserver, {how}, did not fork it; the next start makes another forkserver"
    }
    assert result.processes["b"].outcome == "succeeded"


def test_a_forkserver_that_was_reaped_by_other_code_is_made_anew(tmp_path: Path) -> None:
    (tmp_path / "deeds.py").write_text(DEEDS)
    text = "jobs: [{name: a, class: 'deeds:Worker', args: [reaped_elsewhere]}, {name: b, target: noop}]"

    result = run_text(text, tmp_path, "forkserver")

    assert "the forkserver, which has died, did not fork it" in failures_of(result)["a"]
    assert result.processes["b"].outcome == "succeeded"


def test_a_socket_of_the_forkserver_that_has_been_removed_is_named(tmp_path: Path) -> None:
    (tmp_path / "deeds.py").write_text(DEEDS)
    text = "jobs: [{name: a, class: 'deeds:Worker', args: [without_socket]}, {name: b, target: noop}]"

    result = run_text(text, tmp_path, "forkserver")

    failures = failures_of(result)
    assert list(failures) == ["a", "b"]
    for message in failures.values():
        assert message.startswith("the forkserver did not fork it: its socket /")
        assert message.endswith(" has been removed")
