"""Where a file cannot be run, the rest works. Told by taking away what Windows does not have."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

COUNTER = Path(__file__).parents[2] / "jobs" / "counter.yaml"
WITHOUT_POSIX = """
import multiprocessing, os, signal, socket, sys
for name in ("fcntl", "resource", "termios", "grp", "pwd", "_posixsubprocess"):
    sys.modules[name] = None
for module, names in ((os, ("fork", "posix_spawn", "waitpid", "writev")), (signal, ("SIGHUP", "SIGKILL", "SIGQUIT",
    "pthread_sigmask")), (socket, ("AF_UNIX", "socketpair"))):
    for name in names:
        delattr(module, name)
import runner
from runner.cli import main
sys.exit(main(sys.argv[1:]))
"""


def without_posix(*words: str) -> subprocess.CompletedProcess[str]:
    """The command in an interpreter that lacks what only POSIX has."""
    command = [sys.executable, "-c", WITHOUT_POSIX, *words]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("words", [["check", str(COUNTER)], ["explain", str(COUNTER)], ["schema"], ["--version"]])
def test_what_runs_nothing_works(words: list[str]) -> None:
    done = without_posix(*words)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout


@pytest.mark.parametrize("words", [[str(COUNTER)], ["run", str(COUNTER)], ["check", "--imports", str(COUNTER)]])
def test_a_run_says_what_it_needs(words: list[str]) -> None:
    done = without_posix(*words)

    assert (done.returncode, done.stdout) == (2, "")
    assert ": error: running a file needs Linux or macOS" in done.stderr or done.stderr.startswith(
        "run-jobs: running a file needs Linux or macOS"
    )
