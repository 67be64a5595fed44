"""Files that cannot be run, each with one fault: where it is to be shown, its id, and how its message begins.

A file says so itself in its first line (`# expect: LINE:COLUMN ID message`), or in `expected.tsv` where it cannot.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent
_MARK = b"# expect: "


@dataclass(frozen=True)
class BadFile:
    """One file, with the place of the first problem, its id and the start of its message."""

    path: Path
    line: int
    column: int
    id: str
    message: str

    def __str__(self) -> str:
        return self.path.stem


def bad_files() -> list[BadFile]:
    """All of them, by name."""
    rows = (line.split("\t") for line in (FOLDER / "expected.tsv").read_text("utf-8").splitlines())
    table = {name: " ".join(expected) for name, *expected in rows}
    return [_bad_file(path, table.get(path.name)) for path in sorted(FOLDER.glob("*.yaml"))]


def bad_edits() -> list[BadFile]:
    """Files that can be run, each with a wrong edit under `try:`, by name."""
    return [_bad_file(path, None) for path in sorted((FOLDER / "edits").glob("*.yaml"))]


def _bad_file(path: Path, expected: str | None) -> BadFile:
    if expected is None:
        first = path.read_bytes().split(b"\n", 1)[0]
        if not first.startswith(_MARK):
            raise ValueError(f"{path.name}: neither an `# expect:` line nor an entry in expected.tsv")
        expected = first.removeprefix(_MARK).decode("utf-8")
    place, id, message = expected.split(" ", 2)
    line, column = place.split(":")
    return BadFile(path, int(line), int(column), id, message)
