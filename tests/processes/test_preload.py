"""What a preload does happens in the supervisor itself: it hurts no run, and nothing of it outlives one."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from runner.model.errors import SupervisorFault
from runner.session import Interrupted, Session
from tests.running import COMMAND, children_of, plan_of, run_text, wait_until
from tests.seeing import PROC

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
RAISES_IN_A_HANDLER = """
import signal
def late(*_):
    raise TimeoutError("too late")
signal.signal(signal.SIGALRM, late)
signal.setitimer(signal.ITIMER_REAL, 0.1, 0.1)
"""
RAISES_AT_THE_END_OF_A_CHILD = """
import signal
def late(*_):
    raise TimeoutError("too late")
signal.signal(signal.SIGCHLD, late)
"""
RAISES_IN_A_HANDLER_OF_A_SIGNAL_THAT_A_THREAD_SENDS = """
import os, signal, threading, time
def late(*_):
    raise TimeoutError("too late")
signal.signal(signal.SIGUSR1, late)
def send(pid=os.getpid()):
    while True:
        time.sleep(0.02)
        os.kill(pid, signal.SIGUSR1)
threading.Timer(1, send).start()
"""
RAISES_WHILE_PROCESSES_ARE_STARTED = RAISES_IN_A_HANDLER_OF_A_SIGNAL_THAT_A_THREAD_SENDS.replace(
    "Timer(1,", "Timer(0.1,"
)
HAS_AN_ALARM = "import signal\nsignal.alarm(1)\n"
CHANGES_HANDLERS = """
import os, signal
def refuse(*_):
    raise PermissionError("not now")
for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGIO):
    signal.signal(number, refuse)
signal.signal(signal.SIGCHLD, signal.SIG_IGN)
read, write = os.pipe()
os.set_blocking(write, False)
signal.set_wakeup_fd(write)
"""
BLOCKS_SIGNALS = "import signal\nsignal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())\n"
STOPS_THE_CLOCK = """
import sys, time
real, now = time.monotonic, time.monotonic()
for module in list(sys.modules.values()):
    for name, value in list(vars(module).items()):
        if value is real or value is time.time:
            setattr(module, name, lambda: now)
"""
HAS_NO_STDOUT = "import sys\nsys.stdout = sys.stderr = None\n"
CLOSES_STREAMS = "import sys\nsys.stdout.close()\nsys.stderr.close()\n"
DETACHES_STREAMS = "import sys\nsys.stdout.detach()\nsys.stderr.detach()\n"
RAISES_IN_FLUSH = """
import sys
class Stream:
    def write(self, text):
        return len(text)
    def flush(self):
        raise RuntimeError("flush raises")
sys.stdout = Stream()
"""
HARMLESS = [
    ALARMED := """
import signal
signal.signal(signal.SIGALRM, lambda *_: None)
signal.setitimer(signal.ITIMER_REAL, 0.1, 0.1)
""",
    SETS_A_START_METHOD := "import multiprocessing\nmultiprocessing.set_start_method('spawn')\n",
    RAISES_IN_A_HANDLER,
    RAISES_IN_A_HANDLER_OF_A_SIGNAL_THAT_A_THREAD_SENDS,
    RAISES_AT_THE_END_OF_A_CHILD,
    HAS_AN_ALARM,
    CHANGES_HANDLERS,
    BLOCKS_SIGNALS,
    STOPS_THE_CLOCK,
    HAS_NO_STDOUT,
    CLOSES_STREAMS,
    DETACHES_STREAMS,
    RAISES_IN_FLUSH,
]
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


NOT_STOPPED_S = 50
"""Far less than a process would take that no time limit ends."""


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


@pytest.mark.parametrize("source", HARMLESS)
def test_what_a_preload_does_to_its_process_does_not_hurt_the_run(
    source: str, start_method: str, tmp_path: Path
) -> None:
    jobs = "{name: a, target: sleep, args: [1.2]}, {name: late, target: sleep, args: [600], timeout: 0.3}"
    text = f"preload: [preloaded]\ngrace_period: 1\njobs: [{jobs}]"

    result = run_text(written(tmp_path, source, text).read_text(), tmp_path, start_method)

    ends = {name: process.outcome for name, process in result.processes.items()}
    assert ends == {"a": "succeeded", "late": "timed_out"}
    assert result.duration < NOT_STOPPED_S


@pytest.mark.parametrize("source", [CHANGES_HANDLERS, BLOCKS_SIGNALS])
def test_a_run_hears_a_stop_whatever_a_preload_does_to_signals(source: str, start_method: str, tmp_path: Path) -> None:
    written(tmp_path, source, "preload: [preloaded]\njobs: [{target: heartbeat, args: [60]}]")
    command = [*COMMAND, "jobs.yaml", "--output", "raw", "--start-method", start_method]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path)
    assert running.stdout is not None
    running.stdout.readline()

    os.kill(children_of(running.pid)[0], signal.SIGTERM)

    running.communicate(timeout=30)
    assert running.returncode == 143


def test_forked_processes_find_the_handlers_that_a_preload_has_set(tmp_path: Path) -> None:
    source = (
        "import os, signal\nsignal.signal(signal.SIGUSR1, lambda *_: print('handled'))\n"
        "def work():\n    os.kill(os.getpid(), signal.SIGUSR1)\n"
    )
    text = "preload: [preloaded]\njobs: [{name: a, target: 'preloaded:work'}]"

    result = run_text(written(tmp_path, source, text).read_text(), tmp_path, "fork")

    assert result.processes["a"].output == "handled\n"


def test_a_class_whose_module_raises_at_the_end_of_each_child_is_made(start_method: str, tmp_path: Path) -> None:
    source = RAISES_AT_THE_END_OF_A_CHILD + "import multiprocessing\nclass Made(multiprocessing.Process):\n"
    text = "jobs: [{name: a, class: 'preloaded:Made'}, {name: b, class: 'preloaded:Made'}]"
    written(tmp_path, source + "    def run(self):\n        print('made')\n", text)

    result = run_text(text, tmp_path, start_method)

    assert [process.output for process in result.processes.values()] == ["made\n", "made\n"]


def test_handlers_of_a_preload_are_not_called_between_starts(tmp_path: Path) -> None:
    written(
        tmp_path,
        RAISES_WHILE_PROCESSES_ARE_STARTED,
        text := "preload: [preloaded]\njobs: [{target: noop, replicas: 200}]",
    )

    result = run_text(text, tmp_path, "fork")

    assert {process.outcome for process in result.processes.values()} == {"succeeded"}


def test_a_preload_is_imported_once_for_all_that_are_forked(tmp_path: Path) -> None:
    source = "import os\npid = os.getpid()\ndef tell():\n    print(pid == os.getpid(), pid)\n"
    text = "preload: [preloaded]\njobs: [{name: a, target: 'preloaded:tell', replicas: 2}]"
    written(tmp_path, source, text)

    for start_method in ("fork", "forkserver"):
        said = {process.output for process in run_text(text, tmp_path, start_method).processes.values()}

        assert len(said) == 1
        assert said.pop().startswith("False ")


def test_what_multiprocessing_makes_for_a_preload_lies_in_the_folder_of_the_run(
    start_method: str, tmp_path: Path
) -> None:
    source = "from multiprocessing import util\nfolder = util.get_temp_dir()\ndef tell(): print(folder)\n"
    text = "preload: [preloaded]\njobs: [{name: a, target: 'preloaded:tell'}]"

    result = run_text(written(tmp_path, source, text).read_text(), tmp_path, start_method)

    assert f"/run-jobs-{os.geteuid()}/" in result.processes["a"].output  # which is gone with the run


MAKES_SEMAPHORES = {
    "a lock": "import multiprocessing\nlock = multiprocessing.get_context('spawn').Lock()\n",
    "a pool": """
import multiprocessing, sys
if "multiprocessing.forkserver" not in str(sys.orig_argv) and multiprocessing.parent_process() is None:
    pool = multiprocessing.get_context("spawn").Pool(1)
""",
}


@pytest.mark.parametrize("made", MAKES_SEMAPHORES)
def test_semaphores_that_a_preload_has_made_are_not_reported_as_leaked(
    made: str, start_method: str, tmp_path: Path
) -> None:
    (tmp_path / "making.py").write_text(MAKES_SEMAPHORES[made] + "def work():\n    pass\n")
    (tmp_path / "jobs.yaml").write_text("preload: [making]\njobs: [{name: a, target: 'making:work'}]")

    done = subprocess.run(
        [*COMMAND, "jobs.yaml", "--start-method", start_method],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0
    assert "leaked" not in done.stderr
    assert "Traceback" not in done.stderr


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


CLOSES = """
import multiprocessing, os
os.closerange({first}, 1000)
def work(): pass
class P(multiprocessing.Process):
    def run(self): pass
"""


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
@pytest.mark.parametrize("first", [0, 3])
@pytest.mark.parametrize("preload", ["preload: [preloaded]\njobs: [{target: noop}]", "jobs: [{class: 'preloaded:P'}]"])
def test_an_import_that_closes_descriptors_is_reported_by_name(
    preload: str, first: int, method: str, tmp_path: Path
) -> None:
    file = written(tmp_path, CLOSES.format(first=first), preload)
    command = [*COMMAND, str(file), "--start-method", method, "--no-preflight"]

    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)

    assert done.returncode == 3
    assert re.search("`preloaded(:P)?` (ended it, or )?close[sd] descriptors that are not its own", done.stderr)
    assert "Traceback" not in done.stderr
    assert "Errno" not in done.stderr


def test_of_an_import_that_closes_some_of_them_the_place_is_told(tmp_path: Path) -> None:
    # The link is spared.
    closes = (
        "import os, stat\n"
        "for number in range(3, 1000):\n"
        "    try:\n"
        "        if not stat.S_ISSOCK(os.fstat(number).st_mode):\n"
        "            os.close(number)\n"
        "    except OSError:\n"
        "        pass\n"
    )
    file = written(tmp_path, closes, "preload: [preloaded]\njobs: [{target: noop}]")

    done = subprocess.run([*COMMAND, str(file)], capture_output=True, text=True, check=False, timeout=60)

    assert done.returncode == 2
    assert "jobs.yaml:1:10: error: `preloaded` closes descriptors that are not its own" in done.stderr


def test_a_target_whose_import_closes_descriptors_is_refused_at_its_place(tmp_path: Path) -> None:
    file = written(tmp_path, CLOSES.format(first=3), "jobs: [{target: 'preloaded:work'}]")

    done = subprocess.run([*COMMAND, str(file)], capture_output=True, text=True, check=False, timeout=60)

    assert done.returncode == 2
    assert "importing `preloaded` ends the process" in done.stderr
    assert "the import closes descriptors that are not its own, as `os.closerange` does" in done.stderr
    assert "Traceback" not in done.stderr


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

    said = "run-jobs: stopped by SIGINT (Ctrl-C) before any process was started\n" if words == "run" else ""
    assert (running.communicate(timeout=30), running.returncode) == (("", said), 130)


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


@pytest.mark.linux("descendants are adopted, and found in /proc")
def test_when_the_front_is_killed_an_import_that_heeds_nothing_is_ended_too(tmp_path: Path) -> None:
    written(tmp_path, LEAVES_A_PROCESS + HANGS_ON)
    os.mkfifo(tmp_path / "began")
    running = subprocess.Popen([*COMMAND, "jobs.yaml"], stderr=subprocess.DEVNULL, cwd=tmp_path)
    (tmp_path / "began").read_bytes()
    [supervisor] = children_of(running.pid)

    running.kill()

    running.wait()
    wait_until(lambda: not os.path.exists(f"{PROC}/{supervisor}/exe"))
    subprocess.run([*COMMAND, "-", "-q"], input=b"jobs: [{target: noop}]", check=True)  # takes away the run's folder


@pytest.mark.linux("descendants are adopted, and found in /proc")
def test_when_the_front_is_killed_an_import_that_never_ends_is_ended_too(tmp_path: Path) -> None:
    written(tmp_path, HANGS)
    os.mkfifo(tmp_path / "began")
    command = [*COMMAND, "jobs.yaml"]
    running = subprocess.Popen(command, stderr=subprocess.DEVNULL, cwd=tmp_path)
    (tmp_path / "began").read_bytes()

    running.kill()

    assert running.wait() == -signal.SIGKILL  # that nothing else is left is seen after each test


BLOCKS = (
    LEAVES_A_PROCESS
    + """
import ctypes, signal
signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
open('began', 'w').close()
ctypes.PyDLL(None).pause()
"""
)
BLOCKS_WHEN_MADE = f"""
import multiprocessing
class Made(multiprocessing.Process):
    def __init__(self):
        exec({BLOCKS!r})
    def run(self): pass
"""


@pytest.mark.linux("what an import has started is found in /proc when the command is killed")
@pytest.mark.parametrize(("source", "text"), [(BLOCKS, PRELOADS), (BLOCKS_WHEN_MADE, MAKES)])
def test_when_the_front_is_killed_an_import_that_never_comes_back_to_python_is_ended_too(
    source: str, text: str, tmp_path: Path
) -> None:
    written(tmp_path, source, text)
    os.mkfifo(tmp_path / "began")
    running = subprocess.Popen([*COMMAND, "jobs.yaml", "--no-preflight"], stderr=subprocess.DEVNULL, cwd=tmp_path)
    (tmp_path / "began").read_bytes()
    [supervisor] = children_of(running.pid)

    running.kill()

    running.wait()
    wait_until(
        lambda: not os.path.exists(f"/proc/{supervisor}/exe")
    )  # what it had started is looked for after each test
    subprocess.run([*COMMAND, "-", "-q"], input=b"jobs: [{target: noop}]", check=True)  # takes away the run's folder


@pytest.mark.parametrize(
    ("made", "place"),
    [
        ("class Dice: own = random.Random()", "Dice.own"),
        ("dice = [random.Random()]", "dice[0]"),
        ("dice = {'a': random.Random()}", "dice['a']"),
    ],
)
def test_equal_numbers_of_a_generator_that_a_class_or_a_container_holds_are_told(
    made: str, place: str, tmp_path: Path
) -> None:
    (tmp_path / "rolling.py").write_text(f"import random\n{made}\ndef roll(): print({place}.random())\n")

    result = run_text("preload: [rolling]\njobs: [{name: a, target: 'rolling:roll', replicas: 2}]", tmp_path, "fork")

    assert len({process.output for process in result.processes.values()}) == 1
    told = [str(note["text"]) for note in result.notes if note["about"] == "same_random_numbers"]
    assert [f"a-0 and a-1 drew from `{place}` of the module rolling" in text for text in told] == [True]
