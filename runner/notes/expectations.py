"""Compare a run with the file's `expect`, and write a note for each difference. Pure."""

from __future__ import annotations

from runner.model.arguments import references
from runner.model.event_types import ProcessExited
from runner.model.exit_codes import declared
from runner.model.shared_things import SharedArray, SharedValue
from runner.notes.note import Note, listed

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from runner.model.events import Event, Output
    from runner.model.json_types import Json
    from runner.model.plan import Declared, Expect, Plan

MAX_OUTPUT = 1 << 20
"""The bytes of a process's output that are kept for comparing its lines."""
MAX_VALUE = 100
"""The longest line or value in a note, in characters."""
SHOWN_BEFORE = 20
"""The characters of two long texts that are shown before their first difference."""
_MAY_BE_LOST = (
    " {0} have {1}: an addition is lost if another process writes between its read and its write, "
    "unless all of them hold a lock while they add (`{2}`)."
)
_NO_OUTCOME = "nothing about its outcome, so it has to succeed."
_DECLARE = " To expect this outcome, write `outcome: {0}` there."


class Expectations:
    """Follows a run's events and output, and reports at the end what is not as declared."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._output: dict[int, bytearray] = {
            number: bytearray()
            for number, process in enumerate(plan.processes)
            if process.expect is not None and process.expect.output is not None
        }
        self._expect = {process.name: process.expect for process in plan.processes}
        self._ended_at: dict[str, float] = {}
        self._notes: set[str] = set()
        self.has_wrong_end = False
        """Whether a process has ended in another way than its own `expect` declares."""

    @property
    def wants_output(self) -> bool:
        """Whether `note_output` is needed."""
        return bool(self._output)

    def note_output(self, output: Output) -> None:
        """Note what a process wrote."""
        if output.process in self._output and output.stream == "stdout":
            kept = self._output[output.process]
            if len(kept) < MAX_OUTPUT:
                kept += output.lines

    def see(self, event: Event) -> list[Note]:
        """Note an event; return the notes that belong right after it."""
        if not isinstance(event.fact, ProcessExited):
            return []
        end, name = event.fact, event.fact.of.process
        self._ended_at[name] = event.t if end.ended_at is None else end.ended_at
        expect = self._expect[name]
        if expect is not None and expect.says_the_end and not end.expected:
            self.has_wrong_end = True
            return [not_as_declared(name, expect)]
        return []

    def see_note(self, note: Note) -> None:
        """Note that a note was reported."""
        self._notes.add(note.about)

    def unmet(self, outcome: str, values: dict[str, Json], has_deadlock: bool) -> list[Note]:
        """Return what is not as declared, after all events except the run's last one."""
        notes = [note for number in range(len(self._plan.processes)) for note in self._of_process(number)]
        if self._plan.expect is not None:
            notes += self._of_run(self._plan.expect, outcome, values, has_deadlock)
        return notes

    def _of_process(self, number: int) -> Iterator[Note]:
        process = self._plan.processes[number]
        expect = process.expect
        if expect is None:
            return
        if expect.output is not None:
            lines = bytes(self._output[number]).decode(errors="backslashreplace").split("\n")[:-1]
            if lines != list(expect.output):
                text = _other_output(process.name, list(expect.output), lines)
                yield Note("not_as_declared", process.name, text, "output")
        mine = self._ended_at.get(process.name)
        if mine is None and expect.says_the_end:
            yield _other_end(process.name, f"with {declared(expect)}", "it was not started")
        if mine is None and expect.before:
            yield _other_end(process.name, f"before {listed(list(expect.before))}", "it was not started", "before")
        if mine is None:
            return
        late = [name for name in expect.before if self._ended_at.get(name, mine) < mine]
        if late:
            yield _other_end(process.name, f"before {listed(late)}", "it did not", "before")
        unstarted = [name for name in expect.before if name not in self._ended_at]
        if unstarted:
            was = "was" if len(unstarted) == 1 else "were"
            instead = f"{listed(unstarted)} {was} not started"
            yield _other_end(process.name, f"before {listed(unstarted)}", instead, "before")

    def _of_run(self, expect: Declared, outcome: str, values: dict[str, Json], has_deadlock: bool) -> Iterator[Note]:
        if (expect.outcome or "succeeded") != outcome:
            text = f"The run {outcome.replace('_', ' ')}, and `expect` says "
            says = f"`{expect.outcome}`." if expect.outcome else _NO_OUTCOME
            if not expect.outcome and not self.has_wrong_end:  # which no other `expect` would allow
                says += _DECLARE.format(outcome)
            yield Note("not_as_declared", None, text + says, "outcome")
        if expect.deadlock is not None and expect.deadlock != has_deadlock:
            text = "There was a deadlock" if has_deadlock else "There was no deadlock"
            text = f"{text}, and `expect` says `deadlock: {str(expect.deadlock).lower()}`."
            yield Note("not_as_declared", None, text, "deadlock")
        for name, value in expect.values.items():
            if name not in values or values[name] != value:
                says, found = _shortened(repr(value), repr(values[name]) if name in values else "not known")
                text = f"`expect` says that {name} is {says} in the end, and it is {found}."
                text += self._what_takes(name, value, values.get(name))
                yield Note("not_as_declared", None, text, f"values.{name}")
        missing = [about for about in expect.notes if about not in self._notes]
        if missing:
            text = f"`expect` says that there is a note about {listed(missing)}: there is none."
            yield Note("not_as_declared", None, text, "notes")

    def _what_takes(self, name: str, expected: Json, found: Json) -> str:
        """Return the likely reason that a number which several targets use is too small; their additions are not
        counted."""
        thing = next((thing for thing in self._plan.shared if thing.name == name), None)
        have = [each.name for each in self._plan.processes if name in references([*each.args, *each.kwargs.values()])]
        if not isinstance(thing, SharedValue | SharedArray) or len(have) < 2 or not _is_short(expected, found):
            return ""
        is_locked = isinstance(thing, SharedValue) and thing.locked
        guard = f"with {name}.get_lock():" if is_locked else "with lock:"
        return _MAY_BE_LOST.format(listed(have), name, guard)


def _is_short(expected: Json, found: Json) -> bool:
    """Return whether a number, or one of a list of numbers, is less than it should be."""
    if isinstance(expected, list) and isinstance(found, list):
        return any(map(_is_short, expected, found))
    return isinstance(expected, int | float) and isinstance(found, int | float) and found < expected


def not_as_declared(name: str, expect: Expect) -> Note:
    """Return the note that a process ended in another way than the file declares."""
    return _other_end(name, f"with {declared(expect)}", "it did not, so the run has failed")


def _other_end(name: str, end: str, instead: str, subject: str = "end") -> Note:
    text = f"The file says under `expect` that {name} ends {end}, and {instead}."
    return Note("not_as_declared", name, text, subject)


def _other_output(name: str, expected: list[str], found: list[str]) -> str:
    """Return a note on the first line that differs."""
    number = next((place for place, pair in enumerate(zip(expected, found, strict=False)) if pair[0] != pair[1]), None)
    if number is None:
        number = min(len(expected), len(found))
    line = f"line {number + 1} of what {name} prints"
    if number == len(found):
        return f"`expect` says that {line} is {_shortened(repr(expected[number]))[0]}; it printed no more."
    if number == len(expected):
        lines = "one line" if number == 1 else f"{number:,} lines"
        more = _shortened(repr(found[number]))[0]
        return f"`expect` says that {name} prints {lines}; it printed more, beginning with {more}."
    says, is_ = _shortened(repr(expected[number]), repr(found[number]))
    return f"`expect` says that {line} is {says}; it is {is_}."


def _shortened(*texts: str) -> list[str]:
    """Return the beginnings of long texts, or the parts that begin shortly before their first difference."""
    if max(map(len, texts)) <= MAX_VALUE:
        return list(texts)
    different = (place for place, pair in enumerate(zip(*texts, strict=False)) if len(set(pair)) > 1)
    skipped = next(different, 0) - SHOWN_BEFORE
    if skipped > 0:
        texts = tuple(f"…{text[skipped:]}" for text in texts)
    return [text if len(text) <= MAX_VALUE else f"{text[:MAX_VALUE]}…" for text in texts]
