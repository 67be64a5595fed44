"""Read the file that a command works on, print its problems, and check that its outputs can be written."""

from __future__ import annotations

import os
import stat
import sys

from runner.cli.streams import has_color, width_of
from runner.cli.usage import USAGE_ERROR

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence
    from typing import Literal

    from runner.describe.plan.planning import Described
    from runner.model.errors import InvalidFile, Problem


def read(options: argparse.Namespace) -> bytes:
    """Return the bytes of the file. Raise `InvalidFile`; for a missing file it suggests what may be meant."""
    from runner.describe.yaml.file_bytes import read_file
    from runner.model.errors import InvalidFile

    try:
        return read_file(0 if options.file == "-" else options.file)
    except InvalidFile as invalid:
        if options.file == "-" or os.path.lexists(options.file):
            raise
        from runner.cli.gallery import hint
        from runner.model.records import replace

        (problem,) = invalid.problems
        raise InvalidFile((replace(problem, help=hint(options.file)),)) from None


def described(options: argparse.Namespace, text: bytes) -> Described:
    """Return the plan of the text, with the options. Raise `InvalidFile`."""
    # The supervisor has its environment already. Searching for plugins of pydantic reads the installed packages: 10 ms.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    from runner.describe.plan.planning import describe

    return describe(
        text, file=options.file, overrides=options.set, start_method=options.start_method, environ=os.environ
    )


def show_problems(options: argparse.Namespace, invalid: InvalidFile) -> int:
    """Print the problems; return the exit status."""
    if options.json:
        import json

        from runner.describe.yaml import problem_rendering

        problems = [problem_rendering.to_json(problem) for problem in invalid.problems]
        print(json.dumps({"valid": False, "problems": problems}, ensure_ascii=False))
        return USAGE_ERROR
    show(invalid.problems, "; nothing was started" if options.command == "run" else "")
    return USAGE_ERROR


def show(problems: Sequence[Problem], besides: str = "", kind: Literal["error", "note"] = "error") -> None:
    """Print problems, or notes, for a person, and their number if there are several."""
    from runner.describe.yaml.problem_rendering import render_all

    if problems:
        text = render_all(problems, color=has_color(sys.stderr), width=width_of(sys.stderr), kind=kind)
        print(text, file=sys.stderr)
    if len(problems) > 1 and kind == "error":
        files = len({problem.file for problem in problems})
        where = f" in {files} files" if files > 1 else ""
        print(f"\n{len(problems)} problems{where}{besides}", file=sys.stderr)


def check_outputs(options: argparse.Namespace) -> None:
    """Check that the pictures and the page can be written at the end. Raise `UsageError`."""
    for option in ("timeline", "trace", "report"):
        path = getattr(options, option)
        if path not in (None, "-"):
            try:
                _check_output(os.path.realpath(path))
            except OSError as error:
                from runner.model.errors import UsageError

                reason = (error.strerror or "").lower()
                raise UsageError(f"--{option}: `{path}` cannot be written: {reason}") from None


def _check_output(path: str) -> None:
    """Check whether this file can be written. Existing contents remain, and no new file does."""
    try:
        mode = os.stat(path).st_mode
    except FileNotFoundError:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL))
        os.unlink(path)
    else:
        if stat.S_ISREG(mode) or stat.S_ISDIR(mode):  # the reader of a pipe would take its closing for the end
            os.close(os.open(path, os.O_WRONLY))


def count(number: int, noun: str, plural: str = "s") -> str:
    """Return a number with its noun."""
    return f"{number} {noun}{'' if number == 1 else plural}"
