"""Variables that are read once, when an interpreter or a library starts."""

from __future__ import annotations

from typing import Any

import pytest

from runner.model.plan import JobPlan, Plan, ProcessPlan
from runner.notes.environment_variables import of_environment, takes_effect_at_the_start, without_effect


def found(name: str, method: Any = "fork", preload: tuple[str, ...] = (), target: str = "m:f") -> list[tuple[int, str]]:
    """What is found of two replicas that have this variable."""
    processes = tuple(ProcessPlan(each, "j", target=target, env={name: "1", "GREETING": "hello"}) for each in "ab")
    jobs = (JobPlan("empty", "process", ()), JobPlan("j", "process", (0, 1)))
    plan = Plan("f", method, processes, (), jobs, preload=preload)
    return [(number, variable) for number, variable, _ in without_effect(plan)]


@pytest.mark.parametrize(
    "name",
    ["PYTHONHASHSEED", "PYTHONUNBUFFERED", "PYTHONPATH", "TZ", "LD_PRELOAD", "GLIBC_TUNABLES", "MALLOC_ARENA_MAX"],
)
def test_a_variable_that_is_read_at_the_start_has_no_effect_on_a_forked_process(name: str) -> None:
    assert found(name) == found(name, "forkserver") == [(0, name)]
    assert found(name, "spawn") == []


@pytest.mark.parametrize("name", ["PATH", "PYTHONBREAKPOINT", "PYTHONASYNCIODEBUG", "TZDIR"])
def test_a_variable_that_is_read_when_it_is_needed_has_an_effect(name: str) -> None:
    assert found(name) == []


def test_a_library_reads_its_variables_when_it_is_loaded() -> None:
    assert found("OMP_NUM_THREADS") == []
    assert found("OMP_NUM_THREADS", preload=("numpy",)) == [(0, "OMP_NUM_THREADS")]
    assert found("OMP_NUM_THREADS", "spawn", preload=("numpy",)) == []


@pytest.mark.parametrize("target", ["subprocess:check_call", "os:system"])
def test_a_program_that_is_started_gets_its_variables_in_time(target: str) -> None:
    assert found("PYTHONHASHSEED", target=target) == []


def test_the_variable_is_named_with_the_reason() -> None:
    process = ProcessPlan("a", "j", target="m:f", env={"TZ": "UTC"})

    ((_, _, text),) = without_effect(Plan("f", "fork", (process,), (), (JobPlan("j", "process", (0,)),)))

    assert text.startswith("`TZ` has no effect on the process itself under fork: the C library reads it once, unless")


def test_the_note_names_the_process() -> None:
    process = ProcessPlan("a", "j", target="m:f", env={"TZ": "UTC"})

    (note,) = of_environment(Plan("f", "fork", (process,), (), (JobPlan("j", "process", (0,)),)))

    assert (note.about, note.process, note.subject) == ("env_without_effect", "a", "TZ")


@pytest.mark.parametrize(
    ("name", "expected"),
    [("TZ", True), ("OMP_NUM_THREADS", True), ("LD_PRELOAD", True), ("PYTHONPATH", True), ("PATH", False)],
)
def test_which_variables_are_read_at_the_start_is_known(name: str, expected: bool) -> None:
    assert takes_effect_at_the_start(name) is expected
