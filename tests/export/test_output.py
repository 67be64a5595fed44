"""Where `run-jobs export -o` writes, and what it leaves alone."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.running import COMMAND, written

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

TEXT = "jobs: [{target: say}]\n"


def written_to(output: Path, file: Path) -> tuple[int, str]:
    """The exit status of an export of a file to this output, and what it says on stderr."""
    done = subprocess.run(
        [*COMMAND, "export", str(file), "-o", str(output)], capture_output=True, text=True, check=False
    )
    return done.returncode, done.stderr


def other_spelling(file: Path) -> Path:
    """The file's path by way of a folder and back."""
    (file.parent / "down").mkdir()
    return file.parent / "down" / ".." / file.name


def symbolic_link(file: Path) -> Path:
    """A link to the file."""
    link = file.with_name("link.py")
    link.symlink_to(file)
    return link


def second_name(file: Path) -> Path:
    """Another name of the same file."""
    os.link(file, file.with_name("same.py"))
    return file.with_name("same.py")


@pytest.mark.parametrize("spelled", [str, other_spelling, symbolic_link, second_name])
def test_the_exported_file_is_not_overwritten(spelled: Callable[[Path], Path], tmp_path: Path) -> None:
    file = written(tmp_path, TEXT)
    output = spelled(file)

    assert written_to(output, file) == (2, f"run-jobs: `{output}` is the file that is exported\n")
    assert file.read_text() == TEXT


@pytest.mark.parametrize("name", ["other.yaml", "other.YML", "link.py"])
def test_another_file_of_yaml_is_not_overwritten(name: str, tmp_path: Path) -> None:
    other = tmp_path / ("kept.yml" if name == "link.py" else name)
    other.write_text("kept")
    if name == "link.py":
        (tmp_path / name).symlink_to(other)
    output = tmp_path / name

    assert written_to(output, written(tmp_path, TEXT)) == (
        2,
        f"run-jobs: `{output}` is a file of YAML, which a script would overwrite\n",
    )
    assert other.read_text() == "kept"


def test_an_older_script_is_overwritten(tmp_path: Path) -> None:
    output = tmp_path / "script.py"
    output.write_text("old")

    assert written_to(output, written(tmp_path, TEXT)) == (0, "")
    assert "def main() -> None:" in output.read_text()
