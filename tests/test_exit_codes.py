"""What exit codes say."""

from __future__ import annotations

import pytest

from runner.model.exit_codes import meaning, signal_name


@pytest.mark.parametrize(
    ("code", "says"),
    [(0, "no error"), (3, "an error"), (-15, "killed by SIGTERM"), (-63, "killed by signal 63")],
)
def test_an_exit_code_says_whether_it_is_an_error_or_a_signal(code: int, says: str) -> None:
    assert meaning(code) == says


def test_a_signal_without_a_name_has_its_number() -> None:
    assert (signal_name(9), signal_name(1000)) == ("SIGKILL", "signal 1000")
