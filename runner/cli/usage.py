"""The text of `run-jobs --help`. This module imports almost nothing, to start as fast as Python itself."""

from __future__ import annotations

from runner.model.wrapping import table, wrapped

COMMANDS = (
    "run",
    "check",
    "explain",
    "watch",
    "try",
    "predict",
    "history",
    "show",
    "why",
    "compare",
    "export",
    "gallery",
    "schema",
)
EXIT_STATUS = (
    "Exit status: 0 every process ended as declared; 1 one did not; 2 bad usage or a bad file, nothing was started; "
    "3 a fault of run-jobs itself, or stdout or a picture could not be written; 128+n stopped by signal n."
)
_USES = (
    (
        ("run-jobs FILE", "run it (as `run-jobs run FILE`; `-` is standard input)"),
        ("run-jobs explain FILE", "describe what main will do, and when, without running"),
        ("run-jobs check FILE …", "check the file or several, start nothing"),
    ),
    (
        ("run-jobs watch FILE", "run it again whenever it is saved, and show what changed"),
        ("run-jobs try FILE [N]", "list edits worth trying; make one, run both, compare"),
        ("run-jobs predict FILE", "predict the outcome, then run it"),
        ("run-jobs history [FILE]", "the last runs; `show`, `why` and `compare` show them"),
        ("run-jobs export FILE", "the same as a plain Python script"),
        ("run-jobs gallery", "the scenarios that come with it: `show NAME`, `copy DIR`"),
        ("run-jobs schema", "print the file format's JSON Schema, for an editor"),
    ),
    (
        ("run-jobs run --help", "the options of a run; so for the other commands"),
        ("run-jobs --version", "the version"),
    ),
)
WIDEST = 100
"""The widest line of a help: longer lines are hard to read."""


def help_text(width: int) -> str:
    """Return the text of `run-jobs --help`, in lines of this width."""
    width = min(width, WIDEST)
    says = "Run the Python processes that a YAML file declares, and see what each does."
    start = max(len(left) for uses in _USES for left, _ in uses)
    lines = ["usage: run-jobs [COMMAND] FILE [options]", "", *wrapped(says, width), ""]
    for uses in _USES:
        lines += [*table([(f"{left:<{start}}", right) for left, right in uses], width), ""]
    return "\n".join([*lines, *wrapped(EXIT_STATUS, width)])


USAGE_ERROR = 2
FAULT = 3
INTERRUPTED = 130
READER_GONE = 141
"""The exit status of a process killed by SIGPIPE."""
