"""Gives the forkserver our `sys.path`, when it imports this module before what it is to preload.

Until Python 3.14 it is handed the path and does not look at it; this can go with the last of those.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

_VARIABLE = "RUN_JOBS_FORKSERVER_PATH"


@contextlib.contextmanager
def handed_on() -> Iterator[None]:
    """A forkserver that is started within this gets our path."""
    os.environ[_VARIABLE] = json.dumps(sys.path)
    try:
        yield
    finally:
        del os.environ[_VARIABLE]


if _VARIABLE in os.environ:
    from runner.supervise import fork_threads

    fork_threads.watch()
    sys.path[:] = json.loads(os.environ.pop(_VARIABLE))  # taken away: its children have nothing to do with it
