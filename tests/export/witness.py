"""Copied as `sitecustomize.py` to where the interpreters of a script find it: sees what each of its processes does.

What a process prints comes into the file `<name>.<pid>` of the folder that `WITNESS` names; the exit codes of those
that the script itself has made come into `exit_codes.json`.
"""

from __future__ import annotations

import atexit
import json
import os
import sys

TYPE_CHECKING = False
if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess
    from typing import Any

FOLDER = os.environ.get("WITNESS", "")
MAIN = os.getpid()
made: list[BaseProcess] = []


def _tell_exit_codes() -> None:
    if made and os.getpid() == MAIN:
        codes = {process.name: process.exitcode for process in made}
        with open(os.path.join(FOLDER, "exit_codes.json"), "w") as file:
            json.dump(codes, file)


def _watch() -> None:
    from multiprocessing.process import BaseProcess, parent_process

    their_init, their_bootstrap = BaseProcess.__init__, BaseProcess._bootstrap  # type: ignore[attr-defined]  # private

    def init(self: BaseProcess, *args: Any, **kwargs: Any) -> None:
        their_init(self, *args, **kwargs)
        if parent_process() is None and os.getpid() == MAIN:
            made.append(self)

    def bootstrap(self: BaseProcess, *args: Any, **kwargs: Any) -> Any:
        sys.stdout = open(os.path.join(FOLDER, f"{self.name}.{os.getpid()}"), "w", buffering=1)  # noqa: SIM115
        return their_bootstrap(self, *args, **kwargs)

    BaseProcess.__init__ = init  # type: ignore[method-assign]
    BaseProcess._bootstrap = bootstrap  # type: ignore[attr-defined]


if FOLDER:
    atexit.register(_tell_exit_codes)  # first, so that it comes after what multiprocessing does at the end
    _watch()
