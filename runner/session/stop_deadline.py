"""The deadline by which the supervisor must stop, based on the stop requests and its answers. Pure."""

from __future__ import annotations

PATIENCE_S = 1.0
"""What an import in the supervisor has to give up in, when a stop is pressing; then the supervisor is killed."""
SILENCE_S = 5.0
"""For how long a supervisor may say nothing when a stop has been asked for and all is to be gone; then it is killed."""
EXIT_FUNCTIONS_S = 0.5
"""What the `atexit` functions of imports may take when the run is over; then the supervisor is killed."""


class Patience:
    """The patience with one supervisor. Moments are monotonic."""

    def __init__(self) -> None:
        self.grace_period_s = 0.0
        self.answered = False
        """The supervisor is done with imports: it goes through the run, or has said why not."""
        self.stopped_by: int | None = None
        """The signal that asked for the stop."""
        self._stopped_at = 0.0
        self._heard_at = 0.0
        self._pressing_since: float | None = None
        """A stop has been asked for a second time."""
        self.killed = False
        """The supervisor was killed because its time was over."""
        self._over_since: float | None = None
        """The supervisor has said its last word: all that it had started has ended."""
        self._leaves_since: float | None = None
        """The supervisor has closed its link: nothing runs but the `atexit` functions of imports."""

    def ask(self, number: int, now: float) -> bool:
        """A stop is asked for, by this signal; gives whether it is the first time."""
        if self.stopped_by is None:
            self.stopped_by = number
            self._stopped_at = now
            return True
        if self._pressing_since is None:
            self._pressing_since = now
        return False

    def hear(self, now: float) -> None:
        """The supervisor has said something."""
        self.answered = True
        self._heard_at = now

    def hear_the_last_word(self, now: float) -> None:
        """The supervisor has reported the end of the run, or that there is none."""
        self._over_since = now

    def see_it_leave(self, now: float) -> None:
        """The supervisor has closed its link."""
        if self._leaves_since is None:
            self._leaves_since = now

    @property
    def is_endless(self) -> bool:
        """Whether it may be waited for without a look at the clock."""
        return self.answered and self.stopped_by is None and self._over_since is self._leaves_since is None

    def ends(self) -> float:
        """When the supervisor is to be killed."""
        if self._leaves_since is not None:
            return self._leaves_since + EXIT_FUNCTIONS_S
        if self._over_since is not None:
            return self._over_since + SILENCE_S
        if not self.answered:
            return float("inf") if self._pressing_since is None else self._pressing_since + PATIENCE_S
        if self._pressing_since is not None:
            return max(self._pressing_since, self._heard_at) + SILENCE_S
        return max(self._stopped_at, self._heard_at) + self.grace_period_s + SILENCE_S

    @property
    def for_its_end_s(self) -> float:
        """How long to wait for its end once its link has ended."""
        if self._over_since is not None:
            return PATIENCE_S + EXIT_FUNCTIONS_S
        return self.grace_period_s + SILENCE_S if self.answered else PATIENCE_S
