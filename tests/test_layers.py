"""The rooms of the house: a module imports its own room and those below it, nothing else of the package."""

from __future__ import annotations

from graphlib import TopologicalSorter

import pytest

from tests.rooms import DOCUMENT, PACKAGE, ROOMS_BELOW, arrows, document, imported_by, modules, room_of


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


def test_the_list_of_rooms_below_has_no_room_that_is_not_imported() -> None:
    assert arrows() == ROOMS_BELOW


def test_the_page_of_the_rooms_is_what_the_code_says() -> None:
    assert DOCUMENT.read_text() == document(), "write it anew: python -m tests.rooms"
