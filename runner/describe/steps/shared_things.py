"""Check the entries of `shared:`, and convert them into their planned form."""

from __future__ import annotations

import math
import struct
from typing import TYPE_CHECKING

from runner.describe.fields.validation_errors import Fault, instance_of, instead_of
from runner.describe.steps.fitting import beyond
from runner.describe.steps.thing_kinds import KINDS, MAX_LENGTH, MAX_PERMITS, OPTIONS, RESERVED
from runner.describe.yaml.scalars import found, shortened
from runner.describe.yaml.suggestions import listed, suggestion, with_article
from runner.model.dtypes import DTYPES
from runner.model.records import record
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
    from collections.abc import Callable, Iterable

    from runner.describe.yaml.document import Path
    from runner.describe.yaml.scalars import Scalar, Value
    from runner.model.json_types import Encoded
    from runner.model.problem_ids import ProblemId
    from runner.model.shared_things import Number, SharedPlan


def read_things(value: object) -> tuple[list[SharedPlan], list[Fault]]:
    """Return the things that `shared:` declares, and its mistakes, by paths below it."""
    if not isinstance(value, dict):
        message = f"`shared`: expected a mapping of names to things, found {found(value)}"
        return [], [Fault((), message, "write for example door: lock", id="wrong-type")]
    reader = _Reader()
    things = [reader.thing(name, entry) for name, entry in value.items()]
    return [thing for thing in things if thing is not None], reader.faults


@record(frozen=True, slots=True)
class _Fields:
    """What a file says of a thing: the argument of its kind, which has been checked, and its options."""

    argument: object = None
    trace: bool = True
    dtype: str = ""


class _Reader:
    def __init__(self) -> None:
        self.faults: list[Fault] = []

    def thing(self, name: Scalar, entry: object) -> SharedPlan | None:
        before = len(self.faults)
        if not isinstance(name, str) or not name.isidentifier() or not name.isascii():
            message = f"`{shortened(str(name))}` cannot be the name of a thing"
            self._fault((name,), message, "use letters, digits and _, no digit first", id="bad-name", key=True)
        elif name in RESERVED:
            message = f"`${name}` has a meaning already"
            self._fault((name,), message, "choose another name", id="name-taken", key=True)
        kind, fields = self._fields(name, entry)
        if len(self.faults) > before:
            return None
        return _MAKERS[kind](str(name), fields)

    def _fields(self, name: Scalar, entry: object) -> tuple[str, _Fields]:
        is_bare = isinstance(entry, str)
        if isinstance(entry, str):
            entry = {entry: KINDS[entry].default} if entry in KINDS else {entry: None}
        if not isinstance(entry, dict):
            help = "write for example lock, or {value: 0}"
            self._fault((name,), f"expected a kind of thing, found {found(entry)}", help, id="wrong-type")
            return "", _Fields()
        kinds = [str(key) for key in entry if key in KINDS]
        if len(kinds) != 1:
            self._no_kind(name, entry, kinds, is_bare=is_bare)
            return "", _Fields()
        kind = kinds[0]
        for key in entry:
            if key != kind and key not in KINDS[kind].options:
                self._unknown_key(name, key, kind)
        argument = KINDS[kind].default if entry[kind] is None else entry[kind]
        path: Path = (name, kind)
        if argument is ...:
            help = f"write {name}: {{{kind}: {_EXAMPLES[kind]}}}"
            self._fault(path, f"`{kind}` needs {_SAYS_MORE[kind]}", help, id="missing-value", key=True)
            return kind, _Fields()
        before = len(self.faults)
        checked = self._argument(kind, argument, path)
        trace = entry.get("trace", True)
        if not isinstance(trace, bool):
            self._expect(False, (name, "trace"), "true or false", trace)
        dtype = self._dtype(name, entry, kind, checked) if len(self.faults) == before else ""
        return kind, _Fields(checked, bool(trace), dtype)

    def _unknown_key(self, name: Scalar, key: Scalar, kind: str) -> None:
        if key in OPTIONS:
            message = f"`{key}` has no effect on {with_article(kind)}"
            self._fault((name, key), message, "remove it", id="no-effect", key=True)
            return
        help = suggestion(str(key), [kind, *KINDS[kind].options], "keys here")
        message = f"unknown key `{shortened(str(key))}` of {with_article(kind)}"
        self._fault((name, key), message, help, id="unknown-key", key=True)

    def _no_kind(self, name: Scalar, entry: dict[Scalar, object], kinds: list[str], *, is_bare: bool) -> None:
        if kinds:
            message = f"a thing is of one kind: here are `{kinds[0]}` and `{kinds[1]}`"
            self._fault((name, kinds[1]), message, id="conflicting-keys", key=True)
            return
        unknown = [key for key in entry if key not in OPTIONS]
        if not unknown:
            self._fault((name,), f"`{name}` has no kind", f"kinds: {listed(KINDS)}", id="missing-key")
            return
        help = suggestion(str(unknown[0]), KINDS, "kinds")
        path = (name,) if is_bare else (name, unknown[0])
        message = f"unknown kind of thing `{shortened(str(unknown[0]))}`"
        self._fault(path, message, help, id="unknown-thing", key=not is_bare)

    def _argument(self, kind: str, value: object, path: Path) -> object:
        match KINDS[kind].argument:
            case "nothing":
                self._expect(value is None, path, "nothing", value, f"write {path[0]}: {kind}")
            case "permits":
                self._expect(_whole(value, 0, MAX_PERMITS), path, f"a number of permits, 0 to {MAX_PERMITS:,}", value)
            case "parties":
                self._expect(_whole(value, 1, MAX_PERMITS), path, f"a number of processes, 1 to {MAX_PERMITS:,}", value)
            case "size":
                self._expect(_whole(value, 0, MAX_PERMITS), path, f"a number of items, 0 to {MAX_PERMITS:,}", value)
            case "flag":
                self._expect(isinstance(value, bool), path, "true or false", value)
            case "number":
                self._expect(_is_number(value), path, "a number", value)
            case "numbers":
                good = _whole(value, 1, MAX_LENGTH) or (isinstance(value, list) and bool(value))
                self._expect(good, path, "a list of numbers, or how many zeros", value)
                for place, number in enumerate(value if isinstance(value, list) else ()):
                    self._expect(_is_number(number), (*path, place), "a number", number)
            case "items":
                self._expect(isinstance(value, list), path, "a list", value)
            case _:
                self._expect(isinstance(value, dict), path, "a mapping", value)
                if kind == "namespace" and isinstance(value, dict):
                    self._check_attributes(value, path)
        return value

    def _check_attributes(self, names: Iterable[Scalar], path: Path) -> None:
        for name in names:
            if not isinstance(name, str) or not name.isidentifier() or name.startswith("_"):
                message = f"`{shortened(str(name))}` cannot be the name of an attribute"
                self._fault(
                    (*path, name), message, "use letters, digits and _, a letter first", id="bad-name", key=True
                )

    def _dtype(self, name: Scalar, entry: dict[Scalar, object], kind: str, value: object) -> str:
        if kind not in ("value", "raw_value", "array"):
            return ""
        numbers = value if isinstance(value, list) else [0 if kind == "array" else value]
        dtype = entry.get("dtype", _natural(numbers))
        if not isinstance(dtype, str) or dtype not in DTYPES:
            help = suggestion(str(dtype), DTYPES, "types")
            message = f"`dtype`: expected a type of numpy's, found {found(dtype)}"
            self._fault((name, "dtype"), message, help, id="unknown-choice")
            return ""
        for place, number in enumerate(numbers):
            self._check_fits(number, dtype, (name, kind, place) if isinstance(value, list) else (name, kind))
        return dtype

    def _check_fits(self, number: object, dtype: str, path: Path) -> None:
        if DTYPES[dtype].least is None:
            if not _fits_float(number, dtype):
                self._fault(path, f"{shortened(str(number))} is too large for {dtype}", id="out-of-range")
        elif not isinstance(number, int):
            self._fault(path, f"{dtype} holds whole numbers, not {number}", "write dtype: float64", id="wrong-type")
        elif (message := beyond(number, dtype)) is not None:
            self._fault(path, message, id="out-of-range")

    def _expect(self, good: bool, path: Path, expected: str, value: object, help: str | None = None) -> None:
        if not good:
            where = f"{path[-2]}[{path[-1]}]" if isinstance(path[-1], int) else path[-1]
            help = help or instead_of(_PLAINLY.get(expected.partition(",")[0], expected), value, str(value))
            id: ProblemId = "out-of-range" if type(value) is int and "number" in expected else "wrong-type"
            self._fault(path, f"`{where}`: expected {expected}, found {found(value)}", help, id=id)

    def _fault(self, path: Path, message: str, help: str | None = None, *, id: ProblemId, key: bool = False) -> None:
        self.faults.append(Fault(path, message, help, key, id=id))


def _whole(value: object, least: int, most: int) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and least <= value <= most


def _is_number(value: object) -> bool:
    return isinstance(value, int) or (isinstance(value, float) and math.isfinite(value))


def _fits_float(number: object, dtype: str) -> bool:
    try:
        struct.pack(f"<{DTYPES[dtype].format}", number)
    except (OverflowError, struct.error):
        return False
    return True


def _natural(numbers: Iterable[object]) -> str:
    """Return the default type of numbers."""
    if all(isinstance(number, bool) for number in numbers):
        return "bool"
    return "float64" if any(isinstance(number, float) for number in numbers) else "int64"


def _number(value: object) -> Number:
    return value if isinstance(value, int) else instance_of(float, value)


def _array(name: str, said: _Fields) -> SharedPlan:
    numbers = said.argument
    initial = () if isinstance(numbers, int) else tuple(map(_number, instance_of(list, numbers)))
    length = numbers if isinstance(numbers, int) else len(initial)
    return SharedArray(name, said.dtype, length, DTYPES[said.dtype].itemsize, initial)


def encode_plainly(value: Value) -> Encoded:
    """Return an initial value as an encoded argument: a dollar sign in it has no meaning."""
    match value:
        case list():
            return [encode_plainly(item) for item in value]
        case dict():
            return {"dict": [[key, encode_plainly(item)] for key, item in value.items()]}
    return value


def _count(said: _Fields) -> int:
    return instance_of(int, said.argument)


_MAKERS: dict[str, Callable[[str, _Fields], SharedPlan]] = {
    "lock": lambda name, said: SharedLock(name, said.trace),
    "rlock": lambda name, said: SharedRLock(name, said.trace),
    "semaphore": lambda name, said: SharedSemaphore(name, _count(said), False, said.trace),
    "bounded_semaphore": lambda name, said: SharedSemaphore(name, _count(said), True, said.trace),
    "event": lambda name, said: SharedEvent(name, instance_of(bool, said.argument), said.trace),
    "condition": lambda name, said: SharedCondition(name, said.trace),
    "barrier": lambda name, said: SharedBarrier(name, _count(said), said.trace),
    "queue": lambda name, said: SharedQueue(name, _count(said), False, said.trace),
    "joinable_queue": lambda name, said: SharedQueue(name, _count(said), True, said.trace),
    "value": lambda name, said: SharedValue(name, said.dtype, _number(said.argument), True, said.trace),
    "raw_value": lambda name, said: SharedValue(name, said.dtype, _number(said.argument), False, said.trace),
    "array": _array,
    "dict": lambda name, said: SharedManaged(name, "dict", encode_plainly(instance_of(dict, said.argument))),
    "list": lambda name, said: SharedManaged(name, "list", encode_plainly(instance_of(list, said.argument))),
    "namespace": lambda name, said: SharedManaged(name, "namespace", encode_plainly(instance_of(dict, said.argument))),
}
_PLAINLY = dict.fromkeys(("a number of permits", "a number of items", "a number of processes"), "a whole number")
"""The expected types in the words of `instead_of`."""
_EXAMPLES = {"barrier": "3", "array": "[0, 0]"}
_SAYS_MORE = {"barrier": "the number of processes", "array": "its numbers, or their count"}
