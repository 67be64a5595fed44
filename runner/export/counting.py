"""Export a `shared_counter` as equivalent Python code."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from runner.export.code.expressions import literal
from runner.export.code.layout import indented
from runner.model.dtypes import DTYPES
from runner.model.records import from_fields, record

if TYPE_CHECKING:
    from runner.model.plan import JobPlan


@record(frozen=True, slots=True)
class Options:
    """The options of a counter; the defaults are those of fields that a file omits."""

    workers: int = 2
    increments: int = 50_000_000
    sync: str = "semaphore"
    batch: int | Literal["all"] = "all"
    method: str = "loop"
    dtype: str = "int64"


@record(frozen=True, slots=True)
class Counter:
    """One counter: the job's name, its options, and the names in the script of the function and of the constants."""

    job: str
    options: Options
    function: str
    prefix: str = ""

    @property
    def guard(self) -> str | None:
        """The plan's name of the guard."""
        sync = self.options.sync
        return None if sync == "none" else f"{self.job}.{sync}"

    @property
    def total(self) -> str:
        """The plan's name of the number."""
        return f"{self.job}.total"

    @property
    def constants(self) -> list[str]:
        """The constants, as lines."""
        batch = [] if self.options.batch in ("all", 1) else [f"{self.prefix}BATCH = {literal(self.options.batch)}"]
        increments = f"{self.prefix}INCREMENTS = {literal(self.options.increments)}"
        return [f"{self.prefix}WORKERS = {literal(self.options.workers)}", increments, *batch]


def counter_of(job: JobPlan, function: str, *, only_one: bool) -> Counter:
    """Return the counter of a job; if there are several, each has constants of its own."""
    options = from_fields(Options, {name: job.options[name] for name in Options.__match_args__ if name in job.options})
    return Counter(job.name, options, function, "" if only_one else f"{function.upper()}_")


def body(counter: Counter, total: str, guard: str) -> list[str]:
    """Return what each worker does with an array of this name, under a guard of this name."""
    options = counter.options
    increments, batch = f"{counter.prefix}INCREMENTS", f"{counter.prefix}BATCH"
    if options.method == "vectorized":
        size = increments if options.batch == "all" else batch
        lines = [f"places = np.zeros({size}, np.intp)  # index 0, again and again"]
        if size == increments:
            return [*lines, *_guarded(guard, f"np.add.at({total}, places, 1)")]
        once = _guarded(guard, f"np.add.at({total}, places[: {increments} - start], 1)")
        return [*lines, f"for start in range(0, {increments}, {batch}):", *indented(once)]
    if options.batch == 1:
        return [f"for _ in range({increments}):", *indented(_guarded(guard, f"{total}[0] += 1"))]
    added = _guarded(guard, _addition(options, total))
    if options.batch == "all":
        return [*_counted(increments), *added]
    part = [f"size = min({batch}, {increments} - start)"]
    return [f"for start in range(0, {increments}, {batch}):", *indented([*part, *_counted("size"), *added])]


def _counted(times: str) -> list[str]:
    return ["counted = 0", f"for _ in range({times}):", "    counted += 1"]


def _addition(options: Options, total: str) -> str:
    """Return an addition that truncates a number that does not fit, as an addition in memory does."""
    dtype = options.dtype
    batch = options.increments if options.batch == "all" else options.batch
    if batch <= (DTYPES[dtype].highest or 0):
        return f"{total}[0] += counted"
    return f"{total} += np.int64(counted).astype(np.{dtype})"


def _guarded(guard: str, line: str) -> list[str]:
    return [f"with {guard}:", f"    {line}"] if guard else [line]
