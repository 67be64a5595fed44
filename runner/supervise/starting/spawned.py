"""Start processes with the spawn and forkserver start methods. Imported only when a plan needs one."""

from __future__ import annotations

import contextlib
import os
import signal
from multiprocessing import popen_forkserver, popen_spawn_posix

from runner.supervise.child import first_code
from runner.supervise.mp import companions, forkserver_diagnosis
from runner.supervise.starting.pickled_process import PickledProcess
from runner.supervise.starting.started_process import Recorded, pidfd_of
from runner.system.paused_children import resume_paused

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from multiprocessing.process import BaseProcess
    from typing import Any

    from runner.supervise.child.context import ChildContext


class SpawnPopen(Recorded, popen_spawn_posix.Popen):
    """A process in a new interpreter."""

    def __init__(self, around: ChildContext, process: BaseProcess) -> None:
        with _environment(around.env):
            super().__init__(_packed(process, around))
        self.pidfd = _watched(self)


class ForkserverPopen(Recorded, popen_forkserver.Popen):
    """A process forked by multiprocessing's forkserver: its exit code is sent over the sentinel."""

    def __init__(self, around: ChildContext, process: BaseProcess) -> None:
        packed = _packed(process, around)
        companions.forkserver_has_ended(within_s=0)  # multiprocessing would not keep its exit code
        try:
            with _forkserver_resumed():
                super().__init__(packed)
        except forkserver_diagnosis.SYMPTOMS as error:
            raise forkserver_diagnosis.reason(error) from None
        self.pidfd = _watched(self)


@contextlib.contextmanager
def _forkserver_resumed() -> Iterator[None]:
    """Within this context, a forkserver that a target has paused is resumed at once: multiprocessing waits for its
    answer without a limit."""

    def come(*_: object) -> None:
        resume_paused(companions.mp_helper_pids())

    before = signal.signal(signal.SIGCHLD, come)
    come()  # it may have been paused before
    try:
        yield
    finally:
        signal.signal(signal.SIGCHLD, before)


@contextlib.contextmanager
def _environment(env: dict[str, str]) -> Iterator[None]:
    """Have an interpreter that is started within this context start with these variables."""
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


def _watched(popen: Recorded) -> int | None:
    try:
        return pidfd_of(popen.pid)
    except OSError:
        vars(popen)["finalizer"]()
        raise


def _packed(process: BaseProcess, around: ChildContext) -> Any:
    """Return the object to pickle in place of the process."""
    first_code.unwrap_run(process, around)
    return PickledProcess(process, around)
