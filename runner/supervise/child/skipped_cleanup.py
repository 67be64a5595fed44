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
    from logging.handlers import MemoryHandler
    from types import FrameType, ModuleType

_FILES = (TextIOWrapper, BufferedWriter, BufferedRandom)
_LINE_ENDS = ("", "\n", "\r", "\r\n")
MAX_NAMES = 5

registered: list[str] = []
"""The names of the functions that the target has registered with `atexit`, set when the target is over."""


class Exiting:
    """Runs a target, and afterwards reports the cleanup that its process will skip.

    Functions are reported at the end of the target. Files and finalizers are reported when the process leaves: until
    then a returned file, or one that a thread or an `atexit` function still uses, can be written and closed, and an
    object can be freed.
    """

    def __init__(self, module: str) -> None:
        """`module` is the name of the target's module, whose globals are also searched for open files."""
        self._module = module
        self._functions: list[Callable[..., object]] = []
        self._register, self._unregister = atexit.register, atexit.unregister
        self._before: list[str] = []
        self._finalizers: set[object] = set()
        self._records: dict[int, tuple[int, str]] = {}
        self._free = 0

    def __enter__(self) -> None:
        atexit.register, atexit.unregister = self._note, self._forget  # type: ignore[assignment]  # as they are called
        no_stdin.report_stdin_reads()
        self._before = unwritten(self._globals())
        self._finalizers = set(_finalizers())
        self._records = _handlers_with_records()
        self._free = _lowest_free_descriptor()

    def __exit__(self, *_: object) -> None:
        atexit.register, atexit.unregister = self._register, self._unregister
        if self._functions:  # the last one registered is called first
            self._register(messages.report_exit_functions_run)
            registered[:] = [_name_of(function) for function in self._functions[:MAX_NAMES]]
            messages.report_left_for_exit(registered)
        end_records.before_leaving = self._report_left

    def _report_left(self) -> None:
        finalizers, folders = unfinalized(self._finalizers)
        if finalizers or folders:
            messages.report_unfinalized(finalizers[:MAX_NAMES], folders[:MAX_NAMES])
        # Objects from before the fork are frozen, so the collector does not list them. Visiting the others costs 44
        # pages.
        objects = gc.get_objects() if _lowest_free_descriptor() > self._free else ()
        files = [name for name in unwritten((*self._globals(), *objects)) if name not in self._before]
        for handler, (count, name) in _handlers_with_records().items():
            if count > self._records.get(handler, (0, ""))[0]:
                files.append(f"the logging handler {name} ({count} record{'s' * (count > 1)})")
        if files:
            messages.report_unwritten(files[:MAX_NAMES])

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
    """Return the names of the open files among these objects whose buffers still hold data."""
    found = [each for each in objects if type(each) in _FILES and isinstance(each, _FILES)]
    inner = {id(_buffer_of(each)) for each in found}
    return list(dict.fromkeys(_name_of(each) for each in found if id(each) not in inner and _holds_data(each)))


def _handlers_with_records() -> dict[int, tuple[int, str]]:
    """Return, by identity, each `logging` handler's number of records that its `close` passes on, and its name."""
    logging = sys.modules.get("logging")
    if logging is None:
        return {}
    held: dict[int, tuple[int, str]] = {}
    for handler in [handler for each in list(logging._handlerList) if (handler := each()) is not None]:
        try:
            if count := _records_of(handler, logging):
                held[id(handler)] = count, str(handler.name or type(handler).__name__)
        except Exception:  # its own code failed: a buffer or a property of the user's
            continue
    return held


def _records_of(handler: MemoryHandler, logging: ModuleType) -> int:
    """Return how many records a handler holds: in its buffer or, if it has a `close` of its own, in lists."""
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
    """Return the finalizers of `weakref` that wait for Python's exit, by the functions they call, and the folders they
    would remove.

    Known finalizers, and those of installed packages, are left out.
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


def _finalizers() -> list[weakref.finalize[[], object]]:
    return list(weakref.finalize._registry)  # type: ignore[attr-defined]  # there is no public way


def _is_others(defined: object) -> bool:
    """Return whether a class or a function belongs to an installed package, or to us."""
    module = str(getattr(defined, "__module__", None))
    return module.partition(".")[0] == "runner" or is_installed(getattr(sys.modules.get(module), "__file__", None))


def _path_of(defined: object) -> str:
    """Return the name of a class or a function, after that of its module."""
    module = getattr(defined, "__module__", None)
    return _name_of(defined) if module in (None, "builtins") else f"{module}.{_name_of(defined)}"


def _lowest_free_descriptor() -> int:
    """Return the lowest free descriptor, which is higher than before if a file has been opened and is still open."""
    try:
        free = os.dup(2)
    except OSError:  # stderr is closed, or no descriptor is left
        return 0
    os.close(free)
    return free


def _buffer_of(file: object) -> object:
    """Return the buffer of a text file, if there is one."""
    try:
        return getattr(file, "buffer", None)
    except ValueError:  # it has been detached
        return None


def _holds_data(file: TextIOWrapper | BufferedWriter | BufferedRandom) -> bool:
    """Return whether a file holds data that closing it would write."""
    try:
        os.fstat(file.fileno())  # fails if the descriptor is closed: the data is lost however the process ends
        if not isinstance(file, TextIOWrapper):
            return file.tell() > file.raw.tell()
        return _holds_text(file) or (
            isinstance(file.buffer, BufferedWriter | BufferedRandom) and _holds_data(file.buffer)
        )
    except (OSError, ValueError):  # a pipe has no position, and a detached file no buffer
        return False


def _holds_text(file: TextIOWrapper) -> bool:
    """Return whether a text file has data that it has not passed to its buffer; it has no other way to show that."""
    held = [each for each in gc.get_referents(file) if isinstance(each, str | bytes | list | tuple)]
    # Text that was read and not consumed yet is a `str`, too; what has been read is stored with it in a tuple.
    if any(isinstance(each, tuple) for each in held) or (file.readable() and not file.seekable()):
        return False
    own = (file.encoding, file.errors)
    return any(all(each is not one for one in own) and each not in _LINE_ENDS for each in held)


def is_users(frame: FrameType) -> bool:
    """Return whether code belongs neither to the standard library nor to an installed package."""
    top = str(frame.f_globals.get("__name__")).partition(".")[0]
    return top not in (*sys.stdlib_module_names, "runner") and not is_installed(frame.f_code.co_filename)


def is_installed(file: str | None) -> bool:
    """Return whether a module's file belongs to an installed package."""
    return file is not None and ("site-packages" in file or "dist-packages" in file)


def _name_of(left: object) -> str:
    """Return the name of a function, or of a file."""
    name = getattr(left, "__qualname__", None) or getattr(left, "name", None) or type(left).__name__
    return f"descriptor {name}" if isinstance(name, int) else str(name)
