"""The table of who waits and who has what, over memory of a test."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.supervise.tracing.descriptor import Descriptor
from runner.supervise.tracing.table import (
    ALL_DONE,
    BLOCKED,
    CELL,
    EXTRA,
    HELD,
    INDEPENDENT,
    MARK,
    OPERATIONS,
    WANTS,
    Mark,
    Position,
    Table,
    operation_bits,
    size_of,
)

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def memory() -> Iterator[Descriptor]:
    descriptor = os.memfd_create("table")
    os.ftruncate(descriptor, size_of(2, 3))
    yield Descriptor(descriptor)
    os.close(descriptor)


def test_a_cell_is_of_one_thing_and_one_process(memory: Descriptor) -> None:
    table = Table(memory, size_of(2, 3), 3)

    for thing in range(2):
        for process in range(3):
            table.cell(thing, process)[MARK] = 10 * thing + process

    assert [cell[MARK] for cell in table.cells(0)] == [0, 1, 2]
    assert [cell[MARK] for cell in table.cells(1)] == [10, 11, 12]


def test_a_cell_has_room_for_a_number_of_32_bits_in_each_place(memory: Descriptor) -> None:
    table = Table(memory, size_of(2, 3), 3)

    table.cell(1, 2)[CELL - 1] = 2**32 - 1

    assert table.cells(1)[2] == (0,) * (CELL - 1) + (2**32 - 1,)
    with pytest.raises(ValueError, match="invalid value"):
        table.cell(1, 2)[0] = 2**32


def test_tables_over_the_same_memory_see_the_same(memory: Descriptor) -> None:
    one, other = (Table(memory, size_of(2, 3), 3) for _ in range(2))

    one.cell(0, 1)[EXTRA] = 7

    assert other.cells(0)[1][EXTRA] == 7


def test_a_table_travels_as_what_it_is_made_of(memory: Descriptor) -> None:
    made = Table(memory, size_of(2, 3), 3)
    made.cell(0, 0)[MARK] = 5

    cls, made_of = made.__reduce__()
    again = cls(*made_of)  # type: ignore[operator, misc]  # that is what pickle does

    assert (again.size, again.processes, again.cells(0)[0][MARK]) == (size_of(2, 3), 3, 5)


def test_the_step_of_each_process_is_noted_beside_what_it_does_with_things(memory: Descriptor) -> None:
    table = Table(memory, size_of(2, 3), 3)
    position = Position(table, 1)
    cls, made_of = position.__reduce__()

    position.cell()[0] = 7
    cls(*made_of).cell()[0] += ALL_DONE - 7  # type: ignore[operator, misc]  # that is what pickle does

    assert [table.position(process)[0] for process in range(3)] == [0, ALL_DONE, 0]
    assert not any(map(any, (*table.cells(0), *table.cells(1))))


@pytest.mark.parametrize(("bits", "in_between"), [(0, False), (1, False), (WANTS, True), (WANTS | BLOCKED, False)])
def test_a_mark_is_exact_unless_the_process_acquires_or_releases(bits: int, in_between: bool) -> None:
    assert Mark.of(bits).in_between is in_between


marks = st.builds(
    Mark,
    held=st.integers(0, HELD),
    wants=st.booleans(),
    blocked=st.booleans(),
    goes_on=st.booleans(),
    operation=st.sampled_from(OPERATIONS),
)


@given(marks)
def test_a_mark_says_what_was_put_into_it(mark: Mark) -> None:
    number = mark.held | operation_bits(mark.operation)
    number |= mark.wants * WANTS | mark.blocked * BLOCKED | mark.goes_on * INDEPENDENT

    assert number < 2**32
    assert Mark.of(number) == mark


@pytest.mark.parametrize("operation", OPERATIONS)
def test_an_operation_is_beside_all_other_bits(operation: str) -> None:
    assert not operation_bits(operation) & (WANTS | BLOCKED | INDEPENDENT | HELD)
