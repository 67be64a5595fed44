"""The processes of a run: create `multiprocessing.Process` objects, start, signal and reap them.

multiprocessing reaps behind one's back (`start`, `repr`, `is_alive` and `exitcode` all call waitpid), so every process
gets a `Popen` of ours whose `poll` only tells what was recorded here; `wait4` is called in one place. The private names
of multiprocessing that this needs are listed in `tests/supervise/test_private_names.py`.
"""

from __future__ import annotations

import multiprocessing
import multiprocessing.process
import os

from runner.model.safe_repr import repr_of
from runner.supervise.child import first_code
from runner.supervise.child.own_memory import first_steps
from runner.supervise.child.relatives import Relatives
from runner.supervise.mp.companions import companion_pids
from runner.supervise.mp.std_streams import flush_streams
from runner.supervise.starting.child_contexts import Contexts
from runner.supervise.starting.forked import ForkPopen, is_plain
from runner.supervise.starting.pace import comes_to_its_first_step, let_others_run, processors
from runner.supervise.starting.running import NotStarted, Running, Started
from runner.system import pidfds, sleeping
from runner.system.clock import monotonic
from runner.system.descriptors import bits_of, close_all
from runner.system.open_files import free_descriptors, room_for
from runner.system.orphans import ARE_LISTED, children, end_adopted
from runner.system.process_groups import Leaders
from runner.system.signal_senders import origin

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from multiprocessing.process import BaseProcess
    from typing import Any, TypeAlias

    from runner.model.plan import Plan
    from runner.supervise.child.context import Surroundings
    from runner.supervise.sharing.main_helper import Hand
    from runner.supervise.sharing.things import SharedThings
    from runner.supervise.starting.pauses import Row
    from runner.system.signals import Signals

    _Attempt: TypeAlias = tuple[float, tuple[int, int], BaseException | None]


DESCRIPTORS_EACH = {"fork": 3, "spawn": 5, "forkserver": 5}
"""What a process takes here: a pidfd, what multiprocessing has of it, and its outputs until the front has them."""

LEAST_STARTS = {"fork": 64, "spawn": 1, "forkserver": 1}
"""In a row that ends only because it takes long: after a fork, to look at the world costs a third of another fork."""

LEADERS = {"fork": 16, "spawn": 0, "forkserver": 0}
"""Leaders of process groups that are made at once; other children than forked ones make their own."""

_THEIR_POPEN = multiprocessing.Process._Popen  # there is no public way


def _popen_class(start_method: str) -> type[Any]:
    """The Popen of ours for a start method; only what it needs is imported, every forked child has it too."""
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
        """`records` and `line_times` are write ends of pipes, `private` is what else forked children have to close."""
        self._plan = plan
        self._shared = shared
        self._lifeline, self._lifeline_write = os.pipe()
        self._private = bits_of((*private, self._lifeline_write))
        """Descriptors, as bits, that a forked child inherits and has to close."""
        self._signals = signals
        self._objects: list[BaseProcess] = []
        self._by_user_code: set[int] = set()
        """Processes whose start runs code of their class here, which may not come back."""
        self.running: dict[int, Running] = {}
        """What has been started and not closed."""
        self._popen_class = _popen_class(plan.start_method)
        self._prepared: dict[int, tuple[BaseProcess, Surroundings]] = {}
        """What can be started as it is: the rest of a row that ended early is not prepared again."""
        self._starting: tuple[BaseProcess, Surroundings] | None = None
        """The one process that is being started."""
        self._pid = os.getpid()
        self._hand: Hand | None = None
        self._leaders = Leaders()
        forks = plan.start_method == "fork"
        self._first_steps = first_steps(len(plan.processes)) if forks else None
        self._relatives = Relatives(self._lifeline) if forks else None
        self._contexts = Contexts(
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

    def _launch(self, process: BaseProcess) -> Any:
        """What `Process.start` calls, here and in forked children, whose own processes are none of ours."""
        if os.getpid() != self._pid:
            return _THEIR_POPEN(process)
        if self._starting is None:
            raise RuntimeError("it starts a process while it is made: main starts processes")
        attempted, around = self._starting
        if process is not attempted:
            raise RuntimeError("it starts another process: main starts processes")
        return self._popen_class(around, process)

    def create(self, number: int) -> None:
        """Make the Process object; a class is imported and constructed here, as in a program's main."""
        plan = self._plan.processes[number]
        if plan.cls is None:
            process: BaseProcess = multiprocessing.Process(name=plan.name, daemon=plan.daemon or None)
        else:
            from runner.supervise.starting.user_classes import construct, starts_by_user_code

            process = construct(plan, plan.cls, self._shared.handles, self._launch)
            if starts_by_user_code(process, self._plan.start_method):
                self._by_user_code.add(number)
        self._objects.append(process)

    def row_of(self, numbers: Sequence[int]) -> Sequence[int]:
        """Return the first of these processes that can be started in a row.

        A process that is started by code of its class begins a row, so that all before it has been reported.
        """
        if self._by_user_code:
            for place, number in enumerate(numbers):
                if place and number in self._by_user_code:
                    return numbers[:place]
        return numbers

    def is_started_by_user_code(self, number: int) -> bool:
        """Return whether code of the process's class runs here when it is started."""
        return number in self._by_user_code

    def start(self, numbers: Sequence[int], unsent: Iterable[int], row: Row) -> list[Started | NotStarted]:
        """Start the processes, in order; `unsent` are outputs of earlier ones that the front does not have yet.

        The row ends before its last process if `row` says so; at least one start is attempted. After each fork every
        page that we write to is copied: all that can be done before the first or after the last one is done there.
        """
        self._prepared |= {number: self._prepare(number) for number in numbers if number not in self._prepared}
        private = self._private
        self._private |= bits_of(unsent)
        flush_streams()  # a child would write it once more
        attempts: list[_Attempt] = []
        prepared: list[tuple[Any, Surroundings]] = [self._prepared[number] for number in numbers]
        # `Process.start` deletes both: kept here, they are freed after the row.
        _kept = [(getattr(each, "_target", None), getattr(each, "_kwargs", None)) for each, _ in prepared]
        if self._plan.start_method != "fork":
            self._shared.keep_tracker()
        self._signals.hold_back()
        try:
            self._attempt_each(prepared, row, attempts)
        finally:
            self._starting = None
            self._leaders.let_go()
            self._signals.take()
            self._private = private
            for number, _ in zip(numbers, attempts, strict=False):
                del self._prepared[number]
        return list(map(self._conclude, numbers, attempts))

    def _attempt_each(self, prepared: list[tuple[Any, Surroundings]], row: Row, attempts: list[_Attempt]) -> None:
        """Attempt one start after the other until the row ends, and note the attempts."""
        theirs = multiprocessing.process._children  # type: ignore[attr-defined]  # there is no public way
        until, due, news = row.until, row.due, row.news
        held_back = self._signals.held_back if self._signals.stops < 0 else None
        least, leaders = LEAST_STARTS[self._plan.start_method], LEADERS[self._plan.start_method]
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

    def _prepare(self, number: int) -> tuple[BaseProcess, Surroundings]:
        process, around = self._objects[number], self._contexts.of(number)
        if around.work is None:
            process._Popen = self._launch  # type: ignore[attr-defined]  # gone after a start that was in vain
        first_code.take_over(process, around)
        if is_plain(process):
            around.relatives = self._relatives
        return process, around

    def _attempt(self, process: BaseProcess, around: Surroundings, leader: int, theirs: set[BaseProcess]) -> _Attempt:
        """Start one process; gives when, the read ends of its stdout and stderr, and what went wrong, if it did."""
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

    def _conclude(self, number: int, attempt: _Attempt) -> Started | NotStarted:
        at, outputs, error = attempt
        if error is not None:
            return NotStarted(number, at, error)
        popen = self._objects[number]._popen  # type: ignore[attr-defined]  # the one of ours
        self.running[number] = Running(popen)
        self.pids.add(popen.pid)
        self._private |= 1 << popen.sentinel
        return Started(number, at, outputs)

    def make_hand(self) -> Hand | None:
        """The process that does main's steps on shared things; None if main has none."""
        around = self._contexts.of_main(self._private)
        if around is None:
            return None
        from runner.supervise.sharing.main_helper import Hand

        hand = self._hand = Hand(around, self._signals)
        self.pids.add(hand.pid)
        self._private |= bits_of(hand.descriptors)
        return hand

    def has_children(self, number: int) -> bool:
        """Whether a process has processes of its own; also if the supervisor has adopted any orphans."""
        running = self.running.get(number)
        if not ARE_LISTED:
            living = {each for each, other in self.running.items() if not other.has_ended} | {self._shared.main}
            noted = self._shared.with_processes()
            return number in noted or not noted <= living
        known = self.pids | companion_pids() | self._shared.pids
        return bool(running is not None and children(running.pid)) or bool(children() - known)

    def pids_of_the_run(self) -> set[int]:
        """Return the pids of the processes of the run, and of those that the supervisor has beside them."""
        hand = set() if self._hand is None else {self._hand.pid}
        return {each.pid for each in self.running.values()} | hand | companion_pids() | self._shared.pids

    def unwatched(self) -> list[int]:
        """Processes that live as far as is known, and whose end makes no descriptor readable."""
        if pidfds.WORK:
            return []
        return [number for number, each in self.running.items() if each.watched is None and not each.has_ended]

    def origin(self, pid: int) -> dict[str, Any]:
        """What is known of the process with this pid, which has sent a signal: see `senders.origin`."""
        return origin(pid, {running.pid: number for number, running in self.running.items()})

    def sleeps(self, number: int) -> bool | None:
        """Whether a process, or main's hand, sleeps; None where the system does not say."""
        if number == self._shared.main:
            return self._hand is None or sleeping.sleeps(self._hand.pid)
        running = self.running.get(number)
        return running is not None and sleeping.sleeps(running.pid)

    def room(self) -> int:
        """For how many processes at once there are descriptors, as long as none runs."""
        return room_for(free_descriptors(), DESCRIPTORS_EACH[self._plan.start_method])

    def close(self, number: int) -> None:
        """Close the descriptors of a process that has ended."""
        self._private &= ~(1 << self._objects[number]._popen.sentinel)  # type: ignore[attr-defined]  # the one of ours
        closed = self.running.pop(number)
        self.pids.discard(closed.pid)
        closed.close()

    def reprs(self) -> list[str]:
        """Each process as `multiprocessing` shows it."""
        return list(map(repr_of, self._objects))

    def facts(self, number: int) -> dict[str, Any]:
        """The process as `multiprocessing` shows it: `pid`, `state`, `alive`, `exit_code` and `repr`."""
        process = self._objects[number]
        # Not asked of the process itself, whose class is the user's code.
        popen = process._popen  # type: ignore[attr-defined]  # there is no public way
        pid, exit_code = (None, None) if popen is None else (popen.pid, popen.returncode)
        running = self.running.get(number)
        alive = running is not None and not running.has_ended
        state = "initial" if pid is None else "started" if alive else "stopped"
        return {"pid": pid, "state": state, "alive": alive, "exit_code": exit_code, "repr": repr_of(process)}

    def end_all(self) -> None:
        """SIGKILL whatever still lives, descendants that came to us included: the last thing, whatever came before."""
        for running in self.running.values():
            if not running.has_ended:
                running.end()
        end_adopted(companion_pids() | self._shared.pids)
