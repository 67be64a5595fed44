"""What a forked child shares with the supervisor, and what a fork beside threads comes to."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from tests.running import run_text

if TYPE_CHECKING:
    import pytest

RELATIVES = Path(__file__).with_name("relatives.py")

THREADED = """
import threading, warnings
warnings.simplefilter("error")
threading.Thread(target=threading.Event().wait, daemon=True).start()
"""


def test_shared_memory_outlives_the_target_that_made_it_where_the_run_shares_something(
    start_method: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    name = f"run-jobs-lasting-{os.getpid()}"
    text = f"""
shared: {{door: lock}}
jobs:
  - {{name: creates, target: "tests.processes.lasting:create", args: [{name}]}}
  - {{name: attaches, target: "tests.processes.lasting:attach", args: [{name}]}}
main: [{{start: creates}}, {{join: creates}}, {{start: attaches}}, {{join: attaches}}]
"""

    result = run_text(text, tmp_path, start_method)

    assert result.outcome == "succeeded", capfd.readouterr()
    assert result.processes["attaches"].exit_code == 0


def test_a_fork_beside_a_thread_is_a_start_even_if_warnings_are_errors(
    start_method: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "threaded.py").write_text(THREADED)
    monkeypatch.syspath_prepend(tmp_path)
    text = """
preload: [threaded]
shared: {held: dict, line: queue}
jobs: [{name: a, do: [{write: 1, to: held, at: x}]}, {name: b, do: [{get: line}]}]
main: [{start: [a, b]}, {put: 1, into: line}]
"""

    result = run_text(text, tmp_path, start_method)

    assert result.outcome == "succeeded"
    assert [process.outcome for process in result.processes.values()] == ["succeeded", "succeeded"]


def test_a_forked_child_knows_of_its_relatives_what_a_plain_scripts_child_does(tmp_path: Path) -> None:
    plain, ours = tmp_path / "plain.json", tmp_path / "ours.json"
    subprocess.run([sys.executable, RELATIVES, plain], check=True, timeout=60, stdout=subprocess.DEVNULL)
    text = f"""
preload: [tests.processes.relatives]
jobs: [{{name: teller, target: "tests.processes.relatives:tell", args: ["{ours}"]}}]
"""

    result = run_text(text, tmp_path, "fork")

    assert result.outcome == "succeeded"
    assert json.loads(ours.read_text()) == json.loads(plain.read_text())


def test_a_forked_child_tells_multiprocessings_logger_what_a_plain_scripts_child_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "logs.py").write_text("import multiprocessing\nmultiprocessing.log_to_stderr(10)\n")
    monkeypatch.syspath_prepend(tmp_path)
    text = "preload: [logs]\njobs: [{name: a, target: 'sys:exit', args: [3]}]"

    result = run_text(text, tmp_path, "fork")

    said = (result.processes["a"].output or "").splitlines()
    assert [line.partition("] ")[2] for line in said] == [
        "child process calling self.run()",
        "process shutting down",
        'running all "atexit" finalizers with priority >= 0',
        'running the remaining "atexit" finalizers',
        "process exiting with exitcode 3",
    ]
