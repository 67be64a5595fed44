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
    """Say it in words; nothing is started."""
    from runner.model.errors import InvalidFile

    try:
        described = files.described(options, files.read(options))
    except InvalidFile as invalid:
        return files.show_problems(options, invalid)
    print(explained(described.plan))
    return 0


def explained(plan: Plan) -> str:
    """What main will do, in lines as wide as the terminal."""
    from runner.report.terminal.explain import explain

    width = width_of(sys.stdout)
    return "\n".join(line for one in explain(plan).split("\n") for line in wrapped(one, width, indent=_indent(one)))


def _indent(line: str) -> str:
    """What the further lines of a line that is too long begin with: they stand under its text."""
    text = line.lstrip()
    number, _, _ = text.partition(" ")
    is_numbered = number.endswith(".") and number[:-1].isdecimal()
    return " " * (len(line) - len(text) + (len(number) + 1 if is_numbered else 2))
