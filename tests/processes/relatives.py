"""What a process knows of its relatives, as `multiprocessing` tells it: a target, and a program of its own."""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
import threading
from multiprocessing import util
from pathlib import Path


class _Registered:
    """An object that wants to be told of a fork; `heard` says which processes told it."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        util.register_after_fork(self, lambda own: own.heard.append("after the fork"))


registered = _Registered()
util.Finalize(None, print, args=("the parent's finalizer",), exitpriority=0)


def tell(file: str) -> None:
    """Write what this process knows."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    child = multiprocessing.Process(target=int)
    Path(file).write_text(
        json.dumps(
            {
                "parent": [parent.name, parent.pid == os.getppid(), parent.is_alive()],
                "name": multiprocessing.current_process().name,
                "children": len(multiprocessing.active_children()),
                "child": child.name,
                "native id": threading.main_thread().native_id == os.getpid(),
                "finalizers": len(util._finalizer_registry),  # type: ignore[attr-defined]
                "registered": registered.heard,
            }
        )
    )


if __name__ == "__main__":
    forking = multiprocessing.get_context("fork")
    started = forking.Process(target=tell, args=(sys.argv[1],), name="teller")
    started.start()
    started.join()
