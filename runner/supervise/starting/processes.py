"""The processes of a run: create `multiprocessing.Process` objects, start, signal and reap them.

multiprocessing reaps in unexpected places (`start`, `repr`, `is_alive` and `exitcode` all call waitpid), so every
process gets a `Popen` of ours whose `poll` returns only what was recorded here; `wait4` is called in one place. The
private names of multiprocessing that this needs are listed in `tests/supervise/test_private_names.py`.
"""

from __future__ import annotations

import multiprocessing
import multiprocessing.process
import os

from runner.model.messages import ObjectState, Sender
from runner.supervise.child import first_code
from runner.supervise.child.own_memory import first_steps
from runner.supervise.child.relatives import Relatives
from runner.supervise.mp.companions import mp_helper_pids
from runner.supervise.mp.std_streams import flush_streams
from runner.supervise.starting.child_contexts import ChildContexts
from runner.supervise.starting.forked import ForkPopen, is_plain
from runner.supervise.starting.objects import Objects
from runner.supervise.starting.pace import comes_to_its_first_step, let_others_run, processors
from runner.supervise.starting.started_process import NotStarted, Running, Started
from runner.system import pidfds, thread_states
from runner.system.clock import monotonic
from runner.system.descriptors import bits_of, close_all
from runner.system.open_files import free_descriptors, room_for
from runner.system.orphans import ARE_LISTED, children, kill_orphans
from runner.system.process_groups import Leaders
from runner.system.signal_senders import origin

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from multiprocessing.process import BaseProcess
    from typing import TypeAlias

    from runner.model.plan import Plan
    from runner.supervise.child.context import ChildContext
    from runner.supervise.core.life import LifeId
    from runner.supervise.sharing.main_helper import MainHelper
    from runner.supervise.sharing.things import SharedThings
    from runner.supervise.starting.pauses import Row
    from runner.supervise.starting.started_process import Recorded
    from runner.system.signals import Signals

    _Attempt: TypeAlias = tuple[float, tuple[int, int], BaseException | None]


DESCRIPTORS_EACH = {"fork": 3, "spawn": 5, "forkserver": 5}
"""The descriptors of one process: a pidfd, those of multiprocessing, and its outputs until the front has them."""

MIN_STARTS = {"fork": 64, "spawn": 1, "forkserver": 1}
"""The least starts of a row that ends only because it takes long: after a fork, handling all other events costs a third
of another fork."""

LEADERS = {"fork": 16, "spawn": 0, "forkserver": 0}
"""Leaders of process groups that are created at once; children that are not forked create their own."""

_THEIR_POPEN = multiprocessing.Process._Popen  # there is no public way


def _popen_class(start_method: str) -> Callable[[ChildContext, BaseProcess], Recorded]:
    """Return our Popen for a start method; only what it needs is imported, as every forked child has it too."""
    if start_method == "fork":
        return ForkPopen
    from runner.supervise.starting import spawned

    return spawned.SpawnPopen if start_method == "spawn" else spawned.ForkserverPopen


class Processes:
    """The operating system's side of the planned processes, by their numbers."""

    def __init__(
        self,
        plan: Plan,
        shared: SharedThings,
        *,
        records: int,
        private: tuple[int, ...],
        open_files: tuple[int, int] | None,
        signals: Signals,
        line_times: int = -1,
    ) -> None:
        """`records` and `line_times` are write ends of pipes, `private` are the other descriptors that forked children
        have to close."""
        self._plan = plan
        self._shared = shared
        self._lifeline, self._lifeline_write = os.pipe()
        self._private = bits_of((*private, self._lifeline_write))
        """Descriptors, as bits, that a forked child inherits and has to close."""
        self._signals = signals
        self.objects = Objects(plan, shared.handles, self._launch)
        self.running: dict[int, Running] = {}
        """The lives that have been started and not closed."""
        self._popen_class = _popen_class(plan.start_method)
        self._prepared: dict[int, tuple[BaseProcess, ChildContext]] = {}
        """The prepared starts: the rest of a row that ended early is not prepared again."""
        self._starting: tuple[BaseProcess, ChildContext] | None = None
        """The process that is being started."""
        self._pid = os.getpid()
        self._hand: MainHelper | None = None
        self._leaders = Leaders()
        forks = plan.start_method == "fork"
        self._first_steps = first_steps(len(plan.processes)) if forks else None
        self._relatives = Relatives(self._lifeline) if forks else None
        self._contexts = ChildContexts(
            plan,
            shared,
            records=records,
            lifeline=self._lifeline,
            line_times=line_times,
            open_files=open_files,
            signals=signals,
            first_steps=self._first_steps,
        )
        self.pids = children()
        """Pids of processes that were started and are not closed, and of those that imports started."""
        # Of the class, once: as an attribute of each object it would cost 400 bytes for each, which forks copy.
        multiprocessing.Process._Popen = staticmethod(self._launch)  # type: ignore[method-assign, assignment]

    def _launch(self, process: BaseProcess) -> object:
        """Called by `Process.start`, here and in forked children, whose own processes are not ours."""
        if os.getpid() != self._pid:
            return _THEIR_POPEN(process)
        if self._starting is None:
            raise RuntimeError("its constructor starts a process: main starts processes")
        attempted, around = self._starting
        if process is not attempted:
            raise RuntimeError("it starts another process: main starts processes")
        return self._popen_class(around, process)

    def start(self, lives: Sequence[LifeId], unsent: Iterable[int], row: Row) -> list[Started | NotStarted]:
        """Start the lives, in order; `unsent` are outputs of earlier ones that the front does not have yet.

        The row ends before its last process if `row` says so; at least one start is attempted. After each fork every
        page that we write to is copied: everything that can be done before the first or after the last one is done
        there.
        """
        numbers = [life.process for life in lives]
        self._prepared |= {number: self._prepare(number) for number in numbers if number not in self._prepared}
        private = self._private
        self._private |= bits_of(unsent)
        flush_streams()  # a child would write it once more
        attempts: list[_Attempt] = []
        prepared: list[tuple[BaseProcess, ChildContext]] = [self._prepared[number] for number in numbers]
        # `Process.start` deletes both: kept here, they are freed after the row.
        _kept = [(getattr(each, "_target", None), getattr(each, "_kwargs", None)) for each, _ in prepared]
        if self._plan.start_method != "fork":
            self._shared.keep_tracker()
        self._signals.block_stops()
        try:
            self._attempt_each(prepared, row, attempts)
        finally:
            self._starting = None
            self._leaders.let_go()
            self._signals.take()
            self._private = private
            for number, _ in zip(numbers, attempts, strict=False):
                del self._prepared[number]
        return list(map(self._conclude, lives, attempts))

    def _attempt_each(
        self, prepared: list[tuple[BaseProcess, ChildContext]], row: Row, attempts: list[_Attempt]
    ) -> None:
        """Attempt one start after the other until the row ends, and record the attempts."""
        theirs = multiprocessing.process._children  # type: ignore[attr-defined]  # there is no public way
        until, due, news = row.until, row.due, row.news
        held_back = self._signals.held_back if self._signals.stops < 0 else None
        least, leaders = MIN_STARTS[self._plan.start_method], LEADERS[self._plan.start_method]
        unused: list[int] = []
        first_steps = self._first_steps
        ahead = processors()
        """How many children may be on the way to their first steps."""
        for place, (process, around) in enumerate(prepared):
            if leaders and not place % leaders:
                unused = self._leaders.make(min(leaders, len(prepared) - place))
            attempts.append(self._attempt(process, around, unused.pop() if unused else 0, theirs))
            let_others_run()
            if first_steps is not None and place >= ahead:
                behind = prepared[place - ahead][1].number
                if not comes_to_its_first_step(first_steps, behind):  # the machine is busy, or it has ended before
                    first_steps = None
            now = monotonic()
            if now >= due or (now >= until and len(attempts) >= least) or news(0):
                break
            if held_back is not None and held_back():
                break

    def _prepare(self, number: int) -> tuple[BaseProcess, ChildContext]:
        process, around = self.objects.take(number), self._contexts.of(number)
        if around.work is None:
            process._Popen = self._launch  # type: ignore[attr-defined]  # gone after a failed start
        first_code.wrap_run(process, around)
        if is_plain(process):
            around.relatives = self._relatives
        return process, around

    def _attempt(self, process: BaseProcess, around: ChildContext, leader: int, theirs: set[BaseProcess]) -> _Attempt:
        """Start one process; return when it started, the read ends of its stdout and stderr, and the error if it
        failed."""
        ends: tuple[int, ...] = ()
        at = monotonic()  # before the start: the process may have ended when it returns
        try:
            ends = os.pipe()
            ends += os.pipe()
            stdout, around.stdout, stderr, around.stderr = ends
            self._private |= 1 << stdout | 1 << stderr
            around.private = self._private
            around.leader = leader
            self._starting = process, around
            process.start()
            if process._popen is None:  # type: ignore[attr-defined]  # there is no public way
                raise RuntimeError("its `start` starts nothing")
        except BaseException as error:
            if process._popen is None:  # type: ignore[attr-defined]  # a `start` of its own may start it, and then fail
                close_all(bits_of(ends))
                self._private &= ~bits_of(ends)
                return at, (-1, -1), error
        os.close(around.stdout)
        os.close(around.stderr)
        self._private |= 1 << process._popen.sentinel  # type: ignore[attr-defined]  # the one of ours
        # What is left in there would be joined, polled and terminated by multiprocessing itself.
        theirs.discard(process)
        return at, (stdout, stderr), None

    def _conclude(self, life: LifeId, attempt: _Attempt) -> Started | NotStarted:
        at, outputs, error = attempt
        if error is not None:
            return NotStarted(life, at, error)
        popen = self.objects.take(life.process)._popen  # type: ignore[attr-defined]  # the one of ours
        self.running[life.process] = Running(life, popen)
        self.pids.add(popen.pid)
        self._private |= 1 << popen.sentinel
        return Started(life, at, outputs)

    def make_main_helper(self) -> MainHelper | None:
        """Return the process that does main's steps on shared things; None if main has none."""
        around = self._contexts.of_main(self._private)
        if around is None:
            return None
        from runner.supervise.sharing.main_helper import MainHelper

        hand = self._hand = MainHelper(around, self._signals)
        self.pids.add(hand.pid)
        self._private |= bits_of(hand.descriptors)
        return hand

    def has_children(self, number: int) -> bool:
        """Return whether a process has processes of its own; also true if the supervisor has adopted any orphans."""
        running = self.running.get(number)
        if not ARE_LISTED:
            living = {each for each, other in self.running.items() if not other.has_ended} | {self._shared.main}
            noted = self._shared.with_processes()
            return number in noted or not noted <= living
        known = self.pids | mp_helper_pids() | self._shared.pids
        return bool(running is not None and children(running.pid)) or bool(children() - known)

    def pids_of_the_run(self) -> set[int]:
        """Return the pids of the processes of the run, and of the supervisor's other processes."""
        hand = set() if self._hand is None else {self._hand.pid}
        return {each.pid for each in self.running.values()} | hand | mp_helper_pids() | self._shared.pids

    def unwatched(self) -> list[LifeId]:
        """Return the lives that have not ended as far as is known, and whose end makes no descriptor readable."""
        if pidfds.WORK:
            return []
        return [each.life for each in self.running.values() if each.watched is None and not each.has_ended]

    def sender(self, pid: int) -> Sender:
        """Return what is known about the process with this pid, which has sent a signal."""
        return Sender(*origin(pid, {running.pid: number for number, running in self.running.items()}))

    def sleeps(self, number: int) -> bool | None:
        """Return whether a process, or main's helper, sleeps; None if the system does not say."""
        if number == self._shared.main:
            return self._hand is None or thread_states.sleeps(self._hand.pid)
        running = self.running.get(number)
        return running is not None and thread_states.sleeps(running.pid)

    def room(self) -> int:
        """Return for how many processes at once there are descriptors, as long as none runs."""
        return room_for(free_descriptors(), DESCRIPTORS_EACH[self._plan.start_method])

    def close(self, life: LifeId) -> None:
        """Close the descriptors of a life that has ended, and drop its object."""
        closed = self.running.pop(life.process)
        self._private &= ~(1 << closed.sentinel)
        self.pids.discard(closed.pid)
        closed.close()
        self.objects.drop(life.process)

    def identity(self, number: int) -> tuple[int, str]:
        """Return the pid of a process that has been started, and the repr of its object."""
        return self.running[number].pid, self.objects.repr(number)

    def state(self, number: int) -> ObjectState | None:
        """Return a process as `multiprocessing` shows it; None for one that has ended and has no object any more."""
        running = self.running.get(number)
        return self.objects.state(number, alive=running is not None and not running.has_ended)

    def end_all(self) -> None:
        """SIGKILL whatever still lives, including descendants that we adopted: the last thing, whatever came before."""
        for running in self.running.values():
            if not running.has_ended:
                running.end()
        kill_orphans(mp_helper_pids() | self._shared.pids)
