"""Count notes by kind and job, to report each kind once and its total at the end of the run. Pure."""

from __future__ import annotations

from runner.model.event_types import Noted
from runner.model.records import replace
from runner.notes.lives import listed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from runner.model.events import Event
    from runner.notes.lives import Note

MOST_SUBJECTS = 5
"""Subjects of one kind that are reported for one job. Notes on further ones are only counted."""
MOST_OF_A_NOTE = 960
"""Characters of a note: 16 lines on a terminal of 80 columns, so that a screen has room for what it explains."""


class CountedNote:
    """The first note of its kind in a job, and how many such notes there have been."""

    __slots__ = ("count", "job", "note", "processes", "reported_in")

    def __init__(self, note: Note, job: str | None) -> None:
        self.note = note
        self.job = job
        self.count = 0
        self.processes: dict[str, None] = {}
        """The processes that these notes are about, in order."""
        self.reported_in: int | None = None
        """The number of the event that reported the first one."""

    @property
    def has_news(self) -> bool:
        """Whether the end of the run has something to report that has not been reported yet."""
        return self.reported_in is None or self.count > 1

    def fact(self) -> Noted:
        """What the event of the first note says, or at the end that of all of them."""
        note = self.note
        return Noted(
            note.about, note.process, self._text(), self.job, self.count, tuple(self.processes), self.reported_in
        )

    def _text(self) -> str:
        if self.count == 1:
            return _cut(self.note.text, MOST_OF_A_NOTE)
        names = list(self.processes)
        of = f": {listed(names)}" if len(names) > 1 else ""
        total = _cut(f" Noted {self.count:,} times in all{of}.", MOST_OF_A_NOTE // 2)
        return _cut(self.note.text, MOST_OF_A_NOTE - len(total)) + total


class NoteCounts:
    """Counts the notes of one run. Notes with different subjects, such as two locks, are different kinds."""

    def __init__(self, jobs: Mapping[str, str]) -> None:
        """`jobs` has the job of each process, by the process's name."""
        self._jobs = jobs
        self._subjects: dict[tuple[str, str | None], dict[str, CountedNote]] = {}

    def add(self, note: Note, job: str | None = None) -> CountedNote | None:
        """Count a note; gives its kind if it is the first. `job` is that of a note that is about no single process."""
        if note.process is not None:
            job = self._jobs.get(note.process)
        subjects = self._subjects.setdefault((note.about, job), {})
        is_first = note.subject not in subjects and len(subjects) < MOST_SUBJECTS
        if is_first:
            subjects[note.subject] = CountedNote(note, job)
        kind = subjects.get(note.subject) or next(iter(subjects.values()))
        kind.count += 1
        if note.process is not None:
            kind.processes[note.process] = None
        return kind if is_first else None

    def at_the_end(self) -> Iterator[CountedNote]:
        """What the end of the run reports: kinds that were noted more than once, or not reported yet."""
        for subjects in self._subjects.values():
            yield from (kind for kind in subjects.values() if kind.has_news)


def merged(events: Sequence[Event]) -> list[Event]:
    """The events, each note once: the last report of its kind, at the moment of the first one."""
    kept = list(events)
    places = {event.seq: place for place, event in enumerate(kept) if isinstance(event.fact, Noted)}
    gone: set[int] = set()
    for event in events:
        match event.fact:
            case Noted(repeats=int(first)) as last if first in places:
                kept[places[first]] = replace(kept[places[first]], fact=last)
                gone.add(event.seq)
    return [event for event in kept if event.seq not in gone]


def _cut(text: str, most: int) -> str:
    """The text, or the beginning and the end of a long one: the end says what to do."""
    if len(text) <= most:
        return text
    end = most // 3
    return f"{text[: most - end - 3]} … {text[len(text) - end :]}"
