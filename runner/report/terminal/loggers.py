"""Create structlog loggers with our own renderer and sink, without global configuration."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from structlog.typing import EventDict

    from runner.model.events import Event


class Sink(Protocol):
    """A sink: it takes a rendered event."""

    def msg(self, text: str) -> None:
        """Take it."""


class EventLog(Protocol):
    """A logger of events."""

    def msg(self, event: str, *, fact: Event) -> None:
        """Render and write an event; its name is what structlog calls the event."""


def event_log(render: Callable[[Event], str], sink: Sink) -> EventLog:
    """Return a logger that renders each event and passes it to the sink."""
    structlog = _structlog()

    def processor(_logger: object, _method: str, said: EventDict) -> str:
        return render(said["fact"])

    logger = structlog.wrap_logger(sink, processors=[processor], wrapper_class=structlog.BoundLogger)
    bound: EventLog = logger.bind()  # once: a lazy logger is created again for every event
    return bound


def _structlog() -> ModuleType:
    """structlog, imported without rich: it would take all of rich's tracebacks and pygments for a renderer of its own.

    That is half of its import time, spent while the first processes run. This happens only in the front's own process,
    not in a program that imports us.
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
