"""The edits of `try:`: what they say of themselves, what they change, and what is wrong with them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import assume, given
from hypothesis import strategies as st

from runner.describe.plan.edits import Edit, edits_of, problems_of_edits
from runner.describe.plan.overrides import apply
from runner.describe.plan.planning import describe
from runner.describe.yaml.loading import read
from runner.model.errors import InvalidFile
from tests.describe.describing import FILE, marked

if TYPE_CHECKING:
    from runner.model.errors import Problem

JOBS = "shared: {tasks: queue}\njobs:\n- {name: a, target: say, args: [hello]}\n"
GALLERY = Path(__file__).parents[2] / "jobs"


def edits(text: str) -> list[Edit]:
    return edits_of((JOBS + text).encode(), FILE)


def problems(text: str, **environ: str) -> list[Problem]:
    return problems_of_edits((JOBS + text).encode(), file=FILE, start_method=None, environ=environ)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", []),
        ("try: []", []),
        ("try: [{title: More, jobs.a.replicas: 2}]", [Edit("More", ('title="More"', "jobs.a.replicas=2"))]),
        (
            "try: [{jobs.a.replicas: 2, expect.deadlock: false}, {shared.tasks: {queue: 1}}]",
            [
                Edit("jobs.a.replicas: 2", ("jobs.a.replicas=2", "expect.deadlock=false")),
                Edit('shared.tasks: {"queue": 1}', ('shared.tasks={"queue": 1}',)),
            ],
        ),
        (
            "try: [{title: 5, jobs.a.daemon: true}]",
            [Edit("title: 5; jobs.a.daemon: true", ("title=5", "jobs.a.daemon=true"))],
        ),
        (
            'try: [{a: [.inf, -.inf, .nan], b: {1: x, null: "\\x85\\u2028"}}]',
            [
                Edit(
                    'a: [.inf, -.inf, .nan]; b: {1: "x", null: "\\u0085\\u2028"}',
                    ("a=[.inf, -.inf, .nan]", 'b={1: "x", null: "\\u0085\\u2028"}'),
                )
            ],
        ),
        ("try: [{expect.deadlock: true}]", [Edit("expect.deadlock: true", ("expect.deadlock=true",))]),
    ],
)
def test_an_edit_is_told_by_its_title_or_by_what_it_changes(text: str, found: list[Edit]) -> None:
    assert edits(text) == found


@pytest.mark.parametrize(
    ("text", "at", "message", "help"),
    [
        ("- {jobs.b.daemon: true}", "jobs.b.daemon", "there is no job named `b`", "jobs: `a`"),
        ("- {jobs.a.replicas: 0}", "jobs.a.replicas", "`replicas`: must be at least 1, not 0", None),
        (
            "- {title: No, jobs.a.args: ['$nmae']}",
            "jobs.a.args",
            "unknown placeholder `$nmae`",
            "did you mean `$name`?",
        ),
        (
            "- {'jobs.a.': 1}",
            "'jobs.a.'",
            "a step of the path is expected here",
            "PATH=VALUE, such as grace_period=1, jobs[0].args[1]=x, jobs.NAME.join_timeout=2",
        ),
        (
            "- {expect.values.tsks: []}",
            "expect.values.tsks",
            "there is no shared thing `tsks`",
            "did you mean `tasks`?",
        ),
    ],
)
def test_what_is_wrong_with_an_edit_is_shown_at_its_path(text: str, at: str, message: str, help: str | None) -> None:
    (problem,) = problems(f"try:\n- {{title: A right one}}\n{text}")

    assert (problem.file, problem.line, marked(problem)) == (FILE, 6, at)
    assert (problem.message, problem.help) == (f"this edit makes the file wrong: {message}", help)


def test_what_an_edit_makes_wrong_elsewhere_is_shown_at_the_edit() -> None:
    (problem,) = problems("main: [{start: a}]\ntry: [{title: Another name, jobs.a.name: b}]")

    assert (problem.line, marked(problem)) == (5, "{title: Another name, jobs.a.name: b}")
    assert problem.message == "this edit makes the file wrong: there is no process or job named `a`"


def test_all_that_is_wrong_with_all_edits_is_told() -> None:
    found = problems("try:\n- {jobs.a.replicas: 0, jobs.a.daemn: true}\n- {mp_log: loud}")

    assert [(problem.line, marked(problem)) for problem in found] == [
        (5, "jobs.a.replicas"),
        (5, "jobs.a.daemn"),
        (6, "mp_log"),
    ]


def test_of_one_edit_only_what_is_wrong_with_it_is_told_with_what_is_set_before() -> None:
    text = (JOBS + "try:\n- {jobs.a.replicas: 0}\n- {jobs.a.timeout: 9}").encode()

    def wrong(*overrides: str) -> list[Problem]:
        return problems_of_edits(text, file=FILE, number=2, overrides=overrides, start_method=None, environ={})

    assert wrong() == []
    (problem,) = wrong("jobs.a.terminate_after=9")
    assert (problem.line, marked(problem)) == (6, "jobs.a.timeout")


def test_edits_are_checked_with_the_environment_and_the_start_method() -> None:
    text = "try: [{jobs.a.args: ['${env.X}']}]"

    assert problems(text, X="x") == []
    (problem,) = problems(text)
    assert problem.message.endswith("the environment variable `X` is not set")
    with_method = problems_of_edits((JOBS + text).encode(), file=FILE, start_method="spawn", environ={"X": ""})
    assert with_method == []


keys = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=8)
values = st.recursive(
    keys, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3), max_leaves=8
)


@given(values)
def test_an_edit_puts_in_what_the_file_says(value: Any) -> None:
    """Whatever is in it: keys that are no text, infinity, characters that a terminal does not show."""
    written = yaml.safe_dump({"jobs": [], "try": [{"x": value}]}, sort_keys=False, width=10_000).encode()
    try:
        document = read(written, FILE)
    except InvalidFile:  # keys that are equal
        assume(False)
    said = document.value["try"][0]["x"]

    (edit,) = edits_of(written, FILE)

    assert repr(apply(document, edit.overrides).value["x"]) == repr(said)


@pytest.mark.parametrize("file", sorted(GALLERY.rglob("*.yaml")), ids=lambda file: file.stem)
def test_every_edit_of_the_gallery_changes_what_is_run(file: Path) -> None:
    text = file.read_bytes()
    plan = describe(text, file=str(file), environ={}).plan

    assert problems_of_edits(text, file=str(file), start_method=None, environ={}) == []
    for edit in edits_of(text, str(file)):
        assert describe(text, file=str(file), overrides=edit.overrides, environ={}).plan != plan
