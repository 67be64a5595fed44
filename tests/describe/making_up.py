"""Strategies of hypothesis for what a file declares of shared things: `shared:`, `do:`, `expect:` and `try:`."""

from __future__ import annotations

import re
from typing import Any

from hypothesis import strategies as st

from runner.describe.steps.step_types import GUARDS, NUMBERED, PLACED, QUEUES, UNSENT
from runner.describe.steps.thing_kinds import WITHOUT_VALUE

Fields = dict[str, Any]
Made = st.SearchStrategy[Any]

words = st.text("abcdefghij", min_size=1, max_size=6)
NUMBER = re.compile(r"[-+.0-9]+[eE][-+0-9]+|0o[0-7]+")
"""What PyYAML, which writes YAML 1.1, does not put in quotes."""
characters = st.characters(exclude_characters="$\0", exclude_categories=["Cs", "Cc"])
texts = st.text(characters, max_size=10).filter(lambda text: not NUMBER.fullmatch(text))
durations = (
    st.integers(0, 100) | st.floats(0, 1e6) | st.sampled_from(["500ms", "1.5s", "1m30s", "2h", "0s", "1d2h3m4s5ms"])
)
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**6), 10**6) | st.floats(allow_nan=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
traces: Made = st.just({}) | st.builds(lambda trace: {"trace": trace}, st.booleans())
numbers = st.integers(-100, 100) | st.booleans() | st.floats(-1e6, 1e6)
attributes = st.dictionaries(words, values, max_size=3)

ARGUMENTS: dict[str, Made] = {
    "lock": st.none(),
    "rlock": st.none(),
    "condition": st.none(),
    "semaphore": st.none() | st.integers(0, 9),
    "bounded_semaphore": st.none() | st.integers(0, 9),
    "event": st.none() | st.booleans(),
    "barrier": st.integers(1, 9),
    "queue": st.none() | st.integers(0, 9),
    "joinable_queue": st.none() | st.integers(0, 9),
    "value": st.none() | numbers,
    "raw_value": st.none() | numbers,
    "array": st.integers(1, 99) | st.lists(numbers, min_size=1, max_size=4),
    "dict": st.none() | st.dictionaries(texts, values, max_size=3),
    "list": st.none() | st.lists(values, max_size=3),
    "namespace": st.none() | attributes,
}
OPTIONS: dict[str, Made] = {
    **dict.fromkeys((*WITHOUT_VALUE, *QUEUES), traces),
    "value": st.builds(lambda trace, dtype: trace | dtype, traces, st.sampled_from([{}, {"dtype": "float64"}])),
    "raw_value": st.sampled_from([{}, {"dtype": "float32"}]),
    "array": st.sampled_from([{}, {"dtype": "float64"}]),
}
PLACES: dict[str, Made] = {
    "array": st.integers(0, 9) | st.just("$index"),
    "list": st.integers(-9, 9) | st.just("$index"),
    "dict": texts | st.integers(),
    "namespace": words,
}


def entries(kind: str) -> Made:
    """What a file says of a thing of this kind."""
    options = OPTIONS.get(kind, st.just({}))
    full = st.builds(lambda argument, options: {kind: argument} | options, ARGUMENTS[kind], options)
    return full if kind in ("barrier", "array") else full | st.just(kind)


def name_of(kind: str) -> str:
    """The name of the thing of this kind: each file may have one of each."""
    return f"the_{kind}"


NAMES = [name_of(kind) for kind in ARGUMENTS]
things = st.fixed_dictionaries({name_of(kind): entries(kind) for kind in ARGUMENTS})
"""The mapping `shared:` with a thing of each kind."""

shown_things = st.sampled_from([f"${name}" for name in NAMES])
shown = shown_things | st.sampled_from(["$name", "$index", "$pid"])
mixed = st.builds(lambda *parts: "".join(parts), texts, shown, st.just(" "), texts)
said = values | shown | mixed
sent_things = st.sampled_from([f"${name_of(kind)}" for kind in ARGUMENTS if kind not in UNSENT])
sent = values | sent_things | st.sampled_from(["$name", "$index", "$pid"]) | mixed
waits: dict[str, Made] = {"timeout": durations, "as": st.just("got")}


def step(required: dict[str, Made], optional: dict[str, Made] | None = None) -> Made:
    """Steps with these keys."""
    return st.fixed_dictionaries(required, optional=optional or {})


def named(*kinds: str) -> Made:
    """The name of a thing of one of these kinds."""
    return st.sampled_from([name_of(kind) for kind in kinds])


plain = st.one_of(
    step({"print": said}, {"end": texts}),
    *(step({name: durations}) for name in ("sleep", "spin")),
    *(step({name: sent}) for name in ("exit", "return")),
    step({"raise": st.sampled_from(["ValueError", "OSError"])}, {"message": sent}),
    *(step({name: st.sampled_from(["SIGTERM", "SIGABRT"])}) for name in ("crash", "ignore")),
    st.sampled_from(["exit", "return", "crash", "hang", {"crash": None}, {"hang": None}]),
)


def on_things(sent: Made) -> Made:
    """Steps on shared things that main has, too."""
    return st.one_of(
        step({"acquire": named(*GUARDS)}, waits),
        step({"release": named(*GUARDS)}),
        step({"put": sent, "into": named(*QUEUES)}, {"timeout": durations}),
        step({"get": named(*QUEUES)}, waits),
        step({"join_queue": named("joinable_queue")}),
        *(step({name: named("event")}) for name in ("set", "clear")),
    )


placed = [
    step({name: sent, "to": st.just(name_of(kind)), "at": PLACES[kind]}) for kind in PLACED for name in ("add", "write")
]
of_processes = st.one_of(
    step({"wait": named("event", "condition", "barrier")}, waits),
    step({"notify": named("condition")}, {"n": st.integers(0, 9)}),
    step({"notify_all": named("condition")}),
    step({"task_done": named("joinable_queue")}),
    step({"append": sent, "to": named("list")}),
    step({"add": sent, "to": named(*NUMBERED)}, {"times": st.integers(0, 9)}),
    step({"write": sent, "to": named(*NUMBERED)}),
    *placed,
)


def nested(inner: Made) -> Made:
    """Steps that have steps below them."""
    below = {"do": st.lists(inner, min_size=1, max_size=3)}
    return st.one_of(
        step({"with": named(*GUARDS), **below}),
        step({"repeat": st.integers(0, 9), **below}, {"as": st.just("round")}),
        step({"child": texts, **below}, {"daemon": st.booleans()}),
    )


steps = st.lists(
    st.recursive(plain | on_things(sent) | of_processes, nested, max_leaves=6),
    min_size=1,
    max_size=4,
)
"""What stands under `do:`."""

said_by_main = values | shown_things
main_steps = step({"print": said_by_main}, {"end": texts}) | on_things(values | sent_things) | st.just("exit")
"""Those of main that are no orders."""

with_value = [name_of(kind) for kind in ARGUMENTS if kind not in WITHOUT_VALUE]
declarations = step(
    {},
    {
        "outcome": st.sampled_from(["succeeded", "failed", "timed_out"]) | st.none(),
        "deadlock": st.booleans() | st.none(),
        "values": st.dictionaries(st.sampled_from(with_value), values, max_size=2),
        "notes": st.lists(st.sampled_from(["deadlock", "lost_updates", "standstill"]), max_size=2),
    },
)
"""The `expect` of a run."""

edits = st.lists(
    st.dictionaries(st.sampled_from(["title", "jobs.job0.env.X", "jobs[0].env.Y"]), texts, min_size=1, max_size=3),
    max_size=2,
)
