"""The look before a start: what imports do stays there, and nothing of it stays."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING

import pytest

import runner
from runner.model.errors import InvalidFile, RunJobsError
from tests.running import COMMAND, on_a_terminal, run_text, written

if TYPE_CHECKING:
    from pathlib import Path

    from runner import RunResult

LEAVES_A_PROCESS = "import subprocess\nleft = subprocess.Popen(['sleep', '600'])\nprint('left', left.pid)\n"
KEEPS_THE_PIPES = """
import os, time
if os.fork() == 0:
    time.sleep(600)
"""
UNSHOWABLE = """
class Unshowable(Exception):
    def __str__(self):
        raise ValueError
raise Unshowable
"""


def run(source: str, folder: Path, text: str = "jobs: [{name: a, target: 'imported:f'}]") -> RunResult:
    """What a file comes to whose target's module has this source."""
    (folder / "imported.py").write_text(f"{source}\ndef f(): print('ran')\n")
    return run_text(text, folder)


@pytest.mark.linux("descendants are adopted, and found in /proc: under spawn the process imports it again")
def test_what_an_import_starts_is_gone_before_anything_starts(tmp_path: Path) -> None:
    result = run(LEAVES_A_PROCESS, tmp_path)

    assert result.processes["a"].output.endswith("ran\n")
    assert result.outcome == "succeeded"


def test_what_a_refused_import_starts_is_gone_too(tmp_path: Path) -> None:
    with pytest.raises(RunJobsError, match="cannot be imported: ZeroDivisionError"):
        run(f"{LEAVES_A_PROCESS}\n1 / 0", tmp_path)


@pytest.mark.linux("descendants are adopted, and found in /proc: under spawn the process imports it again")
def test_an_import_that_leaves_a_process_is_not_waited_for(tmp_path: Path) -> None:
    result = run(KEEPS_THE_PIPES, tmp_path)

    assert result.outcome == "succeeded"


@pytest.mark.parametrize(
    ("source", "why"),
    [
        (UNSHOWABLE, "`imported` cannot be imported: Unshowable: <its __str__ raises>"),
        ("import os; os._exit(0)", "importing `imported` ends the process"),
    ],
)
def test_an_import_that_fails_in_an_odd_way_is_told(source: str, why: str, tmp_path: Path) -> None:
    with pytest.raises(RunJobsError, match=why):
        run(source, tmp_path)


@pytest.mark.parametrize("preload", ["", "preload: [imported]\n"])
def test_an_import_finds_its_input_as_the_target_does(preload: str, tmp_path: Path) -> None:
    source = "import sys\nassert sys.stdin.read() == ''"

    result = run(source, tmp_path, f"{preload}jobs: [{{name: a, target: 'imported:f'}}]")

    assert result.processes["a"].output == "ran\n"


def test_on_a_terminal_an_import_takes_its_time(tmp_path: Path) -> None:
    (tmp_path / "imported.py").write_text("import time\ntime.sleep(0.5)\ndef f(): print('ran')\n")
    (tmp_path / "jobs.yaml").write_text("jobs: [{name: a, target: 'imported:f'}]")

    status, shown = on_a_terminal(*COMMAND, str(tmp_path / "jobs.yaml"))

    assert status == 0
    assert "ran" in shown


def test_a_check_with_imports_leaves_nothing_either(tmp_path: Path) -> None:
    (tmp_path / "imported.py").write_text(f"{LEAVES_A_PROCESS}\ndef f(): pass\n")
    (tmp_path / "jobs.yaml").write_text("jobs: [{target: 'imported:f'}]")
    command = [*COMMAND, "check", "--imports", str(tmp_path / "jobs.yaml")]

    done = subprocess.run(command, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (0, "")
    assert runner.load(tmp_path / "jobs.yaml").processes[0].target == "imported:f"


def test_a_class_of_processes_is_no_target(tmp_path: Path) -> None:
    with pytest.raises(RunJobsError, match=r"`imported:P` is a subclass of multiprocessing\.Process"):
        run(
            "import multiprocessing\nclass P(multiprocessing.Process): pass", tmp_path, "jobs: [{target: 'imported:P'}]"
        )


def test_a_module_without_the_name_is_told_with_its_file(tmp_path: Path) -> None:
    (tmp_path / "code.py").write_text("def f(): pass")  # there is another one, which is found first

    with pytest.raises(InvalidFile) as refused:
        runner.run(written(tmp_path, "jobs: [{target: 'code:main'}]"))

    assert refused.value.problems[0].message == "module `code` has no `main`"
    assert str(refused.value.problems[0].help).endswith("code.py")


def test_an_error_of_syntax_is_told_with_its_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "imported.py").write_text("def f(:\n")

    with pytest.raises(InvalidFile) as refused:
        runner.run(written(tmp_path, "jobs: [{target: 'imported:f'}]"))

    assert refused.value.problems[0].help == f"in {tmp_path / 'imported.py'}, line 1"
