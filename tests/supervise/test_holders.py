"""Who died with a permit, as far as it can be told from marks and from what is missing."""

from __future__ import annotations

from runner.supervise.holders import LOOKS, Holders


class Guards:
    """Guards of which a test says who marked them and what is missing."""

    def __init__(self, *guards: str) -> None:
        self.marks: dict[int, list[str]] = {}
        self.now_missing: dict[str, tuple[int, bool]] = dict.fromkeys(guards, (0, True))

    def marked(self, process: int) -> list[str]:
        return list(self.marks.get(process, ()))

    def missing(self, guard: str, dead: int) -> tuple[int, bool]:
        assert guard in self.marks[dead]
        return self.now_missing[guard]

    def clear_marks(self, guard: str, process: int) -> None:
        self.marks[process].remove(guard)


def test_who_ends_without_a_mark_held_nothing() -> None:
    guards = Guards("g")
    guards.now_missing["g"] = (1, True)

    assert list(Holders(guards).see_end(0)) == []


def test_a_mark_is_no_permit() -> None:
    guards = Guards("g")
    guards.marks[0] = ["g"]
    holders = Holders(guards)

    assert list(holders.see_end(0)) == []
    assert (holders.lost.permits, holders.uncertain, guards.marks[0]) == ({}, False, [])


def test_permits_that_died_with_one_are_not_those_of_the_next() -> None:
    guards = Guards("g")
    guards.marks = {0: ["g"], 1: ["g"], 2: ["g"]}
    holders = Holders(guards)

    guards.now_missing["g"] = (2, True)
    assert list(holders.see_end(0)) == [(0, "g")]
    assert list(holders.see_end(1)) == []
    guards.now_missing["g"] = (3, True)
    assert list(holders.see_end(2)) == [(2, "g")]
    assert holders.lost.permits == {"g": 3}


def test_one_may_die_with_permits_of_several_guards() -> None:
    guards = Guards("g", "h")
    guards.marks[0] = ["g", "h"]
    guards.now_missing = {"g": (1, True), "h": (1, True)}
    holders = Holders(guards)

    assert list(holders.see_end(0)) == [(0, "g"), (0, "h")]
    assert holders.lost.permits == {"g": 1, "h": 1}


def test_what_is_uncertain_is_looked_at_again_until_it_is_certain() -> None:
    guards = Guards("g")
    guards.marks[0] = ["g"]
    guards.now_missing["g"] = (1, False)
    holders = Holders(guards)

    assert list(holders.see_end(0)) == []
    assert holders.uncertain
    guards.now_missing["g"] = (0, True)
    assert list(holders.look_again()) == []
    assert not holders.uncertain


def test_what_stays_uncertain_is_taken_for_certain_at_last() -> None:
    guards = Guards("g")
    guards.marks[0] = ["g"]
    guards.now_missing["g"] = (1, False)
    holders = Holders(guards)

    looks = [list(holders.see_end(0)), *(list(holders.look_again()) for _ in range(LOOKS - 1))]

    assert looks == [[]] * (LOOKS - 1) + [[(0, "g")]]
    assert not holders.uncertain


def test_at_the_end_there_is_no_other_time() -> None:
    guards = Guards("g")
    guards.marks[0] = ["g"]
    guards.now_missing["g"] = (1, False)
    holders = Holders(guards)
    assert list(holders.see_end(0)) == []

    assert list(holders.look_again(for_the_last_time=True)) == [(0, "g")]
