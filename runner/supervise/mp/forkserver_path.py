"""Pass `sys.path` and the run's folder to the forkserver, which imports this module first.

Until Python 3.14 it is handed the path and does not look at it. The folder is where multiprocessing puts the sockets of
what a preload makes in the forkserver, such as a pool: there they are removed with the run.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from multiprocessing import process

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any

_VARIABLE = "RUN_JOBS_FORKSERVER_PATH"

PID = os.getpid()
"""In the forkserver and its children, the pid of the forkserver."""


@contextlib.contextmanager
def handed_on() -> Iterator[None]:
    """A forkserver that is started within this gets our path and our folder."""
    own: dict[str, Any] = process.current_process()._config  # type: ignore[attr-defined]  # there is no public way
    folder = {name: own[name] for name in ("tempdir", "semprefix") if name in own}
    os.environ[_VARIABLE] = json.dumps([sys.path, folder])
    try:
        yield
    finally:
        del os.environ[_VARIABLE]


if _VARIABLE in os.environ:
    from runner.supervise.child import fork_threads

    fork_threads.watch()
    _path, _folder = json.loads(os.environ.pop(_VARIABLE))  # taken away: its children have nothing to do with it
    sys.path[:] = _path
    process.current_process()._config |= _folder  # type: ignore[attr-defined]  # there is no public way
