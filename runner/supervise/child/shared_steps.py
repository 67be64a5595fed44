"""Closures for the steps of `do:` that use shared things.

Children import this module.
"""

from __future__ import annotations

import math
from itertools import repeat

from runner.model.assigned_places import place_of
from runner.system.clock import monotonic
from runner.system.open_files import MAX_POLL_S

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from runner.model.json_types import StepData
    from runner.model.multiprocessing_protocols import Guard, Value
    from runner.supervise.child.frame import Frame, Maker, Run


def _guard(frame: Frame, step: StepData) -> Guard:
    """Return the object to acquire and release: for a value, its own lock."""
    thing = frame.thing(step["thing"])
    guard: Guard = thing.get_lock() if hasattr(thing, "get_lock") else thing
    return guard


def _with(frame: Frame, step: StepData, at: str) -> Run:
    guard, name, run = _guard(frame, step), step["thing"]["ref"], frame.sequence(step["do"], f"{at}.do")

    def run_guarded() -> None:
        with guard:
            before = frame.held
            frame.held = (*before, name)
            try:
                run()
            finally:
                frame.held = before

    return run_guarded


def _acquire(frame: Frame, step: StepData, _: str) -> Run:
    acquire, name, keep = _guard(frame, step).acquire, step["thing"]["ref"], frame.keep(step)
    timeout = step.get("timeout")

    def acquire_it() -> None:
        took = acquire(True, timeout)
        if took:
            frame.held = (*frame.held, name)
        keep(took)

    return acquire_it


def _release(frame: Frame, step: StepData, _: str) -> Run:
    release, name = _guard(frame, step).release, step["thing"]["ref"]

    def release_guard() -> None:
        release()
        if name in frame.held:
            held = list(frame.held)
            held.remove(name)
            frame.held = tuple(held)

    return release_guard


def _wait(frame: Frame, step: StepData, _: str) -> Run:
    wait, timeout, keep = frame.thing(step["thing"]).wait, step.get("timeout"), frame.keep(step)
    return lambda: keep(wait(timeout))


def _notify(frame: Frame, step: StepData, _: str) -> Run:
    thing, count = frame.thing(step["thing"]), step.get("n", 1)
    return lambda: thing.notify(count)


def _notify_all(frame: Frame, step: StepData, _: str) -> Run:
    run: Run = frame.thing(step["thing"]).notify_all
    return run


def _set(frame: Frame, step: StepData, _: str) -> Run:
    run: Run = frame.thing(step["thing"]).set
    return run


def _clear(frame: Frame, step: StepData, _: str) -> Run:
    run: Run = frame.thing(step["thing"]).clear
    return run


def _put(frame: Frame, step: StepData, _: str) -> Run:
    put, value, timeout = frame.thing(step["into"]).put, frame.value(step["value"]), step.get("timeout")
    return lambda: put(value(), True, timeout)


def _get(frame: Frame, step: StepData, _: str) -> Run:
    get, timeout, keep = frame.thing(step["thing"]).get, step.get("timeout"), frame.keep(step)
    if timeout is None or timeout <= MAX_POLL_S:
        return lambda: keep(get(True, timeout))
    from runner.supervise.tracing.queues import get_by

    return lambda: keep(get_by(monotonic() + timeout, get))


def _task_done(frame: Frame, step: StepData, _: str) -> Run:
    run: Run = frame.thing(step["thing"]).task_done
    return run


def _join_queue(frame: Frame, step: StepData, _: str) -> Run:
    run: Run = frame.thing(step["thing"]).join
    return run


def _append(frame: Frame, step: StepData, _: str) -> Run:
    append, value = frame.thing(step["to"]).append, frame.value(step["value"])
    return lambda: append(value())


def _write(frame: Frame, step: StepData, _: str) -> Run:
    thing, kind, value, at = frame.thing(step["to"]), step["kind"], frame.value(step["value"]), frame.value(step["at"])
    if kind in ("value", "raw_value"):
        return lambda: setattr(thing, "value", value())
    if kind == "namespace":
        return lambda: setattr(thing, at(), value())
    return lambda: thing.__setitem__(at(), value())


def _add(frame: Frame, step: StepData, _: str) -> Run:
    """Read, add, write back: three separate operations, as in Python, which only a guard makes atomic."""
    place, amount, times = place_of(step), frame.value(step["value"]), step.get("times", 1)
    once = _addition(frame, step)
    total: float = 0
    held: set[tuple[str, ...]] = set()

    def add() -> None:
        nonlocal total
        held.add(frame.held)
        number = amount()
        counted = number if isinstance(number, int | float) else math.nan  # the sum that it stores cannot be known
        for _ in repeat(None, times):
            once(number)
            total += counted

    if step["kind"] == "array":
        _let_numbers_wrap()
    if place is not None:
        frame.added.append(lambda: (place, total, held))
    return add


def _let_numbers_wrap() -> None:
    """Suppress numpy's warning about overflows, which a note explains, in a process that only runs steps."""
    import numpy as np

    np.seterr(over="ignore")


def _addition(frame: Frame, step: StepData) -> Callable[[object], None]:
    thing, kind, at = frame.thing(step["to"]), step["kind"], frame.value(step["at"])

    def add_to_attribute(number: object) -> None:
        setattr(thing, at(), getattr(thing, at()) + number)

    def add_to_raw_value(number: object) -> None:
        thing.value += number

    def add_to_item(number: object) -> None:
        thing[at()] += number

    match kind:
        case "value":
            return _addition_to_value(thing)
        case "raw_value":
            return add_to_raw_value
        case "namespace":
            return add_to_attribute
    return add_to_item


def _addition_to_value(value: Value) -> Callable[[object], None]:
    """Return a function that does `value.value += number` without calling its properties: its lock is taken twice."""
    acquire, release, bare = value.acquire, value.release, value.get_obj()

    def add(number: object) -> None:
        acquire()
        try:
            found = bare.value
        finally:
            release()
        acquire()
        try:
            bare.value = found + number
        finally:
            release()

    return add


MAKERS: dict[str, Maker] = {
    "with": _with,
    "acquire": _acquire,
    "release": _release,
    "wait": _wait,
    "notify": _notify,
    "notify_all": _notify_all,
    "set": _set,
    "clear": _clear,
    "put": _put,
    "get": _get,
    "task_done": _task_done,
    "join_queue": _join_queue,
    "append": _append,
    "write": _write,
    "add": _add,
}
