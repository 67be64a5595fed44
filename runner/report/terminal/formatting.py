"""Format durations, sizes, exit codes and untrusted text for users."""

from __future__ import annotations

from runner.model.exit_codes import meaning

TYPE_CHECKING = False
if TYPE_CHECKING:
    from runner.model.json_types import Error

_MINUTE = 59.95
_NEARLY_A_SECOND = 0.9995
_NEXT_TO_NOTHING = 0.0000001
"""Smaller differences would show as a minute, as a second, or as nothing in three digits."""


def duration(seconds: float | None) -> str:
    """Return seconds with three significant digits, or minutes and hours if there are any."""
    if seconds is None:
        return "?"
    if seconds >= _MINUTE:
        minutes, rest = divmod(round(seconds), 60)
        return f"{minutes // 60}h{minutes % 60:02d}m" if minutes >= 60 else f"{minutes}m{rest:02d}s"
    if seconds >= _NEARLY_A_SECOND or seconds < _NEXT_TO_NOTHING:
        return f"{round(seconds, 3):.3g} s"
    return f"{seconds * 1000:.3g} ms"


def size(count: int | None) -> str:
    """Return bytes in MiB, or in KiB if they are less than one."""
    if count is None:
        return "?"
    return f"{count / (1 << 20):.1f} MiB" if count >= 1 << 20 or not count else f"{count / (1 << 10):.3g} KiB"


def exit_code(code: int | None) -> str:
    """Return an exit code and its meaning: "1, an error"."""
    return "exit code unknown" if code is None else f"exit code {code}, {meaning(code)}"


def harmless(text: str) -> str:
    """Return text in one line without control characters."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)


REASONS = {
    "terminate_after": "its terminate_after is over",
    "timeout": "its timeout is over",
    "main": "main asks for it",
    "main_ended": "main has ended",
    "grace_period": "the grace period is over",
    "stop_requested": "a stop was requested",
    "time_limit": "the run's time limit is over",
    "holder_died": "the owner of a shared thing died",
    "deadlock": "it waits for ever",
    "standstill": "no process is left to wake it",
    "waits_for_ever": "a process would wait for ever",
}
"""Why a signal was sent."""


MAX_TEXT = 120
"""The characters of a text that fit into a picture."""


def shortened(text: str) -> str:
    """Return the text shortened for a picture."""
    return harmless(text if len(text) <= MAX_TEXT else f"{text[: MAX_TEXT - 1]}…")


def error_in_words(error: Error) -> str:
    """Return the type of an exception and its message, shortened."""
    return shortened(f"{error['type']}: {error['message']}" if error["message"] else error["type"])
