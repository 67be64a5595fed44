"""What starts a supervisor: where it can, and what becomes of one that no session takes."""

from __future__ import annotations

import os
import signal
import socket
from typing import TYPE_CHECKING

import pytest

from runner.link.launch import Launched, can_launch, launch
from runner.model.errors import UnsupportedPlatform

if TYPE_CHECKING:
    from collections.abc import Iterator

NEEDED = [(socket, "AF_UNIX"), (os, "posix_spawn")]


def waiting() -> Launched:
    """A process in place of a supervisor's: it ends, too, when our end of its socket is closed."""
    here, there = socket.socketpair()
    (stdout, to_stdout), (stderr, to_stderr) = os.pipe(), os.pipe()
    moves = [(os.POSIX_SPAWN_DUP2, end, number) for number, end in enumerate((there.fileno(), to_stdout, to_stderr))]
    pid = os.posix_spawn("/bin/cat", ["cat"], os.environ, file_actions=moves)
    there.close()
    os.close(to_stdout)
    os.close(to_stderr)
    return Launched(pid, here, stdout, stderr)


@pytest.fixture
def _nobody_waits_for_children() -> Iterator[None]:
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    yield
    signal.signal(signal.SIGCHLD, before)


def assert_is_gone(launched: Launched) -> None:
    """Its process has ended and been waited for, and our ends are closed."""
    with pytest.raises(ProcessLookupError):
        os.kill(launched.pid, 0)
    assert launched.link.fileno() == -1
    for descriptor in (launched.stdout, launched.stderr):
        with pytest.raises(OSError, match="Bad file descriptor"):
            os.fstat(descriptor)


def test_this_system_has_what_a_supervisor_needs() -> None:
    assert can_launch()


@pytest.mark.parametrize(("module", "name"), NEEDED)
def test_where_something_is_missing_a_run_is_refused_with_what_works_there(
    module: object, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(module, name)

    assert not can_launch()
    with pytest.raises(UnsupportedPlatform) as caught:
        launch()
    assert str(caught.value) == ("running a file needs Linux or macOS; `check`, `schema` and `explain` work here")


def test_what_cannot_be_started_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.executable", "/nowhere")

    with pytest.raises(FileNotFoundError):
        launch()


def test_what_no_session_takes_ends_and_is_waited_for() -> None:
    launched = waiting()

    launched.abandon()

    assert_is_gone(launched)


def test_what_is_abandoned_is_abandoned_once() -> None:
    launched = waiting()
    launched.abandon()
    # Somebody else's now: they have the numbers of the descriptors that were closed.
    others = os.pipe()

    launched.abandon()

    for descriptor in others:
        os.fstat(descriptor)
        os.close(descriptor)


def test_what_a_session_has_taken_is_left_to_it() -> None:
    launched = waiting()
    launched.taken = True

    launched.abandon()

    launched.link.sendall(b"still there")
    assert os.read(launched.stdout, 100) == b"still there"
    launched.taken = False
    launched.abandon()


@pytest.mark.usefixtures("_nobody_waits_for_children")
def test_a_process_that_the_system_has_waited_for_is_none_to_wait_for() -> None:
    launched = waiting()

    launched.abandon()

    assert_is_gone(launched)


def test_a_supervisor_that_gets_no_order_says_nothing_and_ends() -> None:
    launched = launch()
    stdout, stderr = os.dup(launched.stdout), os.dup(launched.stderr)

    assert not launched.taken
    launched.abandon()

    assert_is_gone(launched)
    assert (os.read(stdout, 100), os.read(stderr, 1000)) == (b"", b"")
    os.close(stdout)
    os.close(stderr)
