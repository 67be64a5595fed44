"""Count notes by kind and job, to report each kind once and its total at the end of the run. Pure."""

from __future__ import annotations

from runner.model.event_types import Noted
from runner.model.records import replace
from runner.notes.note import listed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from runner.model.events import Event
    from runner.notes.note import Note

MAX_SUBJECTS = 5
"""The subjects of one kind that are reported for one job. Notes on further ones are only counted."""
MAX_NOTE = 960
"""The longest note in characters: 16 lines on a terminal of 80 columns, which leaves room for what it explains."""


class CountedNote:
    """The first note of its kind in a job, and the number of such notes."""

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
        """Whether there is something to report at the end of the run that has not been reported yet."""
        return self.reported_in is None or self.count > 1

    def fact(self) -> Noted:
        """Return the fact for the event of the first note, or at the end for all of them."""
        note = self.note
        return Noted(
            note.about, note.process, self._text(), self.job, self.count, tuple(self.processes), self.reported_in
        )

    def _text(self) -> str:
        if self.count == 1:
            return _cut(self.note.text, MAX_NOTE)
        names = list(self.processes)
        of = f": {listed(names)}" if len(names) > 1 else ""
        total = _cut(f" Noted {self.count:,} times in all{of}.", MAX_NOTE // 2)
        return _cut(self.note.text, MAX_NOTE - len(total)) + total


class NoteCounts:
    """Counts the notes of one run. Notes with different subjects, such as two locks, are different kinds."""

    def __init__(self, jobs: Mapping[str, str]) -> None:
        """`jobs` has the job of each process, by the process's name."""
        self._jobs = jobs
        self._subjects: dict[tuple[str, str | None], dict[str, CountedNote]] = {}

    def add(self, note: Note, job: str | None = None) -> CountedNote | None:
        """Count a note and return its kind if it is the first. `job` is the job of a note that is not about a single
        process."""
        if note.process is not None:
            job = self._jobs.get(note.process)
        subjects = self._subjects.setdefault((note.about, job), {})
        is_first = note.subject not in subjects and len(subjects) < MAX_SUBJECTS
        if is_first:
            subjects[note.subject] = CountedNote(note, job)
        kind = subjects.get(note.subject) or next(iter(subjects.values()))
        kind.count += 1
        if note.process is not None:
            kind.processes[note.process] = None
        return kind if is_first else None

    def at_the_end(self) -> Iterator[CountedNote]:
        """Return the kinds to report at the end of the run: those noted more than once, or not reported yet."""
        for subjects in self._subjects.values():
            yield from (kind for kind in subjects.values() if kind.has_news)


def merged(events: Sequence[Event]) -> list[Event]:
    """Return the events with each note once: the last report of its kind, at the time of the first one."""
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
    """Return the text; of a long one the beginning and the end, which says what to do."""
    if len(text) <= most:
        return text
    end = most // 3
    return f"{text[: most - end - 3]} … {text[len(text) - end :]}"
