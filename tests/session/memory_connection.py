"""A connection without a supervisor: what comes is made up, and what is sent is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.link.connection import Gone

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.link.connection import Connection, Received
    from runner.model.messages import Order


class MemoryConnection:
    """Gives the items one by one, then `Gone`."""

    def __init__(self, *items: Received | None, was_killed: bool = False) -> None:
        self._items = items
        self._gone = Gone(was_killed)
        self.sent: list[Order] = []
        self.tick_s: float | None = None
        self.is_closed = False

    @property
    def room(self) -> int:
        return 30

    def send(self, order: Order) -> None:
        self.sent.append(order)

    def receive(self, tick_s: float | None = None) -> Iterator[Received | None]:
        self.tick_s = tick_s
        yield from self._items
        yield self._gone

    def close(self) -> None:
        self.is_closed = True


if TYPE_CHECKING:
    _fits: type[Connection] = MemoryConnection
