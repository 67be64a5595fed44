"""Messages and descriptors between two ends of a socket."""

from __future__ import annotations

import contextlib
import os
import select
import selectors
import socket
from typing import TYPE_CHECKING, cast

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.link.codec import encode
from runner.link.wire import Link
from runner.model.errors import RunJobsError
from runner.model.messages import ImportBegun, Peek, Stop

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.link.wire import ToFront, ToSupervisor
    from runner.model.messages import Told

LONG = ImportBegun("x" * 10_000_000)
"""A message that no socket takes at once."""


@pytest.fixture
def ends() -> Iterator[tuple[ToFront, ToSupervisor]]:
    one, other = socket.socketpair()
    here: ToFront = Link(one)
    there: ToSupervisor = Link(other)
    yield here, there
    here.close()
    there.close()


def test_messages_arrive_whole_and_in_order(ends: tuple[ToFront, ToSupervisor]) -> None:
    here, there = ends
    for number in range(100):
        here.send(ImportBegun(str(number)))
    here.flush()

    assert [message for message, _ in there.receive_rest()] == [ImportBegun(str(number)) for number in range(100)]
    assert not here.pending


def test_descriptors_arrive_with_their_message(ends: tuple[ToFront, ToSupervisor]) -> None:
    here, there = ends
    read, write = os.pipe()
    here.send(ImportBegun("first"))
    here.send(ImportBegun("second"), (write,))
    here.send(ImportBegun("third"))
    here.flush()

    received = list(there.receive_rest())

    assert [len(descriptors) for _, descriptors in received] == [0, 1, 0]
    os.write(received[1][1][0], b"x")
    assert os.read(read, 10) == b"x"
    os.close(read)
    os.close(received[1][1][0])


def test_a_full_socket_never_blocks_and_loses_nothing(ends: tuple[ToFront, ToSupervisor]) -> None:
    here, there = ends
    here.send(LONG)
    here.send(ImportBegun("last"))
    here.flush()
    assert here.pending

    received: list[Told] = []
    while len(received) < 2:
        received += [message for message, _ in there.receive_rest()]
        here.flush()

    assert received == [LONG, ImportBegun("last")]


def test_the_other_sides_end_is_seen_and_sending_goes_on_to_nowhere(ends: tuple[ToFront, ToSupervisor]) -> None:
    here, there = ends
    there.close()

    assert list(here.receive()) == []
    assert here.ended
    read, write = os.pipe()
    here.send(ImportBegun("it"), (write,))
    here.flush()
    assert os.read(read, 1) == b"", "the descriptor is closed"
    os.close(read)


def test_what_waits_when_the_other_side_ends_is_dropped_with_its_descriptors(
    ends: tuple[ToFront, ToSupervisor],
) -> None:
    here, there = ends
    read, write = os.pipe()
    here.send(ImportBegun("it"), (write,))

    there.close()

    assert list(here.receive()) == []
    assert not here.pending
    assert os.read(read, 1) == b""
    os.close(read)


def test_closing_closes_what_nobody_took(ends: tuple[ToFront, ToSupervisor]) -> None:
    here, there = ends
    read, write = os.pipe()
    here.send(ImportBegun("it"), (write,))
    here.flush()

    there.close()

    here.close()
    assert os.read(read, 1) == b""
    os.close(read)


def test_a_message_sent_at_once_waits_for_one_that_is_being_sent(ends: tuple[ToFront, ToSupervisor]) -> None:
    here, there = ends

    there.send_at_once(Stop())

    assert [message for message, _ in here.receive_rest()] == [Stop()]


@given(st.lists(st.text(), max_size=10), st.data())
def test_messages_are_whole_however_the_bytes_come(texts: list[str], cuts: st.DataObject) -> None:
    sent = list(map(ImportBegun, texts))
    data = b"".join(map(encode, sent))
    here, there = socket.socketpair()
    receiver: ToSupervisor = Link(there)
    taken: list[Told] = []

    with contextlib.closing(here), contextlib.closing(receiver):
        while data:
            size = cuts.draw(st.integers(1, len(data)))
            here.sendall(data[:size])
            data = data[size:]
            taken += [message for message, _ in receiver.receive_rest()]

    assert taken == sent


def test_its_descriptor_is_the_sockets(ends: tuple[ToFront, ToSupervisor]) -> None:
    here, there = ends
    here.send(ImportBegun("it"))
    here.flush()

    assert select.select([there], [], [], 0)[0] == [there]


def test_a_message_sent_while_another_is_being_sent_waits_for_it() -> None:
    class Interrupted:
        """A socket in whose sending a signal handler sends, too."""

        def __init__(self) -> None:
            self.sent: list[bytes] = []

        def setblocking(self, _: bool) -> None:
            pass

        def send(self, data: bytes, _: int) -> int:
            self.sent.append(data)
            if len(self.sent) == 1:
                link.send_at_once(Stop())
            return len(data)

    sock = Interrupted()
    link: ToSupervisor = Link(cast("socket.socket", sock))

    link.send_at_once(Peek())

    assert sock.sent == [encode(Peek()), encode(Stop())]


def test_descriptors_that_could_not_be_taken_are_missed() -> None:
    here, there = socket.socketpair()
    receiver: ToSupervisor = Link(there)
    here.sendall(encode(ImportBegun("it"), 1))
    here.close()

    with contextlib.closing(receiver), pytest.raises(RunJobsError, match="raise the limit of open files"):
        list(receiver.receive())


def test_another_side_that_was_cut_off_has_ended() -> None:
    class Reset:
        """A socket of a side that has died."""

        def setblocking(self, _: bool) -> None:
            pass

        def recvmsg(self, *_: int) -> None:
            raise ConnectionResetError

    link: ToSupervisor = Link(cast("socket.socket", Reset()))

    assert list(link.receive()) == []
    assert link.ended


def test_what_else_comes_beside_a_message_is_not_taken_for_descriptors() -> None:
    class Chatty:
        """A socket that tells whose message it is."""

        def setblocking(self, _: bool) -> None:
            pass

        def recvmsg(self, *_: int) -> tuple[bytes, list[tuple[int, int, bytes]], int, None]:
            return encode(ImportBegun("a")), [(socket.SOL_SOCKET, 2, b"credentials!")], 0, None

    link: ToSupervisor = Link(cast("socket.socket", Chatty()))

    assert next(link.receive()) == (ImportBegun("a"), ())


def test_what_came_before_the_other_sides_end_is_received(ends: tuple[ToFront, ToSupervisor]) -> None:
    here, there = ends
    here.send(ImportBegun("last"))
    here.flush()
    here.close()

    assert [message for message, _ in there.receive_rest()] == [ImportBegun("last")]
    assert there.ended


def test_half_a_message_at_the_other_sides_end_is_none() -> None:
    here, there = socket.socketpair()
    receiver: ToSupervisor = Link(there)
    here.sendall(encode(ImportBegun("a")) + encode(ImportBegun("b"))[:5])
    here.close()

    assert list(receiver.receive_rest()) == [(ImportBegun("a"), ())]
    assert receiver.ended
    receiver.close()


def test_an_end_without_messages_waits_for_nothing(ends: tuple[ToFront, ToSupervisor]) -> None:
    here, there = ends

    assert list(there.receive()) == list(there.receive_rest()) == []
    assert not there.ended
    assert not here.pending


def test_that_the_other_side_has_ended_is_seen_by_sending_too(ends: tuple[ToFront, ToSupervisor]) -> None:
    here, there = ends
    there.close()
    here.send(ImportBegun("it"))
    here.flush()

    assert here.ended
    assert not here.pending


def test_one_message_after_another_can_be_sent_at_once(ends: tuple[ToFront, ToSupervisor]) -> None:
    here, there = ends

    for order in (Peek(), Stop()):
        there.send_at_once(order)
        assert list(here.receive()) == [(order, ())]


def test_a_selector_tells_of_what_the_link_can_do_now(ends: tuple[ToFront, ToSupervisor]) -> None:
    here, there = ends
    with selectors.DefaultSelector() as selector:
        here.attend(selector, "link")

        here.adjust()
        assert selector.select(0) == [], "nothing waits to be sent"
        here.send(LONG)
        here.adjust()
        assert [events for _, events in selector.select(0)] == [selectors.EVENT_WRITE]
        there.send(Peek())
        there.flush()
        assert [(key.data, events) for key, events in selector.select(0)] == [
            ("link", selectors.EVENT_READ | selectors.EVENT_WRITE)
        ]


def test_a_selector_tells_nothing_of_a_link_that_has_ended(ends: tuple[ToFront, ToSupervisor]) -> None:
    here, there = ends
    with selectors.DefaultSelector() as selector:
        here.attend(selector)
        there.close()
        assert list(here.receive()) == []

        here.adjust()
        here.adjust()

        assert selector.select(0) == []
