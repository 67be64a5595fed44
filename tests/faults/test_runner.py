"""What may happen to the command and its supervisor, and that nothing is left of the run whatever it is."""

from __future__ import annotations

import contextlib
import json
import os
import pty
import re
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from runner.system.thread_states import sleeps
from tests.running import COMMAND, Running, children_of, has_ended, wait_until, written
from tests.seeing import PROC

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

pytestmark = pytest.mark.slow


def _kernel() -> tuple[int, int]:
    major, minor, *_ = os.uname().release.split(".")
    return int(major), int(minor)


HEARTBEAT = b"jobs: [{name: a, target: heartbeat, args: [60]}]"
COUNTING = b"jobs: [{name: a, target: heartbeat, args: [60]}, {type: shared_counter, increments: 1}]"


def signalled(*numbers: signal.Signals) -> Callable[[Running], None]:
    """Sends the command these signals, one after the other."""

    def deed(running: Running) -> None:
        for number in numbers:
            running.command.send_signal(number)

    return deed


def kill_the_supervisor(running: Running) -> None:
    os.kill(running.supervisor, signal.SIGKILL)


def terminate_the_supervisor(running: Running) -> None:
    os.kill(running.supervisor, signal.SIGTERM)


def stop_the_supervisor_and_terminate(running: Running) -> None:
    os.kill(running.supervisor, signal.SIGSTOP)
    running.command.send_signal(signal.SIGTERM)


def kill_the_resource_tracker_and_terminate(running: Running) -> None:
    for child in children_of(running.supervisor):
        if b"resource_tracker" in _command_line(child):
            os.kill(child, signal.SIGKILL)
    running.command.send_signal(signal.SIGTERM)


DEEDS: dict[str, tuple[Callable[[Running], None], int, str]] = {
    # what is done: (how, the exit status, what can be read). The sender is known if the command was waiting just then.
    "SIGINT": (signalled(signal.SIGINT), 130, r"SIGINT (was sent|to the command)"),
    "SIGTERM": (signalled(signal.SIGTERM), 143, r"SIGTERM (was sent|to the command)"),
    "SIGHUP": (signalled(signal.SIGHUP), 129, r"SIGHUP (was sent|to the command)"),
    "SIGQUIT": (signalled(signal.SIGQUIT), -signal.SIGQUIT, ""),
    "SIGKILL": (signalled(signal.SIGKILL), -signal.SIGKILL, ""),
    "SIGSTOP, SIGTERM, SIGCONT": (
        signalled(signal.SIGSTOP, signal.SIGTERM, signal.SIGCONT),
        143,
        r"SIGTERM (was sent|to the command)",
    ),
    "SIGKILL to the supervisor": (kill_the_supervisor, 3, "the supervisor died"),
    "SIGTERM to the supervisor": (terminate_the_supervisor, 143, "sent SIGTERM to the process that starts"),
    "SIGKILL to the resource tracker, SIGTERM": (
        kill_the_resource_tracker_and_terminate,
        143,
        r"SIGTERM (was sent|to the command)",
    ),
    "SIGTERM while the supervisor is stopped": (
        stop_the_supervisor_and_terminate,
        143,
        r"SIGTERM (was sent|to the command)",
    ),
}


@pytest.mark.parametrize("deed", DEEDS)
def test_nothing_is_left_of_a_run_whatever_is_done_to_the_runner(deed: str, start_method: str) -> None:
    do, status, said = DEEDS[deed]
    running = Running("--start-method", start_method, given=COUNTING)
    running.wait_for(b"beat 1")

    do(running)

    ended, told = running.end()
    assert ended == status
    assert re.search(said, " ".join(told.split()))


def test_what_ignores_sigterm_is_gone_within_the_grace_period_of_the_commands_death(start_method: str) -> None:
    text = b"grace_period: 0.5\njobs:\n- {name: a, target: ignore_sigterm}\n"
    text += b"- {target: 'tests.faults.deeds:leave_a_grandchild'}"
    running = Running("--start-method", start_method, given=text)
    running.wait_for(b"ignores SIGTERM")
    supervisor = running.supervisor

    running.command.kill()
    killed = time.monotonic()
    running.end()

    wait_until(lambda: has_ended(supervisor))
    assert time.monotonic() - killed < 30  # `a` would sleep for a minute; that nothing else is left is seen afterwards


@pytest.mark.alone
def test_a_front_that_dies_amid_many_starts_takes_them_with_it() -> None:
    """The supervisor finds out when it writes, not when it reads."""
    running = Running(given=b"jobs: [{name: 'a-$index', target: heartbeat, args: [60], replicas: 400}]")
    running.wait_for(b"beat 1")
    supervisor = running.supervisor

    running.command.kill()
    running.end()

    wait_until(lambda: has_ended(supervisor))


def _amid_a_start(tmp_path: Path, main: str) -> Running:
    """A run that is in the `start` of `b`, which does not come back."""
    starts = tmp_path / "starts"
    jobs = f"{{name: a, target: heartbeat}}, {{name: b, class: 'tests.faults.deeds:NeverStarts', args: ['{starts}']}}"
    running = Running(given=f"grace_period: 0.2\njobs: [{jobs}]\nmain: {main}".encode())
    wait_until(starts.exists)
    return running


@pytest.mark.parametrize("main", ["[{start: b}]", "[start: [a, b]]", "[{start: a}, {start: b}]"])
def test_a_supervisor_that_does_not_heed_a_stop_is_killed(main: str, tmp_path: Path) -> None:
    running = _amid_a_start(tmp_path, main)

    running.command.send_signal(signal.SIGTERM)

    status, told = running.end()
    assert status == 3
    assert "the supervisor died before it could report that the start of b had returned" in " ".join(told.split())
    assert ("a  lost" in told) == ("a" in main.partition(":")[2])


def test_a_supervisor_amid_the_start_of_a_class_does_not_outlive_the_command(tmp_path: Path) -> None:
    running = _amid_a_start(tmp_path, "[{start: a}, {start: b}]")
    supervisor = running.supervisor

    running.command.kill()
    running.end()

    wait_until(lambda: has_ended(supervisor))
    subprocess.run([*COMMAND, "-", "-q"], input=b"jobs: [{target: noop}]", check=True)  # takes away what is left


def test_a_supervisor_that_is_paused_heeds_a_stop() -> None:
    running = Running(given=b"grace_period: 20\n" + HEARTBEAT)
    running.wait_for(b"beat 1")

    os.kill(running.supervisor, signal.SIGSTOP)
    running.command.send_signal(signal.SIGTERM)

    status, told = running.end()
    assert status == 143
    assert "a  terminated" in told


@pytest.mark.alone
def test_a_terminal_that_is_closed_stops_the_run(tmp_path: Path, start_method: str) -> None:
    events = tmp_path / "events"
    file = written(tmp_path, HEARTBEAT.decode())
    pid, terminal = pty.fork()
    if pid == 0:
        os.execv(COMMAND[0], [*COMMAND, str(file), "--events", str(events), "--start-method", start_method])
    wait_until(lambda: events.exists() and b"process.started" in events.read_bytes())

    os.close(terminal)

    _, status = os.waitpid(pid, 0)
    assert os.waitstatus_to_exitcode(status) == 129
    assert json.loads(_lines(events)[-1])["outcome"] == "stopped"


@pytest.mark.parametrize("killed", ["the supervisor first", "the command first", "with the resource tracker"])
def test_when_both_are_killed_the_next_start_takes_away_what_is_left(killed: str, start_method: str) -> None:
    running = Running("--start-method", start_method, given=COUNTING)
    running.wait_for(b"beat 1")
    supervisor, command = running.supervisor, running.command.pid
    trackers = [child for child in children_of(supervisor) if b"resource_tracker" in _command_line(child)]
    victims = [command, supervisor] if killed == "the command first" else [supervisor, command]

    for pid in [*(trackers if killed == "with the resource tracker" else []), *victims]:
        os.kill(pid, signal.SIGKILL)
    running.end()
    wait_until(lambda: not os.path.exists(f"{PROC}/{supervisor}"))

    subprocess.run([*COMMAND, "-", "-q"], input=b"jobs: [{target: noop}]", check=True)


def test_the_events_of_a_run_whose_runner_is_killed_end_at_a_whole_line(tmp_path: Path) -> None:
    file = tmp_path / "events"
    text = b"jobs: [{target: noop, replicas: 400}]"
    command = subprocess.Popen([*COMMAND, "-", "-q", "--events", str(file)], stdin=subprocess.PIPE)
    assert command.stdin is not None
    command.stdin.write(text)
    command.stdin.close()
    wait_until(lambda: file.exists() and file.stat().st_size > 100_000)

    command.kill()
    command.wait()

    assert [json.loads(line)["seq"] for line in file.read_bytes().splitlines()] == list(range(len(_lines(file))))


def test_deadlines_of_a_supervisor_that_was_stopped_come_due_once(tmp_path: Path) -> None:
    file = tmp_path / "events"
    text = b"jobs: [{name: a, target: heartbeat, args: [0.1]}, {name: late, target: sleep, args: [60], timeout: 4}]\n"
    text += b"main: [start: all, {join: late, timeout: 4.5}, join: late, terminate: a]"
    running = Running("--events", str(file), given=text)
    running.wait_for(b"beat 1")
    supervisor = running.supervisor

    running.command.send_signal(signal.SIGSTOP)  # it would wake the supervisor
    os.kill(supervisor, signal.SIGSTOP)
    time.sleep(6)  # all deadlines are over by then: that is what is tested
    running.command.send_signal(signal.SIGCONT)

    running.end()
    happened = [json.loads(line) for line in _lines(file)]
    of_late = [event["event"] for event in happened if event.get("process") == "late" and event["event"] != "note"]
    moments = {event["event"]: event["t"] for event in happened if event.get("process") == "late"}
    assert moments["process.terminating"] - moments["process.started"] > 5
    assert of_late.count("process.terminating") == 1
    assert of_late.count("process.join_timed_out") <= 1
    assert of_late.count("process.exited") == 1
    assert happened[-1]["event"] == "run.finished"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_a_stop_is_heard_by_a_command_that_was_started_with_the_signal_blocked(number: signal.Signals) -> None:
    blocking = f"import os, signal, sys; signal.pthread_sigmask(signal.SIG_BLOCK, [{int(number)}]); "
    running = Running(given=HEARTBEAT, before=[sys.executable, "-c", blocking + "os.execv(sys.argv[1], sys.argv[1:])"])
    running.wait_for(b"beat 1")

    running.command.send_signal(number)

    assert running.end()[0] == 128 + number


def test_an_interrupt_that_was_ignored_stays_ignored() -> None:
    ignoring = "import os, signal, sys; signal.signal(signal.SIGINT, signal.SIG_IGN); "
    text = b"jobs: [{name: a, target: heartbeat, args: [0.1]}]"
    running = Running(given=text, before=[sys.executable, "-c", ignoring + "os.execv(sys.argv[1], sys.argv[1:])"])
    running.wait_for(b"beat 1\n")

    running.command.send_signal(signal.SIGINT)
    running.wait_for(b"beat 5\n")
    running.command.send_signal(signal.SIGTERM)

    assert running.end()[0] == 143


def test_a_program_that_fails_over_an_event_leaves_nothing(tmp_path: Path, start_method: str) -> None:
    file = written(tmp_path, HEARTBEAT.decode())
    code = (
        "import runner\n"
        "from runner.session import Session\n"
        f"plan = runner.load({str(file)!r}, start_method={start_method!r})\n"
        "with Session() as session:\n"
        "    session.submit(plan)\n"
        "    for item in session.items():\n"
        "        if getattr(item, 'event', '') == 'process.started':\n"
        "            raise LookupError('a fault of the program')\n"
    )

    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert done.stderr.endswith("LookupError: a fault of the program\n")


def _lines(file: Path) -> list[bytes]:
    return file.read_bytes().splitlines()


def _command_line(pid: int) -> bytes:
    """The command line of a process; empty if it has ended."""
    try:
        with open(f"{PROC}/{pid}/cmdline", "rb") as file:
            return file.read()
    except (FileNotFoundError, ProcessLookupError):
        return b""


@pytest.mark.parametrize("start_method", ["fork", "spawn"])
@pytest.mark.parametrize(("refusals", "status", "ends"), [(2, 0, ["succeeded"] * 3), (1000, 1, [])])
def test_a_start_that_there_is_no_room_for_is_tried_again(
    start_method: str, refusals: int, status: int, ends: list[str], tmp_path: Path
) -> None:
    text = "jobs: [{target: noop}, {class: 'tests.faults.scarce:Idle'}, {target: noop}]"
    file = written(tmp_path, f"start_method: {start_method}\npreload: [tests.faults.scarce]\n{text}")
    command = [*COMMAND, str(file), "--no-preflight", "--events", str(tmp_path / "events")]

    done = subprocess.run(
        command, env=os.environ | {"NO_ROOM_FOR": str(refusals)}, capture_output=True, text=True, check=False
    )

    assert done.returncode == status, done.stderr
    happened = [json.loads(line) for line in _lines(tmp_path / "events")]
    assert [event["outcome"] for event in happened if event["event"] == "process.exited"] == ends
    failed = [event["error"]["type"] for event in happened if event["event"] == "process.start_failed"]
    assert failed == ["BlockingIOError"] * (3 - len(ends))


@pytest.mark.alone
def test_a_thousand_that_ignore_sigterm_are_gone_within_the_grace_period_and_a_second(tmp_path: Path) -> None:
    events = tmp_path / "events"
    text = b"grace_period: 1\njobs: [{target: ignore_sigterm, replicas: 1000}]"
    running = Running("--events", str(events), "-q", given=text)
    running.wait_for(b"ignores SIGTERM", times=1000)
    supervisor = running.supervisor
    wait_until(lambda: events.read_bytes().count(b'"process.started"') == 1000 and _rests(supervisor))
    cpu = _cpu_ticks(supervisor)
    time.sleep(1)  # in which nothing happens: that is what is tested
    assert _cpu_ticks(supervisor) == cpu

    running.command.send_signal(signal.SIGTERM)
    used = _cpu_ticks_at_its_end(supervisor) - cpu

    assert running.end()[0] == 143
    happened = [json.loads(line) for line in _lines(events)]
    [stopped, *_] = [event["t"] for event in happened if event["event"] == "process.terminating"]
    assert [event["event"] for event in happened].count("process.exited") == 1000
    assert used < 100, "of a hundred in a second: the time on the clock is the machine's as well"
    assert happened[-1]["t"] - stopped < 1 + 15


def _rests(pid: int) -> bool:
    """Whether a process sleeps and has used no processor time for a fifth of a second."""
    before = _cpu_ticks(pid)
    time.sleep(0.2)
    return _cpu_ticks(pid) == before and sleeps(pid) is True


def _cpu_ticks_at_its_end(pid: int) -> int:
    """The processor time that a process had used shortly before its end."""
    used = _cpu_ticks(pid)
    while not has_ended(pid):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            used = _cpu_ticks(pid)
        time.sleep(0.01)
    return used


def _cpu_ticks(pid: int) -> int:
    with open(f"{PROC}/{pid}/stat") as file:
        user, system = file.read().rpartition(")")[2].split()[11:13]
    return int(user) + int(system)


SMALLEST_PID_MAX = 400
"""Nearly: the kernel reserves the first 300."""


@pytest.mark.alone
@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes a PID namespace")
@pytest.mark.skipif(_kernel() < (6, 14), reason="before Linux 6.14 the whole machine has one pid_max")
def test_pids_that_are_used_again_confuse_nobody(tmp_path: Path) -> None:
    events = tmp_path / "events"
    script = f'echo {SMALLEST_PID_MAX} > /proc/sys/kernel/pid_max; exec "$@"'
    text = b"jobs: [{target: noop, replicas: 900}, {name: long, target: sleep, args: [1]}]"
    unshare = ["unshare", "--pid", "--fork", "--mount-proc", "sh", "-ec", script, "sh"]

    done = subprocess.run([*unshare, *COMMAND, "-", "-q", "--events", str(events)], input=text, check=False)

    assert done.returncode == 0
    happened = [json.loads(line) for line in _lines(events)]
    pids = [event["pid"] for event in happened if event["event"] == "process.started"]
    ends = {event["process"]: event["outcome"] for event in happened if event["event"] == "process.exited"}
    assert len(set(pids)) < len(pids) == len(ends) == 901
    assert set(ends.values()) == {"succeeded"}


FIRST = ["unshare", "--pid", "--fork", "--mount-proc"]
SENDS_SIGTERM_AT_THE_FIRST_IMPORT = """
import os, signal, sys
class Sends:
    def find_spec(self, name, *_):
        if name == "runner.cli":
            os.kill(1, signal.SIGTERM)
sys.meta_path.insert(0, Sends())
from runner.__main__ import main
sys.exit(main())
"""


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes a PID namespace")
def test_as_the_first_process_the_command_hears_a_stop_before_its_first_import() -> None:
    command = [*FIRST, sys.executable, "-c", SENDS_SIGTERM_AT_THE_FIRST_IMPORT, "-"]

    done = subprocess.run(command, input=HEARTBEAT, capture_output=True, check=False)

    assert (done.returncode, done.stdout, done.stderr) == (143, b"", b"")


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes a PID namespace")
def test_as_the_first_process_the_command_reaps_orphans() -> None:
    text = b"jobs: [{name: a, target: 'tests.faults.deeds:wait_for_the_end_of_zombies'}]"
    command = [*FIRST, "sh", "-c", 'sleep 0.1 & sleep 1 & exec "$@"', "sh", *COMMAND, "-", "--output", "raw"]

    done = subprocess.run(command, input=text, capture_output=True, timeout=50, check=False)

    assert (done.returncode, done.stdout) == (0, b"none is left\n")
