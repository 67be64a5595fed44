"""What a preload does happens in the supervisor itself: it hurts no run, and nothing of it outlives one."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from runner.errors import SupervisorFault
from runner.session import Interrupted, Session
from tests.running import COMMAND, plan_of, run_text

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

LEAVES_A_PROCESS = "import subprocess\nsubprocess.Popen(['sleep', '600'])\n"
IN_A_THREAD = f"""
import threading
def leave():
    {LEAVES_A_PROCESS.replace(chr(10), "; ")}
    left.set()
    threading.Event().wait()
left = threading.Event()
threading.Thread(target=leave, daemon=True).start()
left.wait()
"""
ALARMED = """
import signal
signal.signal(signal.SIGALRM, lambda *_: None)
signal.setitimer(signal.ITIMER_REAL, 0.1, 0.1)
"""
SETS_A_START_METHOD = "import multiprocessing\nmultiprocessing.set_start_method('spawn')\n"
ENDS = "import os, sys\nprint('so long', file=sys.stderr)\nos._exit(0)\n"
HANGS = LEAVES_A_PROCESS + "import time\nopen('began', 'w').close()\ntime.sleep(600)\n"
HANGS_WHEN_MADE = f"""
import multiprocessing
class Made(multiprocessing.Process):
    def __init__(self):
        exec({HANGS!r})
"""
HANGS_ON = """
import time
open('began', 'w').close()
while True:
    try:
        time.sleep(600)
    except BaseException:
        pass
"""


def written(folder: Path, source: str, text: str = "preload: [preloaded]\njobs: [{name: a, target: noop}]") -> Path:
    """A file beside a module `preloaded` with this source."""
    (folder / "preloaded.py").write_text(source)
    (folder / "jobs.yaml").write_text(text)
    return folder / "jobs.yaml"


@pytest.mark.parametrize("source", [LEAVES_A_PROCESS, IN_A_THREAD])
def test_what_a_preload_starts_is_gone_with_the_run(source: str, tmp_path: Path) -> None:
    file = written(tmp_path, source)

    result = run_text(file.read_text(), tmp_path)

    assert result.outcome == "succeeded"


@pytest.mark.parametrize("source", [ALARMED, SETS_A_START_METHOD])
def test_what_a_preload_does_to_its_process_does_not_hurt_the_run(
    source: str, start_method: str, tmp_path: Path
) -> None:
    text = "preload: [preloaded]\njobs: [{name: a, target: sleep, args: [0.5]}]"

    result = run_text(written(tmp_path, source, text).read_text(), tmp_path, start_method)

    assert (result.outcome, result.processes["a"].outcome) == ("succeeded", "succeeded")


def test_a_preload_is_imported_once_for_all_that_are_forked(tmp_path: Path) -> None:
    source = "import os\npid = os.getpid()\ndef tell():\n    print(pid == os.getpid(), pid)\n"
    text = "preload: [preloaded]\njobs: [{name: a, target: 'preloaded:tell', replicas: 2}]"
    written(tmp_path, source, text)

    for start_method in ("fork", "forkserver"):
        said = {process.output for process in run_text(text, tmp_path, start_method).processes.values()}

        assert len(said) == 1
        assert said.pop().startswith("False ")


def test_a_run_whose_preload_ends_the_supervisor_is_a_fault_with_what_it_wrote(tmp_path: Path) -> None:
    file = written(tmp_path, ENDS)

    with pytest.raises(SupervisorFault, match=r"ended before anything was started.*\n.*so long"):
        run_text(file.read_text(), tmp_path)


@pytest.mark.parametrize("command", [["run"], ["check", "--imports"]])
def test_on_the_command_line_that_is_exit_status_3(command: list[str], tmp_path: Path) -> None:
    file = written(tmp_path, ENDS)

    done = subprocess.run([*COMMAND, *command, str(file)], capture_output=True, check=False)

    assert (done.returncode, done.stdout) == (3, b"")
    assert done.stderr.count(b"so long") == 1
    assert b"the supervisor ended before anything was started" in done.stderr
    assert b"Traceback" not in done.stderr


PRELOADS = "preload: [preloaded]\njobs: [{target: noop}]"
MAKES = "jobs: [{class: 'preloaded:Made'}]"


@pytest.mark.parametrize(
    ("words", "source", "text", "stops"),
    [
        ("run", HANGS, PRELOADS, 1),
        ("run", HANGS, PRELOADS, 2),
        ("run", HANGS_ON, PRELOADS, 2),
        ("run", HANGS_WHEN_MADE, MAKES, 1),
        ("run", HANGS_WHEN_MADE, MAKES, 2),
        ("check --imports", HANGS, PRELOADS, 1),
        ("check --imports", HANGS_ON, PRELOADS, 1),
    ],
)
def test_a_stop_ends_an_import_that_never_does(words: str, source: str, text: str, stops: int, tmp_path: Path) -> None:
    written(tmp_path, source, text)
    os.mkfifo(tmp_path / "began")
    command = [*COMMAND, *words.split(), "jobs.yaml"]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path)
    (tmp_path / "began").read_bytes()

    running.send_signal(signal.SIGINT)
    # The same signal: of two different that come at once, the system hands over the later one first. What comes at once
    # is the same wish, so it is sent again; but not soon, for who has nothing left but to end may die of it.
    while stops == 2 and running.poll() is None:
        running.send_signal(signal.SIGINT)
        with contextlib.suppress(subprocess.TimeoutExpired):
            running.wait(2)

    assert (running.communicate(timeout=30), running.returncode) == (("", ""), 130)


def test_from_python_a_keyboard_interrupt_ends_it(tmp_path: Path) -> None:
    file = written(tmp_path, HANGS)
    os.mkfifo(tmp_path / "began")
    program = f"import runner\nrunner.run({str(file)!r})"
    running = subprocess.Popen([sys.executable, "-c", program], stderr=subprocess.PIPE, text=True, cwd=tmp_path)
    (tmp_path / "began").read_bytes()

    running.send_signal(signal.SIGINT)

    _, said = running.communicate(timeout=30)
    assert said.rstrip().endswith("KeyboardInterrupt")


def test_a_stop_of_a_check_is_no_yes(tmp_path: Path) -> None:
    plan = plan_of("jobs: [{name: a, target: noop}]", tmp_path)

    with Session() as session:
        session.stop()
        with pytest.raises(Interrupted):
            session.check(plan)


def test_when_the_front_is_killed_an_import_that_never_ends_is_ended_too(tmp_path: Path) -> None:
    written(tmp_path, HANGS)
    os.mkfifo(tmp_path / "began")
    command = [*COMMAND, "jobs.yaml"]
    running = subprocess.Popen(command, stderr=subprocess.DEVNULL, cwd=tmp_path)
    (tmp_path / "began").read_bytes()

    running.kill()

    assert running.wait() == -signal.SIGKILL  # that nothing else is left is seen after each test
