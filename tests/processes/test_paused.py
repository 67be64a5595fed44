"""Children that a signal has paused are found and go on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from runner.system.paused_children import resume_paused

pytestmark = pytest.mark.linux("waitid tells what has been paused")


def test_a_paused_child_goes_on() -> None:
    with subprocess.Popen([sys.executable, "-c", "input(); print('went on')"], stdin=-1, stdout=-1, text=True) as child:
        child.send_signal(signal.SIGSTOP)
        os.waitid(os.P_PID, child.pid, os.WSTOPPED | os.WNOWAIT)

        woken = resume_paused([child.pid])

        assert woken == [child.pid]
        assert child.communicate("go\n", timeout=30)[0] == "went on\n"


def test_a_child_that_runs_or_has_been_reaped_is_left_alone() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=-1) as runs:
        reaped = subprocess.Popen([sys.executable, "-c", ""])
        reaped.wait()

        assert resume_paused([runs.pid, reaped.pid]) == []

        runs.communicate(b"\n", timeout=30)
