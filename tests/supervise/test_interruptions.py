"""What ends main's turn, without a process."""

from __future__ import annotations

import math
import os
import socket
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pytest

from runner.link.wire import Link
from runner.model.plan import Plan, ProcessPlan
from runner.supervise.core.life import LifeId
from runner.supervise.core.timers import RunLimit, Timers
from runner.supervise.starting.pauses import MAX_TURN_S, PauseCheck

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.link.wire import ToFront

PROCESSES = (
    ProcessPlan("p", "p", target="runner.workers:noop"),
    ProcessPlan("t", "t", target="runner.workers:noop", timeout=0.001),
    ProcessPlan("a", "a", target="runner.workers:noop", terminate_after=0.002),
    ProcessPlan("s", "s", target="runner.workers:noop", timeout=60),
)
PLAN = Plan("f", "fork", PROCESSES, (), ())


class World:
    """What interrupts main: orders of the front, signals, timers."""

    def __init__(self, stops: int = -1) -> None:
        self.front, ours = socket.socketpair()
        self.link: ToFront = Link(ours)
        self.signals = SimpleNamespace(stop_is_pending=False, stops=stops)
        self.timers = Timers()
        self.interruptions = PauseCheck(PLAN, self.link, self.signals, self.timers)  # type: ignore[arg-type]  # a fake
        self.now = time.monotonic() + 60
        self.interruptions.begin_turn(self.now)

    def has_come(self, after: float = 0.0) -> bool:
        return self.interruptions.has_come(self.now + after)


@pytest.fixture
def world() -> Iterator[World]:
    made = World()
    yield made
    made.front.close()
    made.link.close()


def test_main_goes_on_until_its_turn_is_over(world: World) -> None:
    assert not world.has_come()
    assert not world.has_come(MAX_TURN_S * 0.9)
    assert world.has_come(MAX_TURN_S * 1.1)


def test_main_pauses_when_a_timer_is_due(world: World) -> None:
    world.timers.set(world.now + MAX_TURN_S / 2, RunLimit())

    assert not world.has_come(MAX_TURN_S / 3)
    assert world.has_come(MAX_TURN_S / 2)


def test_main_pauses_when_a_signal_asks_for_a_stop(world: World) -> None:
    world.signals.stop_is_pending = True

    assert world.has_come()


def test_main_pauses_when_a_stop_can_be_read() -> None:
    stops, comes = os.pipe()
    world = World(stops)
    assert not world.has_come()

    os.write(comes, b"x")

    assert world.has_come()
    world.front.close()
    world.link.close()
    os.close(stops)
    os.close(comes)


def test_main_pauses_when_the_front_has_sent_an_order(world: World) -> None:
    world.front.send(b'{"order":"stop"}\n')

    assert world.has_come()


def test_main_pauses_when_the_front_has_gone(world: World) -> None:
    world.front.close()

    assert world.has_come()


@pytest.mark.parametrize(("processes", "after"), [((1,), 0.001), ((0, 2), 0.002), ((2, 1, 3), 0.001)])
def test_a_row_ends_when_the_first_timer_of_its_own_processes_may_be_due(
    processes: tuple[int, ...], after: float, world: World
) -> None:
    assert world.interruptions.row(tuple(map(LifeId, processes)), world.now).due == pytest.approx(world.now + after)


def test_a_row_of_processes_without_a_timer_ends_when_another_one_is_due(world: World) -> None:
    assert world.interruptions.row((LifeId(0),), world.now).due == math.inf
    world.timers.set(world.now + 5, RunLimit())

    row = world.interruptions.row((LifeId(0), LifeId(3)), world.now)

    assert row.due == world.now + 5
    assert row.until == world.now + MAX_TURN_S


def test_a_row_ends_when_the_front_has_sent_an_order(world: World) -> None:
    row = world.interruptions.row((LifeId(0),), world.now)
    assert not row.news(0)

    world.front.send(b'{"order":"stop"}\n')

    assert row.news(0)
