"""The job type `shared_counter`: what it asks for, and what it reports of the last bytes, without a worker."""

from __future__ import annotations

import sys
from array import array
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.jobtypes.shared_counter import FORMATS, MAX_INCREMENTS, SharedCounter, SharedCounterJob
from runner.model.job_results import End, JobResult
from runner.model.plan import Plan, ProcessPlan, Progress
from runner.model.shared_things import SharedArray, SharedLock, SharedSemaphore
from tests.describe.describing import marked, plan_of, problem_of

DTYPES = list(FORMATS)
OK = ("succeeded", 0)
BATCH = "`batch`: expected `all` or a whole number above 0"
DTYPE = f"`dtype`: expected one of {', '.join(f'`{name}`' for name in DTYPES)}"
NUMBERED = "`$index` has no meaning in the name of a `shared_counter`: its workers are numbered"
WRAPPED = "the total wrapped around"
REMOVE = "remove it, or write sync: semaphore"


def counter(**fields: Any) -> SharedCounterJob:
    return SharedCounterJob(type="shared_counter", **fields)


def plan_with(fields: str) -> Plan:
    return plan_of(f"jobs:\n- {{type: shared_counter, {fields}}}")


def result_of(
    job: SharedCounterJob,
    total: int,
    *,
    progress: list[int] | None = None,
    stats: list[list[float]] | None = None,
    ends: list[End] | None = None,
    after: bytes = b"",
) -> JobResult:
    """What is reported of these numbers, with `after` behind each: shared memory comes in whole pages."""
    size = np.dtype(job.dtype).itemsize
    left = [number for row in stats or [[1.0, 2.0, 1.0, 0.0]] * job.workers for number in row]
    values = {
        f"{job.name}.total": (total % (1 << 8 * size)).to_bytes(size, sys.byteorder) + after,
        f"{job.name}.progress": array("q", progress or [job.increments] * job.workers).tobytes() + after,
        f"{job.name}.stats": array("d", left).tobytes() + after,
        "another.total": b"",
    }
    told = [End(f"{job.name}-{index}", *OK) for index in range(job.workers)] if ends is None else ends
    result = SharedCounter().result(job, values, told)
    assert result is not None
    return result


def about(result: JobResult) -> list[str]:
    return [word for word, _ in result.notes]


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_shared_number_is_what_numpy_makes_of_its_type(dtype: str) -> None:
    plan = plan_with(f"dtype: {dtype}, workers: 3, sync: none")

    assert plan.shared == (
        SharedArray("counter.total", dtype, 1, np.dtype(dtype).itemsize),
        SharedArray("counter.progress", "int64", 3, 8),
        SharedArray("counter.stats", "float64", 12, 8),
    )


@pytest.mark.parametrize(
    ("sync", "guards"),
    [
        ("", (SharedSemaphore("c.semaphore", 1),)),
        ("permits: 3", (SharedSemaphore("c.semaphore", 3),)),
        ("sync: lock", (SharedLock("c.lock"),)),
        ("sync: none", ()),
    ],
)
def test_one_guard_is_made_for_all_workers_and_none_if_none_is_wanted(
    sync: str, guards: tuple[SharedSemaphore | SharedLock, ...]
) -> None:
    plan = plan_with(f"name: c, {sync}")

    given_to = {str(process.kwargs["guard"]) for process in plan.processes}
    assert plan.shared[3:] == guards
    assert given_to == {str({"ref": guards[0].name}) if guards else "None"}


def test_a_worker_is_told_its_number_and_what_is_shared() -> None:
    plan = plan_with("name: c, workers: 2, increments: 7, batch: 3, method: vectorized, sync: none, env: {A: b}")

    assert plan.processes[1] == ProcessPlan(
        name="c-1",
        job="c",
        target="runner.jobtypes.counting:count",
        kwargs={
            "worker": 1,
            "total": {"ref": "c.total"},
            "increments": 7,
            "progress": {"ref": "c.progress"},
            "stats": {"ref": "c.stats"},
            "guard": None,
            "batch": 3,
            "method": "vectorized",
        },
        env={"A": "b", "OPENBLAS_NUM_THREADS": "1"},
    )
    assert plan.jobs[0].progress == Progress("c.progress", 7)


@pytest.mark.parametrize(("batch", "told"), [("all", None), ("1", 1), (str(MAX_INCREMENTS), MAX_INCREMENTS)])
def test_a_batch_is_a_number_or_all(batch: str, told: int | None) -> None:
    assert plan_with(f"batch: {batch}").processes[0].kwargs["batch"] == told


def test_two_workers_with_a_semaphore_are_what_there_is_without_a_word() -> None:
    plan = plan_of("jobs:\n- type: shared_counter")

    assert [process.name for process in plan.processes] == ["counter-0", "counter-1"]
    assert SharedSemaphore("counter.semaphore", 1) in plan.shared
    assert plan.processes[0].kwargs["increments"] == 50_000_000
    assert plan.processes[0].kwargs["method"] == "loop"


@pytest.mark.parametrize(
    ("fields", "at", "message", "help"),
    [
        ("batch: 0", "0", f"{BATCH}, found the number 0", None),
        ("batch: true", "true", f"{BATCH}, found true", None),
        ("batch: 1.5", "1.5", f"{BATCH}, found the number 1.5", None),
        ("batch: each", "each", f"{BATCH}, found the text `each`", None),
        ("batch: 1000000000000001", "1000000000000001", f"{BATCH}, found the number 1000000000000001", None),
        ("dtype: int9", "int9", f"{DTYPE}, found the text `int9`", "did you mean `int8`?"),
        ("dtype: byte", "byte", f"{DTYPE}, found the text `byte`", None),
        ("dtype: 8", "8", f"{DTYPE}, found the number 8", None),
        ("dtype: [int8]", "[int8]", f"{DTYPE}, found a list", None),
        ("name: c$index", "c$index", NUMBERED, None),
        ("name: 'c${index}'", "'c${index}'", NUMBERED, None),
        ("sync: lock, permits: 1", "permits", "`permits` has no effect with sync: lock", REMOVE),
        ("sync: none, permits: 2", "permits", "`permits` has no effect with sync: none", REMOVE),
        ("workers: 0", "0", "`workers`: must be at least 1, not 0", None),
    ],
)
def test_a_field_that_cannot_be_is_shown_where_it_is(fields: str, at: str, message: str, help: str | None) -> None:
    problem = problem_of(f"jobs:\n- {{type: shared_counter, {fields}}}")

    assert (problem.message, problem.help, marked(problem)) == (message, help, at)


@pytest.mark.parametrize("dtype", DTYPES)
def test_the_highest_value_of_each_type_is_reported_as_it_is(dtype: str) -> None:
    highest = int(np.iinfo(dtype).max)
    job = counter(dtype=dtype, workers=1, increments=min(highest, MAX_INCREMENTS))

    result = result_of(job, job.increments)

    assert result.values["total"] == result.values["expected_total"] == job.increments
    assert (result.values["lost"], result.notes, result.failed) == (0, (), False)


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("after", [b"", bytes(3), b"\xff" * 4080])
def test_a_total_is_read_as_numpy_reads_it(dtype: str, after: bytes) -> None:
    job = counter(dtype=dtype, workers=1)

    result = result_of(job, -1, after=after)

    assert result.values["total"] == np.array([-1]).astype(dtype)[0]


@st.composite
def countings(draw: st.DrawFn) -> tuple[SharedCounterJob, int]:
    """A job of each type, guarded or not, and how many of its updates are lost."""
    small = st.integers(1, 300) | st.integers(1, MAX_INCREMENTS)
    guards: list[dict[str, Any]] = [{"sync": "lock"}, {"sync": "none"}, {"permits": 1}, {"permits": 3}]
    guard = draw(st.sampled_from(guards))
    job = counter(dtype=draw(st.sampled_from(DTYPES)), workers=draw(st.integers(1, 5)), increments=draw(small), **guard)
    return job, draw(st.just(0) | st.integers(0, job.expected_total))


@given(countings())
def test_total_and_notes_follow_from_the_arithmetic_of_the_type(counting: tuple[SharedCounterJob, int]) -> None:
    job, lost = counting
    limits = np.iinfo(job.dtype)
    size, highest = 1 << limits.bits, int(limits.max)

    result = result_of(job, job.expected_total - lost)

    total, expected = result.values["total"], result.values["expected_total"]
    assert isinstance(total, int)
    assert limits.min <= total <= limits.max
    assert (total - (job.expected_total - lost)) % size == 0
    assert expected == job.workers * job.increments
    assert result.values["lost"] == expected - total
    assert ("overflow" in about(result)) == (expected > highest)
    assert ("lost_updates" in about(result)) == (lost % size != 0)
    assert len(result.notes) == len(set(about(result)))
    assert not result.failed


@pytest.mark.parametrize(
    ("dtype", "expected", "text"),
    [
        ("int8", 128, f"one byte (int8) holds at most 127: {WRAPPED} once; choose dtype: int64."),
        ("int8", 383, f"one byte (int8) holds at most 127: {WRAPPED} once; choose dtype: int64."),
        ("int8", 384, f"one byte (int8) holds at most 127: {WRAPPED} 2 times; choose dtype: int64."),
        ("uint8", 256, f"one byte (uint8) holds at most 255: {WRAPPED} once; choose dtype: int64."),
        ("uint8", 512, f"one byte (uint8) holds at most 255: {WRAPPED} 2 times; choose dtype: int64."),
        ("int16", 32_768, f"2 bytes (int16) holds at most 32,767: {WRAPPED} once; choose dtype: int64."),
        ("uint16", 10**9, f"2 bytes (uint16) holds at most 65,535: {WRAPPED} 15,258 times; choose dtype: int64."),
        ("int32", 2**31, f"4 bytes (int32) holds at most 2,147,483,647: {WRAPPED} once; choose dtype: int64."),
        ("uint32", 2**32, f"4 bytes (uint32) holds at most 4,294,967,295: {WRAPPED} once; choose dtype: int64."),
    ],
)
def test_a_total_that_wraps_around_is_explained(dtype: str, expected: int, text: str) -> None:
    result = result_of(counter(dtype=dtype, workers=1, increments=expected), expected)

    assert result.notes == (("overflow", text),)


def test_where_int64_is_too_small_uint64_is_advised() -> None:
    job = counter(dtype="int64", workers=10_000, increments=MAX_INCREMENTS)

    ((word, text),) = result_of(job, job.expected_total).notes

    assert word == "overflow"
    assert text.endswith("the total wrapped around once; choose dtype: uint64.")
    assert result_of(counter(dtype="uint64", workers=10_000, increments=MAX_INCREMENTS), job.expected_total).notes == ()


@pytest.mark.parametrize("dtype", ["int8", "uint8"])
@pytest.mark.parametrize("expected", [1, 126, 127, 128, 255, 256, 257, 383, 384, 511, 512, 1000])
def test_overflow_is_what_numpy_sees_when_it_counts(dtype: str, expected: int) -> None:
    counted = np.zeros(1, dtype)
    wraps = 0
    for _ in range(expected):
        before = int(counted[0])
        counted += 1
        wraps += int(counted[0]) < before

    notes = dict(result_of(counter(dtype=dtype, workers=1, increments=expected), int(counted[0])).notes)

    times = {0: None, 1: " once;"}.get(wraps, f" {wraps:,} times;")
    assert times in notes["overflow"] if times else notes == {}


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({"sync": "none"}, "nothing guards the shared number (sync: none), so two workers read the same number"),
        ({"permits": 2}, "a semaphore with 2 permits admits 2 workers at once, so two workers read the same number"),
        ({"permits": 1}, "although a semaphore guards the shared number; please report this"),
        ({"sync": "lock"}, "although a lock guards the shared number; please report this"),
    ],
)
def test_lost_updates_are_explained_by_what_guards_the_number(fields: dict[str, Any], why: str) -> None:
    ((word, text),) = result_of(counter(increments=1_000, **fields), 1_234).notes

    assert word == "lost_updates"
    assert text.startswith(f"766 of 2,000 updates were lost: {why}")


def test_where_the_total_wraps_around_nobody_knows_how_many_updates_were_lost() -> None:
    result = result_of(counter(dtype="int8", increments=100, sync="none"), 150)

    assert about(result) == ["overflow", "lost_updates"]
    assert result.notes[1][1].startswith("Updates were lost: nothing guards")


moments = st.floats(0.5, 1e6)
rows = st.tuples(moments, st.just(0.0) | moments, st.integers(0, 10**9).map(float), st.floats(0, 1e3))


@given(st.lists(st.tuples(rows, st.integers(0, 10**12)), min_size=1, max_size=5), st.booleans())
def test_each_worker_is_reported_with_what_it_left_and_all_with_their_speed(
    workers: list[tuple[tuple[float, float, float, float], int]], are_started: bool
) -> None:
    stats = [list(row) if are_started else [0.0] * 4 for row, _ in workers]
    progress = [done for _, done in workers]

    values = result_of(counter(workers=len(workers), increments=10), 0, stats=stats, progress=progress).values

    assert values["workers"] == [
        {
            "process": f"counter-{index}",
            "acquisitions": int(stats[index][2]),
            "wait_seconds": stats[index][3],
            "increments": progress[index],
        }
        for index in range(len(workers))
    ]
    ended = [row[1] for row in stats if row[1]]
    elapsed = max(ended) - min(row[0] for row in stats) if ended else None
    assert values["elapsed"] == elapsed
    assert values["increments_per_second"] == (sum(progress) / elapsed if elapsed else None)


def test_the_time_is_from_the_first_start_to_the_last_end() -> None:
    stats = [[10.0, 14.0, 0.0, 0.0], [12.0, 15.0, 0.0, 0.0], [0.0, 0.0, 0.0, 0.0]]

    values = result_of(counter(workers=3, increments=10), 20, stats=stats, progress=[10, 10, 0]).values

    assert (values["elapsed"], values["increments_per_second"]) == (5.0, 4.0)


@pytest.mark.parametrize(
    ("end", "error", "failed"),
    [
        (End("c-1", None, None), "c-1 was never started", False),
        (End("c-1", "lost", None), "c-1 did not count", False),
        (End("c-1", "failed", 3), "c-1 ended before it had counted (exit code 3)", True),
        (End("c-1", "terminated", -15), "c-1 ended before it had counted (SIGTERM)", True),
        (End("c-1", "failed", -99), "c-1 ended before it had counted (signal 99)", True),
        (End("c-1", "killed", -9, "c.lock"), "c-1 died (SIGKILL) while it held c.lock", True),
        (End("c-1", "succeeded", 0, "c.lock"), "c-1 died (exit code 0) while it held c.lock", True),
        (End("c-1", "lost", None, "c.lock"), "c-1 died (its end was not seen) while it held c.lock", True),
    ],
)
def test_a_worker_that_did_not_count_to_its_end_makes_the_total_worthless(end: End, error: str, failed: bool) -> None:
    job = counter(name="c", increments=10, sync="none")

    result = result_of(job, 12, ends=[End("c-0", *OK), end])

    assert result.values["error"] == error
    assert result.values["total"] == 12
    assert (result.failed, result.notes) == (failed, ())


def test_all_workers_that_did_not_count_are_named() -> None:
    ends = [End("counter-0", "failed", 1), End("counter-1", None, None)]

    result = result_of(counter(), 0, ends=ends)

    assert result.values["error"] == (
        "counter-0 ended before it had counted (exit code 1); counter-1 was never started"
    )


@pytest.mark.parametrize("missing", ["total", "progress", "stats"])
def test_without_the_last_bytes_there_is_no_result(missing: str) -> None:
    values = {f"counter.{what}": bytes(64) for what in ("total", "progress", "stats") if what != missing}

    result = SharedCounter().result(counter(), values, [End("counter-0", *OK), End("counter-1", "failed", 1)])

    assert result == JobResult(
        {
            "error": "counter-1 ended before it had counted (exit code 1); "
            "the shared memory could not be read at the end"
        },
        failed=True,
    )
