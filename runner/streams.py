"""Our own stdin, stdout and stderr, whatever we were started with."""

from __future__ import annotations

import io
import os
import sys

from runner.usage import FAULT, READER_GONE


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
    print(f"run-jobs: {message}", file=sys.stderr)
    return status


def fail_to_write(error: OSError) -> int:
    """Say what the system refuses, such as writing to a full disk, if somebody listens; gives the exit status."""
    # What is left in it would be tried again when Python ends.
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    if isinstance(error, BrokenPipeError):
        return READER_GONE
    return fail((error.strerror or str(error)).lower(), FAULT)
