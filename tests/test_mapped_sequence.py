"""Long sequences in shared memory are as the tuples that they stand for."""

from __future__ import annotations

import mmap
from typing import TYPE_CHECKING

import pytest

from runner.model import plan_json
from runner.model.mapped_sequence import MAX_MADE, MappedSequence, lines_of
from runner.model.plan import JobPlan, Join, Plan, ProcessPlan, Start
from runner.model.records import replace
from runner.model.shared_things import SharedLock

if TYPE_CHECKING:
    from runner.model.json_types import Json
    from runner.model.plan import Step

RECORDS: list[Json] = [{"a": 1}, [2, "line\nfeed"], "é", None]


def stored(records: list[Json]) -> MappedSequence[Json]:
    return MappedSequence(lines_of(records), lambda data: data)


def test_each_record_is_made_of_its_line() -> None:
    made = stored(RECORDS)

    assert list(made) == RECORDS
    assert [made[place] for place in range(-4, 4)] == RECORDS * 2
    assert len(made) == 4
    assert made[1:3] == tuple(RECORDS[1:3])
    assert "é" in made


@pytest.mark.parametrize("place", [4, -5])
def test_a_place_that_is_not_there_is_an_index_error(place: int) -> None:
    with pytest.raises(IndexError):
        stored(RECORDS)[place]


def test_a_record_that_is_asked_for_again_soon_is_the_same_and_few_are_kept() -> None:
    made = stored([{"n": number} for number in range(2 * MAX_MADE)])

    assert made[0] is made[0]
    first = made[0]
    assert [made[number] for number in range(2 * MAX_MADE)][-1] == {"n": 2 * MAX_MADE - 1}
    assert len(made._made) <= MAX_MADE
    assert made[0] is not first


def test_forks_share_the_memory_of_the_lines() -> None:
    assert isinstance(stored(RECORDS)._lines, mmap.mmap)


def long_plan(count: int) -> Plan:
    processes = tuple(ProcessPlan(f"p-{number}", "p", target="m:f", args=(number,)) for number in range(count))
    steps: tuple[Step, ...] = (*map(Start, range(count)), *map(Join, range(count)))
    return Plan("f", "fork", processes, steps, (JobPlan("p", "process", tuple(range(count))),))


@pytest.mark.parametrize(("count", "kind"), [(plan_json.MAX_UNPACKED + 1, MappedSequence), (3, tuple)])
def test_a_long_plan_reaches_the_supervisor_as_text_and_means_the_same(count: int, kind: type) -> None:
    plan = long_plan(count)

    read = plan_json.from_json(plan_json.packed(plan))  # type: ignore[arg-type]  # as JSON gives it back

    assert isinstance(read.processes, kind)
    assert tuple(read.processes) == plan.processes
    assert tuple(read.steps) == plan.steps
    assert [tuple(job.processes) for job in read.jobs] == [job.processes for job in plan.jobs]


def test_a_plan_with_shared_things_is_not_packed_as_each_look_for_deadlocks_reads_all_of_it() -> None:
    plan = replace(long_plan(plan_json.MAX_UNPACKED + 1), shared=(SharedLock("door"),))

    assert plan_json.packed(plan) == plan_json.to_json(plan)
