"""Convert the processes' output into one event for each line."""

from __future__ import annotations

from runner.model.lines import WholeLines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.model.events import Event, Output
    from runner.session.event_builder import Telling


class Lines:
    """Cuts output into lines, an event each; a line of more than 64 KiB comes in pieces."""

    def __init__(self, telling: Telling) -> None:
        self._telling = telling
        self._lines = WholeLines()

    def cut(self, output: Output) -> Iterator[Event]:
        """The events of the lines that this piece of output finishes."""
        for line, written_at in self._lines.timed(output):
            yield self._telling.wrote(output, line.decode(errors="backslashreplace"), written_at)
