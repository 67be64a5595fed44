"""Create structlog loggers with our own renderer and sink, without global configuration."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from runner.model.events import Event


class Sink(Protocol):
    """The end of the line: what takes a rendered event."""

    def msg(self, text: str) -> None:
        """Take it."""


class EventLog(Protocol):
    """A logger of events."""

    def msg(self, event: str, *, fact: Event) -> None:
        """Have an event rendered and written; its name is what structlog calls the event."""


def event_log(render: Callable[[Event], str], sink: Sink) -> EventLog:
    """A logger that renders each event and hands it to the sink."""
    structlog = _structlog()

    def processor(_logger: object, _method: str, said: dict[str, Any]) -> str:
        return render(said["fact"])

    logger = structlog.wrap_logger(sink, processors=[processor], wrapper_class=structlog.BoundLogger)
    bound: EventLog = logger.bind()  # once: a lazy logger is made anew for every event
    return bound


def _structlog() -> Any:
    """structlog, imported without rich: it would take all of rich's tracebacks and pygments for a renderer of its own.

    That is half of its import time, paid while the first processes run. This is the front's own process; whoever
    imports us from Python does not come here.
    """
    hidden = "rich" not in sys.modules
    if hidden:
        sys.modules["rich"] = None  # type: ignore[assignment]  # what makes an import fail
    try:
        import structlog
    finally:
        if hidden:
            del sys.modules["rich"]
    return structlog
