"""The entries of `shared:`: what each becomes, and what no thing can be."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.describe.steps.shared_things import encode_plainly, read_things
from runner.describe.steps.thing_kinds import KINDS, MAX_PERMITS, RESERVED, WITHOUT_VALUE
from runner.model.dtypes import DTYPES
from runner.model.shared_things import (
    SharedArray,
    SharedBarrier,
    SharedCondition,
    SharedEvent,
    SharedLock,
    SharedManaged,
    SharedQueue,
    SharedRLock,
    SharedSemaphore,
    SharedValue,
    kind_of,
)
from tests.describe.describing import marked, plan_of, problem_of, problems_of
from tests.effort import share_of

if TYPE_CHECKING:
    from runner.model.shared_things import SharedPlan

JOB = "\njobs:\n- target: m:f"


def thing_of(entry: str) -> SharedPlan:
    """What a thing `x` becomes."""
    (thing,) = plan_of(f"shared:\n  x: {entry}{JOB}").shared
    return thing


@pytest.mark.parametrize(
    ("entry", "thing"),
    [
        ("lock", SharedLock("x")),
        ("{lock: null, trace: false}", SharedLock("x", traced=False)),
        ("rlock", SharedRLock("x")),
        ("semaphore", SharedSemaphore("x", 1)),
        ("{semaphore: 3}", SharedSemaphore("x", 3)),
        ("{semaphore: 0}", SharedSemaphore("x", 0)),
        ("{bounded_semaphore: 2, trace: false}", SharedSemaphore("x", 2, bounded=True, traced=False)),
        ("event", SharedEvent("x")),
        ("{event: true}", SharedEvent("x", is_set=True)),
        ("condition", SharedCondition("x")),
        ("{barrier: 3}", SharedBarrier("x", 3)),
        ("queue", SharedQueue("x")),
        ("{queue: 3, trace: false}", SharedQueue("x", 3, traced=False)),
        ("joinable_queue", SharedQueue("x", 0, joinable=True)),
        ("{joinable_queue: 5}", SharedQueue("x", 5, joinable=True)),
        ("value", SharedValue("x", "int64", 0)),
        ("{value: null}", SharedValue("x", "int64", 0)),
        ("{value: 1.5}", SharedValue("x", "float64", 1.5)),
        ("{value: true}", SharedValue("x", "bool", True)),
        ("{value: 255, dtype: uint8, trace: false}", SharedValue("x", "uint8", 255, traced=False)),
        ("{raw_value: -1}", SharedValue("x", "int64", -1, locked=False)),
        ("{raw_value: 1, dtype: float32}", SharedValue("x", "float32", 1, locked=False)),
        ("{array: 10}", SharedArray("x", "int64", 10, 8)),
        ("{array: [1, 2.5]}", SharedArray("x", "float64", 2, 8, (1, 2.5))),
        ("{array: [true, false]}", SharedArray("x", "bool", 2, 1, (True, False))),
        ("{array: [0, 0], dtype: int16}", SharedArray("x", "int16", 2, 2, (0, 0))),
        ("{array: 3, dtype: float32}", SharedArray("x", "float32", 3, 4)),
        ("dict", SharedManaged("x", "dict", {"dict": []})),
        ("{dict: {a: 1, 2: $b}}", SharedManaged("x", "dict", {"dict": [["a", 1], [2, "$b"]]})),
        ("list", SharedManaged("x", "list", [])),
        ("{list: [1, [2]]}", SharedManaged("x", "list", [1, [2]])),
        ("namespace", SharedManaged("x", "namespace", {"dict": []})),
        ("{namespace: {sky: grey}}", SharedManaged("x", "namespace", {"dict": [["sky", "grey"]]})),
    ],
)
def test_a_thing_becomes_what_its_entry_says(entry: str, thing: SharedPlan) -> None:
    assert thing_of(entry) == thing


def test_things_are_made_in_the_order_of_the_file() -> None:
    plan = plan_of(f"shared: {{b: lock, a: queue, c: dict}}{JOB}")

    assert [thing.name for thing in plan.shared] == ["b", "a", "c"]


def test_a_file_may_share_nothing() -> None:
    assert plan_of(f"shared: {{}}{JOB}").shared == ()


def test_things_of_the_file_stand_before_those_that_a_job_makes() -> None:
    plan = plan_of("shared: {a: lock}\njobs:\n- {type: shared_counter, name: c}")

    first, *others = (thing.name for thing in plan.shared)
    assert first == "a"
    assert others
    assert all(name.startswith("c.") for name in others)


@pytest.mark.parametrize(
    ("entry", "at", "message", "help"),
    [
        ("lok", "lok", "unknown kind of thing `lok`", "did you mean `lock`?"),
        ("{quue: 3}", "quue", "unknown kind of thing `quue`", "did you mean `queue`?"),
        ("{lock: , queue: }", "queue", "a thing is of one kind: here are `lock` and `queue`", None),
        ("[lock]", "[lock]", "expected a kind of thing, found a list", "write for example lock, or {value: 0}"),
        ("{lock: 1}", "1", "`lock`: expected nothing, found the number 1", "write x: lock"),
        ("{barrier: null}", "barrier", "`barrier` needs the number of processes", "write x: {barrier: 3}"),
        ("array", "array", "`array` needs its numbers, or their count", "write x: {array: [0, 0]}"),
        (
            "{semaphore: '3'}",
            "'3'",
            "`semaphore`: expected a number of permits, 0 to 32,767, found the text `3`",
            "write 3 without quotes",
        ),
        ("{queue: true}", "true", "`queue`: expected a number of items, 0 to 32,767, found true", None),
        ("{barrier: 0}", "0", "`barrier`: expected a number of processes, 1 to 32,767, found the number 0", None),
        (
            "{event: yes}",
            "yes",
            "`event`: expected true or false, found the text `yes`",
            "`yes` is text in YAML 1.2; write true",
        ),
        ("{value: .inf}", ".inf", "`value`: expected a number, found the number inf", None),
        ("{array: [1, '2']}", "'2'", "`array[1]`: expected a number, found the text `2`", "write 2 without quotes"),
        ("{array: []}", "[]", "`array`: expected a list of numbers, or how many zeros, found a list", None),
        ("{list: 5}", "5", "`list`: expected a list, found the number 5", "put it in brackets: [5]"),
        ("{namespace: 5}", "5", "`namespace`: expected a mapping, found the number 5", None),
        (
            "{namespace: {a b: 1}}",
            "a b",
            "`a b` cannot be the name of an attribute",
            "use letters, digits and _, a letter first",
        ),
        ("{lock: , trace: 1}", "1", "`trace`: expected true or false, found the number 1", None),
        ("{queue: , dtype: int8}", "dtype", "`dtype` has no effect on a queue", "remove it"),
        ("{array: 3, trace: true}", "trace", "`trace` has no effect on an array", "remove it"),
        ("{value: 0, dtyp: int8}", "dtyp", "unknown key `dtyp` of a value", "did you mean `dtype`?"),
        ("{rlock: , 5: 5}", "5", "unknown key `5` of an rlock", "keys here: `rlock`, `trace`"),
        (
            "{value: 0, dtype: 8}",
            "8",
            "`dtype`: expected a type of numpy's, found the number 8",
            f"types: {', '.join(f'`{name}`' for name in DTYPES)}",
        ),
        (
            "{value: 0, dtype: int46}",
            "int46",
            "`dtype`: expected a type of numpy's, found the text `int46`",
            "did you mean `int64`?",
        ),
        ("{array: [0, -1], dtype: uint8}", "-1", "uint8 holds 0 to 255, not -1", None),
        ("{value: 2, dtype: bool}", "2", "bool holds 0 to 1, not 2", None),
        ("{raw_value: 0.5, dtype: int8}", "0.5", "int8 holds whole numbers, not 0.5", "write dtype: float64"),
        ("{value: 1e39, dtype: float32}", "1e39", "1e+39 is too large for float32", None),
    ],
)
def test_what_no_thing_can_be_is_shown_where_it_is(entry: str, at: str, message: str, help: str | None) -> None:
    problem = problem_of(f"shared:\n  x: {entry}{JOB}")

    assert (problem.message, problem.help, marked(problem)) == (message, help, at)


@pytest.mark.parametrize("entry", ["{trace: false}", "{}", "{dtype: int8}"])
def test_a_thing_says_what_it_is(entry: str) -> None:
    problem = problem_of(f"shared:\n  x: {entry}{JOB}")

    assert (problem.message, marked(problem)) == ("`x` has no kind", entry)
    assert problem.help == f"kinds: {', '.join(f'`{kind}`' for kind in KINDS)}"


@pytest.mark.parametrize("name", ["my-lock", "2nd", "a.b", "fork$index", "Türe", "''", "5", "true"])
def test_a_name_is_one_that_can_stand_behind_a_dollar_sign(name: str) -> None:
    problem = problem_of(f"shared:\n  {name}: lock{JOB}")

    assert problem.message.endswith("cannot be the name of a thing")
    assert (problem.help, marked(problem)) == ("use letters, digits and _, no digit first", name)


@pytest.mark.parametrize("name", RESERVED)
def test_a_name_means_nothing_else(name: str) -> None:
    problem = problem_of(f"shared:\n  {name}: lock{JOB}")

    assert (problem.message, problem.help) == (f"`${name}` has a meaning already", "choose another name")
    assert marked(problem) == name


@pytest.mark.parametrize(("value", "found"), [("", "nothing"), ("[lock]", "a list"), ("lock", "the text `lock`")])
def test_things_are_a_mapping(value: str, found: str) -> None:
    problem = problem_of(f"shared: {value}{JOB}")

    assert problem.message == f"`shared`: expected a mapping of names to things, found {found}"
    assert problem.help == "write for example door: lock"


def test_every_mistake_is_told_and_who_uses_what_is_wrong_is_left_alone() -> None:
    text = "shared:\n  a: lok\n  b: {value: 1, dtype: x}\n  c: {value: 1, dtype: y}\n"

    problems = problems_of(f"{text}jobs:\n- do: [{{get: a}}, {{add: 1, to: b}}, {{with: d, do: [hang]}}]")

    assert [(problem.line, problem.message) for problem in problems] == [
        (2, "unknown kind of thing `lok`"),
        (3, "`dtype`: expected a type of numpy's, found the text `x`"),
        (4, "`dtype`: expected a type of numpy's, found the text `y`"),
        (6, "there is no shared thing `d`"),
    ]


def test_every_kind_is_read_from_its_name_or_needs_to_say_more() -> None:
    for kind, said in KINDS.items():
        things, faults = read_things({"x": kind})
        if said.default is ...:
            assert (things, len(faults)) == ([], 1)
        else:
            assert ([kind_of(thing) for thing in things], faults) == ([kind], [])


def test_kinds_without_a_value_are_kinds() -> None:
    assert set(WITHOUT_VALUE) < set(KINDS)


numbers = st.booleans() | st.integers() | st.floats(allow_nan=False)


@given(st.lists(numbers, min_size=1, max_size=4), st.sampled_from(sorted(DTYPES)))
def test_a_number_is_read_exactly_if_its_type_holds_it(every: list[float], dtype: str) -> None:
    things, faults = read_things({"x": {"array": every, "dtype": dtype}})

    kind = DTYPES[dtype]
    assert bool(things) != bool(faults)
    for thing in things:
        assert isinstance(thing, SharedArray)
        assert thing.initial == tuple(every)
        if kind.least is not None and kind.highest is not None:
            assert all(kind.least <= number <= kind.highest for number in every)


@given(st.integers(-5, MAX_PERMITS + 5))
def test_permits_are_within_what_every_system_has(permits: int) -> None:
    things, faults = read_things({"x": {"semaphore": permits}})

    assert bool(things) == (0 <= permits <= MAX_PERMITS) == (not faults)


entries = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from([*KINDS, "lok", "", "$x"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*KINDS, "trace", "dtype", "x"]) | st.integers() | st.none(), inner, max_size=3
        )
    ),
    max_leaves=6,
)


@settings(max_examples=share_of(500))
@given(st.dictionaries(st.sampled_from(["a", "b", "pid", "c d"]) | st.integers() | st.none(), entries) | entries)
def test_anything_becomes_things_or_has_mistakes_with_their_places(value: Any) -> None:
    things, faults = read_things(value)

    assert isinstance(value, dict) or faults
    assert len(things) + len(faults) >= (len(value) if isinstance(value, dict) else 1)
    for fault in faults:
        assert fault.message
        assert not fault.path or fault.path[0] in value
    for thing in things:
        assert thing.name in value


@given(
    st.recursive(
        st.none() | st.integers() | st.text(),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text() | st.integers(), inner, max_size=3),
    )
)
def test_an_initial_value_is_encoded_without_placeholders(value: Any) -> None:
    from runner.model.arguments import references, resolve

    encoded = encode_plainly(value)

    assert references(encoded) == set()
    assert resolve(json.loads(json.dumps(encoded)), str) == value
