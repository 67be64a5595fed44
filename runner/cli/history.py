"""`run-jobs history`, `show`, `why` and `compare`: work with earlier runs."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

from runner.cli import files, streams
from runner.cli.streams import fail, say
from runner.history import History, NoSuchRun, history_folder, line_of
from runner.model.errors import RunJobsError, UsageError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from runner.history import KeptRun
    from runner.link.launch import Launched


def act(options: argparse.Namespace, _: Launched | None) -> int:
    """Do what the options ask for with the stored runs; return the exit status."""
    try:
        return _ACTIONS[options.command](options, History(history_folder()))
    except RunJobsError as error:
        return fail(str(error), error.exit_status)


def _history(options: argparse.Namespace, history: History) -> int:
    file = options.file if options.file in (None, "-") else os.path.abspath(options.file)
    if options.number < 1:
        raise UsageError("-n: at least 1")
    runs = history.runs(file, min(options.number, sys.maxsize))
    if options.json:
        import json

        from runner.model.records import fields_of

        print(json.dumps([fields_of(run) for run in runs], ensure_ascii=False))
        return 0
    if not runs:
        say(f"no run{f' of {options.file}' if file else ''} is stored yet")
        return 0
    from runner.report.terminal.listing import history_lines

    print("\n".join(history_lines(runs, streams.width_of_terminal())))
    return 0


def _show(options: argparse.Namespace, history: History) -> int:
    run = found(history, options.run)
    files.check_outputs(options)
    from runner.cli.pictures import make_pictures

    if options.json:
        import json

        from runner.model.records import fields_of

        print(json.dumps(fields_of(run), ensure_ascii=False))
        return make_pictures(options, run)
    from runner.cli.stored_run_text import shown

    print("\n".join(shown(run, color=streams.has_color(sys.stdout), width=streams.width_of_terminal())))
    if options.timeline == "-":
        options.timeline = None  # it has just been shown
    return make_pictures(options, run)


def _why(options: argparse.Namespace, history: History) -> int:
    from runner.cli.stored_run_text import why
    from runner.report.terminal.formatting import harmless

    run = found(history, options.run)
    edit = line_of(run).edit
    if edit is not None:
        print(f"With the edit: {harmless(edit)}")
    print("\n".join(why(run, streams.width_of_terminal(), color=streams.has_color(sys.stdout))))
    return 0


def _compare(options: argparse.Namespace, history: History) -> int:
    match options.runs:
        case [one, other]:
            before, after = found(history, one), found(history, other)
        case [one] if os.path.exists(one):
            before, after = history.last_two(os.path.abspath(one))
        case [one]:
            before, after = found(history, one), found(history, "last")
        case []:
            before, after = history.last_two(history.find("last").file)
        case _:
            raise UsageError("compare: name a file, or two runs")
    if before.run == after.run:
        raise UsageError(f"compare: this is one run, {before.run}: name a file, or two runs")
    show_comparison(before, after)
    return 0


def show_comparison(before: KeptRun, after: KeptRun) -> None:
    """Print the differences, and the two timelines one above the other."""
    from runner.cli.pictures import timeline_lines
    from runner.history.compare import compare
    from runner.report.terminal.comparison import comparison_lines

    color, width = streams.has_color(sys.stdout), streams.width_of_terminal()
    longest = max(before.duration, after.duration)  # on one scale: bars are to be compared
    first, second = (timeline_lines(run, color=color, width=width, until=longest) for run in (before, after))
    print("\n".join(comparison_lines(compare(before, after, _field), width, color, (first, second))))


def _field(run: KeptRun, path: str) -> str | None:
    """Return the value of a field in a run's file, as it was run."""
    from runner.describe.plan.old_values import FieldValues

    return FieldValues(run.text.encode(), run.overrides).of(path)


def found(history: History, name: str) -> KeptRun:
    """Return the run with this number, or the last one of this file."""
    if os.path.exists(name):
        path = os.path.abspath(name)
        runs = history.runs(path, 1)
        if not runs:
            raise NoSuchRun(f"no run of {name} is stored: run it first")
        return history.find(runs[0].run)
    if os.sep in name or name.endswith((".yaml", ".yml")):
        raise NoSuchRun(f"there is no file {name}, and no run of it is stored")
    return history.find(name)


_ACTIONS: dict[str, Callable[[argparse.Namespace, History], int]] = {
    "history": _history,
    "show": _show,
    "why": _why,
    "compare": _compare,
}
