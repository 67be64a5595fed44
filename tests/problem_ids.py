"""Writes `docs/problems.md`: each id of a problem, its meaning, and a message of a file that has the problem.

`python -m tests.problem_ids` writes it anew.
"""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from runner.describe.plan.edits import problems_of_edits
from runner.describe.plan.planning import describe
from runner.model.errors import InvalidFile
from runner.model.problem_ids import MEANINGS
from tests.bad_files.corpus import bad_edits, bad_files
from tests.running import COMMAND, prepared

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

DOCUMENT = Path(__file__).parents[1] / "docs/problems.md"
_HEAD = """# The problems of files

`run-jobs check FILE --json` gives each problem an `id`, and so does every other command with `--json` that refuses a
file. In Python `InvalidFile.problems` have it. An id says what kind of mistake it is, and stays the same when the
message is reworded: a program should check the id, and show the message. New ids may be added.

This table is made from the code, with messages of files that have the problem, by `python -m tests.problem_ids`.

| id | meaning | for example |
|---|---|---|
"""
_FILES = {
    "failing.py": """
from runner.jobtypes import JobModel, JobType

class Failing(JobType[JobModel]):
    name, model = "failing", JobModel

    def expand(self, job, label):
        raise ValueError("no room")

""",
    "broken.py": "raise RuntimeError('no network')",
    "ends.py": "import os; os._exit(3)",
    "others-1.dist-info/METADATA": "Metadata-Version: 2.1\nName: others\nVersion: 1\n",
    "others-1.dist-info/entry_points.txt": "[run_jobs.job_types]\nfailing = failing:Failing\n",
    "good.yaml": "jobs: [{target: say}]",
    "type.yaml": "jobs: [{type: failing}]",
    "import.yaml": "jobs: [{target: 'broken:f'}]",
    "name.yaml": "jobs: [{target: 'math:py'}]",
    "target.yaml": "jobs: [{target: 'math:pi'}]",
    "arguments.yaml": "jobs: [{target: 'os.path:join'}]",
    "preload.yaml": "preload: [ends]\njobs: [{target: say}]",
}
COMMANDS = {
    "unreadable-file": ["check", "nowhere.yaml"],
    "job-type-fails": ["check", "type.yaml"],
    "import-fails": ["check", "import.yaml", "--imports"],
    "unknown-target": ["check", "name.yaml", "--imports"],
    "unusable-target": ["check", "target.yaml", "--imports"],
    "wrong-arguments": ["check", "arguments.yaml", "--imports"],
    "not-checked": ["check", "preload.yaml", "--imports"],
    "unavailable": ["run", "good.yaml"],
}
"""Commands, each with the id of the one problem that it finds outside of the text of a file."""


def of_the_corpus() -> Iterator[tuple[str, str]]:
    """The id and the message of each bad file."""
    for bad in bad_files():
        try:
            describe(bad.path.read_bytes(), file=str(bad.path), environ={})
        except InvalidFile as invalid:
            yield from ((problem.id, problem.message) for problem in invalid.problems)
    for bad in bad_edits():
        problems = problems_of_edits(bad.path.read_bytes(), file=str(bad.path), start_method=None, environ={})
        yield from ((problem.id, problem.message) for problem in problems)


def of_commands(folder: Path) -> Iterator[tuple[str, str]]:
    """The id and the message of each problem that these commands find."""
    for name, text in _FILES.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)
    for words in COMMANDS.values():
        command = prepared("ulimit -n 24", [*COMMAND, *words]) if words[0] == "run" else [*COMMAND, *words]
        done = subprocess.run([*command, "--json"], cwd=folder, capture_output=True, check=False)
        yield from ((problem["id"], problem["message"]) for problem in json.loads(done.stdout)["problems"])


def document(found: Iterable[tuple[str, str]]) -> str:
    """The document, with the shortest message of each id."""
    examples: dict[str, str] = {}
    for id, message in sorted(found, key=lambda each: (len(each[1]), each[1])):
        examples.setdefault(id, message)
    return _HEAD + "".join(f"| `{id}` | {meaning} | {examples[id]} |\n" for id, meaning in MEANINGS.items())


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        DOCUMENT.write_text(document([*of_the_corpus(), *of_commands(Path(folder))]))
