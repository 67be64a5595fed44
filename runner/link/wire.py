"""Send and receive messages between the front and the supervisor, with file descriptors, over a Unix socket.

Both ends are non-blocking. Messages that the other side cannot take yet wait in a queue, so that a slow front never
delays supervision. Descriptors are sent with the first byte of a batch of messages, and so arrive before the messages
that announce them; the receiver assigns them in the order of the messages.
"""

from __future__ import annotations

import array
import os
import selectors
import socket
from collections import deque

from runner.link.codec import decode, encode
from runner.model.errors import RunJobsError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Generic, TypeAlias, TypeVar

    from runner.model.messages import Order, Told

    Sent = TypeVar("Sent", bound=Order | Told)
    Received = TypeVar("Received")
else:

    class Generic:
        """Replaces typing's class, whose import takes longer than this whole module."""

        def __class_getitem__(cls, _):
            return cls

    Sent = Received = None

_READ = 1 << 16
"""The bytes of one call: beyond 128 KiB the system would allocate and free the memory each time."""
_MAX_DESCRIPTORS = 128
"""The descriptors of one call; Linux allows 253."""
_SPACE = socket.CMSG_SPACE(_MAX_DESCRIPTORS * 4) if hasattr(socket, "CMSG_SPACE") else 0
_CLOEXEC: int = getattr(socket, "MSG_CMSG_CLOEXEC", 0)
_NOSIGNAL: int = getattr(socket, "MSG_NOSIGNAL", 0)


class Link(Generic[Sent, Received]):
    """One end of the socket, which sends and receives messages of these types. It never blocks."""

    def __init__(self, sock: socket.socket) -> None:
        sock.setblocking(False)
        self._sock = sock
        self._outgoing: deque[tuple[bytes, tuple[int, ...]]] = deque()
        self._incoming = bytearray()
        self._descriptors: deque[int] = deque()
        self._flushing = False
        self._selector: selectors.BaseSelector | None = None
        self._watched_for = 0
        self.ended = False
        """The other side is gone: nothing more comes, and sent messages are dropped."""

    def fileno(self) -> int:
        """The socket's descriptor, for a selector."""
        return self._sock.fileno()

    def attend(self, selector: selectors.BaseSelector, data: object = None) -> None:
        """Have this selector report, by `data`, what can be done here; call `adjust` before each wait."""
        self._selector = selector
        self._watched_for = selectors.EVENT_READ
        selector.register(self._sock, self._watched_for, data)

    def adjust(self) -> None:
        """Have the selector wait for what is needed now: for writing if something is queued, for nothing at the end."""
        wanted = 0 if self.ended else selectors.EVENT_READ | (selectors.EVENT_WRITE if self._outgoing else 0)
        if self._selector is None or wanted == self._watched_for:
            return
        self._watched_for = wanted
        if wanted:
            self._selector.modify(self._sock, wanted, self._selector.get_key(self._sock).data)
        else:
            self._selector.unregister(self._sock)

    @property
    def pending(self) -> bool:
        """Return whether something is queued."""
        return bool(self._outgoing)

    @property
    def unsent(self) -> Iterator[int]:
        """Return the queued descriptors."""
        for _, descriptors in self._outgoing:
            yield from descriptors

    def send(self, message: Sent, descriptors: tuple[int, ...] = ()) -> None:
        """Queue a message; its `descriptors` are closed here once they are sent (or cannot be sent any more)."""
        line = encode(message, len(descriptors))  # as bytes: a fifth of the memory, which forks copy
        self._outgoing.append((line, descriptors))

    def send_at_once(self, message: Sent, descriptors: tuple[int, ...] = ()) -> None:
        """Send a message as far as the socket accepts it now. Safe in a signal handler that has interrupted this."""
        self.send(message, descriptors)
        if not self._flushing:
            self.flush()

    def flush(self) -> None:
        """Send as much as the socket accepts now."""
        self._flushing = True
        try:
            self._flush()
        finally:
            self._flushing = False

    def _flush(self) -> None:
        while self._outgoing:
            data, descriptors = self._next_batch()
            try:
                sent = self._send(data, descriptors)
            except BlockingIOError:
                self._outgoing.appendleft((data, descriptors))
                return
            except (BrokenPipeError, ConnectionResetError):
                self._close_all(descriptors)
                self._drop()
                return
            self._close_all(descriptors)
            if sent < len(data):
                self._outgoing.appendleft((data[sent:], ()))

    def _next_batch(self) -> tuple[bytes, tuple[int, ...]]:
        """Return the first messages as one piece, with all of their descriptors."""
        pieces: list[bytes] = []
        size = 0
        descriptors: tuple[int, ...] = ()
        while self._outgoing and size < _READ and len(descriptors) + len(self._outgoing[0][1]) <= _MAX_DESCRIPTORS:
            line, more = self._outgoing.popleft()
            pieces.append(line)
            size += len(line)
            descriptors += more
        return b"".join(pieces), descriptors

    def _send(self, data: bytes, descriptors: tuple[int, ...]) -> int:
        if not descriptors:
            return self._sock.send(data, _NOSIGNAL)
        rights = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", descriptors))]
        return self._sock.sendmsg([data], rights, _NOSIGNAL)

    def receive(self) -> Iterator[tuple[Received, tuple[int, ...]]]:
        """Return the messages that have arrived, each with its descriptors; set `ended` at the other side's end.

        There may be more: a selector will report that.
        """
        if self._read():
            yield from self._lines()

    def receive_rest(self) -> Iterator[tuple[Received, tuple[int, ...]]]:
        """Return all messages that have arrived: for the end, when no selector is used any more."""
        while self._read():
            yield from self._lines()

    def _lines(self) -> Iterator[tuple[Received, tuple[int, ...]]]:
        if b"\n" not in self._incoming:
            return
        whole, _, rest = bytes(self._incoming).rpartition(b"\n")
        self._incoming = bytearray(rest)
        for line in whole.decode().split("\n"):
            message, count = decode(line)
            if count > len(self._descriptors):
                raise RunJobsError("descriptors were lost on their way: raise the limit of open files (`ulimit -n`)")
            yield message, tuple(self._descriptors.popleft() for _ in range(count))

    def _read(self) -> bool:
        """Read what has arrived; return False if there is nothing now."""
        try:
            data, rights, _, _ = self._sock.recvmsg(_READ, _SPACE, _CLOEXEC)
        except BlockingIOError:
            return False
        except ConnectionResetError:
            data, rights = b"", []
        for _, kind, content in rights:
            if kind == socket.SCM_RIGHTS:
                numbers = array.array("i")
                numbers.frombytes(content[: len(content) - len(content) % numbers.itemsize])
                self._descriptors.extend(numbers)
                if not _CLOEXEC:  # macOS cannot do that atomically
                    for number in numbers:
                        os.set_inheritable(number, False)
        if not data:
            self._drop()
            return False
        self._incoming += data
        return True

    def _drop(self) -> None:
        self.ended = True
        for _, descriptors in self._outgoing:
            self._close_all(descriptors)
        self._outgoing.clear()

    @staticmethod
    def _close_all(descriptors: tuple[int, ...]) -> None:
        for descriptor in descriptors:
            os.close(descriptor)

    def close(self) -> None:
        """Close the socket and every descriptor that was not taken."""
        self._drop()
        self._close_all(tuple(self._descriptors))
        self._descriptors.clear()
        self._sock.close()


if TYPE_CHECKING:
    ToFront: TypeAlias = Link[Told, Order]
    """The supervisor's end."""
    ToSupervisor: TypeAlias = Link[Order, Told]
    """The front's end."""
