"""Numbers and foreign text as a person reads them."""

from __future__ import annotations

import signal

_MINUTE = 60.0


def duration(seconds: float | None) -> str:
    """Seconds with three digits that matter, minutes and hours where there are some."""
    if seconds is None:
        return "?"
    if seconds >= _MINUTE:
        minutes, rest = divmod(round(seconds), 60)
        return f"{minutes // 60}h{minutes % 60:02d}m" if minutes >= 60 else f"{minutes}m{rest:02d}s"
    if seconds >= 1 or seconds == 0:
        return f"{seconds:.3g} s"
    return f"{seconds * 1000:.3g} ms"


def size(count: int | None) -> str:
    """Bytes, in MiB."""
    return "?" if count is None else f"{count / (1 << 20):.1f} MiB"


def exit_code(code: int | None) -> str:
    """An exit code and its meaning: "1, an error"."""
    return "exit code unknown" if code is None else f"exit code {code}, {meaning(code)}"


def meaning(code: int) -> str:
    """What an exit code says."""
    if code == 0:
        return "no error"
    return "an error" if code > 0 else f"killed by {signal_name(-code)}"


def signal_name(number: int) -> str:
    """The name of a signal, if it has one."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def harmless(text: str) -> str:
    """Text in one line that cannot steer a terminal."""
    return "".join(one if one.isprintable() else one.encode("unicode_escape").decode() for one in text)
