"""Read the bytes of a file, up to a maximum size."""

from __future__ import annotations

from runner.model.errors import InvalidFile, Problem

MAX_FILE = 16 << 20
"""The most bytes of a file of jobs."""


def read_file(file: str | int) -> bytes:
    """Return the bytes of a file, or of a descriptor; raise `InvalidFile` if they cannot be read."""
    try:
        with open(file, "rb", closefd=isinstance(file, str)) as opened:
            return opened.read(
                MAX_FILE + 1
            )  # one more byte, which reports a file that is too long: some files never end
    except (OSError, ValueError) as error:
        reason = (getattr(error, "strerror", None) or str(error)).lower()
        name = file if isinstance(file, str) else "-"
        raise InvalidFile((Problem(name, 0, 0, 0, "", f"cannot be read: {reason}", id="unreadable-file"),)) from None
