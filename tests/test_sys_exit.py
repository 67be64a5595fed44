"""The exit code that the system sees of `sys.exit`."""

from __future__ import annotations

import pytest

from runner.model.sys_exit import exit_status


@pytest.mark.parametrize(
    ("given", "code"), [(None, 0), (0, 0), (3, 3), (256, 0), (-1, 255), (True, 1), ("text", 1), (1.0, 1), (2**64, 255)]
)
def test_sys_exit_gives(given: object, code: int) -> None:
    assert exit_status(given) == code
