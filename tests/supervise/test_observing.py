"""What is told of a target that surprises."""

from __future__ import annotations

import functools
import inspect
import json
import random
from typing import TYPE_CHECKING, Any

import pytest

from runner.supervise.child import messages
from runner.supervise.child.observing import changed_names, line_of_finally, observed
from tests.supervise import observable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> list[list[Any]]:
    found: list[list[Any]] = []
    monkeypatch.setattr(messages, "tell", lambda text: found.append(json.loads(text)))
    return found


def test_of_what_does_nothing_surprising_nothing_is_told(heard: list[list[Any]]) -> None:
    assert observed(observable.plain, lambda: observable.plain(1)) == 2
    assert heard == []


@pytest.mark.parametrize(
    ("target", "names"),
    [
        (observable.counting, ["count"]),
        (observable.collecting, ["seen"]),
        (observable.rebinding, ["done", "best"]),
        (observable.counting_inside, ["state", "results"]),
    ],
)
def test_globals_that_are_changed_are_told_but_private_ones(
    target: Callable[[], None], names: list[str], heard: list[list[Any]]
) -> None:
    observed(target, target)

    assert heard == [["globals", observable.__name__, names]]


@pytest.mark.parametrize(("target", "end"), [(observable.leaving, SystemExit), (observable.failing, ValueError)])
def test_who_does_not_return_tells_too(
    target: Callable[[], None], end: type[BaseException], heard: list[list[Any]]
) -> None:
    with pytest.raises(end):
        observed(target, target)

    assert heard == [["globals", observable.__name__, ["count"]]]


def test_numbers_that_are_drawn_are_told(heard: list[list[Any]], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(observable, "dice", random.Random(), raising=False)

    with pytest.raises(SystemExit):
        observed(observable.drawing, observable.draw_and_leave)

    ((what, name, numbers),) = heard
    assert (what, name) == ("drawn", f"`dice` of the module {observable.__name__}")
    assert isinstance(numbers, int)


def line_in_file(function: Callable[..., object], text: str) -> int:
    lines, first = inspect.getsourcelines(function)
    return first + next(place for place, line in enumerate(lines) if line.strip() == text)


def test_a_finally_is_told_before_the_call(heard: list[list[Any]]) -> None:
    before: list[list[Any]] = []

    def call() -> int:
        before.extend(heard)
        return observable.cleaning()

    assert observed(observable.cleaning, call) == 1
    assert before == [["finally", line_in_file(observable.cleaning, "finally:")]]


def test_the_finally_of_another_function_is_none_of_this_one() -> None:
    assert line_of_finally(observable.catching) is None  # type: ignore[arg-type]  # it is one
    assert line_of_finally(observable.plain) is None  # type: ignore[arg-type]  # it is one


@pytest.mark.parametrize("target", [observable.after, observable.nested])
def test_the_first_finally_is_told(target: Any) -> None:
    assert line_of_finally(target) == line_in_file(target, "finally:")


def test_a_finally_that_is_mere_text_is_none() -> None:
    assert line_of_finally(observable.explaining) is None  # type: ignore[arg-type]  # it is one
    found = line_of_finally(observable.explaining_first)  # type: ignore[arg-type]  # it is one
    assert found is not None
    assert found > line_in_file(observable.explaining_first, "return 1")


def test_a_finally_may_be_one_line() -> None:
    line = line_in_file(observable.short, "finally: seen.clear()  # fmt: skip  # noqa: E701")

    assert line_of_finally(observable.short) == line  # type: ignore[arg-type]  # it is one


@pytest.mark.parametrize("content", [None, b"\xff\xfe", b"", b"x = 1\n"])
def test_where_the_file_is_not_what_it_was_there_is_no_finally(content: bytes | None, tmp_path: Path) -> None:
    file = tmp_path / "gone.py"
    if content is not None:
        file.write_bytes(content)
    names: dict[str, Any] = {}
    exec(compile("def f():\n try:\n  x = 1\n finally:\n  x = 2\n", str(file), "exec"), names)

    assert line_of_finally(names["f"]) is None


@pytest.mark.parametrize("target", [len, functools.partial(observable.counting), observable.News])
def test_only_functions_are_observed(target: Any, heard: list[list[Any]]) -> None:
    assert observed(target, observable.counting) is None
    assert heard == []


def test_where_nobody_listens_nothing_is_observed() -> None:
    assert messages.tell is None
    assert observed(observable.cleaning, observable.cleaning) == 1


def test_names_are_changed_that_are_other_objects_or_hold_others() -> None:
    one, other = [1], [1]
    before: dict[str, tuple[object, object]] = {"a": (one, [0]), "b": (one, [id(1)]), "c": (1, None), "gone": (1, None)}

    assert changed_names(before, {"a": one, "b": other, "c": 1, "new": 1}) == ["a", "b"]
