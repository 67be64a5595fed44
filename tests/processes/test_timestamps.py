"""When things happened, in runs of many processes: timers and stops amid starts."""

from __future__ import annotations

import json
import os
import signal
import time
from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from tests.running import Running, run_text

if TYPE_CHECKING:
    from pathlib import Path
    from typing import Any

    from runner import RunResult

TIMEOUT_S = 0.05


def moments(result: RunResult, event: str) -> dict[str, float]:
    """When each process's event of this kind happened, in seconds since the run began."""
    return {str(each.fields["process"]): each.t for each in result.events if each.event == event}


@pytest.mark.parametrize(("start_method", "starts"), [("fork", 120), ("spawn", 40)])
def test_at_most_one_start_lies_between_a_due_timeout_and_its_sigterm(
    start_method: str, starts: int, tmp_path: Path
) -> None:
    text = f"""
    jobs:
      - {{name: slow, do: [hang], timeout: {TIMEOUT_S}, replicas: 3}}
      - {{name: quick, do: [{{print: x}}], replicas: {starts}}}
      - {{name: late, do: [hang], timeout: {TIMEOUT_S}}}
      - {{name: last, do: [{{print: x}}], replicas: {starts}}}
    """

    result = run_text(text, tmp_path, start_method)

    started, terminating = moments(result, "process.started"), moments(result, "process.terminating")
    assert terminating.keys() == {"slow-0", "slow-1", "slow-2", "late"}
    assert max(started.values()) > started["slow-0"] + TIMEOUT_S, "all was started before the timeout was due"
    for name, at in terminating.items():
        due = started[name] + TIMEOUT_S
        assert sum(due < t < at for t in started.values()) <= 1


@pytest.mark.parametrize("start_method", ["fork", "spawn"])
def test_a_stop_that_the_supervisor_has_got_takes_effect_after_at_most_one_more_start(
    start_method: str, tmp_path: Path
) -> None:
    text = f"""
    start_method: {start_method}
    jobs:
      - {{name: first, do: [{{print: here}}, hang]}}
      - {{do: [hang], replicas: 500}}
    """
    file = tmp_path / "events"
    run = Running("--events", str(file), "--output", "raw", "-q", given=text.encode())
    run.wait_for(b"here")

    supervisor = run.supervisor
    requested = time.time()
    os.kill(supervisor, signal.SIGTERM)
    run.end()

    told: list[dict[str, Any]] = [json.loads(line) for line in file.read_text().splitlines()]
    started = [datetime.fromisoformat(event["time"]) for event in told if event["event"] == "process.started"]
    assert len(started) < 501
    assert sum(moment.timestamp() > requested for moment in started) <= 1
