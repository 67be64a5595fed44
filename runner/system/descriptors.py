"""Sets of file descriptors as the bits of one integer, so that a forked child closes them cheaply."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable


def bits_of(descriptors: Iterable[int]) -> int:
    """Return these descriptors as one integer, each as the bit of its number."""
    bits = 0
    for descriptor in descriptors:
        bits |= 1 << descriptor
    return bits


def close_all(bits: int) -> None:
    """Close these descriptors, consecutive ones with one call."""
    first = 0
    while bits:
        gap = (bits & -bits).bit_length() - 1
        bits >>= gap
        first += gap
        row = (~bits & (bits + 1)).bit_length() - 1
        os.closerange(first, first + row)
        bits >>= row
        first += row
