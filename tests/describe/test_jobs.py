"""The entries of `jobs:`: what each type makes of its fields, and what no job can be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

import pytest

from runner.describe.job_types import Draft, Expansion, JobModel, JobType, find
from runner.describe.plan.jobs import MAX_PROCESSES
from runner.model.plan import Start
from tests.describe.describing import described, install, marked, plan_of, problem_of, problems_of

if TYPE_CHECKING:
    from pathlib import Path

DURATIONS = "write seconds (2, 0.5) or text such as 500ms, 1.5s, 1m30s, 2h"
LIMITS = f"{DURATIONS}; or never, for no limit"
SIZES = "write bytes (1048576) or text such as 512MiB, 1.5GiB, 10MB"


class Others(JobType[Any]):
    """A type of somebody else's, with a model of its own."""

    name = "others"

    class Job(JobModel):
        """Any job."""

    model = Job

    def expand(self, job: JobModel, label: str) -> Expansion:
        return Expansion((Draft(job.name, target="m:f"),))


class Plain(JobType[JobModel]):
    """A type of somebody else's that asks for these drafts, and adds no field."""

    name = "plain"
    model = JobModel
    drafts: ClassVar[list[Draft]] = [Draft(target="m:f")]

    def expand(self, job: JobModel, label: str) -> Expansion:
        return Expansion(tuple(self.drafts))


@pytest.mark.parametrize(
    ("entry", "message", "help"),
    [
        ("say", "expected a job, found the text `say`", "write - target: say"),
        (
            "ls -l",
            "expected a job, found the text `ls -l`",
            'write - {target: "subprocess:check_call", args: [[ls, -l]]}',
        ),
        ("[say]", "expected a job, found a list", None),
        ("null", "expected a job, found nothing", None),
        ("5", "expected a job, found the number 5", None),
    ],
)
def test_a_job_is_a_mapping(entry: str, message: str, help: str | None) -> None:
    problem = problem_of(f"jobs:\n- {{target: m:f}}\n- {entry}")

    assert (problem.message, problem.help, marked(problem)) == (message, help, entry)


@pytest.mark.parametrize(
    ("type", "message", "help"),
    [
        ("5", "`type`: expected text, found the number 5", None),
        ("null", "`type`: expected text, found nothing", None),
        ("proces", "there is no job type `proces`", "did you mean `process`?"),
        ("x", "there is no job type `x`", "job types: `process`, `shared_counter`"),
    ],
)
def test_a_jobs_type_is_one_that_is_installed(type: str, message: str, help: str | None) -> None:
    problem = problem_of(f"jobs:\n- type: {type}\n  unheard: of")

    assert (problem.message, problem.help, marked(problem)) == (message, help, type)


def test_all_jobs_are_checked_and_all_mistakes_told() -> None:
    problems = problems_of("jobs:\n- say\n- {target: m:f}\n- {target: m:f, daemn: true, replicas: 0}\n- {type: x}")

    assert [(problem.line, problem.message) for problem in problems] == [
        (2, "expected a job, found the text `say`"),
        (4, "unknown key `daemn` in a `process` job"),
        (4, "`replicas`: must be at least 1, not 0"),
        (5, "there is no job type `x`"),
    ]


def test_jobs_end_where_they_are_more_processes_than_a_machine_runs() -> None:
    text = f"jobs:\n- {{target: m:f, replicas: {MAX_PROCESSES}}}\n- {{target: m:f}}\n- unread"

    problem = problem_of(text)

    assert (problem.line, problem.message) == (3, "more than 100,000 processes")


@pytest.mark.parametrize("value", ["", " ", "a\nb", "a$b", "a$index", "${index}", "all", "\x1b[2J"])
def test_a_variable_cannot_make_a_name_that_is_none(value: str) -> None:
    problem = problem_of("jobs:\n- target: m:f\n  name: ${env.X}", X=value)

    assert problem.message == f"the name becomes {value!r}, which cannot be a name"
    assert (problem.line, marked(problem)) == (3, "${env.X}")


def test_a_job_is_called_by_its_name_with_the_environment_in_it_or_by_its_place() -> None:
    plan = plan_of("jobs:\n- {target: m:f}\n- {target: m:f, name: 'on ${env.HOST}'}", HOST="here")

    assert [(job.name, job.type, job.processes) for job in plan.jobs] == [
        ("jobs[0]", "process", (0,)),
        ("on here", "process", (1,)),
    ]
    assert [process.job for process in plan.processes] == ["jobs[0]", "on here"]


def test_the_options_of_a_job_are_what_the_file_gives_and_make_it_again_without_its_environment() -> None:
    fields = "class: 'm:C', name: '${env.X}', join_timeout: 1m, args: ['${env.X}'], expect: {exit_code: SIGTERM}"

    (job,) = plan_of(f"jobs:\n- {{{fields}}}", X="x").jobs

    assert job.options == {
        "class": "m:C",
        "name": "x",
        "join_timeout": 60.0,
        "args": ["${env.X}"],
        "expect": {"exit_code": -15},
    }
    model = find(job.type).model.model_validate(job.options)
    assert (model.name, model.join_timeout) == ("x", 60.0)


def test_only_types_of_this_package_make_plans_that_last(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, monkeypatch, others=Others)

    assert described("jobs:\n- {target: m:f}\n- {type: shared_counter}").lasts
    assert not described("jobs:\n- {target: m:f}\n- {type: others}").lasts


def test_a_type_with_this_packages_model_is_still_somebody_elses(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, monkeypatch, plain=Plain)

    assert not described("jobs:\n- {type: plain}").lasts


@pytest.mark.parametrize(
    ("drafts", "why"),
    [
        ([Draft(target="nobody")], "BadTarget: there is no built-in worker `nobody`"),
        ([Draft(target="m:f"), Draft(cls="m")], "BadTarget: `m` names no module"),
        ([Draft()], "ValueError: a process has a target, a class or steps"),
        ([Draft(target="m:f", cls="m:C")], "ValueError: a process has a target, a class or steps"),
        (
            [Draft("a$pid", target="m:f")],
            "BadPlaceholder: `$pid` has a meaning only in `args`, `kwargs` and values of `do`",
        ),
        ([Draft(target="m:f", env={"A": "$"})], "BadPlaceholder: `$` begins a placeholder, and no name follows"),
        ([5], "AttributeError: 'int' object has no attribute 'target'"),
    ],
)
def test_a_type_that_asks_for_what_cannot_be_is_told_at_its_job(
    drafts: list[Draft], why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, monkeypatch, plain=Plain)
    monkeypatch.setattr(Plain, "drafts", drafts)

    problem = problem_of("jobs:\n- {target: m:f}\n- type: plain")

    assert (problem.line, problem.message) == (3, f"the job type `plain` failed: {why}")
    assert problem.help == "this is for its author to mend"


def test_a_field_given_as_nothing_is_not_given() -> None:
    plan = plan_of("jobs:\n- {target: m:f, join: null, join_timeout: null}\nmain:\n- start: all")

    assert plan.steps == (Start(0),)


@pytest.mark.parametrize(
    ("field", "at", "message", "help"),
    [
        ("name: all", "all", "`all` means all processes in `main`: it cannot be a name", None),
        ("name: a$$b", "a$$b", "a name cannot contain `$`", None),
        ("name: ' '", "' '", "a name needs at least one character, and only such as can be shown", None),
        ('name: "a\\tb"', '"a\\tb"', "a name needs at least one character, and only such as can be shown", None),
        ("name: w$idex", "$idex", "unknown placeholder `$idex`", "did you mean `$index`?"),
        ("env: {'': x}", "''", "`` cannot be the name of a variable", "write NAME: value"),
        ("env: {A=B: x}", "A=B", "`A=B` cannot be the name of a variable", "write NAME: value"),
        ('env: {"A\\0": x}', '"A\\0"', "`A\0` cannot be the name of a variable", "write NAME: value"),
        ('env: {A: "a\\0"}', '"a\\0"', "the character NUL cannot be part of this text", None),
        ("env: {A: $}", "$", "`$` begins a placeholder, and no name follows", "write $$ for a dollar sign"),
        (
            "cwd: '${env.X}'",
            "${env.X}",
            "the environment variable `X` is not set",
            "set it, or give a default: ${env.X:-text}",
        ),
        ("terminate_after: soon", "soon", "`soon` is not a duration", LIMITS),
        ("limits: {memory: 1G}", "1G", "`1G` is not a size", SIZES),
        ("limits: {core: -1}", "-1", "a size cannot be negative", SIZES),
        ("start_delay: -1", "-1", "a duration cannot be negative", DURATIONS),
        ("join_timeout: [1]", "[1]", "expected a duration, found a list", LIMITS),
        ("kwargs: {a: [{b: $nam}]}", "$nam", "unknown placeholder `$nam`", "did you mean `$name`?"),
    ],
)
def test_a_field_that_cannot_be_is_shown_where_it_is(field: str, at: str, message: str, help: str | None) -> None:
    problem = problem_of(f"jobs:\n- target: m:f\n  {field}")

    assert (problem.message, problem.help, marked(problem)) == (message, help, at)


def test_arguments_may_be_anything() -> None:
    plan = plan_of("jobs:\n- {target: m:f, args: [5, null, true, {a: 1.5, 2: [x]}, $$], kwargs: {k: {}}}")

    assert plan.processes[0].args == (5, None, True, {"dict": [["a", 1.5], [2, ["x"]]]}, "$")
    assert plan.processes[0].kwargs == {"k": {"dict": []}}
