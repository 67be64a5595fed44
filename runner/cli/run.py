"""`run-jobs FILE`: run the file, then write the pictures, the report and the history entry."""

from __future__ import annotations

import contextlib
import gc
import os
import time

from runner.cli import files
from runner.cli.stopped import stopped_early
from runner.cli.streams import fail, say
from runner.cli.usage import INTERRUPTED
from runner.model.records import record, replace
from runner.model.version import __version__

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Iterator

    from runner.history.collecting import Collected
    from runner.history.runs import KeptRun
    from runner.link.launch import Launched
    from runner.link.local_connection import LocalConnection
    from runner.model.plan import Plan
    from runner.session import Session

STOPPED = 128
"""A run with this exit status or a higher one was stopped by a signal."""
SAME_STOP_S = 0.1
"""Signals as close as this are one request: from a terminal, for example, and the same one passed on by the program
that started us."""


@record(frozen=True, slots=True)
class Done:
    """The result of a run: the exit status, and everything known about it, if it began."""

    status: int
    run: KeptRun | None = None

    @property
    def was_stopped(self) -> bool:
        """Whether a signal has stopped it: then nothing else should follow."""
        return self.status >= STOPPED


def act(options: argparse.Namespace, launched: Launched | None) -> int:
    """Run the file."""
    return run(options, launched).status


def run(options: argparse.Namespace, launched: Launched | None = None) -> Done:
    """Run the file, report it, and store it; print all errors."""
    from runner.model.errors import InvalidFile, RunJobsError, SupervisorFault

    try:
        return _run(options, launched)
    except InvalidFile as invalid:
        return Done(files.show_problems(options, invalid))
    except SupervisorFault as fault:
        return Done(fail(fault.message, fault.exit_status))  # the supervisor's output has been shown
    except RunJobsError as error:
        return Done(fail(str(error), error.exit_status))


def _run(options: argparse.Namespace, launched: Launched | None) -> Done:
    try:
        text = files.read(options)
        plan = _plan(options, text)
        for option in ("events", "timeline", "trace", "report"):
            _spare_the_file(option, getattr(options, option), options.file)
        files.check_outputs(options)
        events = _open_events(options.events)
    except KeyboardInterrupt:
        return Done(stopped_early(INTERRUPTED, prints_json=options.json))
    status, collected, began = _supervise(options, launched, plan, text, events)
    if collected is None or not collected.is_whole:
        return Done(status)
    kept = collected.run(text, options.file, tuple(options.set), began=began, version=__version__)
    if options.timeline or options.trace or options.report:
        from runner.cli.pictures import make_pictures

        drawn = make_pictures(options, kept)
        status = status or drawn
    if options.history:
        _keep(kept)
    return Done(status, kept)


def _supervise(
    options: argparse.Namespace,
    launched: Launched | None,
    plan: Plan,
    text: bytes,
    events: int | None,
) -> tuple[int, Collected | None, float]:
    """Return the exit status; the run's items, if they are needed; and when it began (monotonic)."""
    from runner.link.local_connection import LocalConnection
    from runner.session import Interrupted, Refused, Session

    with contextlib.ExitStack() as stack:
        end_descendants = stack.enter_context(_orphans_adopted())
        connection = LocalConnection(launched, end_descendants=end_descendants)
        session = stack.enter_context(Session(connection))
        stack.enter_context(_stopped_by_signals(session, connection))
        stack.enter_context(_children_attended(connection.pid))
        session.submit(plan, preflight=options.preflight)
        gc.freeze()
        gc.enable()
        # The supervisor works from here on; the reporting code, which is slow to import, comes now.
        from runner.cli.run_follower import RunFollower

        collected = _collection(options, plan)
        try:
            return RunFollower(options, plan, session, events, collected).follow(), collected, session.began
        except Refused as refused:
            from runner.describe.plan.supervisor_refusals import invalid_file

            raise invalid_file(files.described(options, text), refused.refusals) from None
        except Interrupted as interrupted:
            return stopped_early(interrupted.exit_status, prints_json=options.json, plan=plan), None, 0.0


def _collection(options: argparse.Namespace, plan: Plan) -> Collected | None:
    if not (options.history or options.timeline or options.trace or options.report or options.command != "run"):
        return None
    from runner.history.collecting import Collected

    return Collected(plan)


def _keep(run: KeptRun) -> None:
    """Store the run in the history; a message appears only if the history was broken."""
    from runner.history import History, history_folder

    keeping = History(history_folder()).keep(run if run.file == "-" else replace(run, file=os.path.abspath(run.file)))
    if keeping.is_kept and keeping.remark:
        say(keeping.remark)


@contextlib.contextmanager
def _orphans_adopted() -> Iterator[Callable[[], None]]:
    """Adopt the orphans of a supervisor that was killed; return a function that ends them."""
    from runner.system.orphans import children, kill_orphans
    from runner.system.prctl import SET_CHILD_SUBREAPER, prctl

    before = children()
    prctl(SET_CHILD_SUBREAPER, 1)
    try:
        yield lambda: kill_orphans(before)
    finally:
        kill_orphans(before)
        prctl(SET_CHILD_SUBREAPER, 0)


@contextlib.contextmanager
def _children_attended(supervisor: int) -> Iterator[None]:
    """Resume a supervisor that a signal pauses; as the first process of a namespace, reap its orphans, too."""
    import signal

    from runner.system.orphans import reap_orphans
    from runner.system.paused_children import resume_paused

    def come(*_: object) -> None:
        resume_paused([supervisor])
        if os.getpid() == 1:
            reap_orphans({supervisor})

    before = signal.signal(signal.SIGCHLD, come)
    come()  # before this handler was set
    try:
        yield
    finally:
        signal.signal(signal.SIGCHLD, before)


@contextlib.contextmanager
def _stopped_by_signals(session: Session, connection: LocalConnection) -> Iterator[None]:
    """Have SIGINT, SIGTERM and SIGHUP stop the run, except those that were ignored when we were started.

    Blocked ones are unblocked: a program that blocks them for itself and starts us still wants them to stop us.
    """
    import signal

    from runner.link.stop_signals import Stops

    came_at = float("-inf")

    def come(number: int, _: object) -> None:
        nonlocal came_at
        now = time.monotonic()
        if now - came_at > SAME_STOP_S:
            came_at = now
            session.stop(number)

    before = {
        number: signal.signal(number, come)
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        if signal.getsignal(number) != signal.SIG_IGN
    }
    blocked = signal.pthread_sigmask(signal.SIG_UNBLOCK, before)  # by the program that started us
    stops = Stops(before, lambda number: come(number, None))
    connection.stops = stops if stops.descriptor >= 0 else None
    try:
        yield
    finally:
        connection.stops = None
        if stops.descriptor >= 0:
            os.close(stops.descriptor)
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        for number, handler in before.items():
            signal.signal(number, handler)


def _plan(options: argparse.Namespace, text: bytes) -> Plan:
    """Return the plan of the file: the stored one, or a new one."""
    from runner.cli.plan_cache import PlanCache, plans_folder

    shelf = PlanCache(text, options.file, options.set, options.start_method, plans_folder() if options.cache else None)
    kept = shelf.find()
    if kept is not None:
        return kept
    described = files.described(options, text)
    if described.lasts:
        shelf.put(described.plan)
    return described.plan


def _spare_the_file(option: str, path: str | None, file: str) -> None:
    """Check that an output does not replace the file to run."""
    if path not in (None, "-") and os.path.realpath(str(path)) == os.path.realpath(file):
        from runner.model.errors import UsageError

        raise UsageError(f"--{option}: `{path}` is the file to run")


def _open_events(path: str | None) -> int | None:
    """Open the events file before anything starts: a run whose events cannot be stored should not begin."""
    if path is None:
        return None
    from runner.model.errors import UsageError
    from runner.report.terminal.json_lines import open_events

    try:
        return open_events(path)
    except OSError as error:
        raise UsageError(f"--events: `{path}` cannot be written: {(error.strerror or '').lower()}") from None
