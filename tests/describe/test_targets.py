"""Import paths: written in two ways, and the built-in workers by their names alone."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner import workers
from runner.describe.fields.targets import BadTarget, built_in, built_in_names, normalized_class, normalized_target
from tests.describe.describing import marked, problem_of

identifiers = st.from_regex(r"[a-zA-Z_é][a-zA-Z0-9_é]{0,5}", fullmatch=True).filter(lambda word: word != "py")
dotted = st.lists(identifiers, min_size=1, max_size=3).map(".".join)

RUNS = "it runs a program, waits for it, and fails if it does"


@given(module=dotted, name=identifiers)
def test_a_dot_and_a_colon_mean_the_same(module: str, name: str) -> None:
    assert normalized_target(f"{module}.{name}") == normalized_target(f"{module}:{name}") == f"{module}:{name}"
    assert normalized_class(f"{module}.{name}") == normalized_class(f"{module}:{name}") == f"{module}:{name}"


@given(module=dotted, name=dotted)
def test_what_stands_after_a_colon_may_be_inside_of_a_class(module: str, name: str) -> None:
    assert normalized_target(f"{module}:{name}") == f"{module}:{name}"


@given(st.text() | st.text(alphabet="ab.:/py "))
def test_whatever_is_written_a_target_is_an_import_path_or_refused(text: str) -> None:
    try:
        module, colon, name = normalized_target(text).partition(":")
    except BadTarget as error:
        refused: BadTarget | None = error
    else:
        refused = None

    if refused is None:
        assert colon
        assert all(part.isidentifier() for part in (*module.split("."), *name.split(".")))
    else:
        assert refused.help


@pytest.mark.parametrize("name", workers.__all__)
def test_a_built_in_worker_is_named_with_or_without_its_module(name: str) -> None:
    assert normalized_target(name) == f"runner.workers:{name}"
    assert built_in(name) is built_in(f"runner.workers:{name}") is getattr(workers, name)
    assert name in built_in_names()


@pytest.mark.parametrize("name", ["", "nobody", "_MIB", "time", "package.module:noop", "runner.workers:time"])
def test_nothing_else_is_a_built_in_worker(name: str) -> None:
    assert built_in(name) is None


@pytest.mark.parametrize(
    ("text", "message", "help"),
    [
        ("work.py", "`work.py` is a file, not a module", "write work:function"),
        ("work.py:main", "`work.py:main` is a file, not a module", "write work:main"),
        ("lib/work.py:main", "`lib/work.py:main` is a file, not a module", "write lib.work:main"),
        ("./app/jobs/work.py:main", "`./app/jobs/work.py:main` is a file, not a module", "write app.jobs.work:main"),
        ("app/__init__.py:main", "`app/__init__.py:main` is a file, not a module", "write app:main"),
        (
            "my-app/lib/work.py:main",
            "`my-app/lib/work.py:main` is a file, not a module",
            "write lib.work:main, and add the folder my-app to PYTHONPATH",
        ),
        (
            "/srv/work.py:main",
            "`/srv/work.py:main` is a file, not a module",
            "write work:main, and add the folder /srv to PYTHONPATH",
        ),
        ("./work:main", "`./work:main` is a file, not a module", "write work:main"),
        (
            "uvicorn app:app",
            "`uvicorn app:app` is a command, not an import path",
            f'write target: subprocess:check_call and args: [[uvicorn, "app:app"]]; {RUNS}',
        ),
        (
            "./run.sh",
            "`./run.sh` is a command, not an import path",
            f"write target: subprocess:check_call and args: [[./run.sh]]; {RUNS}",
        ),
        ("a:b:c", "`a:b:c` is not an import path", "write package.module:function"),
        ("a:", "`a:` is not an import path", "write package.module:function"),
        (":a", "`:a` is not an import path", "write package.module:function"),
        ("a..b", "`a..b` is not an import path", "write package.module:function"),
        ("1.x", "`1.x` is not an import path", "write package.module:function"),
        (
            "slep",
            "there is no built-in worker `slep`",
            "did you mean `sleep`?\nfor your own function, write module:function",
        ),
    ],
)
def test_a_target_that_is_no_import_path_is_refused_with_what_to_write(text: str, message: str, help: str) -> None:
    problem = problem_of(f"jobs:\n- target: '{text}'")

    assert (problem.message, problem.help, marked(problem)) == (message, help, f"'{text}'")


def test_of_a_name_like_no_built_in_worker_all_are_told() -> None:
    problem = problem_of("jobs:\n- target: ''")

    assert problem.message == "there is no built-in worker ``"
    assert problem.help is not None
    assert all(f"`{name}`" in problem.help for name in workers.__all__)


@pytest.mark.parametrize(
    ("text", "message", "help"),
    [
        ("Counter", "`Counter` names no module", "write package.module:Counter"),
        ("", "`` names no module", "write package.module:Class"),
        ("a b:C", "`a b:C` is not an import path", "write package.module:Class"),
        ("work.py:C", "`work.py:C` is a file, not a module", "write work:C"),
        ("lib/work.py", "`lib/work.py` is a file, not a module", "write lib.work:Class"),
    ],
)
def test_a_class_is_always_named_with_its_module(text: str, message: str, help: str) -> None:
    problem = problem_of(f"jobs:\n- class: '{text}'")

    assert (problem.message, problem.help, marked(problem)) == (message, help, f"'{text}'")
