"""Decide when a supervisor that does not stop is killed, by the stop requests and its answers. Pure."""

from __future__ import annotations

PATIENCE_S = 1.0
"""The time for an import in the supervisor to give up, when a stop is urgent; then the supervisor is killed."""
SILENCE_S = 5.0
"""How long a supervisor may send nothing after a stop was requested and everything should have ended; then it is
killed."""
EXIT_FUNCTIONS_S = 0.5
"""The time for the `atexit` functions of imports when the run is over; then the supervisor is killed."""


class SupervisorDeadline:
    """The deadline of one supervisor. Times are monotonic."""

    def __init__(self) -> None:
        self.grace_period_s = 0.0
        self.answered = False
        """Whether the supervisor is done with imports: it carries out the run, or has refused it."""
        self._stopped_at: float | None = None
        """When a stop was requested first."""
        self._heard_at = 0.0
        self._pressing_since: float | None = None
        """When a stop was requested a second time."""
        self.killed = False
        """Whether the supervisor was killed because its time was over."""
        self._over_since: float | None = None
        """When the supervisor sent its last message: everything that it had started has ended."""
        self._leaves_since: float | None = None
        """When the supervisor closed its link: only the `atexit` functions of imports still run."""

    def ask(self, now: float) -> bool:
        """Note that a stop is requested; return whether it is the first time."""
        if self._stopped_at is None:
            self._stopped_at = now
            return True
        if self._pressing_since is None:
            self._pressing_since = now
        return False

    def hear(self, now: float) -> None:
        """Note that the supervisor has sent something."""
        self.answered = True
        self._heard_at = now

    def note_last_message(self, now: float) -> None:
        """Note that the supervisor has reported the end of the run, or that there is none."""
        self._over_since = now

    def note_supervisor_left(self, now: float) -> None:
        """Note that the supervisor has closed its link."""
        if self._leaves_since is None:
            self._leaves_since = now

    @property
    def is_endless(self) -> bool:
        """Whether it may be waited for without a deadline."""
        return self.answered and self._stopped_at is None and self._over_since is self._leaves_since is None

    def ends(self) -> float:
        """Return when the supervisor is to be killed."""
        if self._leaves_since is not None:
            return self._leaves_since + EXIT_FUNCTIONS_S
        if self._over_since is not None:
            return self._over_since + SILENCE_S
        if not self.answered:
            return float("inf") if self._pressing_since is None else self._pressing_since + PATIENCE_S
        if self._pressing_since is not None:
            return max(self._pressing_since, self._heard_at) + SILENCE_S
        return max(self._stopped_at or 0.0, self._heard_at) + self.grace_period_s + SILENCE_S

    @property
    def for_its_end_s(self) -> float:
        """Return how long to wait for its end after its link has ended."""
        if self._over_since is not None:
            return PATIENCE_S + EXIT_FUNCTIONS_S
        return self.grace_period_s + SILENCE_S if self.answered else PATIENCE_S
