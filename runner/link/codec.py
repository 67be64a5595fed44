"""Encode messages as JSON lines, and decode them: the only place where a message is plain data."""

from __future__ import annotations

import json
from operator import attrgetter

from runner.model import messages, plan_json
from runner.model.errors import SupervisorFault
from runner.model.plan import Plan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from typing import Any, TypeAlias

    from runner.model.messages import Looked, Order, Told

    Reader: TypeAlias = Callable[..., object]
    """Returns the value of a field for its JSON data."""


def encode(message: Order | Told | Looked, descriptors: int = 0) -> bytes:
    """Return the line of a message that this number of descriptors accompanies."""
    return _encode([descriptors, type(message).__name__, *_values(message)]).encode() + b"\n"


def decode(line: str) -> tuple[Any, int]:
    """Return the message of a line, and the number of descriptors that accompany it."""
    descriptors, name, *values = _decode(line)[0]
    if name not in _RECORDS:
        raise SupervisorFault(f"an unknown message: {line}")
    return _made(_RECORDS[name], values), descriptors


def _values(one: object) -> Iterable[object]:
    """Return the values of a record's fields: their order identifies the names, and is shorter."""
    kind = type(one)
    if kind not in _getters:
        _getters[kind] = _getter(kind)
    return _getters[kind](one)


def _getter(kind: type) -> Callable[..., Iterable[object]]:
    names: tuple[str, ...] = vars(kind)["__match_args__"]
    if kind is Plan:
        return plan_json.packed
    # For a single name it returns no tuple.
    return attrgetter(*names) if len(names) > 1 else lambda one: [getattr(one, name) for name in names]


_encode = json.JSONEncoder(separators=(",", ":"), check_circular=False, default=_values).encode
_decode = json.JSONDecoder().raw_decode

_RECORDS: dict[str, type] = {name: kind for name, kind in vars(messages).items() if hasattr(kind, "__match_args__")}
_getters: dict[type, Callable[..., Iterable[object]]] = {}
_readers: dict[type, list[tuple[int, Reader]]] = {}
"""For each kind of record, the indexes of the fields that are not plain JSON."""


def _made(kind: type, values: list[object]) -> object:
    if kind not in _readers:
        found = [_reader(annotation) for annotation in kind.__annotations__.values()]
        _readers[kind] = [(place, reader) for place, reader in enumerate(found) if reader is not None]
    for place, read in _readers[kind]:
        if values[place] is not None:
            values[place] = read(values[place])
    return kind(*values)


def _reader(annotation: str) -> Reader | None:
    """Return a function that returns the value of a field with this annotation; None if JSON preserves it."""
    name = annotation.removesuffix(" | None")
    if name == Plan.__name__:
        return plan_json.from_json
    if name in _RECORDS:
        return lambda values: _made(_RECORDS[name], values)
    if name.startswith("tuple["):
        item = _reader(name[len("tuple[") : -1].removesuffix(", ..."))
        return tuple if item is None else lambda values: tuple(map(item, values))
    if name.startswith("dict[str, ") and (value := _reader(name[len("dict[str, ") : -1])) is not None:
        return lambda values: {key: value(each) for key, each in values.items()}
    return None
