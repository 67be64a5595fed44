"""Messages between the front and the supervisor: JSON lines and file descriptors over a Unix socket.

Both ends are non-blocking. What the other side does not take yet waits in a queue, so that a slow front never
holds up supervision. Descriptors travel with the first byte of a piece of messages, and so come before what announces
them; the receiver hands them out in the order of the messages.
"""

from __future__ import annotations

import array
import json
import os
import selectors
import socket
from collections import deque

from runner.model.errors import RunJobsError

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any, TypeAlias

Message: TypeAlias = "dict[str, Any]"
"""One JSON object; `descriptors` in it says how many descriptors came with it."""

_READ = 1 << 16
"""Bytes in one call: beyond 128 KiB the memory for them would come from the system and go back to it each time."""
_MOST_DESCRIPTORS = 128
"""In one call; Linux takes 253."""
_SPACE = socket.CMSG_SPACE(_MOST_DESCRIPTORS * 4) if hasattr(socket, "CMSG_SPACE") else 0
_CLOEXEC: int = getattr(socket, "MSG_CMSG_CLOEXEC", 0)
_NOSIGNAL: int = getattr(socket, "MSG_NOSIGNAL", 0)

_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False).encode
_decode = json.JSONDecoder().raw_decode


class Link:
    """One end of the socket. Never blocks."""

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
        """The other side is gone: nothing more comes, and what is sent is dropped."""

    def fileno(self) -> int:
        """The socket's descriptor, for a selector."""
        return self._sock.fileno()

    def attend(self, selector: selectors.BaseSelector, data: object = None) -> None:
        """Have this selector tell, by `data`, what can be done here; `adjust` before each wait."""
        self._selector = selector
        self._watched_for = selectors.EVENT_READ
        selector.register(self._sock, self._watched_for, data)

    def adjust(self) -> None:
        """Have the selector wait for what there is to wait for now: writing if something waits, nothing at the end."""
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
        """Whether something waits to be sent."""
        return bool(self._outgoing)

    @property
    def unsent(self) -> Iterator[int]:
        """The descriptors that wait to be sent."""
        for _, descriptors in self._outgoing:
            yield from descriptors

    def send(self, message: Message, descriptors: tuple[int, ...] = ()) -> None:
        """Queue a message; `descriptors` are closed here once they are on their way (or cannot be any more)."""
        if descriptors:
            message = message | {"descriptors": len(descriptors)}
        self._outgoing.append((_line(message), descriptors))  # as bytes: a fifth of the memory, which forks copy

    def send_at_once(self, message: Message) -> None:
        """Send a short message, past a queue that a signal handler may have interrupted; safe to call in one."""
        self._outgoing.append((_line(message), ()))
        if not self._flushing:
            self.flush()

    def flush(self) -> None:
        """Send what the socket takes now."""
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
        """The first messages as one piece, with all of their descriptors."""
        pieces: list[bytes] = []
        size = 0
        descriptors: tuple[int, ...] = ()
        while self._outgoing and size < _READ and len(descriptors) + len(self._outgoing[0][1]) <= _MOST_DESCRIPTORS:
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

    def receive(self) -> Iterator[tuple[Message, tuple[int, ...]]]:
        """The messages that have come, each with its descriptors; sets `ended` at the other side's end.

        There may be more: a selector will say so.
        """
        if self._read():
            yield from self._lines()

    def receive_rest(self) -> Iterator[tuple[Message, tuple[int, ...]]]:
        """All messages that have come: for the end, when no selector is asked any more."""
        while self._read():
            yield from self._lines()

    def _lines(self) -> Iterator[tuple[Message, tuple[int, ...]]]:
        if b"\n" not in self._incoming:
            return
        whole, _, rest = bytes(self._incoming).rpartition(b"\n")
        self._incoming = bytearray(rest)
        for line in whole.decode().split("\n"):
            message: Message = _decode(line)[0]
            count = message.pop("descriptors", 0)
            if count > len(self._descriptors):
                raise RunJobsError("descriptors were lost on their way: raise the limit of open files (`ulimit -n`)")
            yield message, tuple(self._descriptors.popleft() for _ in range(count))

    def _read(self) -> bool:
        """Take what has come; False when there is nothing now."""
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
                if not _CLOEXEC:  # macOS cannot have that at once
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


def _line(message: Message) -> bytes:
    return _encode(message).encode() + b"\n"
