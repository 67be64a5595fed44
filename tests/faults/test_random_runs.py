"""A sample of `python -m tests.random_runs`: nothing is left, and each start has one end."""

from __future__ import annotations

import pytest

from tests.effort import share_of
from tests.random_runs import wrong_with

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("seed", range(share_of(24)))
def test_nothing_is_left_and_each_start_has_one_end(seed: int) -> None:
    assert wrong_with(seed) is None
