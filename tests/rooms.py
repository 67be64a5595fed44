"""The rooms of the code, read from its imports and its first lines: `python -m tests.rooms` writes `docs/rooms.md`."""

from __future__ import annotations

import ast
from functools import cache
from graphlib import TopologicalSorter
from pathlib import Path

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "runner"
DOCUMENT = ROOT / "docs" / "rooms.md"

ROOMS_BELOW = {
    "model": set(),
    "system": set(),
    "link": {"model", "system"},
    "describe.yaml": {"model"},
    "describe.other_tools": {"model", "describe.yaml"},
    "describe.fields": {"model", "describe.yaml", "describe.other_tools"},
    "describe": {"model", "describe.yaml", "describe.fields"},
    "describe.steps": {"model", "describe.yaml", "describe.other_tools", "describe.fields"},
    "describe.plan": {
        "model",
        "describe",
        "describe.yaml",
        "describe.other_tools",
        "describe.fields",
        "describe.steps",
    },
    "describe.schema": {"model", "describe", "describe.yaml", "describe.steps", "describe.plan"},
    "supervise.core": {"model"},
    "supervise.tracing": {"model", "system"},
    "supervise.child": {"model", "system", "link", "supervise.tracing", "workers"},
    "supervise.mp": {"model", "system", "supervise.child"},
    "supervise.sharing": {
        "model",
        "system",
        "supervise.core",
        "supervise.tracing",
        "supervise.child",
        "supervise.mp",
    },
    "supervise.starting": {
        "model",
        "system",
        "link",
        "supervise.core",
        "supervise.tracing",
        "supervise.child",
        "supervise.mp",
        "supervise.sharing",
    },
    "supervise.imports": {"model", "system", "link", "supervise.child", "supervise.mp", "supervise.starting"},
    "supervise": {
        "model",
        "system",
        "link",
        "supervise.core",
        "supervise.child",
        "supervise.mp",
        "supervise.sharing",
        "supervise.starting",
        "supervise.imports",
    },
    "explore": {"model"},
    "jobtypes": {"model", "describe", "describe.yaml", "describe.fields", "describe.steps", "supervise.tracing"},
    "notes": {"model"},
    "session": {"model", "system", "link", "describe", "notes"},
    "history": {"model", "notes"},
    "report": set(),
    "report.terminal": {"model", "notes", "history"},
    "report.timeline": {"model", "notes", "report.terminal"},
    "report.page": {"model", "report.terminal", "report.timeline"},
    "export.code": {"model"},
    "export": {"model", "system", "notes", "describe.fields", "export.code"},
    "cli": {
        "model",
        "system",
        "link",
        "describe.plan",
        "describe.schema",
        "describe.yaml",
        "session",
        "notes",
        "history",
        "report.terminal",
        "report.timeline",
        "report.page",
        "export",
    },
    "api": {"model", "describe.plan", "describe.yaml", "session"},
    "workers": set(),
    "old_paths": set(),
    "old_paths.describe": {"old_paths"},
    "__main__": {"cli"},
    "": {"model", "api"},
}
"""The rooms that each room may import, beside itself. A module at the top of the package is a room of its own."""


def room_of(module: str) -> str:
    """The folder of a module, by its dotted name within the package; a module at the top is its own room."""
    if source_of(module).name == "__init__.py" or "." not in module:
        return module
    return module.rpartition(".")[0]


@cache
def modules() -> list[str]:
    """The names of all modules of the package, within it."""
    names = (path.relative_to(PACKAGE).with_suffix("").as_posix().replace("/", ".") for path in PACKAGE.rglob("*.py"))
    return sorted(name.removesuffix("__init__").removesuffix(".") for name in names)


def source_of(module: str) -> Path:
    path = PACKAGE / module.replace(".", "/")
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


@cache
def imported_by(module: str) -> frozenset[str]:
    """What a module imports of the package, wherever in it: at its top, in functions, for types."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(source_of(module).read_text())):
        match node:
            case ast.ImportFrom(module=str(name), names=names) if name.partition(".")[0] == "runner":
                inner = name.removeprefix("runner").removeprefix(".")
                parts = {f"{inner}.{each.name}".removeprefix(".") for each in names}
                found |= {part if part in modules() else inner for part in parts}
            case ast.Import(names=names):
                found |= {each.name.removeprefix("runner.") for each in names if each.name.startswith("runner.")}
    return frozenset(found)


def sentence_of(module: str) -> str:
    """The first line of a module's docstring."""
    return (ast.get_docstring(ast.parse(source_of(module).read_text())) or "").partition("\n")[0]


def arrows() -> dict[str, set[str]]:
    """For each room the rooms that its modules import."""
    found: dict[str, set[str]] = {room: set() for room in ROOMS_BELOW}
    for module in modules():
        found[room_of(module)] |= {room_of(name) for name in imported_by(module)} - {room_of(module)}
    return found


def floors() -> list[list[str]]:
    """The rooms floor by floor, the lowest first: a room stands right above the highest room that it imports."""
    below = arrows()
    height: dict[str, int] = {}
    for room in TopologicalSorter(below).static_order():
        height[room] = max((height[each] + 1 for each in below[room]), default=0)
    return [sorted(room for room in height if height[room] == floor) for floor in range(max(height.values()) + 1)]


def folder_of(room: str) -> str:
    """The path of a room, as documents write it."""
    path = room.replace(".", "/") or "__init__"
    return f"`{path}/`" if (PACKAGE / path).is_dir() else f"`{path}.py`"


INTRODUCTION = """\
# The rooms of the code

Each folder of `runner/` is a room; a module at the top is a room of its own. A room imports only rooms on floors below
its own: `tests/test_layers.py` holds that, counting imports for types and those inside functions. This page is written
by `python -m tests.rooms` from the imports and from the first line of each module, and a test compares the two.
[design.md](design.md) explains how the rooms work together.
"""


def document() -> str:
    """The text of `docs/rooms.md`."""
    below = arrows()
    lines = [INTRODUCTION, "## The floors", "", "| floor | room | imports |", "|---|---|---|"]
    for floor, rooms in reversed(list(enumerate(floors()))):
        for room in rooms:
            lines.append(f"| {floor} | {folder_of(room)} | {', '.join(map(folder_of, sorted(below[room])))} |")
    lines += ["", "## The modules"]
    inside = [module for module in modules() if sentence_of(module)]
    for room in [each for rooms in reversed(floors()) for each in rooms]:
        lines += ["", f"### {folder_of(room)}", "", sentence_of(room)]
        others = [module for module in inside if room_of(module) == room and module != room]
        if others:
            lines += ["", "| module | what it is or does |", "|---|---|"]
            lines += [f"| `{module.rpartition('.')[2]}` | {sentence_of(module)} |" for module in others]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    DOCUMENT.write_text(document())
