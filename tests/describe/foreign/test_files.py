"""A whole file of another tool gets one answer: the file to write instead, which is right."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from runner.describe.other_tools.entries import Entry, environment, job_name, job_of
from runner.describe.other_tools.yaml_text import file_lines
from runner.describe.plan.other_tools_files import of_text, of_value
from runner.describe.plan.planning import describe
from runner.model.errors import InvalidFile, Problem
from tests.describe.describing import plan_of

COMPOSE = """
services:
  web: {build: ., command: python app.py, environment: [A=1, B], ports: ['80:80'], depends_on: [db], working_dir: /app}
  db: {image: 'postgres:16', restart: always, deploy: {replicas: 2}}
  own: {build: .}
volumes: {data: {}}
"""
WORKFLOW = """
on: push
jobs:
  build:
    runs-on: ubuntu-latest
    env: {CI: true}
    timeout-minutes: 10
    steps: [{uses: actions/checkout@v4}, {run: make, env: {A: b}}, {run: make test}]
  lint: {needs: build, steps: [{run: ruff check}]}
  other: {uses: ./.github/workflows/x.yml}
"""
PM2 = """{"apps": [
  {"name": "api", "script": "api.js", "instances": 4, "exec_mode": "cluster", "env": {"PORT": 80}},
  {"script": "work.py", "interpreter": "python3", "args": "--fast -v", "max_restarts": 3},
  {"name": "bin", "script": "./run", "interpreter": "none"}]}"""
KUBERNETES = """
apiVersion: apps/v1
kind: Deployment
spec:
  replicas: 3
  template: {spec: {containers: [{name: web, image: x, command: [python], args: [app.py], env: [{name: A, value: b}]}]}}
"""
GITLAB = """
stages: [test]
unit: {stage: test, script: [pip install ., pytest]}
"""
PROCFILE = "web: gunicorn app:app --bind 0.0.0.0:$PORT\nworker: python worker.py\n"
SUPERVISORD = """
[supervisord]
nodaemon=true
[program:web]
command=python app.py ; the server
numprocs=2
environment=A="1",B="2"
autorestart=true
"""
SYSTEMD = "[Unit]\nAfter=network.target\n[Service]\nExecStart=/usr/bin/python3 app.py\nRestart=always\n"
CIRCUS = "[watcher:web]\ncmd = python\nargs = -m http.server\nnumprocesses = 3\n"
MERGED = "x: &x {restart: always}\nservices: {web: {<<: *x, command: [python, app.py]}}\n"
BY_NAME = "jobs:\n  web: {target: say, args: [hi]}\n  all: {command: python app.py}\n  empty: {}\n"


def problem_of(text: str, name: str = "file.yaml") -> Problem:
    """The one problem of a file."""
    with pytest.raises(InvalidFile) as caught:
        describe(text.encode(), file=name, environ={})
    (problem,) = caught.value.problems
    return problem


def converted(problem: Problem) -> str:
    """The file that is to be written instead."""
    lines = str(problem.help).split("\n")
    return "\n".join(line[2:] for line in lines if line.startswith("  "))


@pytest.mark.parametrize(
    ("text", "name", "what", "names"),
    [
        (COMPOSE, "docker-compose.yml", "a Compose file", ["web", "db", "own"]),
        (MERGED, "compose.yaml", "a Compose file", ["web"]),
        (WORKFLOW, "ci.yml", "a workflow of GitHub Actions", ["build", "lint"]),
        (PM2, "pm2.json", "an ecosystem file of PM2", ["api-0", "api-1", "api-2", "api-3", "job-1", "bin"]),
        (KUBERNETES, "k8s.yaml", "a manifest of Kubernetes (Deployment)", ["web-0", "web-1", "web-2"]),
        (GITLAB, ".gitlab-ci.yml", "a pipeline of GitLab", ["unit"]),
        (PROCFILE, "Procfile", "a Procfile", ["web", "worker"]),
        ("web: python -c 'print: 1' # x\nw: 'a': b\n", "Procfile", "a Procfile", ["web", "w"]),
        ("web: serve\n", "Procfile.dev", "a Procfile", ["web"]),
        (SUPERVISORD, "supervisord.conf", "an ini file of supervisord", ["web-0", "web-1"]),
        (CIRCUS, "circus.ini", "an ini file of circus", ["web-0", "web-1", "web-2"]),
        (SYSTEMD, "web.service", "a unit of systemd", ["service"]),
        ("procs: {a: {shell: 'ls | wc'}, b: {cmd: [ls, -l]}}", "mprocs.yaml", "a file of mprocs", ["a", "b"]),
        ("processes: {a: {command: ls}, a$: {command: ls}}", "x.yaml", "a file of process-compose", ["a", "a-2"]),
        ("version: 3\ntasks: {build: {cmds: [make, {cmd: ls}]}}", "Taskfile.yml", "a file of tasks", ["build"]),
        ('{"scripts": {"start": "node app.js"}}', "package.json", "a package.json", ["start"]),
        ("web: {command: ls}\nother: {run: ls}\n", "x.yaml", "a mapping of names to what they run", ["web", "other"]),
        ("import os\ndef main(): print(os)\n", "my-app.py", "a Python script", ["my_app"]),
        ("print('hello')", "hello.py", "a Python script", ["hello"]),
        ("from a import b\nb()", "stdin", "a Python script", ["stdin"]),
    ],
)
def test_a_file_of_another_tool_gets_one_answer_which_is_a_good_file(
    text: str, name: str, what: str, names: list[str]
) -> None:
    problem = problem_of(text, name)

    assert problem.message == f"this is {what}, which run-jobs does not read"
    assert [process.name for process in plan_of(converted(problem)).processes] == names


def test_what_has_no_counterpart_is_named() -> None:
    assert str(problem_of(COMPOSE).help).split("\n")[-1] == (
        "left out, without a counterpart: `build`, `ports`, `depends_on`, `working_dir`, `restart`, `deploy`, `volumes`"
    )


def test_what_a_job_says_is_kept() -> None:
    (build, lint) = yaml.safe_load(converted(problem_of(WORKFLOW)))["jobs"]

    assert build["args"] == [["sh", "-ec", "make\nmake test"]]
    assert (build["env"], build["timeout"]) == ({"CI": "true", "A": "b"}, 600)
    assert lint["name"] == "lint"


def test_jobs_by_name_are_shown_as_the_list_that_they_should_be() -> None:
    problem = problem_of(BY_NAME)

    assert (problem.line, problem.message) == (2, "`jobs`: expected a list, found a mapping")
    web, other = yaml.safe_load(converted(problem))["jobs"]
    assert web == {"name": "web", "target": "say", "args": ["hi"]}
    assert other["args"] == [["python", "app.py"]]
    assert "`empty`" in str(problem.help)


def test_of_many_jobs_the_first_ones_are_shown() -> None:
    problem = problem_of("".join(f"p{number}: python app.py\n" for number in range(12)), "Procfile")

    assert "and so on: these are 8 of 12 jobs" in str(problem.help)
    assert len(plan_of(converted(problem)).processes) == 8


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("module.exports = {apps: [{name: 'a', script: 'a.js'}]}\n", "an ecosystem file of PM2 in JavaScript"),
        ("[program:x]\nno key above\n[[\n=x\n", "an ini file"),
    ],
)
def test_what_is_not_converted_is_named_at_least(text: str, what: str) -> None:
    problem = problem_of(text)

    assert problem.message == f"this is {what}, which run-jobs does not read"
    assert problem.help


@pytest.mark.parametrize(
    "value",
    [
        {},
        {"title": "x"},
        {"jbos": [{"target": "noop"}]},
        {"jobs": [{"target": "noop"}], "services": {"a": {"command": "b"}}},
        {"jobs": {}},
        {"services": None},
        {"title": "x y"},
        {"a": 1},
        {1: "a b"},
        {"shared": {"a": {"run": 1}}},
        {"a": {"b": 1}},
        [{"target": "noop"}],
        "text",
        None,
    ],
)
def test_what_is_ours_or_nobodys_is_not_taken_for_another_tools(value: object) -> None:
    assert of_value(value, "jobs.yaml") is None


@pytest.mark.parametrize("text", ["", "jobs:\n- {target: noop\n", "a: b: c\n- d", "# nothing\n", "jobs: [\n"])
def test_a_text_that_is_nobodys_is_not_taken_for_another_tools(text: str) -> None:
    assert of_text(text, "jobs.yaml") is None


WORDS = """
services apps tasks processes jobs on steps run uses command entrypoint script args image build name env environment
replicas instances cwd directory timeout-minutes cmds apiVersion kind spec template containers stages stage target
interpreter web
"""


@pytest.mark.parametrize("text", ["jobs: [{<<: 5}]", "jobs: [{target: noop, <<: {a: 1}}]"])
def test_merged_mappings_of_a_file_of_ours_are_still_an_error(text: str) -> None:
    assert problem_of(text).message.startswith("merge keys")


def test_a_folder_is_kept_unless_it_is_one_of_a_container() -> None:
    entry = {"command": "ls", "directory": "/srv/$x", "replicas": 1}

    assert job_of("a", entry) == Entry(
        {"name": "a", "target": "subprocess:check_call", "args": [["ls"]], "cwd": "/srv/$$x"}
    )
    inside = job_of("a", entry, in_a_container=True)
    assert inside is not None
    assert inside.left_out == ("directory",)


@pytest.mark.parametrize(("name", "label"), [("a$b", "ab"), ("all", "job all"), ("", "job"), ("a\n", "a")])
def test_a_job_gets_a_name_that_it_can_have(name: str, label: str) -> None:
    assert job_name(name) == label


KEYS = st.sampled_from(WORDS.split())
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=6) | st.sampled_from(["python app.py", "A=1", "a|b"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(KEYS, VALUES, max_size=4))
def test_whatever_a_file_is_its_jobs_can_be_written(value: dict[str, object]) -> None:
    foreign = of_value(value, "file.yaml")

    if foreign is not None:
        assert foreign.help
        assert foreign.said
        assert file_lines({}, list(foreign.jobs))


@given(VALUES)
def test_whatever_an_entry_is_its_job_is_a_good_one(value: object) -> None:
    made = job_of("web", value)

    if made is not None:
        job = {key: item for key, item in made.job.items() if key != "cwd"}
        assert plan_of("\n".join(file_lines({}, [job]))).processes


@given(st.text(max_size=80) | st.text("[]programwatch:=\n \"'#;", max_size=80))
def test_any_text_is_looked_at(text: str) -> None:
    foreign = of_text(text, "x")

    assert foreign is None or foreign.help


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ({"entrypoint": ["sh"], "command": "-c ls"}, ["sh", "-c", "ls"]),
        ({"entrypoint": "run.sh", "args": [1]}, ["run.sh", "1"]),
        ({"command": "ls", "args": "-l"}, ["ls", "-l"]),
        ({"run": "ls"}, ["ls"]),
        ({"script": "a.sh"}, ["bash", "a.sh"]),
        ({"script": "a"}, ["a"]),
        ({"script": ["a", "b"]}, ["sh", "-ec", "a\nb"]),
        ({"shell": "a | b"}, ["sh", "-c", "a | b"]),
        ({"image": "x"}, ["docker", "run", "--rm", "x"]),
        ({"build": "."}, ["docker", "compose", "run", "--rm", "web"]),
        ("A=1 ls", ["sh", "-c", "A=1 ls"]),
    ],
)
def test_the_program_of_an_entry_is_found(entry: object, words: list[str]) -> None:
    made = job_of("web", entry)

    assert made is not None
    assert made.job["args"] == [words]


def test_what_is_no_variable_is_left_out() -> None:
    assert environment(["1A=2", "B=3", "C"]) == {"B": "3"}
    assert environment({"A": [1], 5: "x"}) is None
