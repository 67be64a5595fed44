"""Resolve carriage returns in output, as in progress bars, into the text that a terminal would show. Pure."""

from __future__ import annotations

import re

from runner.model.lines import MAX_LINE, WholeLines

TYPE_CHECKING = False
if TYPE_CHECKING:
    from runner.model.events import Output

    Stream = tuple[int | None, str]
    """A process, or None for the supervisor, and the name of its stream."""


def latest(line: bytes) -> bytes:
    """Return the line as a terminal finally shows it, with its carriage returns applied; colours are kept.

    Every character is taken to be one column wide.
    """
    return _shown(line)[0] if b"\r" in line else line


def latest_text(line: str) -> str:
    """Return the same for a line of text, such as the history stores."""
    return latest(line.encode(errors="surrogateescape")).decode(errors="surrogateescape")


def _shown(line: bytes) -> tuple[bytes, bytes]:
    """Return the line as a terminal shows it, and the colour that applies to the text after it."""
    cells: list[tuple[str, str]] = []
    color = ""
    for segment in _not_covered(line.decode(errors="surrogateescape").split("\r")):
        color = _write(cells, segment, color)
    return _joined(cells).encode(errors="surrogateescape"), color.encode()


class TerminalLines:
    """Whole lines for a terminal: of a line that is being rewritten only the last state, which is kept separately."""

    def __init__(self) -> None:
        self._lines = WholeLines()
        self._rewritten: dict[Stream, bytes] = {}

    def take(self, output: Output) -> bytes:
        """Return the lines that this output completes, each with its line end; an empty piece completes the last
        line."""
        stream = (output.process, output.stream)
        if b"\r" not in output.data and stream not in self._rewritten:
            return self._lines.take(output)
        block = self._rewritten.pop(stream, b"") + self._lines.give_up(stream) + output.data
        whole, end, rest = block.rpartition(b"\n") if output.data else (block, b"\n", b"")
        rest = _shortened(rest)
        if len(rest) > MAX_LINE:
            whole, end, rest = b"".join((whole, end, rest)), b"\n", b""
        if rest:
            self._rewritten[stream] = rest
        return b"".join(latest(line) + b"\n" for line in whole.split(b"\n")) if end else b""

    def states(self) -> dict[Stream, bytes]:
        """Return the visible state of each line that is being rewritten."""
        return {stream: latest(line) for stream, line in self._rewritten.items() if b"\r" in line}


def _not_covered(segments: list[str]) -> list[str]:
    """Return the segments that later segments do not cover completely: of a thousand states of a progress bar a few
    remain."""
    left: list[str] = []
    longest = 0
    for segment in reversed(segments):
        if "\x1b" in segment or len(segment) > longest:
            left.append(segment)
            longest = longest if "\x1b" in segment else len(segment)
    return left[::-1]


def _shortened(line: bytes) -> bytes:
    """Return a shorter line that looks the same, whatever follows it: without the text that was overwritten."""
    before, is_rewritten, last = line.rpartition(b"\r")
    return b"\r".join((b"".join(_shown(before)), last)) if is_rewritten else line


def _write(cells: list[tuple[str, str]], segment: str, color: str) -> str:
    """Write a segment over the cells, from the first one on, and return the colour at its end.

    A cell is a colour and a character.
    """
    column = 0
    for found in _TOKEN.finditer(segment):
        text = found[0]
        if text.endswith("m") and len(text) > 1:
            color = "" if found["code"] in ("", "0") else color + text
        elif text.endswith("K") and len(text) > 1:
            _erase(cells, column, found["code"])
        elif len(text) == 1:
            cells += [("", " ")] * (column + 1 - len(cells))
            cells[column] = color, text
            column += 1
    return color


def _erase(cells: list[tuple[str, str]], column: int, code: str) -> None:
    """Erase from the cursor to the end of the line, from its beginning to the cursor, or all of it."""
    if code in ("", "0"):
        del cells[column:]
    else:
        end = len(cells) if code == "2" else min(column + 1, len(cells))
        cells[:end] = [("", " ")] * end


def _joined(cells: list[tuple[str, str]]) -> str:
    """Return the text of the cells, without trailing blanks that no text was written to."""
    parts: list[str] = []
    before = ""
    for color, text in cells:
        if color != before:
            parts += (_RESET if before else "", color)
            before = color
        parts.append(text)
    return "".join([*parts, _RESET if before else ""]).rstrip(" ")


_TOKEN = re.compile(r"\x1b\[(?P<code>[0-9;]*)[mK]|\x1b\[\?25[hl]|.", re.DOTALL)
"""A colour, an erasure, a command that hides or shows the cursor (which is left out), or a character."""
_RESET = "\x1b[0m"
