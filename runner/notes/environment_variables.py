"""Write notes on environment variables that take effect only when an interpreter or a library starts. Pure."""

from __future__ import annotations

from runner.notes.note import Note

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.model.plan import Plan, ProcessPlan

_OF_PYTHON = {
    "PYTHONCASEOK",
    "PYTHONCOERCECLOCALE",
    "PYTHONDEBUG",
    "PYTHONDEVMODE",
    "PYTHONDONTWRITEBYTECODE",
    "PYTHONEXECUTABLE",
    "PYTHONFAULTHANDLER",
    "PYTHONHASHSEED",
    "PYTHONHOME",
    "PYTHONINTMAXSTRDIGITS",
    "PYTHONIOENCODING",
    "PYTHONMALLOC",
    "PYTHONMALLOCSTATS",
    "PYTHONNODEBUGRANGES",
    "PYTHONNOUSERSITE",
    "PYTHONOPTIMIZE",
    "PYTHONPATH",
    "PYTHONPERFSUPPORT",
    "PYTHONPLATLIBDIR",
    "PYTHONPROFILEIMPORTTIME",
    "PYTHONPYCACHEPREFIX",
    "PYTHONSAFEPATH",
    "PYTHONTRACEMALLOC",
    "PYTHONUNBUFFERED",
    "PYTHONUSERBASE",
    "PYTHONUTF8",
    "PYTHONVERBOSE",
    "PYTHONWARNDEFAULTENCODING",
    "PYTHONWARNINGS",
    "PYTHON_CPU_COUNT",
    "PYTHON_FROZEN_MODULES",
    "PYTHON_GIL",
    "PYTHON_PERF_JIT_SUPPORT",
}
_OF_LIBRARIES = ("BLIS_", "GOMP_", "GOTO_", "KMP_", "MKL_", "NUMEXPR_", "OMP_", "OPENBLAS_", "VECLIB_")
"""The prefixes of the variables that numerical libraries read when they are loaded."""
_OF_THE_SYSTEM = ("GLIBC_TUNABLES", "LD_", "MALLOC_")
"""The prefixes of the variables that the dynamic loader and the C library read when a program starts."""
STARTS_PROGRAMS = ("os:", "subprocess:")
"""The prefixes of targets that start programs, for which the variables are meant."""


def without_effect(plan: Plan) -> Iterator[tuple[int, str, str]]:
    """Return the first process of each job with such a variable that is set too late, the variable, and the reason in
    words.

    Under spawn each variable takes effect: it is set before the interpreter starts.
    """
    if plan.start_method == "spawn":
        return
    for job in plan.jobs:
        if not job.processes:
            continue
        number = job.processes[0]
        for name in plan.processes[number].env:
            why = _why(name, plan, plan.processes[number])
            if why is not None:
                yield number, name, _TOO_LATE.format(name, plan.start_method, why)


def takes_effect_at_the_start(name: str) -> bool:
    """Return whether an interpreter, the system or a library reads a variable only when it starts."""
    return name in _OF_PYTHON or name == "TZ" or name.startswith((*_OF_THE_SYSTEM, *_OF_LIBRARIES))


def of_environment(plan: Plan) -> Iterator[Note]:
    """Return the notes on such variables."""
    for number, name, text in without_effect(plan):
        yield Note("env_without_effect", plan.processes[number].name, text, name)


def _why(name: str, plan: Plan, process: ProcessPlan) -> str | None:
    if (process.target or "").startswith(STARTS_PROGRAMS):
        return None
    if name in _OF_PYTHON:
        return "Python reads it when an interpreter starts"
    if name.startswith(_OF_THE_SYSTEM):
        return "the system reads it when a program starts"
    if name == "TZ":
        return "the C library reads it once, unless the target calls `time.tzset()`"
    if name.startswith(_OF_LIBRARIES) and plan.preload:
        return "a library reads it when it is loaded, which `preload` may have done before"
    return None


_TOO_LATE = (
    "`{0}` has no effect on the process itself under {1}: {2}, and a forked process keeps what was "
    "started before. Programs that it starts get the variable. Under `start_method: spawn` it takes "
    "effect."
)
