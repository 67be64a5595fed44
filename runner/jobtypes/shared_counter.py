"""The job type `shared_counter`: several workers increment one number in shared memory.

It uses only the public interface (`runner.describe.job_types`), and is the example for it: a model of its fields,
`expand` to processes and shared things, `result` from the final bytes. The workers are in `counting`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal, TypeAlias

from pydantic import BeforeValidator, Field, WithJsonSchema, field_validator, model_validator

from runner.describe.fields.types import Name
from runner.describe.yaml.scalars import found
from runner.describe.yaml.suggestions import listed, nearest
from runner.jobtypes import (
    Draft,
    Expansion,
    JobModel,
    JobResult,
    JobType,
    Progress,
    SharedArray,
    SharedLock,
    SharedSemaphore,
    fault,
)
from runner.model.exit_codes import signal_name
from runner.model.records import record

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Self

    from runner.jobtypes import End
    from runner.model.json_types import Encoded, Json
    from runner.model.shared_things import SharedPlan

_Format: TypeAlias = Literal["b", "h", "i", "q", "B", "H", "I", "Q"]

_ONE_THREAD = {"OPENBLAS_NUM_THREADS": "1"}
"""numpy's linear algebra, which is not used here, would start threads that spin while the counting begins."""
WORKER = "runner.jobtypes.counting:count"
FORMATS: dict[str, _Format] = {
    "int8": "b",
    "int16": "h",
    "int32": "i",
    "int64": "q",
    "uint8": "B",
    "uint16": "H",
    "uint32": "I",
    "uint64": "Q",
}
"""The integer types of numpy, and their `memoryview` formats: the front decodes without numpy."""

STATS = 4
"""The numbers that each worker leaves: started, ended (`time.monotonic` seconds), acquisitions, wait_seconds."""


def _dtype(value: object) -> object:
    if isinstance(value, str) and value in FORMATS:
        return value
    near = nearest(value, FORMATS) if isinstance(value, str) else None
    help = f"did you mean `{near}`?" if near else None
    raise fault(f"`dtype`: expected one of {listed(FORMATS)}, found {found(value)}", help, id="unknown-choice")


def _batch(value: object) -> object:
    whole = isinstance(value, int) and not isinstance(value, bool)
    if value == "all" or (whole and 1 <= int(str(value)) <= MAX_INCREMENTS):
        return value
    raise fault(f"`batch`: expected `all` or a whole number above 0, found {found(value)}")


MAX_INCREMENTS = 10**15


class SharedCounterJob(JobModel):
    """Workers that count up one number in shared memory, to see what sharing costs and what guards it."""

    type: Literal["shared_counter"]
    """The job type."""

    name: Name = "counter"
    """The job's name: the workers are `<name>-0`, `<name>-1`, …"""

    workers: Annotated[int, Field(ge=1, le=10_000)] = 2
    """Number of processes."""

    increments: Annotated[int, Field(ge=1, le=MAX_INCREMENTS)] = 50_000_000
    """Increments by each worker."""

    sync: Literal["semaphore", "lock", "none"] = "semaphore"
    """What guards the shared number: a semaphore, a lock, or nothing (updates are lost)."""

    permits: Annotated[int, Field(ge=1, le=32_767)] = 1
    """The semaphore's initial value: how many workers it admits at once. More than 1 loses updates."""

    batch: Annotated[
        Literal["all"] | int,
        BeforeValidator(_batch),
        WithJsonSchema({"anyOf": [{"const": "all"}, {"type": "integer", "minimum": 1}]}),
    ] = "all"
    """Increments counted locally before each addition to the shared number: `all`, or a number."""

    method: Literal["loop", "vectorized"] = "loop"
    """`loop`: a plain Python loop. `vectorized`: numpy performs every increment of the batch on the shared
    number."""

    dtype: Annotated[str, BeforeValidator(_dtype), WithJsonSchema({"enum": list(FORMATS)})] = "int64"
    """numpy's integer type of the shared number."""

    @field_validator("name")
    @classmethod
    def _one_name(cls, value: str) -> str:
        if "$index" in value or "${index}" in value:
            message = "`$index` has no meaning in the name of a `shared_counter`: its workers are numbered"
            raise fault(message, id="bad-placeholder")
        return value

    @model_validator(mode="after")
    def _permits_of_a_semaphore(self) -> Self:
        if "permits" in self.model_fields_set and self.sync != "semaphore":
            message = f"`permits` has no effect with sync: {self.sync}"
            raise fault(message, "remove it, or write sync: semaphore", path=("permits",), key=True, id="no-effect")
        return self

    @property
    def expected_total(self) -> int:
        """The number without lost updates and without wrapping around."""
        return self.workers * self.increments


class SharedCounter(JobType[SharedCounterJob]):
    """The job type `shared_counter`."""

    name = "shared_counter"
    model = SharedCounterJob

    def expand(self, job: SharedCounterJob, label: str) -> Expansion:
        """Return the workers, the shared number, and the memory for each worker's report."""
        shared: list[SharedPlan] = [
            SharedArray(f"{label}.total", job.dtype, 1, _bits(job.dtype) // 8),
            SharedArray(f"{label}.progress", "int64", job.workers, 8),
            SharedArray(f"{label}.stats", "float64", job.workers * STATS, 8),
        ]
        guard = _guard(job, label)
        return Expansion(
            processes=tuple(_worker(job, label, index, guard) for index in range(job.workers)),
            shared=(*shared, guard) if guard else tuple(shared),
            progress=Progress(f"{label}.progress", job.increments),
        )

    def result(self, job: SharedCounterJob, values: Mapping[str, bytes], ends: Sequence[End]) -> JobResult | None:
        """Return the total and the expected one, the speed, and the reason if the total is wrong."""
        errors = [error for error in map(_error, ends) if error]
        failed = any(end.exit_code not in (0, None) or end.died_holding for end in ends)
        names = [f"{job.name}.{what}" for what in ("total", "progress", "stats")]
        if any(name not in values for name in names):
            errors.append("the shared memory could not be read at the end")
            return JobResult({"error": "; ".join(errors)}, failed=True)
        total_bytes, progress_bytes, stats_bytes = (values[name] for name in names)
        total = memoryview(total_bytes)[: _bits(job.dtype) // 8].cast(FORMATS[job.dtype])[0]
        counted = _WorkerReports.read(job, progress_bytes, stats_bytes)
        report: dict[str, Json] = {
            "total": total,
            "expected_total": job.expected_total,
            "lost": None if errors else job.expected_total - total,
            "elapsed": counted.elapsed,
            "increments_per_second": counted.rate,
            "workers": [
                {
                    "process": f"{job.name}-{index}",
                    "acquisitions": int(counted.stats[index][2]),
                    "wait_seconds": counted.stats[index][3],
                    "increments": counted.increments[index],
                }
                for index in range(job.workers)
            ],
        }
        if errors:
            report["error"] = "; ".join(errors)
            return JobResult(report, failed=failed)
        return JobResult(report, _notes(job, total))


@record(frozen=True, slots=True)
class _WorkerReports:
    """The workers' reports."""

    increments: tuple[int, ...]
    stats: tuple[tuple[float, ...], ...]

    @classmethod
    def read(cls, job: SharedCounterJob, progress: bytes, stats: bytes) -> _WorkerReports:
        numbers = memoryview(stats)[: job.workers * STATS * 8].cast("d").tolist()
        rows = tuple(tuple(numbers[start : start + STATS]) for start in range(0, len(numbers), STATS))
        return cls(tuple(memoryview(progress)[: job.workers * 8].cast("q").tolist()), rows)

    @property
    def elapsed(self) -> float | None:
        """Seconds from the first start to the last end of a worker, or None if no worker reached its end."""
        started = [row[0] for row in self.stats if row[0]]
        ended = [row[1] for row in self.stats if row[1]]
        return max(ended) - min(started) if started and ended else None

    @property
    def rate(self) -> float | None:
        elapsed = self.elapsed
        return sum(self.increments) / elapsed if elapsed else None


def _guard(job: SharedCounterJob, label: str) -> SharedSemaphore | SharedLock | None:
    match job.sync:
        case "semaphore":
            return SharedSemaphore(f"{label}.semaphore", job.permits)
        case "lock":
            return SharedLock(f"{label}.lock")
    return None


def _worker(job: SharedCounterJob, label: str, index: int, guard: SharedSemaphore | SharedLock | None) -> Draft:
    kwargs: dict[str, Encoded] = {
        "worker": index,
        "total": {"ref": f"{label}.total"},
        "increments": job.increments,
        "progress": {"ref": f"{label}.progress"},
        "stats": {"ref": f"{label}.stats"},
        "guard": {"ref": guard.name} if guard else None,
        "batch": None if job.batch == "all" else job.batch,
        "method": job.method,
    }
    return Draft(f"{label}-{index}", target=WORKER, kwargs=kwargs, env=_ONE_THREAD)


def _error(end: End) -> str | None:
    """Return why this end makes the total worthless, or None."""
    if end.exit_code is None and end.died_holding is None:
        return f"{end.process} did not count" if end.outcome else f"{end.process} was never started"
    if end.died_holding is not None:
        return f"{end.process} died ({_cause(end.exit_code)}) while it held {end.died_holding}"
    if end.exit_code != 0:
        return f"{end.process} ended before it had counted ({_cause(end.exit_code)})"
    return None


def _cause(exit_code: int | None) -> str:
    if exit_code is None:
        return "its end was not seen"
    return signal_name(-exit_code) if exit_code < 0 else f"exit code {exit_code}"


def _notes(job: SharedCounterJob, total: int) -> tuple[tuple[str, str], ...]:
    bits = _bits(job.dtype)
    wrapped = _wraps(job.dtype, job.expected_total)
    lost = job.expected_total - total
    notes: list[tuple[str, str]] = []
    if wrapped:
        notes.append(("overflow", _overflow(job, wrapped)))
        lost %= 1 << bits
    if lost:
        amount = "Updates" if wrapped else f"{lost:,} of {job.expected_total:,} updates"
        notes.append(("lost_updates", f"{amount} were lost: {_why_lost(job)}."))
    return tuple(notes)


def _why_lost(job: SharedCounterJob) -> str:
    overwritten = "two workers read the same number, and one's addition overwrites the other's"
    if job.sync == "none":
        return f"nothing guards the shared number (sync: none), so {overwritten}"
    if job.permits > 1:
        return f"a semaphore with {job.permits} permits admits {job.permits} workers at once, so {overwritten}"
    return f"although a {job.sync} guards the shared number; please report this"


def _overflow(job: SharedCounterJob, wrapped: int) -> str:
    size = _bits(job.dtype) // 8
    bytes_ = "one byte" if size == 1 else f"{size} bytes"
    times = "once" if wrapped == 1 else f"{wrapped:,} times"
    wider = next((name for name in ("int64", "uint64") if not _wraps(name, job.expected_total)), None)
    advice = f"; choose dtype: {wider}" if wider else ""
    most = f"{bytes_} ({job.dtype}) holds at most {_highest(job.dtype):,}"
    return f"{most}: the total wrapped around {times}{advice}."


def _bits(dtype: str) -> int:
    return int(dtype.lstrip("uint"))


def _highest(dtype: str) -> int:
    return (1 << _bits(dtype) - (not dtype.startswith("u"))) - 1


def _wraps(dtype: str, total: int) -> int:
    """Return how often a number of this type passes its highest value on the way to `total`."""
    return (total + (1 << _bits(dtype)) - 1 - _highest(dtype)) >> _bits(dtype)
