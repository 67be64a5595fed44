"""A mistyped name is answered with the nearest one, or with all there are."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.describe.yaml.suggestions import listed, nearest, suggestion

KEYS = ["target", "class", "args", "kwargs", "daemon", "join_timeout"]

names = st.text(max_size=12)


@pytest.mark.parametrize(
    ("word", "name"),
    [
        ("daemn", "daemon"),
        ("Daemon", "daemon"),
        ("TARGET", "target"),
        ("join-timeout", "join_timeout"),
        ("arg", "args"),
        ("karwgs", "kwargs"),
        ("xyz", None),
        ("", None),
    ],
)
def test_the_nearest_name_is_found_in_any_case(word: str, name: str | None) -> None:
    assert nearest(word, KEYS) == name


def test_a_name_is_given_as_it_is_written() -> None:
    assert nearest("sigterm", ["SIGKILL", "SIGTERM"]) == "SIGTERM"
    assert nearest("작업일", ["작업이", "다른"]) == "작업이"


def test_nothing_is_near_where_there_is_nothing() -> None:
    assert nearest("a", []) is None


@given(names, st.lists(names))
def test_a_name_that_is_there_is_its_own_nearest(word: str, others: list[str]) -> None:
    found = nearest(word, [*others, word])

    assert found == word


@given(names, st.lists(names))
def test_the_nearest_is_one_of_the_choices(word: str, choices: list[str]) -> None:
    found = nearest(word, choices)

    assert found is None or found in choices


@pytest.mark.parametrize(
    ("word", "choices", "help"),
    [
        ("daemn", KEYS, "did you mean `daemon`?"),
        ("xyz", ["a", "b", "a"], "keys: `a`, `b`"),
        ("xyz", [], None),
    ],
)
def test_the_nearest_name_is_suggested_or_all_are_listed(word: str, choices: list[str], help: str | None) -> None:
    assert suggestion(word, choices, "keys") == help


def test_names_are_listed_until_there_are_too_many() -> None:
    many = [f"{number}" for number in range(34)]

    assert listed([]) == ""
    assert listed(["하나", "둘"]) == "`하나`, `둘`"
    assert listed(many[:32]).endswith("`30`, `31`")
    assert listed(many).endswith("`30`, `31`, and 2 more")
