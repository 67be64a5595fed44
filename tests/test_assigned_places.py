"""How places in shared things are called."""

from __future__ import annotations

from typing import Any

import pytest

from runner.model.assigned_places import place_of


@pytest.mark.parametrize(
    ("kind", "at", "place"),
    [
        ("value", 0, "x"),
        ("raw_value", 0, "x"),
        ("array", 2, "x[2]"),
        ("array", -1, None),
        ("list", 0, "x[0]"),
        ("list", {"ref": "n"}, None),
        ("dict", "a b", "x['a b']"),
        ("dict", 1, None),
        ("namespace", "n", "x.n"),
        ("namespace", {"ref": "n"}, None),
    ],
)
def test_a_place_is_called_as_in_python(kind: str, at: Any, place: str | None) -> None:
    assert place_of({"to": {"ref": "x"}, "kind": kind, "at": at}) == place
