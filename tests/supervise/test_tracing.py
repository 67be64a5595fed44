"""What the things of multiprocessing note and say of who uses them: the real ones, in one process and its threads."""

from __future__ import annotations

import _multiprocessing  # type: ignore[import-not-found]  # it has no stubs
import contextlib
import gc
import json
import multiprocessing
import os
import pickle
import queue
import signal
import threading
from multiprocessing import context, resource_tracker, synchronize
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from runner.describe.yaml.durations import MAX_DURATION_S
from runner.supervise.child.termination import raise_terminated
from runner.supervise.tracing import handles, locks, queues
from runner.supervise.tracing.descriptor import Descriptor
from runner.supervise.tracing.handles import ROLES, ArrayHandle, PlainHandle, TracedHandle, roles_of
from runner.supervise.tracing.locks import PATIENCE_S, bare, trace_guard, wait_for
from runner.supervise.tracing.table import (
    CELL,
    EXTRA,
    IN_VAIN,
    LOOKS_FIRST,
    MARK,
    NUMBER,
    NUMBER_SIZE,
    PUT,
    SENT,
    WAITS,
    WANTS,
    Mark,
    Table,
    size_of,
)
from runner.supervise.tracing.thing_messages import REPORTED_AT_FIRST, ThingReporter
from tests.running import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import TypeAlias

    from runner.model.multiprocessing_protocols import Made
    from runner.supervise.tracing.table import Cell

# A timer thread of pytest's would be one that may let us go on.
pytestmark = pytest.mark.timeout(180, method="signal")


@pytest.fixture(autouse=True)
def _only_the_clock_of_the_tests_may_interrupt(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is a timer with a handler: so that it does not count, nothing of that kind does."""
    monkeypatch.setattr(locks, "_has_handlers", lambda: False)


HAS_HANDLERS = locks._has_handlers


def test_a_handler_or_a_timer_may_have_a_process_go_on() -> None:
    before = signal.getsignal(signal.SIGALRM), signal.setitimer(signal.ITIMER_REAL, 0)
    try:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        assert not HAS_HANDLERS()
        signal.signal(signal.SIGUSR1, lambda *_: None)
        assert HAS_HANDLERS()
        signal.signal(signal.SIGUSR1, raise_terminated)  # ours, which gives nobody anything
        assert not HAS_HANDLERS()
        signal.signal(signal.SIGUSR1, signal.SIG_DFL)
        signal.setitimer(signal.ITIMER_REAL, 60)
        assert HAS_HANDLERS()
    finally:
        signal.signal(signal.SIGUSR1, signal.SIG_DFL)
        signal.signal(signal.SIGALRM, before[0])
        signal.setitimer(signal.ITIMER_REAL, *before[1])


CONTEXT = multiprocessing.get_context("fork")
# Both live on with who has needed them once: no test is to be the first.
resource_tracker.ensure_running()
_HEAP = CONTEXT.Value("q", 0)
LONG_S = 3 * PATIENCE_S
"""Longer than what is waited for without a word."""
NO_TIME_S = PATIENCE_S / 10
PROCESS = 1
MAKERS: dict[str, Callable[[], Any]] = {
    "lock": CONTEXT.Lock,
    "rlock": CONTEXT.RLock,
    "semaphore": lambda: CONTEXT.Semaphore(2),
    "bounded_semaphore": lambda: CONTEXT.BoundedSemaphore(2),
    "condition": CONTEXT.Condition,
    "event": CONTEXT.Event,
    "barrier": lambda: CONTEXT.Barrier(2),
    "queue": lambda: CONTEXT.Queue(1),
    "joinable_queue": lambda: CONTEXT.JoinableQueue(1),
    "value": lambda: CONTEXT.Value("q", 0),
}
GUARDS = ["lock", "rlock", "semaphore", "bounded_semaphore", "condition", "value"]


class Traced:
    """A thing that is traced, what its process has noted in the table, and what it has said."""

    def __init__(self, kind: str) -> None:
        self.thing: Any = MAKERS[kind]()
        memory = os.memfd_create("table")
        size = size_of(len(roles_of(kind)), 2)
        os.ftruncate(memory, size)
        self._table = Table(Descriptor(memory), size, 2)
        self._memory = memory
        self.rows = len(roles_of(kind))
        self.handle = TracedHandle(self.thing, kind, self._table, 0)
        self.said: list[list[Any]] = []
        self.waits = threading.Event()
        self.handle.trace(PROCESS, self._hear)

    def _hear(self, text: str) -> None:
        self.said.append(json.loads(text))
        if self.said[-1][0] == "waiting":
            self.waits.set()

    def noted(self, place: int, row: int = 0) -> int:
        """A number of its cell."""
        cells = self._table.cells(row)
        assert not any(cells[0])  # that of another process
        return cells[PROCESS][place]

    def cell(self) -> Cell:
        """Its cell."""
        return self._table.cell(0, PROCESS)

    def mark(self, row: int = 0) -> Mark:
        return Mark.of(self.noted(MARK, row))

    def words(self) -> list[str]:
        """What was said: what, of which row, and in which operation."""
        return [" ".join(str(one) for one in said[:3] if not isinstance(one, float)) for said in self.said]

    @contextlib.contextmanager
    def as_soon_as_it_waits(self, act: Callable[[], object]) -> Iterator[list[Mark]]:
        """Have another thread act then; gives the marks of that moment, one for each row."""
        marks: list[Mark] = []

        def wait_and_act() -> None:
            if self.waits.wait(20):
                marks.extend(map(self.mark, range(self.rows)))
                act()

        other = threading.Thread(target=wait_and_act, name="QueueFeederThread")  # so that nobody counts on it
        other.start()
        yield marks
        other.join()

    def wait_with(self, take: Callable[[bool, float | None], bool]) -> float:
        """Wait with this, having two permits."""
        return wait_for(take, self._table.cell(0, PROCESS), 2, "get", None, ThingReporter(0, self._hear))

    def close(self) -> None:
        """Close what is open; what is traced refers to itself, so that only the collector takes it away."""
        if hasattr(self.thing, "join_thread"):
            self.thing.close()
            self.thing.join_thread()
            self.thing._reader.close()
            self.thing._writer.close()
        os.close(self._memory)
        del self.thing, self.handle, self._table
        gc.collect()


if TYPE_CHECKING:
    Make: TypeAlias = Callable[[str], Traced]


@pytest.fixture
def traced() -> Iterator[Callable[[str], Traced]]:
    made: list[Traced] = []

    def make(kind: str) -> Traced:
        made.append(Traced(kind))
        return made[-1]

    yield make
    for each in made:
        each.close()


def guard_of(thing: Any) -> Any:
    return thing.get_lock() if hasattr(thing, "get_lock") else thing


FREE = Mark(0, wants=False, blocked=False, goes_on=False, operation="acquire")


@pytest.mark.parametrize("kind", GUARDS)
def test_who_has_a_guard_is_in_its_mark_and_both_ends_are_told(kind: str, traced: Make) -> None:
    made = traced(kind)
    guard = guard_of(made.thing)

    with guard:
        assert made.mark() == Mark(1, wants=False, blocked=False, goes_on=False, operation="acquire")
    assert made.mark() == FREE
    assert guard.acquire()
    guard.release()

    assert made.words() == ["acquired 0 acquire", "released 0"] * 2
    assert made.noted(WAITS) == 0


@pytest.mark.parametrize("kind", GUARDS)
def test_a_guard_may_be_entered_by_way_of_its_class(kind: str, traced: Make) -> None:
    made, plain = traced(kind), type(MAKERS[kind]())
    guard = made.thing

    with contextlib.ExitStack() as stack:
        stack.enter_context(guard)
        assert made.mark().held == 1
    assert made.mark() == FREE
    plain.__enter__(guard)
    assert made.mark().held == 1
    plain.__exit__(guard, None, None, None)

    assert made.mark() == FREE


def test_who_looks_at_a_value_has_its_lock_for_that_moment(traced: Make) -> None:
    made = traced("value")

    made.thing.value += 1
    with made.thing:
        assert made.mark().held == 1
        made.thing.acquire()
        assert made.mark().held == 2
        made.thing.release()

    assert made.words() == ["acquired 0 acquire", "released 0"] * 3


@pytest.mark.parametrize("kind", ["rlock", "condition", "value", "semaphore", "bounded_semaphore"])
def test_what_is_acquired_once_more_is_told_once_and_released_with_the_last(kind: str, traced: Make) -> None:
    made = traced(kind)
    guard = guard_of(made.thing)

    guard.acquire()
    guard.acquire()
    assert made.mark().held == 2
    guard.release()
    assert (made.mark().held, made.words()) == (1, ["acquired 0 acquire"])
    guard.release()

    assert (made.mark(), made.words()) == (FREE, ["acquired 0 acquire", "released 0"])


def test_what_nobody_is_told_to_have_nobody_is_told_to_release(traced: Make) -> None:
    made = traced("lock")

    for _ in range(40):
        with made.thing:
            pass

    words = made.words()
    assert words.count("acquired 0 acquire") == words.count("released 0")
    assert 20 <= words.count("released 0") < 40


def taken_by_another(guard: Any) -> Callable[[], None]:
    """Take the guard as another process would: nothing is noted here. Gives what gives it back."""
    untraced = guard._semlock.untraced
    assert untraced.acquire(False)
    return untraced.release  # type: ignore[no-any-return]  # of multiprocessing


@pytest.mark.parametrize("kind", ["lock", "semaphore", "bounded_semaphore"])
def test_who_waits_says_so_and_then_for_how_long(kind: str, traced: Make) -> None:
    made = traced(kind)
    unwrap_run = taken_by_another(made.thing)
    if kind != "lock":
        taken_by_another(made.thing)

    with made.as_soon_as_it_waits(unwrap_run) as marks:
        assert made.thing.acquire()

    assert marks[0] == Mark(0, wants=True, blocked=True, goes_on=False, operation="acquire")
    assert (made.mark().held, made.noted(WAITS)) == (1, 1)
    waiting, acquired = made.said
    assert waiting[:3] == ["waiting", 0, "acquire"]
    assert waiting[4] is None
    assert acquired[4] >= PATIENCE_S
    assert acquired[3] - waiting[3] == pytest.approx(acquired[4], abs=0.05)


def test_who_waits_for_one_more_has_what_it_has(traced: Make) -> None:
    made = traced("semaphore")
    unwrap_run = taken_by_another(made.thing)
    made.thing.acquire()

    with made.as_soon_as_it_waits(unwrap_run) as marks:
        made.thing.acquire()
    made.thing.release()
    made.thing.release()

    assert (marks[0].held, marks[0].blocked) == (1, True)
    assert made.words() == ["acquired 0 acquire", "waiting 0 acquire", "acquired 0 acquire", "released 0"]


def test_a_short_wait_is_not_worth_a_word(traced: Make) -> None:
    made = traced("lock")

    assert made.wait_with(lambda block, timeout: True) == 0

    assert made.words() == []


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ((False,), []),
        ((True, 0), []),
        ((True, -1), []),
        ((True, NO_TIME_S), []),
        ((True, LONG_S), ["waiting 0 acquire", "timed_out 0 acquire"]),
    ],
)
def test_who_gives_up_has_nothing(args: tuple[Any, ...], words: list[str], traced: Make) -> None:
    made = traced("lock")
    taken_by_another(made.thing)

    assert made.thing.acquire(*args) is False

    assert (made.mark(), made.words()) == (FREE, words)


def test_who_waits_with_a_timeout_goes_on_by_itself(traced: Make) -> None:
    made = traced("lock")
    unwrap_run = taken_by_another(made.thing)

    with made.as_soon_as_it_waits(unwrap_run) as marks:
        assert made.thing.acquire(timeout=20)

    assert (marks[0].blocked, marks[0].goes_on) == (True, True)
    assert made.said[0][4] == 20


def test_who_has_another_thread_may_be_let_go_on_by_it(traced: Make) -> None:
    made = traced("lock")
    unwrap_run = taken_by_another(made.thing)
    over = threading.Event()
    other = threading.Thread(target=over.wait)
    other.start()

    with made.as_soon_as_it_waits(unwrap_run) as marks:
        made.thing.acquire()

    over.set()
    other.join()
    assert marks[0].goes_on


def test_who_is_alone_goes_on_by_nothing_of_its_own(traced: Make) -> None:
    made = traced("event")
    marks: list[Mark] = []

    def take(block: bool, timeout: float | None) -> bool:
        marks.append(made.mark())
        return timeout is None

    waited = made.wait_with(take)

    assert threading.active_count() == 1
    assert marks == [FREE, Mark(2, wants=True, blocked=True, goes_on=False, operation="get")]
    assert 0 < waited < 1
    assert made.words() == ["waiting 0 get"]


def test_who_is_called_away_while_it_waits_has_nothing(traced: Make) -> None:
    made = traced("lock")
    taken_by_another(made.thing)
    called = threading.Event()

    def raise_once(*_: object) -> None:
        if not called.is_set():
            called.set()
            raise InterruptedError

    def call() -> None:
        main = threading.main_thread().ident
        while main is not None and not called.wait(0.01):  # it may not wait yet, and would not be woken then
            signal.pthread_kill(main, signal.SIGUSR1)

    signal.signal(signal.SIGUSR1, raise_once)
    with made.as_soon_as_it_waits(call), pytest.raises(InterruptedError):
        made.thing.acquire()

    signal.signal(signal.SIGUSR1, signal.SIG_DFL)
    assert made.mark() == FREE


def test_a_release_of_what_one_has_not_is_counted_and_told(traced: Make) -> None:
    made = traced("semaphore")

    made.thing.release()

    assert (made.noted(EXTRA), made.mark()) == (1, FREE)
    (said,) = made.said
    assert (said[:2], said[3]) == (["extra", 0], 3)


def test_a_notifier_does_not_wait_where_a_process_has_woken(traced: Make) -> None:
    made = traced("condition")
    made.thing._woken_count.release()

    assert made.thing._woken_count.acquire()
    assert made.said == []


def test_a_release_that_is_refused_since_another_process_was_first_leaves_no_holder(traced: Make) -> None:
    made = traced("lock")
    made.thing.acquire()
    made.thing._semlock.give()

    with pytest.raises(ValueError, match="released too many times"):
        made.thing.release()

    assert made.mark() == FREE


@pytest.mark.parametrize(
    ("kind", "error"), [("bounded_semaphore", ValueError), ("lock", ValueError), ("rlock", AssertionError)]
)
def test_a_release_that_is_refused_changes_nothing(kind: str, error: type[Exception], traced: Make) -> None:
    made = traced(kind)

    with pytest.raises(error):
        made.thing.release()

    assert (made.mark(), made.noted(EXTRA), made.said) == (FREE, 0, [])


def test_a_loop_may_do_itself_what_tracing_does(traced: Make) -> None:
    made = traced("lock")
    inner = bare(made.thing)

    inner.mark[0] = WANTS
    assert made.mark().wants
    assert inner.take()
    inner.mark[0] = 1
    assert (made.mark().held, made.thing.acquire(False)) == (1, False)
    inner.mark[0] = WANTS
    inner.give()
    inner.mark[0] = 0

    assert made.thing.acquire(False)


# Conditions, and what is made of them.


def notify(condition: Any) -> None:
    with condition:
        condition.notify()


def test_who_is_to_be_notified_waits_without_the_lock(traced: Make) -> None:
    made = traced("condition")

    with made.as_soon_as_it_waits(lambda: notify(made.thing)) as marks, made.thing:
        assert made.thing.wait()
        assert made.mark().held == 1

    assert marks == [FREE, Mark(0, wants=True, blocked=True, goes_on=False, operation="wait")]
    assert made.mark(1) == FREE
    assert made.noted(IN_VAIN, 1) == 0
    assert [word for word in made.words() if word.split()[1] == "1"] == ["waiting 1 wait", "acquired 1 wait"]


@pytest.mark.parametrize(("timeout", "words"), [(NO_TIME_S, []), (LONG_S, ["waiting 1 wait", "timed_out 1 wait"])])
def test_who_is_notified_by_nobody_gives_up(timeout: float, words: list[str], traced: Make) -> None:
    made = traced("condition")

    with made.thing:
        assert made.thing.wait(timeout) is False

    assert made.mark(1) == FREE
    assert [word for word in made.words() if word.split()[1] == "1"] == words


@pytest.mark.parametrize("way", ["notify", "notify_all"])
def test_who_notifies_nobody_does_it_in_vain(way: str, traced: Make) -> None:
    made = traced("condition")

    with made.thing:
        getattr(made.thing, way)()

    assert made.noted(IN_VAIN, 1) == 1


def test_who_may_not_notify_does_it_for_nobody(traced: Make) -> None:
    made = traced("condition")

    with pytest.raises(AssertionError, match="not owned"):
        made.thing.notify()

    assert made.noted(IN_VAIN, 1) == 0


def test_who_looks_first_whether_it_has_to_wait_says_so(traced: Make) -> None:
    made = traced("condition")
    looks: list[int] = []

    def look() -> bool:
        looks.append(made.noted(LOOKS_FIRST, 1))
        return len(looks) == 2

    with made.thing:
        assert made.thing.wait_for(look, NO_TIME_S)

    assert (looks, made.noted(LOOKS_FIRST, 1)) == ([1, 1], 0)


@pytest.mark.parametrize(("kind", "row"), [("condition", 1), ("event", 0)])
def test_who_notifies_one_that_does_not_wake_waits_and_goes_on_when_it_does(kind: str, row: int, traced: Make) -> None:
    made = traced(kind)
    condition = getattr(made.thing, "_cond", made.thing)
    condition._sleeping_count.release()  # of somebody who sleeps there

    with made.as_soon_as_it_waits(condition._woken_count.release) as marks, condition:
        condition.notify()

    assert marks[row] == Mark(0, wants=True, blocked=True, goes_on=False, operation="notify")
    assert made.mark(row) == FREE
    assert [word for word in made.words() if "notify" in word] == [f"waiting {row} notify", f"acquired {row} notify"]


def test_nobody_waits_for_a_wake_up_that_is_tried_for(traced: Make) -> None:
    made = traced("condition")

    assert made.thing._woken_count.acquire(False) is False

    assert made.said == []


@pytest.mark.parametrize(("kind", "row"), [("event", 1), ("barrier", 1), ("joinable_queue", 4)])
def test_a_process_that_waits_for_the_lock_inside_a_thing_notes_it_and_reports_it(
    kind: str, row: int, traced: Make
) -> None:
    made = traced(kind)
    take, give = made.thing._cond._lock._semlock.untraced.acquire, made.thing._cond._lock._semlock.untraced.release
    in_there = threading.Event()

    def be_in_there() -> None:
        take()
        in_there.set()
        made.waits.wait(20)
        seen.append(made.mark(row))
        give()

    seen: list[Mark] = []
    other = threading.Thread(target=be_in_there, name="QueueFeederThread")
    other.start()
    in_there.wait(20)
    with made.thing._cond:
        held = made.mark(row)
    other.join()

    assert seen == [Mark(0, wants=True, blocked=True, goes_on=False, operation="enter")]
    assert (held.held, held.wants, made.mark(row)) == (1, False, FREE)
    assert made.words() == [f"waiting {row} enter", f"acquired {row} enter"]


def test_a_lock_inside_a_thing_that_is_tried_for_is_noted_only_when_it_is_had(traced: Make) -> None:
    made = traced("queue")
    lock = made.thing._rlock
    made.thing._rlock._semlock.take()

    assert not lock.acquire(False)
    assert not lock.acquire(True, NO_TIME_S)
    assert (made.mark(1), made.said) == (FREE, [])
    made.thing._rlock._semlock.give()

    assert lock.acquire(True, 20)
    assert made.mark(1) == Mark(1, wants=False, blocked=False, goes_on=False, operation="acquire")
    lock.release()
    assert (made.mark(1), made.said) == (FREE, [])


def test_a_process_that_waits_for_an_item_has_the_lock_for_that(traced: Make) -> None:
    made = traced("queue")

    with made.as_soon_as_it_waits(lambda: made.thing.put("item")) as marks:
        assert made.thing.get() == "item"

    assert marks[0] == Mark(0, wants=True, blocked=True, goes_on=False, operation="get")
    assert marks[1].held == 1
    assert (made.mark(), made.mark(1)) == (FREE, FREE)


def test_a_process_that_is_to_write_an_item_and_cannot_notes_it(traced: Make) -> None:
    made = traced("queue")
    made.thing._wlock._semlock.take()

    made.thing.put("item")
    wait_until(lambda: made.mark(2) == Mark(0, wants=True, blocked=True, goes_on=False, operation="flush"))
    made.thing._wlock._semlock.give()

    assert made.thing.get() == "item"
    wait_until(lambda: made.mark(2) == FREE)
    assert "waiting 2 flush" in made.words()


def test_of_many_wake_ups_not_every_one_is_told(traced: Make) -> None:
    made = traced("condition")

    for _ in range(100):
        made.thing._wait_semaphore.release()
        assert made.thing._wait_semaphore.acquire()

    assert 20 <= made.words().count("acquired 1 wait") < 40


def test_an_event_is_waited_for_until_it_is_set(traced: Make) -> None:
    made = traced("event")

    with made.as_soon_as_it_waits(made.thing.set) as marks:
        assert made.thing.wait()
    said = len(made.said)
    assert made.thing.wait()

    assert (marks[0].blocked, marks[0].operation) == (True, "wait")
    assert made.words()[:said] == ["waiting 0 wait", "acquired 0 wait"]
    assert made.mark() == FREE


def test_an_event_that_nobody_sets_is_given_up(traced: Make) -> None:
    made = traced("event")

    assert made.thing.wait(LONG_S) is False

    assert made.words() == ["waiting 0 wait", "timed_out 0 wait"]


def test_at_a_barrier_the_first_waits_for_the_last(traced: Make) -> None:
    made = traced("barrier")

    with made.as_soon_as_it_waits(made.thing.wait) as marks:
        made.thing.wait()

    assert (marks[0].blocked, marks[0].operation) == (True, "wait")
    assert made.words()[:2] == ["waiting 0 wait", "acquired 0 wait"]
    assert made.mark() == FREE


# Queues.


def test_what_is_put_and_got_is_counted_and_told(traced: Make) -> None:
    made = traced("queue")

    made.thing.put({"an": "item"})
    assert made.thing.get() == {"an": "item"}

    assert made.mark() == FREE
    assert made.words() == ["acquired 0 put", "acquired 0 get"]


def test_who_waits_for_an_item_says_so(traced: Make) -> None:
    made = traced("queue")

    with made.as_soon_as_it_waits(lambda: made.thing.put("late")) as marks:
        assert made.thing.get() == "late"

    assert marks[0] == Mark(0, wants=True, blocked=True, goes_on=False, operation="get")
    assert made.mark() == FREE
    assert made.words() == ["waiting 0 get", "acquired 0 put", "acquired 0 get"]
    assert made.said[-1][4] >= PATIENCE_S


def test_who_waits_behind_another_one_that_gets_says_so(traced: Make) -> None:
    made = traced("queue")
    made.thing.put("there")
    made.thing._rlock._semlock.take()

    with made.as_soon_as_it_waits(made.thing._rlock._semlock.give) as marks:
        assert made.thing.get() == "there"

    assert (marks[1].blocked, marks[1].operation) == (True, "get")
    assert made.words() == ["acquired 0 put", "waiting 0 get", "acquired 0 get"]


def test_who_waits_for_room_says_so(traced: Make) -> None:
    made = traced("queue")
    made.thing.put(1)

    with made.as_soon_as_it_waits(made.thing.get) as marks:
        made.thing.put(2)

    assert (marks[0].blocked, marks[0].goes_on, marks[0].operation) == (True, False, "put")
    assert made.mark() == FREE
    assert made.words()[:2] == ["acquired 0 put", "waiting 0 put"]
    assert made.thing.get() == 2


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ((False,), []),
        ((True, 0), []),
        ((True, NO_TIME_S), []),
        ((True, LONG_S), ["waiting 0 get", "timed_out 0 get"]),
    ],
)
def test_an_empty_queue_is_given_up(args: tuple[Any, ...], words: list[str], traced: Make) -> None:
    made = traced("queue")

    with pytest.raises(queue.Empty):
        made.thing.get(*args)

    assert (made.mark(), made.mark(1), made.words()) == (FREE, FREE, words)


@pytest.mark.parametrize(
    ("args", "words"),
    [
        ((False,), []),
        ((True, NO_TIME_S), []),
        ((True, LONG_S), ["waiting 0 put", "timed_out 0 put"]),
    ],
)
def test_a_full_queue_is_given_up(args: tuple[Any, ...], words: list[str], traced: Make) -> None:
    made = traced("queue")
    made.thing.put(1)

    with pytest.raises(queue.Full):
        made.thing.put(2, *args)

    assert (made.mark(), made.words()[1:]) == (FREE, words)


def test_an_item_that_comes_in_time_is_got(traced: Make) -> None:
    made = traced("queue")

    with made.as_soon_as_it_waits(lambda: made.thing.put("late")) as marks:
        assert made.thing.get(timeout=20) == "late"
    made.thing.put("there")
    assert made.thing.get(True, 20) == "there"
    made.thing.put("there")
    while made.thing.empty():  # the feeder has to have written it
        pass
    assert made.thing.get_nowait() == "there"

    assert marks[0].goes_on
    assert made.mark() == FREE
    assert made.words() == ["waiting 0 get", *["acquired 0 put", "acquired 0 get"] * 3]


def test_an_item_is_waited_for_longer_than_the_system_waits_at_once(
    traced: Make, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = traced("queue")
    monkeypatch.setattr(queues, "MAX_POLL_S", 0.01)

    with made.as_soon_as_it_waits(lambda: made.thing.put("late")):
        assert made.thing.get(timeout=20) == "late"
    with pytest.raises(queue.Empty):
        made.thing.get(timeout=0.05)


def test_the_longest_timeout_of_a_file_is_one_that_a_queue_can_wait_for(traced: Make) -> None:
    made = traced("queue")

    with made.as_soon_as_it_waits(lambda: made.thing.put("late")):
        assert made.thing.get(timeout=MAX_DURATION_S) == "late"


def test_of_many_items_not_every_one_is_told(traced: Make) -> None:
    made = traced("queue")

    for number in range(100):
        made.thing.put(number)
        assert made.thing.get() == number

    for operation in ("put", "get"):
        skipped = [said[-1] for said in made.said if (said[0], said[2]) == ("acquired", operation)]
        assert len(skipped) < 40
        assert 80 < len(skipped) + sum(skipped) <= 100


def test_a_traced_guard_that_is_handed_on_is_not_traced_there(monkeypatch: pytest.MonkeyPatch) -> None:
    lock: Made = multiprocessing.get_context("spawn").Lock()
    cell = memoryview(bytearray(CELL * NUMBER_SIZE)).cast(NUMBER)
    trace_guard(lock, cell, ThingReporter(0, lambda _: None))
    monkeypatch.setattr(context, "get_spawning_popen", lambda: True)  # as while a child is being started

    with_our_path = pickle.loads(pickle.dumps(lock))

    assert type(with_our_path) is synchronize.Lock
    with lock:
        assert not with_our_path.acquire(False)
        assert cell[MARK] == 1
    with with_our_path:
        assert cell[MARK] == 0


def test_a_queue_that_is_closed_says_so(traced: Make) -> None:
    made = traced("queue")
    made.thing.close()

    with pytest.raises(ValueError, match="is closed"):
        made.thing.get()


def test_who_joins_a_queue_waits_until_all_is_done(traced: Make) -> None:
    made = traced("joinable_queue")
    made.thing.put("work")

    def work() -> None:
        made.thing.get()
        made.thing.task_done()

    with made.as_soon_as_it_waits(work) as marks:
        made.thing.join()

    assert marks[3] == Mark(0, wants=True, blocked=True, goes_on=False, operation="join")
    assert made.mark(3) == FREE
    assert [word for word in made.words() if word.split()[1] == "3"] == ["waiting 3 join", "acquired 3 join"]
    made.thing.join()


def test_items_that_wait_for_room_in_the_pipe_are_counted_and_it_is_noted(traced: Make) -> None:
    made = traced("queue")
    assert made.handle.unsent(PROCESS) == 0
    made.cell()[PUT] = 1

    assert made.handle.unsent(PROCESS) == 1

    assert made.mark() == Mark(0, wants=True, blocked=True, goes_on=False, operation="flush")
    assert made.noted(WAITS) == 1


def test_a_process_that_does_not_join_its_feeder_does_not_wait_for_it(traced: Make) -> None:
    made = traced("queue")
    made.cell()[PUT] = 1
    made.thing.cancel_join_thread()

    assert made.handle.unsent(PROCESS) == 0
    assert made.mark() == FREE


def test_what_has_been_sent_is_noted(traced: Make) -> None:
    made = traced("queue")

    made.thing.put("x")

    assert made.thing.get() == "x"
    wait_until(lambda: made.noted(SENT) == 1)
    assert made.handle.unsent(PROCESS) == 0


def test_an_item_that_cannot_be_pickled_is_reported(traced: Make, capsys: pytest.CaptureFixture[str]) -> None:
    made = traced("queue")

    made.thing.put(threading.Lock())

    wait_until(lambda: "TypeError" in capsys.readouterr().err)
    ((what, row, _, error),) = [said for said in made.said if said[0] == "dropped"]
    assert (what, row, error) == ("dropped", 0, "TypeError: cannot pickle '_thread.lock' object")
    assert made.handle.unsent(PROCESS) == 0


def test_it_is_reported_while_the_process_is_exiting_too(traced: Make, monkeypatch: pytest.MonkeyPatch) -> None:
    made, other = traced("queue"), traced("queue")
    monkeypatch.setattr(multiprocessing.util, "_exiting", True)

    assert multiprocessing.queues.is_exiting() is True  # type: ignore[attr-defined]  # as the feeder asks
    made.thing.put(threading.Lock())
    made.thing._thread.join()

    assert [said[0] for said in made.said if said[0] == "dropped"] == ["dropped"]
    assert [said for said in other.said if said[0] == "dropped"] == []
    assert made.handle.unsent(PROCESS) == 0


def test_of_many_items_that_are_dropped_some_are_reported() -> None:
    said: list[str] = []
    thing_reporter = ThingReporter(2, said.append)

    for _ in range(REPORTED_AT_FIRST + 20):
        thing_reporter.dropped(ValueError("no"))

    assert len(said) == REPORTED_AT_FIRST + 1
    assert json.loads(said[0])[::3] == ["dropped", "ValueError: no"]


# Handles.


@pytest.mark.parametrize("kind", MAKERS)
def test_the_thing_stays_what_it_is_and_untraced_it_is_as_before(kind: str, traced: Make) -> None:
    plain = MAKERS[kind]()
    made = traced(kind)
    assert made.handle.bind() is made.thing
    assert isinstance(made.thing, type(plain))
    assert repr(type(made.thing)) == repr(type(plain))
    assert repr(made.thing).partition(" at 0x")[0] == repr(plain).partition(" at 0x")[0]

    made.handle.untrace()

    assert type(made.thing) is type(plain)
    assert repr(made.thing).partition(" at 0x")[0] == repr(plain).partition(" at 0x")[0]
    assert made.handle.unsent(PROCESS) == 0
    assert vars_of(made.thing) == vars_of(plain)
    guard = guard_of(made.thing)
    if hasattr(guard, "acquire"):
        with guard:
            assert guard.acquire(False) is (kind not in ("lock",))
    assert made.said == []
    assert made.mark() == FREE


def vars_of(thing: Any) -> dict[str, Any]:
    """The attributes of a thing and of what it is made of, as far as tracing touches them: by their types."""
    parts = [
        thing,
        *(getattr(thing, name, None) for name in ("_lock", "_cond", "_wait_semaphore", "_sem", "_rlock", "_wlock")),
    ]
    parts += [getattr(getattr(thing, "_cond", None), name, None) for name in ("_wait_semaphore", "_lock")]
    return {
        f"{place}.{name}": type(value)
        for place, part in enumerate(parts)
        for name, value in getattr(part, "__dict__", {}).items()
    }


def test_what_is_untraced_has_the_systems_own_semaphore_again(traced: Make) -> None:
    made = traced("lock")
    assert type(made.thing._semlock) is not _multiprocessing.SemLock

    made.handle.untrace()

    assert type(made.thing._semlock) is _multiprocessing.SemLock
    assert made.thing.acquire.__self__ is made.thing._semlock


def test_a_handle_travels_as_what_it_is_made_of(traced: Make) -> None:
    made = traced("lock")

    cls, made_of = made.handle.__reduce__()
    again = cls(*made_of)  # type: ignore[operator, misc]  # that is what pickle does

    assert (again.bind(), again.row) == (made.thing, 0)


def test_a_thing_that_is_not_traced_is_handed_out_as_it_is() -> None:
    thing = object()
    handle = PlainHandle(thing)
    cls, made_of = handle.__reduce__()

    handle.trace(0, pytest.fail)
    handle.untrace()

    assert handle.bind() is cls(*made_of).bind() is thing  # type: ignore[operator, misc]  # that is what pickle does
    assert (handle.unsent(0), handle.row) == (0, -1)


def test_an_array_is_one_of_numpys_over_the_memory() -> None:
    memory = os.memfd_create("array")
    os.ftruncate(memory, 4096)
    handle = ArrayHandle(Descriptor(memory), 24, "int64", 3)
    cls, made_of = handle.__reduce__()
    handle.trace(0, pytest.fail)
    handle.untrace()

    array: Any = handle.bind()
    array[1] = 7

    assert handle.bind() is array
    other: Any = cls(*made_of).bind()  # type: ignore[operator, misc]  # that is what pickle does
    assert np.array_equal(other, [0, 7, 0])
    assert other.dtype == np.int64
    assert (handle.unsent(0), handle.row) == (0, -1)
    os.close(memory)


def test_all_are_traced_here_and_in_no_copy_of_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    in_copies: list[Callable[[], None]] = []
    monkeypatch.setattr(os, "register_at_fork", lambda *, after_in_child: in_copies.append(after_in_child))
    memory = os.memfd_create("table")
    os.ftruncate(memory, size_of(2, 1))
    locks = [CONTEXT.Lock(), CONTEXT.Lock()]
    table = Table(Descriptor(memory), size_of(2, 1), 1)
    said: list[str] = []

    handles.trace_all([TracedHandle(lock, "lock", table, row) for row, lock in enumerate(locks)], 0, said.append)
    for lock in locks:
        lock.acquire()
    in_copies[0]()
    for lock in locks:
        lock.release()

    assert [json.loads(text)[:2] for text in said] == [["acquired", 0], ["acquired", 1]]
    os.close(memory)
    del table
    gc.collect()  # classes of traced guards go no other way


def test_where_the_system_does_not_list_children_a_process_is_to_note_that_it_has_some(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    watched: list[object] = []
    monkeypatch.setattr(handles, "ARE_LISTED", False)
    monkeypatch.setattr("runner.supervise.tracing.own_processes.watch", lambda cell: watched.append(cell.tolist()))
    monkeypatch.setattr(os, "register_at_fork", lambda *, after_in_child: None)
    memory = os.memfd_create("table")
    os.ftruncate(memory, size_of(1, 1))
    table = Table(Descriptor(memory), size_of(1, 1), 1)
    table.family(0)[0] = 7

    handles.trace_all([TracedHandle(CONTEXT.Lock(), "lock", table, 0)], 0, lambda _: None)

    assert watched == [[7]]
    os.close(memory)
    del table
    gc.collect()


def test_each_kind_of_thing_has_a_row_for_each_lock_in_it_and_for_each_other_wait() -> None:
    assert {kind: len(roles) for kind, roles in ROLES.items()} == {
        "condition": 2,
        "event": 2,
        "barrier": 2,
        "queue": 3,
        "joinable_queue": 5,
    }
    assert roles_of("lock") == ("guard",)
