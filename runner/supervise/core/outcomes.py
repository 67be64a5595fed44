"""Judge the end of a life: its moment, the limit that ended it, its outcome, and whether the file declares it. Pure."""

from __future__ import annotations

from runner.supervise.core.life import SIGKILL, SIGTERM

TYPE_CHECKING = False
if TYPE_CHECKING:
    from runner.model.words import EndSource, Outcome
    from runner.supervise.core.life import End, Life

SIGXCPU = 24  # on Linux and on macOS


def end_of(end: End, started_at: float, noticed_at: float) -> tuple[float, EndSource]:
    """Return `ended_at` and `ended_at_from`: the end as the child recorded it or as the supervisor noticed it."""
    if end.left_at is not None and end.ended_by != "signal" and started_at <= end.left_at <= noticed_at:
        return end.left_at, "child"
    return noticed_at, "supervisor"


def limit_reached(life: Life, end: End) -> str | None:
    """Return the name of the process's own limit that ended it, as far as that can be known."""
    limits = life.plan.limits
    if limits is None:
        return None
    if limits.memory is not None and end.error is not None and end.error["type"] == "MemoryError":
        return "memory"
    if limits.cpu_seconds is None:
        return None
    if end.exit_code == -SIGXCPU:
        return "cpu_seconds"
    # The kernel sends SIGKILL to a process that ignores SIGXCPU.
    is_killed = end.exit_code == -SIGKILL and SIGKILL not in life.sent
    return "cpu_seconds" if is_killed and (end.cpu_seconds or 0) > limits.cpu_seconds else None


def judge(life: Life, exit_code: int | None, limit: str | None, duration_s: float) -> Outcome:
    """Return the outcome of a process, given its exit code, the signals that we sent it, its limit and how long it ran.

    A process that ended in time has not timed out, even if its timeout was over before its end was noticed.
    """
    if exit_code is None:
        return "lost"
    if life.stop_reason == "timeout" and duration_s >= (life.plan.timeout or 0):
        return "timed_out"
    if exit_code == -SIGKILL and SIGKILL in life.sent:
        return "killed"
    if exit_code == -SIGTERM and SIGTERM in life.sent:
        return "terminated"
    if limit == "memory":
        return "out_of_memory"
    return "succeeded" if exit_code == 0 else "failed"


def is_expected(life: Life, exit_code: int | None, outcome: Outcome) -> bool:
    """Return whether the process ended as the file declares."""
    expect = life.plan.expect
    if expect is not None and (expect.exit_code is not None or expect.outcome is not None):
        return expect.exit_code in (None, exit_code) and expect.outcome in (None, outcome)
    if outcome in {"terminated", "killed"}:
        return life.stop_reason in life.declared
    return outcome == "succeeded"
