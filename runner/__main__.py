"""The entry point of the command, `run-jobs` or `python -m runner`."""

from __future__ import annotations

import os


def main() -> int:
    """Run the command line; gives the exit status."""
    if os.getpid() == 1:
        _hear_stops()  # before any import: until then the system drops them
    from runner.cli import main as run

    return run()


def _hear_stops() -> None:
    """Have SIGTERM and SIGHUP end this process: the first process of a namespace has them ignored by default.

    A run has handlers of its own.
    """
    import _signal  # type: ignore[import-not-found]  # built into the interpreter, unlike `signal`

    for number in (_signal.SIGTERM, _signal.SIGHUP):
        if _signal.getsignal(number) == _signal.SIG_DFL:
            _signal.signal(number, lambda came, _: os._exit(128 + came))


if __name__ == "__main__":
    raise SystemExit(main())
