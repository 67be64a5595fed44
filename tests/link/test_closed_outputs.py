"""The supervisor learns in time that there is room, and not of each process alone."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from runner.link.closed_outputs import FreedRoom


def test_of_few_processes_nothing_is_told() -> None:
    freed = FreedRoom(8)

    assert [freed.see_opened() for _ in range(3)] == [()] * 3
    assert [freed.see_closed(process) for process in range(3)] == [()] * 3


def test_at_half_of_the_room_all_that_are_closed_are_told_together() -> None:
    freed = FreedRoom(8)
    for process in range(3):
        freed.see_opened()
        freed.see_closed(process)

    assert freed.see_opened() == (0, 1, 2)
    assert freed.see_opened() == ()


@given(st.integers(1, 9), st.lists(st.booleans(), max_size=60))
def test_a_supervisor_without_room_always_knows_of_each_that_is_closed(room: int, opens: list[bool]) -> None:
    freed = FreedRoom(room)
    counted: set[int] = set()
    alive: list[int] = []
    for process, opened in enumerate(opens):
        if opened and len(counted) < room:
            counted.add(process)
            alive.append(process)
            counted -= set(freed.see_opened())
        elif alive:
            counted -= set(freed.see_closed(alive.pop(0)))

        assert counted == set(alive) or len(counted) < room
