"""Read the bytes of a file, up to a maximum size."""

from __future__ import annotations

from runner.model.errors import InvalidFile, Problem

MOST_OF_A_FILE = 16 << 20
"""Bytes of a file of jobs."""


def read_file(file: str | int) -> bytes:
    """The bytes of a file, or of a descriptor; raises `InvalidFile` where there are none to be had."""
    try:
        with open(file, "rb", closefd=isinstance(file, str)) as opened:
            return opened.read(MOST_OF_A_FILE + 1)  # one more, which is then told: some files never end
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        name = file if isinstance(file, str) else "-"
        raise InvalidFile((Problem(name, 0, 0, 0, "", f"cannot be read: {reason}", id="unreadable-file"),)) from None
