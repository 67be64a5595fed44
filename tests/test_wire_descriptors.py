"""Descriptors that go with messages: each comes with its own, whatever the socket takes, and none is left open."""

from __future__ import annotations

import os
import socket
import sys
from typing import TYPE_CHECKING, cast

import pytest

from runner.link import wire
from runner.link.wire import Link

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def ends() -> Iterator[tuple[Link, Link]]:
    here, there = map(Link, socket.socketpair())
    yield here, there
    here.close()
    there.close()


@pytest.mark.parametrize("number", [1, 127, 128, 129, 300])
def test_however_many_descriptors_wait_each_comes_with_its_message(number: int, ends: tuple[Link, Link]) -> None:
    here, there = ends
    for index in range(number):
        descriptor = os.memfd_create(str(index))
        os.write(descriptor, str(index).encode())
        here.send({"index": index}, (descriptor,))
    here.flush()

    came = [(message["index"], descriptors) for message, descriptors in there.receive_rest()]

    told = [(index, os.pread(descriptor, 9, 0)) for index, (descriptor,) in came]
    for _, (descriptor,) in came:
        os.close(descriptor)
    assert told == [(index, str(index).encode()) for index in range(number)]


@pytest.mark.parametrize("at_once", [wire._CLOEXEC, 0])
def test_a_descriptor_that_came_is_not_handed_on_to_a_child(
    at_once: int, ends: tuple[Link, Link], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "_CLOEXEC", at_once)  # macOS has no such flag
    here, there = ends
    descriptor = os.memfd_create("it")
    os.set_inheritable(descriptor, True)
    here.send({}, (descriptor,))
    here.flush()

    ((_, (came,)),) = there.receive()

    assert not os.get_inheritable(came)
    os.close(came)


def test_a_message_stays_the_senders_own(ends: tuple[Link, Link]) -> None:
    here, there = ends
    message: dict[str, object] = {"a": 1}
    here.send(message, (os.memfd_create("it"),))
    here.send(message)
    here.flush()

    (first, (came,)), second = there.receive()

    os.close(came)
    assert (first, second, message) == ({"a": 1}, ({"a": 1}, ()), {"a": 1})


def test_a_descriptor_that_the_socket_does_not_take_yet_comes_later(ends: tuple[Link, Link]) -> None:
    here, there = ends
    here.send({"text": "x" * 10_000_000})
    here.flush()
    here.send({"with": "it"}, (os.memfd_create("it"),))
    here.flush()
    assert here.pending

    came: list[tuple[dict[str, object], tuple[int, ...]]] = []
    while len(came) < 2:
        came += there.receive_rest()
        here.flush()

    message, (descriptor,) = came[1]
    assert (message, os.readlink(f"/proc/self/fd/{descriptor}")) == ({"with": "it"}, "/memfd:it (deleted)")
    os.close(descriptor)
    assert not here.pending


def test_what_waits_to_be_sent_is_known(ends: tuple[Link, Link]) -> None:
    here, _ = ends
    sent = [os.memfd_create("one"), os.memfd_create("two"), os.memfd_create("three")]
    here.send({}, (sent[0],))
    here.send({})
    here.send({}, (sent[1], sent[2]))

    assert list(here.unsent) == sent
    here.flush()
    assert list(here.unsent) == []


def test_closing_closes_the_descriptors_of_what_was_not_sent(ends: tuple[Link, Link]) -> None:
    here, _ = ends
    read, write = os.pipe()
    here.send({}, (write,))

    here.close()

    assert os.read(read, 1) == b""
    assert not here.pending
    os.close(read)


def test_closing_closes_the_descriptors_of_messages_that_came_and_were_not_asked_for(ends: tuple[Link, Link]) -> None:
    here, there = ends
    read, write = os.pipe()
    here.send({"number": 1})
    here.send({"number": 2}, (write,))
    here.flush()
    assert next(there.receive()) == ({"number": 1}, ())

    there.close()

    assert os.read(read, 1) == b""
    os.close(read)


def test_half_a_descriptors_number_is_none() -> None:
    class Cut:
        """A socket whose ancillary data was cut off."""

        def setblocking(self, _: bool) -> None:
            pass

        def recvmsg(self, *_: int) -> tuple[bytes, list[tuple[int, int, bytes]], int, None]:
            numbers = (7).to_bytes(4, sys.byteorder) + b"\0\0"
            return b'{"descriptors":1}\n', [(socket.SOL_SOCKET, socket.SCM_RIGHTS, numbers)], 0, None

    link = Link(cast("socket.socket", Cut()))

    assert next(link.receive()) == ({}, (7,))
