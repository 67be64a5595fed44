"""Pass `sys.path` and the run's folder to the forkserver, which imports this module first.

Until Python 3.14 the forkserver receives the path and ignores it. The folder is where multiprocessing creates the
sockets of objects that a preload creates in the forkserver, such as a pool: they are removed with the run's folder.
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

_VARIABLE = "RUN_JOBS_FORKSERVER_PATH"

PID = os.getpid()
"""In the forkserver and its children, the pid of the forkserver."""


@contextlib.contextmanager
def with_our_path() -> Iterator[None]:
    """A forkserver that is started within this context gets our path and our folder."""
    own: dict[str, object] = process.current_process()._config  # type: ignore[attr-defined]  # there is no public way
    folder = {name: own[name] for name in ("tempdir", "semprefix") if name in own}
    os.environ[_VARIABLE] = json.dumps([sys.path, folder])
    try:
        yield
    finally:
        del os.environ[_VARIABLE]


if _VARIABLE in os.environ:
    from runner.supervise.child import fork_threads

    fork_threads.watch()
    _path, _folder = json.loads(os.environ.pop(_VARIABLE))  # removed: its children do not need it
    sys.path[:] = _path
    process.current_process()._config |= _folder  # type: ignore[attr-defined]  # there is no public way
