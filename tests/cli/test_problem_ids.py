"""The ids of problems as the command prints them, and the document that lists them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.problem_ids import COMMANDS, DOCUMENT, document, of_commands, of_the_corpus

if TYPE_CHECKING:
    from pathlib import Path


def test_each_command_gives_its_id_and_the_document_lists_all_ids_with_their_messages(tmp_path: Path) -> None:
    of_the_command = list(of_commands(tmp_path))

    assert [id for id, _ in of_the_command] == list(COMMANDS)
    assert DOCUMENT.read_text() == document([*of_the_corpus(), *of_the_command])
