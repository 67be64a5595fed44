"""Prepare the command's standard streams, even if they are closed; know their widths and colours; write messages."""

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
    """Open /dev/null in place of closed standard streams: the next opened file would be taken for them.

    Characters that their encodings lack are written as escapes.
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
    """Print an error on stderr; return the exit status."""
    say(message)
    return status


def say(message: str) -> None:
    """Print a message to the user on stderr, in lines as wide as the terminal."""
    for paragraph in f"run-jobs: {message}".split("\n"):
        print("\n".join(wrapped(paragraph, width_of(sys.stderr))), file=sys.stderr)


def width_of(stream: TextIO) -> int | None:
    """Return the columns of a line of this stream; None if it is not a terminal, and COLUMNS is not set either."""
    columns = os.environ.get("COLUMNS", "")
    if columns.isdecimal() and int(columns) > 0:
        return int(columns)
    try:
        return os.get_terminal_size(stream.fileno()).columns or None
    except (OSError, ValueError, AttributeError):  # it has no descriptor, or that is not a terminal
        return None


def has_color(stream: object) -> bool:
    """Return whether text on this stream may have colours."""
    is_terminal = getattr(stream, "isatty", bool)()
    return is_terminal and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def width_of_terminal() -> int:
    """Return the width of the terminal in characters, or 100."""
    return width_of(sys.stdout) or 100


def fail_to_write(error: OSError) -> int:
    """Print what the system refuses, such as writing to a full disk, if stderr can be written; return the exit
    status."""
    # Python would try again at its end to write what is left in it.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    if isinstance(error, BrokenPipeError):
        return READER_GONE
    return fail((error.strerror or str(error)).lower(), FAULT)
