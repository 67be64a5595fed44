"""What processes of the tests do with shared things: they get the real objects of multiprocessing."""

from __future__ import annotations

import os
import signal
import threading
import time
from multiprocessing import Process
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tests.seeing import PROC

if TYPE_CHECKING:
    from multiprocessing.synchronize import Lock


def name_types(*things: object) -> None:
    """Print the type of each."""
    for thing in things:
        print(type(thing).__name__)


def use_all(
    lock: Any, rlock: Any, semaphore: Any, condition: Any, event: Any, queue: Any, tasks: Any, value: Any, array: Any
) -> None:
    """Use each of them once, as its documentation says."""
    with lock, rlock, rlock, semaphore:
        value.value += 1
    with condition:
        condition.notify_all()
        assert not condition.wait(0.001)
    event.set()
    assert event.wait()
    queue.put({"a": [1, 2]})
    assert queue.get() == {"a": [1, 2]}
    tasks.put("work")
    assert tasks.get() == "work"
    tasks.task_done()
    tasks.join()
    with value.get_lock():
        value.value += 1
    array[1] += 5
    print(repr(lock), repr(semaphore))


class Adder(Process):
    """A class that is given shared things."""

    def __init__(self, lock: Lock, total: Any) -> None:
        super().__init__()
        self._lock = lock
        self._total = total

    def run(self) -> None:
        """Add 1 a thousand times."""
        for _ in range(1000):
            with self._lock:
                self._total.value += 1


def hold_and_be_killed(lock: Any, queue: Any) -> None:
    """Say that it has the lock, and be killed with it."""
    lock.acquire()
    queue.put("has it")
    time.sleep(0.2)  # until the queue's thread has sent it
    os.kill(os.getpid(), signal.SIGKILL)


def wait_in_one_thread_and_release_in_another(lock: Any) -> None:
    """Wait for a lock that one has, which another thread releases after a while: no deadlock."""
    lock.acquire()
    timer = threading.Timer(0.2, lock.release)
    timer.start()
    lock.acquire()
    print("went on")
    lock.release()


def let_a_child_take(lock: Any) -> None:
    """Have a process of its own, which nobody knows, take the lock."""
    child = Process(target=_take, args=(lock,))
    child.start()
    child.join()
    with lock:
        print("parent")


def _take(lock: Any) -> None:
    with lock:
        print("child", flush=True)


def kill_the_manager(held: Any) -> None:
    """Kill the process that the dict lives in: the sibling that was forked first.

    The system lists children in the order of their starts. The order of pids is another one once they begin anew.
    """
    parent = os.getppid()
    siblings = map(int, Path(f"{PROC}/{parent}/task/{parent}/children").read_text().split())
    os.kill(next(pid for pid in siblings if _command_line(pid) == _command_line(parent)), signal.SIGKILL)
    held["a"] = 1


def _command_line(pid: int) -> bytes:
    """The command line of a process; empty if it has ended."""
    try:
        return Path(f"{PROC}/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return b""


def kill_mains_hand(event: Any) -> None:
    """Kill the process in which main waits."""
    kill_the_manager({})
    event.wait(0.1)


def wait_for_file(path: str) -> None:
    """Wait until this file is there."""
    while not os.path.exists(path):
        time.sleep(0.005)
