"""The note, an explanation of something surprising, and how its sentences list names and parts. Pure."""

from __future__ import annotations

from runner.model.records import record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from runner.model.words import ForeignWord, NotAsDeclared, NoteWord


@record(frozen=True, slots=True)
class Note:
    """One explanation: the word that a program looks for, the process that it is about, and the text that a person
    reads.

    Only the first note of one kind and job is reported, the others are counted. `subject` distinguishes notes with the
    same `about` that each have to be reported: the name of a thing, a variable, a field of `expect`.
    """

    about: NoteWord | NotAsDeclared | ForeignWord
    process: str | None
    text: str
    subject: str = ""


MAX_PARTS = 8
"""The parts of a circle, or of a list of waiters, that are reported: more would fill the screen."""
MAX_NAMES = 8


def listed(names: list[str]) -> str:
    """Return names as a part of a sentence: the first ones, and the number of the others."""
    if len(names) > MAX_NAMES + 1:
        return f"{', '.join(names[:MAX_NAMES])} and {len(names) - MAX_NAMES} more"
    *first, last = names
    return f"{', '.join(first)} and {last}" if first else last


def folded(parts: list[str]) -> list[str]:
    """Return the parts of a sentence: the first ones and the last, and the number of those between them."""
    left_out = len(parts) - MAX_PARTS
    return parts if left_out <= 1 else [*parts[: MAX_PARTS - 1], f"… ({left_out:,} more like these)", parts[-1]]
