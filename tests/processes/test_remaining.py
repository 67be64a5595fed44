"""What a target leaves behind in its process: threads and processes of its own, items that were never sent."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from tests.running import events, plan_of, run_and_watch, run_text

if TYPE_CHECKING:
    from runner import Event, RunResult

HERE = Path(__file__).parent
TWO = (
    "jobs:\n- {name: putter, target: 'leaving:%s', args: [$box]}\n- {name: getter, target: 'leaving:get', args: [$box]}"
)


def run(text: str, start_method: str) -> RunResult:
    return run_text(text, HERE, start_method)


def run_until_it_lives_on(target: str, start_method: str) -> RunResult:
    """The result of a run of `a` with this target; `a` is sent SIGTERM when a note says that it lives on."""
    pids = []

    def watch(event: Event) -> None:
        if event.event == "process.started":
            pids.append(cast("int", event.fields["pid"]))
        elif is_about(event, "lives_on"):
            os.kill(pids[0], signal.SIGTERM)

    text = f"time_limit: 50\njobs: [{{name: a, target: 'leaving:{target}'}}]"
    return run_and_watch(plan_of(text, HERE, start_method), watch)


def is_about(event: Event, about: str) -> bool:
    """Whether an event is a note about this."""
    return event.event == "note" and event.fields["about"] == about


def notes(result: RunResult, about: str) -> list[tuple[object, str]]:
    """The notes about this: the process and the text of each."""
    return [(note["process"], str(note["text"])) for note in events(result, "note") if note["about"] == about]


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ("leave_a_thread", "The target of a has returned, and the process lives on because of its thread poller. "),
        (
            "leave_a_process",
            "The target of a has returned, and the process lives on because of its child process kid. ",
        ),
        ("raise_beside_a_thread", "The target of a has raised LookupError, and the process lives on because of its"),
        ("leave_a_thread_for_a_moment_and_a_process", "has returned, and the process lives on because of its child "),
        ("leave_a_finalizer", "The target of a has returned, and the exit function leaving.clean_up is running. "),
        (
            "leave_an_item",
            "the process lives on because of an item put into a queue of its own and not yet in its pipe",
        ),
    ],
)
def test_what_keeps_a_process_alive_is_named_while_it_does(target: str, words: str, start_method: str) -> None:
    result = run_until_it_lives_on(target, start_method)

    ((process, text),) = notes(result, "lives_on")
    assert process == "a"
    assert words in text


@pytest.mark.parametrize(
    ("target", "function"), [("leave_an_exit_function", "leaving.clean_up"), ("leave_a_function_of_c", "sleep")]
)
def test_an_exit_function_that_runs_is_named(target: str, function: str, start_method: str) -> None:
    result = run_until_it_lives_on(target, start_method)

    if result.processes["a"].outcome == "succeeded":  # a forked process has not called it
        assert [process for process, _ in notes(result, "exit_skipped")] == ["a"]
    else:
        ((_, text),) = notes(result, "lives_on")
        assert text.startswith(f"The target of a has returned, and the exit function {function} is running. ")


def test_an_item_that_waits_for_room_is_named(start_method: str, tmp_path: Path) -> None:
    noted = tmp_path / "noted"
    until_noted = f"- {{name: until_noted, target: 'targets:wait_for', args: ['{noted}']}}"
    main = "main: [start: putter, start: until_noted, join: until_noted, start: getter]"
    text = f"shared: {{box: queue}}\n{TWO % 'put_much'}\n{until_noted}\n{main}"

    result = run_and_watch(
        plan_of(text, HERE, start_method), lambda event: noted.touch() if is_about(event, "lives_on") else None
    )

    assert result.outcome == "succeeded"
    ((process, text),) = notes(result, "lives_on")
    assert process == "putter"
    assert "has returned, and the process lives on because of an item put into box and not yet in its pipe. " in text
    assert notes(result, "item_lost") == []


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ("put_a_lock", "was lost: TypeError: cannot pickle '_thread.lock' object"),
        ("put_a_lock_and_wait", "was lost: TypeError: cannot pickle '_thread.lock' object"),
        ("put_and_cancel", "lost with the process: it had called `cancel_join_thread`"),
        ("put_and_leave", "lost with the process: it left by os._exit"),
        ("put_and_die", "lost with the process: SIGKILL ended it before its feeder thread"),
    ],
)
@pytest.mark.parametrize("kind", ["queue", "joinable_queue"])
def test_a_lost_item_is_reported_with_its_putter_and_why(target: str, why: str, kind: str) -> None:
    ended_first = "main: [start: putter, join: putter, start: getter, join: getter]"
    result = run(f"shared: {{box: {kind}}}\n" + TWO % target + f"\n{ended_first}", "fork")

    (putter, text), (getter, waits) = notes(result, "item_lost")
    assert (putter, getter) == ("putter", "getter")
    assert why in text
    assert waits.startswith("getter waits for an item of box: one that putter had put was lost")
    assert notes(result, "missing_poison_pill") == []


def test_a_getter_that_has_read_a_part_of_an_item_waits_for_ever_once_its_putter_is_killed(start_method: str) -> None:
    result = run("shared: {box: queue}\n" + TWO % "put_and_die_in_the_middle", start_method)

    assert [process for process, _ in notes(result, "holder_died")] == ["putter"]
    assert result.processes["getter"].stop_reason == "holder_died"


def test_a_lost_item_is_reported_whatever_the_start_method(start_method: str) -> None:
    result = run("shared: {box: queue}\n" + TWO % "put_a_lock", start_method)

    assert [process for process, _ in notes(result, "item_lost")] == ["putter", "getter"]


def test_of_items_that_arrive_nothing_is_lost(start_method: str) -> None:
    result = run("shared: {box: queue}\n" + TWO % "put_much", start_method)

    assert result.outcome == "succeeded"
    assert notes(result, "item_lost") == []


@pytest.mark.parametrize("method", ["fork", "forkserver"])
def test_a_fork_of_what_an_import_has_given_threads_is_told_with_their_names(method: str, tmp_path: Path) -> None:
    (tmp_path / "busy.py").write_text(
        "import threading, time\n"
        "threading.Thread(target=time.sleep, args=(60,), name='refresher', daemon=True).start()\n"
        "def work(): print('worked')\n"
    )

    result = run_text("preload: [busy]\njobs: [{name: a, target: 'busy:work', replicas: 2}]", tmp_path, method)

    first, *repeats = notes(result, "forked_with_threads")
    assert first[0] is None
    assert first[1].startswith("The processes of this run are forked from one that has the thread refresher, which an")
    assert repeats == []


@pytest.mark.linux("SO_PEERCRED tells the test the manager's pid")
def test_the_managers_death_is_told(start_method: str) -> None:
    text = "shared: {book: list}\njobs: [{name: a, target: 'leaving:kill_the_manager', args: [$book]}]"

    result = run(text, start_method)

    ((process, said),) = notes(result, "manager_died")
    assert process is None
    assert said.startswith("The manager's process, in which book lived, was killed by SIGKILL: ")
    assert result.processes["a"].outcome == "failed"


def test_what_a_forked_process_skips_at_its_end_is_told(start_method: str, tmp_path: Path) -> None:
    (tmp_path / "skipping.py").write_text(
        "import atexit\n"
        "def save(): print('saved')\n"
        "def work():\n"
        "    global file\n"
        "    atexit.register(save)\n"
        "    file = open('left.txt', 'w')\n"
        "    file.write('x')\n"
    )
    text = "jobs: [{name: a, target: 'skipping:work', cwd: '.'}]"

    result = run_text(text, tmp_path, start_method)

    told = [said for _, said in notes(result, "exit_skipped")]
    assert [("save, registered with `atexit`, was not called" in said) for said in told] == (
        [] if (tmp_path / "left.txt").read_text() else ["saved" not in result.processes["a"].output]
    )
    assert ("left.txt was not written" in "".join(told)) is not bool((tmp_path / "left.txt").read_text())


def test_finalizers_and_temporary_folders_that_a_forked_process_leaves_are_told(
    start_method: str, tmp_path: Path
) -> None:
    (tmp_path / "skipping.py").write_text(
        "import tempfile, weakref\n"
        "class Connection: pass\n"
        "def say(): print('finalized')\n"
        "def work():\n"
        "    global connection, folder\n"
        "    connection = Connection()\n"
        "    weakref.finalize(connection, say)\n"
        "    folder = tempfile.TemporaryDirectory(prefix='left', dir='.')\n"
        "    passing = Connection()\n"
        "    weakref.finalize(passing, print, 'gone')\n"
        "    return tempfile.TemporaryDirectory(dir='.')\n"
    )
    text = "jobs: [{name: a, target: 'skipping:work', cwd: '.'}]"

    result = run_text(text, tmp_path, start_method)

    told = "".join(said for _, said in notes(result, "exit_skipped"))
    has_run = "finalized" in result.processes["a"].output
    finalizer = "`weakref.finalize` of a skipping.Connection calling skipping.say has not run"
    assert (finalizer in told) is not has_run
    assert has_run or start_method != "spawn"
    left = [folder.name for folder in tmp_path.glob("left*")]
    assert [f"{name}, of `tempfile.TemporaryDirectory`, stays on disk" in told for name in left] == [True] * len(left)
    assert bool(left) is not has_run
    assert told.count("TemporaryDirectory") == len(left)
    assert "gone" in result.processes["a"].output


@pytest.mark.parametrize(
    ("body", "skips"),
    [
        ("return file", False),
        ("return [file]", False),
        ("atexit.register(file.close)", None),
        ("threading.Thread(target=file.close).start()", False),
        ("threading.Thread(target=write_late, args=(file,)).start()", False),
        ("file.flush(); keep(file)", False),
        ("keep(file)", True),
        ("me = [file]; me.append(me)", True),
        ("raise LookupError", False),
    ],
)
def test_only_data_that_is_not_written_is_told_so(
    body: str, skips: bool | None, start_method: str, tmp_path: Path
) -> None:
    (tmp_path / "skipping.py").write_text(
        "import atexit, threading\n"
        "kept = []\n"
        "keep = kept.append\n"
        "def write_late(file):\n"
        "    file.write('y')\n"
        "    file.close()\n"
        "def work():\n"
        "    file = open('left.txt', 'w')\n"
        "    file.write('x')\n"
        f"    {body}\n"
    )

    result = run_text("jobs: [{name: a, target: 'skipping:work', cwd: '.'}]", tmp_path, start_method)

    is_written = bool((tmp_path / "left.txt").read_text())
    told = ["left.txt was not written" in said for _, said in notes(result, "exit_skipped")]
    if start_method == "spawn":  # Python's exit is not skipped, and loses a file in a circle of references all the same
        assert told == []
    else:
        assert told == [True] * (not is_written)
        assert skips is None or is_written is not skips


@pytest.mark.parametrize(
    "read",
    [
        "sys.stdin.read()",
        "sys.stdin.readline()",
        "list(sys.stdin)",
        "sys.stdin.buffer.read()",
        "sys.stdin.buffer.raw.read(9)",
        "sys.__stdin__.read(1)",
        "input()",
        "getpass.getpass(stream=sys.stderr)",
    ],
)
def test_a_read_from_the_stdin_that_a_process_has_not_is_told(read: str, start_method: str, tmp_path: Path) -> None:
    (tmp_path / "reading.py").write_text(f"import getpass, sys\ndef work():\n    {read}\n    {read}\n")

    result = run_text("jobs: [{name: a, target: 'reading:work'}]", tmp_path, start_method)

    assert [process for process, _ in notes(result, "no_stdin")] == ["a"]
    assert result.processes["a"].outcome == ("failed" if "(stream" in read or "input" in read else "succeeded")


@pytest.mark.parametrize("read", ["open(0).readline()", "os.read(0, 9)", "open('/dev/stdin').read()"])
def test_a_process_that_fails_over_what_it_read_from_descriptor_0_is_told_why(read: str, tmp_path: Path) -> None:
    (tmp_path / "reading.py").write_text(f"import os\ndef work():\n    return int({read})\n")

    result = run_text("jobs: [{name: a, target: 'reading:work'}]", tmp_path)

    assert [process for process, _ in notes(result, "no_stdin")] == ["a"]


def test_stdin_is_otherwise_as_ever(start_method: str, tmp_path: Path) -> None:
    (tmp_path / "looking.py").write_text(
        "import sys\n"
        "def work():\n"
        "    same = sys.stdin is sys.__stdin__\n"
        "    print(sys.stdin.fileno(), sys.stdin.name, sys.stdin.mode, sys.stdin.isatty(), same)\n"
    )

    result = run_text("jobs: [{name: a, target: 'looking:work'}]", tmp_path, start_method)

    assert result.processes["a"].output == "0 <stdin> r False True\n"
    assert notes(result, "no_stdin") == []


def test_records_in_the_buffer_of_a_logging_handler_are_named(start_method: str, tmp_path: Path) -> None:
    (tmp_path / "buffering.py").write_text(
        "import logging.handlers\n"
        "def work():\n"
        "    target = logging.FileHandler('log.txt')\n"
        "    logging.getLogger().addHandler(logging.handlers.MemoryHandler(100, target=target))\n"
        "    logging.warning('x')\n"
    )

    result = run_text("jobs: [{name: a, target: 'buffering:work', cwd: '.'}]", tmp_path, start_method)

    is_written = bool((tmp_path / "log.txt").read_text())
    told = ["MemoryHandler (1 record) was not written" in said for _, said in notes(result, "exit_skipped")]
    assert told == ([] if is_written else [True])
