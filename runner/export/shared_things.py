"""Generate the code in which main creates, prints and removes shared things."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.export.annotations import Types, ctype
from runner.export.code.expressions import expression, literal
from runner.export.code.layout import indented
from runner.export.code.step_traversal import pairs_of
from runner.model.records import record
from runner.model.shared_things import (
    SharedArray,
    SharedBarrier,
    SharedEvent,
    SharedManaged,
    SharedQueue,
    SharedSemaphore,
    SharedValue,
    is_declared,
    kind_of,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from runner.model.shared_things import SharedPlan

_CALLS = {"lock": "Lock", "rlock": "RLock", "condition": "Condition", "event": "Event"}


@record(frozen=True, slots=True)
class Things:
    """The things of a script: `names` are the variables of main, `views` the functions that show memory as an array."""

    plans: Sequence[SharedPlan]
    names: Mapping[str, str]
    views: Mapping[tuple[str, int], str]
    types: Types

    def plan(self, name: str) -> SharedPlan | None:
        """Return the thing of this name, if there is one."""
        return next((thing for thing in self.plans if thing.name == name), None)

    def argument(self, name: str) -> str:
        """Return what main passes on for a reference: for an array its shared memory."""
        if name == "pid":
            return "os.getpid()"
        if isinstance(self.plan(name), SharedArray):
            return f"{self.names[name]}_memory"
        return self.names.get(name, name)

    def shown(self, name: str) -> str:
        """Return the same as main itself sees it."""
        thing = self.plan(name)
        return self.view(thing) if isinstance(thing, SharedArray) else self.names.get(name, name)

    def view(self, array: SharedArray) -> str:
        """Return an array in the memory."""
        return f"{self.views[array.dtype, array.length]}({self.names[array.name]}_memory)"

    @property
    def arrays(self) -> list[SharedArray]:
        """The things that are arrays."""
        return [thing for thing in self.plans if isinstance(thing, SharedArray)]

    @property
    def managed(self) -> list[SharedManaged]:
        """The things that live in a manager."""
        return [thing for thing in self.plans if isinstance(thing, SharedManaged)]


def made(things: Things) -> list[str]:
    """Return the statements that create all things except those in a manager."""
    lines: list[str] = []
    for thing in things.plans:
        if not isinstance(thing, SharedManaged):
            lines += _made(thing, things)
    return lines


def managed(things: Things) -> list[str]:
    """Return the statements that create the things in a manager."""
    lines: list[str] = []
    for thing in things.managed:
        name = things.names[thing.name]
        initial = thing.initial if thing.initial not in ([], {"dict": []}) else None
        if thing.of == "namespace":
            lines.append(f"{name} = manager.Namespace()")
            lines += [f"{name}.{key} = {expression(value, str)}" for key, value in pairs_of(thing.initial)]
            continue
        given = "" if initial is None else expression(initial, str)
        annotation = f": {things.types.of_thing(thing.name)}" if initial is None else ""
        lines.append(f"{name}{annotation} = manager.{thing.of}({given})")
    return lines


def filled(things: Things) -> list[str]:
    """Return the statements that write the initial numbers into arrays."""
    return [
        f"{things.view(thing)}[:] = [{', '.join(map(literal, thing.initial))}]"
        for thing in things.arrays
        if any(thing.initial)
    ]


def removed(arrays: Sequence[SharedArray], things: Things) -> list[str]:
    """Return the statements that remove the memory."""
    names = [things.argument(array.name) for array in arrays]
    if len(names) == 1:
        return [f"{names[0]}.close()", f"{names[0]}.unlink()"]
    return [f"for memory in ({', '.join(names)}):", "    memory.close()", "    memory.unlink()"]


def printed(things: Things) -> list[str]:
    """Return the statements that print the last values."""
    lines: list[str] = []
    for thing in filter(lambda thing: is_declared(thing.name), things.plans):
        name = things.names[thing.name]
        match thing:
            case SharedValue():
                lines.append(f'print(f"{thing.name}: {{{name}.value}}")')
            case SharedArray():
                lines.append(f'print(f"{thing.name}: {{{things.view(thing)}.tolist()}}")')
            case SharedManaged():
                lines.append(f'print(f"{thing.name}: {{{name}}}")')
    return lines


def views(things: Things) -> list[list[str]]:
    """Return the functions that show memory as arrays."""
    return [
        [
            f"def {name}(memory: SharedMemory) -> NDArray[np.{_scalar(dtype)}]:",
            *indented(
                [
                    '"""The numbers in the memory, as an array."""',
                    f"return np.ndarray({literal(length)}, np.{_scalar(dtype)}, memory.buf)",
                ]
            ),
        ]
        for (dtype, length), name in things.views.items()
    ]


def _scalar(dtype: str) -> str:
    return "bool_" if dtype == "bool" else dtype


def _made(thing: SharedPlan, things: Things) -> list[str]:
    name = things.names[thing.name]
    match thing:
        case SharedSemaphore(_, permits, bounded):
            return [f"{name} = multiprocessing.{'Bounded' if bounded else ''}Semaphore({_unless(permits, 1)})"]
        case SharedEvent(_, True):
            return [f"{name} = multiprocessing.Event()", f"{name}.set()"]
        case SharedBarrier(_, parties):
            return [f"{name} = multiprocessing.Barrier({parties})"]
        case SharedQueue(_, size, joinable):
            kind = "JoinableQueue" if joinable else "Queue"
            return [f"{name}: {things.types.of_thing(thing.name)} = multiprocessing.{kind}({_unless(size, 0)})"]
        case SharedValue():
            kind = "Value" if thing.locked else "RawValue"
            return [f"{name} = multiprocessing.{kind}(ctypes.{ctype(thing)}, {literal(thing.initial)})"]
        case SharedArray():
            return [f"{name}_memory = SharedMemory(create=True, size={_size(thing)})"]
    return [f"{name} = multiprocessing.{_CALLS[kind_of(thing)]}()"]


def _size(array: SharedArray) -> str:
    if array.itemsize == 1 or array.length == 1:
        return literal(array.length * array.itemsize)
    return f"{literal(array.length)} * {array.itemsize}"


def _unless(number: int, default: int) -> str:
    return "" if number == default else literal(number)
