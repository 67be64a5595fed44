"""The Python interface: `load` a file, `run` it and inspect the result, for example in a notebook or a test."""

from __future__ import annotations

import os

from runner.model.plan import Plan

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence

    from runner.describe.plan.planning import Described
    from runner.model.results import RunResult
    from runner.session import Session


def load(path: str | os.PathLike[str], *, overrides: Sequence[str] = (), start_method: str | None = None) -> Plan:
    """Return the plan of a file. `overrides` are like `--set`: `["jobs.daemon.join_timeout=2"]`.

    Raise `InvalidFile` with every problem and its place.
    """
    return _describe(path, overrides, start_method).plan


def run(path_or_plan: str | os.PathLike[str] | Plan, *, preflight: bool = True) -> RunResult:
    """Run a file or a plan to its end and return the result. Block, print nothing, and leave nothing behind.

    A KeyboardInterrupt (Ctrl-C) stops the run in order and is then raised again. Raise `InvalidFile` if the file is the
    reason that nothing could be started, and `RunJobsError` for other reasons.
    """
    from runner.session import Refused, Session

    if isinstance(path_or_plan, Plan):
        with Session() as session:
            return _collect(session, path_or_plan, preflight)
    with Session() as session:  # its interpreter boots while the file is read
        described = _describe(path_or_plan, (), None)
        try:
            return _collect(session, described.plan, preflight)
        except Refused as refused:
            from runner.describe.plan.supervisor_refusals import invalid_file

            raise invalid_file(described, refused.refusals) from None


def _collect(session: Session, plan: Plan, preflight: bool) -> RunResult:
    from runner.model.results import Recorder

    recorder = Recorder(keep_events=True, keep_output=True)
    session.submit(plan, preflight=preflight)
    for item in session.items():
        if item is not None:
            recorder.add(item)
    return recorder.result()


def _describe(path: str | os.PathLike[str], overrides: Sequence[str], start_method: str | None) -> Described:
    from runner.describe.plan.planning import describe
    from runner.describe.yaml.file_bytes import read_file

    file = os.fsdecode(path)
    return describe(read_file(file), file=file, overrides=overrides, start_method=start_method, environ=os.environ)
