"""A run that is kept, and the line of it that a list shows."""

from __future__ import annotations

from runner.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TypeAlias

    from runner.plan import Json

    OutputLine: TypeAlias = tuple[float, str, str, str]
    """When, by whom (a process, or `MainProcess`), on which stream, and the line without its end."""


@record(frozen=True, slots=True)
class KeptRun:
    """A run, with all that it takes to show and compare it.

    `run` is its number, 8 hexadecimal digits. `file` is an absolute path, or `-` for stdin: a file is the same as long
    as its path is, and `text`, its bytes as text, says whether it has changed. `overrides` are the texts of `--set`.
    `began` is UTC as ISO 8601, `duration` seconds. `events` are as `Event.to_json` gives them, `output` is in the order
    in which it came. `python` and `version` are those of Python and of run-jobs. `events_cut` and `output_cut` say how
    many events and lines the run had that are not here.
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
    output: tuple[OutputLine, ...]
    python: str
    version: str
    events_cut: int = 0
    output_cut: int = 0


@record(frozen=True, slots=True)
class RunLine:
    """A run in short. `processes` is how many it had, started or not."""

    run: str
    file: str
    title: str | None
    began: str
    duration: float
    outcome: str
    exit_status: int
    processes: int


def line_of(run: KeptRun) -> RunLine:
    """The run in short."""
    return RunLine(run.run, run.file, run.title, run.began, run.duration, run.outcome, run.exit_status, _processes(run))


def _processes(run: KeptRun) -> int:
    return sum(event["event"] == "process.created" for event in run.events)
