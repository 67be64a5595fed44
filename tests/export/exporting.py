"""Exports the text of a file, as if it lay in a folder of the tests, and looks at the script."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

from runner.export import export
from runner.export.main_function import FAILED
from tests.running import plan_of

if TYPE_CHECKING:
    from pathlib import Path

THINGS = """shared:
  door: lock
  seats: {semaphore: 2}
  bell: event
  table: condition
  gate: {barrier: 1}
  box: queue
  chores: joinable_queue
  total: {value: 0}
  bare: {raw_value: 0}
  row: {array: [0, 1], dtype: float64}
  book: list
  ages: {dict: {a: 1}}
  weather: {namespace: {sky: 1}}
"""
"""A thing of every kind, but for two."""


def exported(text: str, folder: Path, start_method: str | None = None) -> str:
    """The script of a file with this text."""
    return export(plan_of(text, folder, start_method))


def lines_of(script: str, function: str) -> list[str]:
    """The statements of a function, without its docstring, the blanks before them and a look at exit codes."""
    tree = ast.parse(script)
    found = next(node for node in tree.body if isinstance(node, ast.FunctionDef) and node.name == function)
    checks = [node for node in ast.walk(found) if isinstance(node, ast.If) and FAILED in ast.unparse(node)]
    checked = {row for node in checks for row in range(node.lineno, (node.end_lineno or 0) + 1)}
    rows = list(enumerate(script.splitlines(), 1))[found.body[0].end_lineno : found.end_lineno]
    return [row.removeprefix("    ") for number, row in rows if row and number not in checked]


def head_of(script: str, function: str) -> str:
    """The line that begins a function."""
    return next(line for line in script.splitlines() if line.startswith(f"def {function}("))


def doing(*steps: str, shared: str = "", more: str = "") -> str:
    """A file with one process that does these steps."""
    done = "".join(f"      - {step}\n" for step in steps)
    return f"{shared}jobs:\n  - name: actor\n{more}    do:\n{done}"
