"""The entry point of the command, `run-jobs` or `python -m runner`."""

from __future__ import annotations

import os


def main() -> int:
    """Run the command line and return the exit status."""
    if os.getpid() == 1:
        _end_on_stops()  # before any import: until then the system discards them
    from runner.cli import main as run

    return run()


def _end_on_stops() -> None:
    """Have SIGTERM and SIGHUP end this process: the first process of a namespace ignores them by default.

    A run installs its own handlers.
    """
    import _signal  # type: ignore[import-not-found]  # built into the interpreter, unlike `signal`

    for number in (_signal.SIGTERM, _signal.SIGHUP):
        if _signal.getsignal(number) == _signal.SIG_DFL:
            _signal.signal(number, lambda came, _: os._exit(128 + came))


if __name__ == "__main__":
    raise SystemExit(main())
