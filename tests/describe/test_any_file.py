"""Files that hypothesis makes up: a good one becomes a plan, a spoilt one a plan or problems with their places."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from runner.describe.plan.edits import edits_of, problems_of_edits
from runner.describe.plan.planning import describe
from runner.describe.yaml.problem_rendering import render
from runner.describe.yaml.problem_rendering import to_json as problem_to_json
from runner.model.arguments import references
from runner.model.errors import InvalidFile
from runner.model.plan_json import from_json, to_json
from runner.report.terminal.explain import explain
from tests.describe.describing import FILE, plan_of
from tests.describe.making_up import (
    Fields,
    declarations,
    durations,
    edits,
    main_steps,
    steps,
    texts,
    things,
    values,
    words,
)

if TYPE_CHECKING:
    from collections.abc import Callable

SCHEMA = Draft202012Validator(json.loads((Path(__file__).parents[2] / "schemas/run-jobs.schema.json").read_text()))

sizes = st.integers(0, 1 << 40) | st.sampled_from(["512MiB", "1.5GiB", "10MB", "0B", "7kB"])
limits = st.fixed_dictionaries(
    {}, optional={"memory": sizes, "cpu_seconds": st.integers(1, 99), "open_files": st.integers(0, 99), "core": sizes}
)
expectations = st.fixed_dictionaries(
    {"exit_code": st.integers(-64, 255) | st.sampled_from(["SIGTERM", "SIGKILL"])},
    optional={
        "outcome": st.sampled_from(["succeeded", "failed", "killed", "timed_out", "out_of_memory"]),
        "output": st.lists(texts, max_size=3),
    },
)
common: dict[str, st.SearchStrategy[Any]] = {
    "daemon": st.booleans(),
    "on_terminate": st.sampled_from(["die", "unwind"]),
    "env": st.dictionaries(words, texts, max_size=2),
    "limits": limits,
    "expect": expectations,
}
ends = st.one_of(
    st.just({}), st.builds(lambda s: {"timeout": s}, durations), st.builds(lambda s: {"terminate_after": s}, durations)
)
targets = st.builds("{}.{}:{}".format, words, words, words)
what: st.SearchStrategy[Fields] = st.builds(lambda t: {"target": t}, targets) | st.builds(
    lambda c: {"class": c}, targets
)
calls = st.fixed_dictionaries(
    {},
    optional={
        "args": st.lists(values, max_size=3),
        "kwargs": st.dictionaries(words, values, max_size=2),
        "replicas": st.integers(1, 4),
        **common,
    },
)
processes = st.builds(lambda *parts: {key: value for part in parts for key, value in part.items()}, what, calls, ends)
doing = st.builds(
    lambda do, fields, end: {"do": do} | fields | end,
    steps,
    st.fixed_dictionaries({}, optional={"replicas": st.integers(1, 4), **common}),
    ends,
)
counters = st.builds(
    lambda fields, end: {"type": "shared_counter", "increments": 10} | fields | end,
    st.fixed_dictionaries(
        {}, optional={"workers": st.integers(1, 3), "sync": st.sampled_from(["none", "lock", "semaphore"]), **common}
    ),
    ends,
)
tops = st.fixed_dictionaries(
    {},
    optional={
        "title": texts,
        "start_method": st.sampled_from(["fork", "spawn", "forkserver"]),
        "mp_log": st.sampled_from(["debug", "info", "error"]),
        "grace_period": durations,
        "time_limit": durations,
        "preload": st.lists(words, max_size=2),
    },
)


declared = st.fixed_dictionaries({}, optional={"expect": declarations, "try": edits})


@st.composite
def files(draw: Callable[[st.SearchStrategy[Any]], Any]) -> Fields:
    """A file that is right, as data."""
    jobs = draw(st.lists(processes | counters | doing, min_size=1, max_size=4))
    for number, job in enumerate(jobs):  # each its own name: a default one may be taken
        job["name"] = f"job{number}"
    file: Fields = draw(tops) | {"jobs": jobs} | draw(declared)
    if draw(st.booleans()):
        names = st.lists(st.sampled_from([job["name"] for job in jobs]), min_size=1, max_size=3, unique=True)
        file["main"] = [
            {"start": "all"},
            *draw(
                st.lists(
                    st.one_of(
                        *(_steps(order, names) for order in ("join", "terminate", "kill", "show")),
                        main_steps,
                    )
                )
            ),
        ]
    told = json.dumps(file)
    shared = {name: thing for name, thing in draw(things).items() if name in told}
    return file | ({"shared": shared} if shared or draw(st.booleans()) else {})


def _steps(order: str, names: st.SearchStrategy[list[str]]) -> st.SearchStrategy[Fields]:
    more: dict[str, dict[str, st.SearchStrategy[Any]]] = {"join": {"timeout": durations}, "show": {"as": texts}}
    required: dict[str, st.SearchStrategy[Any]] = {order: names | st.just("all")}
    return st.fixed_dictionaries(required, optional=more.get(order, {}))


def written(file: Fields, *, in_flow: bool) -> str:
    if in_flow:
        return json.dumps(file, ensure_ascii=False)  # what JSON escapes as two halves is no YAML
    return str(yaml.safe_dump(file, allow_unicode=True, sort_keys=False, width=60))


@given(files(), st.booleans())
def test_a_good_file_becomes_a_plan_that_can_be_told_and_goes_through_json(file: Fields, in_flow: bool) -> None:
    plan = plan_of(written(file, in_flow=in_flow))

    assert list(SCHEMA.iter_errors(file)) == []
    assert from_json(json.loads(json.dumps(to_json(plan)))) == plan
    assert explain(plan)
    assert [job.name for job in plan.jobs] == [job["name"] for job in file["jobs"]]
    assert len(plan.processes) == sum(map(_number, file["jobs"]))
    assert [thing.name for thing in plan.shared if "." not in thing.name] == list(file.get("shared", ()))
    for process in plan.processes:
        assert not any(name.startswith("$") for step in process.do or () for name in mentioned(step))


def mentioned(step: Any) -> set[str]:
    """The names that a step and those below it refer to."""
    found = {name for key, value in step.items() if key != "do" for name in references(value)}
    return found.union(*(mentioned(one) for one in step.get("do", ())))


@given(files(), st.booleans())
def test_the_edits_of_a_good_file_are_good(file: Fields, in_flow: bool) -> None:
    text = written(file, in_flow=in_flow).encode()

    assert problems_of_edits(text, file=FILE, start_method=None, environ={}) == []
    assert len(edits_of(text, FILE)) == len(file.get("try", []))


def _number(job: Fields) -> int:
    return int(job.get("workers", 2) if job.get("type") else job.get("replicas", 1))


PIECES = ": |- |\n|  |{|}|[|]|'|\"|&a |*a|!!int |\t|$name|${env.X}|$|null|1e400|-1|---\n|>-\n|<<: |? |한글|\0|all|#"
pieces = st.sampled_from([*PIECES.split("|"), "|\n", "9" * 50])


@given(files(), st.booleans(), st.data())
def test_a_spoilt_file_is_a_plan_or_has_problems_with_their_places(
    file: Fields, in_flow: bool, data: st.DataObject
) -> None:
    text = written(file, in_flow=in_flow)
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text)))
        text = text[:at] + data.draw(pieces) + text[at + data.draw(st.integers(0, 8)) :]

    judge(text.encode())


@given(st.binary(max_size=200) | texts.map(str.encode))
def test_any_bytes_are_a_plan_or_have_problems_with_their_places(data: bytes) -> None:
    judge(data)


def judge(data: bytes) -> None:
    """Fails if it is neither a plan nor a list of problems with their places."""
    lines = data.count(b"\n") + data.count(b"\r") + 2
    try:
        describe(data, file=FILE, environ={})
        return
    except InvalidFile as invalid:
        problems = invalid.problems
    assert problems
    for problem in problems:
        assert 1 <= problem.line <= lines
        assert problem.column >= 1
        assert render(problem, color=False)
        json.dumps(problem_to_json(problem))
