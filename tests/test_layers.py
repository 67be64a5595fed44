"""The floors of the house: a module imports its own floor and those that it stands on, nothing else of the package."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "runner"

GROUND = {
    "adopted",
    "arguments",
    "clock",
    "comparing",
    "dtypes",
    "errors",
    "events",
    "exit_codes",
    "exit_status",
    "expectations",
    "failures",
    "history",
    "jobresult",
    "kept",
    "launch",
    "leftovers",
    "limits",
    "line_times",
    "lines",
    "masking",
    "note_counts",
    "notes",
    "origins",
    "places",
    "plan",
    "paused",
    "pidfds",
    "plan_json",
    "predicting",
    "prctl",
    "records",
    "remains",
    "results",
    "rewritten",
    "senders",
    "signatures",
    "start_variables",
    "sums",
    "surprises",
    "things",
    "version",
    "why",
    "wire",
    "workers",
    "wrapping",
}
"""The modules that import no floor."""

STANDS_ON = {
    "ground": set(),
    "describe": {"ground"},
    "supervise": {"ground"},
    "explore": {"ground"},
    "report": {"ground"},
    "export": {"ground", "describe.placeholders"},
    "jobtypes": {"ground", "describe", "supervise.tracing"},
    "session": {"ground", "describe.jobtype"},
    "front": {"ground", "report", "session"},
    "api": {"ground", "describe", "session"},
    "command": {"ground", "describe", "report", "session", "api", "front", "public", "export"},
    "public": {"ground", "api"},
}
COMMAND = {"cli", "command_line", "commands", "streams", "usage", "__main__"}


def floor_of(module: str) -> str:
    """The floor of a module, by its dotted name within the package."""
    first = module.partition(".")[0]
    if not module:
        return "public"
    if first in GROUND:
        return "ground"
    return "command" if first in COMMAND else first


def modules() -> list[str]:
    """The names of all modules of the package, within it."""
    names = (path.relative_to(PACKAGE).with_suffix("").as_posix().replace("/", ".") for path in PACKAGE.rglob("*.py"))
    return sorted(name.removesuffix("__init__").removesuffix(".") for name in names)


def source_of(module: str) -> Path:
    path = PACKAGE / module.replace(".", "/")
    return path / "__init__.py" if path.is_dir() else path.with_suffix(".py")


def imported_by(module: str) -> set[str]:
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
    return found


def test_every_module_is_on_a_floor() -> None:
    assert {floor_of(module) for module in modules()} == set(STANDS_ON)


@pytest.mark.parametrize("module", modules())
def test_a_module_imports_only_what_its_floor_stands_on(module: str) -> None:
    floor = floor_of(module)

    for name in imported_by(module):
        below = STANDS_ON[floor]
        assert floor_of(name) == floor or floor_of(name) in below or name in below, f"{module} imports {name}"
