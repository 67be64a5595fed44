"""A process on its way to an interpreter that is not forked from ours, by pickle."""

from __future__ import annotations

import sys
from multiprocessing import reduction

from runner.supervise import child, endings
from runner.supervise.surroundings import python_path

TYPE_CHECKING = False
if TYPE_CHECKING:
    from multiprocessing.process import BaseProcess

    from runner.supervise.surroundings import Surroundings


class Parcel:
    """What is pickled in the place of the process: unpacked, it prepares the child before its class is imported."""

    def __init__(self, process: BaseProcess, around: Surroundings) -> None:
        self._name = process.name  # multiprocessing asks for it
        self._process = process
        self._around = around

    def __reduce__(self) -> tuple[object, ...]:
        # A class has its shared things as arguments: what arrives with it are the same objects.
        own = self._around.things if self._around.work is None else {}
        return _unpack, (self._around, bytes(reduction.ForkingPickler.dumps((self._process, own))))


def _unpack(around: Surroundings, pickled: bytes) -> BaseProcess:
    # The forkserver has closed `sys.__stdin__`, and put another in its place.
    sys.__stdin__, sys.stdin = sys.stdin, None  # type: ignore[assignment, misc]  # any text file does
    try:
        unbuffered = around.is_spawned and bool(around.env.get("PYTHONUNBUFFERED"))
        if around.is_spawned:  # multiprocessing has given it the supervisor's path
            sys.path[:0] = python_path(around.env)
        child.prepare(around)
        sys.stdout.reconfigure(line_buffering=True, write_through=unbuffered)  # type: ignore[union-attr]  # Python's own
        process: BaseProcess
        process, own = reduction.ForkingPickler.loads(pickled)
        around.things |= own
        child.take_over(process, around)
        return process
    except BaseException as error:
        endings.record_exception(around, error)
        raise SystemExit(1) from None
