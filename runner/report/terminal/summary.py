"""Format the summary of a run: the table of processes and the results of the jobs."""

from __future__ import annotations

import io
from collections import Counter
from typing import TYPE_CHECKING

from runner.model.exit_codes import meaning, signal_name
from runner.report.terminal.formatting import duration, harmless, size

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from rich.table import Table
    from rich.text import Text

    from runner.model.json_types import Json
    from runner.model.results import ProcessResult, RunResult

WIDE = 96
"""The width of the table; in a smaller one, the columns are closer to each other."""
MIN_NAME = 12
"""The characters of a process's name that must fit into a line before a column is left out; a longer name is folded."""
_HEADINGS = ("process", "pid", "outcome", "time", "cpu", "memory", "exit code", "expected", "notes")
_RIGHT = frozenset({"pid", "time", "cpu", "memory"})
_LEAST_IMPORTANT = ("memory", "cpu", "pid", "notes", "time")
"""Columns that are left out if there is no room, in this order."""
MAX_ROWS = 40
"""If there are more processes, only those that did not end as expected are listed."""
MAX_ALIKE = 3
"""Of those that ended in the same way, only the first ones are listed: a thousand would fill the screen with the same
row."""


def summary(result: RunResult, *, width: int, color: bool) -> str:
    """Return the table of all processes, as lines of text."""
    from rich.console import Console

    processes = list(result.processes.values())
    shown = processes if len(processes) <= MAX_ROWS else _unlike([one for one in processes if one.expected is False])
    rows = [_cells(process) for process in shown]
    gap = 2 if width >= WIDE else 1
    headings, needed = _that_fit(rows, width, gap)
    file = io.StringIO()
    console = Console(file=file, width=max(width, needed), force_terminal=color, no_color=not color, highlight=False)
    console.print()
    if shown:
        console.print(_table(rows, headings, gap))
    if len(processes) > MAX_ROWS:
        console.print(f"{len(processes):,} processes: {_counts(processes)}")
        left_out = sum(one.expected is False for one in processes) - len(shown)
        if left_out:
            console.print(f"{left_out:,} more did not end as expected")
        noted = Counter(about for one in processes for about in one.notes)
        if noted:
            console.print(f"notes: {', '.join(f'{count:,} {about}' for about, count in noted.most_common())}")
    return "\n".join(line.rstrip() for line in file.getvalue().splitlines()) + "\n"


def _unlike(processes: Iterable[ProcessResult]) -> list[ProcessResult]:
    """Return the first ones of those that ended in the same way, in order."""
    alike: Counter[tuple[object, ...]] = Counter()
    shown = []
    for one in processes:
        way = one.job, one.outcome, one.exit_code, one.error.get("type") if one.error else None
        alike[way] += 1
        if alike[way] <= MAX_ALIKE:
            shown.append(one)
    return shown[:MAX_ROWS]


def _cells(process: ProcessResult) -> dict[str, Text]:
    """Return the columns of a process, by their headings."""
    from rich.text import Text

    style = "green" if process.expected else "red" if process.expected is False else "dim"
    return {
        "process": Text(harmless(process.name)),
        "pid": Text("" if process.pid is None else str(process.pid)),
        "outcome": Text(_outcome(process), style),
        "time": Text(_known(process.pid, duration(process.duration))),
        "cpu": Text(_known(process.pid, duration(process.cpu_seconds))),
        "memory": Text(_known(process.pid, size(process.max_rss))),
        "exit code": Text("" if process.exit_code is None else _exit_code(process.exit_code)),
        "expected": Text({True: "yes", False: "no", None: ""}[process.expected], style),
        "notes": Text(", ".join(process.notes)),
    }


def _that_fit(rows: Sequence[dict[str, Text]], width: int, gap: int) -> tuple[list[str], int]:
    """Return the headings of the columns that fit, and their widths."""
    widths = {heading: max([len(heading), *(row[heading].cell_len for row in rows)]) for heading in _HEADINGS}
    if not any(row["notes"].cell_len for row in rows):
        del widths["notes"]
    widths["process"] = min(widths["process"], MIN_NAME)
    for heading in _LEAST_IMPORTANT:
        if sum(widths.values()) + gap * (len(widths) - 1) > width:
            widths.pop(heading, None)
    return list(widths), sum(widths.values()) + gap * (len(widths) - 1)


def _table(rows: Iterable[dict[str, Text]], headings: Sequence[str], gap: int) -> Table:
    """Return the table; `gap` is the number of blanks between two columns."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False, padding=(0, gap, 0, 0), header_style="bold")
    for heading in headings:
        if heading == "process":
            table.add_column(heading, overflow="fold", min_width=8)
        else:
            table.add_column(heading, justify="right" if heading in _RIGHT else "left", no_wrap=True)
    for row in rows:
        table.add_row(*(row[heading] for heading in headings))
    return table


def _known(pid: int | None, text: str) -> str:
    return "" if pid is None else text


def _exit_code(code: int) -> str:
    return f"{code} {signal_name(-code) if code < 0 else meaning(code)}"


def _outcome(process: ProcessResult) -> str:
    return process.outcome or ("start failed" if process.error else "not started")


def _counts(processes: Iterable[ProcessResult]) -> str:
    counts = Counter(map(_outcome, processes))
    return ", ".join(f"{count:,} {outcome}" for outcome, count in counts.most_common())


def result_lines(job: str, result: dict[str, Json]) -> list[str]:
    """Return a job's report as lines: each value on one, a list of mappings as one line for each."""
    named = {_named(key): _shown(key, value) for key, value in result.items() if not _is_table(value)}
    widest = max(map(len, named), default=0)
    lines = [f"{job}: {key:<{widest}}  {value}" for key, value in named.items()]
    for value in result.values():
        if isinstance(value, list) and _is_table(value):
            lines += [f"{job}: {_row(row)}" for row in value if isinstance(row, dict)]
    return [harmless(line).rstrip() for line in lines]


def value_lines(values: dict[str, Json], most: int | None = None) -> list[str]:
    """Return the last values of shared things, a line each, no value longer than `most` characters."""
    widest = max(map(len, values), default=0)
    shown = {name: harmless(str(value)) for name, value in values.items()}
    cut = {name: f"{text[:most]} …" if most and len(text) > most else text for name, text in shown.items()}
    return [f"shared: {name:<{widest}}  {text}" for name, text in cut.items()]


def _is_table(value: Json) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, dict) for row in value)


def _row(row: dict[str, Json]) -> str:
    """Return a mapping as one line: text goes first, without its key."""
    texts = [value for value in row.values() if isinstance(value, str)]
    rest = [f"{_named(key)} {_shown(key, value)}" for key, value in row.items() if not isinstance(value, str)]
    return "  ".join([*texts, ", ".join(rest)])


def _named(key: str) -> str:
    """Return a key in words; its unit is added to the value."""
    return key.removesuffix("_seconds").replace("_", " ")


def _shown(key: str, value: Json) -> str:
    if isinstance(value, float):
        in_seconds = key == "elapsed" or key.endswith("seconds")
        return duration(value) if in_seconds else f"{value:.0f}" if abs(value) >= 1000 else f"{value:.4g}"
    return "unknown" if value is None else str(value)
