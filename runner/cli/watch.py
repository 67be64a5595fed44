"""`run-jobs watch`: run the file again each time it is saved, and report the differences."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from runner.cli import run, streams
from runner.cli.file_watch import FileWatch
from runner.cli.streams import say

if TYPE_CHECKING:
    import argparse

    from runner.history.runs import KeptRun
    from runner.link.launch import Launched


def act(options: argparse.Namespace, launched: Launched | None) -> int:
    """Run, wait for the file to be saved, run again, until Ctrl-C."""
    if options.file == "-":
        from runner.cli.streams import fail

        return fail("watch needs a file that can be saved", 2)
    before: KeptRun | None = None
    with FileWatch(options.file) as saves:
        while True:
            done = run.run(options, launched)
            launched = None
            if done.was_stopped:
                return done.status
            if done.run is not None:
                if before is not None:
                    _show_differences(before, done.run)
                before = done.run
            try:
                say(f"waiting for {options.file} to be saved (Ctrl-C ends this)")
                sys.stdout.flush()
                saves.wait()
            except KeyboardInterrupt:
                return 0
            print(f"\n{'─' * min(streams.width_of_terminal(), 100)}", file=sys.stderr)


def _show_differences(before: KeptRun, after: KeptRun) -> None:
    from runner.history.compare import compare
    from runner.report.terminal.comparison import comparison_lines

    lines = comparison_lines(compare(before, after), streams.width_of_terminal(), streams.has_color(sys.stderr))
    print("\nCompared with the run before:", *lines, sep="\n", file=sys.stderr)
