"""Closures for the steps of `do:` that use shared things.

Children import this module.
"""

from __future__ import annotations

import math
from itertools import repeat

from runner.model.step_places import place_of
from runner.system.clock import monotonic
from runner.system.open_files import MOST_POLL_S

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from runner.supervise.child.frame import Frame, Maker, Run, StepData


def _guard(frame: Frame, step: StepData) -> Any:
    """What is acquired and released: of a value its own lock."""
    thing = frame.thing(step)
    return thing.get_lock() if hasattr(thing, "get_lock") else thing


def _with(frame: Frame, step: StepData, at: str) -> Run:
    guard, name, run = _guard(frame, step), frame.name_of(step), frame.sequence(step["do"], f"{at}.do")

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
    acquire, name, keep = _guard(frame, step).acquire, frame.name_of(step), frame.keep(step)
    timeout = step.get("timeout")

    def acquire_it() -> None:
        took = acquire(True, timeout)
        if took:
            frame.held = (*frame.held, name)
        keep(took)

    return acquire_it


def _release(frame: Frame, step: StepData, _: str) -> Run:
    release, name = _guard(frame, step).release, frame.name_of(step)

    def release_it() -> None:
        release()
        if name in frame.held:
            held = list(frame.held)
            held.remove(name)
            frame.held = tuple(held)

    return release_it


def _wait(frame: Frame, step: StepData, _: str) -> Run:
    wait, timeout, keep = frame.thing(step).wait, step.get("timeout"), frame.keep(step)
    return lambda: keep(wait(timeout))


def _notify(frame: Frame, step: StepData, _: str) -> Run:
    thing, count = frame.thing(step), step.get("n", 1)
    return lambda: thing.notify(count)


def _notify_all(frame: Frame, step: StepData, _: str) -> Run:
    run: Run = frame.thing(step).notify_all
    return run


def _set(frame: Frame, step: StepData, _: str) -> Run:
    run: Run = frame.thing(step).set
    return run


def _clear(frame: Frame, step: StepData, _: str) -> Run:
    run: Run = frame.thing(step).clear
    return run


def _put(frame: Frame, step: StepData, _: str) -> Run:
    put, value, timeout = frame.thing(step, "into").put, frame.value(step["value"]), step.get("timeout")
    return lambda: put(value(), True, timeout)


def _get(frame: Frame, step: StepData, _: str) -> Run:
    get, timeout, keep = frame.thing(step).get, step.get("timeout"), frame.keep(step)
    if timeout is None or timeout <= MOST_POLL_S:
        return lambda: keep(get(True, timeout))
    from runner.supervise.tracing.queues import get_by

    return lambda: keep(get_by(monotonic() + timeout, get))


def _task_done(frame: Frame, step: StepData, _: str) -> Run:
    run: Run = frame.thing(step).task_done
    return run


def _join_queue(frame: Frame, step: StepData, _: str) -> Run:
    run: Run = frame.thing(step).join
    return run


def _append(frame: Frame, step: StepData, _: str) -> Run:
    append, value = frame.thing(step, "to").append, frame.value(step["value"])
    return lambda: append(value())


def _write(frame: Frame, step: StepData, _: str) -> Run:
    thing, kind, value, at = frame.thing(step, "to"), step["kind"], frame.value(step["value"]), frame.value(step["at"])
    if kind in ("value", "raw_value"):
        return lambda: setattr(thing, "value", value())
    if kind == "namespace":
        return lambda: setattr(thing, at(), value())
    return lambda: thing.__setitem__(at(), value())


def _add(frame: Frame, step: StepData, _: str) -> Run:
    """Read, add, write back: three motions, as in Python, which only a guard keeps together."""
    place, amount, times = place_of(step), frame.value(step["value"]), step.get("times", 1)
    once = _addition(frame, step)
    total: float = 0
    held: set[tuple[str, ...]] = set()

    def add() -> None:
        nonlocal total
        held.add(frame.held)
        number = amount()
        counted = number if isinstance(number, int | float) else math.nan  # what it makes of a sum cannot be known
        for _ in repeat(None, times):
            once(number)
            total += counted

    if step["kind"] == "array":
        _let_numbers_wrap()
    if place is not None:
        frame.added.append(lambda: (place, total, held))
    return add


def _let_numbers_wrap() -> None:
    """Have numpy not warn, in a process that does nothing but steps, of what a note explains."""
    import numpy as np

    np.seterr(over="ignore")


def _addition(frame: Frame, step: StepData) -> Callable[[Any], None]:
    thing, kind, at = frame.thing(step, "to"), step["kind"], frame.value(step["at"])

    def add_to_attribute(number: Any) -> None:
        setattr(thing, at(), getattr(thing, at()) + number)

    def add_to_raw_value(number: Any) -> None:
        thing.value += number

    def add_to_item(number: Any) -> None:
        thing[at()] += number

    match kind:
        case "value":
            return _addition_to_value(thing)
        case "raw_value":
            return add_to_raw_value
        case "namespace":
            return add_to_attribute
    return add_to_item


def _addition_to_value(value: Any) -> Callable[[Any], None]:
    """What `value.value += number` does, without the calls of its properties: its lock is taken twice."""
    acquire, release, bare = value.acquire, value.release, value.get_obj()

    def add(number: Any) -> None:
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
