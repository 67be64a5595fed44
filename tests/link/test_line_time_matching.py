"""Lines, and what was told of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.link import line_time_matching
from runner.link.line_time_matching import LineMatching
from runner.link.line_times import HEAD, TOLD


def told(at_s: float, line: bytes, number: int = 0) -> bytes:
    return TOLD % (number, round(at_s * 1e9), len(line), line[:HEAD])


def matching(*lines: tuple[float, bytes], number: int = 0) -> LineMatching:
    """Of processes 0 and 1, after one of them has told of these lines."""
    made = LineMatching([0, 1])
    for at_s, line in lines:
        made.take(told(at_s, line, number))
    return made


def test_each_line_has_the_moment_that_was_told_of_it() -> None:
    found = matching((1.5, b"one"), (2.5, b""), (3.5, b"three"))

    assert found.moments(0, b"one\n\nthree\n") == (1.5, 2.5, 3.5)
    assert found.moments(0, b"one\n") == (None,)


def test_a_line_may_come_in_pieces_before_it_was_told_and_after() -> None:
    found = matching()

    assert found.moments(0, b"o") == ()
    found.take(told(1.0, b"one")[:7])
    found.take(told(1.0, b"one")[7:])
    assert found.moments(0, b"n") == ()
    assert found.moments(0, b"e\ntw") == (1.0,)
    found.take(told(2.0, b"two"))
    assert found.moments(0, b"o\n") == (2.0,)


@pytest.mark.parametrize(
    ("data", "moments"),
    [
        (b"other\none\ntwo\n", (None, 1.0, 2.0)),
        (b"one\nother\ntwo\n", (1.0, None, 2.0)),
        (b"other one\ntwo\n", (None, None)),
        (b"on\none\n", (None, 1.0)),
        (b"two\none\n", (None, 1.0)),
    ],
)
def test_what_something_else_writes_in_between_has_no_moment(data: bytes, moments: tuple[float | None, ...]) -> None:
    assert matching((1.0, b"one"), (2.0, b"two")).moments(0, data) == moments


def test_long_lines_are_known_by_their_beginning_and_their_length() -> None:
    line = b"x" * HEAD * 3
    found = matching((1.0, line), (2.0, line + b"a"))

    assert found.moments(0, line[:HEAD] + b"y\n" + line[:-1]) == (None,)
    assert found.moments(0, b"x\n" + line + b"b\n") == (1.0, 2.0)


def test_a_last_line_without_an_end_ends_with_the_process() -> None:
    found = matching((1.0, b"last"))

    assert found.moments(0, b"last") == ()
    assert found.moments(0, b"") == (1.0,)
    assert found.moments(0, b"") == ()


def test_of_each_process_its_own_lines_are_told() -> None:
    found = matching((1.0, b"x"), number=1)

    assert found.moments(0, b"x\n") == (None,)
    assert found.moments(1, b"x\n") == (1.0,)
    assert found.moments(2, b"x\n") == ()


@pytest.mark.parametrize("junk", [b"\n", b"junk\n", b"7 1 1 x\n", b"0 soon 1 x\n", b"0\n"])
def test_what_is_nothing_to_tell_is_dropped(junk: bytes) -> None:
    found = matching()
    found.take(junk + told(1.0, b"x"))

    assert found.moments(0, b"x\n") == (1.0,)


def test_nothing_is_believed_of_a_process_that_tells_of_lines_that_never_come(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line_time_matching, "MAX_WAITING", 2)
    found = matching((1.0, b"a"), (2.0, b"b"), (3.0, b"c"), (4.0, b"d"))

    assert found.moments(0, b"a\nd\n") == (None, None)


lines = st.lists(st.binary(max_size=5).map(lambda line: line.replace(b"\n", b"")), max_size=8)


@given(lines, st.data())
def test_however_what_is_told_and_what_is_written_come_each_line_has_its_moment(
    every: list[bytes], data: st.DataObject
) -> None:
    found = LineMatching([0])
    moments: list[float | None] = []
    written = b"".join(line + b"\n" for line in every)
    said = b"".join(told(number, line) for number, line in enumerate(every))
    ends = [0]
    for line in every:
        ends.append(ends[-1] + len(line) + 1)
    read = heard = 0
    while read < len(written):
        until = data.draw(st.integers(read + 1, len(written)))
        due = sum(end < until for end in ends)  # told before they are written
        least = len(b"".join(told(number, line) for number, line in enumerate(every[:due])))
        most = data.draw(st.integers(max(heard, least), len(said)))
        found.take(said[heard:most])
        heard = max(heard, most)
        moments += found.moments(0, written[read:until])
        read = until

    assert moments == [float(number) for number in range(len(every))]
