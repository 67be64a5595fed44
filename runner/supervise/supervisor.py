"""The event loop around the schedule: the selector, the timers and the socket. It makes no decisions.

Facts go in only through `_deliver`, and the commands that come out are carried out at once.
"""

from __future__ import annotations

import selectors
from collections import deque
from signal import SIGCONT

from runner.model import messages
from runner.supervise.child import fork_threads
from runner.supervise.core.commands import (
    Command,
    DoAct,
    EndRun,
    Report,
    SendSignal,
    SetTimer,
    ShowObject,
    StartLives,
    Wake,
)
from runner.supervise.core.facts import (
    ActDone,
    Begun,
    Exited,
    Fact,
    Fired,
    OutputsClosed,
    StopRun,
    Stuck,
    TurnCame,
)
from runner.supervise.core.life import LifeId
from runner.supervise.core.schedule import Schedule
from runner.supervise.core.timers import Chore, RunLimit, Timers
from runner.supervise.imports.pools import shut_down_pools
from runner.supervise.mp.companions import mp_helper_pids
from runner.supervise.sharing.child_reports import ThingReports
from runner.supervise.starting.pauses import PauseCheck
from runner.supervise.starting.reaping import Ends
from runner.supervise.starts import Starts
from runner.system.clock import monotonic, wall
from runner.system.open_files import MAX_POLL_S
from runner.system.orphans import reap_orphans
from runner.system.paused_children import resume_paused
from runner.system.signals import CHILD_ENDED

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable

    from runner.link.wire import ToFront
    from runner.model.json_types import StepData
    from runner.model.messages import Told
    from runner.model.plan import Plan
    from runner.model.words import StopReason
    from runner.supervise.core.life import End
    from runner.supervise.imports.supervisor_exit import LeftRunning
    from runner.supervise.sharing.child_reports import SharedReport
    from runner.supervise.sharing.main_helper import MainHelper
    from runner.supervise.sharing.things import SharedThings
    from runner.supervise.starting.processes import Processes
    from runner.system.signals import Signals

POLL_INTERVAL_S = 0.01
"""The interval of scans for the owner of a guard, while the owner is uncertain."""
WAKES_WITHIN_S = 0.2
"""The time within which this process, which waits for the end of another one, runs again on a busy machine."""
ORPHANS_CAN_WAIT_S = 0.1
"""The delay after an end until orphans are reaped: the system goes through all children for it."""


class Supervisor:
    """Carries out one plan."""

    def __init__(
        self,
        plan: Plan,
        room: int,
        link: ToFront,
        selector: selectors.BaseSelector,
        processes: Processes,
        shared: SharedThings,
        records: int,
        signals: Signals,
        hand: MainHelper | None,
        left_running: LeftRunning,
        outputs_room: int | None,
    ) -> None:
        """`room` is for how many processes there is room at once, `records` the end-record pipe's read end.

        `outputs_room` is for the outputs of how many the front has room, if not for all: it reports when it has closed
        some. `hand` is there if main does something with shared things.
        """
        self._plan = plan
        self._link = link
        self._processes = processes
        self._shared = shared
        self._signals = signals
        self._schedule = Schedule(plan, room, outputs_room)
        self._timers = Timers()
        self._interruptions = PauseCheck(plan, link, signals, self._timers)
        self._sharing = ThingReports(
            shared, self._schedule, plan, processes.has_children, processes.sleeps, lambda: self._now
        )
        self._hand = hand
        self._left_running = left_running
        self._ends = Ends(processes, selector, records, self._timers, self._tell)
        self._starts = Starts(processes, link, self._interruptions, self._ends)
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
        self._lacked_room = False
        """Whether the front knows that processes wait for room."""
        self._looked_at = 0.0
        """The time of the last check of what is ready."""
        self._alive_at = 0.0
        """The last time when the processes whose ends are noticed in this turn were known to be alive."""

    def run(self) -> None:
        """Carry out the run to its end. Block; whatever happens, nothing that was started lives on afterwards."""
        self._now = monotonic()
        try:
            self._tell(messages.Begun(self._now, wall(), *self._processes.objects.reprs()))
            if self._plan.start_method == "fork" and (threads := fork_threads.others()):
                self._tell(messages.ForkedWithThreads(self._now, tuple(threads)))
            self._link.flush()  # a process of the first row may kill us before the row is over
            self._deliver(Begun())
            while not self._schedule.ended:
                self._turn()
            left = self._left_running.processes(self._processes.pids_of_the_run())
        finally:
            if self._hand is not None:
                self._hand.let_end()
            shut_down_pools()
            self._processes.end_all()
        self._tell_seen(self._sharing.check_again(for_the_last_time=True))
        awaited, last = self._left_running.awaited(), self._sharing.in_the_end()
        self._tell(messages.Ended(self._now, self._stop, tuple(awaited), tuple(left), last))

    def _turn(self) -> None:
        """Let main go on if it can, then handle what has happened; wait only if main does."""
        if self._schedule.is_ready:
            self._take_turns()
            self._tell_if_room_is_lacking()
            self._tell_seen(self._sharing.look())  # what main waits for now may never come
            self._link.flush()
        self._handle_fronts_end()  # which writing finds as well as reading
        self._link.adjust()
        ready = self._wait()
        owners = [key.data for key, _ in ready]
        if "records" in owners:  # a child writes there before it ends, so that each end comes after its record
            self._read_records()
        for owner in owners:
            self._see(owner)
        self._fire_timers()
        self._tell_seen(self._sharing.look())
        self._link.flush()  # first of all: the front waits for it
        self._ends.close()
        self._handle_signals()  # before any event is reported: an end's SIGCHLD comes right after the end itself

    def _wait(self) -> list[tuple[selectors.SelectorKey, int]]:
        """Return what is ready; note when processes whose ends are noticed now were still alive."""
        began = monotonic()
        ready = self._selector.select(self._timeout())
        self._now = monotonic()
        slept_until_now = self._now - began > WAKES_WITHIN_S
        self._alive_at = self._now - WAKES_WITHIN_S if slept_until_now else self._looked_at
        self._looked_at = self._now
        return ready

    def _take_turns(self) -> None:
        self._now = monotonic()
        self._interruptions.begin_turn(self._now)
        self._sharing.note_main_step()
        while self._schedule.is_ready:
            self._deliver(TurnCame())
            self._now = monotonic()
            if self._interruptions.has_come(self._now):
                break

    def _tell_if_room_is_lacking(self) -> None:
        first = None if self._lacked_room else self._schedule.first_without_room
        if first is not None:
            self._lacked_room = True
            self._tell(messages.LackedRoom(self._now, first, self._schedule.room))

    def _timeout(self) -> float | None:
        if self._schedule.is_ready or self._schedule.ended:
            return 0
        due = self._timers.next_due()
        return None if due is None else min(max(0.0, due - monotonic()), MAX_POLL_S)

    def _see(self, owner: str | LifeId) -> None:
        match owner:
            case LifeId():
                self._reap(owner)
            case "link":
                self._listen()
            case "manager" if (manager := self._shared.manager) is not None:
                self._selector.unregister(manager.sentinel)
                manager.join()  # it has ended
                self._tell(messages.ManagerDied(self._now, manager.exitcode))
            case "stops":
                self._handle_senders()
            case "hand" if self._hand is not None:
                answer = self._hand.hear()
                if self._hand.has_ended:
                    self._selector.unregister(self._hand.answers)
                if answer is not None:
                    self._deliver(ActDone(*answer))
                    self._sharing.note_main_step()

    def _handle_signals(self) -> None:
        came = self._signals.clear()
        if CHILD_ENDED in came:
            self._check_orphans()
            self._ends.check_unwatched(self._now)
        for number in sorted(came.intersection(self._signals.stopping)):
            self._handle_stop(number, 0)  # the system does not reveal the sender

    def _check_orphans(self) -> None:
        """Check, a little later, for orphans that have ended, and for helper processes that have been paused."""
        self._timers.set_chore(self._now + ORPHANS_CAN_WAIT_S, Chore("orphans"))

    def _handle_senders(self) -> None:
        for number, pid in self._signals.senders():
            self._handle_stop(number, pid)

    def _handle_stop(self, number: int, sender: int) -> None:
        self._tell(messages.StopSent(self._now, number, self._processes.sender(sender)))
        self._deliver(StopRun("stop_requested"))

    def _listen(self) -> None:
        for order, _ in self._link.receive():
            match order:
                case messages.Stop():
                    self._deliver(StopRun("stop_requested"))
                case messages.Peek():
                    self._tell(messages.Progressed(self._shared.progress()))
                case messages.FreeRoom(processes):
                    self._deliver(OutputsClosed(processes))

    def _handle_fronts_end(self) -> None:
        if self._link.ended and not self._schedule.is_stopping:
            self._deliver(StopRun("stop_requested"))

    # Facts in, commands out.

    def _deliver(self, fact: Fact) -> None:
        facts = deque([(fact, self._now)])
        while facts:
            happened, at = facts.popleft()
            for command in self._schedule.handle(happened, at):
                if isinstance(command, StartLives):
                    facts.extend(self._starts.start(command.lives, self._now))
                    self._check_orphans()  # SIGCHLD has not been handled meanwhile
                else:
                    self._carry_out(command, at)

    def _carry_out(self, command: Command, at: float) -> None:
        match command:
            case SendSignal(life, number):
                self._processes.running[life.process].send(number)
            case Wake(life):
                self._processes.running[life.process].send(SIGCONT)
            case SetTimer(timer, seconds):
                self._timers.set(at + seconds, timer)
            case Report(messages.Started() as started):
                self._link.send(started, self._starts.take_outputs(started.process))
            case Report(message):
                self._tell(message)
            case ShowObject(process, label):
                self._tell(messages.Shown(at, process, self._processes.state(process), label))
            case DoAct(step):
                self._act(step)
            case EndRun(stop):
                self._stop = stop

    def _act(self, step: StepData) -> None:
        if self._hand is None:
            raise AssertionError(f"main has no helper for {step}")
        self._hand.do(step)

    def _tell(self, message: Told) -> None:
        self._link.send(message)

    # Ends of processes.

    def _read_records(self) -> None:
        self._tell_seen(self._sharing.hear(self._ends.hear()))

    def _reap(self, life: LifeId) -> None:
        end = self._ends.reap(life, self._now, self._alive_at)
        if end is not None:
            self._see_end(life, end)

    def _reap_unwatched(self) -> None:
        """Reap the processes whose ends no descriptor announces: they may have come since this turn began."""
        reaped = [(each, self._ends.reap(each, self._now, self._alive_at)) for each in self._processes.unwatched()]
        self._now = monotonic()
        for life, end in reaped:
            if end is not None:
                self._see_end(life, end)

    def _see_end(self, life: LifeId, end: End) -> None:
        self._deliver(Exited(life, end))
        ended_well = end.exit_code == 0 and end.ended_by != "unreported"
        self._tell_seen(self._sharing.see_end(life.process, ended_well=ended_well))

    def _tell_seen(self, seen: Iterable[SharedReport]) -> None:
        """Report what was found about shared things; stop the run if it would wait for ever."""
        for one in seen:
            self._tell(one.message)
            if one.stops is not None:
                self._deliver(Stuck(one.stops))
        if self._sharing.uncertain:
            self._timers.set_chore(self._now + POLL_INTERVAL_S, Chore("holders"))
        again_in_s = self._sharing.check_again_in_s
        if again_in_s is not None:
            self._timers.set_chore(self._now + again_in_s, Chore("unsure"))

    def _fire_timers(self) -> None:
        for timer in self._timers.take_due(self._now):
            if self._schedule.ended:
                return
            match timer:
                case Chore(what):
                    self._do_chore(what)
                case RunLimit():
                    self._tell_seen(self._sharing.picture())
                    self._deliver(Fired(timer))
                case _:
                    self._deliver(Fired(timer))

    def _do_chore(self, what: str) -> None:
        match what:
            case "holders":
                self._tell_seen(self._sharing.check_again())
            case "unsure":
                self._tell_seen(self._sharing.look(anyway=True))
            case "unwatched":
                self._read_records()
                self._reap_unwatched()
            case "orphans":
                reap_orphans(self._processes.pids)
                resume_paused(mp_helper_pids() | self._shared.pids)
