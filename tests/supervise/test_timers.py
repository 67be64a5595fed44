"""What comes due, in which order."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from runner.supervise.core.life import LifeId
from runner.supervise.core.timers import Chore, LifeTimer, MainTimer, Timers


def test_without_a_timer_nothing_comes_due() -> None:
    timers = Timers()

    assert timers.next_due() is None
    assert list(timers.take_due(1e9)) == []


@given(st.lists(st.tuples(st.integers(0, 5), st.integers(0, 9))), st.integers(0, 5))
def test_what_is_due_comes_in_order_and_the_rest_stays(coming: list[tuple[int, int]], now: int) -> None:
    timers = Timers()
    for generation, (due, process) in enumerate(coming):
        timers.set(due, LifeTimer(LifeId(process), generation))

    taken = list(timers.take_due(now))

    places = sorted(range(len(coming)), key=lambda place: coming[place][0])
    assert taken == [LifeTimer(LifeId(coming[place][1]), place) for place in places if coming[place][0] <= now]
    assert timers.next_due() == min((due for due, _ in coming if due > now), default=None)


def test_a_chore_has_one_timer_until_it_comes_due() -> None:
    timers = Timers()
    chore = Chore("orphans")
    for due in (3.0, 1.0, 2.0):
        timers.set_chore(due, chore)

    assert list(timers.take_due(2.0)) == []
    assert list(timers.take_due(3.0)) == [chore]
    timers.set_chore(4.0, chore)
    assert list(timers.take_due(4.0)) == [chore]


def test_what_is_set_while_others_are_taken_comes_too_if_it_is_due() -> None:
    timers = Timers()
    timers.set(1.0, MainTimer(1))
    taken = timers.take_due(1.0)

    first = next(taken)
    timers.set(1.0, MainTimer(2))
    timers.set(1.5, MainTimer(3))

    assert [first, *taken] == [MainTimer(1), MainTimer(2)]
