"""Job types: how they are found, and the fields that jobs of every type have."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

import pytest
from pydantic import Field, ValidationError

from runner.describe.job_types import Draft, Expansion, JobModel, JobType, Model, UnknownJobType, find, names
from runner.jobtypes.process import Process
from runner.jobtypes.shared_counter import SharedCounter
from runner.model.plan import Expect, Limits
from tests.describe.describing import install, marked, plan_of, problem_of

if TYPE_CHECKING:
    from pathlib import Path

    from runner.model.job_results import End

OUTCOMES = ("succeeded", "failed", "terminated", "killed", "timed_out", "out_of_memory")


class GreetersJob(JobModel):
    """Processes that greet."""

    type: Literal["greeters"]

    greeters: int = 2
    """Number of processes."""

    import_: str = Field(default="m", alias="import")
    """What they import."""

    most: ClassVar[int] = 5
    """More than these nobody needs."""


class Greeters(JobType[GreetersJob]):
    """Reports nothing."""

    name = "greeters"
    model = GreetersJob

    def expand(self, job: GreetersJob, label: str) -> Expansion:
        return Expansion(tuple(Draft(f"{label}-{number}", target="m:greet") for number in range(job.greeters)))


class Broken(JobType[Any]):
    """Cannot be made: it has no `expand`."""


def test_the_built_in_types_are_found_by_name() -> None:
    assert isinstance(find("process"), Process)
    assert isinstance(find("shared_counter"), SharedCounter)
    assert names() == ["process", "shared_counter"]


def test_an_installed_type_is_found_and_makes_processes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, monkeypatch, greeters=Greeters, a_type_before=Greeters)

    plan = plan_of("jobs:\n- {type: greeters, name: g, greeters: 3}")

    assert [process.name for process in plan.processes] == ["g-0", "g-1", "g-2"]
    assert names() == ["process", "a_type_before", "greeters", "shared_counter"]


def test_nobody_can_take_the_place_of_the_built_in_type(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, monkeypatch, process=Greeters)

    assert isinstance(find("process"), Process)
    assert names() == ["process", "shared_counter"]


def test_a_type_that_is_not_installed_is_unknown() -> None:
    with pytest.raises(UnknownJobType, match="there is no job type `shared_conter`") as caught:
        find("shared_conter")

    assert caught.value.help == "did you mean `shared_counter`?"


@pytest.mark.parametrize(
    ("place", "why"),
    [
        ("no_such_module_at_all:Type", "ModuleNotFoundError: No module named 'no_such_module_at_all'"),
        (
            "runner.model.job_results:Nothing",
            "AttributeError: module 'runner.model.job_results' has no attribute 'Nothing'",
        ),
        (f"{__name__}:Broken", "TypeError: Can't instantiate abstract class Broken"),
    ],
)
def test_a_type_that_cannot_be_loaded_is_shown_with_the_reason(
    place: str, why: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, monkeypatch, broken=place)

    problem = problem_of("jobs:\n- type: broken")

    assert problem.message.startswith(f"the job type `broken` ({place}) cannot be loaded: {why}")
    assert (problem.help, marked(problem)) == (None, "broken")


def test_a_type_need_not_report_anything() -> None:
    ends: list[End] = []

    assert Greeters().result(GreetersJob(type="greeters"), {}, ends) is None


@pytest.mark.parametrize(
    ("fields", "joined"),
    [("", True), ("daemon: true", False), ("daemon: true, join: true", True), ("join: false", False)],
)
def test_main_joins_what_is_no_daemon_unless_told_otherwise(fields: str, joined: bool) -> None:
    plan = plan_of(f"jobs:\n- {{target: m:f, {fields}}}")

    assert len(plan.steps) == 1 + joined


def test_limits_and_a_timeout_are_those_of_the_file() -> None:
    limits = "{memory: 1.5GiB, cpu_seconds: 60, open_files: 256, core: 0}"
    plan = plan_of(f"jobs:\n- {{target: m:f, timeout: 1m30s, limits: {limits}, expect: {{outcome: timed_out}}}}")

    [process] = plan.processes
    assert process.timeout == 90.0
    assert process.limits == Limits(memory=3 << 29, cpu_seconds=60, open_files=256, core=0)
    assert process.expect == Expect(outcome="timed_out")


@pytest.mark.parametrize(
    ("written", "at", "message"),
    [
        ("limits: {memroy: 1MiB}", "memroy", "unknown key `memroy` in"),
        ("limits: {cpu_seconds: 0}", "0", "`limits.cpu_seconds`: must be at least 1, not 0"),
        ("limits: {cpu_seconds: 1.5}", "1.5", "`limits.cpu_seconds`: expected a whole number"),
        ("limits: {open_files: -1}", "-1", "`limits.open_files`: must be at least 0, not -1"),
        ("limits: 512MiB", "512MiB", "`limits`: expected"),
        (
            "{timeout: 1, terminate_after: 2}",
            "timeout",
            "a process has `terminate_after` or `timeout`, not both",
        ),
    ],
)
def test_limits_that_cannot_be_are_shown_where_they_are(written: str, at: str, message: str) -> None:
    job = written.strip("{}") if written.startswith("{") else written
    problem = problem_of(f"jobs:\n- {{target: m:f, {job}}}")

    assert problem.message.startswith(message)
    assert marked(problem) == at


@pytest.mark.parametrize(
    ("written", "expect"),
    [
        ("{exit_code: 3}", Expect(3, None)),
        ("{exit_code: -9}", Expect(-9, None)),
        ("{exit_code: SIGTERM}", Expect(-15, None)),
        ("{outcome: failed}", Expect(None, "failed")),
        ("{exit_code: SIGKILL, outcome: killed}", Expect(-9, "killed")),
        ("null", None),
    ],
)
def test_an_end_is_expected_by_its_exit_code_its_signal_or_its_outcome(written: str, expect: Expect | None) -> None:
    plan = plan_of(f"jobs:\n- {{target: m:f, expect: {written}}}")

    assert plan.processes[0].expect == expect


@pytest.mark.parametrize(
    ("written", "at", "message", "help"),
    [
        ("{}", "{}", "`exit_code`, `outcome`, `output` or `before` is needed here", None),
        ("{exit_code: null}", "{exit_code: null}", "`exit_code`, `outcome`, `output` or `before` is needed here", None),
        (
            "{exit_code: SIGTEM}",
            "SIGTEM",
            "expected a whole number or the name of a signal, found the text `SIGTEM`",
            "did you mean `SIGTERM`?",
        ),
        ("{exit_code: 1.5}", "1.5", "`expect.exit_code`: expected a whole number, found the number 1.5", None),
        ("{exit_code: true}", "true", "`expect.exit_code`: expected a whole number, found true", None),
        (
            "{outcome: killd}",
            "killd",
            f"`expect.outcome`: expected {', '.join(f'`{one}`' for one in OUTCOMES)}, found the text `killd`",
            "did you mean `killed`?",
        ),
        ("{exitcode: 1}", "exitcode", "unknown key `exitcode` in `expect`", "did you mean `exit_code`?"),
    ],
)
def test_an_end_that_cannot_be_expected_is_shown(written: str, at: str, message: str, help: str | None) -> None:
    problem = problem_of(f"jobs:\n- target: m:f\n  expect: {written}")

    assert (problem.message, problem.help, marked(problem)) == (message, help, at)


def test_the_docstrings_of_fields_describe_them_in_the_schema_and_nothing_else_is_described() -> None:
    properties = GreetersJob.model_json_schema()["properties"]

    assert properties["greeters"]["description"] == "Number of processes."
    assert properties["daemon"]["description"].startswith("Whether the processes are daemons")
    assert properties["import"]["description"] == "What they import."
    assert "most" not in properties


def test_what_was_read_cannot_be_changed() -> None:
    job = GreetersJob(type="greeters")

    with pytest.raises(ValidationError, match="frozen"):
        job.greeters = 3


def test_a_description_of_its_own_is_not_replaced_by_the_docstring() -> None:
    class Described(Model):
        """A field that says itself what it is."""

        one: Annotated[int, Field(description="From the field.")] = 1
        """From the docstring."""

    assert Described.model_json_schema()["properties"]["one"]["description"] == "From the field."
