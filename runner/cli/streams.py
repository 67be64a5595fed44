"""Prepare the command's standard streams, even if they are closed, and write its messages to stderr."""

from __future__ import annotations

import io
import os
import sys

from runner.cli.usage import FAULT, READER_GONE
from runner.model.wrapping import wrapped

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import TextIO


def prepare_streams() -> None:
    """Put /dev/null where stdin, stdout or stderr are closed: what is opened next would be taken for them.

    What their encodings cannot say is written as escapes.
    """
    while (opened := os.open(os.devnull, os.O_RDWR)) < 3:
        os.set_inheritable(opened, True)
    os.close(opened)
    sys.stdout = sys.stdout or open(1, "w", closefd=False)  # noqa: SIM115  # open as long as we live
    sys.stderr = sys.stderr or open(2, "w", closefd=False)  # noqa: SIM115
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def fail(message: str, status: int) -> int:
    """Say what is wrong on stderr; gives the exit status."""
    say(message)
    return status


def say(message: str) -> None:
    """Say something to the user on stderr, in lines as wide as the terminal."""
    for paragraph in f"run-jobs: {message}".split("\n"):
        print("\n".join(wrapped(paragraph, width_of(sys.stderr))), file=sys.stderr)


def width_of(stream: TextIO) -> int | None:
    """The columns that a line of this stream has; None if it goes to no terminal, and COLUMNS does not say either."""
    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns) > 0:
        return int(columns)
    try:
        return os.get_terminal_size(stream.fileno()).columns or None
    except (OSError, ValueError, AttributeError):  # it has no descriptor, or that is no terminal
        return None


def fail_to_write(error: OSError) -> int:
    """Say what the system refuses, such as writing to a full disk, if stderr can be written; gives the exit status."""
    # What is left in it would be tried again when Python ends.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    if isinstance(error, BrokenPipeError):
        return READER_GONE
    return fail((error.strerror or str(error)).lower(), FAULT)
