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

    from runner.model.plan import Json

    OutputPiece: TypeAlias = tuple[float, str, str, str, tuple[float | None, ...]]
    """When it was read, by which process (or `MainProcess`) and on which stream it was written, whole lines without
    the end of the last one, and when each of them was written, as far as that is known."""
    OutputLine: TypeAlias = tuple[float, str, str, str, float | None]
    """The same of one line of it."""


@record(frozen=True, slots=True)
class KeptRun:
    """A run, with all that it takes to show and compare it.

    `run` is its number, 8 hexadecimal digits. `file` is an absolute path, or `-` for stdin: a file is the same as long
    as its path is, and `text`, its bytes as text, says whether it has changed. `overrides` are the texts of `--set`.
    `began` is UTC as ISO 8601, `duration` seconds. `events` are as `Event.to_json` gives them, `output` is in the order
    in which it came, in the pieces in which it was read: a run that writes much is kept without a look at each line.
    `python` and `version` are those of Python and of run-jobs. `events_cut` and `output_cut` say how many events and
    lines the run had that are not here.
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
        """What was written, line by line."""
        return [
            (t, process, stream, line, written_at)
            for t, process, stream, text, moments in self.output
            for line, written_at in zip_longest(text.split("\n"), moments)
        ]


@record(frozen=True, slots=True)
class RunLine:
    """A run in short. `processes` is how many it had, started or not, `edit` what was changed of its file for it."""

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
    """The run in short."""
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
    """What was changed of the file for a run, by an edit or by `--set`: its title, or the changes; None if nothing was.

    What is expected is not told, unless nothing else was changed.
    """
    if title is not None and any(override.startswith("title=") for override in overrides):
        return title
    changes = [override for override in overrides if not override.startswith("expect")] or overrides
    return "; ".join(map(without_secrets, changes)) if changes else None


def _processes(run: KeptRun) -> int:
    return sum(event["event"] == NAMES[ProcessCreated] for event in run.events)
