"""The command `run-jobs`. It imports next to nothing at its top: a run starts its supervisor before anything else."""

from __future__ import annotations

import contextlib
import gc
import os
import sys
import time

from runner import __version__
from runner.streams import fail, fail_to_write, prepare_streams
from runner.usage import COMMANDS, FAULT, HELP, INTERRUPTED, USAGE_ERROR

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from runner.describe.planning import Described
    from runner.errors import InvalidFile
    from runner.launch import Launched
    from runner.plan import Plan
    from runner.session import Session


SAME_STOP_S = 0.1
"""Signals as close as this are one wish: a terminal's, say, and the same passed on by the program that started us."""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; gives the exit status."""
    gc.disable()  # until there is something to wait for: all that is made before is needed
    prepare_streams()
    try:
        status = _status(list(sys.argv[1:] if argv is None else argv))
        sys.stdout.flush()
    except OSError as error:
        return fail_to_write(error)
    except Exception as error:
        from runner.errors import told_as_fault

        return fail(told_as_fault(error), FAULT)
    except KeyboardInterrupt:  # nothing has been started yet, or all has ended
        return INTERRUPTED
    return status


def _status(words: list[str]) -> int:
    """Do what the command line says; gives the exit status."""
    if words[:1] in (["-h"], ["--help"], ["--version"]):
        # Said without argparse, which takes longer to import than Python to start.
        print(f"run-jobs {__version__}" if words[0] == "--version" else HELP.rstrip())
        return 0
    if not words:
        print(HELP.rstrip(), file=sys.stderr)
        return USAGE_ERROR
    words = words if words[0] in COMMANDS else ["run", *words]
    launched = _launch_early(words)
    try:
        from runner.command_line import parse

        options = parse(words)
        return _ACTIONS[options.command](options, launched)
    finally:
        if launched is not None:
            launched.abandon()


def _launch_early(words: list[str]) -> Launched | None:
    """Start the supervisor's interpreter before anything else is done, if there is something to run."""
    if words[0] != "run" or len(words) == 1 or {"-h", "--help", "--version"} & set(words):
        return None
    from runner.launch import can_launch, launch

    if not can_launch():
        return None
    launched = launch()
    from runner.limits import raise_open_files

    raise_open_files()  # ours alone: the supervisor has the limit that we were given, for its children
    return launched


def _run(options: argparse.Namespace, launched: Launched | None) -> int:
    from runner.errors import InvalidFile, RunJobsError, SupervisorFault

    try:
        return _supervise(options, launched)
    except InvalidFile as invalid:
        return _show_problems(options, invalid)
    except SupervisorFault as fault:
        return fail(fault.message, fault.exit_status)  # what the supervisor said has been shown
    except RunJobsError as error:
        return fail(str(error), error.exit_status)


def _supervise(options: argparse.Namespace, launched: Launched | None) -> int:
    from runner.session import Interrupted, Refused, Session

    text = _read(options)
    plan = _plan(options, text)
    events = _open_events(options.events, options.file)
    with _orphans_adopted(), Session(launched) as session, _stopped_by_signals(session):
        session.submit(plan, preflight=options.preflight)
        gc.freeze()
        gc.enable()
        # The supervisor works from here on; what reports, and is slow to import, comes now.
        from runner.front import Front

        try:
            return Front(options, plan, session, events).follow()
        except Refused as refused:
            from runner.api import invalid

            raise invalid(_describe(options, text), refused.refusals) from None
        except Interrupted as interrupted:
            return interrupted.exit_status


@contextlib.contextmanager
def _orphans_adopted() -> Iterator[None]:
    """Have what a supervisor that was killed leaves behind come to us, and end it."""
    from runner.adopted import children, end_adopted
    from runner.prctl import SET_CHILD_SUBREAPER, prctl

    before = children()
    prctl(SET_CHILD_SUBREAPER, 1)
    try:
        yield
    finally:
        end_adopted(before)
        prctl(SET_CHILD_SUBREAPER, 0)


@contextlib.contextmanager
def _stopped_by_signals(session: Session) -> Iterator[None]:
    """Have SIGINT, SIGTERM and SIGHUP stop the run, those excepted that were ignored when we were started.

    Blocked ones are let through: who blocks them for himself and starts us wants them to stop us all the same.
    """
    import signal

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
    blocked = signal.pthread_sigmask(signal.SIG_UNBLOCK, before)  # by who started us
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, blocked)
        for number, handler in before.items():
            signal.signal(number, handler)


def _plan(options: argparse.Namespace, text: bytes) -> Plan:
    """The plan of the file: the one that was kept of it, or a new one."""
    from runner.kept import Shelf, plans_folder

    shelf = Shelf(text, options.file, options.set, options.start_method, plans_folder() if options.cache else None)
    kept = shelf.find()
    if kept is not None:
        return kept
    described = _describe(options, text)
    if described.lasts:
        shelf.put(described.plan)
    return described.plan


def _open_events(path: str | None, file: str) -> int | None:
    """Before anything starts: a run whose events cannot be kept should not be made."""
    if path is None:
        return None
    from runner.errors import UsageError
    from runner.report.json_lines import open_events

    if os.path.realpath(path) == os.path.realpath(file) and path != "-":
        raise UsageError(f"--events: `{path}` is the file that says what to run")
    try:
        return open_events(path)
    except OSError as error:
        raise UsageError(f"--events: `{path}` cannot be written: {(error.strerror or '').lower()}") from None


def _check(options: argparse.Namespace, _: Launched | None) -> int:
    from runner.errors import InvalidFile, RunJobsError

    try:
        described = _describe(options, _read(options))
        if options.imports:
            _import_targets(described)
    except InvalidFile as invalid:
        return _show_problems(options, invalid)
    except RunJobsError as error:
        return fail(str(error), error.exit_status)
    if options.json:
        print('{"valid": true, "problems": []}')
    else:
        plan = described.plan
        print(f"{plan.file}: good: {_count(len(plan.jobs), 'job')}, {_count(len(plan.processes), 'process', 'es')}")
    return 0


def _import_targets(described: Described) -> None:
    from runner.api import invalid
    from runner.session import Refused, Session

    with Session() as session:
        try:
            session.check(described.plan)
        except Refused as refused:
            raise invalid(described, refused.refusals) from None


def _count(number: int, noun: str, plural: str = "s") -> str:
    return f"{number} {noun}{'' if number == 1 else plural}"


def _explain(options: argparse.Namespace, _: Launched | None) -> int:
    from runner.errors import InvalidFile

    try:
        described = _describe(options, _read(options))
    except InvalidFile as invalid:
        return _show_problems(options, invalid)
    from runner.report.explain import explain

    print(explain(described.plan))
    return 0


def _schema(_: argparse.Namespace, __: Launched | None) -> int:
    import json

    from runner.describe.schema import build_schema

    print(json.dumps(build_schema(), indent=2, ensure_ascii=False))
    return 0


_ACTIONS = {"run": _run, "check": _check, "explain": _explain, "schema": _schema}


def _read(options: argparse.Namespace) -> bytes:
    from runner.api import read_file

    return read_file(0 if options.file == "-" else options.file)


def _describe(options: argparse.Namespace, text: bytes) -> Described:
    # The supervisor has its environment already. Looking for plugins of pydantic's reads what is installed: 10 ms.
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")
    from runner.describe.planning import describe

    return describe(
        text, file=options.file, overrides=options.set, start_method=options.start_method, environ=os.environ
    )


def _show_problems(options: argparse.Namespace, invalid: InvalidFile) -> int:
    from runner.describe import diagnostics

    if options.json:
        import json

        problems = [diagnostics.to_json(problem) for problem in invalid.problems]
        print(json.dumps({"valid": False, "problems": problems}, ensure_ascii=False))
        return USAGE_ERROR
    color = sys.stderr.isatty() and not os.environ.get("NO_COLOR")
    shown = [diagnostics.render(problem, color=color) for problem in invalid.problems]
    print("\n\n".join(shown), file=sys.stderr)
    if len(shown) > 1:
        started = "; nothing was started" if options.command == "run" else ""
        print(f"\n{len(shown)} problems{started}", file=sys.stderr)
    return USAGE_ERROR
