"""Detect callables whose call does not run their body, such as coroutine functions, and run coroutines.

The check before a start imports this module, and so does a child whose target returns something other than plain data.
"""

from __future__ import annotations

import contextlib
import sys
from functools import cache, partial
from types import AsyncGeneratorType, CodeType, FunctionType, GeneratorType, MethodType, ModuleType

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Iterator

_GENERATOR, _COROUTINE, _COROUTINE_BY_DECORATOR, _ASYNC_GENERATOR = 0x20, 0x80, 0x100, 0x200
"""Flags of code objects, as `inspect` has them."""
_EXPRESSION = "<genexpr>"
"""The name of the code of a generator expression, which counts as a value."""
MAX_FUNCTIONS = 1_000
"""The number of functions that are searched for code that returns a body that has not run yet."""
INSTEAD = {
    "generator": "call it from a function that iterates over it: `for item in {0}(): ...`",
    "async generator": "call it from an `async def` that iterates over it: `async for item in {0}(): ...`",
    "context manager": "call it from a function that enters it: `with {0}(): ...`",
    "async context manager": "call it from an `async def` that enters it: `async with {0}(): ...`",
}
"""What to write instead of a callable of each of these kinds."""


def lazy_kind(called: object) -> str | None:
    """Return the kind in `INSTEAD` that a call of this certainly returns, without running its body; None for other
    callables."""
    function = _function(called)
    if function is None:
        return None
    if function.__code__ in (code := _codes_of_context_managers()):
        return "context manager" if function.__code__ is code[0] else "async context manager"
    flags = function.__code__.co_flags
    if flags & _ASYNC_GENERATOR:
        return "async generator"
    return "generator" if flags & _GENERATOR and not flags & _COROUTINE_BY_DECORATOR else None


def is_async(called: object) -> bool:
    """Return whether a call of this certainly returns a coroutine."""
    function = _function(called)
    return function is not None and bool(function.__code__.co_flags & (_COROUTINE | _COROUTINE_BY_DECORATOR))


def may_return_body(called: object) -> bool:
    """Return whether a call might return a body that has not run yet: an awaitable, or one of the kinds in `INSTEAD`.

    It might if the function returns anything but constants and its code names something of that kind. Functions that it
    calls are searched too, except for those of the standard library. If there are too many of them, the answer is yes.
    """
    if isinstance(called, type):
        return hasattr(called, "__await__")
    first = _function(called)
    if first is None or not _returns_more_than_constants(first.__code__):
        return False
    waiting: list[FunctionType | None] = [first]
    seen = set[CodeType]()
    while waiting:
        function = waiting.pop()
        if function is None or function.__code__ in seen or _is_of_the_standard_library(function):
            continue
        seen.add(function.__code__)
        codes = list(_codes_within(function.__code__))
        used = list(_used(function, {name for code in codes for name in code.co_names}))
        has_body_inside = any(_is_body(code) for code in codes)
        if has_body_inside or len(seen) > MAX_FUNCTIONS or any(map(_gives_body, used)):
            return True
        waiting += map(_function, used)
    return False


def run_awaitable(returned: object) -> object:
    """Return the result once the body has run: a coroutine, or any other awaitable, is run by `asyncio.run`.

    Raise `TypeError` for a generator or a context manager whose body has not begun.
    """
    while _is_awaitable(returned):
        returned = _run(returned)  # type: ignore[arg-type]  # it has just been found to be one
    lazy = _not_begun(returned)
    if lazy is not None:
        kind, name = lazy
        message = f"the target returned a {kind}, `{name}`, and nothing of its body has run: {INSTEAD[kind]}"
        raise TypeError(message.replace("a async", "an async").format(name.rpartition(".")[2]))
    return returned


def _function(called: object) -> FunctionType | None:
    """Return the Python function that a call of this begins with, if there is one."""
    while isinstance(called, partial | MethodType):
        called = called.func if isinstance(called, partial) else called.__func__
    if not isinstance(called, FunctionType | type):
        called = getattr(type(called), "__call__", None)  # noqa: B004  # its code is wanted, not whether it is there
    return called if isinstance(called, FunctionType) else None


def _returns_more_than_constants(code: CodeType) -> bool:
    """Return whether code returns anything other than None or another constant."""
    import dis  # here: a child that runs a coroutine does not need it

    before = ""
    for each in dis.get_instructions(code):
        if each.opname == "RETURN_VALUE" and (each.is_jump_target or not before.startswith("LOAD_CONST")):
            return True
        before = each.opname
    return False


def _is_body(code: CodeType) -> bool:
    """Return whether calling a function with this code returns a body that has not run; a generator expression counts
    as a value."""
    flags = _GENERATOR | _COROUTINE | _COROUTINE_BY_DECORATOR | _ASYNC_GENERATOR
    return bool(code.co_flags & flags) and code.co_name != _EXPRESSION


def _is_of_the_standard_library(function: FunctionType) -> bool:
    return str(function.__module__).partition(".")[0] in sys.stdlib_module_names


def _codes_within(code: CodeType) -> Iterator[CodeType]:
    """Return the code, and the code of the functions that are created in it."""
    yield code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield from _codes_within(constant)


def _used(function: FunctionType, names: set[str]) -> Iterator[object]:
    """Return the objects that these names may refer to in a function: globals, their attributes, and attributes of the
    module's classes."""
    for cell in function.__closure__ or ():
        with contextlib.suppress(ValueError):  # it is empty
            yield cell.cell_contents
    for name, value in list(function.__globals__.items()):
        is_named = name in names
        if is_named:
            yield value
        if is_named or isinstance(value, type):
            holder = value if isinstance(value, type | ModuleType) else type(value)
            yield from (vars(holder)[each] for each in names if each in vars(holder))
    if "asyncio" in names:
        yield sys.modules.get("asyncio")


def _gives_body(value: object) -> bool:
    """Return whether calling this, or one of its attributes, returns a body that has not run yet."""
    module = value.__name__ if isinstance(value, ModuleType) else getattr(value, "__module__", None)
    if str(module).partition(".")[0] == "asyncio" or (isinstance(value, type) and hasattr(value, "__await__")):
        return True
    return is_async(value) or lazy_kind(value) is not None


@cache
def _codes_of_context_managers() -> tuple[object, ...]:
    """Return the code of the functions that `contextlib`'s two decorators create."""
    decorators = [vars(contextlib)[name] for name in ("contextmanager", "asynccontextmanager")]
    return tuple(decorate(run_awaitable).__code__ for decorate in decorators)


def _is_awaitable(value: object) -> bool:
    if isinstance(value, GeneratorType):
        return bool(value.gi_code.co_flags & _COROUTINE_BY_DECORATOR)
    return hasattr(type(value), "__await__")


def _not_begun(value: object) -> tuple[str, str] | None:
    """Return the kind and the name of a generator or a context manager whose body has not begun."""
    is_manager = isinstance(value, contextlib._GeneratorContextManagerBase)
    made: object = value.gen if isinstance(value, contextlib._GeneratorContextManagerBase) else value
    match made:
        case GeneratorType():
            kind, has_begun = "generator", made.gi_suspended or made.gi_running or made.gi_frame is None
        case AsyncGeneratorType():
            # Until 3.12 it does not say whether it is suspended.
            has_begun = getattr(made, "ag_suspended", False) or made.ag_running or made.ag_frame is None
            kind = "async generator"
        case _:
            return None
    if has_begun or made.__name__ == _EXPRESSION:
        return None
    return kind.replace("generator", "context manager") if is_manager else kind, made.__qualname__


def _run(awaitable: Awaitable[object]) -> object:
    """Run the awaitable in its own event loop; if SIGTERM should unwind the target, it cancels the coroutine."""
    import asyncio
    import signal

    from runner.supervise.child.termination import Terminated, raise_terminated

    is_terminated = False

    async def run() -> tuple[object, Exception | None]:
        (task,) = asyncio.all_tasks()  # the loop is new, and has no other yet

        def cancel() -> None:
            nonlocal is_terminated
            is_terminated = True
            task.cancel()

        if signal.getsignal(signal.SIGTERM) is raise_terminated:
            # As an exception it could be raised in a task that no other task awaits, and be lost there.
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, cancel)
        try:
            return await awaitable, None
        except Exception as error:  # raised below, where its traceback does not include the loop
            return None, error

    try:
        returned, error = asyncio.run(run())
    except asyncio.CancelledError:
        if is_terminated:
            raise Terminated from None
        raise
    if error is not None:
        raise error.with_traceback(error.__traceback__ and error.__traceback__.tb_next)
    return returned
