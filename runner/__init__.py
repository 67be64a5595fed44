"""run-jobs: declare Python processes in a YAML file, run them, and see what each of them does.

Public names are imported when they are first used: every child process imports this package, and what
stands at its top is paid by each of them.
"""

from __future__ import annotations

_HOMES = {
    "__version__": "runner.version",
    "Event": "runner.events",
    "InvalidFile": "runner.errors",
    "Plan": "runner.plan",
    "ProcessResult": "runner.results",
    "RunJobsError": "runner.errors",
    "RunResult": "runner.results",
    "load": "runner.api",
    "run": "runner.api",
}

__all__ = [
    "Event",
    "InvalidFile",
    "Plan",
    "ProcessResult",
    "RunJobsError",
    "RunResult",
    "__version__",
    "load",
    "run",
]

TYPE_CHECKING = False
if TYPE_CHECKING:
    from runner.api import load, run
    from runner.errors import InvalidFile, RunJobsError
    from runner.events import Event
    from runner.plan import Plan
    from runner.results import ProcessResult, RunResult
    from runner.version import __version__


def __getattr__(name: str) -> object:
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(home), name)
