"""Somebody else's values and exceptions are shown, whatever they do."""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING

from runner.model.safe_repr import (
    MAX_MESSAGE,
    MAX_REPR,
    error_of,
    repr_of,
    text_of,
    traceback_of,
    type_name,
    without_our_frames,
)

if TYPE_CHECKING:
    import pytest


class Unspeakable(Exception):
    def __str__(self) -> str:
        raise KeyboardInterrupt

    __repr__ = __str__


def raised() -> Exception:
    try:
        int("x")
    except ValueError as error:
        return error
    raise AssertionError


def test_what_cannot_be_shown_is_shown_as_that() -> None:
    assert text_of(Unspeakable()) == "<its __str__ raises>"
    assert repr_of(Unspeakable()) == "<Unspeakable whose __repr__ raises>"


def test_the_beginning_of_a_long_repr_is_shown() -> None:
    assert repr_of("x" * 900) == "'" + "x" * (MAX_REPR - 1)


def test_a_type_has_its_module_unless_it_is_pythons_own() -> None:
    assert type_name(ValueError()) == "ValueError"
    assert type_name(Unspeakable()) == f"{__name__}.Unspeakable"


def test_a_traceback_is_as_python_prints_it() -> None:
    shown = traceback_of(raised())

    assert shown.startswith("Traceback (most recent call last):\n")
    assert 'int("x")' in shown
    assert shown.endswith("ValueError: invalid literal for int() with base 10: 'x'\n")


def test_a_traceback_is_shown_though_nothing_can_be_imported(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "traceback", None)

    shown = traceback_of(raised())

    assert re.fullmatch(
        rf'Traceback .*:\n  File "{re.escape(__file__)}", line \d+, in raised\nValueError: invalid literal .*\n', shown
    )


def test_frames_of_ours_are_left_out() -> None:
    try:
        repr_of.__globals__["import_module"]("nowhere.to.be.found")
    except ImportError as error:
        found = error.__traceback__

    assert found is not None
    assert without_our_frames(found) is found  # this test's own comes first
    assert without_our_frames(found.tb_next) is None


def test_an_exception_is_told_with_its_type_and_the_beginning_of_a_long_message() -> None:
    assert error_of(OSError(2, "no such file")) == {
        "type": "FileNotFoundError",
        "message": "[Errno 2] no such file",
        "traceback": None,
    }
    assert error_of(ValueError("x" * 9_999))["message"] == "x" * MAX_MESSAGE
    assert error_of(Unspeakable())["message"] == "<its __str__ raises>"
