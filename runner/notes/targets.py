"""Write notes on surprising targets: unshared globals, equal random numbers, a skipped `finally`. Pure.

Processes report what they observe about themselves (`runner.supervise.child.observing`); this module turns that into
notes.
"""

from __future__ import annotations

import re
from itertools import pairwise

from runner.model.arguments import references
from runner.model.event_types import ProcessExited, ProcessStarted, ProcessTerminating
from runner.notes.kept_alive import KeptAliveNotes
from runner.notes.note import Note, listed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.model.events import Event, Output
    from runner.model.json_types import Error, Json
    from runner.model.plan import Plan, ProcessPlan
    from runner.model.words import TargetWord

SLOW_START_S = 0.02
"""A start that takes no longer than this is not reported."""
CLEARLY_S = 0.005
"""Output of two processes that was read closer together than this may have been written in either order."""
MAX_LINE = 120
_FRAME = re.compile(r'^ +File "([^"\n]+)", line \d+, in .+\n    (.+)$', re.MULTILINE)
_OF_PYTHON = re.compile(r"/(?:site|dist)-packages/|/lib(?:64)?/python3[^/]*/|^<frozen ")
TIMES_AS_LONG = 3
"""A start is slow if it takes this many times as long as the work."""


class TargetNotes:
    """Remembers what processes report about themselves."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._remains = KeptAliveNotes()
        self._left: dict[tuple[str, TargetWord], list[list[str]]] = {}
        """What each process leaves for Python's exit, by its name and the word that reports it."""
        self._forked: set[str | None] = set()
        """The processes that were reported to have forked while they had threads."""
        self._readers: set[str] = set()
        """The processes that have read from stdin."""
        self._unwinding = {process.name for process in plan.processes if process.on_terminate == "unwind"}
        self._finally: dict[str, int] = {}
        self._globals: dict[tuple[str, str], list[int]] = {}
        self._drawn: dict[tuple[str, int], list[int]] = {}
        self._worked: dict[str, tuple[float, float]] = {}
        self._slow: list[tuple[str, float, float]] = []
        self._started: dict[str, float] = {}
        self._spoke: dict[int, tuple[float, bool]] = {}
        """The time (monotonic) of each process's first output, and whether that is the time of writing: otherwise it is
        the time of reading."""

    def hear(self, number: int, what: TargetWord, said: list[Json], at: float) -> list[Note]:
        """Note a report of a process about itself, or of the supervisor about it; return the notes that belong
        there."""
        if number >= len(self._plan.processes):  # main's helper
            return []
        name = self._plan.processes[number].name
        if what in ("remaining", "unsent", "lives_on"):
            return self._remains.hear(name, what, said, at)
        match what, said:
            case "finally", [int(line)]:
                self._finally[name] = line
            case "globals", [str(module), list(names)]:
                for each in map(str, names):
                    self._globals.setdefault((module, each), []).append(number)
            case "forked_with", [list(threads), bool(here)]:
                return self.of_fork(name if here else None, list(map(str, threads)))
            case "read_stdin", []:
                return self._read_from_stdin(name, _READ.format(name, ""))
            case "drawn", [str(generator), int(numbers)]:
                self._drawn.setdefault((generator, numbers), []).append(number)
            case "left_for_exit" | "unfinalized" | "unwritten", [list(), *_]:
                self._left[name, what] = [list(map(str, part)) for part in said if isinstance(part, list)]
            case "exit_functions_run", []:
                self._left.pop((name, "left_for_exit"), None)
            case "worked", [float(began), float(ended)]:
                self._worked[name] = began, ended
        return []

    def of_fork(self, name: str | None, threads: list[str]) -> list[Note]:
        """Return the note on a fork of a process with these threads: of process `name`, or, without a name, of the
        process that starts the others."""
        if name in self._forked:
            return []
        self._forked.add(name)
        those = f"thread {threads[0]}" if len(threads) == 1 else f"threads {listed(threads)}"
        what = _FORKS_ALL.format(those) if name is None else _FORKS.format(name, those)
        text = _FORKED_WITH_THREADS.format(what)
        return [Note("forked_with_threads", name, text)]

    def _read_from_stdin(self, name: str, what: str) -> list[Note]:
        """Return the note on a process that has read from stdin, or has failed where it does, in the words of
        `what`."""
        if name in self._readers:
            return []
        self._readers.add(name)
        return [Note("no_stdin", name, _NO_STDIN.format(what))]

    def note_output(self, output: Output) -> None:
        """Note what a process wrote."""
        if output.process is not None and output.at is not None and output.data and output.stream == "stdout":
            known = output.written_at[0] if output.written_at else None
            self._spoke.setdefault(output.process, (output.at if known is None else known, known is not None))

    def about(self, event: Event, at: float) -> Iterator[Note]:
        """Return the notes that belong right after this event, which was at this time (monotonic)."""
        match event.fact:
            case ProcessStarted(of):
                self._started[of.process] = at
            case ProcessTerminating(of):
                yield from self._remains.see_stop(of.process, at)
            case ProcessExited(of) as end:
                yield from self._about_end(of.process, end)

    def _about_end(self, name: str, end: ProcessExited) -> Iterator[Note]:
        error = end.error
        if error is not None and error["type"] == "AssertionError" and error["message"] == _DAEMONS_CHILDREN:
            yield Note("daemon_children", name, _DAEMON_CHILDREN.format(name))
        if error is not None and _has_missed_its_input(error):
            yield from self._read_from_stdin(name, _READ.format(name, f" ({error['type']})"))
        elif error is not None and (line := _failed_line(error)) and _READS_STDIN.search(line):
            yield from self._read_from_stdin(name, _FAILED_READING.format(name, line, error["type"]))
        yield from self._about_exit(name, end)
        is_unwound = name in self._unwinding
        if (
            name in self._finally
            and end.signal in ("SIGTERM", "SIGKILL")
            and not (is_unwound and end.signal == "SIGTERM")
        ):
            yield Note("finally_skipped", name, _FINALLY_SKIPPED.format(name, end.signal, self._finally[name]))
        if name in self._worked and name in self._started:
            began, ended = self._worked[name]
            start_s, work_s = began - self._started[name], ended - began
            if start_s > max(SLOW_START_S, TIMES_AS_LONG * work_s):
                self._slow.append((name, start_s, work_s))

    def _about_exit(self, name: str, end: ProcessExited) -> Iterator[Note]:
        """Return the note on what a forked process has skipped at its end, unless its end itself shows that."""
        (functions,) = self._left.pop((name, "left_for_exit"), [[]])
        finalizers, folders = self._left.pop((name, "unfinalized"), [[], []])
        (files,) = self._left.pop((name, "unwritten"), [[]])
        if self._plan.start_method == "spawn" or end.ended_by in ("signal", "unreported"):
            return
        skipped = [_NOT_CALLED.format(listed(functions), "was" if len(functions) == 1 else "were")] if functions else []
        skipped += [f"{listed(finalizers)} {'has' if len(finalizers) == 1 else 'have'} not run"] if finalizers else []
        skipped += [_NOT_REMOVED.format(listed(folders), "stays" if len(folders) == 1 else "stay")] if folders else []
        skipped += [_NOT_WRITTEN.format(listed(files))] if files else []
        if skipped:
            yield Note("exit_skipped", name, _EXIT_SKIPPED.format(name, ", and ".join(skipped)))

    def at_the_end(self) -> Iterator[Note]:
        """Return the notes on behaviour that several processes share."""
        yield from self._print_order()
        for (module, variable), numbers in self._globals.items():
            if len(numbers) > 1:
                text = _GLOBAL.format(variable, module, self._named(numbers))
                yield Note("global_not_shared", None, text, f"{module}.{variable}")
        why = _COPIED if self._plan.preload and self._plan.start_method != "spawn" else _MADE_ALIKE
        for (generator, _), numbers in self._drawn.items():
            if len(numbers) > 1:
                text = _SAME_NUMBERS.format(self._named(numbers), generator, why)
                yield Note("same_random_numbers", None, text, generator)
        for name, start_s, work_s in self._slow:
            text = _SLOW_START.format(name, start_s * 1000, work_s * 1000, _BEGINS[self._plan.start_method])
            yield Note("slow_start", name, text)

    def _print_order(self) -> Iterator[Note]:
        """Return a note if a process printed before another one that does the same and was started earlier.

        If only the times of reading are known, the note says no more than that.
        """
        for job in self._plan.jobs:
            if any(_shares(self._plan.processes[number]) for number in job.processes):
                continue  # they wait for each other, or for main: that makes their order intended
            heard = [(number, self._spoke[number]) for number in job.processes if number in self._spoke]
            for (first, (at, is_known)), (second, (earlier, is_known_too)) in pairwise(heard):
                names = [self._plan.processes[number].name for number in (first, second)]
                started = [self._started.get(name, 0.0) for name in names]
                clearly_s = 0.0 if is_known else CLEARLY_S
                if is_known is is_known_too and started[0] < started[1] and earlier + clearly_s < at:
                    how = _PRINTED if is_known else _WAS_READ
                    yield Note("print_order", names[1], _PRINT_ORDER.format(how.format(names[1], names[0])))
                    return

    def _named(self, numbers: list[int]) -> str:
        return listed([self._plan.processes[number].name for number in sorted(numbers)])


def _has_missed_its_input(error: Error) -> bool:
    """Return whether an error is that of a process that reads from stdin, directly or through getpass or the
    debugger."""
    at_the_end = error["type"] == "EOFError" and error["message"] == "EOF when reading a line"
    through_getpass = error["type"] == "EOFError" and "getpass.py" in (error["traceback"] or "")
    return at_the_end or through_getpass or error["type"] == "bdb.BdbQuit"


def _failed_line(error: Error) -> str:
    """Return the line of user code in which an error was raised, as far as its traceback shows it."""
    frames = _FRAME.findall(error.get("traceback") or "")
    of_user = [line for file, line in frames if not _OF_PYTHON.search(file)]
    return str(of_user[-1]).strip()[:MAX_LINE] if of_user else ""


def _shares(process: ProcessPlan) -> bool:
    """Return whether a process uses shared things."""
    return bool(references([*process.args, *process.kwargs.values(), *(process.do or ())]) - {"pid"})


_DAEMONS_CHILDREN = "daemonic processes are not allowed to have children"
_DAEMON_CHILDREN = (
    "{0} is a daemon, and tried to start a process: a daemon is terminated when main ends, and its "
    "children would be orphaned, so multiprocessing forbids children. Make it a normal process, or "
    "let main start both."
)
_FINALLY_SKIPPED = (
    "{0} was ended by {1}, which skips the rest of its code: if it was in the `try`, its `finally` in"
    " line {2} has not run. With `on_terminate: unwind` SIGTERM is raised in the target first, and "
    "`finally` runs."
)
_GLOBAL = (
    "{2} changed the global `{0}` of the module {1}, each in a copy of its own: a global is not "
    "shared between processes, and no process sees the changes of another. Declare shared data under "
    "`shared:`."
)
_SAME_NUMBERS = (
    "{0} drew from {1} in the same state, and so got the same numbers: {2}. Create a generator in "
    "each process, in the target and not in the module: `numpy.random.default_rng()`, or "
    "`random.Random()`."
)
_COPIED = "a forked process has a copy of what was imported before"
_MADE_ALIKE = "the imports of each process have brought it into that state"
_NOT_CALLED = "{0}, registered with `atexit`, {1} not called"
_NOT_REMOVED = "{0}, of `tempfile.TemporaryDirectory`, {1} on disk"
_NOT_WRITTEN = "the text in the buffer of {0} was not written"
_EXIT_SKIPPED = (
    "{0} is a forked process, which ends when its target is over and skips the rest of Python's exit:"
    " {1}. Call such functions at the end of the target (`try … finally`), and close files and "
    "folders there (`with`). Under spawn nothing is skipped."
)
_FORKS_ALL = "The processes of this run are forked from one that has the {0}, which an import has started"
_FORKS = "{0} forked a process while it had the {1}"
_FORKED_WITH_THREADS = (
    "{0}: a forked process has none of these threads, but a copy of every lock in its state at that "
    "moment. A lock that a thread held is never released in the copy, and a process that needs it "
    "there waits for ever. Start threads in the target and not when a module is imported, start "
    "processes before threads, or use spawn."
)
_PRINTED = "{0} printed before {1}, which was started before it and does the same"
_WAS_READ = (
    "What {0} printed was read before what {1} printed, which was started before it and does the same (when they "
    "printed is not known)"
)
_PRINT_ORDER = (
    "{0}: running processes reach their steps in any order. To enforce an order, let a process wait: "
    "for a join, an event, a queue."
)
_SLOW_START = (
    "{0} took {1:.0f} ms to start and {2:.0f} ms to do its work: {3}. Start fewer processes that do more each, or fork."
)
_BEGINS = {
    "spawn": "under spawn a process begins as a new interpreter that has to import everything",
    "forkserver": "under forkserver a process is forked from a server, and imports what the file does not `preload`",
}
_READS_STDIN = re.compile(r"open\(0\b|\bread\(0\b|/dev/stdin|\bsys\.(?:__)?stdin\b|\bfileinput\.")
"""In a line of code: it reads from descriptor 0, or from a stream on it."""
_READ = "{0} read from stdin and got its end at once{1}"
_FAILED_READING = (
    "{0} failed in a line that reads from stdin, `{1}` ({2}), which is empty unless the target has replaced it"
)
_NO_STDIN = (
    "{0}: a process has no stdin of its own, it reads from /dev/null, as under multiprocessing. Pass "
    "the data in `args`, in `env`, in a file or through a queue."
)
