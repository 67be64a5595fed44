"""Whole lines, however the bytes come."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from runner.model.events import Output
from runner.model.lines import MAX_LINE, WholeLines, line_ends_in


def taken(lines: WholeLines, *pieces: bytes, process: int = 0, stream: str = "stdout") -> list[bytes]:
    return [lines.take(Output(process, stream, piece)) for piece in pieces]


def test_half_a_line_waits_for_its_end_or_the_streams() -> None:
    assert taken(WholeLines(), b"ha", b"lf\nrest", b"") == [b"", b"half\n", b"rest\n"]


def test_a_stream_that_ends_with_its_last_line_has_no_other() -> None:
    assert taken(WholeLines(), b"one\n", b"") == [b"one\n", b""]


def test_streams_do_not_mingle() -> None:
    lines = WholeLines()

    assert taken(lines, b"a") + taken(lines, b"b", process=1) + taken(lines, b"c", stream="stderr") == [b""] * 3
    assert taken(lines, b"\n") == [b"a\n"]


def test_a_line_of_64_kib_waits_for_its_end_and_a_longer_one_does_not() -> None:
    assert MAX_LINE == 64 * 1024
    assert taken(WholeLines(), b"x" * MAX_LINE) == [b""]
    assert taken(WholeLines(), b"x" * (MAX_LINE + 1), b"\n") == [b"x" * (MAX_LINE + 1) + b"\n", b"\n"]


@given(st.text(st.sampled_from("aé한🙂"), min_size=1, max_size=9), st.integers(1, 40))
def test_a_piece_of_a_long_line_ends_with_a_whole_character(characters: str, beyond: int) -> None:
    text = characters * (MAX_LINE // len(characters.encode()) + 50)
    data = text.encode()
    cut = MAX_LINE + beyond

    pieces = taken(WholeLines(), data[:cut], data[cut:], b"")

    assert "".join(piece.decode().replace("\n", "") for piece in pieces) == text


def test_what_is_no_utf_8_is_cut_anywhere() -> None:
    for end in (b"\x80\x80\x80\x80", b"\xff", b"\xc3\x80"):
        data = b"x" * MAX_LINE + end

        assert b"".join(taken(WholeLines(), data, b"")).replace(b"\n", b"") == data


@given(st.lists(st.sampled_from([b"\n", b"\r", b"ab"])).map(b"".join))
def test_each_end_of_a_line_is_counted(data: bytes) -> None:
    assert line_ends_in(data) == data.count(b"\n")
