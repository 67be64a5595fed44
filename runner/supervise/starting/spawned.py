"""Start processes with the spawn and forkserver start methods. Imported only when a plan needs one."""

from __future__ import annotations

import contextlib
import os
import signal
from multiprocessing import popen_forkserver, popen_spawn_posix

from runner.supervise.child import first_code
from runner.supervise.mp import companions, forkserver_end
from runner.supervise.starting.pickled_process import Parcel
from runner.supervise.starting.running import Recorded, pidfd_of
from runner.system.paused_children import wake_paused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.process import BaseProcess
    from typing import Any

    from runner.supervise.child.context import Surroundings


class SpawnPopen(Recorded, popen_spawn_posix.Popen):
    """A process in a fresh interpreter."""

    def __init__(self, around: Surroundings, process: BaseProcess) -> None:
        with _environment(around.env):
            super().__init__(_packed(process, around))
        self.pidfd = _watched(self)


class ForkserverPopen(Recorded, popen_forkserver.Popen):
    """A process forked by multiprocessing's forkserver: its exit code comes over the sentinel."""

    def __init__(self, around: Surroundings, process: BaseProcess) -> None:
        packed = _packed(process, around)
        companions.forkserver_has_ended(within_s=0)  # multiprocessing would not keep its exit code
        try:
            with _companions_awake():
                super().__init__(packed)
        except forkserver_end.SYMPTOMS as error:
            raise forkserver_end.reason(error) from None
        self.pidfd = _watched(self)


@contextlib.contextmanager
def _companions_awake() -> Iterator[None]:
    """Within this, a forkserver that a target has paused goes on at once: its answer is waited for without an end."""

    def come(*_: object) -> None:
        wake_paused(companions.companion_pids())

    before = signal.signal(signal.SIGCHLD, come)
    come()  # it may have been paused before
    try:
        yield
    finally:
        signal.signal(signal.SIGCHLD, before)


@contextlib.contextmanager
def _environment(env: dict[str, str]) -> Iterator[None]:
    """Have an interpreter that is started within this find these variables when it starts."""
    before = {name: os.environ.get(name) for name in env}
    os.environ.update(env)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


def _watched(popen: Any) -> int | None:
    try:
        return pidfd_of(popen.pid)
    except OSError:
        popen.finalizer()
        raise


def _packed(process: Any, around: Surroundings) -> Any:
    """What multiprocessing is to pickle in the place of the process."""
    first_code.give_back(process, around)
    return Parcel(process, around)
