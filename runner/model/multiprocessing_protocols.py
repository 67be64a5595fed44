"""The types of the private parts of multiprocessing's objects that run-jobs reads and replaces.

There is no public way to them. Children do not import this module; only a type checker does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable

Made: TypeAlias = Any
"""A shared thing as multiprocessing created it: its attributes depend on its kind, a word of the file."""


class SemLock(Protocol):
    """A semaphore of the operating system."""

    @property
    def maxvalue(self) -> int:
        """The most permits that it can have."""

    def acquire(self, block: bool, /) -> bool:
        """Acquire a permit."""

    def release(self) -> None:
        """Release a permit."""

    def _get_value(self) -> int:
        """Return how many permits are free; raises `NotImplementedError` on macOS."""

    def _is_zero(self) -> bool:
        """Return whether no permit is free."""


class Guard(Protocol):
    """A lock, an rlock or a semaphore."""

    _semlock: Made
    """Its `SemLock`; in a traced guard a `TracedSemLock`, which contains it."""
    acquire: Callable[..., bool]
    release: Callable[[], None]

    def __enter__(self) -> bool:
        """Acquire it."""

    def __exit__(self, *error: object) -> None:
        """Release it."""

    def _make_methods(self) -> None:
        """Use the `acquire` and `release` of the `SemLock`."""


class Condition(Protocol):
    """A condition: a lock, and three semaphores."""

    _lock: Guard
    _sleeping_count: Guard
    _woken_count: Guard
    _wait_semaphore: Guard
    notify: Callable[..., None]
    wait_for: Callable[..., object]

    def _make_methods(self) -> None:
        """Use the `acquire` and `release` of the lock."""


class Inside(Protocol):
    """An event, a barrier or a joinable queue: a thing with a condition inside."""

    _cond: Condition


class Value(Protocol):
    """A number in shared memory that has a lock."""

    acquire: Callable[..., bool]
    release: Callable[[], None]

    def get_lock(self) -> Guard:
        """Return its lock."""

    def get_obj(self) -> Number:
        """Return the number without the lock."""


class Number(Protocol):
    """A number in shared memory."""

    value: Made
    """A step may write a value of any type to it, and fail."""


class Connection(Protocol):
    """An end of a queue's pipe."""

    _recv: Callable[..., object]
    _send: Callable[..., None]
    send_bytes: Callable[[bytes], None]

    def fileno(self) -> int:
        """Return its descriptor."""


class Queue(Protocol):
    """A queue: a pipe, its locks, a semaphore for its room, and a buffer for the feeder thread."""

    _closed: bool
    _joincancelled: bool
    _reader: Connection
    _writer: Connection
    _rlock: Guard
    _wlock: Guard
    _sem: Guard
    _send_bytes: Callable[[bytes], None]
    _on_queue_feeder_error: Callable[[Exception, object], None]
    get: Callable[..., object]

    def _recv_bytes(self) -> bytes:
        """Return the next item as it was pickled."""


class ForkServer(Protocol):
    """Starts a forkserver, and stores its pid and its pipe."""

    _forkserver_address: str | None
    _forkserver_alive_fd: int | None
    _forkserver_pid: int | None

    def _stop(self) -> None:
        """Wait for its end."""


class ResourceTracker(Protocol):
    """Starts a resource tracker, and stores its pid and its pipe."""

    _fd: int | None
    _pid: int | None

    def _stop(self) -> None:
        """Wait for its end."""

    def ensure_running(self) -> None:
        """Start one if there is none."""

    def register(self, name: str, rtype: str) -> None:
        """Have the tracker remove this at the end."""


class Finalizer(Protocol):
    """A call that multiprocessing makes when an object is freed, or at the end of the process."""

    _args: tuple[str, ...]
    _callback: Callable[..., object]

    def __call__(self) -> object:
        """Make the call now."""


class Popen(Protocol):
    """A started process, with the attributes of its start method."""

    pid: int

    def poll(self) -> int | None:
        """Return its exit code; None while it runs."""


class Process(Protocol):
    """A `Process` object; after its start it has a `Popen`."""

    _args: tuple[object, ...]
    _kwargs: dict[str, object]
    _popen: Popen
    _target: Callable[..., object] | None
    daemon: bool
    name: str
    run: Callable[[], object]
    sentinel: int
