"""From which generators of random numbers a target has drawn, and in which state they were."""

from __future__ import annotations

import copy
import random
import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from runner.supervise.child.random_generators import MAX_ITEMS, MAX_STATES, NUMPYS, drawn, generator_states

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

NUMPY_RANDOM: Any = np.random


@pytest.fixture(autouse=True)
def _numpys_own_without_a_seed() -> Iterator[None]:
    before = NUMPY_RANDOM.get_bit_generator()
    NUMPY_RANDOM.set_bit_generator(np.random.MT19937())
    yield
    NUMPY_RANDOM.set_bit_generator(before)


def found(names: dict[str, Any], act: Callable[[], object]) -> list[str]:
    """The names of the generators that were drawn from in this action."""
    before = generator_states({"__name__": "m"} | names)
    act()
    return [name for name, _ in drawn(before)]


@pytest.mark.parametrize(
    ("made", "draw"),
    [
        (random.Random(), lambda made: made.random()),
        (random.Random(), lambda made: [made.random() for _ in range(5_000)]),
        (np.random.default_rng(), lambda made: made.random()),
        (np.random.Generator(np.random.MT19937()), lambda made: made.random()),
        (np.random.RandomState(), lambda made: made.rand()),
        (np.random.RandomState(np.random.PCG64()), lambda made: made.rand()),
    ],
)
def test_a_generator_of_the_module_is_seen_when_it_is_drawn_from(made: Any, draw: Callable[[Any], object]) -> None:
    assert found({"dice": made}, lambda: None) == []
    assert found({"dice": made}, lambda: draw(made)) == ["`dice` of the module m"]


@pytest.mark.parametrize(
    "made", [np.random.default_rng(7), np.random.default_rng([1, 2]), np.random.RandomState(7), random.SystemRandom()]
)
def test_one_with_a_seed_or_without_a_state_is_none(made: Any) -> None:
    assert found({"dice": made}, made.random) == []


@pytest.mark.parametrize(
    "seed",
    [
        lambda made: made.seed(7),
        lambda made: made.setstate(random.Random(7).getstate()),
        lambda made: [made.getrandbits(32 * 624) for _ in range(MAX_STATES + 2)],  # too many to tell
    ],
)
def test_one_that_gets_a_seed_in_the_target_is_none(seed: Callable[[random.Random], object]) -> None:
    made = random.Random()

    assert found({"dice": made}, lambda: (seed(made), made.random())) == []


def test_numpys_global_generator_is_seen_until_it_gets_a_seed() -> None:
    assert found({}, np.random.rand) == [NUMPYS]
    assert found({}, lambda: (np.random.seed(7), np.random.rand())) == []
    assert found({}, np.random.rand) == []


def test_the_same_numbers_are_told_alike_and_others_are_not() -> None:
    def roll(names: dict[str, Any], times: int) -> list[tuple[str, int]]:
        before = generator_states(names)
        names["dice"].getrandbits(32 * times)
        return list(drawn(before))

    first, second = ({"__name__": "m", "dice": dice} for dice in [random.Random()] * 2)
    second["dice"] = copy.copy(first["dice"])

    assert roll(first, 3) == roll(second, 3)
    assert roll(first, 3) != roll(second, 4)


def test_generators_of_other_modules_and_in_objects_are_seen_each_once() -> None:
    class Table:
        def __init__(self) -> None:
            self.dice = random.Random()
            self.name = "green"

    Table.__module__ = "m"
    table, other = Table(), ModuleType("casino.rooms")
    other.dice = table.dice  # type: ignore[attr-defined]  # that is what is tested
    mine = random.Random()
    names = {"mine": mine, "again": mine, "table": table, "rooms": other, "random": random, "np": np}

    assert sorted(found(names, lambda: (mine.random(), table.dice.random()))) == [
        "`mine` of the module m",
        "`table.dice` of the module m",
    ]
    assert found({"rooms": other}, table.dice.random) == ["`dice` of the module casino.rooms"]


class Table:
    """A class that has a generator."""

    dice: Any = random.Random()


def test_generators_that_classes_and_containers_hold_are_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, third, fourth = (random.Random() for _ in range(4))
    module, other = ModuleType("m"), ModuleType("casino")
    monkeypatch.setitem(sys.modules, "m", module)
    monkeypatch.setattr(Table, "__module__", "m")
    monkeypatch.setattr(Table, "dice", first)
    names = {"Table": Table, "row": [1, second], "pair": (third,), "by_name": {"a": fourth}, "casino": other}
    module.__dict__.update(names)

    def roll() -> None:
        for each in (first, second, third, fourth):
            each.random()

    assert found(names, roll) == [
        "`by_name['a']` of the module m",
        "`pair[0]` of the module m",
        "`row[1]` of the module m",
        "`Table.dice` of the module m",
    ]
    other.__dict__.update({"row": [first], "Table": Table})
    assert found({"casino": other}, first.random) == ["`row[0]` of the module casino"]


def test_generators_that_libraries_hold_and_those_in_large_containers_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    made, installed = random.Random(), ModuleType("torch")
    installed.__file__ = "/x/site-packages/torch.py"
    monkeypatch.setitem(sys.modules, "torch", installed)
    monkeypatch.setattr(Table, "dice", made)
    installed.__dict__.update({"row": [made], "Table": Table})
    names: dict[str, Any] = {"torch": installed, "row": [made] * (MAX_ITEMS + 1), "Table": Table, "__row__": [made]}

    for module in ("torch", "random", "no_such_module"):
        monkeypatch.setattr(Table, "__module__", module)
        assert found(names, made.random) == []


@pytest.mark.parametrize(
    ("source", "is_seen"),
    [
        ("row = [\n  random.Random(),\n]\n", True),
        ("row = [\n  random.Random(1),\n]\n", False),
        ("row = [random.Random()]\nrow[0].seed(3)\n", False),
        ("def make(seed):\n    return Random(seed)\nrow = [make(1)]\n", False),
    ],
)
def test_where_the_source_gives_any_seed_a_held_generator_may_have_it(
    source: str, is_seen: bool, tmp_path: Path
) -> None:
    (tmp_path / "m.py").write_text(source)
    made, numpys = random.Random(), np.random.default_rng()
    names = {"row": [made], "others": [numpys], "__file__": str(tmp_path / "m.py")}

    assert bool(found(names, made.random)) is is_seen
    assert found(names, numpys.random) == ["`others[0]` of the module m"]


@pytest.mark.parametrize(
    ("source", "is_seen"),
    [
        ("dice = random.Random()\n", True),
        ("dice: Random = Random(7)\n", False),
        ("dice = random.Random()\ndice.seed(7)\n", False),
        ("other = Random(7)\n", True),
        ("dice = make(b'\xff')\n", True),
        (None, True),
    ],
)
def test_a_seed_in_the_source_of_the_module_is_seen(source: str | None, is_seen: bool, tmp_path: Path) -> None:
    file = tmp_path / "m.py"
    if source is not None:
        file.write_text(source, encoding="latin-1")
    made = random.Random()
    other = ModuleType("casino")
    other.__file__ = str(file)
    other.dice = made  # type: ignore[attr-defined]  # that is what is tested

    assert bool(found({"dice": made, "__file__": str(file)}, made.random)) is is_seen
    assert bool(found({"casino": other}, made.random)) is is_seen


def test_what_is_put_in_the_place_of_numpys_functions_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(np.random, "get_state", lambda: {"bit_generator": "PCG64"})

    assert found({}, np.random.rand) == []


def test_where_no_library_of_random_numbers_is_loaded_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "numpy.random")
    monkeypatch.delitem(sys.modules, "random")

    assert generator_states({"__name__": "m", "dice": 1}) == []
