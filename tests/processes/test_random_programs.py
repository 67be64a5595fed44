"""Random programs end in a way that `runner.explore` knows (see `tests/random_programs.py`)."""

from __future__ import annotations

import random

import pytest

from tests.effort import EVERYTHING
from tests.programs import PROFILES
from tests.random_programs import Tally, cases, run_all

WITHIN_S = 20 if EVERYTHING else 5
"""No run begins after it."""


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_each_run_ends_in_a_way_that_the_model_knows() -> None:
    seed, tally = random.randrange(1_000_000), Tally()
    print(f"python -m tests.random_programs 1 --seed {seed}")

    run_all(cases(1_000, seed, list(PROFILES), "fork", tally), tally, within_s=WITHIN_S)

    assert tally.runs
    assert tally.wrong == []
