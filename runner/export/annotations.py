"""Infer the parameter types of a script's functions from the values put into and got from shared things."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.export.code.step_traversal import every_step, pairs_of
from runner.model.dtypes import DTYPES
from runner.model.shared_things import SharedArray, SharedManaged, SharedQueue, SharedValue, kind_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from runner.export.code.step_traversal import Statement
    from runner.export.functions import Function, Parameter
    from runner.model.json_types import Encoded
    from runner.model.shared_things import SharedPlan

_PLAIN = {
    "lock": "Lock",
    "rlock": "RLock",
    "semaphore": "Semaphore",
    "bounded_semaphore": "BoundedSemaphore",
    "event": "Event",
    "condition": "Condition",
    "barrier": "Barrier",
    "namespace": "Namespace",
}
ROUNDS = 3
"""How often types are followed from a put to a get and on to the next put: a pipeline of three stages."""


class Types:
    """The known types of items, keys and variables."""

    def __init__(self, things: Iterable[SharedPlan], functions: Sequence[Function], main: Sequence[Statement]) -> None:
        self._things = {thing.name: thing for thing in things}
        self._items: dict[str, dict[str, None]] = {}
        self._keys: dict[str, dict[str, None]] = {}
        self._variables: dict[tuple[str, str], dict[str, None]] = {}
        for thing in self._things.values():
            if isinstance(thing, SharedManaged):
                self._learn_initial(thing)
        for _ in range(ROUNDS):
            for function in functions:
                given = {each.name: each.given for each in function.parameters}
                for step in every_step(function.steps):
                    self._learn(function.name, step, given)
            for step in main:
                self._learn("main", step, {name: (name,) for name in self._things})

    def of_parameter(self, function: str, parameter: Parameter) -> str:
        """Return the annotation of a parameter."""
        if parameter.given:
            return self.of_thing(parameter.given[0], parameter.given)
        known = {"index": {"int": None}, "name": {"str": None}}.get(parameter.name, {})
        return _union(known or self._variables.get((function, parameter.name), {}))

    def of_thing(self, name: str, alike: Sequence[str] = ()) -> str:
        """Return the annotation of a shared thing; `alike` are the things passed for the same parameter."""
        thing = self._things[name]
        names = alike or (name,)
        items = _union({type_: None for each in names for type_ in self._items.get(each, {})})
        match thing:
            case SharedQueue():
                return f"{'JoinableQueue' if thing.joinable else 'Queue'}[{items}]"
            case SharedValue():
                return f"Synchronized[{_number(thing.dtype)}]" if thing.locked else f"ctypes.{ctype(thing)}"
            case SharedArray():
                return "SharedMemory"
            case SharedManaged(of="list"):
                return f"ListProxy[{items}]"
            case SharedManaged(of="dict"):
                keys = _union({type_: None for each in names for type_ in self._keys.get(each, {})})
                return f"DictProxy[{keys}, {items}]"
        return _PLAIN[kind_of(thing)]

    def _learn_initial(self, thing: SharedManaged) -> None:
        if isinstance(thing.initial, list):
            self._add(self._items, thing.name, *(self.of("", item) for item in thing.initial))
        for key, value in pairs_of(thing.initial):
            self._add(self._keys, thing.name, self.of("", key))
            self._add(self._items, thing.name, self.of("", value))

    def _learn(self, function: str, step: Statement, given: dict[str, tuple[str, ...]]) -> None:
        """Note what a step stores somewhere, and what it gets."""
        into = step.get("into") or step.get("to")
        for name in given.get(into["ref"], ()) if into else ():
            self._add(self._items, name, self.of(function, step["value"]))
            if step.get("kind") == "dict":
                self._add(self._keys, name, self.of(function, step["at"]))
        for passed in step.get("passed", ()):
            name = passed["ref"]
            self._merge(self._variables, (step["function"], name), self._variables.get((function, name), {}))
        if "as" in step:
            self._merge(self._variables, (function, step["as"]), self._got(step, given))

    def _got(self, step: Statement, given: dict[str, tuple[str, ...]]) -> dict[str, None]:
        if step["step"] == "repeat":
            return {"int": None}
        names = given.get(step["thing"]["ref"], ())
        if step["step"] == "get":
            return {type_: None for name in names for type_ in self._items.get(name, {})}
        kinds = {kind_of(self._things[name]) for name in names}
        return {"int" if kinds == {"barrier"} else "bool": None}

    def of(self, function: str, encoded: Encoded) -> dict[str, None]:
        """Return the types that a value can have; none if they are not known (yet)."""
        match encoded:
            case {"ref": "pid" | "$index"}:
                return {"int": None}
            case {"ref": str(name)}:
                return {"str": None} if name.startswith("$") else self._variables.get((function, name), {})
            case {"text": _}:
                return {"str": None}
            case {"dict": _}:
                return {"dict[Any, Any]": None}
            case list():
                return {"list[Any]": None}
        return {"None" if encoded is None else type(encoded).__name__: None}

    def _add(self, where: dict[str, dict[str, None]], name: str, *types: dict[str, None]) -> None:
        for each in types:
            where.setdefault(name, {}).update(each)

    def _merge(
        self, where: dict[tuple[str, str], dict[str, None]], name: tuple[str, str], types: dict[str, None]
    ) -> None:
        where.setdefault(name, {}).update(types)


def ctype(thing: SharedValue) -> str:
    """Return the name in `ctypes` for the type of a value."""
    return DTYPES[thing.dtype].ctype


def _number(dtype: str) -> str:
    return "bool" if dtype == "bool" else "float" if dtype.startswith("float") else "int"


def _union(types: dict[str, None]) -> str:
    last = ["None"] if "None" in types else []
    return " | ".join([*(type_ for type_ in types if type_ != "None"), *last]) or "Any"
