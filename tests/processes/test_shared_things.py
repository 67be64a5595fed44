"""What processes share, with real processes under each start method."""

from __future__ import annotations

import os
import signal
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from runner.session import Session
from tests.running import Running, events, once_ready, plan_of, run_and_watch, run_text

if TYPE_CHECKING:
    from runner import Event, RunResult

HERE = Path(__file__).parent

THINGS = """\
shared:
  lock: lock
  rlock: rlock
  semaphore: {semaphore: 2}
  condition: condition
  event: event
  queue: queue
  tasks: joinable_queue
  value: {value: 0}
  array: {array: [1, 2], dtype: float64}
  raw: {raw_value: 7, dtype: uint8}
  bounded: {bounded_semaphore: 1}
  barrier: {barrier: 1}
  held: {dict: {a: 1}}
  items: {list: [1]}
  names: {namespace: {x: 1}}
"""


def run(text: str, start_method: str) -> RunResult:
    return run_text(text, HERE, start_method)


def notes(result: RunResult, about: str) -> list[str]:
    return [str(note["text"]) for note in events(result, "note") if note["about"] == about]


def test_targets_get_the_real_objects(start_method: str) -> None:
    names = "$lock, $rlock, $semaphore, $bounded, $condition, $event, $barrier, $queue, $tasks, $value, $raw, $array"

    result = run(f"{THINGS}jobs: [{{name: a, target: sharing:name_types, args: [{names}, $held]}}]", start_method)

    assert result.processes["a"].output.split() == [
        "Lock",
        "RLock",
        "Semaphore",
        "BoundedSemaphore",
        "Condition",
        "Event",
        "Barrier",
        "Queue",
        "JoinableQueue",
        "Synchronized",
        "c_ubyte",
        "ndarray",
        "DictProxy",
    ]


def test_things_are_used_as_ever_and_hold_what_was_put_into_them(start_method: str) -> None:
    names = "$lock, $rlock, $semaphore, $condition, $event, $queue, $tasks, $value, $array"

    result = run(f"{THINGS}jobs: [{{name: a, target: sharing:use_all, args: [{names}]}}]", start_method)

    assert result.processes["a"].error is None
    owner, value = ("None", "2") if sys.platform == "linux" else ("unknown", "unknown")  # macOS cannot tell
    assert result.processes["a"].output == f"<Lock(owner={owner})> <Semaphore(value={value})>\n"
    assert result.values == {
        "queue": [],
        "tasks": [],
        "value": 2,
        "array": [1.0, 7.0],
        "raw": 7,
        "held": {"a": 1},
        "items": [1],
        "names": {"x": 1},
    }


def test_a_class_gets_them_too_and_its_use_is_told(start_method: str) -> None:
    text = (
        "shared: {lock: lock, total: {value: 0}}\njobs: [{class: 'sharing:Adder', args: [$lock, $total], replicas: 2}]"
    )

    result = run(text, start_method)

    assert result.values == {"total": 2000}
    assert {event["process"] for event in events(result, "shared.acquired")} == {"Adder-1", "Adder-2"}
    skipped = [event["skipped"] for event in events(result, "shared.acquired")]
    assert len(skipped) < 200
    assert any(skipped)


def test_a_step_does_what_its_line_does(start_method: str) -> None:
    text = f"""{THINGS}jobs:
  - name: a
    do:
      - {{acquire: semaphore, as: took}}
      - {{print: "took it: $took"}}
      - release: semaphore
      - {{wait: event, timeout: 0.001, as: set_yet}}
      - {{print: "set: $set_yet"}}
      - set: event
      - wait: event
      - clear: event
      - wait: barrier
      - {{repeat: 2, as: n, do: [{{put: [$n, $name], into: tasks}}]}}
      - {{get: tasks, as: item}}
      - task_done: tasks
      - {{print: "$item and $value"}}
      - {{with: value, do: [{{add: 2, to: value, times: 3}}]}}
      - {{add: 1.5, to: array, at: 1}}
      - {{write: 250, to: raw}}
      - {{print: $raw}}
      - {{write: $item, to: held, at: a}}
      - {{append: $pid, to: items}}
      - {{add: 1, to: names, at: x}}
      - {{with: condition, do: [{{notify: condition, n: 2}}, notify_all: condition]}}
""".replace("notify_all: condition]", "{notify_all: condition}]")

    result = run(text, start_method)

    a = result.processes["a"]
    assert a.error is None
    assert a.output == "took it: True\nset: False\n[0, 'a'] and 0\n250\n"
    assert result.values == {
        "queue": [],
        "tasks": [[1, "a"]],
        "value": 6,
        "array": [1.0, 3.5],
        "raw": 250,
        "held": {"a": [0, "a"]},
        "items": [1, a.pid],
        "names": {"x": 2},
    }


@pytest.mark.parametrize(
    ("step", "exit_code", "error"),
    [
        ("{raise: ValueError, message: no}", 1, "ValueError"),
        ("{raise: KeyError}", 1, "KeyError"),
        ("{exit: 7}", 7, None),
        ("exit", 0, None),
        ("{return: 5}", 0, None),
        ("{crash: SIGKILL}", -9, None),
        ("crash", -11, None),
        ("{release: lock}", 1, "ValueError"),
        ("{release: bounded}", 1, "ValueError"),
        ("{notify: condition}", 1, "AssertionError"),
        ("{get: queue, timeout: 0.01}", 1, "_queue.Empty"),
        ("{get: queue, timeout: 0.05}", 1, "_queue.Empty"),
        ("{task_done: tasks}", 1, "ValueError"),
    ],
)
def test_a_step_may_end_the_process(step: str, exit_code: int, error: str | None, start_method: str) -> None:
    result = run(f"{THINGS}jobs: [{{name: a, do: [{step}, {{print: never}}]}}]", start_method)

    a = result.processes["a"]
    assert (a.exit_code, a.error and a.error["type"], a.output.count("never")) == (exit_code, error, 0)
    if a.error is not None:
        assert "in the step do[0]: " in str(a.error["traceback"])


def test_a_child_of_steps_does_its_own(start_method: str) -> None:
    text = "shared: {total: {value: 0}}\njobs: [{name: a, do: [{child: kid, do: [{add: 1, to: total}, {print: hi}]}]}]"

    result = run(text, start_method)

    assert result.values == {"total": 1}
    assert result.processes["a"].output == "hi\n"


def test_ignored_signals_and_hanging_end_with_the_grace_period(start_method: str) -> None:
    steps = "[{ignore: SIGTERM}, {print: ready}, hang]"

    result = once_ready(
        lambda timer_s: run(
            f"grace_period: 0.1\njobs: [{{name: a, terminate_after: {timer_s}, do: {steps}}}]", start_method
        ),
        lambda result: result.processes["a"].output == "ready\n",
    )

    assert result.processes["a"].outcome == "killed"


def test_main_does_its_steps_while_the_run_goes_on(start_method: str) -> None:
    text = """
shared: {tasks: joinable_queue, go: event, done: queue, door: lock}
jobs:
  - name: w
    do:
      - wait: go
      - {repeat: 2, do: [{get: tasks, as: t}, {print: "got $t"}, {task_done: tasks}]}
      - {put: bye, into: done}
      - {with: door, do: [{print: in}]}
main:
  - start: all
  - acquire: door
  - {put: one, into: tasks}
  - {put: {two: 2}, into: tasks}
  - set: go
  - join_queue: tasks
  - {get: done, as: said}
  - clear: go
  - release: door
  - print: main heard $said
"""

    result = run(text, start_method)

    assert result.processes["w"].output == "got one\ngot {'two': 2}\nin\n"
    assert result.outcome == "succeeded"
    assert {event["process"] for event in events(result, "shared.acquired")} == {"w", "MainProcess"}


@pytest.mark.parametrize(
    ("step", "exit_code", "error"),
    [
        ("{exit: 3}", 3, None),
        ("{release: door}", 1, "ValueError"),
        ("{get: done, timeout: 0.01}", 1, "_queue.Empty"),
    ],
)
def test_main_may_leave_before_its_end(step: str, exit_code: int, error: str | None, start_method: str) -> None:
    text = f"""
shared: {{door: lock, done: queue}}
jobs: [{{name: a, target: noop}}, {{name: b, target: noop}}]
main: [{{start: a}}, {step}, {{start: b}}]
"""

    result = run(text, start_method)

    (ended,) = events(result, "main.ended")
    assert ended["exit_code"] == exit_code
    assert (ended["error"] and ended["error"]["type"]) == error  # type: ignore[index,call-overload]  # a mapping
    assert (result.outcome, result.exit_status) == ("failed", 1)
    assert (result.processes["a"].outcome, result.processes["b"].outcome) == ("succeeded", None)


def test_main_that_waits_is_stopped_like_any(start_method: str) -> None:
    text = "shared: {q: queue}\njobs: [{name: a, target: heartbeat, args: [0.05]}]\nmain: [{start: a}, {get: q}]"
    going = Running("--start-method", start_method, given=text.encode())
    going.wait_for(b"beat 3")

    going.command.send_signal(signal.SIGINT)
    status, said = going.end()

    assert status == 130
    assert "stopped" in said


def test_a_deadline_comes_while_main_waits() -> None:
    jobs = "jobs: [{name: a, target: heartbeat, args: [60]}]"
    text = f"shared: {{q: queue}}\n{jobs}\nmain: [{{start: a}}, {{get: q}}]"

    result = once_ready(
        lambda timer_s: run(f"time_limit: {timer_s}\n{text}", "fork"),
        lambda result: [event["process"] for event in events(result, "shared.waiting")] == ["MainProcess"],
    )

    assert result.outcome == "timed_out"
    assert notes(result, "who_waits") == ["At the time limit: MainProcess waits for q (get)."]


@pytest.mark.parametrize("trace", ["true", "false"])
def test_a_holder_that_dies_is_named_if_it_is_traced(trace: str, start_method: str) -> None:
    text = f"""
time_limit: 50
shared: {{door: {{lock: , trace: {trace}}}, said: queue}}
jobs:
  - {{name: holder, target: sharing:hold_and_be_killed, args: [$door, $said]}}
  - {{name: other, target: sleep, args: [0.5]}}
"""

    result = run(text, start_method)

    assert bool(notes(result, "holder_died")) is (trace == "true")


KILLED_IN = {
    "event": ("shared: {x: event}", "{wait: x}", "{set: x}"),
    "condition": ("shared: {x: condition}", "{with: x, do: [{wait: x}]}", "{with: x, do: [{notify_all: x}]}"),
    "barrier": ("shared: {x: {barrier: 3}}", "{wait: x}", "{wait: x}"),
}


@pytest.mark.parametrize("kind", KILLED_IN)
def test_a_process_ended_while_it_waited_keeps_no_other_waiting_for_ever(
    kind: str, start_method: str, tmp_path: Path
) -> None:
    shared, wait, wake = KILLED_IN[kind]
    text = f"""
time_limit: 50
{shared}
jobs:
  - {{name: gone, do: [{wait}]}}
  - {{name: waits, do: [{wait}]}}
  - {{name: wakes, do: [{wake}]}}
  - {{name: until-gone, target: 'sharing:wait_for_file', args: ['{tmp_path}/gone']}}
main: [{{start: gone}}, {{start: waits}}, {{start: until-gone}}, {{join: until-gone}}, {{start: wakes}}]
"""

    result = run_and_end_gone(text, start_method, {"gone", "waits"}, tmp_path)

    assert result.outcome == "failed"
    assert any("inside x: a process was ended while it waited there" in note for note in notes(result, "standstill"))
    assert result.processes["wakes"].stop_reason == "standstill"


def test_a_process_ended_while_it_got_something_keeps_no_other_waiting_for_ever(
    start_method: str, tmp_path: Path
) -> None:
    text = f"""
time_limit: 50
shared: {{q: queue}}
jobs:
  - {{name: gone, do: [{{get: q}}]}}
  - {{name: gets, do: [{{get: q}}]}}
  - {{name: goes-on, target: heartbeat, args: [60]}}
  - {{name: until-gone, target: 'sharing:wait_for_file', args: ['{tmp_path}/gone']}}
main:
  - {{start: gone}}
  - {{start: until-gone}}
  - {{join: until-gone}}
  - {{put: 1, into: q}}
  - {{start: gets}}
  - {{start: goes-on}}
"""

    result = run_and_end_gone(text, start_method, {"gone"}, tmp_path)

    assert notes(result, "holder_died") == [
        (
            "gone died while it held the lock of q for reading: no process can release it any more, so every process "
            "that needs it waits for ever."
        )
    ]
    assert notes(result, "who_waits") == [
        "gets would wait for an item of q for ever: no process can get an item any more. So the run was stopped."
    ]
    assert result.processes["goes-on"].stop_reason == "holder_died"


def run_and_end_gone(text: str, start_method: str, waiting: set[str], folder: Path) -> RunResult:
    """The result of a run in which `gone` is sent SIGTERM as soon as each of these is known to wait.

    After its end the file `gone` lies in the folder.
    """
    pids: dict[object, object] = {}
    awaited = set[object](waiting)

    def watch(event: Event) -> None:
        process = event.fields.get("process")
        match event.event:
            case "process.started":
                pids[process] = event.fields["pid"]
            case "shared.waiting" if process in awaited:
                awaited.discard(process)
                if not awaited:
                    os.kill(cast("int", pids["gone"]), signal.SIGTERM)
            case "process.exited" if process == "gone":
                (folder / "gone").touch()

    return run_and_watch(plan_of(text, HERE, start_method), watch)


def test_who_has_another_thread_is_never_called_stuck(start_method: str) -> None:
    target = "sharing:wait_in_one_thread_and_release_in_another"
    text = f"shared: {{door: lock}}\njobs: [{{name: a, target: '{target}', args: [$door]}}]"

    result = run(text, start_method)

    assert (result.deadlock, result.processes["a"].output) == (None, "went on\n")


def test_a_process_that_nobody_knows_may_use_them_too(start_method: str) -> None:
    text = "shared: {door: lock}\njobs: [{name: a, target: sharing:let_a_child_take, args: [$door]}]"

    result = run(text, start_method)

    assert result.processes["a"].output.split() == ["child", "parent"]


def test_a_wait_with_a_timeout_is_no_deadlock(start_method: str) -> None:
    text = """
shared: {left: lock, right: lock, both: {barrier: 2}}
jobs:
  - {name: a, do: [{with: left, do: [{wait: both}, {acquire: right, timeout: 0.3, as: took}, {print: "a $took"}]}]}
  - {name: b, do: [{with: right, do: [{wait: both}, {acquire: left, as: took}, {print: "b $took"}, {release: left}]}]}
"""

    result = run(text, start_method)

    assert result.deadlock is None
    assert (result.processes["a"].output, result.processes["b"].output) == ("a False\n", "b True\n")
    assert [event["process"] for event in events(result, "shared.timed_out")] == ["a"]


def test_a_deadlock_among_some_lets_the_others_come_to_their_ends(start_method: str) -> None:
    text = """
shared: {door: lock}
jobs:
  - {name: stuck, do: [{with: door, do: [{acquire: door}]}]}
  - {name: busy, do: [{sleep: 0.4}, {print: done}]}
"""

    result = run(text, start_method)

    assert result.deadlock == ("stuck",)
    assert result.processes["busy"].output == "done\n"
    assert result.processes["stuck"].stop_reason == "deadlock"


def test_a_manager_that_is_killed_hurts_who_uses_it_alone() -> None:
    text = """
shared: {held: dict}
jobs: [{name: a, target: sharing:kill_the_manager, args: [$held]}, {name: b, target: report, args: [0.3]}]
"""

    result = run(text, "fork")

    assert result.processes["a"].outcome == "failed"
    assert result.processes["b"].outcome == "succeeded"
    assert "cannot be read" in str(result.values["held"])


def test_mains_hand_that_is_killed_ends_main() -> None:
    text = """
shared: {never: queue, go: event}
jobs: [{name: a, target: sharing:kill_mains_hand, args: [$go]}]
main: [{start: a}, {get: never}]
"""

    result = run(text, "fork")

    (ended,) = events(result, "main.ended")
    assert ended["error"] is not None
    assert (result.outcome, result.processes["a"].outcome) == ("failed", "succeeded")


def test_a_supervisor_that_is_killed_takes_hand_and_manager_with_it() -> None:
    text = (
        "shared: {q: queue, d: dict}\njobs: [{name: a, target: heartbeat, args: [0.05]}]\nmain: [{start: a}, {get: q}]"
    )
    going = Running(given=text.encode())
    going.wait_for(b"beat 2")

    os.kill(going.supervisor, signal.SIGKILL)
    status, _ = going.end()

    assert status == 3  # that nothing is left, the fixture of all tests sees


def test_leaving_a_session_with_shared_things_leaves_nothing(start_method: str) -> None:
    plan = plan_of(f"{THINGS}jobs: [{{name: a, do: [{{acquire: lock}}, hang]}}]", HERE, start_method)

    with Session() as session:
        session.submit(plan)
        began = time.monotonic()
        next(item for item in session.items() if item is not None)

    assert time.monotonic() - began < 40  # `a` would never end
