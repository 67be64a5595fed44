"""Records behave as the dataclasses that a type checker takes them for."""

from __future__ import annotations

import copy
import dataclasses
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.model import records


@records.record(frozen=True, slots=True)
class Ours:
    """A record."""

    x: int
    y: Any = None
    more: dict[str, int] = records.field(default_factory=dict)


@records.record(frozen=True, slots=True)
class Alike:
    """Another one with the same fields."""

    x: int
    y: Any = None
    more: dict[str, int] = records.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, slots=True)
class Theirs:
    """A dataclass with the same fields."""

    x: int
    y: Any = None
    more: dict[str, int] = dataclasses.field(default_factory=dict)


VALUES = st.one_of(st.integers(), st.text(), st.none(), st.tuples(st.integers()))


@given(x=st.integers(), y=VALUES, other=st.integers())
def test_a_record_compares_hashes_and_shows_itself_as_a_dataclass_does(x: int, y: Any, other: int) -> None:
    ours, theirs = Ours(x, y=y, more=None), Theirs(x, y=y, more=None)  # type: ignore[arg-type]  # to have a hash

    assert repr(ours) == repr(theirs).replace("Theirs", "Ours")
    assert (ours == Ours(other, y, None)) == (theirs == Theirs(other, y, None))  # type: ignore[arg-type]
    assert hash(ours) == hash(Ours(x, y, None))  # type: ignore[arg-type]
    assert records.replace(ours, x=other) == Ours(other, y, None)  # type: ignore[arg-type]


def test_a_change_of_what_is_no_field_is_refused() -> None:
    with pytest.raises(TypeError, match="Ours has no field for z"):
        records.replace(Ours(1), z=2)  # type: ignore[call-arg]  # that is what is tested


def test_records_of_two_classes_are_never_equal() -> None:
    others: list[object] = [Alike(1), (1, None, {})]

    assert all(Ours(1) != other for other in others)


def test_a_default_is_made_anew_for_each_record() -> None:
    one, other = Ours(1), Ours(1)

    one.more["a"] = 1

    assert other.more == {}


def test_a_record_is_matched_by_position() -> None:
    match Ours(1, "a"):
        case Ours(x, str(y)):
            assert (x, y) == (1, "a")
        case _:
            pytest.fail("not matched")


@pytest.mark.parametrize("act", [lambda one: setattr(one, "x", 2), lambda one: delattr(one, "x")])
def test_a_record_cannot_be_changed(act: Any) -> None:
    with pytest.raises(AttributeError, match="'x' of a Ours"):
        act(Ours(1))


def test_a_record_has_no_room_for_anything_else() -> None:
    assert not hasattr(Ours(1), "__dict__")


@pytest.mark.parametrize(
    ("given", "named", "said"),
    [
        ((), {}, "Ours needs a value for x"),
        ((1, 2, {}, 4), {}, "Ours has 3 fields, and 4 values were given"),
        ((1,), {"z": 2}, "Ours has no field for z"),
        ((1,), {"x": 2}, "Ours has no field for x"),
    ],
)
def test_a_record_takes_a_value_for_each_field_once(given: Any, named: Any, said: str) -> None:
    with pytest.raises(TypeError, match=said):
        Ours(*given, **named)


def test_a_record_is_always_frozen_and_slotted() -> None:
    with pytest.raises(TypeError, match="frozen"):
        records.record(frozen=False, slots=True)


def test_a_record_survives_copying_and_pickling() -> None:
    one = Ours(1, "a", {"b": 2})

    assert pickle.loads(pickle.dumps(one)) == copy.deepcopy(one) == copy.copy(one) == one


def test_the_fields_of_a_record_are_given_in_order_and_not_copied() -> None:
    more = {"b": 2}

    found = records.fields_of(Ours(1, "a", more))

    assert list(found.items()) == [("x", 1), ("y", "a"), ("more", more)]
    assert found["more"] is more
