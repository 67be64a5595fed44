"""What may be wrong with a target, a line each: told at its place before anything starts, or else as its end."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.running import COMMAND, written

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

TARGETS: dict[str, tuple[str, str, str, str]] = {
    # what is wrong: (the job, BROKEN, what is refused, the error of a process that is started all the same)
    "a missing module": (
        "target: nowhere:f",
        "",
        "there is no module `nowhere`",
        "ModuleNotFoundError: No module named",
    ),
    "a missing name": (
        "target: tests.faults.broken:f",
        "",
        "has no `f`",
        "AttributeError: module 'tests.faults.broken'",
    ),
    "not callable": ("target: tests.faults.broken:number", "", "cannot be called", "TypeError: 'int' object is not"),
    "wrong arguments": ("target: tests.faults.broken:of_two, args: [1]", "", "second", "TypeError: of_two() missing 1"),
    "unknown arguments": (
        "target: tests.faults.broken:of_two, kwargs: {third: 1}",
        "",
        "third",
        "TypeError: of_two() got an unexpected",
    ),
    "raises at import": (
        "target: tests.faults.broken:of_two",
        "raises",
        "LookupError: at import",
        "LookupError: at import",
    ),
    "exits at import": ("target: tests.faults.broken:of_two", "exits", "its module calls sys.exit('at import')", ""),
}


def run(job: str, broken: str, folder: Path, *words: str) -> tuple[int, str, str]:
    file = written(folder, f"jobs:\n- {{name: wrong, {job}}}\n- {{name: other, target: say, args: [hello]}}\n")
    done = subprocess.run(
        [*COMMAND, str(file), *words], env=os.environ | {"BROKEN": broken}, capture_output=True, text=True, check=False
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("fault", TARGETS)
def test_a_wrong_target_is_refused_at_its_place_and_nothing_starts(
    fault: str, tmp_path: Path, start_method: str
) -> None:
    job, broken, refused, _ = TARGETS[fault]

    status, out, said = run(job, broken, tmp_path, "--start-method", start_method)

    assert (status, out) == (2, "")
    assert "jobs.yaml:2:" in said.splitlines()[0]
    assert refused in said


@pytest.mark.parametrize("fault", TARGETS)
def test_a_wrong_target_that_is_started_fails_and_hurts_nobody(fault: str, tmp_path: Path, start_method: str) -> None:
    job, broken, _, error = TARGETS[fault]

    status, out, said = run(job, broken, tmp_path, "--no-preflight", "--start-method", start_method)

    assert status == 1
    assert "other │ hello\n" in out
    assert "exit code 1, an error" in said
    assert error in said + out


@pytest.mark.parametrize(("broken", "printed"), [("takes long", []), ("prints", ["printed at import"])])
def test_an_import_that_takes_long_or_prints_is_none_to_refuse(
    broken: str, printed: list[str], tmp_path: Path, start_method: str
) -> None:
    job = "target: tests.faults.broken:of_two, args: [1, 2]"

    status, out, _ = run(job, broken, tmp_path, "--start-method", start_method)

    assert status == 0
    lines = [line.removeprefix("wrong │ ") for line in out.splitlines() if line.startswith("wrong │ ")]
    assert lines[-1] == "1 2"
    assert lines[-2:-1] == printed
