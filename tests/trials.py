"""Random tests as commands: `python -m tests.NAME N --seed S` makes N trials, each with a seed of its own.

A trial is a function of its seed, so `python -m tests.NAME 1 --seed 4711` repeats one that went wrong. Without `--seed`
the first seed is random; it is printed.
"""

from __future__ import annotations

import argparse
import random
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def asked_for(words: Sequence[str] | None = None) -> argparse.Namespace:
    """The `count`, `seed` and `within` that a command of random tests was given; prints the seed."""
    parser = argparse.ArgumentParser(description="Make random trials, and print each seed whose trial went wrong.")
    parser.add_argument("count", type=int, metavar="N", help="how many trials")
    parser.add_argument("--seed", type=int, metavar="S", help="the first trial's seed; the next ones follow it")
    parser.add_argument("--within", type=float, metavar="SECONDS", help="begin no trial after this time")
    asked = parser.parse_args(words)
    if asked.seed is None:
        asked.seed = random.randrange(1_000_000)
    print(f"seed {asked.seed}", flush=True)
    return asked


def make(trial: Callable[[int], str | None], words: Sequence[str] | None = None) -> int:
    """Make the trials that the command line asks for; returns the exit status.

    A trial returns what is wrong, or None.
    """
    asked = asked_for(words)
    began = time.monotonic()
    made = wrong = 0
    for seed in range(asked.seed, asked.seed + asked.count):
        if asked.within is not None and time.monotonic() - began > asked.within:
            break
        fault = trial(seed)
        made += 1
        if fault is not None:
            wrong += 1
            print(f"seed {seed}: {fault}", flush=True)
    print(f"{made} trials from seed {asked.seed} in {time.monotonic() - began:.0f} s: {wrong} wrong")
    return bool(wrong)
