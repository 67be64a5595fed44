"""Sizes are bytes, or text with a unit; anything else is refused with a reason."""

from __future__ import annotations

import re
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.describe.yaml.sizes import BYTES, EXAMPLES, SCHEMA, BadSize, size

written = st.tuples(
    st.integers(0, 10_000).map(str),
    st.none() | st.text("0123456789", min_size=1, max_size=4),
    st.sampled_from(list(BYTES)),
)
anything = st.one_of(
    *(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.text("0123456789.KMGiB ", max_size=9)),
    *(st.binary(), st.lists(st.integers()), st.dictionaries(st.text(), st.none())),
)


def read(value: object) -> int | None:
    """The bytes that a value stands for, or None if it is refused."""
    try:
        return size(value)
    except BadSize:
        return None


@pytest.mark.parametrize(
    ("value", "count"),
    [
        (0, 0),
        (1, 1),
        (1 << 60, 1 << 60),
        ("0B", 0),
        ("512MiB", 512 << 20),
        ("1.5GiB", 3 << 29),
        ("10MB", 10_000_000),
        ("2kB", 2_000),
        ("2KiB", 2_048),
        ("0.0005kB", 0),
        ("9007199254740993B", 9_007_199_254_740_993),
    ],
)
def test_a_size_is_a_number_of_bytes(value: object, count: int) -> None:
    assert size(value) == count


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (-1, "a size cannot be negative"),
        ((1 << 60) + 1, "a size is at most 1 EiB, which is 1,048,576 TiB"),
        ("1048577TiB", "a size is at most 1 EiB, which is 1,048,576 TiB"),
        ("-1MiB", "`-1MiB` is not a size"),
        ("", "`` is not a size"),
        ("512", "`512` is not a size"),
        ("512M", "`512M` is not a size"),
        ("1 GiB", "`1 GiB` is not a size"),
        ("1e3B", "`1e3B` is not a size"),
        ("x" * 100, f"`{'x' * 40}` is not a size"),
        (1.5, "expected a size, found the number 1.5"),
        (True, "expected a size, found true"),
        (None, "expected a size, found nothing"),
        ([1], "expected a size, found a list"),
    ],
)
def test_what_is_no_size_is_refused_with_a_reason(value: object, said: str) -> None:
    with pytest.raises(BadSize, match=f"^{re.escape(said)}$"):
        size(value)


@given(written)
def test_text_is_counted_exactly(parts: tuple[str, str | None, str]) -> None:
    whole, rest, unit = parts
    number = whole if rest is None else f"{whole}.{rest}"

    assert size(number + unit) == Fraction(number) * BYTES[unit] // 1


@given(anything)
def test_the_schema_takes_what_is_taken(value: object) -> None:
    number, text = SCHEMA["anyOf"]
    is_whole = isinstance(value, int) and not isinstance(value, bool)
    is_number = is_whole and number["minimum"] <= value <= number["maximum"]
    is_text = isinstance(value, str) and re.fullmatch(text["pattern"], value) is not None

    assert (read(value) is not None) == (is_number or (is_text and not is_too_large(str(value))))


def is_too_large(text: str) -> bool:
    """Whether a size is refused for being too large, which no pattern says."""
    try:
        size(text)
    except BadSize as error:
        return "at most" in str(error)
    return False


def test_the_examples_are_sizes() -> None:
    for example in re.findall(r"\d[\w.]*", EXAMPLES):
        assert read(int(example) if example.isdigit() else example)
