"""On a machine that lacks something a run works all the same, or is refused with a message that says what it lacks."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.faults.test_shared_memory import in_a_namespace
from tests.running import COMMAND, written

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

TEXT = """
shared: {held: dict, door: lock, line: queue}
jobs: [{name: a, do: [{write: 1, to: held, at: x}, {with: door, do: [{put: 3, into: line}]}]}]
main: [{start: a}, {get: line}]
"""
WITHOUT = {
    "/proc": "mount -t tmpfs tmpfs /proc",
    "/dev/fd": """
mkdir "$0"
mount -t tmpfs tmpfs "$0"
for device in null zero urandom; do touch "$0/$device"; mount --bind /dev/$device "$0/$device"; done
mkdir "$0/shm"
mount --bind /dev/shm "$0/shm"
mount --rbind "$0" /dev
""",
}
LONGEST = 65
"""Bytes of a temporary folder's path that leaves room for sockets, for root."""


def run(
    command: Sequence[str], folder: Path, start_method: str, env: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """A run of the text by this command's last words."""
    words = [*command, *COMMAND, str(written(folder, TEXT)), "--start-method", start_method]
    return subprocess.run(words, capture_output=True, text=True, check=False, env=os.environ | (env or {}))


@pytest.mark.parametrize("missing", WITHOUT)
def test_it_runs_without(missing: str, start_method: str, tmp_path: Path) -> None:
    shell = [*in_a_namespace(), f'{WITHOUT[missing]}\nexec "$@"', str(tmp_path / "dev")]

    done = run(shell, tmp_path, start_method)

    assert done.returncode == 0, done.stderr


LENT = """
shared: {door: lock}
jobs: [{name: lender, target: "lending:lend", args: [$door]}, {name: waiter, target: "lending:wait", args: [$door]}]
main: [{start: lender}, {join: lender}, {start: waiter}]
"""
LENDING = """
import os, time
def lend(door):
    door.acquire()
    if os.fork() == 0:
        time.sleep(1)
        door.release()
        os._exit(0)
def wait(door):
    with door:
        print("it has come")
"""


def test_without_proc_a_process_that_another_one_has_left_may_release_what_is_waited_for(
    start_method: str, tmp_path: Path
) -> None:
    (tmp_path / "lending.py").write_text(LENDING)
    words = [*in_a_namespace(), f'{WITHOUT["/proc"]}\nexec "$@"', "sh", *COMMAND]

    done = subprocess.run(
        [*words, str(written(tmp_path, LENT)), "--start-method", start_method, "--json"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert json.loads(done.stdout)["processes"]["waiter"]["output"] == "it has come\n", done.stdout


@pytest.mark.parametrize("length", [LONGEST, LONGEST + 1, 200])
def test_a_temporary_folder_may_have_a_long_path(length: int, start_method: str, tmp_path: Path) -> None:
    folder = os.path.join(os.environ["TMPDIR"], "x" * (length - len(os.environ["TMPDIR"]) - 1))
    os.mkdir(folder)

    done = run([], tmp_path, start_method, {"TMPDIR": folder})

    os.rmdir(folder)  # nothing is left in it
    assert done.returncode == 0, done.stderr


def test_a_temporary_folder_that_is_not_there_is_no_hindrance(start_method: str, tmp_path: Path) -> None:
    done = run([], tmp_path, start_method, {"TMPDIR": str(tmp_path / "none")})

    assert done.returncode == 0, done.stderr


def test_without_any_folder_for_sockets_what_needs_one_is_refused(start_method: str, tmp_path: Path) -> None:
    hide = 'mount -t tmpfs -o ro tmpfs "$TMPDIR"; for each in /tmp /var/tmp; do mount -o bind,ro $each $each; '
    hide += "mount -o remount,bind,ro $each; done; cd /proc"

    done = run([*in_a_namespace(), f'{hide}\nexec "$@"', "sh"], tmp_path, start_method)

    assert done.returncode == 2
    assert "error: there is no folder for sockets" in done.stderr
    assert "set TMPDIR" in done.stderr


@pytest.mark.parametrize("most", [14, 16, 24, 30])
def test_a_limit_of_descriptors_that_is_too_low_is_told(most: int, start_method: str, tmp_path: Path) -> None:
    done = run(["sh", "-c", f'ulimit -n {most}; exec "$@"', "sh"], tmp_path, start_method)

    assert done.returncode == 2
    assert "error: nothing can be started: too many open files" in done.stderr
    assert "ulimit -n" in done.stderr


PLAIN = "jobs: [{name: a, target: sleep, args: [0.01]}, {name: b, do: [{print: hello}]}]"
MANY = "jobs: [{name: a, target: sleep, args: [0.3], replicas: 60}]"


def limited(most: int, folder: Path, text: str, start_method: str) -> subprocess.CompletedProcess[str]:
    """A run of this text with so many descriptors."""
    words = ["sh", "-c", f'ulimit -n {most}; exec "$@"', "sh", *COMMAND, str(written(folder, text))]
    return subprocess.run([*words, "--start-method", start_method], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("text", [PLAIN, MANY])
@pytest.mark.parametrize("most", [14, 24, 30])
def test_processes_that_share_nothing_are_refused_before_any_starts(
    most: int, text: str, start_method: str, tmp_path: Path
) -> None:
    done = limited(most, tmp_path, text, start_method)

    assert done.returncode == 2
    assert "error: nothing can be started: too many open files" in done.stderr
    assert "help: raise the limit: `ulimit -n 64`" in done.stderr


@pytest.mark.parametrize("text", [TEXT, PLAIN, MANY])
@pytest.mark.parametrize("most", [11, 12, 13, 36, 40, 44, 64])
def test_no_limit_of_descriptors_is_told_as_an_errno(most: int, text: str, start_method: str, tmp_path: Path) -> None:
    done = limited(most, tmp_path, text, start_method)

    assert not any(word in done.stderr for word in ("Errno", "Traceback", "fault")), done.stderr
    assert done.returncode == 0 or "ulimit -n" in done.stderr


def test_what_has_no_room_for_now_is_started_when_another_process_has_ended(start_method: str, tmp_path: Path) -> None:
    done = limited(70, tmp_path, MANY, start_method)

    assert done.returncode == 0, done.stderr
    assert "60 processes: 60 succeeded" in done.stderr


def test_many_short_processes_lose_no_descriptor_where_few_are_allowed(tmp_path: Path) -> None:
    done = limited(100, tmp_path, "jobs: [{do: [{print: x}], replicas: 300}]", "fork")

    assert done.returncode == 0, done.stderr
    assert "300 processes: 300 succeeded" in done.stderr


def test_the_supervisors_own_room_may_be_much_less_than_the_fronts(tmp_path: Path) -> None:
    queues = ", ".join(f"q{number}: queue" for number in range(60))
    text = f"shared: {{{queues}}}\njobs: [{{do: [{{sleep: 10ms}}], replicas: 80}}]"

    done = limited(256, tmp_path, text, "fork")

    assert done.returncode == 0, done.stderr
    assert "80 processes: 80 succeeded" in done.stderr


@pytest.mark.parametrize("method", ["spawn", "forkserver"])
def test_processes_with_room_for_one_take_turns(method: str, tmp_path: Path) -> None:
    done = limited(40, tmp_path, "jobs: [{target: noop, replicas: 6}]", method)

    assert done.returncode == 0, done.stderr


HOLDS_OUTPUTS = """
jobs:
  - {name: parent, replicas: 12, target: "subprocess:Popen", args: [[sleep, "SECONDS"]], join: false}
  - {name: last, do: [{print: x}]}
"""


@pytest.mark.parametrize(("seconds", "status"), [("0.4", 0), ("600", 1)])
def test_outputs_that_grandchildren_keep_open_take_room_until_they_have_ended(
    seconds: str, status: int, tmp_path: Path
) -> None:
    done = limited(56, tmp_path, HOLDS_OUTPUTS.replace("SECONDS", seconds), "fork")

    assert done.returncode == status, done.stderr
    assert ("processes that were left keep the outputs of others open" in done.stderr) == (status == 1)
    assert "descriptors were lost" not in done.stderr


@pytest.mark.parametrize("most", [6, 9])
def test_a_limit_of_descriptors_that_is_too_low_for_the_command_is_told(most: int, tmp_path: Path) -> None:
    done = limited(most, tmp_path, PLAIN, "fork")

    assert done.stderr == "run-jobs: too many open files: raise the limit: `ulimit -n 64` does for a small run\n"
    assert done.returncode == 3
