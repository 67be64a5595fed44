"""What `main` of a script makes, does and takes away."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from runner.export import export
from tests.export.exporting import THINGS, doing, exported, lines_of
from tests.running import plan_of

if TYPE_CHECKING:
    from pathlib import Path


def test_everything_shared_is_made_in_main(tmp_path: Path) -> None:
    lines = lines_of(exported(doing("print: 1", shared=THINGS + "  on: {event: true}\n"), tmp_path), "main")

    assert lines[:14] == [
        "door = multiprocessing.Lock()",
        "seats = multiprocessing.Semaphore(2)",
        "bell = multiprocessing.Event()",
        "table = multiprocessing.Condition()",
        "gate = multiprocessing.Barrier(1)",
        "box: Queue[Any] = multiprocessing.Queue()",
        "chores: JoinableQueue[Any] = multiprocessing.JoinableQueue()",
        "total = multiprocessing.Value(ctypes.c_int64, 0)",
        "bare = multiprocessing.RawValue(ctypes.c_int64, 0)",
        "row_memory = SharedMemory(create=True, size=2 * 8)",
        "on = multiprocessing.Event()",
        "on.set()",
        "try:",
        "    with multiprocessing.Manager() as manager:",
    ]
    assert "        row_in(row_memory)[:] = [0, 1]" in lines
    assert "        weather = manager.Namespace()" in lines
    assert "        weather.sky = 1" in lines
    assert lines[-3:] == ["finally:", "    row_memory.close()", "    row_memory.unlink()"]


def test_all_memory_is_taken_away(tmp_path: Path) -> None:
    shared = "shared: {a: {array: 1}, b: {array: 3, dtype: bool}}\n"

    assert lines_of(exported(doing("print: 1", shared=shared), tmp_path), "main")[-4:] == [
        "finally:",
        "    for memory in (a_memory, b_memory):",
        "        memory.close()",
        "        memory.unlink()",
    ]


MAIN = """shared: {{box: queue, door: lock, row: {{array: 1}}}}
jobs:
  - {{name: a, target: sleep, replicas: 2{more}}}
  - {{name: b, target: noop, daemon: true}}
main:
{main}
"""


def main_of(folder: Path, *steps: str, more: str = "") -> list[str]:
    """What main does between making processes and showing what has come of it."""
    main = "".join(f"  - {step}\n" for step in steps)
    lines = [line.strip() for line in lines_of(exported(MAIN.format(main=main, more=more), folder), "main")]
    first = max(number for number, line in enumerate(lines) if "multiprocessing.Process(" in line)
    return lines[first + 1 :]


def test_main_does_the_steps_of_main(tmp_path: Path) -> None:
    lines = main_of(
        tmp_path,
        "start: a",
        "sleep: 0.5",
        "{put: 1, into: box}",
        "print: got $row",
        "show: a-1",
        "{join: a-0, timeout: 1}",
        "kill: a-1",
        "terminate: a-0",
        "start: b",
        "join: all",
    )

    assert lines[:-4] == [
        "for process in a_processes:",
        "process.start()",
        "time.sleep(0.5)",
        "box.put(1)",
        'print(f"got {row_in(row_memory)}")',
        'print("a-1", a_processes[1], a_processes[1].is_alive())',
        "a_processes[0].join(timeout=1)",
        "a_processes[1].kill()",
        "a_processes[0].terminate()",
        "b_process.start()",
        "for process in (*a_processes, b_process):",
        "process.join()",
    ]


def test_what_main_does_not_join_is_ended_before_its_memory_is_taken_away(tmp_path: Path) -> None:
    lines = main_of(tmp_path, "start: all")

    assert lines[2:7] == [
        "processes[2].terminate()",
        "for process in processes:",
        "process.join()",
        'print(f"row: {row_in(row_memory).tolist()}")',
        "finally:",
    ]


def test_main_waits_for_processes_that_share_something(tmp_path: Path) -> None:
    text = "jobs: [{name: a, do: [{wait: bell}]}]\nmain: [{start: a}, {join: a, timeout: 1}, {set: bell}]"

    lines = lines_of(exported("shared: {bell: event}\n" + text, tmp_path), "main")

    assert lines[-3:] == ["a_process.join(timeout=1)", "bell.set()", "a_process.join()"]


def test_main_leaves_at_its_very_end(tmp_path: Path) -> None:
    script = exported("jobs: [{target: noop}]\nmain: [{start: all}, {exit: 3}, {print: never}]", tmp_path)

    assert lines_of(script, "main")[-1] == "sys.exit(3)"
    assert "never" not in script


def test_terminate_after_is_a_timer(tmp_path: Path) -> None:
    script = exported("jobs: [{name: a, target: sleep, terminate_after: 2}]", tmp_path)

    assert lines_of(script, "main")[1:] == ["a_process.start()", "terminate_after(2, a_process)", "a_process.join()"]
    assert lines_of(script, "terminate_after")[0] == (
        "for pause, stop in ((seconds, process.terminate), (seconds + GRACE_PERIOD, process.kill)):"
    )
    assert "\nGRACE_PERIOD = 5\n" in script


def test_a_timeout_is_a_timer_too(tmp_path: Path) -> None:
    assert "terminate_after(2, a_process)" in exported("jobs: [{name: a, target: sleep, timeout: 2}]", tmp_path)


def test_who_ignores_sigterm_is_killed_after_the_grace_period(tmp_path: Path) -> None:
    text = "grace_period: 0.5\njobs: [{name: a, target: ignore_sigterm}]\nmain: [{start: a}, {terminate: a}, {join: a}]"

    script = exported(text, tmp_path)

    assert "GRACE_PERIOD = 0.5\n" in script
    assert "    terminate(a_process)\n" in script


def test_who_may_ignore_sigterm_is_killed_too(tmp_path: Path) -> None:
    jobs = "[{name: a, target: 'm:f'}, {name: b, target: sleep}]"
    script = exported(
        f"jobs: {jobs}\nmain: [{{start: all}}, {{terminate: a}}, {{terminate: b}}, {{join: all}}]", tmp_path
    )

    assert "    terminate(a_process)\n" in script
    assert "    b_process.terminate()\n" in script


@pytest.mark.parametrize("shared", ["", "shared: {door: lock}\n"])
def test_a_daemon_that_ignores_sigterm_is_killed_at_the_end(shared: str, tmp_path: Path) -> None:
    jobs = "[{name: a, target: ignore_sigterm, daemon: true}, {name: b, target: sleep, daemon: true}]"
    script = exported(f"{shared}jobs: {jobs}", tmp_path)

    assert lines_of(script, "main")[-4:] == [
        "processes[1].terminate()",
        "terminate(processes[0])",
        "for process in processes:",
        "    process.join()",
    ]
    assert "def terminate(process: multiprocessing.Process)" in script


def test_a_delay_before_each_start_is_in_the_loop(tmp_path: Path) -> None:
    script = exported("jobs: [{name: a, target: noop, replicas: 3, start_delay: 0.1}]", tmp_path)

    assert "    for process in processes:\n        time.sleep(0.1)\n        process.start()\n" in script


def test_objects_of_a_class_are_told_their_names(tmp_path: Path) -> None:
    text = (
        "jobs: [{name: w, class: 'm:Worker', args: [$pid], daemon: true, join: true}, {class: 'm:Worker', replicas: 2}]"
    )

    script = exported(text, tmp_path)

    assert "processes = [Worker(os.getpid())]" in script
    assert "processes += [Worker() for _ in range(2)]" in script
    assert 'processes[0].name = "w"' in script
    assert "processes[0].daemon = True" in script


def test_a_keyword_is_given_to_a_class_in_a_mapping(tmp_path: Path) -> None:
    script = exported("jobs: [{class: 'm:Worker', kwargs: {class: 3, a: 1, b c: 2}}]", tmp_path)

    assert 'Worker(a=1, **{"class": 3, "b c": 2})' in script


def test_names_that_processes_have_by_themselves_are_not_given(tmp_path: Path) -> None:
    assert "multiprocessing.Process(target=say)" in exported("jobs: [{target: say}]", tmp_path)


def test_a_manager_is_a_process_and_shifts_these_names(tmp_path: Path) -> None:
    script = exported("shared: {book: list}\njobs: [{target: say}]", tmp_path)

    assert 'multiprocessing.Process(target=say, name="Process-1")' in script


@pytest.mark.parametrize(("level", "code"), [("debug", "logging.DEBUG"), ("subdebug", "5")])
def test_the_log_of_multiprocessing_is_switched_on(level: str, code: str, tmp_path: Path) -> None:
    script = exported(f"mp_log: {level}\njobs: [{{target: say}}]", tmp_path)

    assert lines_of(script, "main")[0] == f"multiprocessing.log_to_stderr({code})"


def test_preloading_is_an_import_under_fork(tmp_path: Path) -> None:
    script = exported("preload: [json]\njobs: [{target: say}]", tmp_path, "fork")

    assert "import json  # noqa: F401" in script


def test_preloading_is_the_forkservers_under_forkserver(tmp_path: Path) -> None:
    script = exported("preload: [json]\njobs: [{target: say}]", tmp_path, "forkserver")

    assert '    multiprocessing.set_forkserver_preload(["json"])\n' in script


@pytest.mark.parametrize("replicas", [1, 2])
def test_an_object_of_a_class_without_run_is_looked_at_once_for_each_class(replicas: int, tmp_path: Path) -> None:
    plan = plan_of(f"jobs: [{{class: 'm:Worker', replicas: {replicas}}}]", tmp_path)

    assert export(plan, {"m:Worker": False}).count('"_target", None) is None') == 1
    assert '"_target"' not in export(plan)
