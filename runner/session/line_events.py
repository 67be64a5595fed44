"""Convert the processes' output into one event for each line."""

from __future__ import annotations

from runner.model.lines import timed_lines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.model.events import Event, Output
    from runner.session.event_builder import EventBuilder


class Lines:
    """Splits output into lines, an event each; a line of more than 64 KiB comes in pieces."""

    def __init__(self, telling: EventBuilder) -> None:
        self._telling = telling

    def cut(self, output: Output) -> Iterator[Event]:
        """Return the events of the lines that this output completes."""
        for line, written_at in timed_lines(output):
            yield self._telling.wrote(output, line.decode(errors="backslashreplace"), written_at)
