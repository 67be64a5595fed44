"""The planned shared things, as frozen data that can be converted to and from JSON."""

from __future__ import annotations

from runner.model.records import fields_of, record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any, Literal, TypeAlias

    Number: TypeAlias = bool | int | float
    Encoded: TypeAlias = None | bool | int | float | str | list["Encoded"] | dict[str, "Encoded"]


@record(frozen=True, slots=True)
class SharedLock:
    """A lock."""

    name: str
    traced: bool = True


@record(frozen=True, slots=True)
class SharedRLock:
    """A lock that its holder may take again."""

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
    """A condition with a lock of its own, which its holder may take again."""

    name: str
    traced: bool = True


@record(frozen=True, slots=True)
class SharedBarrier:
    """A barrier that opens when so many wait at it."""

    name: str
    parties: int
    traced: bool = True


@record(frozen=True, slots=True)
class SharedQueue:
    """A queue with room for `size` items (0: as many as you like); a joinable one counts what is not done yet."""

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
    """`length` numbers of a numpy dtype in shared memory; targets get a numpy array. Without `initial` all are 0."""

    name: str
    dtype: str
    length: int
    itemsize: int
    initial: tuple[Number, ...] = ()


@record(frozen=True, slots=True)
class SharedManaged:
    """A dict, a list or a namespace that lives in a process of its own, a manager's; targets get a proxy.

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
_RECORDS: dict[str, type[SharedPlan]] = {
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
_TAGS = {cls: tag for tag, cls in _RECORDS.items()}


def kind_of(thing: SharedPlan) -> str:
    """What a file calls a thing like this: `lock`, `joinable_queue`, `dict` …"""
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
    """Whether it is noted who waits for the thing and who has it."""
    if isinstance(thing, SharedArray | SharedManaged):
        return False
    return thing.traced and (not isinstance(thing, SharedValue) or thing.locked)


def is_declared(name: str) -> bool:
    """Whether a thing of this name is one of the file's own; those that a job makes for itself have dotted names."""
    return "." not in name


def to_json(thing: SharedPlan) -> dict[str, Any]:
    """The thing as JSON data; `from_json` gives an equal one back."""
    return {"kind": _TAGS[type(thing)], **fields_of(thing)}


def from_json(data: dict[str, Any]) -> SharedPlan:
    """The thing that `to_json` wrote."""
    fields: dict[str, Any] = {key: value for key, value in data.items() if key != "kind"}
    if data["kind"] == "array":
        fields["initial"] = tuple(fields["initial"])
    return _RECORDS[data["kind"]](**fields)
