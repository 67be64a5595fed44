"""Create structlog loggers with our own renderer and sink, without global configuration."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
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
    """structlog, imported without rich and ssl: it would take all of rich's tracebacks and pygments for a renderer of
    its own, and ssl for asyncio, whose event loops nothing here runs.

    They are more than half of its import time, spent while the first processes run. This happens only in the front's
    own process, not in a program that imports us.
    """
    with _hidden("rich", "ssl"):
        import structlog
    return structlog


@contextlib.contextmanager
def _hidden(*modules: str) -> Iterator[None]:
    """Let the imports of these modules fail, unless they are imported already."""
    hidden = [module for module in modules if module not in sys.modules]
    sys.modules.update(dict.fromkeys(hidden))  # type: ignore[arg-type]  # None is what makes an import fail
    try:
        yield
    finally:
        for module in hidden:
            del sys.modules[module]
