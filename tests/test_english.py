"""The code and its documents are written in plain English: no phrase of a list that readers stumble over."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
READ = ("runner", "docs", "jobs", "README.md", "CHANGELOG.md", "CONTRIBUTING.md")
SUFFIXES = {".py", ".md", ".yaml", ".toml"}
BANNED = {
    r"(some|no|any|every)(body|one)|(no|any) one": "name the thing: a process, a waiter, the owner, no process",
    r"so many": "the number itself: `count`, this number of",
    r"whom": "name the process: the owner, the sender, each process that",
    r"who": "the noun itself: the waiters, the owner, the caller; or `that` after it",
    r"(is|are|was|were|be|been|being) told": "is reported, is printed, is shown",
    r"(tells?|told) (of|what|when|how|why|which)": "report, show, print",
    r"in vain": "without a waiter, without success",
    r"(anew|amid|hitherto|thereby|therein|whereby|wherein|lest|albeit)": "again, during, in this way, otherwise",
    r"beside": "next to (a place), besides or in addition to (a list)",
    r"(lets?|letting) go": "releases, drops, closes",
    r"otherwise (about|than)": "different from, in another way than",
    r"gives? (whether|what|how|when|none|None|False|True)": "returns",
    r"as ever": "as before",
    r"(takes?|taken|taking) away": "removes",
    r"comes? to (its|an|their) end": "ends",
    r"of (which|whom) (it|there|some|no)": "a sentence with its subject first",
}
"""What is not written, as regular expressions of whole words, and what to write instead."""

INVERTED = r'(?:(?<=[.!?] )|(?<="""))(?:Who|Whoever|What (?:is|was|has)|Of (?:each|all|many|more|some|what|which)) '
"""The beginning of a sentence whose subject is a clause, or comes late."""

KEPT = r"`[^`\n]*`|who_waits|who-(?=[\d{])"
"""What is not prose: names and output in backticks, a word for notes, the colours of a page."""


PATTERNS = (
    *(
        (re.compile(rf"(?<![\w$-])(?:{phrase})(?![\w-])".replace(" ", r"\s+(?:#\s+)?"), re.IGNORECASE), better)
        for phrase, better in BANNED.items()
    ),
    (re.compile(INVERTED), "put the subject first"),
)


def _files() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", *READ], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [ROOT / name for name in listed.splitlines() if Path(name).suffix in SUFFIXES]


def _found(text: str) -> list[str]:
    """Return each banned phrase in the text: its line, the phrase, and what to write instead."""
    prose = re.sub(KEPT, lambda match: "`" * len(match[0]), text)
    found = [
        (prose.count("\n", 0, match.start()) + 1, " ".join(match[0].replace("#", "").split()), better)
        for pattern, better in PATTERNS
        for match in pattern.finditer(prose)
    ]
    return [f"{line}: {phrase!r}: {better}" for line, phrase, better in sorted(found)]


@pytest.mark.parametrize("path", _files(), ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_phrase_is_written_that_readers_stumble_over(path: Path) -> None:
    assert _found(path.read_text()) == []


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            "# The process who waits",
            ["1: 'who': the noun itself: the waiters, the owner, the caller; or `that` after it"],
        ),
        ("a\nfor so\nmany seconds", ["2: 'so many': the number itself: `count`, this number of"]),
        ("# for so\n    # many seconds", ["1: 'so many': the number itself: `count`, this number of"]),
        ('"""What is left."""', ["1: 'What is': put the subject first"]),
        ("It ends. Of each process one is left.", ["1: 'Of each': put the subject first"]),
        ("Whole words alone: a whole, besides; and `test_nobody_waits` is a name.", []),
        ("What it returns is a number.", []),
    ],
)
def test_a_phrase_is_found_in_whole_words_and_across_lines(text: str, found: list[str]) -> None:
    assert _found(text) == found
