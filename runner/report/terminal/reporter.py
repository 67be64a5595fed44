"""Route a run's items: events to the console and events file, output and results to the standard streams."""

from __future__ import annotations

import contextlib
import json
from typing import TYPE_CHECKING, Literal

from runner.model.event_types import JobReported, RunFinished
from runner.model.events import Event, Output, ProgressMade
from runner.model.records import record
from runner.model.results import Recorder
from runner.notes.failure_groups import Failures
from runner.report.terminal.output import Prefixed, Raw
from runner.report.terminal.writing import write_some

if TYPE_CHECKING:
    from collections.abc import Callable

    from runner.model.events import Item
    from runner.report.terminal.event_printer import Console
    from runner.report.terminal.json_lines import JsonLines
    from runner.report.terminal.live import Live

STDOUT, STDERR = 1, 2
MAX_VALUE = 200
"""The characters of a shared thing's last value that are shown; `run.finished` has all of it."""
LONG_S = 10.0
"""A run that lasts longer repeats at its end what failed: much has been printed since."""


@record(frozen=True, slots=True)
class Settings:
    """What to show, and how.

    `is_kept` means that the run can be shown again. `names` are those of the processes, by their numbers. `totals` has
    the work of each job that counts it: that of one of its processes, and their number. `events` is a descriptor for
    JSON lines, or None; `events_on_stdout` means that it is stdout. `stdout_is_data` means that stdout carries JSON:
    text then goes to stderr. `steers` means that a terminal can do more than print lines. `live` shows the running
    processes.
    """

    names: tuple[str, ...]
    totals: dict[str, tuple[int, int]]
    events: int | None = None
    events_on_stdout: bool = False
    output: Literal["prefixed", "raw", "none"] = "prefixed"
    stdout_is_data: bool = False
    json: bool = False
    quiet: bool = False
    verbose: bool = False
    stdout_is_terminal: bool = False
    stderr_is_terminal: bool = False
    steers: bool = False
    color: bool = False
    live: bool = False
    width: int = 80
    is_kept: bool = False


class Reporter:
    """Reports one run."""

    def __init__(self, settings: Settings, reader_gone: Callable[[], None]) -> None:
        """`reader_gone` is called when our stdout has no reader any more."""
        self._settings = settings
        self._reader_gone = reader_gone
        self._closed: set[int] = set()
        self.lost_output = False
        """Something that was meant for stdout could not be written, although it had a reader."""
        concludes = settings.json or not settings.quiet
        self._recorder = Recorder(keep_events=False, keep_output=settings.json) if concludes else None
        self._failures = Failures()
        self._run = ""
        self._states: Callable[[], list[bytes]] | None = None
        """Returns the lines that are being rewritten, if they are shown meanwhile."""
        self._show = self._output_shown()
        self._events = self._events_file()
        self._console = self._event_lines()
        self._live = self._display()

    @property
    def wants_progress(self) -> bool:
        """Whether a display uses `ProgressMade` items."""
        return self._live is not None and self._settings.live

    @property
    def redraws(self) -> bool:
        """Whether a display changes between two items."""
        return self._live is not None

    def _output_shown(self) -> Callable[[Output], None]:
        settings = self._settings
        if settings.output == "none":
            return lambda output: None
        if settings.output == "raw":
            return Raw(self._write_output).show
        on_terminal = settings.stderr_is_terminal if settings.stdout_is_data else settings.stdout_is_terminal
        color = settings.color and on_terminal
        escapes = settings.stdout_is_terminal or settings.stderr_is_terminal
        terminals = frozenset(stream for stream in ("stdout", "stderr") if self._ends_on_a_terminal(stream))
        shown = Prefixed(settings.names, self._write_output, color=color, escapes=escapes, terminals=terminals)
        if terminals and settings.steers:
            self._states = shown.states
        return shown.show

    def _ends_on_a_terminal(self, stream: str) -> bool:
        settings = self._settings
        on_stdout = stream == "stdout" and not settings.stdout_is_data
        return settings.stdout_is_terminal if on_stdout else settings.stderr_is_terminal

    def _events_file(self) -> JsonLines | None:
        if self._settings.events is None:
            return None
        from runner.report.terminal.json_lines import JsonLines

        on_stdout = self._settings.events_on_stdout
        return JsonLines(self._settings.events, self._warn, self._reader_gone if on_stdout else None)

    def _event_lines(self) -> Console | None:
        if self._settings.quiet:
            return None
        from runner.report.terminal.event_printer import Console

        settings = self._settings
        color = settings.color and settings.stderr_is_terminal
        return Console(
            self._write_stderr,
            names=settings.names,
            verbose=settings.verbose,
            color=color,
            width=settings.width,
            wraps=settings.stderr_is_terminal,
        )

    def _display(self) -> Live | None:
        settings = self._settings
        if not settings.live and self._states is None:
            return None
        import sys

        from runner.report.terminal.live import Live

        file = sys.stderr if settings.live or settings.stderr_is_terminal else sys.stdout
        return Live(file, settings.totals, self._states or list, has_processes=settings.live)

    def handle(self, item: Item, now: float) -> None:
        """Report one item; `now` is `time.monotonic()`."""
        if isinstance(item, Event) and self._events is not None:
            self._events.tell(item)  # first of all: a program may wait for it
        if self._recorder is not None:
            self._recorder.add(item)
        if isinstance(item, Event):
            self._failures.see(item)
            self._run = item.run
        if self._live is not None and not isinstance(item, Output):
            self._live.handle(item, now)
        if isinstance(item, ProgressMade):
            return
        if isinstance(item, Output):
            self._show(item)
        else:
            with self._above():
                self._tell(item)

    def _tell(self, event: Event) -> None:
        if self._console is not None:
            self._console.tell(event)
        if self._settings.json:
            return
        match event.fact:
            case JobReported(job, result=result):
                from runner.report.terminal.summary import result_lines

                self._write_lines(result_lines(job, result))
            case RunFinished(values=values) if values:
                from runner.report.terminal.summary import value_lines

                self._write_lines(value_lines(values, MAX_VALUE))

    def _write_lines(self, lines: list[str]) -> None:
        self._write_output("stdout", ["".join(f"{line}\n" for line in lines).encode()])

    def rest(self, now: float) -> None:
        """Write what is buffered and update the displays, when all items so far have been handled."""
        if self._events is not None:
            self._events.rest()
        if self._live is not None:
            self._live.tick(now)

    def _above(self) -> contextlib.AbstractContextManager[None]:
        return self._live.above() if self._live is not None else contextlib.nullcontext()

    def close(self) -> None:
        """Remove the display, and close the events file."""
        if self._live is not None:
            self._live.close()
        if self._events is not None:
            self._events.close()

    def conclude(self) -> None:
        """Report how the run ended; called after `close`."""
        if self._recorder is None:
            return
        settings, result = self._settings, self._recorder.result()
        if not settings.quiet:
            from runner.report.terminal.summary import MAX_ROWS, summary

            color = settings.color and settings.stderr_is_terminal
            self._write_stderr(summary(result, width=settings.width, color=color))
            if len(result.processes) > MAX_ROWS or result.duration >= LONG_S:
                self._write_stderr("".join(f"{line}\n" for line in self._last_lines()))
        if settings.json:
            text = json.dumps(result.to_json(), ensure_ascii=False)
            self._write(STDOUT, [text.encode(errors="backslashreplace"), b"\n"])

    def _last_lines(self) -> list[str]:
        """Return what failed in a long run, whose lines on it are far above, and how to see more of it."""
        from runner.report.terminal.failure_lines import failure_lines

        lines = failure_lines(self._failures, self._settings.width, tracebacks=False)
        if lines and self._settings.is_kept:
            shown = "what each raised, and the notes" if self._failures.has_error else "the notes again"
            lines.append(f"run-jobs why {self._run}   shows {shown}")
        return ["", *lines] if lines else []

    def _warn(self, text: str) -> None:
        with self._above():
            self._write_stderr(f"run-jobs: {text}\n")

    def _write_stderr(self, text: str) -> None:
        self._write(STDERR, [text.encode(errors="backslashreplace")])

    def _write_output(self, stream: str, pieces: list[bytes | memoryview]) -> None:
        with self._above():
            self._write(STDOUT if stream == "stdout" and not self._settings.stdout_is_data else STDERR, pieces)

    def _write(self, descriptor: int, pieces: list[bytes | memoryview]) -> None:
        """Write everything, waiting for a slow reader; stop at the first failure."""
        if descriptor in self._closed:
            return
        try:
            _write_all(descriptor, pieces)
        except BrokenPipeError:
            self._closed.add(descriptor)
            if descriptor == STDOUT:
                self._reader_gone()
        except OSError as error:
            self._closed.add(descriptor)
            if descriptor == STDOUT:
                self.lost_output = True
                self._warn(f"stdout cannot be written: {(error.strerror or str(error)).lower()}; the run goes on")


def _write_all(descriptor: int, pieces: list[bytes | memoryview]) -> None:
    left = sum(map(len, pieces))
    while left:
        written = write_some(descriptor, pieces)
        left -= written
        if left:  # rare, so that the copy does not matter
            pieces = [memoryview(b"".join(pieces))[written:]]
