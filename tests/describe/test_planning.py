"""From the text of a file to its plan, and back from the plan to places in the file."""

from __future__ import annotations

import gc
import json
import os
import re
from pathlib import Path
from typing import Any, Literal, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationInfo, field_validator

import runner
from runner.describe.job_types import Draft, Expansion, JobModel, JobType, find
from runner.describe.plan.planning import STDIN, describe
from runner.model.errors import InvalidFile
from runner.model.plan import Declared, Expect, Join, Kill, Plan, Show, Sleep, Start, Step, Terminate
from runner.model.plan_json import from_json, to_json
from runner.model.records import record
from runner.model.words import NoteWord
from tests.describe.describing import FILE, described, install, marked, plan_of, problem_of, problems_of

JOB = "jobs:\n- target: m:f\n"


@record(frozen=True, slots=True)
class Written:
    """A random valid file, and what its plan has to be."""

    data: dict[str, Any]
    names: tuple[str, ...]
    steps: tuple[Step, ...]
    daemons: tuple[bool, ...]
    jobs: tuple[tuple[int, ...], ...]

    @property
    def text(self) -> bytes:
        """As JSON, which is YAML."""
        return json.dumps(self.data, ensure_ascii=False).encode()


letters = st.text("abcxyzXYZé한 ._", min_size=1, max_size=6).filter(lambda name: bool(name.strip()))
"""Without digits and dashes no name is that of a replica, nor a default one."""
durations = st.sampled_from([(0, 0.0), (2, 2.0), (0.25, 0.25), ("500ms", 0.5), ("1m30s", 90.0), ("2h", 7200.0)])
orders = st.sampled_from(["start", "sleep", "join", "terminate", "kill", "show"])


@st.composite
def files(draw: st.DrawFn) -> Written:
    """Valid files with jobs of both types, with and without `main`."""
    scripted = draw(st.booleans())
    jobs: list[dict[str, Any]] = []
    labels: list[str] = []
    names: list[list[str]] = []
    daemons: list[bool] = []
    timeouts: list[float | None] = []
    starts: list[Step] = []
    joins: list[Step] = []
    for name in draw(st.lists(letters, min_size=1, max_size=4, unique=True)):
        made = sum(map(len, names))
        job, label, own = draw(a_job(name, len(jobs), made))
        written, timeout = draw(durations)
        wanted: dict[str, Any] = draw(st.sampled_from([{}, {"daemon": True}, {"daemon": False}]))
        joined = not wanted.get("daemon", False)
        if not scripted:
            more: dict[str, Any] = draw(st.sampled_from([{}, {"join": True}, {"join": False}, {"join": None}]))
            joined = joined if more.get("join") is None else more["join"]
            wanted |= more
        with_timeout = (scripted or joined) and draw(st.booleans())
        wanted |= {"join_timeout": written} if with_timeout else {}
        delay_written, delay = (0, 0.0) if scripted else draw(durations)
        wanted |= {"start_delay": delay_written} if delay else {}
        for process in range(made, made + len(own)):
            starts += [Sleep(delay), Start(process)] if delay else [Start(process)]
            joins += [Join(process, timeout if with_timeout else None)] if joined else []
        daemons += [wanted.get("daemon", False)] * len(own)
        timeouts += [timeout if with_timeout else None] * len(own)
        jobs.append(job | wanted)
        labels.append(label)
        names.append(own)
    ends = [sum(map(len, names[: index + 1])) for index in range(len(names))]
    numbers = tuple(tuple(range(end - len(own), end)) for end, own in zip(ends, names, strict=True))
    data: dict[str, Any] = {"jobs": jobs}
    steps = [*starts, *joins]
    flat = [each for own in names for each in own]
    if scripted:
        known = {each: (process,) for process, each in enumerate(flat)} | dict(zip(labels, numbers, strict=True))
        data["main"], steps = draw(a_script(known, flat, timeouts))
    return Written(data, tuple(flat), tuple(steps), tuple(daemons), numbers)


@st.composite
def a_job(draw: st.DrawFn, name: str, index: int, made: int) -> tuple[dict[str, Any], str, list[str]]:
    """A job with its label and the names of its processes; `made` are there before it."""
    count = draw(st.integers(1, 3))
    kind = draw(st.sampled_from(["named", "numbered", "indexed", "default", "class", "counter"]))
    numbered = [f"{name}-{number}" for number in range(count)]
    defaults = range(made + 1, made + count + 1)
    match kind:
        case "named":
            return {"name": name, "target": "m:f"}, name, [name]
        case "numbered":
            own = [name] if count == 1 else numbered
            return {"name": name, "target": "m:f", "replicas": count}, name, own
        case "indexed":
            own = [f"{name}{number}" for number in range(count)]
            return {"name": f"{name}$index", "target": "m:f", "replicas": count}, f"{name}$index", own
        case "counter":
            return {"type": "shared_counter", "name": name, "workers": count}, name, numbered
        case "class":
            return {"class": "m:C", "replicas": count}, f"jobs[{index}]", [f"C-{number}" for number in defaults]
        case _:
            names = [f"Process-{number}" for number in defaults]
            return {"target": "sleep", "replicas": count}, f"jobs[{index}]", names


@st.composite
def a_script(
    draw: st.DrawFn, known: dict[str, tuple[int, ...]], names: list[str], timeouts: list[float | None]
) -> tuple[list[dict[str, Any]], list[Step]]:
    """Steps of `main` that are possible one after the other, and the primitive ones that they stand for."""
    main: list[dict[str, Any]] = []
    steps: list[Step] = []
    started: set[int] = set()
    first = [("start", "all")] if draw(st.booleans()) else []
    for order, named in first + draw(st.lists(st.tuples(orders, references_to(known)), max_size=8)):
        if order == "sleep":
            written, seconds = draw(durations)
            main.append({"sleep": written})
            steps += [Sleep(seconds)] if seconds else []
            continue
        processes = meant(named, known)
        may = not started & set(processes) if order == "start" else order == "show" or started >= set(processes)
        if not may or (order == "start" and len(set(processes)) < len(processes)):
            continue
        step: dict[str, Any] = {order: named}
        match order:
            case "start":
                started |= set(processes)
                steps += map(Start, processes)
            case "join":
                given = draw(st.none() | durations | st.just((None, None)))
                step |= {"timeout": given[0]} if given else {}
                steps += [Join(process, given[1] if given else timeouts[process]) for process in processes]
            case "terminate":
                steps += map(Terminate, processes)
            case "kill":
                steps += map(Kill, processes)
            case _:
                label = draw(st.none() | st.text("abc "))
                step |= {} if label is None else {"as": label}
                steps += [Show(process, names[process] if label is None else label) for process in processes]
        main.append(step)
    return main, steps


def references_to(known: dict[str, tuple[int, ...]]) -> st.SearchStrategy[str | list[str]]:
    """What a step may name: `all`, one name, or a list of names."""
    one = st.sampled_from(sorted(known))
    return st.just("all") | one | st.lists(one, min_size=1, max_size=3)


def meant(named: str | list[str], known: dict[str, tuple[int, ...]]) -> list[int]:
    """The processes that a step names."""
    if named == "all":
        return list(range(1 + max(process for processes in known.values() for process in processes)))
    return [process for name in ([named] if isinstance(named, str) else named) for process in known[name]]


@given(files())
def test_a_valid_file_becomes_its_plan(written: Written) -> None:
    plan = describe(written.text, file=FILE, environ={}).plan

    assert tuple(process.name for process in plan.processes) == written.names
    assert len(set(written.names)) == len(written.names)
    assert plan.steps == written.steps
    assert tuple(process.daemon for process in plan.processes) == written.daemons
    assert tuple(job.processes for job in plan.jobs) == written.jobs
    for job in plan.jobs:
        assert {plan.processes[process].job for process in job.processes} == {job.name}


@given(files())
def test_the_plan_of_a_valid_file_survives_json_and_lasts(written: Written) -> None:
    result = describe(written.text, file=FILE, environ={})

    assert from_json(json.loads(json.dumps(to_json(result.plan)))) == result.plan
    assert result.lasts


@given(files())
def test_the_options_of_a_job_make_it_again(written: Written) -> None:
    plan = describe(written.text, file=FILE, environ={}).plan

    for job in plan.jobs:
        job_type = find(job.type)
        again = job_type.expand(job_type.model.model_validate(job.options), job.name)
        assert len(again.processes) == len(job.processes)
        assert again.progress == job.progress


def test_without_main_all_are_started_in_order_and_then_those_that_are_joined() -> None:
    plan = plan_of(
        """
jobs:
- {target: m:f, replicas: 2, start_delay: 500ms, join_timeout: 1}
- {target: m:f, daemon: true, join_timeout: null}
- {target: m:f, join: false}
- {target: m:f, daemon: true, join: true}
"""
    )

    assert plan.steps == (
        *(Sleep(0.5), Start(0), Sleep(0.5), Start(1), Start(2), Start(3), Start(4)),
        *(Join(0, 1.0), Join(1, 1.0), Join(4, None)),
    )


def test_what_the_whole_file_says_is_in_the_plan() -> None:
    plan = plan_of(
        f"""
title: all of it
start_method: spawn
mp_log: debug
grace_period: 1m
time_limit: 2h
preload: [numpy, a.b]
{JOB}"""
    )

    assert (plan.file, plan.title, plan.start_method, plan.mp_log) == (FILE, "all of it", "spawn", "debug")
    assert (plan.grace_period, plan.time_limit, plan.preload) == (60.0, 7200.0, ("numpy", "a.b"))


def test_what_the_file_does_not_say_has_its_default(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = plan_of(JOB)

    assert (plan.title, plan.start_method, plan.mp_log) == (None, "fork", None)
    assert (plan.grace_period, plan.time_limit, plan.preload, plan.shared) == (5.0, None, (), ())
    monkeypatch.setattr("sys.platform", "darwin")
    assert plan_of(JOB).start_method == "spawn"


def test_the_start_method_of_the_command_wins() -> None:
    text = f"start_method: spawn\n{JOB}".encode()

    assert describe(text, file=FILE, start_method="forkserver", environ={}).plan.start_method == "forkserver"
    with pytest.raises(InvalidFile) as caught:
        describe(text, file=FILE, start_method="frok", environ={})
    (problem,) = caught.value.problems
    assert (problem.file, problem.line, marked(problem)) == ("--start-method", 1, "frok")
    assert (problem.message, problem.help) == ("there is no start method `frok`", "did you mean `fork`?")


def test_modules_are_found_beside_the_file_and_in_the_current_folder(tmp_path: Path) -> None:
    file = tmp_path / "jobs.yaml"

    assert describe(JOB.encode(), file=str(file), environ={}).plan.paths == (str(tmp_path), os.getcwd())
    assert describe(JOB.encode(), file=STDIN, environ={}).plan.paths == (os.getcwd(),)
    assert describe(JOB.encode(), file="jobs.yaml", environ={}).plan.paths == (os.getcwd(),)


def test_a_current_folder_that_is_gone_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()

    for file in ("/nowhere/jobs.yaml", STDIN):
        with pytest.raises(InvalidFile, match="the current folder, in which the processes would run, is gone"):
            describe(JOB.encode(), file=file, environ={})


def test_a_process_runs_in_a_folder_relative_to_the_files(tmp_path: Path) -> None:
    for index in range(2):
        (tmp_path / f"in-{index}").mkdir()
    text = f"{JOB}  replicas: 2\n  cwd: ./in-$index\n- {{target: m:f, cwd: '{tmp_path}'}}\n- target: m:f".encode()

    result = describe(text, file=str(tmp_path / "jobs.yaml"), environ={})

    folders = [process.cwd for process in result.plan.processes]
    assert folders == [str(tmp_path / "in-0"), str(tmp_path / "in-1"), str(tmp_path), None]
    assert not result.lasts


@pytest.mark.parametrize(("folder", "what"), [("none", "does not exist"), ("jobs.yaml", "is not a folder")])
def test_a_folder_that_is_none_is_told_once_for_all_replicas(folder: str, what: str, tmp_path: Path) -> None:
    file = tmp_path / "jobs.yaml"
    text = f"{JOB}  replicas: 3\n  cwd: {folder}"
    file.write_text(text)

    with pytest.raises(InvalidFile) as caught:
        describe(text.encode(), file=str(file), environ={})

    (problem,) = caught.value.problems
    assert (problem.message, marked(problem)) == (f"the folder `{folder}` {what}", folder)
    assert problem.help == "it is relative to the file's folder"


def test_the_fields_of_a_process_are_in_its_plan() -> None:
    (process,) = plan_of(
        f"{JOB}  daemon: true\n  terminate_after: 1m\n  on_terminate: unwind\n  env: {{A: '${{env.X}}'}}", X="x"
    ).processes

    assert (process.target, process.cls, process.daemon) == ("m:f", None, True)
    assert (process.terminate_after, process.on_terminate, process.env) == (60.0, "unwind", {"A": "x"})


@pytest.mark.parametrize(
    ("text", "at", "message", "help"),
    [
        ("- a", "- a", "expected a mapping with `jobs:`, found a list", "write the jobs below the key `jobs:`"),
        ("a", "a", "expected a mapping with `jobs:`, found the text `a`", None),
        ("jobs: []", "[]", "`jobs`: needs at least one entry", None),
        (
            "jobs: {a: {b: c}}",
            "{a: {b: c}}",
            "`jobs`: expected a list, found a mapping",
            "each entry of a list begins with `- `",
        ),
        (f"{JOB}main: all", "all", "`main`: expected a list, found the text `all`", "put it in brackets: [all]"),
        (f"{JOB}titel: a", "titel", "unknown key `titel` in the file", "did you mean `title`?"),
        (f"{JOB}preload: [a b]", "a b", "`a b` is not the name of a module", "write package.module"),
        (
            f"{JOB}grace_period: [1]",
            "[1]",
            "expected a duration, found a list",
            "write seconds (2, 0.5) or text such as 500ms, 1.5s, 1m30s, 2h",
        ),
        (
            f"{JOB}  daemon: true\n  join_timeout: 1",
            "join_timeout",
            "`join_timeout` has no effect: this job is not joined",
            "add join: true",
        ),
        (
            f"{JOB}  join: true\nmain: []",
            "join",
            "`join` has no effect: `main` decides what happens when",
            "remove it, and write - join: … where main should do it",
        ),
        (
            f"{JOB}  start_delay: 0\nmain: []",
            "start_delay",
            "`start_delay` has no effect: `main` decides what happens when",
            "remove it, and write - sleep: … where main should do it",
        ),
    ],
)
def test_what_a_file_cannot_say_is_shown_where_it_is(text: str, at: str, message: str, help: str | None) -> None:
    problem = problem_of(text)

    assert (problem.message, problem.help, marked(problem)) == (message, help, at)


SHARED = "shared: {door: lock, tasks: queue, total: value}\n"


@pytest.mark.parametrize(
    ("written", "declared"),
    [
        ("null", None),
        ("{}", Declared()),
        ("{outcome: failed, notes: [lost_wakeup, deadlock]}", Declared("failed", notes=("lost_wakeup", "deadlock"))),
        ("{deadlock: false}", Declared(deadlock=False)),
        ("{values: {tasks: [], total: 5}}", Declared(values={"tasks": [], "total": 5})),
        (
            "{values: {tasks: [{1: a, null: [.inf, -.inf]}, .nan], total: 0.5}}",
            Declared(values={"tasks": [{"1": "a", "None": ["inf", "-inf"]}, "nan"], "total": 0.5}),
        ),
    ],
)
def test_what_the_run_is_to_come_to_is_in_the_plan(written: str, declared: Declared | None) -> None:
    assert plan_of(f"{SHARED}{JOB}expect: {written}").expect == declared


@pytest.mark.parametrize(
    ("written", "at", "message", "help"),
    [
        ("{values: {totl: 1}}", "totl", "there is no shared thing `totl`", "did you mean `total`?"),
        ("{values: {x: 1}}", "x", "there is no shared thing `x`", "things with a value: `tasks`, `total`"),
        ("{values: {door: 1}}", "door", "`door` is a lock, which has no value in the end", "remove it"),
        ("{values: {5: 1}}", "5", "expected text as a key, found the number 5", 'put it in quotes: "5"'),
        (
            "{notes: [lost_update]}",
            "lost_update",
            "`expect.notes[0]`: expected one of 40 words, found the text `lost_update`",
            "did you mean `lost_updates`?",
        ),
        ("{notes: [5]}", "5", "`expect.notes[0]`: expected one of 40 words, found the number 5", None),
        ("{outcom: failed}", "outcom", "unknown key `outcom` in `expect`", "did you mean `outcome`?"),
    ],
)
def test_what_a_run_cannot_come_to_is_shown(written: str, at: str, message: str, help: str | None) -> None:
    problem = problem_of(f"{SHARED}{JOB}expect: {written}")

    assert (problem.message, problem.help, marked(problem)) == (message, help, at)


def test_without_things_a_value_is_told_to_declare_one() -> None:
    problem = problem_of(f"{JOB}expect: {{values: {{x: 1}}}}")

    assert (problem.message, problem.help) == ("there is no shared thing `x`", "declare it under `shared:`")


def test_what_notes_can_be_about_is_what_notes_are_about() -> None:
    """All words that this package makes notes about, wherever it does."""
    package = Path(runner.__file__).parent
    sources = "".join(path.read_text() for path in package.rglob("*.py"))
    told = set(re.findall(r'\bNote\(\s*"(\w+)"', sources)) | set(re.findall(r'return "(\w+)", _[A-Z_]+', sources))
    told |= {"standstill"}  # what else it may be is a sentence of its own

    assert set(get_args(NoteWord)) == told - {"not_as_declared"}


def test_what_a_process_writes_and_when_it_ends_is_in_the_plan() -> None:
    plan = plan_of(
        f"{JOB}  name: a\n  expect: {{output: [x, ''], before: [b-1]}}\n- {{name: b, target: m:f, replicas: 2}}"
    )

    assert plan.processes[0].expect == Expect(None, None, ("x", ""), ("b-1",))


@pytest.mark.parametrize(
    ("before", "at", "message", "help"),
    [
        ("[b-2]", "b-2", "there is no process named `b-2`", "did you mean `b-1`?"),
        ("[x]", "x", "there is no process named `x`", "processes: `a`, `b-0`, `b-1`"),
        ("[b-0, a]", "a", "`a` cannot end before itself", "name another process"),
    ],
)
def test_a_process_ends_before_another(before: str, at: str, message: str, help: str) -> None:
    problem = problem_of(f"{JOB}  name: a\n  expect: {{before: {before}}}\n- {{name: b, target: m:f, replicas: 2}}")

    assert (problem.message, problem.help, marked(problem)) == (message, help, at)


def test_problems_are_in_the_order_of_the_file_and_those_of_the_command_come_last() -> None:
    text = b"grace_period: -1\njobs:\n- {target: m:f, daemn: true}\ntitel: x"

    with pytest.raises(InvalidFile) as caught:
        describe(text, file=FILE, overrides=["jobs[0].replicas=0", "mp_log=loud"], environ={})

    assert [(problem.file, problem.line) for problem in caught.value.problems] == [
        (FILE, 1),
        (FILE, 3),
        (FILE, 4),
        ("--set", 1),
        ("--set", 1),
    ]


def test_what_only_follows_from_a_problem_is_not_told() -> None:
    problem = problem_of(f"{JOB}  name: a\n- {{name: b, target: m:f, daemn: true}}\nmain:\n- start: [a, b]")

    assert problem.message == "unknown key `daemn` in a `process` job"


def test_mistakes_in_main_are_reported_with_those_of_jobs_and_shared_things() -> None:
    text = "shared: {q: queue}\njobs:\n- {name: a, do: [{put: 1, into: qq}]}\n- {name: b, target: m:f}\n"
    text += "- {name: b, target: m:f}\n- {target: m:f, replica: 2}\nexpect: {values: {r: 1}}\n"
    text += "main: [begin: a, start: all, join: [a, c], {show: b, ass: x}, {put: 1, into: qqq}]"

    assert [problem.message for problem in problems_of(text)] == [
        "there is no shared thing `qq`",
        "the name `b` is taken by the job in line 4",
        "unknown key `replica` in a `process` job",
        "there is no shared thing `r`",
        "unknown step `begin`",
        "there is no process or job named `c`",
        "unknown key `ass` in a `show` step",
        "there is no shared thing `qqq`",
    ]


def test_mistakes_in_main_are_reported_with_those_at_the_top() -> None:
    problems = problems_of(f"titel: x\n{JOB}  name: a\nmain: [begin: a, start: b]")

    assert [problem.message for problem in problems] == [
        "unknown key `titel` in the file",
        "unknown step `begin`",
        "there is no process or job named `b`",
    ]


@pytest.mark.parametrize(
    ("jobs", "name"),
    [
        ("- {name: a, replicas: x, target: m:f}", "a"),
        ("- {name: a, replicas: x, target: m:f}", "a-17"),
        ("- {nmae: a, target: m:f}", "a"),
        ("- {name: 'a-$index', target: m:f, daemn: 1}", "anything"),
        ("- {target: m:f, daemn: 1}", "Process-4"),
        ("- {class: 'm:Worker', daemn: 1}", "Worker-4"),
        ("- {class: 'm:Worker', daemn: 1}", "jobs[0]"),
        ("- {type: unknown, name: a}", "b"),
        ("- 17", "Process-1"),
        ("[]", "a"),
        ("{}", "a"),
    ],
)
def test_a_name_that_a_wrong_job_may_have_is_not_reported(jobs: str, name: str) -> None:
    problem = problem_of(f"jobs:\n{jobs}\nmain: [start: '{name}', join: '{name}']")

    assert "`" + name not in problem.message


@pytest.mark.parametrize("jobs", ["- {name: a, replicas: x, target: m:f}", "- 17", "- {name: b, target: m:f, x: 1}"])
def test_a_name_that_no_wrong_job_can_have_is_reported(jobs: str) -> None:
    problems = problems_of(f"jobs:\n{jobs}\nmain: [start: c]")

    assert problems[-1].message == "there is no process or job named `c`"


def test_names_steps_and_folders_are_told_together() -> None:
    problems = problems_of(f"{JOB}  name: a\n- {{name: a, target: m:f, cwd: none}}\nmain:\n- join: b")

    assert [problem.message.partition("`")[0] for problem in problems] == [
        "the name ",
        "the folder ",
        "there is no process or job named ",
    ]


@pytest.mark.parametrize(
    "more",
    ["args: ['${env.X}']", "args: ['${env.Y:-y}']", "env: {A: '${env.X}'}", "name: '${env.X}'", "cwd: /"],
)
def test_a_plan_that_the_environment_or_a_folder_had_a_part_in_does_not_last(more: str) -> None:
    assert not described(f"{JOB}  {more}", X="x").lasts


def test_a_plan_of_the_file_alone_lasts() -> None:
    assert described(f"{JOB}  args: [$name, $index, $pid, $$]\n  name: a$index", X="x").lasts


class LettersJob(JobModel):
    """Can only be where the environment has few variables."""

    type: Literal["letters"]
    most: int = 5

    @field_validator("most")
    @classmethod
    def _no_more(cls, most: int, info: ValidationInfo) -> int:
        environ = info.context["environ"] if info.context else {}
        if len(environ) > most:
            raise ValueError(f"too many: {', '.join(environ)}")
        return most


class Letters(JobType[LettersJob]):
    """The type of these jobs."""

    name = "letters"
    model = LettersJob

    def expand(self, job: LettersJob, label: str) -> Expansion:
        return Expansion((Draft(target="m:f"),))


def test_somebody_elses_type_may_look_at_the_whole_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(tmp_path, monkeypatch, letters=Letters)
    text = "jobs:\n- {type: letters, most: 2}"

    assert len(plan_of(text, A="a", B="b").processes) == 1
    assert problem_of(text, A="a", B="b", C="c").message == "`most`: value error, too many: A, B, C"


@pytest.mark.parametrize(
    ("process", "field", "line", "at"),
    [
        (0, "target", 3, "m:f"),
        (1, "target", 5, "m:g"),
        (2, "args[1]", 6, "two"),
        (2, "kwargs.a", 7, "b"),
        (0, "args[0]", 3, "target: m:f"),
        (2, "", 5, "target: m:g"),
        (None, "preload[1]", 1, "two"),
    ],
)
def test_what_is_found_later_is_shown_at_the_job_that_made_the_process(
    process: int | None, field: str, line: int, at: str
) -> None:
    second = "- target: m:g\n  args: [one, two]\n  kwargs: {a: b}\n  replicas: 2"
    result = described(f"preload: [one, two]\njobs:\n- target: m:f\n\n{second}")

    problem = result.problem(process, field, "no", "none", id="unknown-target")

    assert (problem.file, problem.line, marked(problem)) == (FILE, line, at)
    assert (problem.message, problem.help) == ("no", "none")


def test_the_garbage_collector_is_as_it_was_before() -> None:
    assert gc.isenabled()

    plan_of(JOB)
    problems_of("jobs: []")

    assert gc.isenabled()
    gc.disable()
    try:
        plan_of(JOB)
        assert not gc.isenabled()
    finally:
        gc.enable()


def test_a_plan_is_equal_to_that_of_the_same_file() -> None:
    text = f"{JOB}  replicas: 3\n- type: shared_counter"

    one: Plan = plan_of(text)

    assert one == plan_of(text)
    assert one != plan_of(text.replace("3", "2"))
