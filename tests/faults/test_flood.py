"""Whatever the processes write, and however slowly it is read: memory stays bounded, and supervision goes on."""

from __future__ import annotations

import json
import signal
import subprocess
import time
from datetime import datetime
from pathlib import Path

import pytest

from tests.effort import share_of
from tests.running import COMMAND, children_of, has_ended, wait_until
from tests.seeing import PROC

pytestmark = [pytest.mark.alone, pytest.mark.slow, pytest.mark.timeout(300)]
HERE = Path(__file__).parent
MOST_GROWTH = 32 << 20
MB = 1_000_000


@pytest.mark.parametrize(
    ("kind", "size"),
    [
        ("lines", share_of(2_000) * MB),
        ("one line", share_of(500) * MB),
        ("binary", share_of(500) * MB),
        ("escapes", share_of(200) * MB),
    ],
)
@pytest.mark.parametrize("shown", ["prefixed", "raw"])
def test_memory_stays_bounded_while_a_process_writes(kind: str, size: int, shown: str, tmp_path: Path) -> None:
    done, events = tmp_path / "done", tmp_path / "events"
    text = f"jobs: [{{name: a, target: 'tests.faults.deeds:flood', args: [{kind}, {size}, {str(done)!r}]}}]"
    command = [*COMMAND, "-", "-q", "--output", shown, "--events", str(events)]
    running = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    assert running.stdin is not None
    running.stdin.write(text.encode())
    running.stdin.close()
    wait_until(lambda: events.exists() and "process.started" in events.read_text())
    pids = [running.pid, *children_of(running.pid)]
    before = sum(map(_most_memory, pids))

    wait_until(done.exists, at_most_s=240)

    growth = sum(map(_most_memory, pids)) - before
    running.send_signal(signal.SIGTERM)
    running.wait()
    assert growth < MOST_GROWTH


def test_a_reader_that_pauses_blocks_the_writer_and_nothing_else(tmp_path: Path) -> None:
    events = tmp_path / "events"
    text = "jobs: [{name: a, target: 'tests.faults.deeds:flood', args: [lines, 10000000, '%s']}, " % (tmp_path / "done")
    text += "{name: late, target: sleep, args: [60], timeout: 0.5}]\nmain: [start: all, join: late, kill: a]"
    running = subprocess.Popen(
        [*COMMAND, "-", "--events", str(events)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert running.stdin is not None
    running.stdin.write(text.encode())
    running.stdin.close()
    wait_until(lambda: events.exists() and "process.started" in events.read_text())
    pid = next(json.loads(line)["pid"] for line in events.read_text().splitlines() if "process.started" in line)

    wait_until(lambda: has_ended(pid))  # main kills it after the end of `late`, and nothing has been read so far
    began_to_read = time.time()

    assert running.stdout is not None
    out = running.stdout.read()
    running.stdout.close()
    running.wait()

    happened = [json.loads(line) for line in events.read_text().splitlines()]
    ends = {event["process"]: event for event in happened if event["event"] == "process.exited"}
    assert (ends["late"]["outcome"], ends["a"]["outcome"]) == ("timed_out", "killed")
    assert datetime.fromisoformat(ends["late"]["time"]).timestamp() < began_to_read
    assert set(out.decode().splitlines()[:-1]) == {f"a    │ {'x' * 79}"}


def _most_memory(pid: int) -> int:
    status = Path(f"{PROC}/{pid}/status").read_text()
    return next(int(line.split()[1]) << 10 for line in status.splitlines() if line.startswith("VmHWM"))
