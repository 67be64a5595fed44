"""Targets that leave something behind in their process. Their interpreters import this module: it imports little."""

from __future__ import annotations

import atexit
import multiprocessing
import os
import signal
import socket
import struct
import threading
import time
from multiprocessing.util import Finalize

TYPE_CHECKING = False
if TYPE_CHECKING:
    from multiprocessing.queues import Queue
    from typing import Any, NoReturn

    Box = Queue[object]

MUCH = "x" * 10_000_000


def leave_a_thread() -> None:
    """Return; a thread goes on."""
    threading.Thread(target=time.sleep, args=(60,), name="poller").start()


def leave_a_process() -> None:
    """Return; a process goes on, which ends with this one."""
    multiprocessing.Process(target=_wait_for_the_parents_end, name="kid").start()


def _wait_for_the_parents_end() -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()


def raise_beside_a_thread() -> NoReturn:
    """Raise; a thread goes on."""
    leave_a_thread()
    raise LookupError


def clean_up() -> None:
    """Take long."""
    time.sleep(60)


def leave_an_exit_function() -> None:
    """Return; a function registered with `atexit` takes long."""
    atexit.register(clean_up)


def leave_a_function_of_c() -> None:
    """Return; a function registered with `atexit` that is not written in Python takes long."""
    atexit.register(time.sleep, 60)


def leave_a_finalizer() -> None:
    """Return; a finalizer of multiprocessing's takes long."""
    Finalize(None, clean_up, exitpriority=10)


class Guard:
    """An object whose end takes long."""

    def __del__(self) -> None:
        clean_up()


def leave_a_thread_for_a_moment_and_a_process() -> None:
    """Return; of a thread and a process the process goes on."""
    threading.Thread(target=time.sleep, args=(0.2,), name="brief").start()
    leave_a_process()


def leave_an_item() -> None:
    """Return; an item is in a queue that this function has made, and no process gets it."""
    box: Box = multiprocessing.Queue()
    box.put(MUCH)


def put_much(box: Box) -> None:
    """Put an item that is larger than the pipe."""
    box.put(MUCH)


def put_a_lock(box: Box) -> None:
    """Put what cannot be pickled, and return."""
    box.put(threading.Lock())


def put_a_lock_and_wait(box: Box) -> None:
    """Put what cannot be pickled, and go on."""
    box.put(threading.Lock())
    time.sleep(0.5)


def put_two(box: Box) -> None:
    """Put two items: of the first a part may be in the pipe at any moment, of the second none while nothing is read."""
    box.put(MUCH)
    box.put(MUCH)


def put_and_cancel(box: Box) -> None:
    """Put, and do not wait for the items to be sent."""
    box.cancel_join_thread()
    put_two(box)


def put_and_leave(box: Box) -> NoReturn:
    """Put, and leave at once."""
    put_two(box)
    os._exit(0)


def put_and_die(box: Box) -> None:
    """Put, and die."""
    put_two(box)
    os.kill(os.getpid(), signal.SIGKILL)


def put_and_die_in_the_middle(box: Box) -> None:
    """Put, and die while the item is being sent: a part of it has been read, and the pipe has another."""
    box.put("x" * 100_000_000)
    while not box._reader.poll(0.001):  # type: ignore[attr-defined]  # there is no public way
        continue
    os.kill(os.getpid(), signal.SIGKILL)


def get(box: Box) -> None:
    """Get an item."""
    box.get()


def kill_the_manager(book: Any) -> None:
    """Kill the process that a list lives in, and use the list."""
    len(book)  # now there is a connection
    with socket.socket(fileno=os.dup(book._tls.connection.fileno())) as connection:
        credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
    os.kill(struct.unpack("3i", credentials)[0], signal.SIGKILL)
    while True:  # until it is gone
        book.append(1)
