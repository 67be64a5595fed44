"""Detect whether user code, such as an import, closed the supervisor's own file descriptors."""

from __future__ import annotations

import os
import signal

from runner.model.messages import ImportBegun, Refused
from runner.model.records import replace
from runner.supervise.mp.companions import mp_helper_pids
from runner.supervise.starting.refusals import refusal
from runner.system.orphans import kill_orphans

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from runner.link.wire import ToFront
    from runner.model.problem_ids import ProblemId

_exit = os._exit
_CLOSED = "closes descriptors that are not its own, as `os.closerange` does: run-jobs cannot go on"


class OwnDescriptors:
    """The identities of these descriptors, to be compared after the user's code has run."""

    def __init__(self, link: ToFront, others: Iterable[int], send_all: Callable[[ToFront], None]) -> None:
        """`send_all` waits until the front has received everything."""
        self._link = link
        self._send_all = send_all
        self._are = {number: _identity(number) for number in (0, 1, 2, link.fileno(), *others)}

    def announce(self, what: str) -> None:
        """Tell the front that this user code is about to run: it may close the link."""
        self._link.send(ImportBegun(what))
        self._link.flush()

    def check(self, field: str, what: str, process: int | None = None) -> None:
        """Exit at once if a descriptor has been closed: report it to the front, or on stderr if the link is closed.

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
                self._link.send(Refused((replace(refused, process=process),)))
                self._send_all(self._link)
            elif 2 not in lost:
                os.write(2, f"run-jobs: `{what}` {_CLOSED}\n".encode(errors="backslashreplace"))
            kill_orphans(mp_helper_pids())
        finally:
            _exit(1)


def _identity(number: int) -> tuple[int, int] | None:
    try:
        found = os.fstat(number)
    except OSError:
        return None
    return found.st_dev, found.st_ino
