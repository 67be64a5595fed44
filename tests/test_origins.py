"""Where a signal came from, in words."""

from __future__ import annotations

from typing import Any

import pytest

from runner.model.signal_origins import ended, sent

NAMES = ("a", "b")


@pytest.mark.parametrize(
    ("sender", "subject"),
    [
        ({"pid": 7, "process": 1, "started": False, "command": "python"}, "b sent"),
        ({"pid": 8, "process": 1, "started": True, "command": "sh"}, "A process that b started sent"),
        ({"pid": 9, "process": None, "started": True, "command": "bash"}, "`bash` (pid 9) sent"),
        ({"pid": 9, "process": None, "started": True, "command": None}, "A process that has ended (pid 9) sent"),
        ({"pid": 0, "process": None, "started": False, "command": None}, "A process out of sight sent"),
    ],
)
def test_the_sender_of_a_signal_is_named_as_far_as_it_is_known(sender: dict[str, Any], subject: str) -> None:
    assert sent(15, sender, NAMES.__getitem__) == f"{subject} SIGTERM to the process that starts the others"


@pytest.mark.parametrize(
    ("exit_code", "clause"),
    [(None, "which has died"), (-15, "which SIGTERM ended"), (3, "which ended with exit code 3")],
)
def test_an_end_is_said_as_a_clause(exit_code: int | None, clause: str) -> None:
    assert ended(exit_code) == clause
