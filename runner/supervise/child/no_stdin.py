"""Replace the stdin of a user's target with /dev/null, and report the first read from it.

Children import this module. The stream is created here, once for all forked children.
"""

from __future__ import annotations

import sys
from io import BufferedReader, FileIO, TextIOWrapper

from runner.supervise.child import messages

TYPE_CHECKING = False
if TYPE_CHECKING:
    from _typeshed import WriteableBuffer


class _Reported(FileIO):
    """A file that reports the first read from it."""

    _is_reported = False

    def read(self, size: int | None = -1) -> bytes:
        """Read up to the given number of bytes, or all of them."""
        self._report()
        return super().read(size) or b""

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Read into the buffer; `BufferedReader` calls this."""
        self._report()
        return super().readinto(buffer) or 0

    def readall(self) -> bytes:
        """Read up to the end; `BufferedReader` calls this, too."""
        self._report()
        return super().readall() or b""

    def _report(self) -> None:
        if not self._is_reported:
            self._is_reported = True
            messages.report_stdin_read()


def report_stdin_reads() -> None:
    """Have reads from `sys.stdin` reported, unless an import has replaced it."""
    if _stdin is not None and sys.stdin is sys.__stdin__:
        sys.stdin = sys.__stdin__ = _stdin  # type: ignore[misc]  # any text file does


def _open() -> TextIOWrapper | None:
    try:
        raw = _Reported(0, closefd=False)
    except OSError:  # an import has closed it
        return None
    raw.name = "<stdin>"
    stream = TextIOWrapper(BufferedReader(raw), "utf-8")
    stream.mode = "r"  # type: ignore[misc]  # as Python's own has it
    return stream


_stdin = _open()
