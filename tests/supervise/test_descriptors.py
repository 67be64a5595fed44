"""Descriptors as bits: those that are closed are these, and no other."""

from __future__ import annotations

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.system.descriptors import bits_of, close_all


@given(st.sets(st.integers(0, 200)))
def test_each_is_closed_once_and_nothing_else(descriptors: set[int]) -> None:
    closed: list[int] = []

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "closerange", lambda first, beyond: closed.extend(range(first, beyond)))
        close_all(bits_of(descriptors))

    assert closed == sorted(descriptors)


def test_those_in_a_row_are_closed_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    rows: list[tuple[int, int]] = []
    monkeypatch.setattr(os, "closerange", lambda first, beyond: rows.append((first, beyond)))

    close_all(bits_of([3, 4, 5, 9]))

    assert rows == [(3, 6), (9, 10)]


def test_a_real_one_is_closed() -> None:
    read, write = os.pipe()

    close_all(bits_of((write,)))

    assert os.read(read, 1) == b""
    os.close(read)
