"""A line that is rewritten looks as a terminal shows it, while it is written and in the end."""

from __future__ import annotations

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.model.events import Output
from runner.model.lines import MAX_LINE
from runner.model.rewritten_lines import TerminalLines, latest, latest_text


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        (b"plain", b"plain"),
        (b"plain\r", b"plain"),
        (b"10%\r20%\r30%", b"30%"),
        (b"a long line\rshort", b"shortg line"),
        (b"a long line\rshort      ", b"short"),
        (b"a long line\r\x1b[Kshort", b"short"),
        (b"a long line\rshort\x1b[0K", b"short"),
        (b"a long line\r\x1b[2Kshort", b"short"),
        (b"abcdef\rxy\x1b[1K", b"   def"),
        (b"abc\x1b[2K\rx", b"x"),
        (b"\x1b[?25l10%\r20%\x1b[?25h", b"20%"),
        (b"\x1b[32mok\x1b[0m\r\x1b[31mno\x1b[0m!", b"\x1b[31mno\x1b[0m!"),
        (b"abc\r\x1b[1m\x1b[31mx", b"\x1b[1m\x1b[31mx\x1b[0mbc"),
        ("äöü\r█".encode(), "█öü".encode()),
        (b"\xff\xfe\rx", b"x\xfe"),
        (b"\x1b[Aup\rx", b"x[Aup"),
        (b"\x1b[31mabc\rx", b"\x1b[31mxbc\x1b[0m"),
        (b"", b""),
    ],
)
def test_a_line_is_what_was_written_last_in_each_column(line: bytes, shown: bytes) -> None:
    assert latest(line) == shown


def test_what_a_later_state_covers_is_not_looked_at_again() -> None:
    """A naive terminal, which writes every state, shows the same."""
    generator = random.Random(7)
    for _ in range(2_000):
        states = ["".join(generator.choices("ab ", k=generator.randrange(6))) for _ in range(generator.randrange(1, 8))]
        shown = ""
        for state in states:
            shown = state + shown[len(state) :]

        assert latest("\r".join(states).encode()).decode() == (shown.rstrip(" ") if len(states) > 1 else shown)


def test_a_line_of_text_looks_the_same() -> None:
    assert latest_text("10%\r20% ä") == "20% ä"


def taken(lines: TerminalLines, *pieces: bytes, process: int = 0) -> list[bytes]:
    return [lines.take(Output(process, "stderr", piece)) for piece in pieces]


def test_a_line_is_one_in_the_end_and_has_a_state_until_then() -> None:
    lines = TerminalLines()

    assert taken(lines, b"before\n\r 10%", b"\r 20%") == [b"before\n", b""]
    assert lines.states() == {(0, "stderr"): b" 20%"}
    assert taken(lines, b"\r100%\nafter", b"\n") == [b"100%\n", b"after\n"]
    assert lines.states() == {}


def test_the_end_of_a_process_ends_its_line() -> None:
    lines = TerminalLines()

    assert taken(lines, b"10%\r20%\r", b"") == [b"", b"20%\n"]
    assert taken(lines, b"", process=1) == [b""]


def test_a_line_whose_end_is_that_of_windows_is_not_rewritten() -> None:
    lines = TerminalLines()

    assert taken(lines, b"one\r", b"\ntwo\r\nthr", b"ee\r\n") == [b"", b"one\ntwo\n", b"three\n"]


def test_what_is_not_rewritten_has_no_state() -> None:
    lines = TerminalLines()

    assert taken(lines, b"half", b" of\r", b"it\na", b"b") == [b"", b"", b"itlf of\n", b""]
    assert lines.states() == {}
    assert taken(lines, b"\n") == [b"ab\n"]


def test_the_streams_of_processes_are_apart() -> None:
    lines = TerminalLines()
    lines.take(Output(1, "stdout", b"\rout"))
    lines.take(Output(None, "stderr", b"\rerr"))

    assert lines.states() == {(1, "stdout"): b"out", (None, "stderr"): b"err"}


def test_a_line_that_is_rewritten_a_million_times_takes_the_memory_of_one() -> None:
    lines = TerminalLines()
    pieces = taken(lines, *[b"".join(b"\r%5d" % number for number in range(10_000))] * 10)

    assert pieces == [b""] * 10
    assert sum(map(len, lines._rewritten.values())) < 100


def test_a_line_without_an_end_is_taken_in_pieces() -> None:
    lines = TerminalLines()

    assert taken(lines, b"\r" + b"x" * MAX_LINE, b"x", b"\n") == [b"x" * MAX_LINE + b"\n", b"", b"x\n"]


@given(st.lists(st.sampled_from([b"\r", b"\n", b"a", b"bcd", b"\xc3", b"\xa4", b"\x1b[31m", b"\x1b[0m", b"\x1b[K"])))
def test_the_pieces_in_which_output_comes_do_not_matter(pieces: list[bytes]) -> None:
    lines, whole = TerminalLines(), TerminalLines()

    in_pieces = b"".join([*taken(lines, *pieces), *taken(lines, b"")])

    assert in_pieces == b"".join(taken(whole, b"".join(pieces), b""))
