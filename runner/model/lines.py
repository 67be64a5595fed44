"""Split output into whole lines, for each stream of each process."""

from __future__ import annotations

from itertools import zip_longest

from runner.model.records import replace

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.model.events import Output

MAX_LINE = 1 << 16
"""A longer line is split into pieces, so that memory stays bounded."""


def line_ends_in(data: bytes) -> int:
    """Return how many lines end in this piece.

    `bytes.count` looks at each byte, and takes three times as long for lines of 80 bytes.
    """
    return len(data) - len(data.replace(b"\n", b""))


def timed_lines(output: Output) -> Iterator[tuple[bytes, float | None]]:
    """Return the lines that this output completes, without their ends, each with the time when it was written, if
    known."""
    lines = output.lines.split(b"\n")[:-1]
    return zip_longest(lines, output.written_at[: len(lines)])


class WholeLines:
    """Buffers the unfinished line of each stream of each process."""

    def __init__(self) -> None:
        self._unfinished: dict[tuple[int | None, str], bytes] = {}

    def take(self, output: Output) -> bytes:
        """Return the lines that this output completes, each with its line end; an empty piece completes the last
        line."""
        key = (output.process, output.stream)
        before = self._unfinished.pop(key, b"")
        block = before + output.data if before else output.data
        if block.endswith(b"\n"):
            return block
        end = block.rfind(b"\n") + 1
        if not output.data:
            return block + b"\n" if block else block
        if len(block) - end > MAX_LINE:
            end = _end_of_characters(block)
            self._keep(key, block[end:])
            return block[:end] + b"\n"
        self._keep(key, block[end:])
        return block[:end]

    def split(self, output: Output) -> Output:
        """Return the output with these lines as its `lines`."""
        return replace(output, lines=self.take(output))

    def give_up(self, key: tuple[int | None, str]) -> bytes:
        """Return the unfinished line of a stream, and forget it."""
        return self._unfinished.pop(key, b"")

    def _keep(self, key: tuple[int | None, str], rest: bytes) -> None:
        if rest:
            self._unfinished[key] = rest


def _end_of_characters(data: bytes) -> int:
    """Return the index after the last complete UTF-8 character."""
    for back in (1, 2, 3):
        first = data[-back]
        if first >= 0xC0:
            length = 2 if first < 0xE0 else 3 if first < 0xF0 else 4
            return len(data) - back if back < length else len(data)
        if first < 0x80:
            break
    return len(data)
