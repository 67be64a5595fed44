"""A stored run, and its summary line in a list of runs."""

from __future__ import annotations

from itertools import zip_longest

from runner.model.event_types import NAMES, ProcessCreated
from runner.model.masking import without_secrets
from runner.model.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeAlias

    from runner.model.json_types import Json

    OutputPiece: TypeAlias = tuple[float, str, str, str, tuple[float | None, ...]]
    """The time of reading, the process (or `MainProcess`), the stream, whole lines without the end of the last one, and
    the times when each of them was written, as far as known."""
    OutputLine: TypeAlias = tuple[float, str, str, str, float | None]
    """The same for one line of it."""


@record(frozen=True, slots=True)
class KeptRun:
    """A run, with everything needed to show and compare it.

    `run` is its number, 8 hexadecimal digits. `file` is an absolute path, or `-` for stdin: a file is identified by its
    path, and `text`, its bytes as text, shows whether it has changed. `overrides` are the texts of `--set`. `began` is
    UTC as ISO 8601, `duration` seconds. `events` are as `Event.to_json` returns them, `output` is in the order in which
    it was read, in the pieces that were read: storing a large output does not look at each line. `python` and `version`
    are those of Python and of run-jobs. `events_cut` and `output_cut` are the numbers of events and lines that were
    left out.
    """

    run: str
    file: str
    title: str | None
    text: str
    overrides: tuple[str, ...]
    start_method: str
    began: str
    duration: float
    outcome: str
    exit_status: int
    events: tuple[dict[str, Json], ...]
    output: tuple[OutputPiece, ...]
    python: str
    version: str
    events_cut: int = 0
    output_cut: int = 0

    @property
    def lines(self) -> list[OutputLine]:
        """The output, line by line."""
        return [
            (t, process, stream, line, written_at)
            for t, process, stream, text, moments in self.output
            for line, written_at in zip_longest(text.split("\n"), moments)
        ]


@record(frozen=True, slots=True)
class RunLine:
    """A summary of a run. `processes` is their number, started or not, `edit` the change of its file."""

    run: str
    file: str
    title: str | None
    began: str
    duration: float
    outcome: str
    exit_status: int
    processes: int
    edit: str | None = None


def line_of(run: KeptRun) -> RunLine:
    """Return the summary of the run."""
    return RunLine(
        run=run.run,
        file=run.file,
        title=run.title,
        began=run.began,
        duration=run.duration,
        outcome=run.outcome,
        exit_status=run.exit_status,
        processes=_processes(run),
        edit=edit_of(run.title, run.overrides),
    )


def edit_of(title: str | None, overrides: Sequence[str]) -> str | None:
    """Return the change of the file for a run, by an edit or by `--set`: its title, or the changes; None without one.

    Changes of `expect` are left out, unless nothing else was changed.
    """
    if title is not None and any(override.startswith("title=") for override in overrides):
        return title
    changes = [override for override in overrides if not override.startswith("expect")] or overrides
    return "; ".join(map(without_secrets, changes)) if changes else None


def _processes(run: KeptRun) -> int:
    return sum(event["event"] == NAMES[ProcessCreated] for event in run.events)
