"""Traverse steps as trees: collect and replace their references."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from runner.model.arguments import Encoded

    StepData: TypeAlias = dict[str, Any]

THINGS = ("thing", "into", "to")
"""The keys under which a step has a shared thing."""


def references(tree: Any) -> Iterator[str]:
    """The names that steps or values refer to, in order, each as often as they do."""
    if isinstance(tree, list | tuple):
        for item in tree:
            yield from references(item)
    elif isinstance(tree, dict):
        if tree.keys() == {"ref"}:
            yield tree["ref"]
        else:
            yield from references(list(tree.values()))


def replaced(tree: Any, change: Callable[[str], Encoded]) -> Any:
    """The same steps or values; `change` gives what comes in the place of a reference, in order."""
    if isinstance(tree, list | tuple):
        return [replaced(item, change) for item in tree]
    if isinstance(tree, dict):
        if tree.keys() == {"ref"}:
            return change(tree["ref"])
        return {key: replaced(value, change) for key, value in tree.items()}
    return tree


def renamed(tree: Any, names: dict[str, Encoded]) -> Any:
    """The same with some references replaced."""
    return replaced(tree, lambda name: names.get(name, {"ref": name}))


def pairs_of(encoded: Encoded) -> list[list[Encoded]]:
    """The keys and values of an encoded mapping; none of anything else."""
    content = encoded.get("dict", []) if isinstance(encoded, dict) else []
    return [pair for pair in content if isinstance(pair, list)] if isinstance(content, list) else []


def unfilled(template: Sequence[StepData], filled: Sequence[StepData]) -> list[StepData]:
    """The steps of one process: its own things, and its name and number still as the file refers to them."""
    return [_unfilled(before, after) for before, after in zip(template, filled, strict=True)]


def _unfilled(template: StepData, filled: StepData) -> StepData:
    data: StepData = {}
    for key, value in filled.items():
        if key == "do":
            data[key] = unfilled(template[key], value)
        else:
            data[key] = value if key in THINGS else unfilled_value(template.get(key, value), value)
    return data


def unfilled_value(template: Any, filled: Any) -> Any:
    """The value as the file has it where it refers to something.

    All else comes of what the process gets: a job's options went through JSON, which knows no infinity and only text
    as keys.
    """
    if not any(references(template)):
        return filled
    if isinstance(template, list) and isinstance(filled, list):
        return [unfilled_value(before, after) for before, after in zip(template, filled, strict=True)]
    if isinstance(template, dict) and isinstance(filled, dict) and "dict" in template:
        return {"dict": unfilled_value(template["dict"], filled["dict"])}
    return template


def every_step(steps: Sequence[StepData]) -> Iterator[StepData]:
    """The steps and those in them."""
    for step in steps:
        yield step
        yield from every_step(step.get("do", ()))
