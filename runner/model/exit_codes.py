"""The meaning of the exit codes of processes, in words."""

from __future__ import annotations

import signal

TYPE_CHECKING = False
if TYPE_CHECKING:
    from runner.model.plan import Expect


def meaning(code: int) -> str:
    """Return the meaning of an exit code: "an error"."""
    if code == 0:
        return "no error"
    return "an error" if code > 0 else f"killed by {signal_name(-code)}"


def signal_name(number: int) -> str:
    """Return the name of a signal, or its number as text if it has no name."""
    try:
        return signal.Signals(number).name
    except ValueError:
        return f"signal {number}"


def declared(expect: Expect) -> str:
    """Return the end that a file declares for a process, in words: "exit code 1 (an error)"."""
    code = None if expect.exit_code is None else f"exit code {expect.exit_code} ({meaning(expect.exit_code)})"
    outcome = None if expect.outcome is None else f"the outcome `{expect.outcome}`"
    return " and ".join(filter(None, (code, outcome))) or "exit code 0, or stopped because the file asks for it"
