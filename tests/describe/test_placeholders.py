"""Placeholders: what they become, and what is said about those that mean nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.describe.fields.placeholders import IN_ARGUMENTS, IN_TEXT, BadPlaceholder, check, encode, fill, fill_text
from runner.model.arguments import resolve
from tests.describe.describing import marked, plan_of, problem_of

if TYPE_CHECKING:
    from runner.model.json_types import Json

KNOWN: dict[str, int | str] = {"name": "worker-3", "index": 3}
ENVIRON = {"SET": "from outside", "EMPTY": "", "DOLLAR": "$name"}
LATER = {"pid": 4711}

plain = st.text(st.characters(exclude_characters="$", exclude_categories=["Cs"]), min_size=1)
defaults = st.text(st.characters(exclude_characters="{}", exclude_categories=["Cs"]), max_size=5)
placeholders = st.one_of(
    st.sampled_from(
        [
            ("$name", "worker-3"),
            ("${name}", "worker-3"),
            ("$index", 3),
            ("${index}", 3),
            ("$pid", 4711),
            ("${pid}", 4711),
            ("${env.SET}", "from outside"),
            ("${env.EMPTY}", ""),
            ("${env.SET:-unused}", "from outside"),
            ("${env.DOLLAR}", "$name"),
        ]
    ),
    defaults.map(lambda text: (f"${{env.UNSET:-{text}}}", text)),
)
pieces = st.one_of(
    plain.map(lambda text: (text, text)),
    st.just(("$$", "$")),
    placeholders.map(lambda pair: (f"{pair[0]} ", f"{pair[1]} ")),  # a name ends where a space is
)


def value_of(value: object) -> object:
    """What a target gets for a value of a file."""
    return resolve(fill(encode(value), KNOWN, ENVIRON), LATER.__getitem__)


@given(plain | st.just(""))
def test_text_without_a_dollar_sign_is_what_it_is(text: str) -> None:
    assert encode(text) == text
    assert fill_text(text, KNOWN, ENVIRON) == text


@given(st.text())
def test_two_dollar_signs_stand_for_one(text: str) -> None:
    doubled = text.replace("$", "$$")

    assert encode(doubled) == text
    assert fill_text(doubled, KNOWN, ENVIRON) == text


@given(st.lists(pieces, min_size=1))
def test_placeholders_in_text_become_their_values(written: list[tuple[str, str]]) -> None:
    text = "".join(source for source, _ in written)

    assert value_of(text) == "".join(value for _, value in written)


@given(placeholders)
def test_a_placeholder_that_is_the_whole_text_keeps_its_type(pair: tuple[str, object]) -> None:
    source, value = pair

    found = value_of(source)

    assert found == value
    assert type(found) is type(value)


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | plain,
        lambda inner: (
            st.lists(inner, max_size=3) | st.dictionaries(st.none() | st.integers() | st.text(), inner, max_size=3)
        ),
        max_leaves=8,
    )
)
def test_a_value_without_placeholders_arrives_as_it_is(value: object) -> None:
    assert value_of(value) == value


def test_placeholders_are_found_at_any_depth_and_keys_are_left_alone() -> None:
    assert value_of({1: ["$index", {"$name": "is $name"}], "1": "$pid"}) == {
        1: [3, {"$name": "is worker-3"}],
        "1": 4711,
    }


def test_only_the_child_knows_the_pid() -> None:
    encoded = fill(encode(["$pid", "$name has $pid"]), KNOWN, ENVIRON)

    assert encoded == [{"ref": "pid"}, {"text": ["worker-3", " has ", {"ref": "pid"}]}]


def test_what_is_not_known_yet_stays() -> None:
    assert fill_text("w-${index}-$name", {}, ENVIRON) == "w-${index}-$name"
    assert fill(encode("$name"), {}, ENVIRON) == {"ref": "$name"}


def test_what_is_put_after_an_unknown_placeholder_does_not_lengthen_its_name() -> None:
    assert fill_text("$index${env.SET}", {}, ENVIRON) == "${index}from outside"


def test_a_file_gives_names_indices_and_variables_to_its_targets() -> None:
    plan = plan_of(
        """
jobs:
- name: w
  target: m:f
  replicas: 2
  args: [$name, $index, 'a$$b', '${env.HOST}:${env.PORT:-80}']
  kwargs: {where: ['${env.HOST}']}
  env: {NUMBER: '$index', PRICE: $$5}
""",
        HOST="here",
    )

    expected: list[tuple[Json, ...]] = [(f"w-{index}", index, "a$b", "here:80") for index in (0, 1)]
    assert [process.args for process in plan.processes] == expected
    assert [process.kwargs for process in plan.processes] == [{"where": ["here"]}] * 2
    assert [process.env for process in plan.processes] == [{"NUMBER": str(i), "PRICE": "$5"} for i in (0, 1)]


@pytest.mark.parametrize("value", [object(), (1,), b"bytes"])
def test_what_no_file_holds_cannot_be_encoded(value: object) -> None:
    with pytest.raises(TypeError, match="not a value of a file"):
        encode(value)


@pytest.mark.parametrize(
    ("text", "at", "message", "help"),
    [
        ("costs $ 5", "$", "`$` begins a placeholder, and no name follows", "write $$ for a dollar sign"),
        ("${}", "$", "`$` begins a placeholder, and no name follows", "write $$ for a dollar sign"),
        ("$5", "$", "`$` begins a placeholder, and no name follows", "write $$ for a dollar sign"),
        ("${open", "$", "`$` begins a placeholder, and no name follows", "write $$ for a dollar sign"),
        ("a $$ $nme b", "$nme", "unknown placeholder `$nme`", "did you mean `$name`?"),
        ("${indx}", "${indx}", "unknown placeholder `$indx`", "did you mean `$index`?"),
        (
            "$xyz",
            "$xyz",
            "unknown placeholder `$xyz`",
            "placeholders here: $name, $index, $pid, ${env.NAME}; a dollar sign is written $$",
        ),
        ("$env", "$env", "`${env}` is not `${env.NAME}`", "write ${env.NAME}, or ${env.NAME:-default}"),
        ("${env.A B}", "${env.A B}", "`${env.A B}` is not `${env.NAME}`", "write ${env.NAME}, or ${env.NAME:-default}"),
        (
            "at ${env.UNSET}",
            "${env.UNSET}",
            "the environment variable `UNSET` is not set",
            "set it, or give a default: ${env.UNSET:-text}",
        ),
    ],
)
def test_a_placeholder_that_means_nothing_is_shown_where_it_is(text: str, at: str, message: str, help: str) -> None:
    problem = problem_of(f"jobs:\n- target: m:f\n  args: [1, ['{text}']]")

    assert (problem.message, problem.help, marked(problem)) == (message, help, at)


@pytest.mark.parametrize("field", ["name: w$pid", "cwd: x$pid", "env: {A: x$pid}"])
def test_the_pid_has_a_meaning_in_arguments_only(field: str) -> None:
    problem = problem_of(f"jobs:\n- target: m:f\n  {field}")

    assert problem.message == "`$pid` has a meaning only in `args`, `kwargs` and values of `do`"
    assert problem.help == "here: $index, ${env.NAME}"
    assert marked(problem) == "$pid"


@pytest.mark.parametrize(
    ("text", "message", "help"),
    [
        ("a $index", "`$index` has a meaning only in `args`, `kwargs` and values of `do`", "here: ${env.NAME}"),
        (
            "a $other",
            "unknown placeholder `$other`",
            "placeholders here: ${env.NAME}; a dollar sign is written $$",
        ),
    ],
)
def test_text_may_be_allowed_to_hold_nothing_but_variables(text: str, message: str, help: str | None) -> None:
    check("${env.SET} $$", (), ENVIRON)

    with pytest.raises(BadPlaceholder) as caught:
        check(text, (), ENVIRON)
    assert (str(caught.value), caught.value.help, caught.value.offset, caught.value.width) == (message, help, 2, 6)


def test_where_no_environment_is_known_any_variable_may_be() -> None:
    check("$name ${env.UNSET}", IN_ARGUMENTS, None)

    with pytest.raises(BadPlaceholder, match="UNSET"):
        check("${env.UNSET}", IN_TEXT, {})
