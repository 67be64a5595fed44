"""Traverse steps as trees: collect and replace their references."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar, cast

from runner.model.json_types import Encoded, Ref, StepData, StepKeys, list_in, mapping_in

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

THINGS = ("thing", "into", "to")
"""The keys of a step whose value is a shared thing."""


class Statement(StepKeys, total=False):
    """A step of a script: one of a plan, or one that only a script has, which is written with further keys.

    A `child` has the `function` that it runs and the arguments in `passed`; a `call` the `callee`, its arguments, and
    whether what it `returns` must be run: a coroutine, perhaps one (`anything`), or nothing (empty).
    """

    args: list[Encoded]
    callee: str
    do: list[Statement]
    function: str
    kwargs: dict[str, Encoded]
    mebibytes: Encoded
    passed: list[Ref]
    returns: str
    seconds: Encoded
    times: Encoded
    values: list[Encoded]


Tree = TypeVar("Tree")
AnyStep = TypeVar("AnyStep", StepData, Statement)


def statements(steps: Iterable[StepData]) -> list[Statement]:
    """Return the steps of a plan as steps of a script, which may get further keys."""
    return cast("list[Statement]", list(steps))


def references(tree: object) -> Iterator[str]:
    """Return the names that steps or values refer to, in order, once for each reference."""
    if isinstance(tree, list | tuple):
        for item in tree:
            yield from references(item)
    elif isinstance(tree, dict):
        if tree.keys() == {"ref"}:
            yield tree["ref"]
        else:
            yield from references(list(tree.values()))


def replaced(tree: Tree, change: Callable[[str], Encoded]) -> Tree:
    """Return the same steps or values with each reference replaced by what `change` returns, in order."""
    return cast("Tree", _replaced(tree, change))


def _replaced(tree: object, change: Callable[[str], Encoded]) -> object:
    if isinstance(tree, list | tuple):
        return [_replaced(item, change) for item in tree]
    if isinstance(tree, dict):
        if tree.keys() == {"ref"}:
            return change(tree["ref"])
        return {key: _replaced(value, change) for key, value in tree.items()}
    return tree


def renamed(tree: Tree, names: Mapping[str, Encoded]) -> Tree:
    """Return the same with some references renamed."""
    return replaced(tree, lambda name: names.get(name, {"ref": name}))


def pairs_of(encoded: Encoded) -> list[list[Encoded]]:
    """Return the keys and values of an encoded mapping; none for other values."""
    content = encoded.get("dict", []) if isinstance(encoded, dict) else []
    return [pair for pair in content if isinstance(pair, list)] if isinstance(content, list) else []


def unfilled(template: Encoded, filled: Sequence[StepData]) -> list[Statement]:
    """Return the steps of one process with its own things, but still with the file's references to its name and number.

    `template` are the steps as the job's options have them.
    """
    pairs = zip(list_in(template), filled, strict=True)
    return [_unfilled(mapping_in(before), after) for before, after in pairs]


def _unfilled(template: Mapping[str, Encoded], filled: StepData) -> Statement:
    data: dict[str, object] = {}
    for key, value in filled.items():
        if key == "do":
            data[key] = unfilled(template[key], filled["do"])
        else:
            data[key] = value if key in THINGS else unfilled_value(template.get(key, value), value)
    return cast("Statement", data)


def unfilled_value(template: object, filled: Tree) -> Tree:
    """Return the value with the file's references.

    Everything else is taken from the process's own value: a job's options went through JSON, which has no infinity and
    only text as keys.
    """
    return cast("Tree", _unfilled_value(template, filled))


def _unfilled_value(template: object, filled: object) -> object:
    if not any(references(template)):
        return filled
    if isinstance(template, list) and isinstance(filled, list):
        return [_unfilled_value(before, after) for before, after in zip(template, filled, strict=True)]
    if isinstance(template, dict) and isinstance(filled, dict) and "dict" in template:
        return {"dict": _unfilled_value(template["dict"], filled["dict"])}
    return template


def every_step(steps: Sequence[AnyStep]) -> Iterator[AnyStep]:
    """Return the steps and those inside them."""
    for step in steps:
        yield step
        yield from every_step(step.get("do", []))
