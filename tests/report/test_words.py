"""Numbers and foreign text as a person reads them."""

from __future__ import annotations

import pytest

from runner.report.words import duration, exit_code, harmless, meaning, size


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (None, "?"),
        (0, "0 s"),
        (0.000344, "0.344 ms"),
        (0.0123, "12.3 ms"),
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


def test_exit_codes_are_explained() -> None:
    assert meaning(0) == "no error"
    assert meaning(3) == "an error"
    assert meaning(-15) == "killed by SIGTERM"
    assert meaning(-63) == "killed by signal 63"
    assert exit_code(None) == "exit code unknown"
    assert exit_code(1) == "exit code 1, an error"


def test_sizes_are_in_mebibytes() -> None:
    assert size(None) == "?"
    assert size(3 << 20) == "3.0 MiB"


def test_text_in_a_line_cannot_steer_a_terminal() -> None:
    assert harmless("a\nb\x1b[2Jé한") == "a\\nb\\x1b[2Jé한"
