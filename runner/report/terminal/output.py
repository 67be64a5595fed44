"""Write the processes' output to stdout and stderr in whole lines, each prefixed with its process's name.

A block of lines gets its names by one `bytes.replace`, and is written without another copy: line by line would cost
twice as much, and each copy as much again.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from runner.model.events import MAIN_PROCESS
from runner.model.rewritten_lines import TerminalLines

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from typing import TypeAlias

    from runner.model.events import Output

    Write: TypeAlias = Callable[[str, list[bytes | memoryview]], None]
    """Writes these pieces to stdout or stderr."""

_WIDEST = 24
_COLORS = (36, 33, 32, 35, 34, 96, 93, 92, 95, 94)
_STEERS = re.compile(rb"\x1b\[[0-9;]*m|\r(?=\n)|[\x00-\x08\x0b-\x1f\x7f]|\xc2[\x80-\x9f]")
_RESET = b"\x1b[0m"


class Prefixed:
    """Shows output as `name │ line`, the names in one column. `write` receives the stream, and whole lines in
    pieces."""

    def __init__(
        self,
        names: Sequence[str],
        write: Write,
        *,
        color: bool,
        escapes: bool,
        terminals: frozenset[str] = frozenset(),
    ) -> None:
        """`names` are those of the processes, by number.

        `escapes` shows control characters instead of passing them on, for a terminal: only colours pass. `terminals`
        are the streams that are connected to one. Of a line there that is rewritten, the last state is shown.
        """
        self._write = write
        self._escapes = escapes
        self._terminals = terminals
        self._terminal_lines = TerminalLines()
        width = min(max(map(len, names), default=0), _WIDEST)
        self._prefixes: dict[int | None, bytes] = {
            number: _prefix(name, width, _COLORS[number % len(_COLORS)] if color else None)
            for number, name in enumerate(names)
        }
        self._prefixes[None] = _prefix(MAIN_PROCESS, width, 90 if color else None)

    def show(self, output: Output) -> None:
        """Show the lines that this output completes, everything if it is the last piece."""
        is_on_terminal = output.stream in self._terminals
        if block := self._terminal_lines.take(output) if is_on_terminal else output.lines:
            self._show(output.stream, block, self._prefixes[output.process])

    def states(self) -> list[bytes]:
        """Return the lines that are being rewritten now, with their names."""
        return [
            self._prefixes[process] + _harmless(state)
            for (process, _), state in self._terminal_lines.states().items()
            if state
        ]

    def _show(self, stream: str, block: bytes, prefix: bytes) -> None:
        if self._escapes and _STEERS.search(block):
            block = b"\n".join(map(_harmless, block.split(b"\n")))
        lines = block.replace(b"\n", b"\n" + prefix)
        self._write(stream, [prefix, memoryview(lines)[: -len(prefix)]])


class Raw:
    """Shows output as it is."""

    def __init__(self, write: Write) -> None:
        self._write = write

    def show(self, output: Output) -> None:
        """Pass the bytes on."""
        if output.data:
            self._write(output.stream, [output.data])


def _prefix(name: str, width: int, color: int | None) -> bytes:
    padded = f"{name:<{width}} │"
    shown = padded if color is None else f"\x1b[{color}m{padded}\x1b[0m"
    return f"{shown} ".encode(errors="backslashreplace")


def _harmless(line: bytes) -> bytes:
    """Return the line with control characters made visible; a colour ends with it."""
    shown = _STEERS.sub(_made_visible, line)
    return shown + _RESET if b"\x1b" in shown else shown


def _made_visible(found: re.Match[bytes]) -> bytes:
    text = found[0]
    if text.startswith(b"\x1b["):
        return text
    return b"".join(b"\\x%02x" % byte for byte in text) if text != b"\r" or found.end() < len(found.string) else b""
