"""Loggers that render events: of structlog's, and without anything that others would notice."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest
import structlog

from runner.report.terminal.loggers import event_log
from tests.events import event_of

if TYPE_CHECKING:
    from runner.model.events import Event

EVENT = event_of(3, 0.5, "2026-01-01T00:00:00Z", "note", "r", {"text": "hello"})


class Sink:
    """Takes what is rendered."""

    def __init__(self) -> None:
        self.taken: list[str] = []

    def msg(self, text: str) -> None:
        self.taken.append(text)


def test_an_event_is_rendered_whole_and_taken_once() -> None:
    sink = Sink()
    seen: list[Event] = []

    def render(event: Event) -> str:
        seen.append(event)
        return f"{event.event}: {event.fields['text']}"

    event_log(render, sink).msg("note", fact=EVENT)

    assert sink.taken == ["note: hello"]
    assert seen == [EVENT]


def test_two_logs_know_nothing_of_each_other_and_nothing_global_is_configured() -> None:
    first, second = Sink(), Sink()
    one, two = event_log(lambda _: "one", first), event_log(lambda _: "two", second)

    one.msg("note", fact=EVENT)
    two.msg("note", fact=EVENT)
    one.msg("note", fact=EVENT)

    assert (first.taken, second.taken) == (["one", "one"], ["two"])
    assert not structlog.is_configured()


def test_what_somebody_else_configured_does_not_change_an_event() -> None:
    sink = Sink()
    structlog.configure(processors=[lambda *_: "theirs"])
    try:
        event_log(lambda event: event.event, sink).msg("note", fact=EVENT)
    finally:
        structlog.reset_defaults()

    assert sink.taken == ["note"]


def test_rich_that_is_already_there_stays_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    rich = type(sys)("rich")
    monkeypatch.setitem(sys.modules, "rich", rich)

    event_log(lambda _: "", Sink())

    assert sys.modules["rich"] is rich


def test_rich_can_be_imported_again_when_structlog_could_not_be(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(sys.modules, "rich", raising=False)
    monkeypatch.setitem(sys.modules, "structlog", None)

    with pytest.raises(ImportError):
        event_log(lambda _: "", Sink())

    assert "rich" not in sys.modules


def test_structlog_is_imported_without_rich_and_ssl(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] in ("structlog", "rich", "asyncio", "ssl")]:
        monkeypatch.delitem(sys.modules, name)
    sink = Sink()

    event_log(lambda told: told.event, sink).msg("note", fact=EVENT)

    assert sink.taken == ["note"]
    assert "structlog" in sys.modules
    assert not {"rich", "ssl"} & sys.modules.keys()
