"""What exit codes say."""

from __future__ import annotations

import signal


def meaning(code: int) -> str:
    """What an exit code says: "an error"."""
    if code == 0:
        return "no error"
    return "an error" if code > 0 else f"killed by {signal_name(-code)}"


def signal_name(number: int) -> str:
    """The name of a signal, if it has one."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"
