"""Descriptors that go with messages: each comes with its own, whatever the socket takes, and none is left open."""

from __future__ import annotations

import os
import socket
import sys
from typing import TYPE_CHECKING, cast

import pytest

from runner.link import wire
from runner.link.codec import encode
from runner.link.wire import Link
from runner.model.messages import ImportBegun

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.link.wire import ToFront, ToSupervisor
    from runner.model.messages import Told

IT = ImportBegun("it")


@pytest.fixture
def ends() -> Iterator[tuple[ToFront, ToSupervisor]]:
    one, other = socket.socketpair()
    here: ToFront = Link(one)
    there: ToSupervisor = Link(other)
    yield here, there
    here.close()
    there.close()


@pytest.mark.parametrize("number", [1, 127, 128, 129, 300])
def test_however_many_descriptors_wait_each_comes_with_its_message(
    number: int, ends: tuple[ToFront, ToSupervisor]
) -> None:
    here, there = ends
    for index in range(number):
        descriptor = os.memfd_create(str(index))
        os.write(descriptor, str(index).encode())
        here.send(ImportBegun(str(index)), (descriptor,))
    here.flush()

    came = list(there.receive_rest())

    told = [(message, os.pread(descriptor, 9, 0)) for message, (descriptor,) in came]
    for _, (descriptor,) in came:
        os.close(descriptor)
    assert told == [(ImportBegun(str(index)), str(index).encode()) for index in range(number)]


@pytest.mark.parametrize("at_once", [wire._CLOEXEC, 0])
def test_a_descriptor_that_came_is_not_handed_on_to_a_child(
    at_once: int, ends: tuple[ToFront, ToSupervisor], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(wire, "_CLOEXEC", at_once)  # macOS has no such flag
    here, there = ends
    descriptor = os.memfd_create("it")
    os.set_inheritable(descriptor, True)
    here.send(IT, (descriptor,))
    here.flush()

    ((_, (came,)),) = there.receive()

    assert not os.get_inheritable(came)
    os.close(came)


def test_a_descriptor_that_the_socket_does_not_take_yet_comes_later(ends: tuple[ToFront, ToSupervisor]) -> None:
    here, there = ends
    here.send(ImportBegun("x" * 10_000_000))
    here.flush()
    here.send(IT, (os.memfd_create("it"),))
    here.flush()
    assert here.pending

    came: list[tuple[Told, tuple[int, ...]]] = []
    while len(came) < 2:
        came += there.receive_rest()
        here.flush()

    message, (descriptor,) = came[1]
    assert (message, os.readlink(f"/proc/self/fd/{descriptor}")) == (IT, "/memfd:it (deleted)")
    os.close(descriptor)
    assert not here.pending


def test_what_waits_to_be_sent_is_known(ends: tuple[ToFront, ToSupervisor]) -> None:
    here, _ = ends
    sent = [os.memfd_create("one"), os.memfd_create("two"), os.memfd_create("three")]
    here.send(IT, (sent[0],))
    here.send(IT)
    here.send(IT, (sent[1], sent[2]))

    assert list(here.unsent) == sent
    here.flush()
    assert list(here.unsent) == []


def test_closing_closes_the_descriptors_of_what_was_not_sent(ends: tuple[ToFront, ToSupervisor]) -> None:
    here, _ = ends
    read, write = os.pipe()
    here.send(IT, (write,))

    here.close()

    assert os.read(read, 1) == b""
    assert not here.pending
    os.close(read)


def test_closing_closes_the_descriptors_of_messages_that_came_and_were_not_asked_for(
    ends: tuple[ToFront, ToSupervisor],
) -> None:
    here, there = ends
    read, write = os.pipe()
    here.send(ImportBegun("first"))
    here.send(ImportBegun("second"), (write,))
    here.flush()
    assert next(there.receive()) == (ImportBegun("first"), ())

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
            return encode(IT, 1), [(socket.SOL_SOCKET, socket.SCM_RIGHTS, numbers)], 0, None

    link: ToSupervisor = Link(cast("socket.socket", Cut()))

    assert next(link.receive()) == (IT, (7,))
