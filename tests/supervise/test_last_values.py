"""What shared things hold in the end, whatever was put into them."""

from __future__ import annotations

import fractions
import json
import multiprocessing
import os
import pickle
import signal
import struct
import threading
from collections import Counter
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.model.shared_things import SharedManaged, SharedQueue, SharedValue
from runner.supervise.sharing import last_values
from runner.supervise.sharing.last_values import MAX_DEPTH, MAX_ENTRIES, as_json, items_left, of, of_array

if TYPE_CHECKING:
    from collections.abc import Iterator

CONTEXT = multiprocessing.get_context("fork")


@pytest.fixture
def queue() -> Iterator[Any]:
    made: Any = CONTEXT.Queue()
    yield made
    made._reader.close()
    made._writer.close()


def sent(queue: Any, *items: object) -> Any:
    """The queue with these items in its pipe."""
    for item in items:
        queue._writer.send_bytes(pickle.dumps(item))
    return queue


def left(queue: Any) -> Any:
    return of(SharedQueue("q"), queue)


def test_a_queue_has_left_what_nobody_got(queue: Any) -> None:
    assert left(queue) == []
    sent(queue, 1, "two", [3, None], {"four": 4.5})

    assert left(queue) == [1, "two", [3, None], {"four": 4.5}]
    assert left(queue) == []


def test_of_ten_thousand_items_the_first_are_told_and_the_others_counted(queue: Any) -> None:
    items = 10_000
    filling = threading.Thread(target=sent, args=(queue, *range(items)))
    descriptor = queue._reader.fileno()
    filling.start()

    found: list[object] = []
    while len(found) < items:
        found += items_left(descriptor)
    filling.join()

    assert found == list(range(items))
    shown = as_json(found)
    assert isinstance(shown, list)
    assert (shown[:-1], shown[-1]) == (list(range(MAX_ENTRIES)), "<9,000 more>")


def test_half_an_item_is_none(queue: Any) -> None:
    data = pickle.dumps("half")
    sent(queue, "whole")
    os.write(queue._writer.fileno(), struct.pack("!i", len(data)) + data[:-1])

    assert left(queue) == ["whole"]


@pytest.mark.parametrize("item", [1, "a text.", ["a", {"list": 2.5}], b"." * 1_000, Counter("abc"), None])
def test_an_item_whose_getter_was_killed_after_reading_its_size_is_none(item: object, queue: Any) -> None:
    sent(queue, item, 2, item)

    os.read(queue._reader.fileno(), 4)

    assert left(queue)[0] == 2
    assert len(left(sent(queue, item, 2, item))) == 3


@pytest.mark.parametrize("read", [5, 20, 999])
def test_what_lies_behind_an_item_of_which_a_part_was_read_is_no_item(read: int, queue: Any) -> None:
    sent(queue, bytes(1_000), 2)

    os.read(queue._reader.fileno(), read)

    assert left(queue) == ["<what lies behind a part of an item cannot be read>"]


def test_the_rest_of_an_item_may_be_all_that_is_left(queue: Any) -> None:
    data = pickle.dumps("half")
    os.write(queue._writer.fileno(), data[:-1])

    assert left(queue) == []


@pytest.mark.parametrize("head", [b"\0", b"\0\0\0", struct.pack("!i", -1) + b"\0\0", struct.pack("!i", -7)])
def test_half_a_head_is_none(head: bytes, queue: Any) -> None:
    sent(queue, "whole")
    os.write(queue._writer.fileno(), head)

    assert left(queue) == ["whole"]


def test_an_item_may_say_its_size_in_eight_bytes(queue: Any) -> None:
    data = pickle.dumps("long")
    os.write(queue._writer.fileno(), struct.pack("!i", -1) + struct.pack("!Q", len(data)) + data)

    assert left(sent(queue, "short")) == ["long", "short"]


def boom() -> None:
    raise RuntimeError("somebody's code was run")


class Booby:
    def __reduce__(self) -> tuple[object, ...]:
        return boom, ()


def test_no_code_of_others_is_run_to_read_an_item(queue: Any) -> None:
    sent(queue, Booby(), fractions.Fraction(1, 2), 3)

    assert left(queue) == [f"<an object of {__name__}.boom>", "<an object of fractions.Fraction>", 3]


def test_what_is_no_pickle_cannot_be_read(queue: Any) -> None:
    sent(queue, 1)._writer.send_bytes(b"no pickle")

    assert left(sent(queue, 1)) == [1, "<cannot be read: UnpicklingError>", 1]


class Unspeakable:
    def __repr__(self) -> str:
        raise KeyboardInterrupt


def deep(levels: int) -> Any:
    value: Any = "bottom"
    for _ in range(levels):
        value = [value]
    return value


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (float("inf"), "inf"),
        (float("nan"), "nan"),
        ((1, (2,)), [1, [2]]),
        ({1: "a", None: {"b": b"c"}}, {"1": "a", "None": {"b": "b'c'"}}),
        ({1, 2}, "{1, 2}"),
        (Unspeakable(), "<Unspeakable whose __repr__ raises>"),
        ({"x": 1j}, {"x": "1j"}),
    ],
)
def test_what_json_lacks_is_shown(value: object, shown: object) -> None:
    assert as_json(value) == shown


def test_of_a_large_mapping_the_first_entries_are_told() -> None:
    shown = as_json(dict.fromkeys(map(str, range(MAX_ENTRIES + 5))))

    assert isinstance(shown, dict)
    assert list(shown) == list(map(str, range(MAX_ENTRIES)))


def test_what_is_too_deep_is_shown_from_there() -> None:
    text = json.dumps(as_json(deep(MAX_DEPTH + 5)))

    assert text.count('"') == 2
    assert text.startswith("[" * MAX_DEPTH + '"[[[[[')


plain = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=10,
)


@given(plain)
def test_what_is_json_is_told_as_it_is(value: Any) -> None:
    assert as_json(value) == value
    assert json.loads(json.dumps(as_json(value))) == value


@given(st.recursive(st.binary() | st.integers() | st.floats(), lambda inner: st.tuples(inner) | st.sets(st.integers())))
def test_whatever_it_is_it_becomes_json(value: object) -> None:
    json.dumps(as_json(value), allow_nan=False)


def test_a_value_is_its_number_and_infinity_has_a_name() -> None:
    assert of(SharedValue("x", "int64", 0), CONTEXT.Value("q", 5)) == 5
    assert of(SharedValue("x", "int64", 0, locked=False), CONTEXT.RawValue("q", 6)) == 6
    assert of(SharedValue("x", "float64", 0), CONTEXT.Value("d", float("inf"))) == "inf"


def test_a_value_whose_lock_somebody_died_with_is_read_all_the_same() -> None:
    value = CONTEXT.Value("q", 5)
    value.get_lock().acquire()

    other = threading.Thread(target=lambda: found.append(of(SharedValue("x", "int64", 0), value)))
    found: list[object] = []
    other.start()
    other.join(20)

    assert found == [5]


def test_the_numbers_of_an_array_are_those_of_its_type() -> None:
    assert of_array(struct.pack("3h", 1, -2, 3), "int16") == [1, -2, 3]
    assert of_array(struct.pack("2d", 0.5, float("nan")), "float64") == [0.5, "nan"]
    assert of_array(b"\x01\x00", "bool") == [True, False]


class Endless:
    """Stands for what lives in a manager that does not answer."""

    def _getvalue(self) -> object:
        signal.pause()
        raise AssertionError("no signal but ours comes here")


def test_a_manager_that_does_not_answer_is_waited_for_a_while(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(last_values, "PATIENCE_S", 0.01)

    value = of(SharedManaged("d", "dict", {"dict": []}), Endless())

    assert value == "<cannot be read: TimeoutError: it takes longer than 0.01 s>"


def test_of_a_number_that_no_line_has_room_for_the_size_is_told() -> None:
    assert as_json(1 << 100_000) == "<a whole number of 100,001 bits>"
