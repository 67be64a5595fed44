"""A script fails where the run of its file does."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from runner.export.main_function import FAILED
from tests.export.exporting import exported
from tests.running import run_text

if TYPE_CHECKING:
    from pathlib import Path

FILES = {
    "success": ("jobs: [{target: noop, replicas: 2}]", 0),
    "an exit code": ("jobs: [{name: a, do: [{exit: 3}]}, {target: noop, replicas: 2}]", 1),
    "an exception": ("jobs: [{name: a, do: [{raise: ValueError}]}]", 1),
    "a signal": ("jobs: [{name: a, do: [crash: SIGKILL]}]", 1),
    "one of several": ("jobs: [{name: a, target: exit_with, args: [$index], replicas: 2}]", 1),
    "an exit code that is expected": ("jobs: [{name: a, do: [{exit: 3}], expect: {exit_code: 3}}]", 0),
    "an exit code other than expected": ("jobs: [{name: a, do: [{exit: 4}], expect: {exit_code: 3}}]", 1),
    "a failed run that is expected": ("expect: {outcome: failed}\njobs: [{name: a, do: [{exit: 3}]}]", 0),
    "a process that is never joined": (
        "jobs: [{name: a, do: [{exit: 3}]}, {name: b, target: noop}]\nmain: [start: all, join: b]",
        1,
    ),
    "shared things": ("shared: {n: {value: 0}}\njobs: [{name: a, do: [{add: 1, to: n}, {exit: 3}]}]", 1),
    "a daemon": ("jobs: [{name: a, target: sleep, args: [60], daemon: true}]", 0),
    "a process that the file stops": ("jobs: [{name: a, target: sleep, args: [60], terminate_after: 0.1}]", 0),
    "one that fails before it is stopped": ("jobs: [{name: a, do: [{exit: 3}], terminate_after: 60}]", 1),
    "a timeout": ("jobs: [{name: a, target: sleep, args: [60], timeout: 0.1}]", 1),
}


@pytest.mark.parametrize("what", FILES)
def test_a_script_fails_where_the_run_of_its_file_does(what: str, tmp_path: Path) -> None:
    text, status = FILES[what]
    script = tmp_path / "script.py"
    script.write_text(exported(text, tmp_path))

    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=60, check=False)

    assert (run_text(text, tmp_path).exit_status, done.returncode) == (status, status), done.stderr
    assert (FAILED in done.stderr) == bool(status)
