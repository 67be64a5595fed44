"""Callables of which a call runs nothing of the body, and others that look like it."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import multiprocessing
import textwrap
import types

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Generator, Iterator
    from typing import Any


async def fetch(number: int = 1) -> int:
    """A coroutine function."""
    await asyncio.sleep(0)
    print("the body runs")
    return number


def steps() -> Iterator[int]:
    """A generator function."""
    print("the body runs")
    yield 1


async def feed() -> AsyncIterator[int]:
    """An async generator function."""
    yield 1


@contextlib.contextmanager
def opened() -> Iterator[None]:
    """A context manager."""
    yield


@contextlib.asynccontextmanager
async def opened_later() -> AsyncIterator[None]:
    """An async context manager."""
    yield


@types.coroutine
def by_decorator() -> Generator[None, None, int]:
    """A coroutine of the old kind."""
    yield
    return 4


def gone_through(function: Callable[[], Iterator[int]]) -> Callable[[], list[int]]:
    """Goes through what a generator function yields."""

    @functools.wraps(function)
    def wrapper() -> list[int]:
        return list(function())

    return wrapper


all_steps = gone_through(steps)


class Service:
    """Its instances, and their methods, can be targets."""

    async def __call__(self) -> int:
        return await fetch(2)

    async def method(self) -> int:
        """A coroutine function that is bound."""
        return await fetch(3)

    def steps(self) -> Iterator[int]:
        """A generator function that is bound."""
        yield 1


class Promise:
    """Something to await that is no coroutine."""

    def __await__(self) -> Generator[None, None, int]:
        return fetch(5).__await__()


service = Service()
partly = functools.partial(fetch, 7)
partly_lazy = functools.partial(functools.partial(steps))


def fetched() -> object:
    """Return a coroutine."""
    return fetch(6)


def fetched_by_another() -> object:
    """Return the coroutine of a function that returns one."""
    return fetched()


def fetched_by_a_method() -> object:
    """Return the coroutine of an object that is found in a dict."""
    return {"it": service}["it"].method()


def _closing(function: Callable[[], object]) -> Callable[[], object]:
    def call() -> object:
        return function()

    return call


fetched_by_what_it_closes_over = _closing(fetch)


def fetched_from_a_module() -> object:
    """Return the coroutine of a function of a module."""
    return asyncio.sleep(0)


def fetched_by_an_import() -> object:
    """Return the coroutine of a function that is imported late."""
    from asyncio import sleep

    return sleep(0)


def promised() -> object:
    """Return something to await that is no coroutine."""
    return Promise()


def made_inside() -> object:
    """Return a coroutine of a function that is made in this one."""

    async def inner() -> int:
        return 8

    return inner()


def _never_filled(*, never: bool) -> Callable[[], object]:
    if never:
        later = begun

    def call() -> object:
        return later()

    return call


never_filled = _never_filled(never=False)


def begun() -> object:
    """Return a generator of whose body a part has run."""
    made = steps()
    next(made)
    return made


def maybe_begun() -> object:
    """Return a generator, or None."""
    return steps() or None  # type: ignore[truthy-bool]  # that is what is tested


def indented(levels: int) -> str:
    """Call itself, and a function of the standard library."""
    return textwrap.indent(indented(levels - 1), " ") if levels else "text"


def gone_through_here() -> None:
    """Go through what a generator function yields, and return nothing."""
    for _ in steps():
        pass


def used_up() -> object:
    """Return a generator that has come to its end."""
    made = steps()
    list(made)
    return made


def some() -> object:
    """Return a generator expression, a value like another."""
    return (number for number in (1, 2))


async def unwound(ready: Any) -> None:
    """Release a semaphore and wait beside a task that is busy, with a `finally` that needs the loop."""
    busy = asyncio.create_task(_turn_round())
    try:
        print("ready")
        ready.release()
        await asyncio.sleep(60)
    finally:
        await asyncio.sleep(0)
        print("unwound", not busy.done())


async def _turn_round() -> None:
    while True:
        await asyncio.sleep(0)


async def failing() -> None:
    """Raise."""
    raise LookupError("no")


async def cancelled() -> None:
    """End by a cancellation of its own."""
    raise asyncio.CancelledError


class RunsACoroutine(multiprocessing.Process):
    """A class whose `run` is a coroutine function."""

    async def run(self) -> None:  # type: ignore[override]  # that is what is tested
        print(self.name, await fetch())


class HasATarget(multiprocessing.Process):
    """A class without `run` that has a target."""

    def __init__(self) -> None:
        super().__init__(target=fetch, args=(9,))


class RunsNothing(multiprocessing.Process):
    """A class whose `run` is a generator function."""

    def run(self) -> Iterator[int]:  # type: ignore[override]  # that is what is tested
        yield 1


class Empty(multiprocessing.Process):
    """A class without `run`."""


class EmptyWithInit(multiprocessing.Process):
    """A class without `run`, of which only an object shows that it has no target either."""

    def __init__(self) -> None:
        super().__init__()


class Forgetful(multiprocessing.Process):
    """A class that forgets to call `super().__init__()`."""

    def __init__(self) -> None:
        self.number = 1

    def run(self) -> None:
        """Do nothing."""


class ForgetfulDaemon(Forgetful):
    """A class that forgets it, and does what needs it."""

    def __init__(self) -> None:
        self.daemon = True


class Confused(multiprocessing.Process):
    """A class with an `AttributeError` of its own."""

    def __init__(self) -> None:
        super().__init__()
        self.number = self.nothing  # type: ignore[attr-defined]  # that is what is tested
