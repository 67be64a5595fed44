"""What a forked child shares with the supervisor, and what a fork beside threads comes to."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from tests.running import run_text

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

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
