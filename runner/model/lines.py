"""Join pieces of output into whole lines, for each stream of each process."""

from __future__ import annotations

from itertools import zip_longest

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.model.events import Output

MOST_OF_A_LINE = 1 << 16
"""A line that has no end by then is taken in pieces: memory stays bounded whatever a process writes."""


def line_ends_in(data: bytes) -> int:
    """How many lines end in this piece.

    `bytes.count` looks at each byte, and takes three times as long where lines have 80 of them.
    """
    return len(data) - len(data.replace(b"\n", b""))


class WholeLines:
    """Keeps what has no end yet, for each stream of each process."""

    def __init__(self) -> None:
        self._unfinished: dict[tuple[int | None, str], bytes] = {}

    def take(self, output: Output) -> bytes:
        """The lines that this piece of output finishes, all of them with an end; an empty piece finishes the last."""
        key = (output.process, output.stream)
        before = self._unfinished.pop(key, b"")
        block = before + output.data if before else output.data
        if block.endswith(b"\n"):
            return block
        end = block.rfind(b"\n") + 1
        if not output.data:
            return block + b"\n" if block else block
        if len(block) - end > MOST_OF_A_LINE:
            end = _end_of_characters(block)
            self._keep(key, block[end:])
            return block[:end] + b"\n"
        self._keep(key, block[end:])
        return block[:end]

    def timed(self, output: Output) -> Iterator[tuple[bytes, float | None]]:
        """The same, each line without its end and with the moment at which it was written, where that is known."""
        lines = self.take(output).split(b"\n")[:-1]
        return zip_longest(lines, output.written_at[: len(lines)])

    def give_up(self, key: tuple[int | None, str]) -> bytes:
        """What has no end yet of a stream, which is not kept here any more."""
        return self._unfinished.pop(key, b"")

    def _keep(self, key: tuple[int | None, str], rest: bytes) -> None:
        if rest:
            self._unfinished[key] = rest


def _end_of_characters(data: bytes) -> int:
    """Where the last character of UTF-8 that is there as a whole ends."""
    for back in (1, 2, 3):
        first = data[-back]
        if first >= 0xC0:
            length = 2 if first < 0xE0 else 3 if first < 0xF0 else 4
            return len(data) - back if back < length else len(data)
        if first < 0x80:
            break
    return len(data)
