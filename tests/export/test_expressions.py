"""Values become expressions that give them back."""

from __future__ import annotations

import ast
import math
from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from runner.export.code.expressions import arguments, expression, literal, seconds, tuple_of

if TYPE_CHECKING:
    from runner.model.json_types import Encoded

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
TREES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4), max_leaves=10)


@given(SCALARS)
def test_a_scalar_comes_back_from_its_literal(value: object) -> None:
    assert ast.literal_eval(literal(value)) == value


@given(TREES)
def test_a_list_comes_back_from_its_expression(value: Encoded) -> None:
    assert ast.literal_eval(expression(value, str)) == value


@given(st.dictionaries(st.text() | st.integers(), SCALARS, max_size=4))
def test_a_mapping_comes_back_from_its_expression(mapping: dict[str | int, Encoded]) -> None:
    encoded: Encoded = {"dict": [[key, value] for key, value in mapping.items()]}

    assert ast.literal_eval(expression(encoded, str)) == mapping


@given(st.lists(st.text() | st.just({"ref": "item"}), min_size=1))
def test_text_with_references_is_an_f_string_that_says_the_same(parts: list[Encoded]) -> None:
    code = expression({"text": parts}, str)

    assert eval(code, {"item": 7}) == "".join("7" if isinstance(part, dict) else str(part) for part in parts)


def test_text_without_references_is_no_f_string() -> None:
    assert expression({"text": ["day ", 1]}, str) == '"day 1"'


def test_a_reference_is_what_the_look_gives() -> None:
    assert expression({"ref": "pid"}, {"pid": "os.getpid()"}.__getitem__) == "os.getpid()"


def test_quotes_are_those_that_need_fewer_backslashes() -> None:
    assert literal("it's") == '"it\'s"'
    assert literal('say "yes"') == "'say \"yes\"'"
    assert literal("plain") == '"plain"'


def test_the_digits_of_large_numbers_are_grouped() -> None:
    assert [literal(number) for number in (9999, 10_000, -1_000_000)] == ["9999", "10_000", "-1_000_000"]


def test_numbers_that_python_has_no_literal_for_are_made() -> None:
    assert eval(literal(math.inf)) == math.inf
    assert math.isnan(eval(literal(math.nan)))


def test_a_duration_has_a_fraction_only_if_it_needs_one() -> None:
    assert [seconds(2.0), seconds(0.25)] == ["2", "0.25"]


def test_a_tuple_of_one_has_a_comma() -> None:
    assert [tuple_of(["a"]), tuple_of(["a", "b"])] == ["(a,)", "(a, b)"]


def test_named_arguments_come_after_the_others() -> None:
    assert arguments(["item"], [("timeout", "1")]) == "item, timeout=1"


def test_what_can_be_no_name_is_given_in_a_mapping() -> None:
    assert arguments(["item"], [("class", "1"), ("a", "2"), ("a b", "3")]) == 'item, a=2, **{"class": 1, "a b": 3}'
