"""Targets and classes that do what nobody would: the run tells it, and goes on."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from runner.model.errors import InvalidFile, RunJobsError
from runner.session import Refused
from tests.running import events, once_ready, run_text

if TYPE_CHECKING:
    from runner import RunResult

HERE = Path(__file__).parent


def run(text: str, start_method: str) -> RunResult:
    return run_text(text, HERE, start_method)


def test_to_be_terminated_before_the_target_runs_is_to_die(start_method: str) -> None:
    job = "{name: a, target: sleep, args: [60], terminate_after: 0, on_terminate: unwind}"

    process = run(f"jobs: [{job}]", start_method).processes["a"]

    assert (process.outcome, process.exit_code, process.expected) == ("terminated", -15, True)


def test_to_be_terminated_after_the_target_has_returned_is_to_die(start_method: str) -> None:
    job = "name: a, target: targets:return_and_leave_a_thread, on_terminate: unwind"

    process = once_ready(
        lambda timer_s: run(f"jobs: [{{{job}, terminate_after: {timer_s}}}]", start_method),
        lambda result: result.processes["a"].output != "",
    ).processes["a"]

    assert (process.outcome, process.exit_code) == ("terminated", -15)
    assert process.output == "returned\n"


def test_what_a_forked_copy_does_is_not_told_of_the_process(start_method: str) -> None:
    process = run("jobs: [{name: a, target: targets:fail_in_a_copy}]", start_method).processes["a"]

    assert (process.outcome, process.exit_code, process.ended_by, process.error) == ("succeeded", 0, "unreported", None)


@pytest.mark.parametrize(
    ("target", "ended_by", "exit_code"),
    [
        ("raise_what_cannot_be_shown", "exception", 1),
        ("return_what_cannot_be_shown", "return", 0),
        ("exit_with_what_cannot_be_shown", "sys_exit", 1),
        ("fail_with_a_strange_stderr", "exception", 1),
    ],
)
def test_what_cannot_be_shown_does_not_hide_the_end(
    target: str, ended_by: str, exit_code: int, start_method: str
) -> None:
    process = run(f"jobs: [{{name: a, target: 'targets:{target}'}}]", start_method).processes["a"]

    assert (process.ended_by, process.exit_code) == (ended_by, exit_code)


def test_the_forkservers_death_hurts_its_children_alone() -> None:
    # In the other order the start of b may be the one that fails.
    jobs = "[{name: b, target: sleep, args: [1]}, {name: a, target: targets:kill_the_parent}]"

    result = run(f"jobs: {jobs}", "forkserver")

    code = -9 if sys.platform == "linux" else None  # elsewhere its children are not ours then, and end unseen
    assert (result.outcome, result.processes["a"].exit_code) == ("failed", code)
    # One that is being born in that moment becomes the supervisor's child, and lives.
    assert result.processes["b"].exit_code in {code, 0}
    assert len(events(result, "process.exited")) == 2


def test_a_target_that_kills_the_supervisor_amid_the_first_starts_leaves_them_unknown() -> None:
    """No import has ended the supervisor, and main has come to these starts."""
    jobs = "[{name: k, target: 'targets:kill_the_parent'}, {name: s, target: sleep, args: [60], replicas: 40}]"

    result = run(f"preload: [targets]\njobs: {jobs}", "fork")

    assert result.outcome == "faulted"
    texts = [str(note["text"]) for note in events(result, "note")]
    assert not [text for text in texts if "never started" in text]


def test_a_class_may_tell_nothing_about_itself(start_method: str) -> None:
    result = run("jobs: [{name: a, class: targets:Unshowable}]", start_method)

    (exited,) = events(result, "process.exited")
    assert (exited["outcome"], exited["repr"]) == ("succeeded", "<Unshowable whose __repr__ raises>")


@pytest.mark.parametrize(
    ("cls", "error"),
    [
        ("NeverStarted", "its `start` starts nothing"),
        ("ExitsAtStart", "3"),
        ("StartsAHelper", "it starts another process: main starts processes"),
    ],
)
def test_a_class_that_does_not_start_is_told_and_hurts_nobody(cls: str, error: str, start_method: str) -> None:
    result = run(f"jobs: [{{name: a, class: 'targets:{cls}'}}, {{name: b, target: noop}}]", start_method)

    (failed,) = events(result, "process.start_failed")
    assert failed["error"]["message"] == error  # type: ignore[index,call-overload]  # a mapping of this event
    assert result.processes["b"].outcome == "succeeded"


def test_what_cannot_be_pickled_is_told_where_it_has_to_be(start_method: str) -> None:
    result = run("jobs: [{name: a, class: targets:HoldsALock}, {name: b, target: noop}]", start_method)

    if start_method == "fork":
        assert result.processes["a"].outcome == "succeeded"
    else:
        (failed,) = events(result, "process.start_failed")
        assert "cannot pickle '_thread.lock' object" in str(failed["error"])
    assert result.processes["b"].outcome == "succeeded"


def test_a_process_that_did_start_is_started_whatever_its_start_says(start_method: str) -> None:
    process = run("jobs: [{name: a, class: targets:StartsTwice}]", start_method).processes["a"]

    assert (process.outcome, process.error) == ("succeeded", None)


def test_a_class_of_another_start_methods_own_is_started_as_the_file_says(start_method: str) -> None:
    result = run("jobs: [{name: a, class: targets:OfAContext, replicas: 3}]", start_method)

    ended = {(process.outcome, process.ended_by, process.output) for process in result.processes.values()}
    assert ended == {("succeeded", "return", "ran\n")}


@pytest.mark.parametrize(
    ("cls", "why"),
    [
        ("ExitsWhenMade", "SystemExit: 3"),
        ("RunsItsOwnWay", "TypeError: its `run` cannot be set, which is needed to see how it ends"),
        ("StartsWhenMade", "RuntimeError: its constructor starts a process: main starts processes"),
    ],
)
def test_a_class_that_cannot_be_made_is_refused(cls: str, why: str, start_method: str) -> None:
    with pytest.raises(Refused, match=f"`targets:{cls}` cannot be made: {why}"):
        run(f"jobs: [{{class: 'targets:{cls}'}}]", start_method)


@pytest.mark.parametrize("target", ["runner.nope:f", "runner.workers.nope:f", "runner.supervise.__main__:nope"])
def test_a_target_that_only_looks_like_ours_is_looked_for(target: str) -> None:
    with pytest.raises(RunJobsError, match=r"there is no module|has no"):
        run(f"jobs: [{{target: '{target}'}}]", "fork")


def test_a_worker_that_is_not_built_in_is_no_target() -> None:
    with pytest.raises(InvalidFile, match="there is no built-in worker `nope`"):
        run("jobs: [{target: 'runner.workers:nope'}]", "fork")


def test_a_returned_value_arrives_as_it_was(start_method: str) -> None:
    value = {"sum": 0.1234567891, "rows": ["x" * 100] * 300, "none": None}
    jobs = [{"name": "a", "target": "return_value", "args": [value]}, {"name": "b", "do": [{"return": "x" * 40_000}]}]

    result = run(json.dumps({"jobs": jobs}), start_method)

    assert result.processes["a"].result == value
    assert result.processes["b"].result is None
    assert [one["result"] for one in events(result, "process.exited") if one["process"] == "a"] == [value]


@pytest.mark.parametrize(
    ("job", "output"),
    [
        ("target: 'lazy:fetch', args: [3]", "the body runs\n"),
        ("target: 'lazy:partly'", "the body runs\n"),
        ("target: 'lazy:service'", "the body runs\n"),
        ("target: 'lazy:fetched'", "the body runs\n"),
        ("class: 'lazy:RunsACoroutine'", "the body runs\na 1\n"),
        ("class: 'lazy:HasATarget'", "the body runs\n"),
    ],
)
def test_the_body_of_a_coroutine_runs(job: str, output: str, start_method: str) -> None:
    process = run(f"jobs: [{{name: a, {job}}}]", start_method).processes["a"]

    assert (process.outcome, process.output) == ("succeeded", output)


def test_a_coroutine_is_unwound(start_method: str) -> None:
    text = """
        grace_period: 30
        shared: {ready: {semaphore: 0}}
        jobs: [{name: a, target: 'lazy:unwound', args: [$ready], on_terminate: unwind}]
        main: [start: a, acquire: ready, terminate: a]
    """

    process = run(text, start_method).processes["a"]

    assert (process.outcome, process.exit_code, process.output) == ("terminated", -15, "ready\nunwound True\n")


def test_a_target_of_whose_body_nothing_has_run_has_failed(tmp_path: Path, start_method: str) -> None:
    (tmp_path / "hidden.py").write_text("def steps(): yield\ndef target(): return steps()")

    process = run_text("jobs: [{name: a, target: 'hidden:target'}]", tmp_path, start_method).processes["a"]

    assert (process.outcome, process.ended_by, process.exit_code) == ("failed", "exception", 1)
    assert process.error is not None
    assert "`steps`, and nothing of its body has run" in str(process.error["message"])


@pytest.mark.parametrize(
    ("job", "message"),
    [
        ("target: 'lazy:steps'", "`lazy:steps` returns a generator: calling it does not run its body"),
        ("target: 'lazy:feed'", "`lazy:feed` returns an async generator: calling it does not run its body"),
        ("target: 'lazy:opened'", "`lazy:opened` returns a context manager: calling it does not run its body"),
        ("class: 'lazy:RunsNothing'", "`run` of `lazy:RunsNothing` returns a generator: calling it does not run"),
        ("class: 'lazy:Empty'", "`lazy:Empty` has no `run` of its own and no target: its process would do nothing"),
        ("class: 'lazy:EmptyWithInit'", "`lazy:EmptyWithInit` has no `run` of its own and no target"),
        ("class: 'lazy:Forgetful'", r"`lazy:Forgetful` does not call `super\(\).__init__\(\)` in its `__init__`"),
        ("class: 'lazy:ForgetfulDaemon'", r"`lazy:ForgetfulDaemon` does not call `super\(\).__init__\(\)` in"),
        ("class: 'lazy:Confused'", "`lazy:Confused` cannot be made: AttributeError"),
    ],
)
def test_what_would_run_nothing_is_refused(job: str, message: str) -> None:
    with pytest.raises(RunJobsError, match=message):
        run(f"jobs: [{{name: a, {job}}}]", "fork")


def test_variables_that_are_read_at_the_start_take_effect_under_spawn(tmp_path: Path) -> None:
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "hidden.py").write_text(
        "import os, sys, time\n"
        "def target(): sys.stdout.write(f'{hash(\"a\")} {time.timezone} {sys.flags.optimize}'); os._exit(0)"
    )
    env = "PYTHONHASHSEED: '0', PYTHONUNBUFFERED: '1', TZ: UTC-5, PYTHONOPTIMIZE: '2'"
    env = f"{{PYTHONPATH: '{tmp_path / 'lib'}', {env}}}"

    result = run_text(f"jobs: [{{name: a, target: 'hidden:target', replicas: 2, env: {env}}}]", tmp_path, "spawn")

    first, second = (process.output for process in result.processes.values())
    assert first == second
    assert first.split()[1:] == ["-18000", "2"]
    assert "env_without_effect" not in [note["about"] for note in events(result, "note")]


@pytest.mark.parametrize("start_method", ["fork", "forkserver"])
def test_variables_that_are_read_at_the_start_are_said_to_have_no_effect(start_method: str) -> None:
    result = run("jobs: [{name: a, target: noop, replicas: 2, env: {PYTHONHASHSEED: '0'}}]", start_method)

    (note,) = [note for note in events(result, "note") if note["about"] == "env_without_effect"]
    assert note["process"] == "a-0"
    assert str(note["text"]).startswith(f"`PYTHONHASHSEED` has no effect on the process itself under {start_method}: ")
