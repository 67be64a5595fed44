"""Steps in words."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.describe.fields.placeholders import encode
from runner.describe.steps.step_types import STEPS
from runner.report.terminal.step_words import in_words, one, written
from tests.describe.describing import plan_of

SHARED = "shared: {door: lock, bell: condition, go: event, tasks: queue, chores: joinable_queue, total: value, \
ages: dict, names: list, weather: namespace, numbers: {array: 3}}\n"


def step_of(text: str) -> Any:
    """The last of these steps, as the plan has it."""
    (process,) = plan_of(f"{SHARED}jobs:\n- do: [{text}]").processes
    assert process.do is not None
    return process.do[-1]


@pytest.mark.parametrize(
    ("step", "words"),
    [
        ("print: hello", "print hello"),
        ("print: [$total, 'of $pid', {a: null}]", "print [$total, of $pid, {a: nothing}]"),
        ("sleep: 90", "sleep 1m30s"),
        ("spin: 500ms", "keep a processor busy for 500 ms"),
        ("exit", "exit with 0"),
        ("raise: ValueError", "raise ValueError"),
        ("{raise: ValueError, message: no $pid}", "raise ValueError: no $pid"),
        ("return", "return nothing"),
        ("crash", "die of SIGSEGV"),
        ("hang", "wait for ever"),
        ("ignore: SIGTERM", "ignore SIGTERM from now on"),
        ("acquire: door", "acquire door"),
        ("{acquire: door, timeout: 1, as: got}", "acquire door, at most 1 s, as $got"),
        ("{acquire: door, timeout: 0}", "acquire door, at most 0 s"),
        ("release: door", "release door"),
        ("wait: go", "wait for go"),
        ("notify: bell", "notify bell"),
        ("notify_all: bell", "notify all processes that wait for bell"),
        ("set: go", "set go"),
        ("clear: go", "clear go"),
        ("{put: 1, into: tasks}", "put 1 into tasks"),
        ("{get: tasks, as: item}", "get an item from tasks, as $item"),
        ("task_done: chores", "mark an item of chores as done"),
        ("join_queue: chores", "wait until every item of chores is done"),
        ("{add: 1, to: total}", "add 1 to total"),
        ("{add: 1, to: total, times: 5_000}", "add 1 to total, 5,000 times"),
        ("{add: 1, to: numbers}", "add 1 to numbers[0]"),
        ("{add: 1, to: ages, at: Bo}", "add 1 to ages[Bo]"),
        ("{get: tasks, as: n}, {write: 1, to: names, at: $n}", "write 1 into names[$n]"),
        ("{write: blue, to: weather, at: sky}", "write blue into weather.sky"),
        ("{append: x, to: names}", "append x to names"),
    ],
)
def test_each_step_is_told(step: str, words: str) -> None:
    assert one(step_of(step)) == words


@pytest.mark.parametrize("name", STEPS)
def test_every_step_has_words(name: str) -> None:
    assert one(step_of(STEPS[name].example))


def test_steps_within_others_stand_below_them() -> None:
    steps = [step_of("{with: door, do: [{repeat: 3, do: [hang]}, print: a]}"), step_of("{child: c, do: [hang]}")]

    assert list(in_words(steps, "> ")) == [
        "> with door:",
        ">   repeat, 3 times:",
        ">     wait for ever",
        ">   print a",
        "> start a child c that does:",
        ">   wait for ever",
    ]


def test_a_round_is_told_without_its_number() -> None:
    assert one(step_of("{repeat: 1, as: n, do: [hang]}")) == "repeat, as $n"


texts = st.text("ab ", max_size=3)
values = st.recursive(
    st.booleans() | st.integers() | texts | st.sampled_from(["$name", "$pid", "a $tasks b"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=2),
    max_leaves=5,
)


@given(values)
def test_a_value_is_written_with_the_placeholders_that_the_file_has(value: Any) -> None:
    def plain(value: Any) -> str:
        if isinstance(value, list):
            return f"[{', '.join(map(plain, value))}]"
        if isinstance(value, dict):
            return "{" + ", ".join(f"{key}: {plain(item)}" for key, item in value.items()) + "}"
        return str(value)

    assert written(encode(value)) == plain(value)
