"""Write notes on how processes ended, why the run stopped and what was never started or left running. Pure.

`Notes.about` is called with every event in order. A note never says more than the events show: if several causes are
possible, it calls them possible.
"""

from __future__ import annotations

import re

from runner.model.event_types import (
    JoinTimedOut,
    MainEnded,
    ProcessCreated,
    ProcessExited,
    ProcessKilled,
    ProcessStarted,
    ProcessTerminating,
    StartFailed,
)
from runner.model.exit_codes import signal_name
from runner.notes.note import Note, listed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from runner.model.events import Event


class Notes:
    """Writes the notes on a run's events; it remembers what it needs of the earlier ones."""

    def __init__(
        self, grace_period: float, crashing: frozenset[str] = frozenset(), *, explains_returns: bool = True
    ) -> None:
        """`crashing` are processes whose own steps end them by a signal, which is not surprising.

        `explains_returns` says whether a returned value is explained: most targets return something on purpose.
        """
        self._grace_period = grace_period
        self._crashing = crashing
        self._explains_returns = explains_returns
        self._is_stopping = False
        self._unstarted: dict[str, None] = {}
        self._terminated_at: dict[str, float] = {}
        self._main_has_ended = False
        self._time_is_over = False
        self.starting: str | None = None
        """The last process whose start runs code of its class in the supervisor."""
        self.stop_sent: str | None = None
        """The sender of a signal that stops the run, as a sentence: a signal to the supervisor, or to the command."""
        self.forkserver_end: str | None = None
        """How the forkserver ended, as a clause, if it died before its children."""

    def about(self, event: Event, stopped_by: int | None = None) -> list[Note]:
        """Return the notes that belong right after this event; `stopped_by` is the signal that has asked for a stop."""
        return list(self._about(event, stopped_by))

    def at_the_end(self, outcome: str) -> list[Note]:
        """Return the notes that belong right before the run's last event, which has this outcome."""
        return [*self._time_limit(outcome == "timed_out"), *self._never_started(outcome == "faulted")]

    def _about(self, event: Event, stopped_by: int | None) -> Iterator[Note]:
        match event.fact:
            case ProcessCreated(of):
                self._unstarted[of.process] = None
            case ProcessStarted(of) | StartFailed(of):
                self._unstarted.pop(of.process, None)
            case JoinTimedOut(of, timeout):
                yield Note("join_timed_out", of.process, _JOIN_TIMED_OUT.format(of.process, timeout))
            case ProcessTerminating(of, reason=reason):
                self._terminated_at[of.process] = event.t
                if reason == "timeout":
                    yield Note("timeout", of.process, _TIMEOUT.format(of.process, self._grace_period))
                yield from self._time_limit(reason == "time_limit")
                yield from self._stop(reason == "stop_requested", stopped_by)
            case ProcessKilled(of, "grace_period"):
                waited = event.t - self._terminated_at.get(of.process, event.t)
                yield Note("sigterm_ignored", of.process, _SIGTERM_IGNORED.format(of.process, round(waited, 1)))
            case ProcessExited() as end:
                for note in self._about_end(end):
                    if note.about != "return_value" or self._explains_returns:
                        yield note
            case MainEnded():
                self._main_has_ended = True

    def _about_end(self, end: ProcessExited) -> Iterator[Note]:
        name = end.of.process
        if self.forkserver_end is not None and end.outcome == "failed" and end.signal == "SIGKILL":
            yield Note("foreign_signal", name, _DIED_WITH_FORKSERVER.format(name, self.forkserver_end))
        else:
            yield from _about_end(name, end, is_crash=name in self._crashing)

    def _time_limit(self, is_over: bool) -> Iterator[Note]:
        if is_over and not self._time_is_over:
            self._time_is_over = True
            yield Note("time_limit", None, _TIME_LIMIT)

    def _stop(self, is_asked_for: bool, stopped_by: int | None) -> Iterator[Note]:
        if is_asked_for and not self._is_stopping:
            self._is_stopping = True
            why = self.stop_sent or _STOPPED_BY.get(signal_name(stopped_by or 0)) or "A stop was requested"
            yield Note("stop_requested", None, _STOP_REQUESTED.format(why, self._grace_period))

    def _never_started(self, supervisor_died: bool) -> Iterator[Note]:
        if self.starting in self._unstarted:
            del self._unstarted[self.starting]
            yield Note("never_started", self.starting, _START_WITHOUT_END.format(self.starting), "its start")
        names = list(self._unstarted)
        if names:
            only = names[0] if len(names) == 1 else None
            why = _NO_STEP if self._main_has_ended else _NOT_REPORTED if supervisor_died else _NOT_REACHED
            text = why.format(listed(names), *(("was", "it") if only else ("were", "them")))
            yield Note("never_started", only, text)


def holder_died(name: str, guard: str, *, ended_well: bool) -> Note:
    """Return the note for a process that died owning a permit of a guard, or ended without releasing it."""
    return Note("holder_died", name, (_NOT_RELEASED if ended_well else _HOLDER_DIED).format(name, guard), guard)


def left_running(
    threads: Iterable[tuple[str, str | None]],
    processes: Iterable[tuple[str, str | None]],
    exit_functions_were_ended: bool,
) -> Iterator[Note]:
    """Return the note on what imports had left running in the supervisor at the end of the run: pairs of a name and its
    module."""
    for kind, left, text in (("thread", threads, _LEFT_THREADS), ("process", processes, _LEFT_PROCESSES)):
        names: dict[str | None, list[str]] = {}
        for name, module in left:
            names.setdefault(module, []).append(name)
        for module, those in names.items():
            kinds, it = (kind, "it") if len(those) == 1 else (_PLURALS[kind], "them")
            origin = "" if module is None else _ORIGIN.format(module, it)
            yield Note("left_running", None, text.format(kinds, listed(those), origin, it), f"{kind} {module or ''}")
    if exit_functions_were_ended:
        yield Note("left_running", None, _LEFT_EXIT_FUNCTIONS, "exit functions")


def _about_end(name: str, end: ProcessExited, *, is_crash: bool) -> Iterator[Note]:
    code, signal = end.of.exit_code, end.signal
    match end:
        case ProcessExited(outcome="lost"):
            yield Note("lost", name, (_SUPERVISOR_DIED if end.duration is None else _EXIT_CODE_LOST).format(name))
        case ProcessExited(outcome="terminated" | "killed", stop_reason="main_ended"):
            yield Note("daemon_terminated", name, _DAEMON_TERMINATED.format(name))
        case ProcessExited(limit="memory"):
            yield Note("out_of_memory", name, _OUT_OF_MEMORY.format(name))
        case ProcessExited(limit="cpu_seconds"):
            yield Note("cpu_limit", name, _CPU_LIMIT.format(name, signal))
        case ProcessExited(outcome="failed") if code is not None and code < 0 and not is_crash:
            why = _SIGNALS.get(str(signal), _ANY_SIGNAL)
            yield Note("foreign_signal", name, _FOREIGN_SIGNAL.format(name, signal, code, why))
        case ProcessExited(ended_by="return", returned=str(value)) if code == 0:
            yield Note("return_value", name, _RETURN_VALUE.format(name, _short(value), _instead(value)))
        case ProcessExited(ended_by="sys_exit", returned=str(value)) if code is not None:
            yield from _about_exit(name, value, code)
        case ProcessExited(ended_by="unreported") if code is not None:
            yield Note("unreported", name, _UNREPORTED.format(name, code))


def _about_exit(name: str, value: str, code: int) -> Iterator[Note]:
    """Return a note if the argument of `sys.exit`, as a repr, differs from the resulting exit code."""
    if _WHOLE_NUMBER.fullmatch(value) and int(value) not in range(256):
        yield Note("exit_code_truncated", name, _TRUNCATED.format(name, _short(value), code))
    elif code == 1 and _NO_NUMBER.match(value):
        yield Note("exit_text", name, _EXIT_TEXT.format(name, _short(value)))


def _instead(value: str) -> str:
    code = value if _WHOLE_NUMBER.fullmatch(value) and int(value) in range(1, 256) else "1"
    return f"sys.exit({code})"


def _short(value: str) -> str:
    return value if len(value) <= MAX_VALUE else f"{value[: MAX_VALUE - 1]}…"


MAX_VALUE = 60
_WHOLE_NUMBER = re.compile(r"-?\d+")
_NO_NUMBER = re.compile(r"""b?['"]|[\[({]|-?\d+\.""")
"""The beginning of the repr of text, of a container or of a float; the repr of an `IntEnum`, which is a number,
differs."""

_JOIN_TIMED_OUT = (
    "{0} was still running when main's join gave up after {1:g} s. A join timeout never stops a "
    "process: {0} keeps running, and main goes on without it."
)
_SIGTERM_IGNORED = (
    "{0} did not end within {1:g} s of SIGTERM: it ignores that signal, or takes long to act on it. "
    "SIGKILL follows, which no process can ignore."
)
_TIMEOUT = (
    "The `timeout` of {0} is over: it is stopped, with SIGTERM now and SIGKILL after {1:g} s. However"
    " it ends, its outcome is `timed_out` (unless it had ended in time and that was noticed late), "
    "and it has failed unless that is expected. To stop a process on purpose, use `terminate_after`."
)
_OUT_OF_MEMORY = (
    "{0} asked for more memory than `limits.memory` allows: Python raised MemoryError, and no code "
    "caught it. Shared memory, such as the numpy arrays of a `shared_counter`, does not count."
)
_CPU_LIMIT = "{0} has used up its processor time, `limits.cpu_seconds`: the system ended it with {1}."
_HOLDER_DIED = (
    "{0} died while it held {1}: no process can release it any more, so every process that needs it waits for ever."
)
_NOT_RELEASED = (
    "{0} has ended without releasing {1}: no process can acquire it any more, unless another one "
    "releases it. Release it, or use `with`, which does so."
)
_STOPPED_BY = {
    "SIGINT": "SIGINT was sent (Ctrl-C)",
    "SIGTERM": "SIGTERM was sent",
    "SIGHUP": "SIGHUP was sent: the terminal is gone",
    "SIGPIPE": "stdout has no reader any more, as with `| head`",
}
_STOP_REQUESTED = (
    "{0}: the run is stopped in order. Running processes get SIGTERM now, and SIGKILL after {1:g} s; "
    "a second Ctrl-C or SIGTERM sends SIGKILL at once."
)
_TIME_LIMIT = "The run's time limit is over: all running processes are stopped, and the run has failed."
_NO_STEP = "{0} {1} never started: main has ended, and none of its steps starts {2}."
_NOT_REACHED = "{0} {1} never started: the run had ended before that."
_NOT_REPORTED = "Whether {0} {1} started is unknown: the supervisor died before it could report that."
_START_WITHOUT_END = (
    "Whether {0} was started is unknown: the supervisor died before it could report that the start of"
    " {0} had returned. Code of its class ran there: `start`, or code that pickles its objects."
)
_LEFT_THREADS = (
    "When the run was over, the {0} {1} still ran in the process that starts the others{2}. run-jobs "
    "does not wait for {3}; a plain program would, before it ends."
)
_LEFT_PROCESSES = (
    "When the run was over, the {0} {1} still ran{2}. run-jobs ends {3}. At the end of a plain program multiprocessing "
    "terminates its daemons, such as the workers of a pool, and waits for its other processes."
)
_PLURALS = {"thread": "threads", "process": "processes"}
_ORIGIN = ": the import of `{0}` had started {1}"
_LEFT_EXIT_FUNCTIONS = (
    "The functions that an import registered with `atexit` were still running 0.5 s after the end of "
    "the run, and were ended. A plain program would wait for them."
)
_SUPERVISOR_DIED = (
    "How {0} ended is unknown: the supervisor died before it saw the end. {0} was killed with it at the latest."
)
_EXIT_CODE_LOST = (
    "{0} has ended, but its exit code is unknown: the system reports it only to the parent or to its "
    "other waiters. That happens when a forkserver dies before its child, or when other code waits "
    "for all children."
)
_DAEMON_TERMINATED = (
    "{0} is a daemon, and main has ended: daemons are then terminated, not waited for. The unfinished"
    " work of {0} is lost, and `finally` blocks run only with `on_terminate: unwind`. Join it to wait"
    " for it."
)
_FOREIGN_SIGNAL = "{0} was killed by {1} (exit code {2}), which run-jobs did not send: {3}."
_DIED_WITH_FORKSERVER = (
    "{0} was killed with the forkserver, its parent, {1}: the processes of a forkserver end with it. A target that "
    "sends a signal to its parent, as `os.kill(os.getppid(), …)` does, hits the forkserver."
)
_RETURN_VALUE = (
    "The return value {1} of {0} is not an exit code: multiprocessing ignores what a target returns, "
    "and the exit code is 0. Use {2} to end with another exit code."
)
_TRUNCATED = "{0} called sys.exit({1}), but an exit code is one byte, 0 to 255: the parent sees {2}."
_EXIT_TEXT = (
    "{0} called sys.exit with {1}, which is not a whole number: it is printed on stderr, and the exit code is 1."
)
_UNREPORTED = (
    "{0} ended with exit code {1} without returning from its target, raising or calling sys.exit: it "
    "left by os._exit or a similar call, which skips `finally` blocks and loses buffered output; or "
    "it closed descriptors that are not its own, and could not report its end."
)
_SIGNALS = {
    "SIGSEGV": (
        "it accessed memory that is not its own, usually because of a bug in native code (a C extension, "
        "ctypes); `faulthandler.enable()` in the target shows where"
    ),
    "SIGBUS": (
        "a page of mapped memory could not be provided, as when /dev/shm is full or a mapped file was truncated"
    ),
    "SIGABRT": "the process aborted itself, as `os.abort()` or a failed assertion in native code does",
    "SIGFPE": "native code did arithmetic that has no result, such as dividing a whole number by zero",
    "SIGILL": (
        "the code has an instruction that this processor does not have, usually because native code was "
        "built for another one"
    ),
    "SIGKILL": (
        "a `kill -9` from outside, or often the kernel's out-of-memory killer when memory was short; or, "
        "if SIGXCPU is ignored, the end of `limits.cpu_seconds`"
    ),
    "SIGXCPU": "its limit of processor time was over",
}
_ANY_SIGNAL = "it came from outside, or from the process itself"
