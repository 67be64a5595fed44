"""What pydantic finds wrong is said in plain words, at its place, for the models of this package and of others."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, Literal

import pytest
from pydantic import Field, field_validator, model_validator

from runner.describe.fields.validation_errors import fault, instance_of, instead_of
from runner.describe.job_types import Draft, Expansion, JobModel, JobType, Model
from runner.describe.yaml.scalars import found
from tests.describe.describing import install, marked, problem_of, problems_of

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Self


class Inner(Model):
    """A mapping inside of a job."""

    depth: int
    wide: bool = Field(False, alias="is_wide")


class OddJob(JobModel):
    """A job of somebody else's, with fields that no job of this package has."""

    type: Literal["odd"]
    above: Annotated[int, Field(gt=1_000)] = 2_000
    below: Annotated[float, Field(lt=5)] = 1.0
    letters: Annotated[str, Field(pattern="^[A-Z]+$")] = "A"
    some: Annotated[list[str], Field(min_length=1)] = Field(default_factory=lambda: ["a"])
    two: Annotated[list[str], Field(min_length=2)] = Field(default_factory=lambda: ["a", "b"])
    either: Literal["left", "right"] | bool = "left"
    inner: Inner | None = None
    listed: list[Inner] = Field(default_factory=list)
    mapped: dict[str, Inner] = Field(default_factory=dict)
    pair: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _not_so_wide(self) -> Self:
        if self.inner and self.inner.wide:
            raise ValueError("Wide jobs are odd")
        return self

    @field_validator("pair")
    @classmethod
    def _no_b(cls, value: dict[str, Any]) -> dict[str, Any]:
        if "b" in value:
            raise fault("`b` is too much", "remove it", path=("b",), key=True)
        if "c" in value:
            raise fault("half of `c` is wrong", path=("c",), within=(2, 3), id="wrong-order")
        if "d" in value:
            raise ValueError("No d, please")
        return value


class Odd(JobType[OddJob]):
    """The type of these jobs."""

    name = "odd"
    model = OddJob

    def expand(self, job: OddJob, label: str) -> Expansion:
        return Expansion((Draft(target="m:f"),))


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "nothing"),
        (True, "true"),
        (False, "false"),
        (5, "the number 5"),
        (1.5, "the number 1.5"),
        ("no", "the text `no`"),
        ("a  b\n c", "the text `a b c`"),
        ("x" * 99, f"the text `{'x' * 39}…`"),
        ([1], "a list"),
        ({}, "a mapping"),
    ],
)
def test_a_value_of_a_file_is_called_what_a_person_calls_it(value: object, words: str) -> None:
    assert found(value) == words


@pytest.mark.parametrize(
    ("expected", "value", "written", "help"),
    [
        ("text", 8080, "8080", 'put it in quotes: "8080"'),
        ("text", 3.1, "3.10", 'put it in quotes: "3.10"'),
        ("text", True, "True", 'put it in quotes: "True"'),
        ("text", {"a": None}, "", "text that begins with `{` or contains `: ` must be in quotes"),
        ("text", ["a"], "", None),
        ("text", None, "", None),
        ("a list", "a b", "a b", "put it in brackets: [a b]"),
        ("a list", 1.0, "1.0", "put it in brackets: [1.0]"),
        ("a list", {}, "", "each entry of a list begins with `- `"),
        ("a mapping", "a", "a", None),
        ("a number", "1.50", "1.50", "write 1.50 without quotes"),
        ("a number", "true", "true", None),
        ("a whole number", "-12", "-12", "write -12 without quotes"),
        ("a whole number", "1.5", "1.5", None),
        ("a whole number", "no", "no", None),
        ("a whole number", "012", "012", "`012` is text in YAML 1.2; write 12, or 0o12 if octal is meant"),
        ("a whole number", "many", "many", None),
        ("true or false", "true", "true", "write true without quotes"),
        ("true or false", "no", "no", "`no` is text in YAML 1.2; write false"),
        ("true or false", "5", "5", None),
        ("true or false", 1, "1", None),
    ],
)
def test_where_another_type_was_expected_it_is_said_what_to_write(
    expected: str, value: object, written: str, help: str | None
) -> None:
    assert instead_of(expected, value, written) == help


@pytest.mark.parametrize(
    ("key", "found"),
    [
        ("true", "true"),
        ("1.50", "the number 1.5"),
        ("null", "nothing"),
        ("99999999999999999999", "the number 99999999999999999999"),
    ],
)
@pytest.mark.parametrize("mapping", ["env", "kwargs"])
def test_a_key_that_is_not_text_is_shown_as_it_is_written(mapping: str, key: str, found: str) -> None:
    problem = problem_of(f"jobs:\n- target: m:f\n  {mapping}: {{{key}: x}}")

    assert (problem.message, problem.help) == (f"expected text as a key, found {found}", f'put it in quotes: "{key}"')
    assert marked(problem) == key


def test_a_value_is_quoted_as_it_is_written() -> None:
    problem = problem_of("jobs:\n- target: m:f\n  env: {VERSION: 3.10}")

    assert problem.help == 'put it in quotes: "3.10"'


@pytest.mark.parametrize(
    ("field", "at", "message", "help"),
    [
        ("daemn: true", "daemn", "unknown key `daemn` in a `process` job", "did you mean `daemon`?"),
        ("clas: m:C", "clas", "unknown key `clas` in a `process` job", "did you mean `class`?"),
        ("expect: {exit_cod: 1}", "exit_cod", "unknown key `exit_cod` in `expect`", "did you mean `exit_code`?"),
        ("5: x", "5", "expected text as a key, found the number 5", 'put it in quotes: "5"'),
        ("env: {5: x}", "5", "expected text as a key, found the number 5", 'put it in quotes: "5"'),
        ("kwargs: {5: x}", "5", "expected text as a key, found the number 5", 'put it in quotes: "5"'),
        ("env: {PORT: 80}", "80", "`env.PORT`: expected text, found the number 80", 'put it in quotes: "80"'),
        ("env: [A=1]", "[A=1]", "`env`: expected a mapping, found a list", None),
        ("expect: 1", "1", "`expect`: expected a mapping, found the number 1", None),
        ("args: 5", "5", "`args`: expected a list, found the number 5", "put it in brackets: [5]"),
        (
            "daemon: yes",
            "yes",
            "`daemon`: expected true or false, found the text `yes`",
            "`yes` is text in YAML 1.2; write true",
        ),
        ("replicas: 2.0", "2.0", "`replicas`: expected a whole number, found the number 2.0", None),
        ("replicas: '2'", "'2'", "`replicas`: expected a whole number, found the text `2`", "write 2 without quotes"),
        ("replicas: 0", "0", "`replicas`: must be at least 1, not 0", None),
        ("replicas: 100001", "100001", "`replicas`: must be at most 100,000, not 100001", None),
        (
            "on_terminate: dye",
            "dye",
            "`on_terminate`: expected `die`, `unwind`, found the text `dye`",
            "did you mean `die`?",
        ),
        ("on_terminate: 5", "5", "`on_terminate`: expected `die`, `unwind`, found the number 5", None),
        ("on_terminate: xyz", "xyz", "`on_terminate`: expected `die`, `unwind`, found the text `xyz`", None),
        ("name: [a]", "[a]", "`name`: expected text, found a list", None),
    ],
)
def test_a_field_of_the_wrong_kind_is_shown_where_it_is(field: str, at: str, message: str, help: str | None) -> None:
    problem = problem_of(f"jobs:\n- target: m:f\n  {field}")

    assert (problem.message, problem.help, marked(problem)) == (message, help, at)


@pytest.mark.parametrize(
    ("field", "at", "message", "help"),
    [
        ("above: 1000", "1000", "`above`: must be above 1,000, not 1000", None),
        ("below: 5", "5", "`below`: must be below 5.0, not 5", None),
        ("below: []", "[]", "`below`: expected a number, found a list", None),
        ("letters: a1", "a1", "`letters`: string should match pattern '^[A-Z]+$'", None),
        ("some: []", "[]", "`some`: needs at least one entry", None),
        ("two: [a]", "[a]", "`two`: needs at least 2 entries", None),
        ("some: [a, 5]", "5", "`some[1]`: expected text, found the number 5", 'put it in quotes: "5"'),
        ("inner: {}", "{}", "the key `depth` is missing in `inner`", None),
        ("inner: {depth: 1, is_wid: true}", "is_wid", "unknown key `is_wid` in `inner`", "did you mean `is_wide`?"),
        ("inner: {depth: deep}", "deep", "`inner.depth`: expected a whole number, found the text `deep`", None),
        ("listed: [{depth: 1}, {}]", "{}", "the key `depth` is missing in `1`", None),
        ("listed: [{depth: 1, x: 2}]", "x", "unknown key `x` in `0`", None),
        ("mapped: {a: {depth: 1, x: 2}}", "x", "unknown key `x` in `a`", None),
        ("pair: {a: 1, b: 2}", "b", "`b` is too much", "remove it"),
        ("pair: {a: 1, c: 'abcdef'}", "cde", "half of `c` is wrong", None),
        ("pair: {d: 1}", "{d: 1}", "`pair`: value error, No d, please", None),
        ("inner: {depth: 1, is_wide: true}", "type: odd", "value error, Wide jobs are odd", None),
    ],
)
def test_fields_that_only_somebody_elses_jobs_have_are_checked_alike(
    field: str, at: str, message: str, help: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, monkeypatch, odd=Odd)

    problem = problem_of(f"jobs:\n- type: odd\n  {field}")

    assert (problem.message, problem.help, marked(problem)) == (message, help, at)


@pytest.mark.parametrize(
    ("field", "id"),
    [
        ("pair: {a: 1, b: 2}", "invalid-value"),
        ("pair: {a: 1, c: 'abcdef'}", "wrong-order"),
        ("pair: {d: 1}", "invalid-value"),
        ("letters: abc", "invalid-value"),
        ("above: 1", "out-of-range"),
        ("two: [a]", "empty"),
    ],
)
def test_a_job_type_of_another_package_gives_an_id_or_has_the_default(
    field: str, id: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, monkeypatch, odd=Odd)

    assert problem_of(f"jobs:\n- type: odd\n  {field}").id == id


def test_a_value_that_is_none_of_several_kinds_is_told_what_each_would_be(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(tmp_path, monkeypatch, odd=Odd)

    problems = problems_of("jobs:\n- type: odd\n  either: middle")

    assert [marked(problem) for problem in problems] == ["middle"] * 2
    assert [problem.message.partition(": ")[2] for problem in problems] == [
        "expected `left`, `right`, found the text `middle`",
        "expected true or false, found the text `middle`",
    ]


def test_a_key_that_is_missing_is_told_where_it_would_be() -> None:
    problem = problem_of("title: nothing to do")

    assert (problem.line, problem.message) == (1, "the key `jobs` is missing in the file")


def test_a_key_that_is_only_mistyped_is_not_missing_too() -> None:
    (problem,) = problems_of("job:\n- {target: m:f}")

    assert (problem.message, problem.help) == ("unknown key `job` in the file", "did you mean `jobs`?")


@pytest.mark.parametrize(
    ("target", "help"),
    [
        ("[python, app.py]", "write target: subprocess:check_call and args: [[python, app.py]]; it runs a program"),
        ("[[python]]", "None"),
    ],
)
def test_a_target_of_several_words_is_a_command(target: str, help: str) -> None:
    problem = problem_of(f"jobs:\n- target: {target}")

    assert problem.message == "`target`: expected text, found a list"
    assert str(problem.help).startswith(help)


def test_a_value_of_another_type_than_was_checked_is_refused() -> None:
    assert instance_of(int, 3) == 3
    with pytest.raises(TypeError, match="expected int, found 'a'"):
        instance_of(int, "a")
