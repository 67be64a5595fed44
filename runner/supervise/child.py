"""The first code in a child: makes it a clean process, runs its target, and records how that ended.

Every child imports this module, under spawn before anything else: it imports nothing that its interpreter does not
have already, but for `json` and `runner.supervise.prctl`. Under spawn and forkserver what is here travels by pickle;
descriptors do so as `Descriptor`.
"""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import threading
from importlib import import_module
from multiprocessing import reduction

from runner.arguments import resolve
from runner.supervise import prctl, signals

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from multiprocessing.process import BaseProcess
    from types import FrameType, TracebackType
    from typing import Any, NoReturn

    from runner.arguments import Encoded
    from runner.supervise.shared import Handle

RECORD_CHUNK = 512 - 16
"""Bytes of an end record in one write: with its head at most POSIX's least PIPE_BUF, so that writes never mingle."""

MOST_OF_A_TRACEBACK = 16_000
MOST_OF_A_REPR = 200


class Descriptor:
    """A descriptor that arrives in the child, whatever the start method; `number` is its number here."""

    __slots__ = ("number",)

    def __init__(self, number: int) -> None:
        self.number = number

    def __reduce__(self) -> tuple[object, ...]:
        return _arrive, (reduction.DupFd(self.number),)


def _arrive(duplicate: Any) -> Descriptor:
    return Descriptor(duplicate.detach())


class Surroundings:
    """What a child has around it: its place in the run, its descriptors, and what the file says of it."""

    __slots__ = (
        "alive",
        "cwd",
        "env",
        "number",
        "open_files",
        "parent",
        "private",
        "records",
        "stderr",
        "stdout",
        "unwinds",
        "work",
    )

    def __init__(
        self,
        *,
        number: int,
        work: Call | None,
        records: int,
        alive: int,
        private: tuple[int, ...],
        env: dict[str, str],
        cwd: str | None,
        open_files: tuple[int, int] | None,
        parent: int | None,
        unwinds: bool,
        stdout: int = -1,
        stderr: int = -1,
    ) -> None:
        self.number = number
        self.work = work
        """What to run; None for a `Process` subclass, which has its own `run`."""
        self.stdout = stdout
        self.stderr = stderr
        self.records = records
        """The pipe on which all children record their ends."""
        self.alive = alive
        """A pipe that ends when the supervisor does."""
        self.private = private
        """The supervisor's own descriptors, which a forked child inherits and has to close."""
        self.env = env
        self.cwd = cwd
        self.open_files = open_files
        """The limits of open files to go back to; None where they are as they were."""
        self.parent = parent
        """The supervisor's pid, if it is this process's parent and waits for it; None under forkserver."""
        self.unwinds = unwinds

    def __reduce__(self) -> tuple[object, ...]:
        fields = {name: getattr(self, name) for name in self.__slots__}
        travelling = {name: Descriptor(fields[name]) for name in ("stdout", "stderr", "records", "alive")}
        # Only a forked child inherits the supervisor's own descriptors.
        return _surround, (fields | {"private": ()}, travelling)


def _surround(fields: dict[str, Any], arrived: dict[str, Descriptor]) -> Surroundings:
    return Surroundings(**fields | {name: descriptor.number for name, descriptor in arrived.items()})


class Call:
    """The call of a target, imported only here in the child."""

    __slots__ = ("args", "kwargs", "name", "number", "target", "things")

    def __init__(
        self,
        number: int,
        name: str,
        target: str,
        args: tuple[Encoded, ...],
        kwargs: dict[str, Encoded],
        things: dict[str, Handle],
    ) -> None:
        self.number = number
        self.name = name
        self.target = target
        self.args = args
        self.kwargs = kwargs
        self.things = things

    def __reduce__(self) -> tuple[object, ...]:
        return Call, (self.number, self.name, self.target, self.args, self.kwargs, self.things)

    def __call__(self) -> object:
        """Import the target, fill in what is known only now, and call it."""
        target = find(self.target)
        args = [resolve(arg, self._look_up) for arg in self.args]
        kwargs = {key: resolve(value, self._look_up) for key, value in self.kwargs.items()}
        return target(*args, **kwargs)

    def _look_up(self, name: str) -> object:
        if name == "pid":
            return os.getpid()
        return self.things[name].bind(self.number)


def find(target: str) -> Any:
    """The object that an import path `package.module:name.name` leads to."""
    module, _, path = target.partition(":")
    found: Any = sys.modules.get(module) or import_module(module)
    for name in path.split("."):
        found = getattr(found, name)
    return found


class Terminated(BaseException):
    """SIGTERM has come, and the file asks for `on_terminate: unwind`."""


def begin(process: BaseProcess, around: Surroundings) -> int:
    """Be the process, from its first moment under fork; gives its exit code."""
    for descriptor in around.private:
        os.close(descriptor)
    return _bootstrap(process, around, around.alive) if _prepare_or_record(around) else 1


class Parcel:
    """A process on its way to a spawned interpreter: unpacked, it prepares the child before its class is imported."""

    def __init__(self, process: BaseProcess, around: Surroundings) -> None:
        self._name = process.name  # multiprocessing asks for it
        self._process = process
        self._around = around

    def __reduce__(self) -> tuple[object, ...]:
        return _unpack, (self._around, bytes(reduction.ForkingPickler.dumps(self._process)))


class _Unpacked:
    """What a spawned interpreter gets to run."""

    def __init__(self, process: BaseProcess, around: Surroundings) -> None:
        self._process = process
        self._around = around

    def _bootstrap(self, parent_sentinel: int) -> int:
        return _bootstrap(self._process, self._around, parent_sentinel)


def _unpack(around: Surroundings, pickled: bytes) -> _Unpacked:
    if not _prepare_or_record(around):
        raise SystemExit(1)
    sys.stdout.reconfigure(line_buffering=True, write_through=False)  # type: ignore[union-attr]  # still Python's own
    try:
        return _Unpacked(reduction.ForkingPickler.loads(pickled), around)
    except BaseException as error:
        _record_exception(around, error)
        raise SystemExit(1) from None


def _prepare_or_record(around: Surroundings) -> bool:
    try:
        _prepare(around)
    except Exception as error:
        _record_exception(around, error)
        return False
    return True


def _prepare(around: Surroundings) -> None:
    """Undo what a child inherits and should not; blocked signals are let through only when that is done.

    Of a forked process every page that is touched is copied: what need not be done is not done.
    """
    os.dup2(around.stdout, 1)
    os.dup2(around.stderr, 2)
    os.close(around.stdout)
    os.close(around.stderr)
    if around.unwinds:
        signals.handle(signal.SIGTERM, _raise_terminated)
    _die_with_the_supervisor(around)
    signals.let_all_through()
    if around.open_files is not None:
        import resource

        resource.setrlimit(resource.RLIMIT_NOFILE, around.open_files)
    if around.env:
        os.environ.update(around.env)
    if around.cwd is not None:
        os.chdir(around.cwd)


def _die_with_the_supervisor(around: Surroundings) -> None:
    alive = around.alive
    if around.parent is None:
        _let_the_forkserver_end()
    if not prctl.die_with_parent(signal.SIGKILL):
        threading.Thread(target=_wait_for_the_supervisors_end, args=(alive,), daemon=True).start()
    # Its end may have come before we could ask to be told of it.
    if os.getppid() != around.parent if around.parent is not None else _has_ended(alive):
        os._exit(1)


def _let_the_forkserver_end() -> None:
    """Close what keeps the forkserver alive as long as we are: it has to end with the supervisor, and we with it."""
    from multiprocessing import forkserver

    server: Any = forkserver._forkserver  # there is no public way
    if server._forkserver_alive_fd is not None:
        os.close(server._forkserver_alive_fd)
        server._forkserver_alive_fd = None


def _has_ended(alive: int) -> bool:
    poll = select.poll()
    poll.register(alive, select.POLLIN)
    return bool(poll.poll(0))


def _wait_for_the_supervisors_end(alive: int) -> None:
    os.read(alive, 1)
    os.kill(os.getpid(), signal.SIGKILL)


def _raise_terminated(_signal: int, _frame: FrameType | None) -> None:
    raise Terminated


def _bootstrap(process: Any, around: Surroundings, parent_sentinel: int) -> int:
    work = around.work if around.work is not None else process.run
    # It reads from /dev/null already. multiprocessing would close it and open another one: fifty pages to copy.
    stdin, sys.stdin = sys.stdin, None

    def run() -> None:
        sys.stdin = stdin
        _run(around, process.name, work)

    process.run = run
    return int(process._bootstrap(parent_sentinel=parent_sentinel))


def _run(around: Surroundings, name: str, work: Callable[[], object]) -> None:
    """Do the work and record how it ended; leaves by returning or by `SystemExit` with a code of 0 … 255."""
    try:
        value = work()
    except SystemExit as end:
        raise SystemExit(_record_exit(around, end.code)) from None
    except Terminated:
        _die_by(signal.SIGTERM)
    except BaseException as error:
        _say_exception(name, error)
        _record_exception(around, error)
        raise SystemExit(1) from None
    if value is None and around.parent is not None:
        _write_record(around, _RETURNED_NONE)
    else:
        _record(around, "return", returned=None if value is None else _repr(value))


def _die_by(number: signal.Signals) -> NoReturn:
    """End as the signal would have ended us, what was written being out."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, ValueError, AttributeError):  # closed, or set to None, by the target
            continue
    signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {number})
    os._exit(128 + number)


def exit_status(code: object) -> int:
    """The exit code that the system sees of `sys.exit(code)`: its lowest 8 bits, as under a plain interpreter."""
    if code is None:
        return 0
    if not isinstance(code, int):
        return 1
    return code & 0xFF if -(2**63) <= code < 2**63 else 0xFF


def _record_exit(around: Surroundings, code: object) -> int:
    if code is not None and not isinstance(code, int):
        _say(f"{code}\n")
    _record(around, "sys_exit", returned=None if code is None else _repr(code))
    return exit_status(code)


def _record_exception(around: Surroundings, error: BaseException) -> None:
    try:
        message = str(error)
    except Exception:  # the target's own `__str__`
        message = "<its __str__ raises>"
    traceback = _traceback(error)
    if len(traceback) > MOST_OF_A_TRACEBACK:
        half = MOST_OF_A_TRACEBACK // 2
        traceback = traceback[:half] + "\n  …\n" + traceback[-half:]
    kind = type(error)
    qualified = kind.__qualname__ if kind.__module__ == "builtins" else f"{kind.__module__}.{kind.__qualname__}"
    _record(
        around, "exception", error={"type": qualified, "message": message[:2_000], "traceback": traceback}
    )


def _say_exception(name: str, error: BaseException) -> None:
    _say(f"Process {name}:\n{_traceback(error)}")


def _say(text: str) -> None:
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except (OSError, ValueError, AttributeError):  # closed, or set to None, by the target
        return


def _traceback(error: BaseException) -> str:
    import traceback

    return "".join(traceback.format_exception(type(error), error, without_our_frames(error.__traceback__)))


_OURS = (__file__, import_module.__code__.co_filename, "<frozen importlib._bootstrap")


def without_our_frames(found: TracebackType | None) -> TracebackType | None:
    """The traceback from the first frame that is not ours or the import system's, if there is one."""
    while found is not None and found.tb_frame.f_code.co_filename.startswith(_OURS):
        found = found.tb_next
    return found


def _repr(value: object) -> str:
    try:
        return repr(value)[:MOST_OF_A_REPR]
    except Exception:  # the target's own `__repr__`
        return f"<{type(value).__name__} whose __repr__ raises>"


_RETURNED_NONE = b'{"ended_by":"return"}'
"""What most children record: not made anew by each, which would copy the pages of `json`."""


def _record(
    around: Surroundings, ended_by: str, returned: str | None = None, error: dict[str, str] | None = None
) -> None:
    """Tell the supervisor how the target ended. A target that closed the pipe goes unreported."""
    told: dict[str, object] = {"ended_by": ended_by}
    if returned is not None:
        told["returned"] = returned
    if error is not None:
        told["error"] = error
    if around.parent is None:  # nobody waits for this process with wait4, which would tell
        told |= _usage()
    _write_record(around, json.dumps(told).encode())


def _write_record(around: Surroundings, body: bytes) -> None:
    try:
        if not _is_fifo(around.records):
            return
        for start in range(0, len(body), RECORD_CHUNK):
            more = b"+" if start + RECORD_CHUNK < len(body) else b"."
            os.write(
                around.records, b"%d%b%b\n" % (around.number, more, body[start : start + RECORD_CHUNK])
            )
    except OSError:
        return


def _usage() -> dict[str, float]:
    import resource

    usage = resource.getrusage(resource.RUSAGE_SELF)
    return {"cpu_seconds": usage.ru_utime + usage.ru_stime, "max_rss": max_rss_bytes(usage.ru_maxrss)}


def _is_fifo(descriptor: int) -> bool:
    """Whether the number is still a pipe's: a target may have closed it and opened a file in its place."""
    return os.fstat(descriptor).st_mode & 0o170000 == 0o010000


def max_rss_bytes(ru_maxrss: int) -> int:
    """`ru_maxrss` in bytes: macOS counts bytes, every other system KiB."""
    return ru_maxrss if sys.platform == "darwin" else ru_maxrss * 1024
