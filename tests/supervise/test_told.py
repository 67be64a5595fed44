"""What a process tells of itself that is no end."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from runner.supervise.child import messages

if TYPE_CHECKING:
    from collections.abc import Callable

SAYINGS: list[tuple[Callable[[], None], list[Any]]] = [
    (lambda: messages.report_added("total", 5, ["a", "b"]), ["added", "total", 5, ["a", "b"]]),
    (lambda: messages.report_finally(12), ["finally", 12]),
    (lambda: messages.report_globals("my.module", ["seen"]), ["globals", "my.module", ["seen"]]),
    (lambda: messages.report_drawn("dice", 77), ["drawn", "dice", 77]),
    (lambda: messages.report_worked(1.5), ["worked", 0.5, 1.5]),
    (lambda: messages.report_left_for_exit(["f"]), ["left_for_exit", ["f"]]),
    (lambda: messages.report_unwritten(["x"]), ["unwritten", ["x"]]),
    (lambda: messages.report_unfinalized(["x"], ["y"]), ["unfinalized", ["x"], ["y"]]),
    (messages.report_exit_functions_run, ["exit_functions_run"]),
    (lambda: messages.report_forked_with(["t"], here=True), ["forked_with", ["t"], True]),
    (
        lambda: messages.report_kept_alive("has returned", "app.save", ["t"], ["p"], 2),
        ["remaining", "has returned", "app.save", ["t"], ["p"], 2],
    ),
    (messages.report_stdin_read, ["read_stdin"]),
    (messages.report_lives_on, ["lives_on"]),
    (lambda: messages.report_unsent(2, 9), ["unsent", 2, 9]),
]


@pytest.mark.parametrize(("say", "said"), SAYINGS)
def test_it_is_told_as_a_json_array(say: Callable[[], None], said: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[str] = []
    monkeypatch.setattr(messages, "tell", heard.append)
    monkeypatch.setattr(messages, "began", 0.5)

    say()

    assert [json.loads(text) for text in heard] == [said]


@pytest.mark.parametrize(("say", "said"), SAYINGS)
def test_where_nobody_listens_nothing_is_said(say: Callable[[], None], said: list[Any]) -> None:
    assert messages.tell is None
    say()
