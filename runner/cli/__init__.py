"""The `run-jobs` command. Its imports are deferred so that the supervisor starts first.

The imports at the top of this module are few: a run starts its supervisor before anything else.
"""

from __future__ import annotations

import gc
import sys
from importlib import import_module

from runner.cli.streams import fail, fail_to_write, prepare_streams, width_of
from runner.cli.usage import COMMANDS, FAULT, INTERRUPTED, USAGE_ERROR, help_text
from runner.model.version import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from runner.link.launch import Launched


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return the exit status."""
    gc.disable()  # until there is something to wait for: everything that is created before is needed
    prepare_streams()
    try:
        status = _status(list(sys.argv[1:] if argv is None else argv))
        sys.stdout.flush()
    except Exception as error:
        return _print_error(error)
    except KeyboardInterrupt:  # nothing has been started yet, or everything has ended
        return INTERRUPTED
    return status


def _print_error(error: Exception) -> int:
    """Print the error; return the exit status."""
    from runner.system.open_files import RAISE_IT, lacks_files

    if lacks_files(error):
        return fail(f"too many open files: {RAISE_IT}", FAULT)
    if isinstance(error, OSError):
        return fail_to_write(error)
    from runner.model.errors import fault_message

    return fail(fault_message(error), FAULT)


def _status(words: list[str]) -> int:
    """Run the command; return the exit status."""
    if words[:1] in (["-h"], ["--help"], ["--version"]):
        # Printed without argparse, which takes longer to import than Python to start.
        print(f"run-jobs {__version__}" if words[0] == "--version" else help_text(width_of(sys.stdout) or 80))
        return 0
    if not words:
        print(help_text(width_of(sys.stderr) or 80), file=sys.stderr)
        return USAGE_ERROR
    words = words if words[0] in COMMANDS else ["run", *words]
    launched = _launch_early(words)
    try:
        try:
            from runner.cli.options import parse

            options = parse(words)
            module = import_module(f"runner.cli.{_MODULES[options.command]}")
        except KeyboardInterrupt:
            if words[0] != "run":
                raise
            from runner.cli.stopped import stopped_early

            return stopped_early(INTERRUPTED, prints_json="--json" in words)
        return int(module.act(options, launched))
    finally:
        if launched is not None:
            launched.abandon()


def _launch_early(words: list[str]) -> Launched | None:
    """Start the supervisor's interpreter before anything else, if there is something to run."""
    if words[0] not in ("run", "watch") or len(words) == 1 or {"-h", "--help", "--version"} & set(words):
        return None
    from runner.link.launch import can_launch, launch

    if not can_launch():
        return None
    launched = launch()
    from runner.system.open_files import raise_open_files

    raise_open_files()  # for us alone: the supervisor gets the limit that we were given, for its children
    return launched


_MODULES = {
    "run": "run",
    "check": "check",
    "explain": "explain",
    "schema": "schema",
    "watch": "watch",
    "try": "try_edits",
    "predict": "predict",
    "export": "export",
    "gallery": "gallery",
    "history": "history",
    "show": "history",
    "why": "history",
    "compare": "history",
}
"""The module of `runner.cli` for each command."""
