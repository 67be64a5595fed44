"""What an import leaves in run-jobs' own processes: nothing of it keeps them alive, and it is reported."""

from __future__ import annotations

import os
import re
import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from runner.link import supervisor_deadline
from tests.running import COMMAND, children_of, run_text, wait_until
from tests.seeing import PROC

if TYPE_CHECKING:
    from pathlib import Path

    from runner.model.results import RunResult

THREAD = "import threading, time\nthreading.Thread(target=time.sleep, args=(100,), name='reporter').start()\n"
BUSY_EXECUTOR = (
    "import time\nfrom concurrent.futures import ThreadPoolExecutor\n"
    "pool = ThreadPoolExecutor(1, thread_name_prefix='pool')\n"
    "queued = [pool.submit(time.sleep, 100) for _ in range(3)]\n"
)
SLOW_EXIT = "import atexit, time\natexit.register(time.sleep, 100)\n"
STUBBORN_EXIT = (
    "import atexit, os, signal, threading\n"
    "def stay():\n"
    "    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())\n"
    "    while True:\n"
    "        try:\n"
    "            threading.Event().wait()\n"
    "        except BaseException:\n"
    "            pass\n"
    "atexit.register(stay)\n"
)
FAILING_EXIT = "import atexit, sys\natexit.register(sys.exit, 7)\n"
LEFT = {
    "a thread": (THREAD, "reporter"),
    "a busy executor": (BUSY_EXECUTOR, "pool_0"),
    "a slow exit function": (SLOW_EXIT, "atexit"),
    "an exit function that heeds nothing": (STUBBORN_EXIT, "atexit"),
}
POOL = "import multiprocessing\npool = multiprocessing.Pool(2)\n"
BUSY_POOL = "import multiprocessing, time\npool = multiprocessing.Pool(1)\npool.apply_async(time.sleep, [1_000])\n"
EXECUTOR = """
import concurrent.futures, os
executor = concurrent.futures.ProcessPoolExecutor(1)
executor.submit(os.getpid).result()
"""
BUSY_PROCESSES = """
import concurrent.futures, time
executor = concurrent.futures.ProcessPoolExecutor(1)
executor.submit(time.sleep, 1_000)
"""
PROCESS = """
import multiprocessing, time
multiprocessing.get_context("fork").Process(target=time.sleep, args=(1_000,), name="clock").start()
"""
PROGRAM = "import subprocess\nprogram = subprocess.Popen(['sleep', '1000'])\n"
POOLS = {
    "a pool": (POOL, "PoolWorker-1", "PoolWorker-2"),
    "a busy pool": (BUSY_POOL, "PoolWorker-1"),
    "an executor": (EXECUTOR, "Process-1"),
    "a busy executor": (BUSY_PROCESSES, "Process-1"),
    "a process": (PROCESS, "clock"),
    "a program": (PROGRAM, "sleep 1000"),
}
"""Modules that leave processes, and what these are called."""
CLASS = "\nimport multiprocessing\nclass Work(multiprocessing.Process):\n    def run(self):\n        print('worked')\n"
JOB = "jobs: [{name: a, do: [{print: worked}]}]"
HELPED = """
shared: {d: dict, q: queue}
jobs: [{name: a, do: [{print: worked}, {get: q, as: item}]}]
main: [start: all, {put: 1, into: q}, join: all]
"""
NOT_WAITED_FOR_S = 40
"""Far less than anything that is left takes, and far more than a run takes, on a busy machine, too."""


@pytest.fixture
def _exit_functions_have_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """Exit functions have as long as they may need on a busy machine."""
    monkeypatch.setattr(supervisor_deadline, "EXIT_FUNCTIONS_S", 30.0)


def left_by(result: RunResult) -> str:
    """What the notes say of what was left running."""
    return " ".join(
        str(event.fields["text"])
        for event in result.events
        if event.event == "note" and event.fields["about"] == "left_running"
    )


@pytest.mark.parametrize("what", LEFT)
def test_what_a_preload_leaves_running_keeps_no_run_from_its_end_and_is_reported(
    what: str, start_method: str, tmp_path: Path
) -> None:
    source, named = LEFT[what]
    (tmp_path / "leaving.py").write_text(source)
    began = time.monotonic()

    result = run_text(f"preload: [leaving]\n{JOB}", tmp_path, start_method)

    assert (result.outcome, result.processes["a"].output) == ("succeeded", "worked\n")
    assert time.monotonic() - began < NOT_WAITED_FOR_S
    assert named in left_by(result)


@pytest.mark.parametrize("what", LEFT)
def test_the_module_of_a_class_keeps_no_run_from_its_end(what: str, tmp_path: Path) -> None:
    source, named = LEFT[what]
    (tmp_path / "leaving.py").write_text(source + CLASS)
    began = time.monotonic()

    result = run_text("jobs: [{name: a, class: 'leaving:Work'}]", tmp_path, "fork")

    assert result.processes["a"].output == "worked\n"
    assert time.monotonic() - began < NOT_WAITED_FOR_S
    assert named in left_by(result)


@pytest.mark.usefixtures("_exit_functions_have_time")
@pytest.mark.parametrize("what", POOLS)
def test_processes_that_a_preload_leaves_are_named_and_ended(what: str, start_method: str, tmp_path: Path) -> None:
    source, *names = POOLS[what]
    (tmp_path / "leaving.py").write_text(source)

    result = run_text(f"preload: [leaving]\n{JOB}", tmp_path, start_method)

    assert (result.outcome, result.processes["a"].output) == ("succeeded", "worked\n")
    for name in names:
        assert re.search(rf"{name} \(pid \d+\)", left_by(result))
    assert "the import of `leaving`" in left_by(result)
    assert "atexit" not in left_by(result)


@pytest.mark.parametrize("what", POOLS)
def test_processes_that_the_module_of_a_class_leaves_are_named_and_ended(what: str, tmp_path: Path) -> None:
    source, *names = POOLS[what]
    (tmp_path / "leaving.py").write_text(source + CLASS)

    result = run_text("jobs: [{name: a, class: 'leaving:Work'}]", tmp_path, "fork")

    assert result.processes["a"].output == "worked\n"
    for name in names:
        assert re.search(rf"{name} \(pid \d+\)", left_by(result))


@pytest.mark.parametrize("what", LEFT)
def test_it_keeps_neither_a_manager_nor_mains_helper(what: str, tmp_path: Path) -> None:
    (tmp_path / "leaving.py").write_text(LEFT[what][0])
    began = time.monotonic()

    result = run_text(f"preload: [leaving]\n{HELPED}", tmp_path)

    assert result.outcome == "succeeded"
    assert time.monotonic() - began < NOT_WAITED_FOR_S


@pytest.mark.parametrize("what", ["a thread", "an exit function that heeds nothing"])
@pytest.mark.parametrize(
    ("words", "text", "status"),
    [
        ("run", "jobs: [{target: 'leaving:nothing'}]", 2),
        ("check --imports", "jobs: [{target: 'leaving:nothing'}]", 2),
        ("check --imports", JOB, 0),
        ("run", f"time_limit: 0.3\n{JOB.replace('print: worked', 'sleep: 100')}", 1),
    ],
)
def test_it_keeps_no_command_from_its_end(what: str, words: str, text: str, status: int, tmp_path: Path) -> None:
    (tmp_path / "leaving.py").write_text(LEFT[what][0])
    (tmp_path / "jobs.yaml").write_text(f"preload: [leaving]\n{text}")

    done = subprocess.run(
        [*COMMAND, *words.split(), "jobs.yaml"],
        cwd=tmp_path,
        capture_output=True,
        timeout=NOT_WAITED_FOR_S,
        check=False,
    )

    assert done.returncode == status, done.stderr


@pytest.mark.parametrize(
    ("what", "start_method"), [*((what, "fork") for what in LEFT), ("a thread", "spawn"), ("a thread", "forkserver")]
)
def test_the_death_of_the_command_ends_the_supervisor_all_the_same(
    what: str, start_method: str, tmp_path: Path
) -> None:
    (tmp_path / "leaving.py").write_text(LEFT[what][0])
    text = "preload: [leaving]\njobs: [{target: heartbeat, args: [60]}]"
    (tmp_path / "jobs.yaml").write_text(f"start_method: {start_method}\n{text}")
    running = subprocess.Popen([*COMMAND, "jobs.yaml", "--output", "raw"], stdout=subprocess.PIPE, cwd=tmp_path)
    assert running.stdout is not None
    running.stdout.readline()
    [supervisor] = children_of(running.pid)

    running.kill()

    running.stdout.close()
    running.wait()
    wait_until(lambda: not os.path.exists(f"{PROC}/{supervisor}/exe"))  # what else is left is seen after each test


@pytest.mark.usefixtures("_exit_functions_have_time")
def test_exit_functions_that_take_no_time_run_and_are_not_worth_a_word(tmp_path: Path) -> None:
    (tmp_path / "leaving.py").write_text(f"import atexit\natexit.register(open, {str(tmp_path / 'left')!r}, 'w')\n")

    result = run_text(f"preload: [leaving]\n{JOB}", tmp_path)

    assert (tmp_path / "left").exists()
    assert left_by(result) == ""


def test_an_exit_function_that_fails_changes_no_result(tmp_path: Path) -> None:
    (tmp_path / "leaving.py").write_text(FAILING_EXIT)

    assert run_text(f"preload: [leaving]\n{JOB}", tmp_path).outcome == "succeeded"


def test_what_an_exit_function_starts_is_gone_with_the_run(tmp_path: Path) -> None:
    source = "import atexit, subprocess\natexit.register(subprocess.Popen, ['sleep', '600'])\n"
    (tmp_path / "leaving.py").write_text(source)

    assert run_text(f"preload: [leaving]\n{JOB}", tmp_path).outcome == "succeeded"  # what is left is seen afterwards


def test_a_daemon_thread_is_not_worth_a_word(tmp_path: Path) -> None:
    (tmp_path / "leaving.py").write_text(THREAD.replace("name=", "daemon=True, name="))

    assert left_by(run_text(f"preload: [leaving]\n{JOB}", tmp_path)) == ""
