"""multiprocessing's own processes beside a supervisor: the forkserver and the resource tracker, where they run."""

from __future__ import annotations

import contextlib
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


def companion_pids() -> set[int]:
    """Their pids."""
    pids = {getattr(companion, name) for companion, name in _companions()}
    return pids - {None}


def end_companions() -> None:
    """End them and wait for them: by themselves they end some time after us."""
    for companion, _ in _companions():
        with contextlib.suppress(ChildProcessError):  # it was killed, and has been waited for
            companion._stop()


def _companions() -> Iterator[tuple[Any, str]]:
    """Each that was imported, and the name under which it has its pid."""
    if "multiprocessing.forkserver" in sys.modules:
        from multiprocessing import forkserver

        yield forkserver._forkserver, "_forkserver_pid"  # there is no public way
    if "multiprocessing.resource_tracker" in sys.modules:
        from multiprocessing import resource_tracker

        yield resource_tracker._resource_tracker, "_pid"  # there is no public way
