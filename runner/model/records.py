"""A lightweight replacement for frozen, slotted `dataclasses`, for modules that must import fast.

`dataclasses` imports `inspect`, `ast` and `dis`, and compiles several methods for each class: this takes 40 ms of the
supervisor's start for its 30 records, and adds pages whose tables each fork has to copy. This module compiles nothing
and imports nothing. To a type checker these records are dataclasses. This module can go when importing `dataclasses`
costs a millisecond.
"""

from __future__ import annotations

__all__ = ["field", "fields_of", "from_fields", "record", "replace"]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from dataclasses import dataclass as record
    from dataclasses import field, replace
    from typing import Any, TypeVar

    Made = TypeVar("Made")
else:

    class field:  # noqa: N801  # called as in `dataclasses`
        """A field whose default value is created again for each record."""

        __slots__ = ("make",)

        def __init__(self, *, default_factory):
            self.make = default_factory

    def record(*, frozen, slots):
        """Make a class with annotated fields a record: compared by value, matched by position, immutable."""
        if not (frozen and slots):
            raise TypeError("a record is frozen and has slots")
        return _made

    def replace(thing, /, **changes):
        """Return a copy of the record with these changes."""
        made = object.__new__(type(thing))
        for name in thing.__match_args__:
            _put(made, name, changes.pop(name) if name in changes else getattr(thing, name))
        if changes:
            _refuse_more(thing, changes)
        return made

    def _made(cls):
        # `inspect.get_annotations` would import what this module exists to avoid.
        names = tuple(cls.__dict__.get("__annotations__", ()))  # noqa: RUF063
        body = {name: value for name, value in cls.__dict__.items() if name not in ("__dict__", "__weakref__")}
        body["_defaults"] = {name: body.pop(name) for name in names if name in body}
        body |= {"__slots__": names, "__match_args__": names, "__qualname__": cls.__qualname__}
        bases = cls.__bases__ if cls.__base__ is not object else (_Record, *cls.__bases__[:-1])
        return type(cls)(cls.__name__, bases, body)

    _put = object.__setattr__  # bypass our own, which refuses

    def _init(self, *given, **named):
        names = self.__match_args__
        if len(given) > len(names):
            raise TypeError(f"{type(self).__name__} has {len(names)} fields, and {len(given)} values were given")
        for name, value in zip(names, given, strict=False):
            _put(self, name, value)
        for name in names[len(given) :]:
            _put(self, name, named.pop(name) if name in named else _default(self, name))
        if named:
            _refuse_more(self, named)

    def _refuse_more(self, named):
        raise TypeError(f"{type(self).__name__} has no field for {', '.join(named)}")

    def _default(self, name):
        try:
            default = self._defaults[name]
        except KeyError:
            raise TypeError(f"{type(self).__name__} needs a value for {name}") from None
        return default.make() if isinstance(default, field) else default

    def _values(self):
        return tuple([getattr(self, name) for name in self.__match_args__])

    def _eq(self, other):
        return _values(self) == _values(other) if type(other) is type(self) else NotImplemented

    def _hash(self):
        return hash(_values(self))

    def _repr(self):
        shown = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__match_args__)
        return f"{type(self).__qualname__}({shown})"

    def _refuse(self, name, value=None):
        raise AttributeError(f"cannot change {name!r} of a {type(self).__name__}: it is frozen")

    def _reduce(self):
        return type(self), _values(self)

    class _Record:
        """The base of all records: methods that are inherited cost nothing when a class is made."""

        __slots__ = ()
        __init__ = _init
        __eq__ = _eq
        __hash__ = _hash
        __repr__ = _repr
        __setattr__ = _refuse
        __delattr__ = _refuse
        __reduce__ = _reduce


def fields_of(one: object) -> dict[str, Any]:
    """Return a record's fields by name, in order, but not those of nested records: `dataclasses.asdict` copies
    everything."""
    return {name: getattr(one, name) for name in one.__match_args__}  # type: ignore[attr-defined]  # every record's


def from_fields(make: Callable[..., Made], fields: Mapping[str, object]) -> Made:
    """Return the record that a class makes of fields whose types are known to be right, such as those of its own JSON.

    Raise `TypeError` for a field that it does not have, or lacks.
    """
    return make(**fields)
