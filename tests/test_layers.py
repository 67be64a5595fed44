"""The rooms of the house: a module imports its own room and those below it, nothing else of the package."""

from __future__ import annotations

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "runner"

ROOMS_BELOW = {
    "model": set(),
    "system": set(),
    "link": {"model", "system"},
    "describe.yaml": {"model"},
    "describe.foreign": {"model", "describe.yaml"},
    "describe.fields": {"model", "describe.yaml", "describe.foreign"},
    "describe": {"model", "describe.yaml", "describe.fields"},
    "describe.steps": {"model", "describe.yaml", "describe.foreign", "describe.fields"},
    "describe.plan": {"model", "describe", "describe.yaml", "describe.foreign", "describe.fields", "describe.steps"},
    "describe.schema": {"model", "describe", "describe.yaml", "describe.fields", "describe.steps", "describe.plan"},
    "supervise.core": {"model"},
    "supervise.tracing": {"model", "system"},
    "supervise.child": {"model", "system", "link", "supervise.tracing", "workers"},
    "supervise.mp": {"model", "system", "supervise.child"},
    "supervise.sharing": {
        "model",
        "system",
        "link",
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
    "report.page": {"model", "notes", "report.terminal", "report.timeline"},
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
    "workers": {"model"},
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


def test_every_module_is_in_a_room_with_a_floor() -> None:
    assert {room_of(module) for module in modules()} == set(ROOMS_BELOW)


def test_no_room_stands_on_itself() -> None:
    TopologicalSorter(ROOMS_BELOW).prepare()


def test_no_modules_import_each_other() -> None:
    TopologicalSorter({module: imported_by(module) - {module} for module in modules()}).prepare()


@pytest.mark.parametrize("module", modules())
def test_a_module_imports_only_what_its_room_stands_on(module: str) -> None:
    room = room_of(module)

    for name in imported_by(module):
        assert room_of(name) in {room, *ROOMS_BELOW[room]}, f"{module} imports {name}"


def test_the_top_of_the_package_is_what_users_import() -> None:
    loose = {path.stem for path in PACKAGE.glob("*.py")}

    assert loose == {"__init__", "__main__", "api", "workers"}
