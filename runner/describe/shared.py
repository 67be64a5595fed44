"""The entries of `shared:`, checked one by one, as the plan has them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from runner.describe.checking import Fault
from runner.describe.scalars import found
from runner.describe.suggestions import listed, suggestion
from runner.dtypes import DTYPES
from runner.plan import (
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
from runner.records import record

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from runner.describe.document import Path
    from runner.describe.scalars import Scalar
    from runner.things import SharedPlan

MOST_PERMITS = 32_767
"""What every system lets a semaphore have."""
MOST_LENGTH = 100_000_000
RESERVED = ("name", "index", "pid", "env", "all")
"""Placeholders and words that mean something else."""


@record(frozen=True, slots=True)
class Kind:
    """One kind of shared thing: what it is, what its argument says, and that argument where the name stands alone."""

    says: str
    argument: str
    default: object = ...
    options: tuple[str, ...] = ("trace",)


KINDS: dict[str, Kind] = {
    "lock": Kind("A lock: one process at a time.", "nothing", None),
    "rlock": Kind("A lock that its holder may acquire again.", "nothing", None),
    "semaphore": Kind("A semaphore: so many permits.", "permits", 1),
    "bounded_semaphore": Kind("A semaphore that is an error to release more often than it was acquired.", "permits", 1),
    "event": Kind("An event, to be set and waited for.", "flag", False),
    "condition": Kind("A condition with its lock, to be waited for and notified.", "nothing", None),
    "barrier": Kind("A barrier that opens when so many processes wait at it.", "parties"),
    "queue": Kind("A queue with room for so many items: 0 for any number.", "size", 0),
    "joinable_queue": Kind("A queue that knows which of its items are not done yet.", "size", 0),
    "value": Kind("A number in shared memory, with a lock of its own.", "number", 0, ("trace", "dtype")),
    "raw_value": Kind("A number in shared memory, with no lock.", "number", 0, ("dtype",)),
    "array": Kind(
        "Numbers in shared memory, as a numpy array: a list of them, or how many zeros.", "numbers", ..., ("dtype",)
    ),
    "dict": Kind("A dict in a manager's process.", "mapping", {}, ()),
    "list": Kind("A list in a manager's process.", "items", [], ()),
    "namespace": Kind("Attributes in a manager's process.", "mapping", {}, ()),
}
OPTIONS = {
    "trace": "Whether it is noted who waits for it and who has it: true unless given.",
    "dtype": "numpy's type of the numbers: int64, or float64 if one of them has a fraction, unless given.",
}


def read_things(value: object) -> tuple[list[SharedPlan], list[Fault]]:
    """The things that `shared:` declares, and what is wrong with it, by paths below it."""
    if not isinstance(value, dict):
        help = "write for example door: lock"
        return [], [Fault((), f"`shared`: expected a mapping of names to things, found {found(value)}", help)]
    reader = _Reader()
    things = [reader.thing(name, entry) for name, entry in value.items()]
    return [thing for thing in things if thing is not None], reader.faults


class _Reader:
    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def thing(self, name: Scalar, entry: object) -> SharedPlan | None:
        before = len(self.faults)
        if not isinstance(name, str) or not name.isidentifier() or not name.isascii():
            self._fault(
                (name,), f"`{name}` cannot be a name: targets get it as `$name`", "use letters, digits and _", key=True
            )
        elif name in RESERVED:
            self._fault((name,), f"`${name}` has a meaning already", "choose another name", key=True)
        kind, fields = self._fields(name, entry)
        if len(self.faults) > before:
            return None
        return _MAKERS[kind](str(name), kind, fields)

    def _fields(self, name: Scalar, entry: object) -> tuple[str, dict[str, Any]]:
        if isinstance(entry, str):
            entry = {entry: KINDS[entry].default} if entry in KINDS else {entry: None}
        if not isinstance(entry, dict):
            self._fault(
                (name,), f"expected a kind of thing, found {found(entry)}", "write for example lock, or {value: 0}"
            )
            return "", {}
        kinds = [str(key) for key in entry if key in KINDS]
        if len(kinds) != 1:
            self._no_kind(name, entry, kinds)
            return "", {}
        kind = kinds[0]
        for key in entry:
            if key != kind and key not in KINDS[kind].options:
                help = suggestion(str(key), [kind, *KINDS[kind].options], "keys here")
                self._fault((name, key), f"unknown key `{key}` of a {kind}", help, key=True)
        argument = KINDS[kind].default if entry[kind] is None else entry[kind]
        path: Path = (name, kind)
        if argument is ...:
            self._fault(path, f"`{kind}` needs to say more", f"write {{{kind}: {_EXAMPLES[kind]}}}", key=True)
            return kind, {}
        checked = self._argument(kind, argument, path)
        trace = entry.get("trace", True)
        if not isinstance(trace, bool):
            self._fault((name, "trace"), f"`trace`: expected true or false, found {found(trace)}")
        return kind, {"argument": checked, "trace": trace, "dtype": self._dtype(name, entry, kind, checked)}

    def _no_kind(self, name: Scalar, entry: dict[Scalar, object], kinds: list[str]) -> None:
        if kinds:
            self._fault((name, kinds[1]), f"a thing is of one kind: here are `{kinds[0]}` and `{kinds[1]}`", key=True)
            return
        unknown = next((str(key) for key in entry if key not in OPTIONS), None)
        if unknown is None:
            self._fault((name,), "it does not say what it is", f"kinds: {listed(KINDS)}")
        else:
            help = suggestion(unknown, KINDS, "kinds")
            self._fault((name,), f"unknown kind of thing `{unknown}`", help)

    def _argument(self, kind: str, value: Any, path: Path) -> Any:
        match KINDS[kind].argument:
            case "nothing":
                self._expect(value is None, path, "nothing", value, f"write {path[0]}: {kind}")
            case "permits":
                self._expect(_whole(value, 0, MOST_PERMITS), path, f"a number of permits, 0 to {MOST_PERMITS:,}", value)
            case "parties":
                self._expect(_whole(value, 1, MOST_PERMITS), path, "a number of processes above 0", value)
            case "size":
                self._expect(_whole(value, 0, MOST_PERMITS), path, f"a number of items, 0 to {MOST_PERMITS:,}", value)
            case "flag":
                self._expect(isinstance(value, bool), path, "true or false", value)
            case "number":
                self._expect(_is_number(value), path, "a number", value)
            case "numbers":
                good = _whole(value, 1, MOST_LENGTH) or (
                    isinstance(value, list) and bool(value) and all(map(_is_number, value))
                )
                self._expect(good, path, "a list of numbers, or how many zeros", value)
            case "items":
                self._expect(isinstance(value, list), path, "a list", value)
            case "mapping":
                self._expect(isinstance(value, dict), path, "a mapping", value)
                if kind == "namespace" and isinstance(value, dict):
                    for key in value:
                        good = isinstance(key, str) and key.isidentifier() and not key.startswith("_")
                        self._expect(good, (*path, key), "the name of an attribute", key)
        return value

    def _dtype(self, name: Scalar, entry: dict[Scalar, object], kind: str, value: Any) -> str:
        if kind not in ("value", "raw_value", "array") or self.faults:
            return ""
        numbers = value if isinstance(value, list) else [0 if kind == "array" else value]
        dtype = entry.get("dtype", _natural(numbers))
        if not isinstance(dtype, str) or dtype not in DTYPES:
            help = suggestion(str(dtype), DTYPES, "types")
            self._fault((name, "dtype"), f"`dtype`: expected a type of numpy's, found {found(dtype)}", help)
            return ""
        for number in numbers:
            self._check_fits(number, dtype, (name, kind))
        return dtype

    def _check_fits(self, number: float, dtype: str, path: Path) -> None:
        least, highest = DTYPES[dtype].least, DTYPES[dtype].highest
        if least is None or highest is None:
            return
        if not isinstance(number, int):
            self._fault(path, f"{dtype} holds whole numbers, not {number}", "write dtype: float64")
        elif not least <= number <= highest:
            self._fault(path, f"{dtype} holds {least:,} to {highest:,}, not {number:,}")

    def _expect(self, good: bool, path: Path, expected: str, value: object, help: str | None = None) -> None:
        if not good:
            self._fault(path, f"`{path[-1]}`: expected {expected}, found {found(value)}", help)

    def _fault(self, path: Path, message: str, help: str | None = None, *, key: bool = False) -> None:
        self.faults.append(Fault(path, message, help, key))


def _whole(value: object, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _is_number(value: object) -> bool:
    return isinstance(value, int) or (isinstance(value, float) and math.isfinite(value))


def _natural(numbers: list[Any]) -> str:
    """The type that numbers have by themselves."""
    if all(isinstance(number, bool) for number in numbers):
        return "bool"
    return "float64" if any(isinstance(number, float) for number in numbers) else "int64"


def _array(name: str, _: str, said: Mapping[str, Any]) -> SharedPlan:
    numbers = said["argument"]
    length = numbers if isinstance(numbers, int) else len(numbers)
    initial = () if isinstance(numbers, int) else tuple(numbers)
    return SharedArray(name, said["dtype"], length, DTYPES[said["dtype"]].itemsize, initial)


def _value(name: str, kind: str, said: Mapping[str, Any]) -> SharedPlan:
    return SharedValue(name, said["dtype"], said["argument"], kind == "value", said["trace"])


def _managed(name: str, kind: Any, said: Mapping[str, Any]) -> SharedPlan:
    return SharedManaged(name, kind, encode_plainly(said["argument"]))


def encode_plainly(value: object) -> Any:
    """An initial value as an encoded argument: a dollar sign in it means nothing."""
    match value:
        case list():
            return [encode_plainly(item) for item in value]
        case dict():
            return {"dict": [[key, encode_plainly(item)] for key, item in value.items()]}
    return value


_MAKERS: dict[str, Callable[[str, str, Mapping[str, Any]], SharedPlan]] = {
    "lock": lambda name, _, said: SharedLock(name, said["trace"]),
    "rlock": lambda name, _, said: SharedRLock(name, said["trace"]),
    "semaphore": lambda name, _, said: SharedSemaphore(name, said["argument"], False, said["trace"]),
    "bounded_semaphore": lambda name, _, said: SharedSemaphore(name, said["argument"], True, said["trace"]),
    "event": lambda name, _, said: SharedEvent(name, said["argument"], said["trace"]),
    "condition": lambda name, _, said: SharedCondition(name, said["trace"]),
    "barrier": lambda name, _, said: SharedBarrier(name, said["argument"], said["trace"]),
    "queue": lambda name, _, said: SharedQueue(name, said["argument"], False, said["trace"]),
    "joinable_queue": lambda name, _, said: SharedQueue(name, said["argument"], True, said["trace"]),
    "value": _value,
    "raw_value": _value,
    "array": _array,
    "dict": _managed,
    "list": _managed,
    "namespace": _managed,
}
_EXAMPLES = {"barrier": "3", "array": "[0, 0]"}
