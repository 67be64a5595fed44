"""Shared things: what the supervisor makes before the first start, and what children get of it.

Children import this module. A `Handle` travels to a child, which turns it by `bind` into what its target gets: a
numpy array over the shared memory, or a guard (a semaphore or lock that notes who has it).
"""

from __future__ import annotations

import errno
import os

from runner.supervise.surroundings import Descriptor

TYPE_CHECKING = False
if TYPE_CHECKING:
    import mmap
    import multiprocessing.synchronize
    from collections.abc import Callable, Sequence
    from multiprocessing.shared_memory import SharedMemory
    from types import TracebackType
    from typing import Any, Literal, Protocol

    from runner.plan import Plan

    class Handle(Protocol):
        """What a child gets of a shared thing."""

        def bind(self, process: int) -> object:
            """The thing as the target of this process sees it."""


MARK: Literal["I"] = "I"
"""A guard's mark of one process, as a format of `memoryview`."""
MARK_SIZE = 4
WANTS = 1 << 31
"""Set in a mark while its process waits for a permit; the other bits count the permits it has."""


class ArrayHandle:
    """An array in shared memory."""

    __slots__ = ("_dtype", "_length", "_memory", "_size")

    def __init__(self, memory: Descriptor, size: int, dtype: str, length: int) -> None:
        self._memory = memory
        self._size = size
        self._dtype = dtype
        self._length = length

    def __reduce__(self) -> tuple[object, ...]:
        return ArrayHandle, (self._memory, self._size, self._dtype, self._length)

    def bind(self, process: int) -> object:
        """A numpy array over the shared memory."""
        import numpy as np

        # A map of its own rather than a SharedMemory, which complains at interpreter exit while an array looks at it.
        return np.frombuffer(_mapped(self._memory, self._size), self._dtype, self._length)


class GuardHandle:
    """A semaphore or lock, and the row of marks in which each process notes what it has of it."""

    __slots__ = ("_marks", "_offset", "_primitive", "_size")

    def __init__(
        self,
        primitive: multiprocessing.synchronize.Semaphore | multiprocessing.synchronize.Lock,
        marks: Descriptor,
        size: int,
        offset: int,
    ) -> None:
        self._primitive = primitive
        self._marks = marks
        self._size = size
        self._offset = offset

    def __reduce__(self) -> tuple[object, ...]:
        return GuardHandle, (self._primitive, self._marks, self._size, self._offset)

    def bind(self, process: int) -> Guard:
        """The guard as this process uses it."""
        marks = memoryview(_mapped(self._marks, self._size)).cast(MARK)
        return Guard(self._primitive, marks, self._offset + process)


class Guard:
    """A semaphore or lock of `multiprocessing` that notes in shared memory who waits for it and who has it.

    So the supervisor can name a holder that died. `acquire` and `release` are those of the semaphore. A loop that
    cannot afford a call of Python's does itself what they do: `mark[0] = WANTS`, `take`, `mark[0] = 1`, and then
    `give`, `mark[0] = 0`; that is right as long as the process has no other permit.
    """

    __slots__ = ("acquire", "give", "mark", "release", "take")

    acquire: Callable[..., bool]
    release: Callable[[], None]
    take: Callable[..., bool]
    give: Callable[[], None]

    def __init__(self, primitive: Any, marks: memoryview, place: int) -> None:
        held = 0
        self.take = take = primitive.acquire
        self.give = give = primitive.release
        self.mark = mark = marks[place : place + 1]

        def acquire(block: bool = True, timeout: float | None = None) -> bool:
            nonlocal held
            mark[0] = WANTS | held
            if took := take(block, timeout):
                held += 1
            mark[0] = held
            return bool(took)

        def release() -> None:
            nonlocal held
            give()
            if held:  # a semaphore may be released by one that never acquired it
                held -= 1
                mark[0] = held

        self.acquire = acquire
        self.release = release

    def __enter__(self) -> bool:
        return self.acquire()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.release()


def _mapped(memory: Descriptor, size: int) -> mmap.mmap:
    import mmap  # here: each library that the supervisor loads makes every fork dearer

    return mmap.mmap(memory.number, size)


def missing_permits(permits: int, free: int, marks: Sequence[int], dead: int) -> tuple[int, bool]:
    """How many permits nobody has any more, and whether that is certain.

    `marks` are those of all processes, `dead` is the one that died. It is uncertain while a living process waits:
    it may have got a permit and not noted it yet.
    """
    living = [mark for process, mark in enumerate(marks) if process != dead]
    held = sum(mark & ~WANTS for mark in living)
    return permits - free - held, not any(mark & WANTS for mark in living)


class SharedThings:
    """All shared things of a run: makes them, hands them out, reads their last values, takes them away."""

    def __init__(self, plan: Plan, run: str) -> None:
        """Make them; raises `OSError` where the memory cannot be had, with nothing left behind."""
        self._processes = len(plan.processes)
        self._memories: dict[str, tuple[SharedMemory, int]] = {}
        self._guards: dict[str, tuple[Any, int, int]] = {}
        self.handles: dict[str, Handle] = {}
        try:
            self._make(plan, run)
        except BaseException:
            self.remove()
            raise

    def _make(self, plan: Plan, run: str) -> None:
        import multiprocessing

        from runner.leftovers import memory_prefix
        from runner.plan import SharedArray, SharedLock, SharedSemaphore

        guards = [thing for thing in plan.shared if not isinstance(thing, SharedArray)]
        if guards:
            marks = self._reserve("", len(guards) * self._processes * MARK_SIZE, f"{memory_prefix(run)}-0")
        for number, thing in enumerate(plan.shared, 1):
            match thing:
                case SharedArray(name, dtype, length, itemsize):
                    memory = self._reserve(name, length * itemsize, f"{memory_prefix(run)}-{number}")
                    self.handles[name] = ArrayHandle(memory, length * itemsize, dtype, length)
                case SharedSemaphore(name, permits):
                    self._guard(name, multiprocessing.Semaphore(permits), permits, marks)
                case SharedLock(name):
                    self._guard(name, multiprocessing.Lock(), 1, marks)

    def _reserve(self, name: str, size: int, file: str) -> Descriptor:
        """Shared memory whose pages exist: on a full /dev/shm the first write would be a SIGBUS otherwise."""
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

    def _guard(self, name: str, primitive: Any, permits: int, marks: Descriptor) -> None:
        offset = len(self._guards) * self._processes
        self._guards[name] = (primitive, permits, offset)
        self.handles[name] = GuardHandle(primitive, marks, self._memories[""][1], offset)

    def marked(self, process: int) -> list[str]:
        """The guards that this process holds or was about to, by its own marks."""
        return [name for name in self._guards if self._marks(name)[process]]

    def missing(self, guard: str, dead: int) -> tuple[int, bool]:
        """`missing_permits` of this guard, now."""
        primitive, permits, _ = self._guards[guard]
        try:
            free = primitive._semlock._get_value()
        except NotImplementedError:  # macOS cannot tell: take those that there are, and give them back
            free = 0
            while primitive.acquire(False):
                free += 1
            for _ in range(free):
                primitive.release()
        return missing_permits(permits, free, self._marks(guard), dead)

    def _marks(self, guard: str) -> list[int]:
        _, _, offset = self._guards[guard]
        return self._all_marks()[offset : offset + self._processes].tolist()

    def _all_marks(self) -> memoryview[int]:
        memory, size = self._memories[""]
        return _view(memory)[:size].cast(MARK)

    def clear_marks(self, guard: str, process: int) -> None:
        """Forget what a dead process noted."""
        self._all_marks()[self._guards[guard][2] + process] = 0

    def read(self, name: str) -> bytes:
        """The bytes of an array, now."""
        memory, size = self._memories[name]
        return _view(memory)[:size].tobytes()

    def values(self) -> dict[str, bytes]:
        """The bytes of every array, now."""
        return {name: self.read(name) for name in self._memories if name}

    def remove(self) -> None:
        """Take everything away; children that still look at the memory keep their view of it."""
        for memory, _ in self._memories.values():
            memory.close()
            try:
                memory.unlink()
            except FileNotFoundError:  # somebody has taken it away already
                from multiprocessing import resource_tracker

                resource_tracker.unregister(f"/{memory.name}", "shared_memory")
        self._memories.clear()
        self._guards.clear()
        self.handles.clear()


def _view(memory: SharedMemory) -> memoryview:
    if memory.buf is None:
        raise AssertionError("the shared memory has been closed")
    return memory.buf
