"""The steps of `do:`, as a file says them, done in this process on things that are at hand."""

from __future__ import annotations

import ctypes
import math
import multiprocessing
import os
import pickle
import queue
import signal
import subprocess
import sys
import threading
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from runner.supervise.child import messages
from runner.supervise.child.line_clock import LineClock
from runner.supervise.child.steps import Steps
from runner.supervise.tracing.descriptor import Descriptor
from runner.supervise.tracing.handles import PlainHandle
from runner.supervise.tracing.table import ALL_DONE, Position, Table, size_of
from tests.describe.describing import plan_of

TYPE_CHECKING = False
if TYPE_CHECKING:
    from runner.model.json_types import StepData

CONTEXT = multiprocessing.get_context("fork")
_HEAP = CONTEXT.Value("q", 0)
"""Of multiprocessing's shared memory, which it keeps: no test is to be the first one to need it."""

SHARED = """
shared: {door: lock, seat: {semaphore: 2}, total: {value: 0}, raw: {raw_value: 0}, board: {array: 3}, items: queue,
  work: joinable_queue, start: event, news: condition, gate: {barrier: 1}, seen: dict, log: list, state: namespace}
"""


def steps_of(do: str, **things: Any) -> Steps:
    """What a file says with this `do:`, where these are the things."""
    plan = plan_of(f"{SHARED}jobs: [{{name: p, do: {do}}}]")
    steps: Any = plan.processes[0].do
    return Steps(steps, {name: PlainHandle(thing) for name, thing in things.items()})


def done(do: str, **things: Any) -> object:
    """What these steps return."""
    return steps_of(do, **things)()


@pytest.fixture
def added(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, float, list[str]]]:
    """What is told to have been added."""
    found: list[tuple[str, float, list[str]]] = []
    monkeypatch.setattr(messages, "report_added", lambda *what: found.append(what))
    return found


# Without things.


def test_steps_are_done_one_after_the_other(capsys: pytest.CaptureFixture[str]) -> None:
    assert done("[{print: one}, {print: [1, two]}, {print: 3, end: ''}, {sleep: 0}, {spin: 0}]") is None

    assert capsys.readouterr().out == "one\n[1, 'two']\n3"


def test_text_may_have_what_is_known_only_now(capsys: pytest.CaptureFixture[str]) -> None:
    done("[{repeat: 2, as: n, do: [{print: '$name $n in $pid'}, {print: $n}, {print: $pid}]}]")

    pid = os.getpid()
    assert capsys.readouterr().out == f"p 0 in {pid}\n0\n{pid}\np 1 in {pid}\n1\n{pid}\n"


def test_what_is_repeated_need_not_be_counted(capsys: pytest.CaptureFixture[str]) -> None:
    done("[{repeat: 3, do: [{print: x}]}, {repeat: 0, do: [{print: y}]}]")

    assert capsys.readouterr().out == "x\nx\nx\n"


def test_of_a_shared_number_the_number_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    done(
        "[{print: '$total $raw $start'}, {print: $total}]",
        total=CONTEXT.Value("q", 5),
        raw=CONTEXT.RawValue(ctypes.c_int8, 6),
        start="the event itself",
    )

    assert capsys.readouterr().out == "5 6 the event itself\n5\n"


def test_of_a_shared_number_the_number_is_a_value() -> None:
    total, raw, items, log = CONTEXT.Value("q", 5), CONTEXT.RawValue("q", 6), queue.Queue[object](), list[object]()

    value = done(
        "[{put: $total, into: items}, {append: [$raw, is $raw], to: log}, {write: $raw, to: total},"
        " {add: $total, to: raw}, {return: $raw}]",
        total=total,
        raw=raw,
        items=items,
        log=log,
    )

    assert (items.get(), log, total.value, value) == (5, [[6, "is 6"]], 6, 12)


def test_what_is_returned_is_the_last_thing_that_is_done(capsys: pytest.CaptureFixture[str]) -> None:
    value = done("[{repeat: 3, as: n, do: [{print: $n}, {return: {n: $n, list: [$n]}}]}, {print: never}]")

    assert value == {"n": 0, "list": [0]}
    assert capsys.readouterr().out == "0\n"


@pytest.mark.parametrize(("value", "code"), [("3", 3), ("bye", "bye"), ("null", 0)])
def test_an_exit_is_that_of_python(value: str, code: object) -> None:
    with pytest.raises(SystemExit) as left:
        done(f"[{{exit: {value}}}]")

    assert left.value.code == code


def test_what_is_raised_says_in_which_step() -> None:
    with pytest.raises(ValueError, match="no p") as raised:
        done("[{sleep: 0}, {repeat: 2, do: [{sleep: 0}, {raise: ValueError, message: no $name}]}]")

    assert raised.value.__notes__ == ["in the step do[1].do[1]: raise"]


def test_what_is_raised_without_a_message_has_none() -> None:
    with pytest.raises(KeyError) as raised:
        done("[{raise: KeyError}]")

    assert raised.value.args == ()


def test_a_loop_that_is_all_there_is_says_where_it_was_too() -> None:
    with pytest.raises(ValueError, match="no") as raised:
        done("[{repeat: 2, do: [{raise: ValueError, message: no}]}]")

    assert raised.value.__notes__ == ["in the step do[0].do[0]: raise"]


def test_a_signal_may_be_ignored() -> None:
    before = signal.getsignal(signal.SIGUSR1)

    done("[{ignore: SIGUSR1}]")

    assert signal.signal(signal.SIGUSR1, before) == signal.SIG_IGN


def test_steps_travel_as_what_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    steps = pickle.loads(pickle.dumps(steps_of("[{print: one}, {return: 2}]")))

    assert (steps(), capsys.readouterr().out) == (2, "one\n")


@pytest.mark.parametrize(("do", "code"), [("crash: SIGKILL", -9), ("crash: SIGSEGV", -11)])
def test_a_crash_is_one(do: str, code: int) -> None:
    program = f"from tests.supervise.test_steps import done; done('[{{{do}}}]')"

    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == code


def test_a_crash_that_nobody_comes_to_is_none() -> None:
    assert done("[{return: 1}, {crash: SIGKILL}]") == 1


def test_who_hangs_does_so_whatever_signals_come() -> None:
    came: list[int] = []
    before = signal.signal(signal.SIGUSR1, lambda number, _: came.append(number))

    def leave(*_: object) -> None:
        raise InterruptedError

    last = signal.signal(signal.SIGUSR2, leave)
    main = threading.main_thread().ident
    assert main is not None
    over = threading.Event()

    def disturb() -> None:
        while not over.wait(0.01):
            signal.pthread_kill(main, signal.SIGUSR1 if len(came) < 3 else signal.SIGUSR2)

    other = threading.Thread(target=disturb)
    other.start()
    try:
        with pytest.raises(InterruptedError):
            done("[{hang: true}]")
    finally:
        over.set()
        other.join()
        signal.signal(signal.SIGUSR1, before)
        signal.signal(signal.SIGUSR2, last)
    assert len(came) >= 3


@pytest.mark.alone
def test_a_child_does_steps_of_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(multiprocessing, "Process", CONTEXT.Process)  # a method that Python no longer takes by itself
    items = CONTEXT.SimpleQueue()

    done("[{child: kid, do: [{put: $name, into: items}]}]", items=SimpleNamespace(put=lambda item, *_: items.put(item)))

    assert items.get() == "kid"
    for child in multiprocessing.active_children():
        assert child.name == "kid"
        child.join()
        child.close()
    items.close()


# With things.


def test_with_a_guard_it_is_had_inside_and_nowhere_else(capsys: pytest.CaptureFixture[str]) -> None:
    door = threading.Lock()

    done("[{with: door, do: [{print: $door}]}, {print: $door}]", door=door)

    inside, outside = capsys.readouterr().out.splitlines()
    assert inside.startswith("<locked")
    assert outside.startswith("<unlocked")


def test_a_guard_is_let_go_whatever_happens_inside() -> None:
    door = threading.Lock()

    with pytest.raises(ValueError, match="no"):
        done("[{with: door, do: [{raise: ValueError, message: no}]}]", door=door)

    assert not door.locked()


def test_a_guard_may_be_acquired_in_time_or_not() -> None:
    door = CONTEXT.Lock()

    took = done(
        "[{acquire: door, as: first}, {acquire: door, timeout: 0.01, as: second}, {release: door},"
        " {return: [$first, $second]}]",
        door=door,
    )

    assert took == [True, False]
    assert door.acquire(False)


def test_what_others_have_acquired_may_be_released() -> None:
    seat = threading.Semaphore(0)

    done("[{release: seat}, {acquire: seat}]", seat=seat)

    assert not seat.acquire(blocking=False)


def test_an_event_is_set_waited_for_and_cleared() -> None:
    start = threading.Event()

    do = "[{wait: start, timeout: 0, as: before}, {set: start}, {wait: start, as: after}, {return: [$before, $after]}]"
    assert done(do, start=start) == [False, True]
    assert start.is_set()
    done("[{clear: start}]", start=start)
    assert not start.is_set()


class News:
    """Takes note of how it is notified."""

    def __init__(self) -> None:
        self.told: list[int | str] = []

    def notify(self, count: int) -> None:
        self.told.append(count)

    def notify_all(self) -> None:
        self.told.append("all")

    def __enter__(self) -> None:
        self.told.append("in")

    def __exit__(self, *_: object) -> None:
        self.told.append("out")


def test_one_or_some_or_all_are_notified() -> None:
    news = News()

    done("[{with: news, do: [{notify: news}, {notify: news, n: 2}, {notify_all: news}]}]", news=news)

    assert news.told == ["in", 1, 2, "all", "out"]


def test_items_are_put_and_got() -> None:
    items: queue.Queue[object] = queue.Queue()

    got = done(
        "[{put: {from: $name}, into: items}, {put: $pid, into: items, timeout: 1}, {get: items, as: it}, {get: items},"
        " {return: $it}]",
        items=items,
    )

    assert got == {"from": "p"}
    assert items.empty()


def test_a_queue_that_is_not_traced_is_waited_for_as_long_as_a_file_may_say() -> None:
    items = CONTEXT.Queue()
    items.put("there")

    assert done("[{get: items, timeout: 1_000_000_000, as: it}, {return: $it}]", items=items) == "there"
    items.close()
    items.join_thread()


def test_who_gets_in_vain_has_it_raised() -> None:
    with pytest.raises(queue.Empty) as raised:
        done("[{get: items, timeout: 0.01}]", items=queue.Queue())

    assert raised.value.__notes__ == ["in the step do[0]: get"]


def test_work_that_is_done_may_be_joined() -> None:
    work: queue.Queue[object] = queue.Queue()

    done("[{put: 1, into: work}, {get: work}, {task_done: work}, {join_queue: work}]", work=work)

    assert work.unfinished_tasks == 0


def test_what_is_written_is_there() -> None:
    total, raw, state = CONTEXT.Value("q", 0), CONTEXT.RawValue("q", 0), SimpleNamespace()
    board, seen, log = np.zeros(3), dict[str, object](), list[object]()

    done(
        "[{write: 5, to: total}, {write: 6, to: raw}, {write: 7, to: board, at: 2}, {write: $name, to: seen, at: who},"
        " {write: [1], to: state, at: x}, {append: $name, to: log}]",
        total=total,
        raw=raw,
        board=board,
        seen=seen,
        log=log,
        state=state,
    )

    assert (total.value, raw.value, board.tolist()) == (5, 6, [0, 0, 7])
    assert (seen, log, state.x) == ({"who": "p"}, ["p"], [1])


def test_what_is_added_is_told_in_the_end_with_what_was_held(added: list[tuple[str, float, list[str]]]) -> None:
    total, raw, board = CONTEXT.Value("q", 1), CONTEXT.RawValue("d", 0.5), np.zeros(3, "int64")

    done(
        "[{with: door, do: [{with: seat, do: [{add: 2, to: total, times: 3}]}, {add: 1, to: total}]},"
        " {add: 0.5, to: raw}, {add: 4, to: board, at: 1}, {repeat: 2, as: n, do: [{add: 1, to: board, at: $n}]}]",
        door=threading.Lock(),
        seat=threading.Semaphore(2),
        total=total,
        raw=raw,
        board=board,
    )

    assert (total.value, raw.value, board.tolist()) == (8, 1.0, [1, 5, 0])
    assert added == [("total", 7, ["door"]), ("raw", 0.5, []), ("board[1]", 4, [])]


def test_what_was_acquired_is_held_until_it_is_released(added: list[tuple[str, float, list[str]]]) -> None:
    door, total = CONTEXT.Lock(), CONTEXT.Value("q", 0)

    done("[{acquire: door}, {add: 1, to: total}, {release: door}]", door=door, total=total)
    done("[{acquire: door}, {release: door}, {add: 1, to: total}]", door=door, total=total)
    door.acquire()
    done("[{acquire: door, timeout: 0}, {add: 1, to: total}]", door=door, total=total)

    assert added == [("total", 1, ["door"]), ("total", 1, []), ("total", 1, [])]


def test_a_value_is_guarded_by_its_own_lock(added: list[tuple[str, float, list[str]]]) -> None:
    total = CONTEXT.Value("q", 0)

    done("[{with: total, do: [{add: 1, to: total}]}, {acquire: total}, {release: total}]", total=total)

    assert added == [("total", 1, ["total"])]
    assert total.get_lock().acquire(False)


class NotedValue:
    """A value that notes the turns that are taken with its lock, and what it held then."""

    def __init__(self, value: int) -> None:
        self.value = value
        self.turns: list[tuple[str, int]] = []

    def get_obj(self) -> NotedValue:
        return self

    def acquire(self) -> None:
        self.turns.append(("acquired", self.value))

    def release(self) -> None:
        self.turns.append(("released", self.value))


def test_to_a_value_is_added_in_two_turns_with_its_lock() -> None:
    total = NotedValue(5)

    done("[{add: 2, to: total}]", total=total)

    assert total.turns == [("acquired", 5), ("released", 5), ("acquired", 5), ("released", 7)]


def test_a_value_that_cannot_hold_the_sum_is_free_again() -> None:
    total: Any = CONTEXT.Value("q", 5)
    items = queue.Queue[object]()
    items.put(0.5)

    with pytest.raises(TypeError):
        done("[{get: items, as: item}, {add: $item, to: total}]", total=total, items=items)

    assert total.value == 5
    # Somebody may acquire again what they have: nobody is to have it.
    assert total.get_lock()._semlock._count() == 0


def test_what_was_never_done_is_not_told(added: list[tuple[str, float, list[str]]]) -> None:
    done("[{return: 1}, {add: 1, to: total}]", total=CONTEXT.Value("q", 0))

    assert added == []


def test_what_was_done_before_an_end_is_told(added: list[tuple[str, float, list[str]]]) -> None:
    with pytest.raises(SystemExit):
        done("[{add: 1, to: total}, {exit: 1}]", total=CONTEXT.Value("q", 0))

    assert added == [("total", 1, [])]


def test_to_items_and_attributes_may_be_added_too(added: list[tuple[str, float, list[str]]]) -> None:
    seen, state, log = {"n": 1}, SimpleNamespace(n=1), [1, 2]

    done(
        "[{add: 2, to: seen, at: n}, {add: 3, to: state, at: n}, {add: 4, to: log, at: 1}]",
        seen=seen,
        state=state,
        log=log,
    )

    assert (seen["n"], state.n, log) == (3, 4, [1, 6])
    assert added == [("seen['n']", 2, []), ("state.n", 3, []), ("log[1]", 4, [])]


def test_of_what_is_no_number_nobody_knows_the_sum(added: list[tuple[str, float, list[str]]]) -> None:
    seen = {"n": "a"}

    done("[{add: b, to: seen, at: n}]", seen=seen)

    ((place, total, _),) = added
    assert (seen, place, math.isnan(total)) == ({"n": "ab"}, "seen['n']", True)


def test_what_prints_tells_of_each_line_before_it_and_of_a_last_one_without_an_end(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    read, write = os.pipe()
    monkeypatch.setattr(messages, "lines", LineClock(2, write))
    printed: list[StepData] = [
        {"step": "print", "value": "x"},
        {"step": "print", "value": {"ref": "n"}, "end": ""},
    ]

    Steps(printed, {}, {"n": 7})()

    os.close(write)
    with open(read, "rb") as pipe:
        lines = [line.split(b" ") for line in pipe.read().splitlines()]
    assert capsys.readouterr().out == "x\n7"
    assert [(number, length, head) for number, _, length, head in lines] == [(b"2", b"1", b"x"), (b"2", b"1", b"7")]


# The step that a process is in.


def test_the_number_of_each_step_is_noted_before_it_is_done_those_of_a_loop_as_one() -> None:
    memory = os.memfd_create("table")
    os.ftruncate(memory, size_of(1, 1))
    table = Table(Descriptor(memory), size_of(1, 1), 1)
    cell, noted = table.position(0), []

    class Door:
        def __enter__(self) -> None:
            noted.append(cell[0])

        def __exit__(self, *_: object) -> None:
            noted.append(cell[0])

        def acquire(self, *_: object) -> bool:
            noted.append(cell[0])
            return True

    do = "[{acquire: door}, {with: door, do: [{acquire: door}, {repeat: 2, do: [{acquire: door}]}]}, {acquire: door}]"
    plan = plan_of(f"{SHARED}jobs: [{{name: p, do: {do}}}]")
    steps: Any = plan.processes[0].do

    Steps(steps, {"door": PlainHandle(Door())}, position=Position(table, 0))()

    assert noted == [1, 2, 3, 4, 4, 4, 5]
    assert cell[0] == ALL_DONE
    cell.release()
    os.close(memory)
