"""A plan survives JSON; encoded arguments come back as what they were."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

import runner
from runner.model.arguments import references, resolve
from runner.model.dtypes import DTYPES
from runner.model.plan import (
    Act,
    Declared,
    Expect,
    JobPlan,
    Join,
    Kill,
    Limits,
    Plan,
    ProcessPlan,
    Progress,
    Show,
    Sleep,
    Start,
    Step,
    Terminate,
)
from runner.model.plan_json import from_json, to_json
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
)

if TYPE_CHECKING:
    from runner.model.json_types import Encoded

JOBS = Path(__file__).parents[1] / "jobs"
numbers = st.integers(0, 9)
seconds = st.floats(0, 1e6, allow_nan=False)
scalars = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
encoded = st.recursive(
    scalars | st.builds(lambda name: {"ref": name}, st.text()),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(st.tuples(scalars, inner), max_size=3).map(lambda pairs: {"dict": [list(pair) for pair in pairs]})
    ),
    max_leaves=8,
)
steps: st.SearchStrategy[Step] = (
    st.builds(Start, numbers)
    | st.builds(Sleep, seconds)
    | st.builds(Join, numbers, st.none() | seconds)
    | st.builds(Terminate, numbers)
    | st.builds(Kill, numbers)
    | st.builds(Show, numbers, st.text())
    | st.builds(Act, st.dictionaries(st.text(), encoded, max_size=3))
)
expectations = st.builds(
    Expect,
    st.none() | st.integers(),
    st.none() | st.text(),
    st.none() | st.lists(st.text(), max_size=3).map(tuple),
    st.lists(st.text(), max_size=2).map(tuple),
)
processes = st.builds(
    ProcessPlan,
    name=st.text(),
    job=st.text(),
    target=st.none() | st.text(),
    cls=st.none() | st.text(),
    do=st.none() | st.lists(st.dictionaries(st.text(), encoded, max_size=3), max_size=3).map(tuple),
    args=st.lists(encoded, max_size=3).map(tuple),
    kwargs=st.dictionaries(st.text(), encoded, max_size=2),
    daemon=st.booleans(),
    env=st.dictionaries(st.text(), st.text(), max_size=2),
    terminate_after=st.none() | seconds,
    expect=st.none() | expectations,
    timeout=st.none() | seconds,
    limits=st.none() | st.builds(Limits, *[st.none() | numbers] * 4),
)
traced = st.booleans()
initial = st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
dtypes = st.sampled_from(sorted(DTYPES))
shared = st.one_of(
    st.builds(SharedArray, st.text(), dtypes, numbers, numbers, st.lists(initial, max_size=3).map(tuple)),
    st.builds(SharedSemaphore, st.text(), numbers, st.booleans(), traced),
    *(st.builds(kind, st.text(), traced) for kind in (SharedLock, SharedRLock, SharedCondition)),
    st.builds(SharedEvent, st.text(), st.booleans(), traced),
    st.builds(SharedBarrier, st.text(), numbers, traced),
    st.builds(SharedQueue, st.text(), numbers, st.booleans(), traced),
    st.builds(SharedValue, st.text(), dtypes, initial, st.booleans(), traced),
    st.builds(SharedManaged, st.text(), st.sampled_from(["dict", "list", "namespace"]), encoded),
)
declared = st.builds(
    Declared,
    st.none() | st.sampled_from(["succeeded", "failed", "timed_out"]),
    st.none() | st.booleans(),
    st.dictionaries(st.text(), scalars | st.lists(scalars, max_size=2), max_size=2),
    st.lists(st.text(), max_size=2).map(tuple),
)
jobs = st.builds(
    JobPlan,
    st.text(),
    st.text(),
    st.lists(numbers, max_size=3).map(tuple),
    st.dictionaries(st.text(), scalars, max_size=2),
    st.none() | st.builds(Progress, st.text(), numbers),
)
plans = st.builds(
    Plan,
    file=st.text(),
    start_method=st.sampled_from(["fork", "spawn", "forkserver"]),
    processes=st.lists(processes, max_size=3).map(tuple),
    steps=st.lists(steps, max_size=5).map(tuple),
    jobs=st.lists(jobs, max_size=2).map(tuple),
    shared=st.lists(shared, max_size=3).map(tuple),
    preload=st.lists(st.text(), max_size=2).map(tuple),
    paths=st.lists(st.text(), max_size=2).map(tuple),
    expect=st.none() | declared,
)


@given(plans)
def test_a_plan_survives_json(plan: Plan) -> None:
    assert from_json(json.loads(json.dumps(to_json(plan)))) == plan


@pytest.mark.parametrize("file", sorted(JOBS.rglob("*.yaml")), ids=lambda file: file.stem)
def test_the_plans_of_the_gallery_survive_json(file: Path) -> None:
    plan = runner.load(file)

    assert from_json(json.loads(json.dumps(to_json(plan)))) == plan


def test_what_is_not_a_plan_is_refused() -> None:
    with pytest.raises((KeyError, TypeError)):
        from_json(json.loads("{}"))


def test_arguments_are_filled_in_where_they_refer() -> None:
    value: Encoded = {"dict": [["a", [1, {"ref": "pid"}]], [2, {"text": ["pid ", {"ref": "pid"}, "!"]}]]}

    assert resolve(value, {"pid": 7}.__getitem__) == {"a": [1, 7], 2: "pid 7!"}
    assert references(value) == {"pid"}


@pytest.mark.parametrize("wrong", [{"other": 1}, {"dict": [1]}, {"ref": 1}])
def test_what_is_no_encoded_argument_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="not "):
        resolve(wrong, str)  # type: ignore[arg-type]  # that is what is tested


def test_limits_give_those_that_are_given() -> None:
    assert Limits(memory=5, core=0).given() == {"memory": 5, "core": 0}
    assert Limits().given() == {}
