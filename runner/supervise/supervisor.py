"""The event loop around the schedule: the selector, the timers and the socket. It makes no decisions.

`_deliver` is the one door: facts go in through it, and the commands that come out are carried out at once.
"""

from __future__ import annotations

import selectors
from collections import deque
from signal import SIGCONT

from runner.supervise.child import fork_threads
from runner.supervise.core import lifecycle
from runner.supervise.core.facts import (
    ActDone,
    Begun,
    DoAct,
    EndRun,
    Fact,
    Happened,
    MainsTurn,
    Postponed,
    StartProcesses,
    StopRun,
    TimerFired,
)
from runner.supervise.core.schedule import Schedule
from runner.supervise.core.timers import Timers
from runner.supervise.imports.guardian import guarded
from runner.supervise.imports.pools import let_go_of_pools
from runner.supervise.mp.companions import companion_pids
from runner.supervise.sharing.child_reports import Sharing
from runner.supervise.starting.pauses import Interruptions
from runner.supervise.starting.reaping import Ends
from runner.supervise.starting.refusals import why_not_started
from runner.supervise.starting.running import NotStarted
from runner.system.clock import monotonic, wall
from runner.system.open_files import MOST_POLL_S
from runner.system.orphans import reap_adopted
from runner.system.paused_children import wake_paused
from runner.system.signals import CHILD_ENDED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from typing import Any

    from runner.link.wire import Link, Message
    from runner.model.plan import Plan
    from runner.model.words import StopReason
    from runner.supervise.imports.supervisor_exit import LeftRunning
    from runner.supervise.sharing.child_reports import Seen
    from runner.supervise.sharing.main_helper import Hand
    from runner.supervise.sharing.things import SharedThings
    from runner.supervise.starting.processes import Processes
    from runner.supervise.starting.running import Started
    from runner.system.signals import Signals

BETWEEN_LOOKS_S = 0.01
"""For the holder of a guard, while it cannot be told who that is."""
WAKES_WITHIN_S = 0.2
"""How soon after the end of a process this one, which waits for it, runs again on a busy machine."""
ORPHANS_CAN_WAIT_S = 0.1
"""After an end, until orphans are reaped: the system goes through all children for it."""


class Supervisor:
    """Carries out one plan."""

    def __init__(
        self,
        plan: Plan,
        room: int,
        link: Link,
        selector: selectors.BaseSelector,
        processes: Processes,
        shared: SharedThings,
        records: int,
        signals: Signals,
        hand: Hand | None,
        left_running: LeftRunning,
    ) -> None:
        """`room` is for how many processes at once the front has room, `records` the end-record pipe's read end.

        `hand` is there if main does something with shared things.
        """
        self._plan = plan
        self._link = link
        self._processes = processes
        self._shared = shared
        self._signals = signals
        self._schedule = Schedule(plan, room)
        self._timers = Timers()
        self._interruptions = Interruptions(plan, link, signals, self._timers)
        self._sharing = Sharing(shared, self._schedule, plan, processes.has_children, processes.sleeps)
        self._hand = hand
        self._left_running = left_running
        self._ends = Ends(processes, selector, records, self._timers, self._tell)
        self._outputs: dict[int, tuple[int, int]] = {}
        """What a process that is being started will write to, until the front has been told."""
        self._stop: StopReason | None = None
        """Why the run was stopped."""
        self._now = monotonic()
        self._selector = selector
        link.attend(selector, "link")
        signals.attend(selector)
        if shared.manager is not None:
            selector.register(shared.manager.sentinel, selectors.EVENT_READ, "manager")
        if hand is not None:
            selector.register(hand.answers, selectors.EVENT_READ, "hand")
        self._looked_at = 0.0
        """When it was last asked what is ready."""
        self._alive_at = 0.0
        """When the processes whose ends are seen in this turn were still alive."""

    def run(self) -> None:
        """Go through the run to its end. Blocks; whatever happens, nothing that was started lives on afterwards."""
        self._now = monotonic()
        try:
            self._tell({"began": self._now, "time": wall(), "created": self._processes.reprs()})
            if self._plan.start_method == "fork" and (threads := fork_threads.others()):
                self._tell({"forked_with": threads, "t": self._now})
            self._link.flush()  # a process of the first row may kill us before the row is over
            self._deliver(Begun())
            while not self._schedule.ended:
                self._turn()
            left = self._left_running.processes(self._processes.pids_of_the_run())
        finally:
            if self._hand is not None:
                self._hand.let_end()
            let_go_of_pools()
            self._processes.end_all()
        self._tell_seen(self._sharing.look_again(for_the_last_time=True))
        ended = {"ended": self._stop, "t": self._now, "threads": self._left_running.awaited(), "processes": left}
        self._tell(ended | self._sharing.in_the_end())

    def _turn(self) -> None:
        """Let main go on if it can, then see what has happened; waits only if main does."""
        if self._schedule.main_is_ready:
            self._give_main_its_turn()
            self._tell_seen(self._sharing.look())  # what main waits for now may never come
            self._link.flush()
        self._heed_the_fronts_end()  # which writing finds as well as reading
        self._link.adjust()
        ready = self._wait()
        owners = [key.data for key, _ in ready]
        if "records" in owners:  # a child writes there before it ends, so that no end comes without its record
            self._hear_records()
        for owner in owners:
            self._see(owner)
        self._fire_timers()
        self._tell_seen(self._sharing.look())
        self._link.flush()  # first of all: the front waits for it
        self._ends.close()
        self._heed_signals()  # without being told of any: an end's SIGCHLD comes right after the end itself

    def _wait(self) -> list[tuple[selectors.SelectorKey, int]]:
        """Return what is ready; note when processes were still alive whose ends are seen now."""
        began = monotonic()
        ready = self._selector.select(self._timeout())
        self._now = monotonic()
        slept_until_now = self._now - began > WAKES_WITHIN_S
        self._alive_at = self._now - WAKES_WITHIN_S if slept_until_now else self._looked_at
        self._looked_at = self._now
        return ready

    def _give_main_its_turn(self) -> None:
        self._now = monotonic()
        self._interruptions.begin_turn(self._now)
        self._sharing.see_main_move()
        while self._schedule.main_is_ready:
            self._deliver(MainsTurn())
            self._now = monotonic()
            if self._interruptions.has_come(self._now):
                break

    def _timeout(self) -> float | None:
        if self._schedule.main_is_ready or self._schedule.ended:
            return 0
        due = self._timers.next_due()
        return None if due is None else min(max(0.0, due - monotonic()), MOST_POLL_S)

    def _see(self, owner: str | int) -> None:
        match owner:
            case int():
                self._reap(owner)
            case "link":
                self._listen()
            case "manager" if (manager := self._shared.manager) is not None:
                self._selector.unregister(manager.sentinel)
                manager.join()  # it has ended
                self._tell({"manager_died": manager.exitcode, "t": self._now})
            case "stops":
                self._heed_senders()
            case "hand" if self._hand is not None:
                answer = self._hand.hear()
                if self._hand.has_ended:
                    self._selector.unregister(self._hand.answers)
                if answer is not None:
                    self._deliver(ActDone(*answer))
                    self._sharing.see_main_move()

    def _heed_signals(self) -> None:
        came = self._signals.clear()
        if CHILD_ENDED in came:
            self._look_for_orphans()
            self._ends.look_for_unwatched(self._now)
        for number in sorted(came.intersection(self._signals.stopping)):
            self._heed_stop(number, 0)  # the system does not reveal the sender

    def _look_for_orphans(self) -> None:
        """Look, a little later, for orphans that have ended, and for companions that have been paused."""
        self._timers.set_once(self._now + ORPHANS_CAN_WAIT_S, "orphans")

    def _heed_senders(self) -> None:
        for number, pid in self._signals.senders():
            self._heed_stop(number, pid)

    def _heed_stop(self, number: int, sender: int) -> None:
        self._tell({"stop_sent": number, "t": self._now} | self._processes.origin(sender))
        self._deliver(StopRun("stop_requested"))

    def _listen(self) -> None:
        for message, _ in self._link.receive():
            match message:
                case {"order": "stop"}:
                    self._deliver(StopRun("stop_requested"))
                case {"order": "peek"}:
                    self._tell({"progress": self._shared.progress()})

    def _heed_the_fronts_end(self) -> None:
        if self._link.ended and not self._schedule.is_stopping:
            self._deliver(StopRun("stop_requested"))

    # Facts in, commands out.

    def _deliver(self, fact: Fact) -> None:
        facts = deque([(fact, self._now)])
        while facts:
            happened, at = facts.popleft()
            for command in self._schedule.handle(happened, at):
                if isinstance(command, StartProcesses):
                    facts.extend(self._start(command.processes))
                elif isinstance(command, DoAct):
                    self._act(command)
                else:
                    self._carry_out(command, at)

    def _carry_out(self, command: lifecycle.Command | EndRun, at: float) -> None:
        match command:
            case lifecycle.SendSignal(process, number):
                self._processes.running[process].send(number)
            case lifecycle.Wake(process):
                self._processes.running[process].send(SIGCONT)
            case lifecycle.SetTimer(owner, seconds, generation):
                self._timers.set(at + seconds, owner, generation)
            case lifecycle.Report(event, process, fields):
                self._report(at, event, process, fields)
            case EndRun(stop):
                self._stop = stop

    def _act(self, command: DoAct) -> None:
        if self._hand is None:
            raise AssertionError(f"main has no hand for {command}")
        self._hand.do(command.step)

    def _start(self, processes: tuple[int, ...]) -> Iterator[tuple[Fact, float]]:
        attempted = self._attempt(self._processes.row_of(processes))
        self._look_for_orphans()  # SIGCHLD has not been handled meanwhile
        for started in attempted:
            if isinstance(started, NotStarted):
                had_no_room = isinstance(started.error, BlockingIOError)
                fact: lifecycle.Fact = lifecycle.StartFailed(why_not_started(started.error), had_no_room)
            else:
                self._outputs[started.process] = started.outputs
                self._ends.watch(started.process, self._now)
                fact = lifecycle.Started()
            yield Happened(started.process, fact), started.at
        if processes[len(attempted) :]:
            yield Postponed(processes[len(attempted)]), self._now

    def _attempt(self, processes: Sequence[int]) -> list[Started | NotStarted]:
        """Start a row; code of the user may run here in its first start, and may not come back."""
        if not self._processes.is_started_by_user_code(processes[0]):
            return self._attempt_row(processes)
        self._tell({"starting": processes[0]})
        self._link.flush()  # the front must know which processes were started before
        with guarded():
            return self._attempt_row(processes)

    def _attempt_row(self, processes: Sequence[int]) -> list[Started | NotStarted]:
        row = self._interruptions.row(processes, self._now)
        return self._processes.start(processes, self._link.unsent, row)

    def _report(self, at: float, event: lifecycle.ReportName, process: int | None, fields: dict[str, Any]) -> None:
        message: Message = {"event": event, "t": at, "process": process, "fields": fields}
        if process is None:
            self._tell(message)
            return
        message["facts"] = self._processes.facts(process)
        if event == "process.started":
            self._link.send(message, self._outputs.pop(process))
        else:
            self._tell(message)

    def _tell(self, message: Message) -> None:
        self._link.send(message)

    # Ends of processes.

    def _hear_records(self) -> None:
        self._tell_seen(self._sharing.hear(self._ends.hear()))

    def _reap(self, process: int) -> None:
        end = self._ends.reap(process, self._now, self._alive_at)
        if end is not None:
            self._see_end(process, end)

    def _reap_unwatched(self) -> None:
        """Reap the processes whose ends no descriptor announces: they may have come since this turn began."""
        reaped = [(each, self._ends.reap(each, self._now, self._alive_at)) for each in self._processes.unwatched()]
        self._now = monotonic()
        for process, end in reaped:
            if end is not None:
                self._see_end(process, end)

    def _see_end(self, process: int, end: lifecycle.Exited) -> None:
        self._deliver(Happened(process, end))
        ended_well = end.exit_code == 0 and end.ended_by != "unreported"
        self._tell_seen(self._sharing.see_end(process, ended_well=ended_well))

    def _tell_seen(self, seen: Iterable[Seen]) -> None:
        """Tell what was seen of shared things; the run ends where it would wait for ever."""
        for one in seen:
            self._tell({"t": self._now} | one.message)
            if one.stops is not None:
                self._deliver(StopRun(one.stops))
        if self._sharing.uncertain:
            self._timers.set_once(self._now + BETWEEN_LOOKS_S, "holders")
        again_in_s = self._sharing.look_again_in_s
        if again_in_s is not None:
            self._timers.set_once(self._now + again_in_s, "unsure")

    def _fire_timers(self) -> None:
        for owner, generation in self._timers.take_due(self._now):
            if self._schedule.ended:
                return
            match owner:
                case "holders":
                    self._tell_seen(self._sharing.look_again())
                case "unsure":
                    self._tell_seen(self._sharing.look(anyway=True))
                case "unwatched":
                    self._hear_records()
                    self._reap_unwatched()
                case "orphans":
                    reap_adopted(self._processes.pids)
                    wake_paused(companion_pids() | self._shared.pids)
                case _:
                    if owner == "run":
                        self._tell_seen(self._sharing.picture())
                    self._deliver(TimerFired(owner, generation))
