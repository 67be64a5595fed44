"""Detect cleanup that a forked process skips at its exit: `atexit` functions, finalizers, unflushed files.

Children import this module, if their targets are a user's functions.
"""

from __future__ import annotations

import atexit
import gc
import os
import sys
import weakref
from collections import deque
from io import BufferedRandom, BufferedWriter, TextIOWrapper

from runner.supervise.child import end_records, messages, no_stdin

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Container, Iterable
    from types import FrameType
    from typing import Any

_LINE_ENDS = ("", "\n", "\r", "\r\n")
MOST_NAMES = 5

registered: list[str] = []
"""The names of the functions that the target has registered with `atexit`, when it is over."""


class Exiting:
    """Within it, a target runs; afterwards what it has left for the end of its process is reported.

    Functions are reported at the end of the target. Files and finalizers are reported when the process leaves: until
    then a returned file, or one that a thread or an `atexit` function still has, can be written and closed, and an
    object can go.
    """

    def __init__(self, module: str) -> None:
        """`module` is the name of the target's module, in whose globals open files are looked for, too."""
        self._module = module
        self._functions: list[Any] = []
        self._register, self._unregister = atexit.register, atexit.unregister
        self._before: list[str] = []
        self._finalizers: set[object] = set()
        self._records: dict[int, tuple[int, str]] = {}
        self._free = 0

    def __enter__(self) -> None:
        atexit.register, atexit.unregister = self._note, self._forget  # type: ignore[assignment]  # as they are called
        no_stdin.report_reads()
        self._before = unwritten(self._globals())
        self._finalizers = set(_finalizers())
        self._records = _handlers_with_records()
        self._free = _lowest_free_descriptor()

    def __exit__(self, *_: object) -> None:
        atexit.register, atexit.unregister = self._register, self._unregister
        if self._functions:  # of all of them the last one registered is called first
            self._register(messages.tell_exit_functions_run)
            registered[:] = [_name_of(function) for function in self._functions[:MOST_NAMES]]
            messages.tell_left_for_exit(registered)
        end_records.before_leaving = self._report_left

    def _report_left(self) -> None:
        finalizers, folders = unfinalized(self._finalizers)
        if finalizers or folders:
            messages.tell_unfinalized(finalizers[:MOST_NAMES], folders[:MOST_NAMES])
        # What was there before the fork is frozen: the collector does not list it. To go through the others costs 44
        # pages of them.
        objects = gc.get_objects() if _lowest_free_descriptor() > self._free else ()
        files = [name for name in unwritten((*self._globals(), *objects)) if name not in self._before]
        for handler, (count, name) in _handlers_with_records().items():
            if count > self._records.get(handler, (0, ""))[0]:
                files.append(f"the logging handler {name} ({count} record{'s' * (count > 1)})")
        if files:
            messages.tell_unwritten(files[:MOST_NAMES])

    def _globals(self) -> list[object]:
        module = sys.modules.get(self._module)
        return [] if module is None else list(vars(module).values())

    def _note(self, function: Callable[..., object], /, *args: object, **kwargs: object) -> Callable[..., object]:
        if is_users(sys._getframe(1)):
            self._functions.append(function)
        return self._register(function, *args, **kwargs)

    def _forget(self, function: Callable[..., object], /) -> None:
        self._functions = [each for each in self._functions if each != function]
        self._unregister(function)


def unwritten(objects: Iterable[object]) -> list[str]:
    """The names of the open files among these objects with data that is still in their buffers."""
    found: list[Any] = [each for each in objects if type(each) in (TextIOWrapper, BufferedWriter, BufferedRandom)]
    inner = {id(_buffer_of(each)) for each in found}
    return list(dict.fromkeys(_name_of(each) for each in found if id(each) not in inner and _holds_data(each)))


def _handlers_with_records() -> dict[int, tuple[int, str]]:
    """How many records each handler of `logging` holds that its `close` passes on, and its name, by its identity."""
    logging: Any = sys.modules.get("logging")
    if logging is None:
        return {}
    held: dict[int, tuple[int, str]] = {}
    for handler in [handler for each in list(logging._handlerList) if (handler := each()) is not None]:
        try:
            if count := _records_of(handler, logging):
                held[id(handler)] = count, str(handler.name or type(handler).__name__)
        except Exception:  # of its own code: a buffer or a property of the user's
            continue
    return held


def _records_of(handler: Any, logging: Any) -> int:
    """How many records a handler holds: in its buffer, or, if it has an end of its own, in lists."""
    try:
        if not handler.flushOnClose or handler.target is None:  # as a `MemoryHandler` has them
            return 0
    except AttributeError:
        pass
    kind, fields = type(handler), vars(handler)
    if "buffer" in fields:
        return len(handler.buffer) if hasattr(handler.buffer, "__len__") else 0
    ends = (getattr(method, "__module__", None) for method in (kind.close, kind.flush))
    if all(str(module).partition(".")[0] == "logging" for module in ends):
        return 0
    kept = [held for name, held in fields.items() if name != "filters" and isinstance(held, list | deque)]
    return sum(isinstance(each, logging.LogRecord | str | bytes | dict) for held in kept for each in held)


def unfinalized(known: Container[object]) -> tuple[list[str], list[str]]:
    """The finalizers of `weakref` that still wait for Python's exit, by what they call, and folders they would remove.

    Those that are known, and those of installed packages, are left out.
    """
    finalizers, folders = [], []
    for finalizer in _finalizers():
        made = finalizer.peek()
        if made is None or finalizer in known or not finalizer.atexit:
            continue
        owner, function, args, kwargs = made
        if getattr(function, "__module__", None) == "tempfile":  # of a `TemporaryDirectory`
            folders += [str(each) for each in args[:1] if kwargs.get("delete", True) and os.path.isdir(each)]
        elif not (_is_others(type(owner)) or _is_others(function)):
            finalizers.append(f"`weakref.finalize` of a {_path_of(type(owner))} calling {_path_of(function)}")
    return finalizers, folders


def _finalizers() -> list[Any]:
    return list(weakref.finalize._registry)  # type: ignore[attr-defined]  # there is no public way


def _is_others(defined: object) -> bool:
    """Whether a class or a function is an installed package's, or ours."""
    module = str(getattr(defined, "__module__", None))
    return module.partition(".")[0] == "runner" or is_installed(getattr(sys.modules.get(module), "__file__", None))


def _path_of(defined: object) -> str:
    """The name of a class or a function behind that of its module."""
    module = getattr(defined, "__module__", None)
    return _name_of(defined) if module in (None, "builtins") else f"{module}.{_name_of(defined)}"


def _lowest_free_descriptor() -> int:
    """It is a higher one when a file has been opened that still is."""
    try:
        free = os.dup(2)
    except OSError:  # stderr is closed, or no descriptor is left
        return 0
    os.close(free)
    return free


def _buffer_of(file: Any) -> object:
    """What a file of text writes into, where there is such a thing."""
    try:
        return getattr(file, "buffer", None)
    except ValueError:  # it has been detached
        return None


def _holds_data(file: TextIOWrapper | BufferedWriter | BufferedRandom) -> bool:
    """Whether a file has data that closing it would write."""
    try:
        os.fstat(file.fileno())  # fails where the descriptor is closed: the data is lost however the process ends
        if not isinstance(file, TextIOWrapper):
            return file.tell() > file.raw.tell()
        return _holds_text(file) or (
            isinstance(file.buffer, BufferedWriter | BufferedRandom) and _holds_data(file.buffer)
        )
    except (OSError, ValueError):  # a pipe has no place to tell, and a detached file no buffer
        return False


def _holds_text(file: TextIOWrapper) -> bool:
    """Whether a file of text has something that it has not passed on to its buffer; it has no other way to say so."""
    held = [each for each in gc.get_referents(file) if isinstance(each, str | bytes | list | tuple)]
    # Text that was read and not fetched yet is a `str`, too; what has been read lies beside it, in a tuple.
    if any(isinstance(each, tuple) for each in held) or (file.readable() and not file.seekable()):
        return False
    own = (file.encoding, file.errors)
    return any(all(each is not one for one in own) and each not in _LINE_ENDS for each in held)


def is_users(frame: FrameType) -> bool:
    """Whether code is neither the standard library's nor an installed package's."""
    top = str(frame.f_globals.get("__name__")).partition(".")[0]
    return top not in (*sys.stdlib_module_names, "runner") and not is_installed(frame.f_code.co_filename)


def is_installed(file: str | None) -> bool:
    """Whether a module's file is that of an installed package."""
    return file is not None and ("site-packages" in file or "dist-packages" in file)


def _name_of(left: Any) -> str:
    """The name of a function, or of a file."""
    name = getattr(left, "__qualname__", None) or getattr(left, "name", None) or type(left).__name__
    return f"descriptor {name}" if isinstance(name, int) else str(name)
