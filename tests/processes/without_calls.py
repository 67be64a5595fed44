"""`python without_calls.py ERRNO COMMAND...`: runs a command in whose processes the calls for pidfds fail in this way.

A filter of seccomp does it, as sandboxes and containers have one.
"""

from __future__ import annotations

import ctypes
import errno
import os
import struct
import sys

PIDFD_SEND_SIGNAL, PIDFD_OPEN = 424, 434
"""Their numbers, the same on every architecture."""
SET_NO_NEW_PRIVILEGES, SET_SECCOMP, FILTER = 38, 22, 2
LOAD_NUMBER, SKIP_UNLESS_EQUAL, RETURN = 0x20, 0x15, 0x06
FAIL, ALLOW = 0x00050000, 0x7FFF0000


def instruction(code: int, value: int, skipped: int = 0) -> bytes:
    """One of the filter's; `skipped` instructions follow that are left out unless the values are equal."""
    return struct.pack("=HBBI", code, 0, skipped, value)


def have_calls_fail(number: int) -> None:
    """Load the filter into this process, for it and all that come of it."""
    refuse = instruction(RETURN, FAIL | number)
    program = instruction(LOAD_NUMBER, 0)
    for call in (PIDFD_SEND_SIGNAL, PIDFD_OPEN):
        program += instruction(SKIP_UNLESS_EQUAL, call, skipped=1) + refuse
    program += instruction(RETURN, ALLOW)
    code = ctypes.create_string_buffer(program, len(program))
    header = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(program) // 8, ctypes.addressof(code)))
    libc = ctypes.CDLL(None, use_errno=True)
    for words in ((SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0), (SET_SECCOMP, FILTER, ctypes.byref(header))):
        if libc.prctl(*words):
            raise OSError(ctypes.get_errno(), "no filter can be loaded")


if __name__ == "__main__":
    have_calls_fail(getattr(errno, sys.argv[1]))
    os.execvp(sys.argv[2], sys.argv[2:])
