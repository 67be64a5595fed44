"""What the processes of the tests run. Their interpreters import this module: it imports little."""

from __future__ import annotations

import io
import multiprocessing
import os
import re
import signal
import sys
import threading
import time

from tests.seeing import PROC

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any


def print_traces() -> None:
    """Print what a child could have inherited and should not have."""
    handlers = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGHUP, signal.SIGCHLD, signal.SIGQUIT)]
    print("default handlers:", all(handler == signal.SIG_DFL for handler in handlers))
    print("interrupt:", signal.getsignal(signal.SIGINT) is signal.default_int_handler)
    print("blocked:", sorted(signal.pthread_sigmask(signal.SIG_BLOCK, ())))
    print("wake-up:", signal.set_wakeup_fd(-1))
    print("input:", os.readlink(f"{PROC}/self/fd/0"), repr(sys.stdin.read()))
    print("main:", multiprocessing.current_process().name)


def wait_for(file: str) -> None:
    """Return when there is this file."""
    while not os.path.exists(file):
        time.sleep(0.01)


def rewrite_a_line(file: str) -> None:
    """Print a line that is rewritten twice: the second time when there is this file."""
    print("10%", end="\r", flush=True)
    wait_for(file)
    print("20% so far", end="\r", flush=True)
    print("100%")


def print_heavy_modules() -> None:
    """Print which modules there are that nobody asked for."""
    heavy = ("pydantic", "yaml", "numpy", "structlog", "rich", "asyncio", "argparse", "runner.cli", "runner.describe")
    print("heavy:", [name for name in heavy if name in sys.modules])


def leave_a_grandchild() -> None:
    """End at once, and leave a process that lives on and has all our descriptors."""
    if os.fork() == 0:
        time.sleep(60)
        os._exit(0)


def close_everything() -> None:
    """Close all descriptors, then go on for a while."""
    os.closerange(0, 200)
    time.sleep(0.3)


def sleep_ignoring_sigterm(ready: Any) -> None:
    """Ignore SIGTERM, release the semaphore `ready` and sleep."""
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    ready.release()
    time.sleep(60)


def print_then_sleep(ready: str) -> None:
    """Print two lines, create the file `ready` and sleep."""
    print("one")
    print("two", flush=False)
    open(ready, "x").close()
    time.sleep(60)


def print_around_a_wait_for(file: str) -> None:
    """Print a line, wait until the file exists, and print another line."""
    print("begun")
    wait_for(file)
    print("ended")


def print_many(name: str) -> None:
    """Print lines of several pieces, as `print(a, b)` writes them."""
    for number in range(500):
        print(name, number, name)


def unwind() -> None:
    """Sleep, with a `finally` block."""
    try:
        print("sleeping")
        time.sleep(60)
    finally:
        print("unwound")


def unwind_though_another_thread_gets_the_signal(ready: Any) -> None:
    """Sleep, while SIGTERM interrupts a thread that is not the main one: as if it came right before the sleep."""
    threading.Thread(target=threading.Event().wait, daemon=True).start()
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
    try:
        ready.release()
        time.sleep(60)
    finally:
        print("unwound")


def terminate_oneself() -> None:
    """Send SIGKILL to this process."""
    os.kill(os.getpid(), signal.SIGKILL)


def die_with_a_permit(guard: Any) -> None:
    """Acquire the guard, and die."""
    guard.acquire()
    os.kill(os.getpid(), signal.SIGKILL)


def leave_with_a_permit(guard: Any) -> None:
    """Acquire the guard, and leave at once."""
    guard.acquire()
    os._exit(0)


def be_terminated_with_a_permit(guard: Any) -> None:
    """Acquire the guard, and be terminated."""
    guard.acquire()
    os.kill(os.getpid(), signal.SIGTERM)


def raise_with_a_permit(guard: Any) -> None:
    """Acquire the guard, and raise without a `with` that would give it back."""
    guard.acquire()
    raise LookupError


def be_terminated_with_three_hundred_permits(guard: Any) -> None:
    """Acquire more permits than fit into a byte, give some back, and be terminated."""
    for _ in range(310):
        guard.acquire()
    for _ in range(10):
        guard.release()
    os.kill(os.getpid(), signal.SIGTERM)


def release_once_too_often(guard: Any) -> None:
    """Give back what was never taken."""
    guard.release()


def wait_for_a_permit(guard: Any) -> None:
    """Wait for the guard: for ever, if no process releases it."""
    guard.acquire()


def start_a_child_of_ones_own() -> None:
    """Start a process by multiprocessing, and tell how it ended."""
    child = multiprocessing.Process(target=time.sleep, args=(0,))
    child.start()
    child.join()
    print("exit code:", child.exitcode)


def tell_place() -> None:
    """Print the folder and a variable."""
    print(os.getcwd(), os.environ["GREETING"])


class Greeter(multiprocessing.Process):
    """A class with arguments of its own."""

    def __init__(self, greeting: str) -> None:
        super().__init__()
        self.greeting = greeting

    def run(self) -> None:
        print(self.greeting, self.name)


def return_and_leave_a_thread() -> None:
    """Return at once; a thread goes on, so that the process does, too."""
    threading.Thread(target=time.sleep, args=(60,)).start()
    print("returned")


def fail_in_a_copy() -> None:
    """Fork a copy that raises, and leave without a word."""
    if os.fork() == 0:
        raise ValueError("the copy's")
    os.wait()
    os._exit(0)


class Unspeakable(Exception):
    """Cannot be shown."""

    def __str__(self) -> str:
        raise SystemExit(7)

    __repr__ = __str__


def raise_what_cannot_be_shown() -> None:
    """Raise it."""
    raise Unspeakable


def return_what_cannot_be_shown() -> object:
    """Return it."""
    return Unspeakable()


def exit_with_what_cannot_be_shown() -> None:
    """Exit with it."""
    sys.exit(Unspeakable())  # type: ignore[arg-type]  # anything can be given


def fail_with_a_strange_stderr() -> None:
    """Raise, after having put something else in place of stderr."""
    sys.stderr = io.BytesIO()  # anything can be put there
    raise ValueError("nobody reads this")


def kill_the_parent() -> None:
    """Under forkserver that is the forkserver."""
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(60)


class Unshowable(multiprocessing.Process):
    """A process that tells nothing about itself."""

    def __repr__(self) -> str:
        sys.exit(7)

    @property
    def pid(self) -> int:
        """Not told."""
        raise ValueError

    exitcode = pid

    def run(self) -> None:
        """Do nothing."""


class DoesNothing(multiprocessing.Process):
    """A process that ends at once."""

    def run(self) -> None:
        """Do nothing."""


class NeverStarted(DoesNothing):
    """Starts nothing."""

    def start(self) -> None:
        """Do nothing."""


class ExitsAtStart(DoesNothing):
    """Cannot be started."""

    def start(self) -> None:
        """Exit instead."""
        sys.exit(3)


class StartsTwice(multiprocessing.Process):
    """Is started, and then fails to start."""

    def start(self) -> None:
        """Start twice."""
        super().start()
        super().start()

    def run(self) -> None:
        """Do nothing."""


class ExitsWhenMade(multiprocessing.Process):
    """Cannot be made."""

    def __init__(self) -> None:
        sys.exit(3)


class StartsWhenMade(multiprocessing.Process):
    """Starts itself, which is main's to do."""

    def __init__(self) -> None:
        super().__init__()
        self.start()


class OfAContext(multiprocessing.get_context("fork").Process):  # type: ignore[misc]  # made at run time
    """A class of one start method's own."""

    def run(self) -> None:
        """Print."""
        print("ran")


class StartsAHelper(DoesNothing):
    """Starts another process beside itself."""

    def start(self) -> None:
        """Start the other one first."""
        multiprocessing.Process(target=print, args=("helping",)).start()
        super().start()


class HoldsALock(multiprocessing.Process):
    """Cannot be pickled, as spawn and forkserver need."""

    def __init__(self) -> None:
        super().__init__()
        self.lock = threading.Lock()

    def run(self) -> None:
        with self.lock:
            print("ran")


class RunsItsOwnWay(multiprocessing.Process):
    """Nobody can put anything in the place of its `run`."""

    @property
    def run(self) -> Any:
        """What is to be called."""
        return print


def print_descriptors() -> None:
    """Print what each open descriptor beyond stdin, stdout and stderr is, without numbers."""
    shown = []
    for number in os.listdir(f"{PROC}/self/fd"):
        try:
            if int(number) > 2:
                shown.append(re.sub("[0-9]+", "N", os.readlink(f"{PROC}/self/fd/{number}")))
        except FileNotFoundError:  # the one that listed the folder
            continue
    print(sorted(shown))


def leave_one_that_ends() -> None:
    """Leave a grandchild that ends at once, and see that it does not stay as a zombie."""
    read, write = os.pipe()
    if os.fork() == 0:
        if os.fork() == 0:
            os.write(write, str(os.getpid()).encode())
            os._exit(0)
        os._exit(0)
    os.wait()
    pid = os.read(read, 20).decode()
    deadline = time.monotonic() + 20
    while os.path.exists(f"{PROC}/{pid}") and time.monotonic() < deadline:
        time.sleep(0.01)
    print("there" if os.path.exists(f"{PROC}/{pid}") else "gone")
