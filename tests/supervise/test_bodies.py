"""Callables of which a call runs nothing of the body."""

from __future__ import annotations

import asyncio
import os
import signal
from typing import TYPE_CHECKING

import pytest

from runner.supervise.child import coroutines
from runner.supervise.child.coroutines import is_async, lazy_kind, may_return_body, run_awaitable
from runner.supervise.child.termination import Terminated, raise_terminated
from tests.processes import lazy

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.mark.parametrize(
    ("called", "kind"),
    [
        (lazy.steps, "generator"),
        (lazy.service.steps, "generator"),
        (lazy.partly_lazy, "generator"),
        (lazy.feed, "async generator"),
        (lazy.opened, "context manager"),
        (lazy.opened_later, "async context manager"),
        (lazy.fetch, None),
        (lazy.by_decorator, None),
        (lazy.all_steps, None),
        (lazy.fetched, None),
        (lazy.service, None),
        (lazy.Service, None),
        (len, None),
        (None, None),
    ],
)
def test_of_a_callable_it_is_known_whether_a_call_runs_its_body(called: object, kind: str | None) -> None:
    assert lazy_kind(called) == kind


@pytest.mark.parametrize(
    ("called", "expected"),
    [
        (lazy.fetch, True),
        (lazy.partly, True),
        (lazy.service, True),
        (lazy.service.method, True),
        (lazy.by_decorator, True),
        (lazy.steps, False),
        (lazy.fetched, False),
        (print, False),
    ],
)
def test_a_coroutine_function_is_known(called: object, expected: bool) -> None:
    assert is_async(called) is expected


@pytest.mark.parametrize(
    ("called", "expected"),
    [
        (lazy.fetched, True),
        (lazy.fetched_by_another, True),
        (lazy.fetched_by_a_method, True),
        (lazy.fetched_by_what_it_closes_over, True),
        (lazy.fetched_from_a_module, True),
        (lazy.fetched_by_an_import, True),
        (lazy.promised, True),
        (lazy.made_inside, True),
        (lazy.Promise, True),
        (lazy.begun, True),
        (lazy.maybe_begun, True),
        (lazy.all_steps, True),
        (lazy.gone_through_here, False),
        (lazy.indented, False),
        (lazy.some, False),
        (lazy.Service, False),
        (lazy.never_filled, False),
        (print, False),
    ],
)
def test_a_function_that_might_return_a_body_that_is_still_to_run_is_known(called: object, expected: bool) -> None:
    assert may_return_body(called) is expected


def test_of_too_much_code_it_is_not_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(coroutines, "MAX_FUNCTIONS", 0)

    assert may_return_body(lazy.some) is True


@pytest.mark.parametrize(
    ("called", "value"),
    [
        (lazy.fetch, 1),
        (lazy.partly, 7),
        (lazy.service, 2),
        (lazy.service.method, 3),
        (lazy.by_decorator, 4),
        (lazy.Promise, 5),
        (lazy.fetched, 6),
    ],
)
def test_whatever_coroutine_a_call_returns_is_run(called: Callable[[], object], value: int) -> None:
    assert run_awaitable(called()) == value


@pytest.mark.parametrize("called", [lazy.begun, lazy.used_up, lazy.some])
def test_a_generator_that_has_begun_and_one_that_is_a_mere_value_are_returned(called: Callable[[], object]) -> None:
    returned = called()

    assert run_awaitable(returned) is returned


@pytest.mark.parametrize(
    ("called", "kind"),
    [
        (lazy.steps, "a generator, `steps`"),
        (lazy.feed, "an async generator, `feed`"),
        (lazy.opened, "a context manager, `opened`"),
        (lazy.opened_later, "an async context manager, `opened_later`"),
    ],
)
def test_what_has_not_begun_is_an_error(called: Callable[[], object], kind: str) -> None:
    with pytest.raises(TypeError, match=f"the target returned {kind}, and nothing of its body has run: call it from"):
        run_awaitable(called())


def test_an_exception_in_a_coroutine_comes_without_the_frames_of_the_loop() -> None:
    with pytest.raises(LookupError) as raised:
        run_awaitable(lazy.failing())

    assert [entry.name for entry in raised.traceback][-2:] == ["_run", "failing"]


def test_a_cancellation_that_nothing_asked_for_is_an_exception() -> None:
    with pytest.raises(asyncio.CancelledError):
        run_awaitable(lazy.cancelled())


async def _terminate_oneself() -> None:
    os.kill(os.getpid(), signal.SIGTERM)
    await asyncio.sleep(60)


def test_a_sigterm_that_is_to_unwind_cancels_the_coroutine() -> None:
    before = signal.signal(signal.SIGTERM, raise_terminated)
    try:
        with pytest.raises(Terminated):
            run_awaitable(_terminate_oneself())
    finally:
        signal.signal(signal.SIGTERM, before)


def test_sigterm_is_an_exception_in_a_target_that_is_to_be_unwound() -> None:
    with pytest.raises(Terminated):
        raise_terminated(15, None)
