"""Which processes died with a permit, as far as marks and what is missing show it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.supervise.sharing.dead_holders import Holders

G, H = 0, 1
"""Two guards, by their rows."""


if TYPE_CHECKING:
    from collections.abc import Set


class Guards:
    """Guards of which a test says which processes marked them and what is missing."""

    def __init__(self) -> None:
        self.marks: dict[int, list[int]] = {}
        self.ended: set[int] = set()
        self.now_missing: dict[int, tuple[int, bool]] = {G: (0, True), H: (0, True)}

    def guards_noted_by(self, process: int) -> list[int]:
        return list(self.marks.get(process, ()))

    def missing(self, row: int, dead: int, ended: Set[int]) -> tuple[int, bool]:
        assert row in self.marks[dead]
        self.ended = set(ended)
        return self.now_missing[row]

    def clear_mark(self, row: int, process: int) -> None:
        self.marks[process].remove(row)


def test_who_ends_without_a_mark_held_nothing() -> None:
    guards = Guards()
    guards.now_missing[G] = (1, True)

    assert list(Holders(guards).see_end(0)) == []


def test_a_mark_is_no_permit() -> None:
    guards = Guards()
    guards.marks[0] = [G]
    holders = Holders(guards)

    assert list(holders.see_end(0)) == []
    assert (holders.uncertain, guards.marks[0]) == (False, [])


def test_permits_that_died_with_one_are_not_those_of_the_next() -> None:
    guards = Guards()
    guards.marks = {0: [G], 1: [G], 2: [G]}
    holders = Holders(guards)

    guards.now_missing[G] = (2, True)
    assert list(holders.see_end(0)) == [(0, G)]
    assert list(holders.see_end(1)) == []
    guards.now_missing[G] = (3, True)
    assert list(holders.see_end(2)) == [(2, G)]


def test_one_may_die_with_permits_of_several_guards() -> None:
    guards = Guards()
    guards.marks[0] = [G, H]
    guards.now_missing = {G: (1, True), H: (1, True)}
    holders = Holders(guards)

    assert list(holders.see_end(0)) == [(0, G), (0, H)]


def test_what_is_uncertain_is_looked_at_again_until_it_is_certain() -> None:
    guards = Guards()
    guards.marks[0] = [G]
    guards.now_missing[G] = (1, False)
    holders = Holders(guards)

    assert list(holders.see_end(0)) == []
    assert holders.uncertain
    guards.now_missing[G] = (0, True)
    assert list(holders.check_again()) == []
    assert not holders.uncertain


def test_what_stays_uncertain_is_looked_at_again_as_long_as_it_is() -> None:
    guards = Guards()
    guards.marks[0] = [G]
    guards.now_missing[G] = (1, False)
    holders = Holders(guards)

    assert list(holders.see_end(0)) == []
    assert [list(holders.check_again()) for _ in range(20)] == [[]] * 20
    guards.now_missing[G] = (1, True)

    assert list(holders.check_again()) == [(0, G)]
    assert not holders.uncertain


def test_each_look_knows_all_that_have_ended() -> None:
    guards = Guards()
    guards.marks = {0: [G], 1: [G]}
    holders = Holders(guards)

    for process in (0, 1):
        list(holders.see_end(process))

    assert guards.ended == {0, 1}


def test_at_the_end_there_is_no_other_time() -> None:
    guards = Guards()
    guards.marks[0] = [G]
    guards.now_missing[G] = (1, False)
    holders = Holders(guards)
    assert list(holders.see_end(0)) == []

    assert list(holders.check_again(for_the_last_time=True)) == [(0, G)]
