"""Of the values that targets return, those that JSON gives back unchanged are kept."""

from __future__ import annotations

import collections
import enum
import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.supervise.child.json_values import MAX_BYTES, MAX_DEPTH, json_value


class Number(enum.IntEnum):
    ONE = 1


class Text(str):
    __slots__ = ()


class Raising:
    def __eq__(self, other: object) -> bool:
        raise RuntimeError

    __hash__ = None  # type: ignore[assignment]


def nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth - 1):
        value = [value]
    return value


def circle() -> list[Any]:
    value: list[Any] = []
    value.append(value)
    return value


@pytest.mark.parametrize(
    "value",
    [
        0,
        True,
        "",
        "ä\ud800",
        -0.0,
        0.1234567890123,
        1e300,
        [],
        {},
        {"a": [1, 2.0, None, {"b": "x"}]},
        {"token": "t"},
        "x" * (MAX_BYTES - 2),
        "é" * (MAX_BYTES // 2 - 1),
        "\x00" * (MAX_BYTES // 6),
        nested(MAX_DEPTH),
        10**4000,
    ],
)
def test_a_value_that_json_gives_back_unchanged_is_kept(value: Any) -> None:
    kept = json_value(value)

    assert kept == value
    assert type(json.loads(json.dumps(kept))) is type(value)


@pytest.mark.parametrize(
    "value",
    [
        (),
        [(1, 2)],
        {1: "a"},
        {None: 1},
        {"a": {2.0: 1}},
        {Text("a"): 1},
        math.nan,
        [math.inf],
        -math.inf,
        b"bytes",
        {1, 2},
        1j,
        Number.ONE,
        [Text("a")],
        collections.OrderedDict(a=1),
        collections.defaultdict(int),
        Raising(),
        [Raising()],
        object(),
        "\ud83d\ude00",
        "x" * (MAX_BYTES - 1),
        "é" * (MAX_BYTES // 2),
        "\x00" * (MAX_BYTES // 6 + 1),
        [0] * MAX_BYTES,
        ["x"] * 10_000,
        nested(MAX_DEPTH + 1),
        nested(100_000),
        circle(),
        10**5000,
        1 << 200_000_000,
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_value_that_json_changes_or_that_is_too_long_is_not_kept(value: Any) -> None:
    assert json_value(value) is None


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(codec=None)) | st.binary(),
    lambda inner: st.lists(inner) | st.tuples(inner) | st.dictionaries(st.text() | st.integers(), inner),
)


@given(ANYTHING)
def test_what_is_kept_is_what_comes_back(value: Any) -> None:
    kept = json_value(value)

    if kept is not None:
        assert repr(json.loads(json.dumps(kept))) == repr(value)
