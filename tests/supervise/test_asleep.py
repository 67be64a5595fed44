"""Whether the system says that a process sleeps: asked of real processes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest

from runner.system.thread_states import sleeps


def becomes(pid: int, expected: bool | None) -> bool:
    """Whether a process comes to sleep, or to be awake, within some seconds."""
    deadline = time.monotonic() + 20
    while sleeps(pid) is not expected and time.monotonic() < deadline:
        time.sleep(0.005)
    return sleeps(pid) is expected


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("input()", True),
        ("while True: pass", False),
        ("import threading; threading.Thread(target=input).start()\nwhile True: pass", False),
        ("import threading; threading.Thread(target=input).start(); input()", True),
    ],
)
def test_a_process_sleeps_when_all_of_its_threads_do(code: str, expected: bool) -> None:
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE) as process:
        try:
            assert becomes(process.pid, expected)
        finally:
            process.kill()


def test_a_process_that_is_stopped_does_not_sleep() -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as process:
        try:
            assert becomes(process.pid, True)
            process.send_signal(signal.SIGSTOP)
            assert becomes(process.pid, False)
        finally:
            process.kill()


def test_a_process_that_is_gone_does_not_sleep() -> None:
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()

        assert sleeps(process.pid) is False


def test_where_there_is_no_proc_it_is_unknown(monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(path: str) -> list[str]:
        raise FileNotFoundError(path)

    monkeypatch.setattr(os, "listdir", missing)
    monkeypatch.setattr(os.path, "exists", lambda path: False)

    assert sleeps(os.getpid()) is None
