"""Scalars mean what YAML 1.2 says, and who expects YAML 1.1 is told what to write."""

from __future__ import annotations

import math

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from runner.describe.yaml.scalars import MAX_DIGITS, BadScalar, old_meaning, plain, shortened, tagged


@pytest.mark.parametrize(
    ("text", "value"),
    [
        *[(text, None) for text in ("", "~", "null", "Null", "NULL")],
        *[(text, True) for text in ("true", "True", "TRUE")],
        *[(text, False) for text in ("false", "False", "FALSE")],
        ("0", 0),
        ("-0", 0),
        ("+5", 5),
        ("-12", -12),
        ("1_000_000", 1_000_000),
        ("0o17", 15),
        ("0o7_7", 63),
        ("0x1F", 31),
        ("0xdead_beef", 0xDEADBEEF),
        ("1.5", 1.5),
        ("1.", 1.0),
        (".5", 0.5),
        ("-.5", -0.5),
        ("0.0", 0.0),
        ("1e3", 1000.0),
        ("+1.5E-3", 0.0015),
        ("1_0.2_5", 10.25),
        (".inf", math.inf),
        ("+.Inf", math.inf),
        ("-.INF", -math.inf),
    ],
)
def test_a_word_or_a_number_is_a_value(text: str, value: object) -> None:
    found = plain(text)

    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize("text", [".nan", ".NaN", ".NAN"])
def test_a_nan_is_a_number(text: str) -> None:
    value = plain(text)

    assert isinstance(value, float)
    assert math.isnan(value)


@pytest.mark.parametrize(
    "text",
    [
        *["no", "on", "y", "tRUE", "nULL", "truth", "nan", "inf", ".nAn", "한글", "１２", "٣"],
        *["1:30", "012", "00", "-01", "0o", "0o8", "0x", "0xg", "-0x1", "+0o7", "0b1", "1__0", "1_", "_1", "1._5"],
        *[".", "-", "+", "..", "1.2.3", "1e", "e1", "1e1.5", "1 000", "1,5", "2024-01-31", "-.in", "0x1_"],
    ],
)
def test_anything_else_is_text(text: str) -> None:
    assert plain(text) == text


@given(st.integers())
def test_a_whole_number_is_read_as_python_writes_it(value: int) -> None:
    assert plain(str(value)) == plain(f"{value:_}") == value
    assert plain(hex(abs(value))) == plain(oct(abs(value))) == abs(value)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_number_is_read_as_python_writes_it(value: float) -> None:
    found = plain(repr(value))

    assert isinstance(found, float)
    assert repr(found) == repr(value)


@given(st.text() | st.text("+-.0123456789_eExoabinfINF~:", max_size=9))
def test_a_text_means_one_thing_or_is_refused_as_a_number(text: str) -> None:
    try:
        value = plain(text)
    except BadScalar:
        assert float(text) in (math.inf, -math.inf)
    else:
        assert value == text or not isinstance(value, str)


def test_a_whole_number_has_at_most_so_many_digits_as_python_can_write() -> None:
    longest = plain("0x" + "f" * (MAX_DIGITS - 2))

    assert len(str(longest)) > MAX_DIGITS
    assert plain("9" * MAX_DIGITS) == int("9" * MAX_DIGITS)
    for text in ("9" * (MAX_DIGITS + 1), "0x" + "f" * (MAX_DIGITS - 1)):
        with pytest.raises(BadScalar, match="a number of 3,501 digits is too long: at most 3,500 are read"):
            plain(text)


@pytest.mark.parametrize("text", ["1e309", "-1e309", "1" + "0" * 400 + ".0"])
def test_a_number_beyond_the_largest_is_refused(text: str) -> None:
    with pytest.raises(BadScalar, match=r"is larger than the largest number, about 1\.8e308"):
        plain(text)


@pytest.mark.parametrize(
    ("text", "kind", "value"),
    [
        ("12", "str", "12"),
        ("", "str", ""),
        ("~", "null", None),
        ("", "null", None),
        ("true", "bool", True),
        ("12", "int", 12),
        ("0x1F", "int", 31),
        ("1.5", "float", 1.5),
        ("12", "float", 12.0),
        ("-.inf", "float", -math.inf),
    ],
)
def test_a_tag_holds_where_the_text_can_mean_it(text: str, kind: str, value: object) -> None:
    found = tagged(text, kind)

    assert (type(found), found) == (type(value), value)


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        *[("0", "null"), ("x", "null"), ("false", "null")],
        *[("1", "bool"), ("yes", "bool"), ("", "bool")],
        *[("x", "int"), ("", "int"), ("1.0", "int"), ("true", "int"), ("012", "int")],
        *[("x", "float"), ("", "float"), ("true", "float"), ("nan", "float")],
    ],
)
def test_a_tag_that_does_not_hold_is_refused(text: str, kind: str) -> None:
    with pytest.raises(BadScalar) as caught:
        tagged(text, kind)

    assert str(caught.value) == f"`{text}` does not match its tag `!!{kind}`"


def test_a_long_text_is_shortened_where_its_tag_is_refused() -> None:
    with pytest.raises(BadScalar) as caught:
        tagged("한글 " * 30, "int")

    assert str(caught.value) == f"`{'한글 ' * 13}…` does not match its tag `!!int`"


@pytest.mark.parametrize(
    ("text", "write"),
    [
        ("012", "12, or 0o12 if octal is meant"),
        ("0_17", "17, or 0o17 if octal is meant"),
        ("+012", "12, or 0o12 if octal is meant"),
        ("000", "0, or 0o0 if octal is meant"),
        ("1:30", "90"),
        ("1:00:00", "3600"),
        ("12:5", "725"),
    ],
)
def test_what_yaml_1_1_took_for_a_number_is_told(text: str, write: str) -> None:
    assert old_meaning(text, "a whole number") == f"`{text}` is text in YAML 1.2; write {write}"


@pytest.mark.parametrize(
    ("text", "write"),
    [
        *[(text, "false") for text in ("no", "No", "NO", "off", "OFF", "n", "N")],
        *[(text, "true") for text in ("yes", "Yes", "YES", "on", "On", "y", "Y")],
    ],
)
def test_what_yaml_1_1_took_for_a_bool_is_told_where_one_is_expected(text: str, write: str) -> None:
    assert old_meaning(text, "true or false") == f"`{text}` is text in YAML 1.2; write {write}"
    assert old_meaning(text, "a number") is None


@pytest.mark.parametrize("text", ["", "nope", "none", "0", "12", "0x12", "0o12", "1:60", "1:", ":30", "123:4", "한글"])
def test_a_text_that_yaml_1_1_took_for_the_same_needs_no_words(text: str) -> None:
    assert old_meaning(text, "a number") is None
    assert old_meaning(text, "true or false") is None


@given(st.integers(1, 99), st.lists(st.integers(0, 59), min_size=1, max_size=3), st.booleans())
def test_sixties_are_translated_as_yaml_1_1_read_them(first: int, more: list[int], padded: bool) -> None:
    text = ":".join([str(first), *[f"{part:02}" if padded else str(part) for part in more]])

    assert old_meaning(text, "a number") == f"`{text}` is text in YAML 1.2; write {yaml.safe_load(text)}"


@given(st.integers(0, 0o7777))
def test_octal_numbers_are_translated_as_yaml_1_1_read_them(value: int) -> None:
    text = f"0{value:o}"
    said = old_meaning(text, "a whole number")
    assert said is not None

    octal = said.partition("or ")[2].partition(" ")[0]

    assert plain(octal) == yaml.safe_load(text) == value


@given(st.text("0123456789:_+-", max_size=6))
def test_only_text_has_an_old_meaning(text: str) -> None:
    assert old_meaning(text, "a number") is None or plain(text) == text


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a", "a"),
        (" a\n\n b\tc ", "a b c"),
        ("가\u3000나", "가 나"),
        ("x" * 40, "x" * 40),
        ("x" * 41, "x" * 39 + "…"),
        ("", ""),
    ],
)
def test_a_text_is_shown_in_one_short_line(text: str, line: str) -> None:
    assert shortened(text) == line


@given(st.text(), st.integers(1, 50))
def test_a_shortened_text_is_never_longer_than_its_limit(text: str, limit: int) -> None:
    line = shortened(text, limit)

    assert len(line) <= limit
    assert len(line.splitlines()) <= 1
