"""What a process tells of the lines that it is about to write."""

from __future__ import annotations

import contextlib
import io
import os
import sys
import time
from typing import TYPE_CHECKING

import pytest

from runner.link.line_time_matching import LineMatching
from runner.link.line_times import HEAD
from runner.supervise.child import line_clock
from runner.supervise.child.line_clock import LineClock

if TYPE_CHECKING:
    from collections.abc import Iterator


class Pipe:
    """The pipe to the front, and what the front makes of it."""

    def __init__(self) -> None:
        self.read, self.write = os.pipe()
        for end in (self.read, self.write):
            os.set_blocking(end, False)
        self.matching = LineMatching([3])
        self.clock = LineClock(3, self.write)

    def moments(self, data: bytes) -> tuple[float | None, ...]:
        while told := _read(self):
            self.matching.take(told)
        return self.matching.moments(3, data)


@pytest.fixture
def pipe() -> Iterator[Pipe]:
    made = Pipe()
    yield made
    os.close(made.read)
    os.close(made.write)


@pytest.mark.parametrize(
    "texts",
    [
        ("one\n",),
        ("one\n", "\n", "two\n"),
        ("one\ntwo\n",),
        ("o", "n", "e\n", "two\n"),
        ("one\ntw", "o\n"),
        ("ü\n", "€ \N{SNAKE}\n"),
        ("x" * HEAD * 2 + "\n", "x" * HEAD, "x" * HEAD, "y\n"),
    ],
)
def test_each_line_has_a_moment(texts: tuple[str, ...], pipe: Pipe) -> None:
    began = time.monotonic()
    for text in texts:
        pipe.clock.see(text)

    found = pipe.moments("".join(texts).encode())

    assert len(found) == "".join(texts).count("\n")
    assert all(at is not None and began <= at <= time.monotonic() for at in found)
    assert sorted(found, key=lambda at: at or 0) == list(found)


def test_a_last_line_without_an_end_is_told_at_the_end(pipe: Pipe) -> None:
    pipe.clock.see("one\nla")
    pipe.clock.see("st")
    pipe.clock.end()

    assert None not in pipe.moments(b"one\nlast")
    assert pipe.moments(b"")[0] is not None


def test_where_all_lines_have_ended_nothing_is_told_at_the_end(pipe: Pipe) -> None:
    pipe.clock.see("one\n")
    os.read(pipe.read, 1 << 16)

    pipe.clock.end()

    with pytest.raises(BlockingIOError):
        os.read(pipe.read, 1)


@pytest.mark.parametrize(
    ("raised", "is_told"),
    [
        ([BlockingIOError()], True),
        ([BlockingIOError(), BlockingIOError(), BlockingIOError()], True),
        ([BlockingIOError(), BrokenPipeError()], False),
        ([BrokenPipeError()], False),
    ],
)
def test_a_process_waits_for_room_in_the_pipe_and_not_for_a_front_that_is_gone(
    raised: list[OSError], is_told: bool, pipe: Pipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    write = os.write

    def write_if_there_is_room(descriptor: int, data: bytes) -> int:
        if raised:
            raise raised.pop(0)
        return write(descriptor, data)

    monkeypatch.setattr(os, "write", write_if_there_is_room)

    pipe.clock.see("x\n")
    pipe.clock.see("x\n")

    assert (None not in pipe.moments(b"x\nx\n")) is is_told
    assert raised == []


def _read(pipe: Pipe) -> bytes:
    with contextlib.suppress(BlockingIOError):
        return os.read(pipe.read, 1 << 16)
    return b""


@pytest.mark.parametrize("broken", ["closed", "full"])
def test_a_front_that_does_not_read_hinders_no_printing(
    broken: str, pipe: Pipe, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line_clock, "TIMEOUT_MS", 10)
    clock = LineClock(3, pipe.write if broken == "full" else 10_000)

    clock.see("x\n" * 20_000)
    clock.see("more\n")
    clock.end()

    told = b"" if broken == "closed" else os.read(pipe.read, 1 << 20)
    assert b"more" not in told


def test_text_is_told_as_stdout_encodes_it(pipe: Pipe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", io.TextIOWrapper(io.BytesIO(), "latin-1", "replace"))
    clock = LineClock(3, pipe.write)

    clock.see("ü€\n")

    assert None not in pipe.moments(b"\xfc?\n")


def test_a_process_without_a_stdout_tells_as_it_would_write(pipe: Pipe, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdout", None)

    LineClock(3, pipe.write).see("ü\n")

    assert None not in pipe.moments("ü\n".encode())
