"""Parse bytes into a `Document`: plain data with source positions, within size limits.

PyYAML's own loaders let the last of two equal keys win, read `on` as a bool, crash on deep nesting and expand nine
aliases of nine to billions. The events of its C parser have none of these faults, and cost the same.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, NoReturn, Protocol

import yaml

from runner.describe.yaml import syntax
from runner.describe.yaml.document import BREAK, Collection, Document, Mark, Marked, Span
from runner.describe.yaml.file_bytes import MAX_FILE
from runner.describe.yaml.scalars import BadScalar, plain, shortened, tagged
from runner.model.errors import InvalidFile, Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from runner.describe.yaml.scalars import Scalar, Value
    from runner.model.problem_ids import ProblemId

MERGED = "merge keys (`<<`)"
"""The beginning of a problem about merged mappings."""
MAX_DEPTH = 64
MAX_NODES = 1_000_000
"""The most values in the document; an alias counts as many as the value that it stands for."""


class _Event(Marked, Protocol):
    """An event of the parser; only those of values have `anchor` and `tag`, and only those of scalars the others."""

    anchor: str | None
    tag: str | None
    implicit: tuple[bool, bool]
    value: str


class _Events(Protocol):
    """A parser."""

    def get_event(self) -> _Event:
        """Return the next event."""


_parser: Callable[[str], _Events] = getattr(yaml, "CBaseLoader", yaml.BaseLoader)
"""libyaml may be missing: slower, the same events."""
_ALIAS: type[object] = yaml.AliasEvent
_SCALAR: type[object] = yaml.ScalarEvent
_MAPPING: type[object] = yaml.MappingStartEvent
_MAPPING_END: type[object] = yaml.MappingEndEvent
_SEQUENCE_END: type[object] = yaml.SequenceEndEvent
_DOCUMENT: type[object] = yaml.DocumentStartEvent
_STREAM_END: type[object] = yaml.StreamEndEvent
_TAG = "tag:yaml.org,2002:"
_SCALAR_TAGS = ("str", "int", "float", "bool", "null")
_FORBIDDEN_IN_ASCII = "[^\t\n\r\x20-\x7e]"
_FORBIDDEN = "[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufeff\uff00-\ufffd\U00010000-\U0010ffff]"
"""Compiled only when it is needed, which takes 5 ms."""
_BOMS = ((codecs.BOM_UTF32_LE, "UTF-32"), (codecs.BOM_UTF16_LE, "UTF-16"), (codecs.BOM_UTF16_BE, "UTF-16"))


def read(text: bytes, file: str, *, lead: str = "") -> Document:
    """Return the document in `text`. Raise `InvalidFile` with every mistake in it as YAML.

    `lead` is what the user wrote before the text: the `PATH=` of a `--set`.
    """
    return _Reader(file, decoded(text, file), lead).document()


def decoded(text: bytes, file: str) -> str:
    """Return the text of a file in UTF-8, without a byte order mark. Raise `InvalidFile` for anything else."""
    if len(text) > MAX_FILE:
        message = f"the file has {len(text):,} bytes; at most {MAX_FILE:,} are read"
        raise InvalidFile((Problem(file, 0, 0, 0, "", message, id="too-large"),))
    for mark, name in _BOMS:
        if text.startswith(mark):
            raise InvalidFile((Problem(file, 1, 1, 1, "", f"the file is in {name}", "save it as UTF-8", "not-utf-8"),))
    try:
        content = text.removeprefix(codecs.BOM_UTF8).decode("utf-8")
    except UnicodeDecodeError as error:
        before = text.removeprefix(codecs.BOM_UTF8)[: error.start].decode("utf-8")
        shown = Document(file, before + "\ufffd", None, None)
        message = f"byte 0x{error.object[error.start]:02x} is not UTF-8"
        raise InvalidFile((shown.problem_at(_at(before), message, "save the file as UTF-8", id="not-utf-8"),)) from None
    forbidden = re.search(_FORBIDDEN_IN_ASCII if content.isascii() else _FORBIDDEN, content)
    if forbidden:
        shown = Document(file, content, None, None)
        message = f"the control character U+{ord(forbidden[0]):04X} is not allowed"
        help = 'inside double quotes, write it as an escape such as "\\e" or "\\x07"'
        raise InvalidFile((shown.problem_at(_at(content[: forbidden.start()]), message, help, id="control-character"),))
    return content


def _at(before: str) -> Span:
    lines = BREAK.split(before)
    return Span(len(lines), len(lines[-1]) + 1, len(lines), len(lines[-1]) + 2)


@dataclass(slots=True)
class _Anchored:
    """The value that an alias stands for. `node` is None while it is being read: an alias to it would be a cycle."""

    value: Value = None
    node: Marked | None = None
    nodes: int = 1
    height: int = 0


class _Reader:
    """Reads one document; collects problems that do not end the reading."""

    def __init__(self, file: str, text: str, lead: str) -> None:
        self._shown = Document(file, text, None, None, lead)
        self._text = text
        self._parser = _parser(text)
        self._problems: list[Problem] = []
        self._anchors: dict[str, _Anchored] = {}
        self._nodes = 0
        self._deepest = 0

    def document(self) -> Document:
        self._next()
        event = self._next()
        if isinstance(event, _STREAM_END):
            self._fail(event, "the file is empty", "a file needs at least `jobs:` with one job", id="empty")
        value, node = self._node(self._next(), 1)
        self._next()
        event = self._next()
        if isinstance(event, _DOCUMENT):
            help = "remove the line `---`, or put the second document into a file of its own"
            self._fail(event, "a second document begins here: a file contains one", help, id="unsupported-yaml")
        if self._problems:
            raise InvalidFile(tuple(sorted(self._problems, key=lambda found: (found.line, found.column))))
        shown = self._shown
        return Document(shown.file, shown.text, value, node, shown.lead)

    def _next(self) -> _Event:
        try:
            return self._parser.get_event()
        except yaml.MarkedYAMLError as error:
            mark, message, help = syntax.explain(error, self._text)
            span = Span(mark.line + 1, mark.column + 1, mark.line + 1, mark.column + 2)
            self._stop(span, message, help, "too-large" if message == syntax.TOO_DEEP else "bad-yaml")

    def _node(self, event: _Event, depth: int) -> tuple[Value, Marked]:
        if isinstance(event, _ALIAS):
            return self._alias(event, depth)
        self._count(event, 1, depth)
        if event.anchor is None:
            return self._content(event, depth)
        anchored = self._anchors[event.anchor] = _Anchored()
        nodes, deepest, self._deepest = self._nodes, self._deepest, depth
        anchored.value, node = self._content(event, depth)
        anchored.node, anchored.nodes = node, self._nodes - nodes + 1
        anchored.height = self._deepest - depth
        self._deepest = max(deepest, self._deepest)
        return anchored.value, node

    def _content(self, event: _Event, depth: int) -> tuple[Value, Marked]:
        if isinstance(event, _SCALAR):
            return self._scalar(event), event
        if isinstance(event, _MAPPING):
            self._check_tag(event, "map")
            return self._mapping(event, depth)
        self._check_tag(event, "seq")
        return self._sequence(event, depth)

    def _alias(self, event: _Event, depth: int) -> tuple[Value, Marked]:
        anchored = self._anchors.get(event.anchor or "")
        if anchored is None:
            self._fail(event, f"the alias `*{event.anchor}` has no anchor `&{event.anchor}` before it", id="bad-yaml")
        if anchored.node is None:
            self._fail(event, f"the alias `*{event.anchor}` is inside the value that it stands for", id="bad-yaml")
        self._count(event, anchored.nodes, depth + anchored.height)
        return anchored.value, anchored.node

    def _count(self, event: _Event, nodes: int, depth: int) -> None:
        self._nodes += nodes
        if self._nodes > MAX_NODES:
            message = f"the file has more than {MAX_NODES:,} values, counting what aliases stand for"
            self._fail(event, message, id="too-large")
        if depth > self._deepest:
            self._deepest = depth
            if depth > MAX_DEPTH:
                self._fail(event, f"nested deeper than {MAX_DEPTH} levels", id="too-large")

    def _mapping(self, start: _Event, depth: int) -> tuple[dict[Scalar, Value], Marked]:
        value: dict[Scalar, Value] = {}
        node = Collection(start.start_mark, start.end_mark)
        while not isinstance(event := self._next(), _MAPPING_END):
            key, key_node = self._key(event, depth)
            item_event = self._next()
            self._check_pair(event, item_event)
            item, item_node = self._node(item_event, depth + 1)
            if key in value:
                line = node.keys[key].start_mark.line + 1
                message = f"the key `{_written(event)}` is given twice, first in line {line}"
                self._found(event, message, id="duplicate-key")
                continue
            value[key], node.keys[key], node.values[key] = item, key_node, item_node
        node.end_mark = event.end_mark
        return value, node

    def _sequence(self, start: _Event, depth: int) -> tuple[list[Value], Marked]:
        value: list[Value] = []
        node = Collection(start.start_mark, start.end_mark)
        while not isinstance(event := self._next(), _SEQUENCE_END):
            item, node.values[len(value)] = self._node(event, depth + 1)
            value.append(item)
        node.end_mark = event.end_mark
        return value, node

    def _key(self, event: _Event, depth: int) -> tuple[Scalar, Marked]:
        before = len(self._problems)
        key, node = self._node(event, depth + 1)
        if isinstance(key, list | dict):
            del self._problems[before:]  # problems inside it would follow from this one
            kind = "mapping" if isinstance(key, dict) else "list"
            help = "text that begins with `{` or `[` must be in quotes"
            self._fail(event, f"a key cannot be a {kind}", help, id="key-not-text")
        if key != key:  # noqa: PLR0124  # NaN, which is equal to nothing and so never found again
            self._found(event, "a key cannot be `.nan`", id="key-not-text")
        if key == "<<" and getattr(event, "implicit", (False,))[0]:
            help = "write the keys out; or use `replicas` for processes that are alike"
            self._found(event, f"{MERGED} are not part of YAML 1.2 and not supported", help, id="unsupported-yaml")
        return key, node

    def _check_pair(self, key: _Event, value: _Event) -> None:
        """Refuse `{i}`, a mapping with a key and no value: no user means that."""
        end = key.end_mark.index
        if not isinstance(value, _SCALAR) or value.start_mark.index != value.end_mark.index:
            return
        if ":" not in self._text[end : max(end + 1, value.start_mark.index)]:
            written = _written(key)
            help = f"if text is meant, put it in quotes: '{{{written}}}'; placeholders are written $name"
            self._found(key, f"the key `{written}` has no `:` and no value", help, id="missing-value")

    def _scalar(self, event: _Event) -> Scalar:
        try:
            if event.tag is None:
                return plain(event.value) if event.implicit[0] else str(event.value)
            kind = str(event.tag).removeprefix(_TAG)
            if event.tag == "!":
                kind = "str"
            if kind not in _SCALAR_TAGS:
                self._found(event, _unknown_tag(event.tag), _TAG_HELP, id="unsupported-yaml")
                return str(event.value)
            return tagged(event.value, kind)
        except BadScalar as error:
            self._found(event, str(error), id="unreadable-number")
            return str(event.value)

    def _check_tag(self, event: _Event, kind: str) -> None:
        if event.tag not in (None, "!", _TAG + kind):
            self._found(event, _unknown_tag(event.tag), _TAG_HELP, id="unsupported-yaml")

    def _found(self, event: _Event, message: str, help: str | None = None, *, id: ProblemId) -> None:
        self._problems.append(self._shown.problem_at(_span(event), message, help, id=id))

    def _fail(self, event: _Event, message: str, help: str | None = None, *, id: ProblemId) -> NoReturn:
        self._stop(_span(event), message, help, id)

    def _stop(self, span: Span, message: str, help: str | None, id: ProblemId) -> NoReturn:
        self._problems.append(self._shown.problem_at(span, message, help, id=id))
        raise InvalidFile(tuple(sorted(self._problems, key=lambda found: (found.line, found.column)))) from None


_TAG_HELP = "remove it; tags here are !!str !!int !!float !!bool !!null !!seq !!map"


def _unknown_tag(tag: str) -> str:
    written = "!!" + tag.removeprefix(_TAG) if tag.startswith(_TAG) else tag
    return f"the tag `{shortened(written)}` has no meaning here"


def _written(event: _Event) -> str:
    return f"*{event.anchor}" if isinstance(event, _ALIAS) else shortened(event.value)


def _span(event: _Event) -> Span:
    start: Mark = event.start_mark
    end: Mark = event.end_mark
    return Span(start.line + 1, start.column + 1, end.line + 1, end.column + 1)
