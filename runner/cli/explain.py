"""`run-jobs explain`: describe what main will do, and when."""

from __future__ import annotations

import sys

from runner.cli import files
from runner.cli.streams import width_of
from runner.model.wrapping import wrapped

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from runner.link.launch import Launched
    from runner.model.plan import Plan


def act(options: argparse.Namespace, _: Launched | None) -> int:
    """Print it in words without starting anything."""
    from runner.model.errors import InvalidFile

    try:
        described = files.described(options, files.read(options))
    except InvalidFile as invalid:
        return files.show_problems(options, invalid)
    print(explained(described.plan))
    return 0


def explained(plan: Plan) -> str:
    """Return what main will do, in lines as wide as the terminal."""
    from runner.report.terminal.explain import explain

    width = width_of(sys.stdout)
    return "\n".join(line for one in explain(plan).split("\n") for line in wrapped(one, width, indent=_indent(one)))


def _indent(line: str) -> str:
    """Return the indentation of the further lines of a line that is too long: they are aligned with its text."""
    text = line.lstrip()
    number, _, _ = text.partition(" ")
    is_numbered = number.endswith(".") and number[:-1].isdecimal()
    return " " * (len(line) - len(text) + (len(number) + 1 if is_numbered else 2))
