"""A YAML document as plain Python data, with the source position of every value."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

from runner.model.errors import Problem
from runner.model.records import field, record

if TYPE_CHECKING:
    from runner.describe.yaml.scalars import Scalar
    from runner.model.problem_ids import ProblemId

Path: TypeAlias = "tuple[Scalar, ...]"
"""The path of a value: keys of mappings and indices of sequences."""

BREAK = re.compile(r"\r\n|[\n\r\x85\u2028\u2029]")
"""The line breaks of the YAML parser, whose lines and columns we show."""


class Mark(Protocol):
    """A position in the text, counted from 0."""

    @property
    def index(self) -> int:
        """The index in the whole text."""

    @property
    def line(self) -> int:
        """The line."""

    @property
    def column(self) -> int:
        """The index in the line."""


class Marked(Protocol):
    """Anything with a start and an end: a scalar's event is its own node."""

    start_mark: Mark
    end_mark: Mark


class Collection:
    """The position of a mapping or a sequence, and the nodes in it."""

    __slots__ = ("end_mark", "keys", "start_mark", "values")

    def __init__(self, start_mark: Mark, end_mark: Mark) -> None:
        self.start_mark = start_mark
        self.end_mark = end_mark
        self.keys: dict[Scalar, Marked] = {}
        self.values: dict[Scalar, Marked] = {}


@record(frozen=True, slots=True)
class Span:
    """The position of a value or a key; lines and columns count from 1, in characters. The end is exclusive."""

    line: int
    column: int
    end_line: int
    end_column: int


@record(frozen=True, slots=True)
class Document:
    """A document. `value` is plain data, `root` the positions of its parts, `lead` the text before the first line.

    `overlays` are documents that replace parts of this one: the values of `--set`.
    """

    file: str
    text: str
    value: Any  # what a user's file holds: whatever reads it checks it
    root: Marked | None
    lead: str = ""
    overlays: dict[Path, Document] = field(default_factory=dict)

    def problem(
        self,
        path: Path,
        message: str,
        help: str | None = None,
        *,
        id: ProblemId,
        key: bool = False,
        within: tuple[int, int] | None = None,
    ) -> Problem:
        """Return a problem at the value of `path`, or at its key; for a missing value, at the place where it would be.

        `within` limits the mark to (offset, width) of a scalar's text, if the file has that text unchanged.
        """
        over = self._overlay(path)
        if over is not None:
            prefix, document = over
            if key and len(prefix) == len(path):
                return document._at_last_key(message, help, id)
            return document.problem(path[len(prefix) :], message, help, id=id, key=key, within=within)
        span = self.span(path, key=key)
        if within is not None:
            span = self._narrowed(span, path, *within)
        return self.problem_at(span, message, help, id=id)

    def problem_at(self, span: Span, message: str, help: str | None = None, *, id: ProblemId) -> Problem:
        """Return a problem at this position."""
        excerpt = self.excerpt(span.line)
        column = span.column + (len(self.lead) if span.line == 1 else 0)
        end = column + span.end_column - span.column if span.end_line == span.line else len(excerpt.rstrip()) + 1
        return Problem(self.file, span.line, column, max(1, end - column), excerpt, message, help, id)

    def span(self, path: Path, *, key: bool = False) -> Span:
        """Return the position of the value of `path` or of its key. An empty value has the position of its key."""
        node, key_node, depth = self._find(path)
        if key_node is not None and depth == len(path) and (key or _is_empty(node)):
            node = key_node
        return _span(node) if node is not None else Span(1, 1, 1, 1)

    def excerpt(self, line: int) -> str:
        """Return the text of a line, without its end."""
        lines = BREAK.split(self.text)
        excerpt = lines[line - 1] if line <= len(lines) else ""
        return self.lead + excerpt if line == 1 else excerpt

    def written(self, path: Path, *, key: bool = False) -> str | None:
        """Return the scalar of `path`, or its key, as it is written: `3.10` for the number 3.1; None for anything
        else."""
        over = self._overlay(path)
        if over is not None:
            prefix, document = over
            return document.written(path[len(prefix) :], key=key)
        node, key_node, depth = self._find(path)
        text = getattr(key_node if key else node, "value", None)
        return text if depth == len(path) and isinstance(text, str) else None

    def line_of(self, path: Path) -> int:
        """Return the line of the value of `path`, in this document."""
        return self.span(path).line

    def _find(self, path: Path) -> tuple[Marked | None, Marked | None, int]:
        node, depth = self.root, 0
        key: Marked | None = None
        for step in path:
            if not isinstance(node, Collection) or step not in node.values:
                break
            key = node.keys.get(step)
            node = node.values[step]
            depth += 1
        return node, key, depth

    def _overlay(self, path: Path) -> tuple[Path, Document] | None:
        for end in range(len(path), -1, -1):
            if path[:end] in self.overlays:
                return path[:end], self.overlays[path[:end]]
        return None

    def _at_last_key(self, message: str, help: str | None, id: ProblemId) -> Problem:
        """Return a problem at the last key of the path of a `--set`: `join` in `jobs.a.join=1`."""
        path = self.lead.removesuffix("=")
        start = max(path.rfind("."), path.rfind("[")) + 1
        excerpt = self.excerpt(1)
        return Problem(self.file, 1, start + 1, max(1, len(path) - start), excerpt, message, help, id)

    def _narrowed(self, span: Span, path: Path, offset: int, width: int) -> Span:
        if span.line != span.end_line:
            return span
        node, _, _ = self._find(path)
        raw = BREAK.split(self.text)[span.line - 1][span.column - 1 : span.end_column - 1]
        value = getattr(node, "value", None)
        if isinstance(value, str) and raw[1:-1] == value and raw[:1] in "'\"":
            offset += 1
        elif raw != value:
            return span
        return Span(span.line, span.column + offset, span.line, span.column + offset + width)


def _is_empty(node: Marked | None) -> bool:
    return node is not None and node.start_mark.index == node.end_mark.index


def _span(node: Marked) -> Span:
    start, end = node.start_mark, node.end_mark
    return Span(start.line + 1, start.column + 1, end.line + 1, end.column + 1)
