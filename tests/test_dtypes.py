"""Types of numbers: as numpy and ctypes have them, and what fits into them."""

from __future__ import annotations

import ctypes

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.model.dtypes import DTYPES

names = st.sampled_from(sorted(DTYPES))


@pytest.mark.parametrize("name", DTYPES)
def test_a_type_is_numpys_of_the_same_name_and_that_of_ctypes(name: str) -> None:
    kind = DTYPES[name]

    assert kind.itemsize == np.dtype(name).itemsize == ctypes.sizeof(getattr(ctypes, kind.ctype))
    assert np.dtype(getattr(ctypes, kind.ctype)) == np.dtype(name)


@pytest.mark.parametrize("name", [name for name, kind in DTYPES.items() if name.startswith(("int", "uint"))])
def test_a_type_holds_from_its_least_to_its_highest_number(name: str) -> None:
    info = np.iinfo(name)

    assert (DTYPES[name].least, DTYPES[name].highest) == (info.min, info.max)


@pytest.mark.parametrize("name", ["float32", "float64"])
def test_what_holds_fractions_has_no_bounds_of_whole_numbers(name: str) -> None:
    assert (DTYPES[name].least, DTYPES[name].highest) == (None, None)


@given(names, st.lists(st.integers(0, 1), max_size=5))
def test_bytes_are_seen_as_the_numbers_that_numpy_wrote(name: str, numbers: list[int]) -> None:
    data = np.array(numbers, dtype=name).tobytes()

    assert DTYPES[name].view(data).tolist() == numbers
