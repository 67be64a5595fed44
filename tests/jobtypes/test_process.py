"""The job type `process`: a target or a class, as one process or as several."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.model.plan import ProcessPlan
from tests.describe.describing import marked, plan_of, problem_of

ADD = "add target: package.module:function, or do: with steps"


def processes_of(job: str) -> tuple[ProcessPlan, ...]:
    return tuple(plan_of(f"jobs:\n- {job}").processes)


def test_a_job_is_one_process_unless_it_has_replicas() -> None:
    assert processes_of("{name: a, target: m:f, args: [1], kwargs: {b: [c]}, env: {D: e}, daemon: true}") == (
        ProcessPlan(name="a", job="a", target="m:f", args=(1,), kwargs={"b": ["c"]}, env={"D": "e"}, daemon=True),
    )


def test_a_class_stands_instead_of_a_target() -> None:
    assert processes_of("{class: m.sub.Class, args: [1]}") == (
        ProcessPlan(name="Class-1", job="jobs[0]", cls="m.sub:Class", args=(1,)),
    )


def test_steps_stand_instead_of_a_target() -> None:
    (process,) = processes_of("{name: a, do: [hang]}")

    assert process == ProcessPlan(name="a", job="a", do=({"step": "hang", "nothing": None},))


def test_each_replica_has_the_steps_with_what_is_known_of_it() -> None:
    processes = processes_of("{name: w, replicas: 2, do: [print: $name, print: '$index of $pid']}")

    assert [process.do for process in processes] == [
        (
            {"step": "print", "value": f"w-{index}"},
            {"step": "print", "value": {"text": [index, " of ", {"ref": "pid"}]}},
        )
        for index in range(2)
    ]


@given(st.integers(1, 40))
def test_replicas_are_alike_but_for_their_names_and_indices(count: int) -> None:
    processes = processes_of(f"{{name: w, target: sleep, args: [$index], kwargs: {{}}, replicas: {count}}}")

    numbers = range(count)
    names = ["w"] if count == 1 else [f"w-{index}" for index in numbers]
    assert [process.name for process in processes] == names
    assert [process.args for process in processes] == [(index,) for index in numbers]
    assert {(process.job, process.target) for process in processes} == {("w", "runner.workers:sleep")}


@pytest.mark.parametrize(
    ("job", "at", "message", "help"),
    [
        ("{name: a}", "{name: a}", "a process needs `target`, `class` or `do`", ADD),
        ("{target: null}", "{target: null}", "a process needs `target`, `class` or `do`", ADD),
        ("{target: m:f, class: m:C}", "class", "a process has `target` or `class`, not both", "remove one of them"),
        ("{target: m:f, do: [hang]}", "do", "a process has `target` or `do`, not both", "remove one of them"),
        ("{do: [hang], class: m:C}", "do", "a process has `class` or `do`, not both", "remove one of them"),
        ("{do: [hang], args: [1]}", "args", "`args` has no effect with `do`", "remove it"),
        ("{do: [hang], kwargs: {}}", "kwargs", "`kwargs` has no effect with `do`", "remove it"),
    ],
)
def test_a_process_has_a_target_a_class_or_steps(job: str, at: str, message: str, help: str) -> None:
    problem = problem_of(f"jobs:\n- {job}")

    assert (problem.message, problem.help, marked(problem)) == (message, help, at)


@pytest.mark.parametrize(
    ("job", "at", "message"),
    [
        ("{target: noop, args: [1]}", "[1]", "the arguments do not fit `noop()`: too many positional arguments"),
        (
            "{target: sleep, args: [1], kwargs: {second: 1}}",
            "{second: 1}",
            "the arguments do not fit `sleep(seconds=1)`: got an unexpected keyword argument 'second'",
        ),
        (
            "{target: 'runner.workers:sleep', kwargs: {second: 1}}",
            "{second: 1}",
            "the arguments do not fit `sleep(seconds=1)`: got an unexpected keyword argument 'second'",
        ),
    ],
)
def test_arguments_of_a_built_in_worker_are_looked_at_with_the_file(job: str, at: str, message: str) -> None:
    problem = problem_of(f"jobs:\n- {job}")

    assert (problem.message, problem.help, marked(problem)) == (message, None, at)


@pytest.mark.parametrize(
    "job", ["{target: sleep, args: [1e9]}", "{target: sleep, args: ['$index']}", "{target: say, args: [1e12]}"]
)
def test_a_built_in_worker_gets_any_seconds_that_the_system_takes(job: str) -> None:
    assert processes_of(job)


def test_arguments_of_other_targets_are_looked_at_when_those_are_imported() -> None:
    (process,) = processes_of("{target: 'os:getpid', args: [1, 2], kwargs: {a: 3}}")

    assert (process.args, process.kwargs) == ((1, 2), {"a": 3})


@pytest.mark.parametrize("replicas", ["0", "100001", "1.0", "true"])
def test_replicas_are_a_whole_number_within_bounds(replicas: str) -> None:
    problem = problem_of(f"jobs:\n- {{target: m:f, replicas: {replicas}}}")

    assert problem.message.startswith("`replicas`: ")
    assert marked(problem) == replicas
