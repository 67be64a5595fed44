"""A model of queues: the size limit, a buffer and a feeder in each putting process, and a pipe."""

from __future__ import annotations

from ast import literal_eval
from typing import TYPE_CHECKING

from runner.explore.conditions import Condition
from runner.explore.guards import Guard
from runner.explore.machine import BLOCKED, Label, Unmodelled, Wait

if TYPE_CHECKING:
    from collections.abc import Callable

    from runner.explore.code import Code, Feeder
    from runner.explore.machine import Cells, Layout, Run
    from runner.model.shared_things import SharedQueue

MAX_BYTES = 50_000
"""The bytes that a pipe certainly holds; a full pipe is not modelled."""
_OF_AN_ITEM = 60
"""The bytes around an item: its length, and those of pickle."""


class Queue:
    """The model of a queue. Items in it are the reprs of their values.

    `has_readers_lock` is False if the read lock makes no difference: no process can die while it owns it, and none
    waits for it with a timeout.
    """

    def __init__(self, layout: Layout, thing: SharedQueue, *, has_readers_lock: bool) -> None:
        self.name = thing.name
        self.pipe = layout.cell(())
        self.room = layout.cell(thing.size) if thing.size else None
        self.reading = Guard(layout, f"reading {thing.name}") if has_readers_lock else None
        self.writing = layout.cell(1)
        self._bytes = 0

    def put(self, code: Code, value: Callable[[Cells], object], timeout: float | None, size: int) -> None:
        """Acquire room and append to the buffer."""
        self._bytes += size + _OF_AN_ITEM
        if self._bytes > MAX_BYTES:
            raise Unmodelled(f"more items than the pipe of {self.name} certainly holds")
        if self.room is not None:
            late = None if timeout is None else _going_to(code.failure)
            code.do(_subtracting(self.room), wait=Wait("put", self.name), late=late)
        buffer = self.feeder(code).buffer

        def append(cells: Cells) -> None:
            cells[buffer] += (repr(value(cells)),)

        self._append(code, append)

    def _append(self, code: Code, append: Callable[[Cells], None]) -> None:
        code.do(append, glued=self.room is not None, local=True)

    def get(self, code: Code, keep: Callable[[Cells, object], None], timeout: float | None) -> None:
        """Acquire the read lock, get the item, release the lock and the room."""
        late = None if timeout is None else _going_to(code.failure)
        wait = Wait("get", self.name)
        if self.reading is None:
            code.do(self._taking(keep, self.room), wait=wait)
            return
        code.do(self.reading.taking(code), wait=wait, late=late)
        if timeout is None:
            code.do(self._taking(keep, None), wait=wait, glued=True)
            self.reading.release(code, glued=True)
            self._give_room(code)
            return
        empty, got = Label(), Label()
        code.do(self._taking(keep, None), wait=wait, late=_going_to(empty), glued=True)
        self._give_room(code)
        self.reading.release(code, glued=True)
        code.go(got)
        code.place(empty)
        self.reading.release(code)
        code.go(code.failure)
        code.place(got)

    def _taking(self, keep: Callable[[Cells, object], None], room: int | None) -> Run:
        pipe = self.pipe

        def take(cells: Cells) -> Label | None:
            if not cells[pipe]:
                return BLOCKED
            item, *rest = cells[pipe]
            cells[pipe] = tuple(rest)
            if room is not None:
                cells[room] += 1
            keep(cells, literal_eval(item))
            return None

        return take

    def _give_room(self, code: Code) -> None:
        if self.room is not None:
            code.do(_adding(self.room), glued=True)

    def feeder(self, code: Code) -> Feeder:
        """Return the feeder of this queue in this process."""
        if self.name not in code.feeders:
            code.feeders[self.name] = QueueFeeder(self, code.layout)
        return code.feeders[self.name]


class JoinableQueue(Queue):
    """A queue that counts the items that are not done, under a condition of its own."""

    def __init__(self, layout: Layout, thing: SharedQueue, *, has_readers_lock: bool) -> None:
        super().__init__(layout, thing, has_readers_lock=has_readers_lock)
        self.inner = Condition(layout, f"inside {thing.name}", thing=thing.name)
        self._unfinished = layout.cell(0)

    def _append(self, code: Code, append: Callable[[Cells], None]) -> None:
        """Append under the inner lock, while a thread is started: a signal may come in between."""

        def count(cells: Cells) -> None:
            cells[self._unfinished] += 1

        self.inner.guard.acquire(code, wait=Wait("put", self.name))
        code.do(append, glued=True)
        code.do(count, glued=True)
        self.inner.guard.release(code, glued=True)

    def task_done(self, code: Code) -> None:
        """Mark one item as done; the last one wakes the waiters in `join`."""
        inner = self.inner
        inner.guard.acquire(code, wait=Wait("task_done", self.name))
        too_many, rest = Label(), Label()

        def count(cells: Cells) -> Label | None:
            if not cells[self._unfinished]:
                return too_many
            cells[self._unfinished] -= 1
            return rest if cells[self._unfinished] else None

        code.do(count, glued=True)
        inner.wake(code, None)
        code.place(rest)
        inner.guard.release(code, glued=True)
        done = Label()
        code.go(done)
        code.place(too_many)
        inner.guard.release(code, glued=True)
        code.go(code.failure)
        code.place(done)

    def join(self, code: Code) -> None:
        """Wait until every item is done; it is not checked again after a wake-up."""
        inner = self.inner
        wait, done = Wait("join_queue", self.name), Label()
        inner.guard.acquire(code, wait=wait)
        code.do(lambda cells: None if cells[self._unfinished] else done, glued=True)
        inner.sleep(code, None, wait=wait, again=wait)
        code.place(done)
        inner.guard.release(code, glued=True)


class QueueFeeder:
    """The thread that sends what its process has put: it locks, sends and unlocks, and can die in between."""

    def __init__(self, queue: Queue, layout: Layout) -> None:
        self._queue = queue
        self.lock = f"writing {queue.name}"
        self.buffer = layout.cell(())
        self.stage = layout.cell(0)
        """0 without the write lock, 1 with it, 2 when the item is sent."""

    def step(self, cells: Cells) -> bool:
        """Do one of the three actions; return False if it has nothing to do, or cannot proceed."""
        stage = cells[self.stage]
        if stage == 0:
            if not cells[self.buffer] or not cells[self._queue.writing]:
                return False
            cells[self._queue.writing] = 0
            cells[self.stage] = 1
        elif stage == 1:
            item, *rest = cells[self.buffer]
            cells[self._queue.pipe] += (item,)
            cells[self.buffer] = tuple(rest)
            cells[self.stage] = 2
        else:
            cells[self._queue.writing] = 1
            cells[self.stage] = 0
        return True

    def flush(self, code: Code) -> None:
        """Add the action that waits until all is sent."""
        code.do(
            lambda cells: BLOCKED if cells[self.buffer] or cells[self.stage] else None,
            wait=Wait("flush", self._queue.name),
            local=True,
        )

    def stop(self, cells: Cells) -> None:
        """End with the process: what is not sent is lost, and the lock stays as it is."""
        cells[self.buffer] = ()
        cells[self.stage] = 0


def _going_to(label: Label) -> Run:
    return lambda _: label


def _subtracting(cell: int) -> Run:
    def subtract(cells: Cells) -> Label | None:
        if not cells[cell]:
            return BLOCKED
        cells[cell] -= 1
        return None

    return subtract


def _adding(cell: int) -> Run:
    def add(cells: Cells) -> None:
        cells[cell] += 1

    return add
