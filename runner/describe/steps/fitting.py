"""Check that steps name existing shared things of the right kind, and resolve the steps of one process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runner.describe.fields.checking import Fault
from runner.describe.fields.placeholders import fill
from runner.describe.steps.step_types import NUMBERED, STEPS
from runner.describe.yaml.scalars import found, shortened
from runner.describe.yaml.suggestions import listed, suggestion, with_article
from runner.model.dtypes import DTYPES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from runner.describe.steps.step_types import Option
    from runner.describe.yaml.document import Path

    Data = dict[str, Any]

THINGS = ("thing", "into", "to")
"""The keys under which a step has a shared thing."""
_PLACES = {"array": "an index", "list": "an index", "dict": "a key", "namespace": "an attribute"}


def unfit(name: str, option: Option, things: Mapping[str, str], path: Path) -> Fault | None:
    """What is wrong with a shared thing in a step; of one without a kind that has been told already."""
    kind = things.get(name)
    if kind is None:
        fitting = [name for name, kind in things.items() if kind in option.things]
        help = suggestion(name, fitting, "things that fit here") if fitting else "declare it under `shared:`"
        return Fault(path, f"there is no shared thing `{name}`", help, id="unknown-thing")
    if not kind or kind in option.things:
        return None
    message = f"`{name}` is {with_article(kind)}, which `{path[-1]}` cannot use"
    return Fault(path, message, f"it takes {listed(option.things)}", id="wrong-thing")


def misplaced(data: Data, things: Mapping[str, str], path: Path) -> list[Fault]:
    """What is wrong with the place in a shared thing; notes the thing's kind in the step."""
    name = data["to"].get("ref")
    if name is None or name.startswith("$"):  # it is known only of each process by itself
        return []
    kind = data["kind"] = things[name]
    if kind in NUMBERED and "at" in data:
        message = f"`at` has no effect: {with_article(kind)} is one number"
        return [Fault((*path, "at"), message, "remove it", key=True, id="no-effect")]
    where = _PLACES.get(kind)
    if where is not None and data["step"] != "append":
        if "at" not in data and kind != "array":
            help = f"write for example - {{{data['step']}: 1, to: {name}, at: {0 if kind == 'list' else 'x'}}}"
            message = f"the step `{data['step']}` needs `at`: {where} of the {kind}"
            return [Fault(path, message, help, id="missing-key")]
        if "at" in data and not _is_place(kind, data["at"]):
            message = f"`at`: expected {where} of the {kind}, found {found(data['at'])}"
            return [Fault((*path, "at"), message, id="wrong-type")]
    data.setdefault("at", 0)
    return []


def _is_place(kind: str, at: object) -> bool:
    """Whether there can be such an index, key or attribute; what is known only later may be anything."""
    if isinstance(at, dict):
        return at.keys() != {"dict"}
    match kind:
        case "array" | "list":
            return isinstance(at, int) and not isinstance(at, bool)
        case "namespace":
            return isinstance(at, str) and at.isidentifier()
    return not isinstance(at, list)


def beyond(number: int, dtype: str) -> str | None:
    """What is said of a whole number that one of this type cannot be; None if it can, or is no whole number."""
    least, highest = DTYPES[dtype].least, DTYPES[dtype].highest
    if least is None or highest is None or least <= number <= highest:
        return None
    return f"{dtype} holds {least:,} to {highest:,}, not {shortened(f'{number:,}')}"


def too_large(step: Data, dtypes: Mapping[str, str], path: Path) -> Iterator[Fault]:
    """The whole numbers that are written, in this step or below it, where the type of the number holds none like that.

    ctypes would cut them off without a word.
    """
    for place, below in enumerate(step.get("do", ())):
        yield from too_large(below, dtypes, (*path, "do", place))
    dtype = dtypes.get(step["to"].get("ref", "")) if step["step"] == "write" else None
    if dtype is not None and dtype != "bool" and isinstance(step["value"], int):
        message = beyond(step["value"], dtype)
        if message is not None:
            yield Fault((*path, "write"), message, id="out-of-range")


def filled(
    step: Data, known: Mapping[str, int | str], environ: Mapping[str, str], things: Mapping[str, str], path: Path
) -> tuple[Data, list[Fault]]:
    """The step of one process, with what is known of it in the place of placeholders; and what is wrong then."""
    kind = STEPS[step["step"]]
    data: Data = {}
    faults: list[Fault] = []
    for key, value in step.items():
        if key == "do":
            below = [filled(each, known, environ, things, (*path, key, place)) for place, each in enumerate(value)]
            data[key] = [each for each, _ in below]
            faults += [fault for _, wrong in below for fault in wrong]
            continue
        data[key] = fill(value, known, environ) if isinstance(value, list | dict) else value
        if key in THINGS and isinstance(data[key], str | int):
            option = kind.argument if key == kind.key else kind.options[key]
            place = (*path, step["step"] if key == kind.key else key)
            fault = unfit(str(data[key]), option, things, place)
            data[key] = {"ref": str(data[key])}
            faults += [fault] if fault else []
    if "to" in data and "kind" not in data and not faults:
        faults += misplaced(data, things, path)
    return data, faults
