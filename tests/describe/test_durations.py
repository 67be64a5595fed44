"""Durations are seconds, or text made of units; anything else is refused with a reason."""

from __future__ import annotations

import math
import re
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.describe.yaml.durations import EXAMPLES, MAX_DURATION_S, PATTERN, SECONDS, BadDuration, limit, seconds

UNITS = {"d": Fraction(86_400), "h": Fraction(3_600), "m": Fraction(60), "s": Fraction(1), "ms": Fraction(1, 1_000)}

whole = st.integers(0, 10_000).map(str)
amounts = whole | st.tuples(whole, st.text("0123456789", min_size=1, max_size=4)).map(".".join)
written = st.dictionaries(st.sampled_from(list(UNITS)), amounts, min_size=1)
almost = st.text("0123456789.dhms- ", max_size=12)
anything = st.one_of(
    *(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), almost, st.binary()),
    *(st.lists(st.integers()), st.dictionaries(st.text(), st.none()), st.integers(10**300, 10**400)),
)


def read(value: object) -> float | None:
    """The seconds that a value stands for, or None if it is refused."""
    try:
        return seconds(value)
    except BadDuration:
        return None


@pytest.mark.parametrize(
    ("value", "length"),
    [
        (0, 0.0),
        (2, 2.0),
        (0.5, 0.5),
        ("500ms", 0.5),
        ("1.5s", 1.5),
        ("1m30s", 90.0),
        ("2h", 7_200.0),
        ("1d2h3m4s5ms", 93_784.005),
        ("0.5d", 43_200.0),
        ("90m", 5_400.0),
        ("0s", 0.0),
        ("007s", 7.0),
    ],
)
def test_a_duration_is_a_number_of_seconds(value: object, length: float) -> None:
    found = seconds(value)

    assert (type(found), found) == (float, length)


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (None, "expected a duration, found nothing"),
        (True, "expected a duration, found true"),
        (False, "expected a duration, found false"),
        ([1], "expected a duration, found a list"),
        ({}, "expected a duration, found a mapping"),
        ("", "`` is not a duration"),
        ("5", "`5` is not a duration"),
        ("5 s", "`5 s` is not a duration"),
        ("5s ", "`5s ` is not a duration"),
        ("5s\n", "`5s\n` is not a duration"),
        ("5S", "`5S` is not a duration"),
        ("5sec", "`5sec` is not a duration"),
        ("30s1m", "`30s1m` is not a duration"),
        ("1s1s", "`1s1s` is not a duration"),
        (".5s", "`.5s` is not a duration"),
        ("1.s", "`1.s` is not a duration"),
        ("1:30", "`1:30` is not a duration"),
        ("５s", "`５s` is not a duration"),
        ("5초", "`5초` is not a duration"),
        ("한" * 50, f"`{'한' * 40}` is not a duration"),
        ("-x", "`-x` is not a duration"),
        ("--1s", "`--1s` is not a duration"),
        (-1, "a duration cannot be negative"),
        (-0.001, "a duration cannot be negative"),
        ("-1m30s", "a duration cannot be negative"),
        (math.nan, "a duration must be finite"),
        (math.inf, "a duration must be finite"),
        (-math.inf, "a duration must be finite"),
        (10**400, "a duration must be finite"),
        ("9" * 400 + "s", "a duration must be finite"),
        (1_000_000_000.5, "a duration is at most 1,000,000,000 s, which is 31 years"),
        (9_999_999_999, "a duration is at most 1,000,000,000 s, which is 31 years"),
        ("5000000h", "a duration is at most 1,000,000,000 s, which is 31 years"),
        ("never", "`never` is not a duration"),
    ],
)
def test_what_is_no_duration_is_refused_with_the_reason(value: object, said: str) -> None:
    with pytest.raises(BadDuration) as caught:
        seconds(value)

    assert str(caught.value) == said


@given(written)
def test_a_text_of_units_lasts_as_long_as_they_do_together(parts: dict[str, str]) -> None:
    text = "".join(f"{parts[unit]}{unit}" for unit in UNITS if unit in parts)

    assert seconds(text) == pytest.approx(float(sum(Fraction(parts[unit]) * UNITS[unit] for unit in parts)), rel=1e-12)


@given(written, st.data())
def test_units_have_one_order_and_each_stands_once(parts: dict[str, str], more: st.DataObject) -> None:
    units = [unit for unit in UNITS if unit in parts]
    wrong = more.draw(st.permutations(units).filter(lambda order: order != units) if units[1:] else st.just(units * 2))

    assert read("".join(f"{parts[unit]}{unit}" for unit in wrong)) is None
    assert read("".join(f"{parts[unit]}{unit}" for unit in [units[0], *units])) is None


@given(st.floats(0, MAX_DURATION_S) | st.integers(0, MAX_DURATION_S))
def test_a_number_lasts_as_many_seconds(value: float) -> None:
    assert seconds(value) == float(value)


@given(anything)
def test_any_value_is_a_length_of_time_or_refused_as_a_bad_duration(value: object) -> None:
    length = read(value)

    assert length is None or 0 <= length <= MAX_DURATION_S


@pytest.mark.parametrize(
    ("value", "length"), [(None, None), ("never", None), ("1m", 60.0), (0, 0.0), (MAX_DURATION_S, 1e9)]
)
def test_a_limit_is_a_duration_or_never(value: object, length: float | None) -> None:
    assert limit(value) == length


@pytest.mark.parametrize("value", ["Never", "forever", MAX_DURATION_S + 1, True])
def test_a_limit_is_nothing_else(value: object) -> None:
    with pytest.raises(BadDuration):
        limit(value)


@given(almost | written.map(lambda parts: "".join(f"{amount}{unit}" for unit, amount in parts.items())))
def test_the_pattern_of_the_schema_says_the_same(text: str) -> None:
    try:
        seconds(text)
    except BadDuration as error:
        is_written_right = "at most" in str(error)  # no pattern can say how long a duration may be
    else:
        is_written_right = True

    assert (re.search(PATTERN, text) is not None) == is_written_right


def test_the_examples_are_durations() -> None:
    numbers, _, texts = EXAMPLES.removeprefix("seconds (").partition(") or text such as ")

    assert [seconds(float(number)) for number in numbers.split(", ")] == [2.0, 0.5]
    assert [seconds(text) for text in texts.split(", ")] == [0.5, 1.5, 90.0, 7_200.0]


def test_units_are_told_largest_first() -> None:
    assert list(SECONDS) == list(UNITS)
    assert list(SECONDS.values()) == [float(length) for length in UNITS.values()]
