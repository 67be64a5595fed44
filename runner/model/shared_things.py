"""The planned shared things, as frozen data that can be converted to and from JSON."""

from __future__ import annotations

from runner.model.records import fields_of, from_fields, record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from typing import Literal, TypeAlias

    from runner.model.json_types import Json

    Number: TypeAlias = bool | int | float

    from runner.model.json_types import Encoded


@record(frozen=True, slots=True)
class SharedLock:
    """A lock."""

    name: str
    traced: bool = True


@record(frozen=True, slots=True)
class SharedRLock:
    """A lock that its owner may acquire again."""

    name: str
    traced: bool = True


@record(frozen=True, slots=True)
class SharedSemaphore:
    """A semaphore with `permits` permits.

    A bounded one refuses to be released more often than it was acquired.
    """

    name: str
    permits: int
    bounded: bool = False
    traced: bool = True


@record(frozen=True, slots=True)
class SharedEvent:
    """An event, which is set at first or not."""

    name: str
    is_set: bool = False
    traced: bool = True


@record(frozen=True, slots=True)
class SharedCondition:
    """A condition with a lock of its own, which its owner may acquire again."""

    name: str
    traced: bool = True


@record(frozen=True, slots=True)
class SharedBarrier:
    """A barrier that opens when this number of processes wait at it."""

    name: str
    parties: int
    traced: bool = True


@record(frozen=True, slots=True)
class SharedQueue:
    """A queue with room for `size` items (0: unlimited); a joinable one counts the items that are not done yet."""

    name: str
    size: int = 0
    joinable: bool = False
    traced: bool = True


@record(frozen=True, slots=True)
class SharedValue:
    """One number: with a lock of its own (`Value`), or without (`RawValue`)."""

    name: str
    dtype: str
    initial: Number
    locked: bool = True
    traced: bool = True


@record(frozen=True, slots=True)
class SharedArray:
    """`length` numbers of a numpy dtype in shared memory; targets receive a numpy array. Without `initial` all are
    0."""

    name: str
    dtype: str
    length: int
    itemsize: int
    initial: tuple[Number, ...] = ()


@record(frozen=True, slots=True)
class SharedManaged:
    """A dict, a list or a namespace in a manager's process; targets receive a proxy.

    `initial` is encoded (see `runner.model.arguments`).
    """

    name: str
    of: Literal["dict", "list", "namespace"]
    initial: Encoded


SharedPlan: TypeAlias = (
    SharedLock
    | SharedRLock
    | SharedSemaphore
    | SharedEvent
    | SharedCondition
    | SharedBarrier
    | SharedQueue
    | SharedValue
    | SharedArray
    | SharedManaged
)

_PLAIN_KINDS: dict[type, str] = {
    SharedLock: "lock",
    SharedRLock: "rlock",
    SharedEvent: "event",
    SharedCondition: "condition",
    SharedBarrier: "barrier",
    SharedArray: "array",
}
_RECORDS: dict[str, Callable[..., SharedPlan]] = {
    "lock": SharedLock,
    "rlock": SharedRLock,
    "semaphore": SharedSemaphore,
    "event": SharedEvent,
    "condition": SharedCondition,
    "barrier": SharedBarrier,
    "queue": SharedQueue,
    "value": SharedValue,
    "array": SharedArray,
    "managed": SharedManaged,
}
_TAGS: dict[object, str] = {cls: tag for tag, cls in _RECORDS.items()}


def kind_of(thing: SharedPlan) -> str:
    """Return the word for this kind of thing in a file: `lock`, `joinable_queue`, `dict` …"""
    match thing:
        case SharedSemaphore():
            return "bounded_semaphore" if thing.bounded else "semaphore"
        case SharedQueue():
            return "joinable_queue" if thing.joinable else "queue"
        case SharedValue():
            return "value" if thing.locked else "raw_value"
        case SharedManaged():
            return thing.of
    return _PLAIN_KINDS[type(thing)]


def is_traced(thing: SharedPlan) -> bool:
    """Return whether the owners and waiters of the thing are recorded."""
    if isinstance(thing, SharedArray | SharedManaged):
        return False
    return thing.traced and (not isinstance(thing, SharedValue) or thing.locked)


def is_declared(name: str) -> bool:
    """Return whether the file declares a thing of this name; the things that a job makes for itself have dotted
    names."""
    return "." not in name


def to_json(thing: SharedPlan) -> dict[str, Json]:
    """Return the thing as JSON data, from which `from_json` makes an equal one."""
    return {"kind": _TAGS[type(thing)], **fields_of(thing)}


def from_json(data: Mapping[str, Json]) -> SharedPlan:
    """Return the thing that `to_json` wrote."""
    fields: dict[str, object] = {name: value for name, value in data.items() if name != "kind"}
    if isinstance(numbers := data.get("initial"), list) and data["kind"] == "array":
        fields["initial"] = tuple(numbers)
    return from_fields(_RECORDS[str(data["kind"])], fields)
