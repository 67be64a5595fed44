"""Find out whether the end of the forkserver, or of its socket, caused a failed start."""

from __future__ import annotations

import os
from multiprocessing import forkserver, util

from runner.model.signal_origins import ended
from runner.supervise.mp.companions import forkserver_has_ended, last_exit_code_of_forkserver

TYPE_CHECKING = False
if TYPE_CHECKING:
    from runner.model.multiprocessing_protocols import ForkServer

SYMPTOMS = (ConnectionError, EOFError, FileNotFoundError, ChildProcessError)
"""The exceptions that a start raises then, among other reasons for them."""


def reason(error: BaseException) -> BaseException:
    """Return why a start failed with this error: the error itself, unless the forkserver is the cause."""
    server: ForkServer = vars(forkserver)["_forkserver"]  # there is no public way
    address = server._forkserver_address
    if forkserver_has_ended():
        how = ended(last_exit_code_of_forkserver())
        return RuntimeError(f"the forkserver, {how}, did not fork it; the next start makes another forkserver")
    if not isinstance(error, FileNotFoundError):
        return error
    if address is not None and not os.path.exists(address):
        return RuntimeError(f"the forkserver did not fork it: its socket {address} has been removed")
    if not os.path.isdir(util.get_temp_dir()):
        return RuntimeError(
            f"there is no forkserver: the folder of its socket, {util.get_temp_dir()}, has been removed"
        )
    return error
