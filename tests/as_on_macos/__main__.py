"""`python -m tests.as_on_macos`: the tests on a Linux that lacks what macOS lacks, in all processes.

Python lacks there what `lacking/sitecustomize.py` takes away, and there is no /proc. The tests themselves look at
processes and shared memory in other places (`tests/seeing.py`), so that no check is lost. All words go to
`python -m tests`; without one it runs the gallery and tests/processes.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from tests.seeing import PLACES

SCRIPT = """
mkdir "$0/proc" "$0/shm"
mount --rbind /proc "$0/proc"
mount -t tmpfs tmpfs /dev/shm
mount --bind /dev/shm "$0/shm"
mount -t tmpfs tmpfs /proc
exec "$@"
"""
NAMESPACES = (["unshare", "--mount"], ["unshare", "--mount", "--map-root-user"])
LACKING = Path(__file__).with_name("lacking")
DEFAULT = ["tests/gallery", "tests/processes"]


def main(words: list[str]) -> int:
    """Run the tests; returns their status."""
    paths = [str(LACKING), os.environ.get("PYTHONPATH", "")]
    with tempfile.TemporaryDirectory(prefix="seen-") as seen:
        env = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths)), PLACES: seen}
        command = [sys.executable, "-m", "tests", *(words or DEFAULT)]
        return subprocess.run([*_namespace(), "sh", "-ec", SCRIPT, seen, *command], env=env, check=False).returncode


def _namespace() -> list[str]:
    """What runs a command in a mount namespace of its own. Raises `SystemExit` where that is not allowed."""
    for command in NAMESPACES:
        done = subprocess.run([*command, "mount", "-t", "tmpfs", "tmpfs", "/proc"], capture_output=True, check=False)
        if done.returncode == 0:
            return command
    raise SystemExit("a mount namespace of its own is not allowed here, which hides /proc: run it as root")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
