"""Numbers and foreign text as a person reads them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.report.terminal.formatting import duration, exit_code, harmless, size


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "?"),
        (0, "0 s"),
        (0.000344, "0.344 ms"),
        (0.0123, "12.3 ms"),
        (1e-9, "0 s"),
        (0.9994, "999 ms"),
        (0.9999, "1 s"),
        (59.96, "1m00s"),
        (1, "1 s"),
        (1.2345, "1.23 s"),
        (59, "59 s"),
        (61.4, "1m01s"),
        (119.9, "2m00s"),
        (3600, "1h00m"),
        (7322, "2h02m"),
    ],
)
def test_durations_have_the_digits_that_matter(seconds: float | None, text: str) -> None:
    assert duration(seconds) == text


@given(st.floats(0, 1e12))
def test_no_duration_has_an_exponent(seconds: float) -> None:
    assert "e" not in duration(seconds)


def test_exit_codes_are_explained() -> None:
    assert exit_code(None) == "exit code unknown"
    assert exit_code(1) == "exit code 1, an error"
    assert exit_code(-63) == "exit code -63, killed by signal 63"


def test_sizes_are_in_mebibytes() -> None:
    assert size(None) == "?"
    assert size(3 << 20) == "3.0 MiB"


def test_text_in_a_line_cannot_steer_a_terminal() -> None:
    assert harmless("a\nb\x1b[2Jé한") == "a\\nb\\x1b[2Jé한"
