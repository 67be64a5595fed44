"""How it all ended: the table of processes, and what the jobs report."""

from __future__ import annotations

import io
from collections import Counter
from typing import TYPE_CHECKING

from runner.exit_codes import meaning, signal_name
from runner.report.words import duration, harmless, size

if TYPE_CHECKING:
    from collections.abc import Iterable

    from rich.table import Table

    from runner.plan import Json
    from runner.results import ProcessResult, RunResult

LEAST_WIDTH = 78
WIDE = 96
"""Of the table: where there is less room, lines break, and no column is left out."""
MOST_ROWS = 40
"""Of more processes than these, only those that did not end as expected are listed."""


def summary(result: RunResult, *, width: int, color: bool) -> str:
    """The table of all processes, as lines of text."""
    from rich.console import Console

    processes = list(result.processes.values())
    shown = processes if len(processes) <= MOST_ROWS else [one for one in processes if not one.expected]
    file = io.StringIO()
    console = Console(
        file=file, width=max(width, LEAST_WIDTH), force_terminal=color, no_color=not color, highlight=False
    )
    console.print()
    if shown:
        console.print(_table(shown[:MOST_ROWS], gap=2 if width >= WIDE else 1))
    if len(processes) > MOST_ROWS:
        console.print(f"{len(processes)} processes: {_counts(processes)}")
        if len(shown) > MOST_ROWS:
            console.print(f"{len(shown) - MOST_ROWS} more did not end as expected")
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines()) + "\n"


def _table(processes: Iterable[ProcessResult], *, gap: int) -> Table:
    """`gap` is how many blanks stand between two columns."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, gap, 0, 0), header_style="bold")
    table.add_column("process", overflow="fold", min_width=8)
    table.add_column("pid", justify="right", no_wrap=True)
    table.add_column("outcome", no_wrap=True)
    for heading in ("time", "cpu", "memory"):
        table.add_column(heading, justify="right", no_wrap=True)
    table.add_column("exit code")
    table.add_column("expected", no_wrap=True)
    for process in processes:
        style = "green" if process.expected else "red" if process.expected is False else "dim"
        table.add_row(
            Text(harmless(process.name)),
            "" if process.pid is None else str(process.pid),
            Text(_outcome(process), style),
            _known(process.pid, duration(process.duration)),
            _known(process.pid, duration(process.cpu_seconds)),
            _known(process.pid, size(process.max_rss)),
            "" if process.exit_code is None else _exit_code(process.exit_code),
            Text({True: "yes", False: "no", None: ""}[process.expected], style),
        )
    return table


def _known(pid: int | None, text: str) -> str:
    return "" if pid is None else text


def _exit_code(code: int) -> str:
    return f"{code} {signal_name(-code) if code < 0 else meaning(code)}"


def _outcome(process: ProcessResult) -> str:
    return process.outcome or ("start failed" if process.error else "not started")


def _counts(processes: Iterable[ProcessResult]) -> str:
    counts = Counter(map(_outcome, processes))
    return ", ".join(f"{count} {outcome}" for outcome, count in counts.most_common())


def result_lines(job: str, result: dict[str, Json]) -> list[str]:
    """What a job reports, as lines: each value on one, a list of mappings as one line for each."""
    named = {_named(key): _shown(key, value) for key, value in result.items() if not _is_table(value)}
    widest = max(map(len, named), default=0)
    lines = [f"{job}: {key:<{widest}}  {value}" for key, value in named.items()]
    for value in result.values():
        if isinstance(value, list) and _is_table(value):
            lines += [f"{job}: {_row(row)}" for row in value if isinstance(row, dict)]
    return [harmless(line).rstrip() for line in lines]


def value_lines(values: dict[str, Json], most: int | None = None) -> list[str]:
    """The last values of shared things, a line each, none of a value longer than `most` characters."""
    widest = max(map(len, values), default=0)
    shown = {name: harmless(str(value)) for name, value in values.items()}
    cut = {name: f"{text[:most]} …" if most and len(text) > most else text for name, text in shown.items()}
    return [f"shared: {name:<{widest}}  {text}" for name, text in cut.items()]


def _is_table(value: Json) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, dict) for row in value)


def _row(row: dict[str, Json]) -> str:
    """A mapping as one line: what is text goes first, without its key."""
    texts = [value for value in row.values() if isinstance(value, str)]
    rest = [f"{_named(key)} {_shown(key, value)}" for key, value in row.items() if not isinstance(value, str)]
    return "  ".join([*texts, ", ".join(rest)])


def _named(key: str) -> str:
    """A key in words; its unit stands at the value."""
    return key.removesuffix("_seconds").replace("_", " ")


def _shown(key: str, value: Json) -> str:
    if isinstance(value, float):
        in_seconds = key == "elapsed" or key.endswith("seconds")
        return duration(value) if in_seconds else f"{value:.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    return "unknown" if value is None else str(value)
