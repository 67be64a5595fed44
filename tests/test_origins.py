"""Where a signal came from, in words."""

from __future__ import annotations

import pytest

from runner.model.messages import Sender
from runner.model.signal_origins import ended, sent

NAMES = ("a", "b")


@pytest.mark.parametrize(
    ("sender", "subject"),
    [
        (Sender(7, 1, False, "python"), "b sent"),
        (Sender(8, 1, True, "sh"), "A process that b started sent"),
        (Sender(9, None, True, "bash"), "`bash` (pid 9) sent"),
        (Sender(9, None, True, None), "A process that has ended (pid 9) sent"),
        (Sender(0, None, False, None), "A process out of sight sent"),
    ],
)
def test_the_sender_of_a_signal_is_named_as_far_as_it_is_known(sender: Sender, subject: str) -> None:
    assert sent(15, sender, NAMES.__getitem__) == f"{subject} SIGTERM to the process that starts the others"


@pytest.mark.parametrize(
    ("exit_code", "clause"),
    [(None, "which has died"), (-15, "which SIGTERM ended"), (3, "which ended with exit code 3")],
)
def test_an_end_is_said_as_a_clause(exit_code: int | None, clause: str) -> None:
    assert ended(exit_code) == clause
