"""Shared memory that cannot be had is told before anything starts: staged in a mount namespace of the test's own."""

from __future__ import annotations

import subprocess
from functools import cache
from typing import TYPE_CHECKING

import pytest

from tests.running import COMMAND, written

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

WITHOUT_SHM = """
mount -t tmpfs tmpfs "$0"
for device in null zero urandom; do touch "$0/$device"; mount --bind /dev/$device "$0/$device"; done
ln -s /proc/self/fd "$0/fd"
mount --rbind "$0" /dev
"""
STATES = {
    # how /dev/shm is: (what makes it so, what is said)
    "too small": ("mount -t tmpfs -o size=4k tmpfs /dev/shm", "there is no room for 8 bytes"),
    "full": (
        "mount -t tmpfs -o size=64k tmpfs /dev/shm; dd if=/dev/zero of=/dev/shm/x bs=4k count=16 2>/dev/null",
        "there is no room for 256 bytes",
    ),
    "read-only": ("mount -t tmpfs -o ro tmpfs /dev/shm", "read-only file system"),
    "missing": (WITHOUT_SHM, "no such file or directory"),
}


@cache
def in_a_namespace() -> list[str]:
    """What runs a shell in a mount namespace of its own; skips the test where that is not allowed."""
    for command in (["unshare", "--mount"], ["unshare", "--mount", "--map-root-user"]):
        try:
            done = subprocess.run(
                [*command, "sh", "-ec", "mount -t tmpfs tmpfs /dev/shm"], capture_output=True, check=False
            )
        except FileNotFoundError:
            break
        if done.returncode == 0:
            return [*command, "sh", "-ec"]
    pytest.skip("a mount namespace of our own is not allowed here")


@pytest.mark.parametrize("state", STATES)
def test_shared_memory_that_cannot_be_made_is_told_and_nothing_starts(
    state: str, start_method: str, tmp_path: Path
) -> None:
    make, said = STATES[state]
    file = written(tmp_path, "jobs:\n- {target: say, args: [started]}\n- {type: shared_counter, increments: 1}")
    command = [*COMMAND, str(file), "--start-method", start_method]

    done = subprocess.run(
        [*in_a_namespace(), f'{make}\nexec "$@"', str(_folder(tmp_path)), *command],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(
        f"{file}:3:10: error: the shared memory of this job cannot be created in /dev/shm: {said}"
    )
    assert "started" not in done.stderr


@pytest.mark.parametrize("state", ["read-only", "missing"])
def test_what_needs_no_shared_memory_runs_without(state: str, tmp_path: Path) -> None:
    make, _ = STATES[state]
    file = written(tmp_path, "jobs: [{name: a, target: say, args: [hello]}]")

    done = subprocess.run(
        [*in_a_namespace(), f'{make}\nexec "$@"', str(_folder(tmp_path)), *COMMAND, str(file), "-q"],
        capture_output=True,
        text=True,
        check=False,
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, "a │ hello\n", "")


def _folder(tmp_path: Path) -> Path:
    """One to make another /dev of."""
    folder = tmp_path / "dev"
    folder.mkdir()
    return folder
