"""The shared things of a run: create them, pass them to children, read their last values, remove them."""

from __future__ import annotations

import errno
import os
import select
import struct

from runner.model.shared_things import (
    SharedArray,
    SharedManaged,
    SharedQueue,
    SharedValue,
    is_declared,
    is_traced,
    kind_of,
)
from runner.supervise.sharing.rows import Row
from runner.supervise.tracing.descriptor import Descriptor
from runner.supervise.tracing.table import Position, Table, is_sending, size_of, unsent

TYPE_CHECKING = False
if TYPE_CHECKING:
    from multiprocessing.managers import SyncManager
    from multiprocessing.process import BaseProcess
    from multiprocessing.shared_memory import SharedMemory

    from runner.model.json_types import Json
    from runner.model.multiprocessing_protocols import Made
    from runner.model.plan import Plan
    from runner.supervise.tracing.handles import Handle


class SharedThings:
    """All shared things of a run. Main has a column of its own in the table, after those of the processes."""

    def __init__(self, plan: Plan, run: str, manager: SyncManager | None = None) -> None:
        """Create the things; raise `OSError`, leaving nothing behind, if there is not enough memory.

        `manager` is given if the plan has things that need one; it is shut down with them.
        """
        self._plan = plan
        self._manager = manager
        self.main = len(plan.processes)
        """Main's column."""
        self._memories: dict[str, tuple[SharedMemory, int]] = {}
        self.rows: list[Row] = []
        """The meaning of each row of the table."""
        self.objects: dict[str, Made] = {}
        """The created objects of multiprocessing, by name; without arrays."""
        self.table: Table | None = None
        self.handles: dict[str, Handle] = {}
        try:
            self._make(plan, run)
        except BaseException:
            self.remove()
            raise

    @property
    def pids(self) -> set[int]:
        """The pid of the manager's process, if there is one."""
        return set() if self.manager is None else {self.manager.pid or 0}

    @property
    def manager(self) -> BaseProcess | None:
        """The manager's process, if there is one."""
        return None if self._manager is None else self._manager._process  # type: ignore[attr-defined]  # no way

    def _make(self, plan: Plan, run: str) -> None:
        from runner.system.run_folder import memory_prefix

        if not plan.shared:
            return
        from runner.supervise.sharing.making import make
        from runner.supervise.tracing.handles import ArrayHandle, PlainHandle, TracedHandle, roles_of

        first_rows = {}
        for thing in plan.shared:
            first_rows[thing.name] = len(self.rows)
            self.rows += [Row(thing, role) for role in roles_of(kind_of(thing))] if is_traced(thing) else []
        if self.rows:
            columns = self.main + 1
            size = size_of(len(self.rows), columns)
            self.table = Table(self._reserve("", size, f"{memory_prefix(run)}-0"), size, columns)
        for number, thing in enumerate(plan.shared, 1):
            name = thing.name
            if isinstance(thing, SharedArray):
                size = thing.length * thing.itemsize
                memory = self._reserve(name, size, f"{memory_prefix(run)}-{number}")
                self.handles[name] = ArrayHandle(memory, size, thing.dtype, thing.length)
                self._fill(thing)
                continue
            made = self.objects[name] = make(thing, self._manager)
            if is_traced(thing) and self.table is not None:
                self.handles[name] = TracedHandle(made, kind_of(thing), self.table, first_rows[name])
            else:
                self.handles[name] = PlainHandle(made)

    def _reserve(self, name: str, size: int, file: str) -> Descriptor:
        """Return shared memory whose pages exist: otherwise the first write on a full /dev/shm would be a SIGBUS."""
        from multiprocessing.shared_memory import SharedMemory

        memory = SharedMemory(file, create=True, size=size)
        self._memories[name] = (memory, size)
        descriptor: int = memory._fd  # type: ignore[attr-defined]  # there is no public way to it
        if hasattr(os, "posix_fallocate"):
            try:
                os.posix_fallocate(descriptor, 0, size)
            except OSError as error:
                if error.errno != errno.ENOSPC:
                    raise
                raise OSError(errno.ENOSPC, f"there is no room for {size} bytes") from None
        return Descriptor(descriptor)

    def _fill(self, thing: SharedArray) -> None:
        from runner.model.dtypes import DTYPES

        if thing.initial:
            memory, _ = self._memories[thing.name]
            struct.pack_into(f"{len(thing.initial)}{DTYPES[thing.dtype].format}", _view(memory), 0, *thing.initial)

    def position(self, process: int) -> Position | None:
        """Return where a process records its current step, if anything is traced."""
        return None if self.table is None else Position(self.table, process)

    def with_processes(self) -> set[int]:
        """Return the processes that have recorded that they have, or had, processes of their own."""
        table = self.table
        return set() if table is None else {each for each in range(table.processes) if table.family(each)[0]}

    def unsent_by(self, process: int) -> list[tuple[str, int, bool]]:
        """Return the queues into which this process has put items that it has not sent, and the number of items.

        The flag is true if the first of them may be in the pipe: the process was writing it, into a pipe that has room.
        """
        if self.table is None:
            return []
        found = []
        for number, row in enumerate(self.rows):
            if row.role == "items" and (items := unsent(cell := self.table.cell(number, process))):
                writing = is_sending(cell) and _has_room(self.objects[row.thing.name]._writer.fileno())
                found.append((row.thing.name, items, writing))
        return sorted(found)

    def read(self, name: str) -> bytes:
        """Return the current bytes of an array."""
        memory, size = self._memories[name]
        return _view(memory)[:size].tobytes()

    def progress(self) -> dict[str, list[int]]:
        """Return how much of its work each process has done, for each job that counts it."""
        return {
            job.name: memoryview(self.read(job.progress.array)).cast("q").tolist()
            for job in self._plan.jobs
            if job.progress is not None
        }

    def values(self) -> dict[str, bytes]:
        """Return the current bytes of every array."""
        return {name: self.read(name) for name in self._memories if name}

    def last_values(self) -> dict[str, Json]:
        """Return the final contents of the file's own things, when no process uses them any more."""
        from runner.supervise.sharing import last_values

        told: dict[str, Json] = {}
        for thing in self._plan.shared:
            if not is_declared(thing.name):
                continue
            if isinstance(thing, SharedArray):
                told[thing.name] = last_values.of_array(self.read(thing.name), thing.dtype)
            elif isinstance(thing, SharedValue | SharedManaged | SharedQueue):
                told[thing.name] = last_values.of(thing, self.objects[thing.name])
        return told

    def keep_tracker(self) -> None:
        """Ensure that the resource tracker runs and has the names of the shared things."""
        from runner.supervise.mp.resource_tracker import keep_tracker

        keep_tracker(f"/{memory.name}" for memory, _ in self._memories.values())

    def remove(self) -> None:
        """Remove everything; children that still use the memory keep their view of it."""
        if self._memories:
            self.keep_tracker()
        self.handles.clear()
        self.objects.clear()
        self.rows.clear()
        if self._manager is not None:
            self._manager.shutdown()
            self._manager = None
        for memory, _ in self._memories.values():
            memory.close()
            try:
                memory.unlink()
            except FileNotFoundError:  # it has been removed already
                from multiprocessing import resource_tracker

                resource_tracker.unregister(f"/{memory.name}", "shared_memory")
        self._memories.clear()


def _has_room(pipe: int) -> bool:
    poll = select.poll()
    poll.register(pipe, select.POLLOUT)
    return bool(poll.poll(0))


def _view(memory: SharedMemory) -> memoryview:
    if memory.buf is None:
        raise AssertionError("the shared memory has been closed")
    return memory.buf
