"""What the processes of these tests do wrong. Each runs in a child of its own; its interpreter imports this module."""

from __future__ import annotations

import ctypes
import faulthandler
import multiprocessing
import os
import resource
import signal
import sys
import threading
import time
from multiprocessing.shared_memory import SharedMemory
from pathlib import Path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


class NeverStarts(multiprocessing.Process):
    """Its `start` runs in the supervisor, makes a file, and does not come back."""

    def __init__(self, file: str) -> None:
        super().__init__()
        self._file = file

    def start(self) -> None:
        Path(self._file).touch()
        threading.Event().wait()

    def run(self) -> None:
        """Do nothing."""


class Unspeakable(Exception):
    """Cannot be shown."""

    def __str__(self) -> str:
        raise RuntimeError("not even this")


def raise_unspeakable() -> None:
    raise Unspeakable


def raise_a_group() -> None:
    raise ExceptionGroup("several", [ValueError("one"), TypeError("two")])


def exit_with(text: str) -> None:
    sys.exit(eval(text))


def segfault_with_a_trace() -> None:
    _no_core()
    faulthandler.enable()
    ctypes.string_at(0)


def recurse() -> None:
    recurse()


def overflow_the_c_stack() -> None:
    _no_core()
    sys.setrecursionlimit(10**9)
    threading.stack_size(1 << 16)  # less than what Python from 3.12 on counts on
    thread = threading.Thread(target=_show_what_is_deep)
    thread.start()
    thread.join()


def _show_what_is_deep() -> None:
    deep: Any = None
    for _ in range(100_000):
        deep = [deep]
    repr(deep)


def interrupt_oneself() -> None:
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(60)


def use_more_memory_than_there_can_be() -> None:
    bytearray(1 << 60)


def use_more_memory_than_allowed() -> None:
    kept: list[object] = []
    while True:  # in pieces so small that nothing is left to tell of it with
        kept.append(object())


def use_more_time_than_allowed() -> None:
    while True:
        pass


def use_more_time_than_allowed_and_do_not_care() -> None:
    signal.signal(signal.SIGXCPU, signal.SIG_IGN)
    use_more_time_than_allowed()


def open_more_files_than_allowed() -> None:
    kept: list[int] = []
    while True:
        kept.append(os.open("/dev/null", os.O_RDONLY))


def raise_a_limit() -> None:
    resource.setrlimit(resource.RLIMIT_NOFILE, (100, 100))


def never_end() -> None:
    while True:
        time.sleep(60)


def abort() -> None:
    _no_core()
    os.abort()


def leave_at_once(code: int) -> None:
    os._exit(code)


def ignore_sigterm() -> None:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    _ready()


def block_sigterm() -> None:
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    _ready()


def stop_oneself() -> None:
    print("ready", flush=True)
    os.kill(os.getpid(), signal.SIGSTOP)
    time.sleep(60)


def exit_7_on_sigterm() -> None:
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(7))
    _ready()


def leave_a_grandchild() -> None:
    if os.fork() == 0:
        time.sleep(60)


def leave_a_daemon_of_the_old_kind() -> None:
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            time.sleep(60)
        os._exit(0)
    os.wait()


def fork_a_hundred() -> None:
    for _ in range(100):
        if os.fork() == 0:
            time.sleep(60)
            os._exit(0)


def close_the_standard_streams() -> None:
    os.closerange(0, 3)


def close_everything() -> None:
    os.closerange(0, 1000)


def forget_stdout() -> None:
    sys.stdout = None
    print("nobody hears this")


def read_stdin() -> None:
    print(repr(sys.stdin.read()), repr(os.read(0, 10)))


def leave_a_thread() -> None:
    threading.Thread(target=time.sleep, args=(0.3,)).start()


def raise_in_a_thread() -> None:
    thread = threading.Thread(target=raise_unspeakable)
    thread.start()
    thread.join()


def leave_shared_memory() -> None:
    SharedMemory(create=True, size=100).close()


def change_what_is_around() -> None:
    os.chdir("/")
    os.umask(0o777)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    os.environ.clear()


def print_binary() -> None:
    os.write(1, bytes(range(256)) + b"\n" + b"\xff\xfe half a line")


def print_at_exit() -> None:
    import atexit

    atexit.register(print, "too late")


def _ready() -> None:
    print("ready", flush=True)
    time.sleep(60)


def _no_core() -> None:
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def flood(kind: str, size: int, done: str) -> None:
    """Write so many bytes of a kind, say in a file that it is done, and stay."""
    piece = {
        "lines": (b"x" * 79 + b"\n") * 800,
        "one line": b"x" * 64_000,
        "binary": bytes(range(256)) * 250,
        "escapes": b"\x1b[2J\xff\xc3\n" * 8_000,
    }[kind]
    for _ in range(size // len(piece) + 1):
        os.write(1, piece)
    with open(done, "w"):
        pass
    time.sleep(600)


def wait_for_the_end_of_zombies() -> None:
    """Return when the two children that the first process had are gone."""
    while len(Path("/proc/1/task/1/children").read_text().split()) > 1:  # the supervisor
        time.sleep(0.01)
    print("none is left")
