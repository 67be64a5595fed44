"""Shared things as the supervisor has them, with real shared memory."""

from __future__ import annotations

import subprocess
import sys

import pytest

from runner.supervise.shared import missing_permits
from runner.supervise.table import WANTS

PROGRAM = """
import os
from runner.plan import Plan, SharedArray
from runner.supervise.shared import SharedThings
things = SharedThings(Plan("f", "fork", (), (), (), shared=(SharedArray("a", "int64", 2, 8),)), "test-gone")
os.unlink("/dev/shm/run-jobs-test-gone-1")
things.remove()
"""


def test_memory_that_somebody_has_taken_away_is_gone_without_a_word() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, check=False)

    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


@pytest.mark.parametrize(
    ("permits", "free", "marks", "missing"),
    [
        (1, 1, [1], (0, True)),  # it had given it back, and not noted that yet
        (1, 0, [1], (1, True)),
        (1, 0, [1, 1], (0, True)),  # another one has it
        (1, 0, [1, WANTS], (1, False)),
        (3, 0, [2, 1], (2, True)),
        (3, 0, [2, WANTS | 1], (2, False)),
    ],
)
def test_permits_are_missing_that_nobody_alive_has(
    permits: int, free: int, marks: list[int], missing: tuple[int, bool]
) -> None:
    assert missing_permits(permits, free, marks, dead=0) == missing
