"""Shared things as the supervisor has them, with real shared memory."""

from __future__ import annotations

import errno
import gc
import os
import signal
import subprocess
import sys
from multiprocessing import managers, queues, sharedctypes, synchronize
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from runner.model.plan import JobPlan, Plan, Progress
from runner.model.shared_things import (
    SharedArray,
    SharedBarrier,
    SharedCondition,
    SharedEvent,
    SharedLock,
    SharedManaged,
    SharedQueue,
    SharedRLock,
    SharedSemaphore,
    SharedValue,
)
from runner.supervise.sharing.making import make
from runner.supervise.sharing.things import SharedThings
from runner.supervise.tracing.handles import ArrayHandle, PlainHandle, TracedHandle
from runner.supervise.tracing.permits import free_permits
from runner.supervise.tracing.table import PUT, SENDING, SENT
from tests.seeing import SHM
from tests.supervise.things import RUN, made_of

pytestmark = pytest.mark.alone  # a manager is forked

if TYPE_CHECKING:
    from collections.abc import Callable

    from runner.model.shared_things import SharedPlan


def free(made: Any) -> int:
    """How many permits are free."""
    return free_permits(made._semlock)


PROGRAM = """
import os
from runner.model.plan import Plan
from runner.model.shared_things import SharedArray
from runner.supervise.sharing.making import make
from runner.supervise.sharing.things import SharedThings
things = SharedThings(Plan("f", "fork", (), (), (), shared=(SharedArray("a", "int64", 2, 8),)), "test-gone")
os.unlink("/dev/shm/run-jobs-test-gone-1")
things.remove()
"""


def test_memory_that_somebody_has_taken_away_is_gone_without_a_word() -> None:
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, check=False)

    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")


def test_processes_that_have_noted_processes_of_their_own_are_known() -> None:
    with made_of(SharedLock("x")) as things, made_of(SharedLock("y", traced=False)) as others:
        assert things.table is not None
        things.table.family(1)[0] = 1

        assert (things.with_processes(), others.with_processes()) == ({1}, set())


def test_memory_whose_name_is_gone_is_taken_away_without_it() -> None:
    with made_of(SharedArray("a", "int64", 2, 8)) as things:
        os.unlink(f"{SHM}/run-jobs-{RUN}-1")

        things.remove()

        assert things.handles == {}


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EIO])
def test_memory_for_which_there_is_no_room_is_refused_at_once(number: int, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: int) -> None:
        raise OSError(number, "no")

    monkeypatch.setattr(os, "posix_fallocate", refuse)

    with pytest.raises(OSError, match="no") as refused, made_of(SharedArray("a", "int64", 2, 8)):
        pass

    assert refused.value.errno == number
    del refused  # the memory is in its traceback
    gc.collect()


def test_where_the_system_cannot_reserve_memory_it_is_made_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "posix_fallocate")

    with made_of(SharedArray("a", "int64", 2, 8)) as things:
        assert "a" in things.handles


def test_an_array_is_no_object_of_multiprocessings() -> None:
    with pytest.raises(AssertionError, match="is not made here"):
        make(SharedArray("a", "int64", 2, 8), None)


def test_progress_is_what_each_process_has_counted_of_the_jobs_that_count() -> None:
    jobs = (JobPlan("counts", "t", (0, 1), progress=Progress("a", 9)), JobPlan("other", "process", (2,)))
    plan = Plan("f", "fork", (), (), jobs, shared=(SharedArray("a", "int64", 2, 8, initial=(3, 4)),))
    things = SharedThings(plan, RUN)
    try:
        assert things.progress() == {"counts": [3, 4]}
    finally:
        things.remove()


# What is made.


@pytest.mark.parametrize(
    ("thing", "cls", "is_so"),
    [
        (SharedLock("x"), synchronize.Lock, lambda made: free(made) == 1),
        (SharedRLock("x"), synchronize.RLock, lambda made: free(made) == 1),
        (SharedSemaphore("x", 3), synchronize.Semaphore, lambda made: free(made) == 3),
        (
            SharedSemaphore("x", 3, bounded=True),
            synchronize.BoundedSemaphore,
            lambda made: free(made) == 3,
        ),
        (SharedEvent("x"), synchronize.Event, lambda made: not made.is_set()),
        (SharedEvent("x", is_set=True), synchronize.Event, lambda made: made.is_set()),
        (SharedCondition("x"), synchronize.Condition, lambda made: made.acquire(False)),
        (SharedBarrier("x", 3), synchronize.Barrier, lambda made: made.parties == 3),
        (SharedQueue("x"), queues.Queue, lambda made: made.empty()),
        (SharedQueue("x", 2), queues.Queue, lambda made: made._maxsize == 2),
        (SharedQueue("x", joinable=True), queues.JoinableQueue, lambda made: made.join() is None),
        (SharedValue("x", "int16", 7), sharedctypes.Synchronized, lambda made: made.value == 7),
        (SharedValue("x", "float64", 0.5), sharedctypes.Synchronized, lambda made: made.value == 0.5),
        (SharedValue("x", "uint8", 255, locked=False), object, lambda made: made.value == 255),
        (SharedValue("x", "bool", True), sharedctypes.Synchronized, lambda made: made.value is True),
        (SharedManaged("x", "dict", {"dict": [["a", [1]]]}), managers.DictProxy, lambda made: dict(made) == {"a": [1]}),
        (SharedManaged("x", "list", [1, None]), managers.ListProxy, lambda made: list(made) == [1, None]),
        (SharedManaged("x", "namespace", {"dict": [["n", 1]]}), managers.BaseProxy, lambda made: made.n == 1),
    ],
)
def test_every_kind_of_thing_is_one_of_multiprocessings(
    thing: SharedPlan, cls: type, is_so: Callable[[Any], bool]
) -> None:
    with made_of(thing) as things:
        made = things.objects["x"]

        assert isinstance(made, cls)
        assert is_so(made)
        assert things.handles["x"].bind() is made


@pytest.mark.parametrize(("initial", "numbers"), [((), [0, 0, 0]), ((1, 2, 3), [1, 2, 3])])
@pytest.mark.parametrize("dtype", ["int8", "uint64", "float32", "bool"])
def test_an_array_is_in_memory_of_its_own(dtype: str, initial: tuple[int, ...], numbers: list[int]) -> None:
    itemsize = np.dtype(dtype).itemsize
    with made_of(SharedArray("x", dtype, 3, itemsize, initial)) as things:
        array: Any = things.handles["x"].bind()

        assert isinstance(things.handles["x"], ArrayHandle)
        assert np.array_equal(array, np.array(numbers, dtype))
        array[0] = 1
        assert np.frombuffer(things.read("x"), dtype)[0] == 1
        assert things.values() == {"x": things.read("x")}
        del array


def test_what_is_traced_has_rows_of_the_table_and_the_others_have_none() -> None:
    shared = (
        SharedArray("numbers", "int64", 1, 8),
        SharedCondition("news"),
        SharedLock("plain", traced=False),
        SharedQueue("work", joinable=True),
        SharedValue("raw", "int64", 0, locked=False),
        SharedLock("door"),
    )
    with made_of(*shared) as things:
        assert [(row.thing.name, row.role) for row in things.rows] == [
            ("news", "guard"),
            ("news", "notified"),
            ("work", "items"),
            ("work", "reading"),
            ("work", "writing"),
            ("work", "notified"),
            ("work", "inner"),
            ("door", "guard"),
        ]
        assert {name: handle.row for name, handle in things.handles.items() if isinstance(handle, TracedHandle)} == {
            "news": 0,
            "work": 2,
            "door": 7,
        }
        assert {name for name, handle in things.handles.items() if isinstance(handle, PlainHandle)} == {"plain", "raw"}
        assert things.table is not None
        assert (things.table.processes, len(things.table.cells(7))) == (3, 3)


def test_without_a_traced_thing_there_is_no_table() -> None:
    with made_of(SharedLock("plain", traced=False)) as things:
        assert things.table is None
        assert (things.rows, things.position(0), things.unsent_by(0)) == ([], None, [])


def test_without_things_there_is_nothing() -> None:
    with made_of() as things:
        assert (things.objects, things.handles, things.table, things.pids) == ({}, {}, None, set())
        assert (things.values(), things.last_values()) == ({}, {})


def test_what_lives_in_a_manager_needs_one() -> None:
    with pytest.raises(AssertionError, match="no manager"):
        SharedThings(Plan("f", "fork", (), (), (), shared=(SharedManaged("x", "list", []),)), RUN)


def test_an_initial_value_refers_to_nothing() -> None:
    with pytest.raises(AssertionError, match="refers to `pid`"), made_of(SharedManaged("x", "list", [{"ref": "pid"}])):
        pass


def test_memory_that_cannot_be_had_leaves_nothing_behind() -> None:
    shared = (SharedArray("small", "int64", 1, 8), SharedArray("huge", "int64", 1 << 47, 8))

    with pytest.raises(OSError) as refused:  # noqa: PT011  # which of them depends on the system
        SharedThings(Plan("f", "fork", (), (), (), shared=shared), RUN)

    assert refused.value.errno in (errno.ENOSPC, errno.ENOMEM, errno.EFBIG, errno.EINVAL)
    del refused  # the memory is in its traceback
    gc.collect()


def test_all_of_it_is_taken_away() -> None:
    shared = (SharedArray("a", "int64", 1, 8), SharedLock("l"), SharedManaged("d", "dict", {"dict": []}))
    with made_of(*shared) as things:
        (pid,) = things.pids
        files = {name for name in os.listdir(SHM) if RUN in name}

        things.remove()

        assert len(files) == 2
        assert not any(RUN in name for name in os.listdir(SHM))
        assert (things.handles, things.objects, things.rows, things.pids) == ({}, {}, [], set())
        with pytest.raises(ProcessLookupError):
            os.kill(pid, 0)


def test_what_has_been_taken_away_cannot_be_read() -> None:
    with made_of(SharedArray("a", "int64", 1, 8)) as things:
        things._memories["a"][0].close()

        with pytest.raises(AssertionError, match="closed"):
            things.read("a")


def test_what_a_process_has_put_and_not_sent_is_known_by_its_queue() -> None:
    with made_of(SharedQueue("q"), SharedQueue("j", joinable=True), SharedLock("door")) as things:
        assert things.table is not None
        for row in range(len(things.rows)):
            things.table.cell(row, 0)[PUT] = 3
        things.table.cell(0, 0)[SENT] = 3

        assert (things.unsent_by(0), things.unsent_by(1)) == ([("j", 3, False)], [])


def test_an_item_that_a_process_was_writing_when_it_died_may_have_arrived_if_the_pipe_has_room() -> None:
    with made_of(SharedQueue("q")) as things:
        assert things.table is not None
        writer = things.objects["q"]._writer
        cell = things.table.cell(0, 0)
        cell[PUT], cell[SENT] = 3, 1
        assert things.unsent_by(0) == [("q", 2, False)]

        cell[SENDING] = 2

        assert things.unsent_by(0) == [("q", 2, True)]
        os.set_blocking(writer.fileno(), False)
        os.write(writer.fileno(), bytes(1 << 20))  # as much of it as there is room for
        assert things.unsent_by(0) == [("q", 2, False)]


def test_an_item_that_was_dropped_is_not_being_written() -> None:
    with made_of(SharedQueue("q")) as things:
        assert things.table is not None
        cell = things.table.cell(0, 0)
        cell[PUT], cell[SENT], cell[SENDING] = 3, 2, 1

        assert things.unsent_by(0) == [("q", 1, False)]


# Last values.


def test_the_last_values_are_those_of_what_the_file_declares() -> None:
    shared = (
        SharedValue("total", "int64", 3),
        SharedValue("raw", "float64", 0.5, locked=False),
        SharedArray("numbers", "uint8", 3, 1, (1, 2, 3)),
        SharedQueue("items"),
        SharedManaged("seen", "dict", {"dict": [[1, "one"]]}),
        SharedManaged("log", "list", ["a"]),
        SharedManaged("state", "namespace", {"dict": [["n", 1]]}),
        SharedLock("door"),
        SharedArray("c.total", "int64", 1, 8),
    )
    with made_of(*shared) as things:
        assert things.last_values() == {
            "total": 3,
            "raw": 0.5,
            "numbers": [1, 2, 3],
            "items": [],
            "seen": {"1": "one"},
            "log": ["a"],
            "state": {"n": 1},
        }


def test_what_lived_in_a_manager_that_is_dead_cannot_be_read() -> None:
    with made_of(SharedManaged("log", "list", ["a"]), SharedValue("n", "int64", 1)) as things:
        (pid,) = things.pids
        os.kill(pid, signal.SIGKILL)
        manager: Any = things._manager
        manager._process.join()

        last = things.last_values()

        assert last["n"] == 1
        assert str(last["log"]).startswith("<cannot be read: ")
    del things, manager
    gc.collect()
