"""run-jobs: declare Python processes in a YAML file, run them, and observe what each one does.

Public names are imported when they are first used: every child process imports this package, and
pays for what is imported here.
"""

from __future__ import annotations

__path__ = [*__path__, f"{__path__[0]}/old_paths"]

_HOMES = {
    "__version__": "runner.model.version",
    "Event": "runner.model.events",
    "InvalidFile": "runner.model.errors",
    "Plan": "runner.model.plan",
    "ProcessResult": "runner.model.results",
    "RunJobsError": "runner.model.errors",
    "RunResult": "runner.model.results",
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
    from runner.model.errors import InvalidFile, RunJobsError
    from runner.model.events import Event
    from runner.model.plan import Plan
    from runner.model.results import ProcessResult, RunResult
    from runner.model.version import __version__

if not TYPE_CHECKING:  # pragma: no branch  # a type checker knows the names above, and no other

    def __getattr__(name: str) -> object:
        home = _HOMES.get(name)
        if home is None:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from importlib import import_module

        return getattr(import_module(home), name)

    def __dir__() -> list[str]:
        return sorted({*globals(), *__all__})
