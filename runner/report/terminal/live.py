"""Show the running processes at the bottom of the terminal with rich, without a thread.

The display is removed whenever something else is written, and drawn again, so that the lines above it remain complete.
"""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.live import Live as Display
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from runner.model.event_types import ProcessExited, ProcessStarted
from runner.model.events import Event, ProgressMade
from runner.report.terminal.formatting import duration, harmless

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from typing import TextIO

    from rich.console import RenderableType

BETWEEN_DRAWINGS_S = 0.1
APPEARS_AFTER_S = 0.3
"""For a shorter run the display would only flicker."""
MAX_LINES = 8
_BAR = 30


class Live:
    """The display of one run. Seconds are those of `time.monotonic`, passed by the caller."""

    def __init__(
        self,
        file: TextIO,
        totals: Mapping[str, tuple[int, int]],
        states: Callable[[], Sequence[bytes]] = tuple,
        *,
        has_processes: bool = True,
    ) -> None:
        """`totals` has, for each job that counts its work, the work of one process and the number of processes.

        `states` returns the current state of the lines that are being rewritten; without `has_processes` only they are
        shown.
        """
        console = Console(file=file, force_terminal=True)
        self._room = max(1, min(MAX_LINES, console.height // 3))
        self._console = console
        self._display: Display | None = None
        self._totals = totals
        self._states = states
        self._has_processes = has_processes
        self._done: dict[str, int] = {}
        self._running: dict[str, float] = {}
        self._began: float | None = None
        self._drawn_at = float("-inf")

    def handle(self, item: Event | ProgressMade, now: float) -> None:
        """Note an item."""
        if isinstance(item, ProgressMade):
            self._done[item.job] = sum(item.done)
            return
        match item.fact:
            case ProcessStarted(of):
                self._began = now if self._began is None else self._began
                self._running[of.process] = now
            case ProcessExited(of):
                self._running.pop(of.process, None)

    def tick(self, now: float) -> None:
        """Draw, if it is time to."""
        if self._began is None or now - self._drawn_at < BETWEEN_DRAWINGS_S:
            return
        lasted = now - self._began
        if lasted < APPEARS_AFTER_S:
            return
        self._drawn_at = now
        drawing = self._drawing(now, lasted)
        if not drawing.renderables:
            self.close()
        elif self._display is None:
            # A new one each time: a display that was removed would first erase the lines above it.
            self._display = Display(drawing, console=self._console, auto_refresh=False, transient=True)
            self._display.start(refresh=True)
        else:
            self._display.update(drawing, refresh=True)

    @contextlib.contextmanager
    def above(self) -> Iterator[None]:
        """Within this context, the display is removed, and something else can be written."""
        self.close()
        yield

    def close(self) -> None:
        """Remove the display; the next `tick` may draw it again."""
        if self._display is not None:
            self._display.stop()
            self._display = None

    def _drawing(self, now: float, lasted: float) -> Group:
        parts: list[RenderableType] = [*self._rewritten()]
        if self._running and self._has_processes:
            parts.append(self._processes(now))
        bars = [job for job in self._totals if job in self._done]
        return Group(*parts, *(self._bar(job, lasted) for job in bars))

    def _rewritten(self) -> Iterator[Text]:
        """Return the lines that are being rewritten, each in one line of the terminal."""
        states = self._states()
        for state in states[: self._room]:
            line = Text.from_ansi(state.decode(errors="backslashreplace"), no_wrap=True, overflow="ellipsis")
            line.truncate(self._console.width, overflow="ellipsis")
            yield line
        if len(states) > self._room:
            yield Text(f"and {len(states) - self._room} more lines that are being rewritten")

    def _processes(self, now: float) -> Table:
        table = Table.grid(padding=(0, 2))
        names = list(self._running)
        for name in names[: self._room]:
            table.add_row(Text("running", "green"), Text(harmless(name)), duration(now - self._running[name]))
        if len(names) > self._room:
            table.add_row("", f"and {len(names) - self._room} more", "")
        return table

    def _bar(self, job: str, lasted: float) -> Table:
        each, processes = self._totals[job]
        total, done = each * processes, self._done[job]
        left = f"{duration(lasted * max(total - done, 0) / done)} left" if done else ""
        table = Table.grid(padding=(0, 2))
        bar = ProgressBar(total=total, completed=done, width=_BAR)
        table.add_row(
            Text(harmless(job), "bold"), bar, f"{done / total if total else 1:4.0%}", f"{done / lasted:,.0f}/s", left
        )
        return table
