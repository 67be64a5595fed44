"""Convert the fields of an event to and from flat JSON."""

from __future__ import annotations

from runner.model.event_types import EVENTS, NAMES, ProcessState, Use
from runner.model.records import fields_of, from_fields

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from runner.model.event_types import Fact
    from runner.model.json_types import Json


def to_json(fact: Fact) -> dict[str, Json]:
    """Return an event's fields as one flat JSON object, beginning with those that all events of its kind have."""
    said = fields_of(fact)
    of = said.pop("of", None)
    lists = {name: list(value) if isinstance(value, tuple) else value for name, value in said.items()}
    return (fields_of(of) if of is not None else {}) | lists


def from_json(event: str, said: Mapping[str, object]) -> Fact:
    """Return the record of an event of this name; a field that `said` lacks is None.

    Raise `KeyError` for an unknown name, and `TypeError` for a field that the event does not have.
    """
    kind = EVENTS[event]
    given: dict[str, object] = {
        name: tuple(value) if isinstance(value, list) and name in _TUPLES else value for name, value in said.items()
    }
    if (of := _of(kind)) is not None:
        given["of"] = of(*[given.pop(name, None) for name in _names(of)])
    make: Callable[..., Fact] = kind
    return from_fields(make, {**dict.fromkeys(kind.__match_args__), **given})


def from_kept(event: Mapping[str, Json]) -> Fact:
    """Return the record of an event that another version may have stored, as flat JSON.

    Fields that the other version lacked are None, and fields that this version does not know are left out. Raise
    `KeyError` for an unknown name.
    """
    name = str(event["event"])
    kind = EVENTS[name]
    of = _of(kind)
    known = (*kind.__match_args__, *(() if of is None else _names(of)))
    return from_json(name, {field: event[field] for field in known if field in event})


def _of(kind: type[Fact]) -> Callable[..., Use | ProcessState] | None:
    """Return the record that all events of a kind begin with, or None."""
    if "of" not in kind.__match_args__:
        return None
    return Use if NAMES[kind].startswith("shared.") else ProcessState


def _names(of: Callable[..., Use | ProcessState]) -> tuple[str, ...]:
    return Use.__match_args__ if of is Use else ProcessState.__match_args__


_TUPLES = ("processes", "deadlock")
"""Fields that are lists in JSON."""
