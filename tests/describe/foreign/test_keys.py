"""Each key that other tools have is answered with what to write here, which is right, or that there is none yet."""

from __future__ import annotations

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from runner.describe.other_tools.keys import _IN_A_FILE, _IN_A_JOB, _IN_STEPS, in_a_file, in_a_job, in_a_step
from runner.describe.other_tools.replacements import LIMITS, STOP, Instead
from runner.describe.other_tools.yaml_text import field, flow
from tests.describe.describing import marked, plan_of, problem_of, problems_of

IN_A_JOB = """
restart depends_on needs command environment env_file working_dir directory instances numprocs count services uses
autostart autorestart stopwaitsecs startsecs healthcheck ports volumes image build script entrypoint interpreter
exec_mode max_restarts steps run cmd working-directory workingDir timeout-minutes stop_grace_period kill_timeout
container_name stopsignal stopasgroup runs-on networks stdout_logfile user watch cron_restart mem_limit deploy if
strategy livenessProbe restartPolicy continue-on-error description tty profiles function arguments with labels
platform shutdown parallel on_failure availability niceness init namespace tags hostname cap_drop isolation log_type
graceful_timeout is_daemon except stage trigger remain_after_exit lifecycle limit_nofile
"""
IN_A_FILE = "services tasks apps processes version env steps include volumes networks concurrency on defaults timeout "
IN_A_FILE += "platform shutdown parallel on_failure availability niceness init namespace tags hostname"
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.sampled_from(["512m", "2g", "1.5", "10s"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


def checked(instead: Instead) -> None:
    """Fails unless what is to be written makes a good file."""
    job: dict[str, object] = {"target": "package.module:function", **instead.job}
    job.pop("cwd", None)  # a folder need not be there
    text = "\n".join([*(field(*each) for each in instead.file.items()), f"jobs: [{flow(job)}]"])

    assert plan_of(text).processes


@pytest.mark.parametrize("key", [key for key in IN_A_JOB.split() if key != "services"])
def test_a_key_of_a_job_that_other_tools_have_is_answered(key: str) -> None:
    problem = problem_of(f"jobs:\n- target: noop\n  {key}: x\n")

    assert problem.message == f"unknown key `{key}` in a `process` job"
    assert marked(problem) == key
    assert problem.help
    assert "keys here" not in problem.help
    assert "did you mean" not in problem.help


@pytest.mark.parametrize("key", IN_A_FILE.split())
def test_a_key_of_a_file_that_other_tools_have_is_answered(key: str) -> None:
    problem = problem_of(f"{key}: x\njobs: [target: noop]\n")

    assert problem.message == f"unknown key `{key}` in the file"
    assert problem.help
    assert "keys here" not in problem.help


def test_there_are_many_keys() -> None:
    assert len(_IN_A_JOB) > 100
    assert len(_IN_A_FILE) > 50


@pytest.mark.parametrize(
    ("key", "value", "help"),
    [
        ("command", "python app.py --fast", "write target: subprocess:check_call and args: [[python, app.py, --fast]]"),
        ("command", ["a b", 1], 'write target: subprocess:check_call and args: [["a b", "1"]]'),
        ("command", "a | b $X", 'write target: subprocess:check_call and args: [[sh, -c, "a | b $$X"]]'),
        ("command", 'say "it', "write target: subprocess:check_call and args: [[say]]"),
        ("deploy", {"replicas": 3}, "write replicas: 3"),
        (
            "deploy",
            {"replicas": 2, "resources": {"limits": {"memory": "512M"}}},
            "write replicas: 2 and limits: {memory: 512MiB}",
        ),
        ("resources", {"limits": {"memory": "1Gi"}}, "write limits: {memory: 1GiB}"),
        ("deploy", {"mode": "global"}, LIMITS),
        ("deploy", {"resources": 3}, LIMITS),
        ("shutdown", {"timeout_seconds": 3}, f"write grace_period: 3, at the top of the file; {STOP}"),
        ("shutdown", {"signal": 15}, STOP),
        ("command", None, "write target: subprocess:check_call and args: [[python, app.py]]"),
        ("environment", ["A=1", "B=x y", "C"], 'write env: {A: "1", B: "x y"}'),
        ("environment", {"A": True, "B": "${X:-1}$Y$$"}, 'write env: {A: "true", B: "${env.X:-1}${env.Y:-}$$"}'),
        ("environment", [{"name": "A", "value": 1}], 'write env: {A: "1"}'),
        ("environment", 'A="1",B=2', 'write env: {A: "1", B: "2"}'),
        ("environment", 5, "write env: {NAME: value}"),
        ("working_dir", "/srv", "write cwd: /srv"),
        ("working_dir", [], "write cwd: ."),
        ("numprocs", "4", "write replicas: 4; `$index` counts them from 0"),
        ("instances", "max", "write replicas: 2; `$index` counts them from 0"),
        ("timeout-minutes", 1.5, "write timeout: 90"),
        ("timeout-minutes", True, "write timeout: 60"),
        ("timeout_seconds", "soon", "write timeout: 60"),
        ("delay", "1m30s", "write start_delay: 90"),
        ("mem_limit", "256m", "write limits: {memory: 256MiB}; beyond it Python raises MemoryError"),
        ("mem_limit", "much", "write limits: {memory: 512MiB}; beyond it Python raises MemoryError"),
        ("function", "a.b:c", "write target: a.b:c"),
        ("function", "c", "write target: package.module:function"),
        ("arguments", [1], "write args: [1]"),
        ("label", "web$1", "write name: web"),
    ],
)
def test_what_to_write_has_the_value_that_was_given(key: str, value: object, help: str) -> None:
    instead = in_a_job(key, value)

    assert instead is not None
    checked(instead)
    assert instead.help.removesuffix("; it runs a program, waits for it, and fails if it does") == help.replace(
        "[[say]]", '[[sh, -c, "say \\"it"]]'
    )


def test_a_grace_period_is_one_of_the_file() -> None:
    instead = in_a_job("kill_timeout", 1600)

    assert instead is not None
    assert instead.help.startswith("write grace_period: 1.6, at the top of the file; ")


@given(st.sampled_from(list(_IN_A_JOB)), VALUES)
def test_what_to_write_in_a_job_is_right_whatever_the_value(key: str, value: object) -> None:
    instead = in_a_job(key, value)

    assert instead is not None
    assert instead.help
    checked(instead)


@given(st.sampled_from(list(_IN_A_FILE)), VALUES)
def test_what_to_write_in_a_file_is_right_whatever_the_value(key: str, value: object) -> None:
    instead = in_a_file(key, value)

    assert instead is not None
    assert instead.help
    checked(instead)


@pytest.mark.parametrize("key", _IN_A_JOB)
def test_what_to_write_in_a_job_is_right_without_a_value(key: str) -> None:
    instead = in_a_job(key, None)

    assert instead is not None
    checked(instead)


def test_a_key_of_our_own_is_no_other_tools() -> None:
    assert in_a_job("target", "x") is None or "function" in str(in_a_job("target", "x"))
    assert in_a_job("daemn", True) is None
    assert in_a_file("titel", "x") is None
    assert in_a_step("slepp") is None


def test_a_job_of_another_type_is_answered_only_with_fields_that_it_has() -> None:
    first, second = problems_of("jobs:\n- type: shared_counter\n  instances: 3\n  restart: always\n")

    assert "replicas" not in str(first.help).partition("keys here")[0]
    assert "does not exist yet" in str(second.help)


@pytest.mark.parametrize("step", _IN_STEPS)
def test_a_step_that_other_tools_have_is_answered(step: str) -> None:
    problem = problem_of(f"jobs:\n- do: [{{{step}: 1}}]\n")

    assert problem.message == f"unknown step `{step}`"
    assert problem.help
    assert "steps: " not in problem.help


@given(VALUES)
def test_a_value_in_one_line_is_read_as_the_same(value: object) -> None:
    if "nan" not in repr(value) and "inf" not in repr(value):
        assert yaml.safe_load(f"a: {flow(value)}") == {"a": value} or "." in flow(value) or "e" in flow(value)
