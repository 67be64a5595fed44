"""Check that steps fit their shared things (kind, place, bounds), and fill in the placeholders of one process."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from runner.describe.fields.placeholders import fill
from runner.describe.fields.validation_errors import Fault
from runner.describe.steps.step_types import NUMBERED, STEPS
from runner.describe.yaml.scalars import found, shortened
from runner.describe.yaml.suggestions import listed, suggestion, with_article
from runner.model.dtypes import DTYPES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from runner.describe.steps.step_types import Option
    from runner.describe.yaml.document import Path
    from runner.model.json_types import StepData

THINGS = ("thing", "into", "to")
"""The keys of a step whose value is a shared thing."""
_PLACES = {"array": "an index", "list": "an index", "dict": "a key", "namespace": "an attribute"}


def unfit(name: str, option: Option, things: Mapping[str, str], path: Path) -> Fault | None:
    """Return the mistake in a step's use of a shared thing; a thing without a kind has been reported already."""
    kind = things.get(name)
    if kind is None:
        fitting = [name for name, kind in things.items() if kind in option.things]
        help = suggestion(name, fitting, "things that fit here") if fitting else "declare it under `shared:`"
        return Fault(path, f"there is no shared thing `{name}`", help, id="unknown-thing")
    if not kind or kind in option.things:
        return None
    message = f"`{name}` is {with_article(kind)}, which `{path[-1]}` cannot use"
    return Fault(path, message, f"it takes {listed(option.things)}", id="wrong-thing")


def misplaced(data: StepData, things: Mapping[str, str], path: Path) -> list[Fault]:
    """Return the mistake in a step's place in a shared thing; store the thing's kind in the step."""
    name = data["to"].get("ref", "$")
    if name.startswith("$"):  # it is known only of each process by itself
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
    """Return whether there can be such an index, key or attribute; a value that is known later may be anything."""
    if isinstance(at, dict):
        return at.keys() != {"dict"}
    match kind:
        case "array" | "list":
            return isinstance(at, int) and not isinstance(at, bool)
        case "namespace":
            return isinstance(at, str) and at.isidentifier()
    return not isinstance(at, list)


def beyond(number: int, dtype: str) -> str | None:
    """Return the message for a whole number that does not fit this type; None if it fits, or is not a whole number."""
    least, highest = DTYPES[dtype].least, DTYPES[dtype].highest
    if least is None or highest is None or least <= number <= highest:
        return None
    return f"{dtype} holds {least:,} to {highest:,}, not {shortened(f'{number:,}')}"


def too_large(step: StepData, dtypes: Mapping[str, str], path: Path) -> Iterator[Fault]:
    """Return the whole numbers that this step, or a step inside it, writes and that do not fit the type of their place.

    ctypes would truncate them silently.
    """
    for place, below in enumerate(step.get("do", ())):
        yield from too_large(below, dtypes, (*path, "do", place))
    dtype = dtypes.get(step["to"].get("ref", "")) if step["step"] == "write" else None
    if dtype is not None and dtype != "bool" and isinstance(step["value"], int):
        message = beyond(step["value"], dtype)
        if message is not None:
            yield Fault((*path, "write"), message, id="out-of-range")


def filled(
    step: StepData, known: Mapping[str, int | str], environ: Mapping[str, str], things: Mapping[str, str], path: Path
) -> tuple[StepData, list[Fault]]:
    """Return the step of one process, with known values in place of placeholders; and the mistakes that this
    reveals."""
    kind = STEPS[step["step"]]
    data: dict[str, object] = {}
    faults: list[Fault] = []
    for key, value in step.items():
        if key == "do":
            places = enumerate(step["do"])
            below = [filled(each, known, environ, things, (*path, key, place)) for place, each in places]
            data[key] = [each for each, _ in below]
            faults += [fault for _, wrong in below for fault in wrong]
            continue
        given = data[key] = fill(value, known, environ) if isinstance(value, list | dict) else value
        if key in THINGS and isinstance(given, str | int):
            option = kind.argument if key == kind.key else kind.options[key]
            place = (*path, step["step"] if key == kind.key else key)
            fault = unfit(str(given), option, things, place)
            data[key] = {"ref": str(given)}
            faults += [fault] if fault else []
    whole = cast("StepData", data)  # the keys of the step that was read, with values of the same types
    if "to" in data and "kind" not in data and not faults:
        faults += misplaced(whole, things, path)
    return whole, faults
