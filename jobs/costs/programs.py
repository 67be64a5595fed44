"""The code of some files in this folder: ordinary functions without run-jobs."""

from __future__ import annotations

from math import isqrt

TYPE_CHECKING = False
if TYPE_CHECKING:
    from multiprocessing.sharedctypes import Synchronized


BLOCK = 1_000


def count_primes(below: int, share: int, shares: int, primes: Synchronized[int]) -> None:
    """Count the primes of one share of the numbers below a bound, and add their count to the shared number.

    Shares are dealt in blocks, as cards are: each has as many large numbers, which take longer, as any other.
    """
    blocks = range(share * BLOCK, below, shares * BLOCK)
    found = sum(is_prime(number) for first in blocks for number in range(first, min(first + BLOCK, below)))
    with primes.get_lock():
        primes.value += found


def is_prime(number: int) -> bool:
    """Return whether a number has two divisors: 1 and itself."""
    return number > 1 and all(number % divisor for divisor in range(2, isqrt(number) + 1))
