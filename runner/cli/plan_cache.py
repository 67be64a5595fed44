"""A cache of checked plans, because reading and checking a file takes most of the start-up time.

A stored plan is used only if everything that it was made from is unchanged: the bytes of the file, the other arguments
of the command line, the folders, the Python, and the modules that read and checked it. They are compared, not hashed. A
stored plan that cannot be used is ignored.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from binascii import crc32

from runner.model.plan_json import from_json, to_json

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import TypeAlias

    from runner.model.plan import Plan

    Stamp: TypeAlias = list[str | int]
    """A file's path, modification time and size."""

MAX_PLANS = 100
MAX_BYTES = 1 << 20
"""The largest file whose plan is stored."""
_CHECKERS = ("runner", "pydantic", "pydantic_core", "yaml")
"""The packages whose modules make a plan."""


def plans_folder() -> str | None:
    """Return the folder of this user's plans; None if there is no place for it."""
    cache = os.environ.get("XDG_CACHE_HOME") or os.path.join(os.path.expanduser("~"), ".cache")
    return os.path.join(cache, "run-jobs", "plans") if os.path.isabs(cache) else None


class PlanCache:
    """The cached plan of one file, read in one way. A plan that cannot be read or written does not exist."""

    def __init__(
        self, text: bytes, file: str, overrides: Sequence[str], start_method: str | None, folder: str | None
    ) -> None:
        """If `folder` is None, nothing is stored or found."""
        said = [file, _current_folder(), list(overrides), start_method, sys.version, sys.platform]
        self._key = json.dumps([*said, text.decode(errors="surrogateescape")])
        self._folder = folder if len(text) <= MAX_BYTES else None
        self._name = f"{crc32(self._key.encode()):08x}.json"

    def find(self) -> Plan | None:
        """Return the stored plan, if it is still valid for the file."""
        if self._folder is None:
            return None
        try:
            with open(os.path.join(self._folder, self._name), "rb") as file:
                kept = json.load(file)
            if kept["key"] == self._key and all(_stamp(path) == [path, *rest] for path, *rest in kept["made_of"]):
                return from_json(kept["plan"])
        except Exception:  # the file may contain anything
            return None
        return None

    def put(self, plan: Plan) -> None:
        """Store the plan, which has just been made from the file."""
        if self._folder is None:
            return
        with contextlib.suppress(OSError):
            made_of = [_stamp(path) for path in _checkers()]
            data = json.dumps({"key": self._key, "made_of": made_of, "plan": to_json(plan)}).encode()
            os.makedirs(self._folder, mode=0o700, exist_ok=True)
            _make_room(self._folder)
            _write(os.path.join(self._folder, self._name), data)


def _checkers() -> list[str]:
    """Return the files of the modules that have been loaded to make a plan."""
    files = (getattr(module, "__file__", None) for name, module in list(sys.modules.items()) if _is_checker(name))
    return sorted({file for file in files if file is not None})


def _is_checker(module: str) -> bool:
    return module.partition(".")[0] in _CHECKERS


def _stamp(path: str) -> Stamp:
    found = os.stat(path)
    return [path, found.st_mtime_ns, found.st_size]


def _current_folder() -> str | None:
    """Return the current folder; None if it is gone: then no plan is made or stored."""
    try:
        return os.getcwd()
    except OSError:
        return None


def _make_room(folder: str) -> None:
    """Remove the oldest plans."""
    with os.scandir(folder) as entries:
        plans = sorted((entry for entry in entries if entry.is_file()), key=lambda entry: entry.stat().st_mtime_ns)
    for entry in plans[: max(0, len(plans) - MAX_PLANS + 1)]:
        os.unlink(entry)


def _write(path: str, data: bytes) -> None:
    """Write the data completely or not at all, for this user alone."""
    new = f"{path}.{os.getpid()}"
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(descriptor, "wb") as file:
            file.write(data)
        os.replace(new, path)
    except OSError:  # a full disk
        os.unlink(new)
        raise
