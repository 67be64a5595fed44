"""Encoded arguments: plain data that survives JSON, and comes back as what it was in the child."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.model.arguments import references, resolve

if TYPE_CHECKING:
    from runner.model.json_types import Encoded

scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)
keys = st.none() | st.integers() | st.text(max_size=5)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3), max_leaves=8
)
names = st.sampled_from(["pid", "a.total", "a.lock"])
references_to = names.map(lambda name: {"ref": name})
encoded_values: st.SearchStrategy[Any] = st.recursive(
    scalars
    | references_to
    | st.lists(st.text(max_size=3) | references_to, max_size=3).map(lambda parts: {"text": parts}),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(st.tuples(keys, inner), max_size=3).map(lambda pairs: {"dict": [list(pair) for pair in pairs]})
    ),
    max_leaves=8,
)


def encoded(value: Any) -> Encoded:
    """The value as the module's docstring says."""
    if isinstance(value, dict):
        return {"dict": [[key, encoded(item)] for key, item in value.items()]}
    return [encoded(item) for item in value] if isinstance(value, list) else value


def nothing(name: str) -> object:
    pytest.fail(f"{name} was looked up")


@given(values)
def test_a_value_comes_back_through_json_as_what_it_was(value: object) -> None:
    assert resolve(json.loads(json.dumps(encoded(value))), nothing) == value


@given(encoded_values)
def test_the_references_of_a_value_are_what_is_looked_up_for_it(value: Encoded) -> None:
    asked: set[str] = set()

    resolve(value, asked.add)

    assert references(value) == asked


def test_a_reference_is_the_thing_itself_and_its_text_inside_of_text() -> None:
    thing = object()

    assert resolve({"ref": "a"}, {"a": thing}.__getitem__) is thing
    assert resolve({"text": ["pid ", {"ref": "pid"}]}, {"pid": 7}.__getitem__) == "pid 7"
    assert resolve({"dict": [[{"ref": "pid"}, 1]]}, {"pid": 7}.__getitem__) == {7: 1}


def test_what_nobody_knows_is_an_error_of_the_lookup() -> None:
    known: dict[str, object] = {}

    with pytest.raises(KeyError, match="nobody"):
        resolve([{"ref": "nobody"}], known.__getitem__)


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"ref": "a", "text": []},
        {"ref": 5},
        {"text": "a"},
        {"dict": {"a": 1}},
        {"dict": ["ab"]},
        {"dict": [[1]]},
        {"dict": [[1, 2, 3]]},
        {"other": "a"},
        {"other": [["a", 1]]},
        [[{"other": "a"}]],
    ],
)
def test_what_is_no_encoded_value_is_refused(wrong: Any) -> None:
    with pytest.raises(ValueError, match=r"not |unpack"):
        resolve(wrong, str)
