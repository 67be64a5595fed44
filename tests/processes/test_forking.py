"""What a forked child shares with the supervisor, and what a fork beside threads comes to."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.running import run_text

HERE = Path(__file__).parent

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
    subprocess.run([sys.executable, HERE / "relatives.py", plain], check=True, timeout=60, stdout=subprocess.DEVNULL)
    text = f"""
preload: [tests.processes.relatives]
jobs: [{{name: teller, target: "tests.processes.relatives:tell", args: ["{ours}"]}}]
"""

    result = run_text(text, tmp_path, "fork")

    assert result.outcome == "succeeded"
    assert json.loads(ours.read_text()) == json.loads(plain.read_text())


WAYS = [
    "exit_from_a_finalizer",
    "exit_from_a_handler_while_a_child_is_waited_for",
    "exit_with_a_number_beyond_all",
    "exit_with_text",
    "log",
    "start_a_child",
]


@pytest.mark.parametrize("way", WAYS)
def test_a_forked_child_ends_as_a_plain_scripts_child_does(way: str, tmp_path: Path) -> None:
    command = [sys.executable, str(HERE / "ways_to_end.py"), way]
    plain = subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=60, check=False)
    text = f"jobs: [{{name: p, target: 'tests.processes.ways_to_end:{way}'}}]"

    ended = run_text(text, tmp_path, "fork").processes["p"]

    assert ended.exit_code == plain.returncode
    assert _lines(ended.output or "") == _lines(plain.stdout.decode())


def _lines(said: str) -> list[str]:
    """The lines in order, without the addresses of objects: threads and processes write beside each other."""
    return sorted(re.sub("0x[0-9a-f]+", "0x", said).splitlines())


EXITS_BEHIND = (
    "import sys\nfrom multiprocessing.process import BaseProcess as P\nrun = P.run\ndef behind(self):\n    run(self)\n"
)


@pytest.mark.parametrize(
    ("leaves", "exit_code", "said"),
    [
        ("sys.exit()", 0, ""),
        ("sys.exit('bye')", 1, "bye\n"),
        ("sys.exit(2**70)", 255, ""),
        ("1 / 0", 1, "ZeroDivision"),
    ],
)
def test_a_child_never_goes_on_as_its_parent(
    leaves: str, exit_code: int, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "behind.py").write_text(f"{EXITS_BEHIND}    {leaves}\nP.run = behind\n")
    monkeypatch.syspath_prepend(tmp_path)

    result = run_text("preload: [behind]\njobs: [{name: a, target: noop}, {name: b, target: noop}]", tmp_path, "fork")

    assert [each.exit_code for each in result.processes.values()] == [exit_code, exit_code]
    assert all(said in (each.output or "") for each in result.processes.values())


def test_what_replaces_the_beginning_of_processes_is_called(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = """
from multiprocessing.process import BaseProcess
theirs = BaseProcess._bootstrap
def measured(self, *args, **kwargs):
    print("measured")
    return theirs(self, *args, **kwargs)
BaseProcess._bootstrap = measured
"""
    (tmp_path / "measuring.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)

    result = run_text("preload: [measuring]\njobs: [{name: a, target: noop}]", tmp_path, "fork")

    assert result.processes["a"].output == "measured\n"


def test_a_class_may_do_without_what_a_start_deletes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = """
from multiprocessing import get_context, get_start_method
class Bare(get_context("fork").Process):
    def __init__(self):
        super().__init__()
        del self._target
    def run(self):
        print(get_start_method())
    def start(self):
        self._target = None
        super().start()
"""
    (tmp_path / "bare.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)

    result = run_text("jobs: [{name: a, class: 'bare:Bare'}]", tmp_path, "fork")

    assert result.processes["a"].output == "fork\n"


def test_a_forked_child_tells_multiprocessings_logger_what_a_plain_scripts_child_does(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "logs.py").write_text("import multiprocessing\nmultiprocessing.log_to_stderr(10)\n")
    monkeypatch.syspath_prepend(tmp_path)
    text = "preload: [logs]\njobs: [{name: a, target: 'sys:exit', args: [3]}]"

    result = run_text(text, tmp_path, "fork")

    said = (result.processes["a"].output or "").splitlines()
    assert sorted(line.partition("] ")[2] for line in said) == [  # from 3.13 on the exit comes before the finalizers
        "child process calling self.run()",
        "process exiting with exitcode 3",
        "process shutting down",
        'running all "atexit" finalizers with priority >= 0',
        'running the remaining "atexit" finalizers',
    ]
