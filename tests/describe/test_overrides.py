"""What `--set` puts into a document, and what is said where it cannot."""

from __future__ import annotations

import copy
import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.describe.plan.overrides import apply, parse_path
from runner.describe.yaml.loading import read
from runner.model.errors import InvalidFile, Problem
from tests.describe.describing import FILE, marked

if TYPE_CHECKING:
    from runner.describe.yaml.document import Document

TEXT = """\
title: 제목
nothing:
jobs:
- name: first
  target: m:f
  args: [1, 2]
- type: shared_counter
- name: 둘째
  expect:
"""
FORM = "PATH=VALUE, such as grace_period=1, jobs[0].args[1]=x, jobs.NAME.join_timeout=2"

Steps = list[str | int]

keys = st.text(
    st.characters(exclude_categories=["Cs", "Cc", "Zl", "Zp"], exclude_characters=".[]=\ufffe\uffff"),
    min_size=1,
    max_size=6,
)
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | keys,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=8,
)
documents = st.dictionaries(keys, values, min_size=1, max_size=4)


def document(text: str = TEXT) -> Document:
    return read(text.encode(), FILE)


def data_of(*overrides: str, text: str = TEXT) -> Any:
    """The data of a text with overrides in it."""
    return apply(document(text), overrides).value


def problem_of(override: str, text: str = TEXT) -> Problem:
    """The problem of an override that cannot be applied."""
    with pytest.raises(InvalidFile) as caught:
        apply(document(text), [override])
    (problem,) = caught.value.problems
    return problem


def written(steps: Steps) -> str:
    """A path as it is written."""
    return "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps).removeprefix(".")


def drawn_path(value: Any, data: st.DataObject) -> Steps:
    """A way to something that is there."""
    steps: Steps = []
    while isinstance(value, list | dict) and value and (not steps or data.draw(st.booleans())):
        step = data.draw(st.sampled_from(list(value) if isinstance(value, dict) else range(len(value))))
        steps.append(step)
        value = value[step]
    return steps


def put(root: Any, steps: Steps, value: Any) -> Any:
    """A copy of the data with a value in it."""
    changed = holder = copy.deepcopy(root)
    for step in steps[:-1]:
        holder = holder[step]
    holder[steps[-1]] = value
    return changed


@given(documents, values, st.data())
def test_an_override_sets_what_its_path_leads_to_and_nothing_else(data: Any, value: Any, more: st.DataObject) -> None:
    before = document(json.dumps(data, ensure_ascii=False))
    steps = drawn_path(data, more)

    after = apply(before, [f"{written(steps)}={json.dumps(value, ensure_ascii=False)}"])

    assert json.dumps(after.value) == json.dumps(put(data, steps, value))
    assert json.dumps(before.value) == json.dumps(data)
    assert before.overlays == {}
    assert marked(after.problem(tuple(steps), "wrong", id="invalid-value")) == json.dumps(value, ensure_ascii=False)


@given(st.lists(keys | st.integers(0, 999_999_999), min_size=1))
def test_a_path_is_parsed_into_the_steps_that_it_was_written_from(steps: Steps) -> None:
    found = parse_path(written(steps))

    assert [step for step, _ in found] == steps
    for step, offset in found:
        assert written(steps)[offset:].startswith(str(step) if isinstance(step, str) else f"[{step}]")


@given(st.text("a한0.[]=", max_size=8))
def test_a_path_is_parsed_or_its_mistake_has_an_offset(text: str) -> None:
    try:
        steps = parse_path(text)
    except ValueError as error:
        (offset,) = error.args
        assert 0 <= offset <= len(text)
    else:
        assert written([step for step, _ in steps]).replace("0", "") == text.replace("0", "")


@pytest.mark.parametrize(
    ("override", "path", "value"),
    [
        ("title=neu", ["title"], "neu"),
        ("title=한글 제목", ["title"], "한글 제목"),
        ("title='5'", ["title"], "5"),
        ("title=a=b", ["title"], "a=b"),
        ("title=", ["title"], None),
        ("title= ", ["title"], None),
        ("title=~", ["title"], None),
        ("grace_period=1.5", ["grace_period"], 1.5),
        ("jobs[0].args=[x, {y: 2}]", ["jobs", 0, "args"], ["x", {"y": 2}]),
        ("jobs[0].args[1]=no", ["jobs", 0, "args", 1], "no"),
        ("jobs.first.daemon=true", ["jobs", 0, "daemon"], True),
        ("jobs.둘째.이름=값", ["jobs", 2, "이름"], "값"),
        ("jobs.counter.workers=4", ["jobs", 1, "workers"], 4),
        ("jobs.first=x", ["jobs", 0], "x"),
        ("jobs=[]", ["jobs"], []),
        ("env key=x", ["env key"], "x"),
    ],
)
def test_an_override_is_read_as_the_file_is(override: str, path: Steps, value: object) -> None:
    assert data_of(override) == put(document().value, path, value)


@pytest.mark.parametrize(
    ("override", "path", "value"),
    [
        ("jobs[0].args[2]=3", ["jobs", 0, "args"], [1, 2, 3]),
        ("jobs.first.env.A=x", ["jobs", 0, "env"], {"A": "x"}),
        ("jobs.first.a.b[0]=x", ["jobs", 0, "a"], {"b": ["x"]}),
        ("jobs.둘째.expect.exit_code=1", ["jobs", 2, "expect"], {"exit_code": 1}),
        ("nothing[0]=x", ["nothing"], ["x"]),
    ],
)
def test_what_a_path_leads_through_is_made_where_it_is_missing(override: str, path: Steps, value: object) -> None:
    assert data_of(override) == put(document().value, path, value)


def test_overrides_are_applied_in_order() -> None:
    assert data_of("title=a", "env={}", "env.A=1", "env.A=2", "title=b")["title"] == "b"
    assert data_of("env={}", "env.A=1", "env.A=2")["env"] == {"A": 2}
    assert data_of("env.A=1", "env={}")["env"] == {}


def test_without_overrides_a_document_stays_what_it_is() -> None:
    before = document()

    assert apply(before, []) is before


def test_a_job_is_found_by_the_first_that_has_its_name() -> None:
    text = "jobs:\n- text\n- [name]\n- {name: a}\n- {name: a}\n"

    assert data_of("jobs.a.x=1", text=text)["jobs"][2:] == [{"name": "a", "x": 1}, {"name": "a"}]


@pytest.mark.parametrize("job", ["type: 5", "type: nowhere", "type: process", "type: ~", "name: 5", "name: ~"])
def test_a_job_without_a_name_is_not_found_by_one(job: str) -> None:
    problem = problem_of("jobs.process.x=1", text=f"jobs:\n- {job}\n")

    assert (problem.message, problem.help) == ("there is no job named `process`", None)


def test_what_an_alias_stands_for_elsewhere_is_left_alone() -> None:
    text = "a: &x {b: [1, 2]}\nc: *x\n"

    assert data_of("c.b[0]=9", text=text) == {"a": {"b": [1, 2]}, "c": {"b": [9, 2]}}


@pytest.mark.parametrize(
    ("override", "at", "message", "help"),
    [
        ("", "", "a step of the path is expected here", FORM),
        ("=x", "=", "a step of the path is expected here", FORM),
        (".title=x", ".", "a step of the path is expected here", FORM),
        ("jobs..args=x", ".", "a step of the path is expected here", FORM),
        ("jobs.=x", ".", "a step of the path is expected here", FORM),
        ("jobs[0]args=x", "a", "a step of the path is expected here", FORM),
        ("jobs[x]=x", "[", "a step of the path is expected here", FORM),
        ("jobs[-1]=x", "[", "a step of the path is expected here", FORM),
        ("jobs[0=x", "[", "a step of the path is expected here", FORM),
        ("jobs[1234567890]=x", "[", "a step of the path is expected here", FORM),
        ("제목]=x", "]", "a step of the path is expected here", FORM),
        ("title", "", "`=` and a value are missing", FORM),
        ("jobs[7]=x", "[7]", "there is no [7] in a list of 3 entries, counted from 0", None),
        ("jobs[0].args[3].x=1", "[3]", "there is no [3] in a list of 2 entries, counted from 0", None),
        ("jobs.0.x=1", "0", "there is no job named `0`", "write jobs[0] for a job by its place"),
        ("jobs.frist.x=1", "frist", "there is no job named `frist`", "did you mean `first`?"),
        ("jobs.없음=1", "없음", "there is no job named `없음`", "jobs: `first`, `counter`, `둘째`"),
        ("[0]=x", "[0]", "`0` does not lead anywhere: before it is a mapping", FORM),
        ("title.x=1", "x", "`x` does not lead anywhere: before it is no list or mapping", FORM),
        ("title[0]=1", "[0]", "`0` does not lead anywhere: before it is no list or mapping", FORM),
        ("jobs[0].args.first=1", "first", "`first` does not lead anywhere: before it is a list", FORM),
        ("title=[1", "[", "a list that begins with `[` is not closed", "add `,` or `]`"),
        ("jobs.둘째.x={a: 1, a: 2}", "a", "the key `a` is given twice, first in line 1", None),
        ("title=\udcffx", "\udcff", "the value is not text in UTF-8", None),
    ],
)
def test_an_override_that_cannot_be_applied_is_shown_where_its_mistake_is(
    override: str, at: str, message: str, help: str | None
) -> None:
    problem = problem_of(override)

    assert (problem.file, problem.line, problem.excerpt) == ("--set", 1, override)
    assert (marked(problem), problem.message, problem.help) == (at, message, help)


def test_a_missing_equals_sign_is_shown_behind_the_path() -> None:
    problem = problem_of("제목")

    assert (problem.column, problem.width) == (3, 1)


def test_the_entry_behind_the_last_is_made_where_a_path_leads_through_it() -> None:
    assert data_of("a[0].b=x", text="a: []") == {"a": [{"b": "x"}]}
    assert data_of("a[1][0]=x", text="a: [0]") == {"a": [0, ["x"]]}


def test_one_entry_is_called_one() -> None:
    assert problem_of("a[5]=x", text="a: [0]").message == "there is no [5] in a list of 1 entry, counted from 0"


def test_a_document_that_is_no_mapping_has_nothing_to_set() -> None:
    assert problem_of("a=1", text="text").message == "`a` does not lead anywhere: before it is no list or mapping"
    assert problem_of("a=1", text="[1]").message == "`a` does not lead anywhere: before it is a list"
    assert data_of("[0]=x", text="[1]") == ["x"]


def test_a_problem_of_what_was_set_is_shown_in_the_override() -> None:
    after = apply(document(), ["jobs.first.args[1]={깊이: 나}"])

    problem = after.problem(("jobs", 0, "args", 1, "깊이"), "wrong", id="invalid-value")

    assert (problem.file, problem.excerpt, marked(problem)) == ("--set", "jobs.first.args[1]={깊이: 나}", "나")
    assert marked(after.problem(("jobs", 0, "args", 0), "wrong", id="invalid-value")) == "1"


def test_a_problem_of_a_key_that_was_set_is_shown_in_the_path() -> None:
    after = apply(document(), ["jobs.first.daemn=true"])

    problem = after.problem(("jobs", 0, "daemn"), "unknown", id="invalid-value", key=True)

    assert (problem.excerpt, marked(problem)) == ("jobs.first.daemn=true", "daemn")


def test_a_value_that_is_missing_is_shown_behind_the_equals_sign() -> None:
    after = apply(document(), ["제목="])

    problem = after.problem(("제목",), "wrong", id="invalid-value")

    assert (problem.excerpt, problem.column) == ("제목=", 4)


def test_an_override_replaces_those_within_what_it_sets_and_no_others() -> None:
    after = apply(document(), ["jobs[0].args[0]=a", "jobs[0].args[1]=b", "title=t", "jobs[0].args=[c, d]"])

    assert after.value["jobs"][0]["args"] == ["c", "d"]
    assert after.problem(("jobs", 0, "args", 1), "wrong", id="invalid-value").excerpt == "jobs[0].args=[c, d]"
    assert after.problem(("title",), "wrong", id="invalid-value").excerpt == "title=t"


def test_an_override_within_another_replaces_a_part_of_it() -> None:
    after = apply(document(), ["jobs[0].args=[c, d]", "jobs[0].args[1]=e"])

    assert after.value["jobs"][0]["args"] == ["c", "e"]
    assert after.problem(("jobs", 0, "args", 1), "wrong", id="invalid-value").excerpt == "jobs[0].args[1]=e"
    assert after.problem(("jobs", 0, "args", 0), "wrong", id="invalid-value").excerpt == "jobs[0].args=[c, d]"
