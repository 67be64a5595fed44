"""Detect whether user code, such as an import, closed the supervisor's own file descriptors."""

from __future__ import annotations

import os
import signal

from runner.supervise.mp.companions import companion_pids
from runner.supervise.starting.refusals import refusal
from runner.system.orphans import end_adopted

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from runner.link.wire import Link
    from runner.model.problem_ids import ProblemId

_exit = os._exit
_CLOSED = "closes descriptors that are not its own, as `os.closerange` does: run-jobs cannot go on"


class OwnDescriptors:
    """What these descriptors are, to be compared when the user's code has run."""

    def __init__(self, link: Link, others: Iterable[int], send_all: Callable[[Link], None]) -> None:
        """`send_all` waits until the front has all that was sent."""
        self._link = link
        self._send_all = send_all
        self._are = {number: _identity(number) for number in (0, 1, 2, link.fileno(), *others)}

    def announce(self, what: str) -> None:
        """Tell the front that this code of the user is about to run: the link may not outlive it."""
        self._link.send({"importing": what})
        self._link.flush()

    def check(self, field: str, what: str, process: int | None = None) -> None:
        """Leave at once if one of them has been closed: say so to the front, or on stderr if the link is gone.

        `what` is the code that has run, which `field` of the file, or of this process, names.
        """
        lost = {number for number, identity in self._are.items() if _identity(number) != identity}
        if not lost:
            return
        try:
            signal.set_wakeup_fd(-1)  # it may be one of them
            if self._link.fileno() not in lost:
                id: ProblemId = "unusable-target" if field == "class" else "import-fails"
                refused = refusal(field, f"`{what}` {_CLOSED}", id=id)
                self._link.send({"refused": [refused | {"process": process}]})
                self._send_all(self._link)
            elif 2 not in lost:
                os.write(2, f"run-jobs: `{what}` {_CLOSED}\n".encode(errors="backslashreplace"))
            end_adopted(companion_pids())
        finally:
            _exit(1)


def _identity(number: int) -> tuple[int, int] | None:
    try:
        found = os.fstat(number)
    except OSError:
        return None
    return found.st_dev, found.st_ino
