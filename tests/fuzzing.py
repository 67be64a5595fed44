"""`python -m tests.fuzzing N --seed S`: N files that atheris makes up, led by the code that they reach.

Needs `.[fuzz]`. It ends at the first file that is neither a plan nor a list of problems with their places, and leaves
it as `crash-…` in the current folder: a case for `tests/bad_files`, once the fault is mended.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

from tests import trials

with atheris.instrument_imports(include=["runner.describe", "yaml"]):
    from tests.describe.test_any_file import judge

ROOT = Path(__file__).parents[1]


def main() -> None:
    """Make up files, beginning with those of the gallery and the bad ones."""
    asked = trials.asked_for()
    options = [f"-runs={asked.count}", f"-seed={asked.seed}", "-max_len=4096", "-timeout=20"]
    if asked.within is not None:
        options.append(f"-max_total_time={asked.within:.0f}")
    with tempfile.TemporaryDirectory() as folder:
        for number, path in enumerate([*(ROOT / "jobs").rglob("*.yaml"), *(ROOT / "tests/bad_files").glob("*.yaml")]):
            if path.stat().st_size < 10_000:
                Path(folder, str(number)).write_bytes(path.read_bytes())
        atheris.Setup([sys.argv[0], *options, folder], judge)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
