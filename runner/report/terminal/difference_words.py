"""Describe ends, values and settings that differ in words."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from runner.model.exit_codes import signal_name
from runner.report.terminal.formatting import duration, harmless
from runner.report.terminal.listing import start_of

if TYPE_CHECKING:
    from runner.history.compare import OutputChange, ValueChange
    from runner.history.event_queries import End
    from runner.model.json_types import Json


def end_in_words(end: End | None) -> str:
    if end is None:
        return "no such process"
    code = end.exit_code
    said = [
        "" if code is None else f"exit code {code}" if code >= 0 else signal_name(-code),
        end.error or "",
        f"its limit of {end.limit}" if end.limit else "",
    ]
    details = ", ".join(filter(None, said))
    return f"{end.outcome} ({details})" if details else end.outcome


def expected_in_words(end: End | None) -> str:
    return "" if end is None or end.expected is None else ", expected" if end.expected else ", not expected"


def row_of(change: ValueChange) -> tuple[str, str, str]:
    return change.name, value_in_words(change.before), value_in_words(change.after)


def setting_row(change: ValueChange) -> tuple[str, str, str]:
    """Return a field's value; a field without one is not set: there is a default, or nothing."""
    before, after = ("not set" if value is None else value_in_words(value) for value in (change.before, change.after))
    return change.name, before, after


def value_in_words(value: Json) -> str:
    match value:
        case None:
            return "none"
        case str():
            return value
        case bool() | list() | dict():
            return json.dumps(value, ensure_ascii=False)
        case int():
            return f"{value:,}"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.6g}"


def output_row(change: OutputChange) -> tuple[str, str, str]:
    stream = "" if change.stream == "stdout" else f", {change.stream}"
    before, after = ("no such line" if line is None else line for line in (change.before, change.after))
    return f"{change.process}{stream}, line {change.line:,}", before, after


def measured_in_words(name: str, value: Json) -> str:
    if isinstance(value, int | float) and not name.endswith("per_second"):
        return duration(value)
    return value_in_words(value)


def parts_that_differ(before: str, after: str, room: int) -> list[str]:
    """Return both texts; if they are too long, from shortly before their first difference on."""
    before, after = harmless(before), harmless(after)
    different = (index for index, (old, new) in enumerate(zip(before, after, strict=False)) if old != new)
    skipped = next(different, min(len(before), len(after))) - _SHOWN_BEFORE
    if len(before) + len(after) > room and skipped > 0:
        before, after = f"…{before[skipped:]}", f"…{after[skipped:]}"
    half = room // 2
    return [start_of(before, max(half, room - len(after))), start_of(after, max(half, room - len(before)))]


_SHOWN_BEFORE = 8
"""The common characters of two long values that are shown before the first difference."""
