"""The command in adverse surroundings: streams that are closed or full, and signals that come before anything else."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.running import COLOR, COMMAND, on_a_terminal, written

if TYPE_CHECKING:
    from pathlib import Path

IN_A_SHELL = shlex.join(COMMAND)
SAYS = "jobs: [{name: a, target: say, args: [hello]}]"
INTERRUPTS = """
import os, signal
def interrupt_the_front():
    with open(f"/proc/{os.getppid()}/stat") as file:
        os.kill(int(file.read().rpartition(")")[2].split()[1]), signal.SIGINT)
"""
"""A target's signal to the front comes while that still imports what reports."""


@pytest.mark.parametrize("closing", ["<&-", ">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_closed_streams_are_as_if_nobody_listened(closing: str, tmp_path: Path) -> None:
    file, events = written(tmp_path, SAYS), tmp_path / "events"

    done = subprocess.run(
        f"exec {IN_A_SHELL} {file} --events {events} {closing}", shell=True, capture_output=True, check=False
    )

    assert done.returncode == 0
    assert [json.loads(line) for line in events.read_text().splitlines()][-1]["exit_status"] == 0
    assert done.stdout == (b"" if ">&-" in closing.split() else b"a \xe2\x94\x82 hello\n")


def test_a_full_stdout_is_told_and_the_run_goes_on_and_fails(tmp_path: Path) -> None:
    file, events = written(tmp_path, SAYS), tmp_path / "events"
    with open("/dev/full", "wb") as full:
        command = [*COMMAND, str(file), "-q", "--events", str(events)]

        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, check=False)

    assert done.returncode == 3
    assert done.stderr == "run-jobs: stdout cannot be written: no space left on device; the run goes on\n"
    assert json.loads(events.read_text().splitlines()[-1])["outcome"] == "succeeded"


STOPPED_EARLY = b"run-jobs: stopped by SIGINT (Ctrl-C) before any process was started\n"


@pytest.mark.parametrize("words", [[], ["--json"], ["--json", "-q"]])
def test_an_interrupt_while_the_file_is_read_ends_the_command_with_one_line(words: list[str], tmp_path: Path) -> None:
    fifo = tmp_path / "jobs.yaml"
    os.mkfifo(fifo)
    command = [*COMMAND, str(fifo), *words]
    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    with open(fifo, "wb"):  # which waits until it reads
        running.send_signal(signal.SIGINT)
        said, error = running.communicate(timeout=50)

    assert (running.returncode, error) == (130, STOPPED_EARLY)
    results = [json.loads(line) for line in said.splitlines()]
    assert [(result["outcome"], result["exit_status"]) for result in results] == [("stopped", 130)] * bool(words)


def test_an_interrupt_while_targets_are_imported_ends_the_command_with_its_result(tmp_path: Path) -> None:
    # Sent to the command from the look at the targets, before anything is started.
    (tmp_path / "endless.py").write_text(
        "import os, signal, time\n"
        "os.kill(int(os.environ['COMMAND']), signal.SIGINT)\n"
        "time.sleep(60)\n"
        "def work(): pass\n"
    )
    file = written(tmp_path, "jobs: [{name: a, target: 'endless:work', replicas: 2}]")
    script = f"export COMMAND=$$; exec {' '.join(COMMAND)} {file} --json"

    done = subprocess.run(["sh", "-c", script], capture_output=True, check=False, timeout=50)

    result = json.loads(done.stdout)
    assert (done.returncode, done.stderr) == (130, STOPPED_EARLY)
    assert (result["outcome"], result["exit_status"], result["counts"]) == ("stopped", 130, {"not_started": 2})
    assert list(result["processes"]) == ["a-0", "a-1"]


def test_an_interrupt_before_the_first_report_stops_the_run_in_order(tmp_path: Path) -> None:
    (tmp_path / "interrupts.py").write_text(INTERRUPTS)
    text = "jobs:\n- {name: a, target: interrupts:interrupt_the_front}\n- {name: b, target: sleep, args: [60]}\n"
    file, events = written(tmp_path, text), tmp_path / "events"

    done = subprocess.run([*COMMAND, str(file), "--events", str(events)], capture_output=True, check=False)

    told = [json.loads(line) for line in events.read_text().splitlines()]
    assert done.returncode == told[-1]["exit_status"] == 130
    assert b"Traceback" not in done.stderr
    # The stop may come between the two starts.
    kinds = [event["event"] for event in told]
    assert kinds.count("process.exited") == kinds.count("process.started") >= 1


def test_a_run_whose_events_nobody_reads_is_stopped(tmp_path: Path) -> None:
    file = written(tmp_path, "jobs: [{name: a, target: heartbeat, args: [0.01]}]")

    done = subprocess.run(
        f"{{ {IN_A_SHELL} {file} -q --events - --events-output; echo status $? >&2; }} | head -n 1",
        shell=True,
        capture_output=True,
        text=True,
        check=False,
        timeout=50,
    )

    assert json.loads(done.stdout)["event"] == "run.started"
    assert done.stderr.endswith("status 141\n")
    assert "missing" not in done.stderr


@pytest.mark.parametrize("words", ["check {file}", "explain {file}", "schema", "--help", "--version"])
def test_what_cannot_be_printed_is_told(words: str, tmp_path: Path) -> None:
    command = f"{IN_A_SHELL} {words.format(file=written(tmp_path, SAYS))}"

    full = subprocess.run(f"exec {command} > /dev/full", shell=True, capture_output=True, text=True, check=False)
    unread, unread_end = os.pipe()
    os.close(unread)
    nobody = subprocess.run(command.split(), stdout=unread_end, stderr=subprocess.PIPE, text=True, check=False)
    os.close(unread_end)

    assert (full.returncode, full.stderr) == (3, "run-jobs: no space left on device\n")
    assert (nobody.returncode, nobody.stderr) == (141, "")


@pytest.mark.parametrize("words", ["check", "explain", "run"])
def test_what_an_encoding_cannot_say_is_escaped(words: str, tmp_path: Path) -> None:
    file = written(tmp_path, "title: 한글\njobs: [{name: 가, target: noop}]")
    command = [*COMMAND, words, str(file)]

    done = subprocess.run(
        command, capture_output=True, env=os.environ | {"PYTHONIOENCODING": "ascii"}, text=True, check=False
    )

    assert done.returncode == 0
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("closing", "status"), [("<&-", 2), ("2>&-", 2), ("<&- >&- 2>&-", 2)])
def test_a_bad_file_is_bad_whatever_is_closed(closing: str, status: int, tmp_path: Path) -> None:
    file = written(tmp_path, "jobs: 5")

    for words in (f"{IN_A_SHELL} {file}", f"{IN_A_SHELL} check {file}", f"{IN_A_SHELL} -"):
        done = subprocess.run(
            f"exec {words} {closing}", shell=True, capture_output=True, stdin=subprocess.DEVNULL, check=False
        )

        assert done.returncode == status
        assert b"Traceback" not in done.stderr


def test_ignored_children_do_not_hide_a_bad_file(tmp_path: Path) -> None:
    command = [*COMMAND, str(written(tmp_path, "jobs: 5"))]
    ignores = (
        "import os, signal, sys; signal.signal(signal.SIGCHLD, signal.SIG_IGN); os.execvp(sys.argv[1], sys.argv[1:])"
    )

    done = subprocess.run([sys.executable, "-c", ignores, *command], capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert "expected a list" in done.stderr


def test_events_are_not_written_over_the_file(tmp_path: Path) -> None:
    file = written(tmp_path, SAYS)

    done = subprocess.run(
        [*COMMAND, str(file), "--events", str(tmp_path / "." / "jobs.yaml")],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 2
    assert "is the file to run" in done.stderr
    assert file.read_text() == SAYS


@pytest.mark.parametrize("path", ["/dev/zero", "/dev/full"])
def test_a_file_without_an_end_is_refused(path: str) -> None:
    done = subprocess.run([*COMMAND, "check", path], capture_output=True, text=True, check=False)

    assert done.returncode == 2
    assert "at most 16,777,216 are read" in done.stderr


def test_a_line_that_is_rewritten_shows_its_state_on_a_terminal_and_is_one_line_in_the_end(tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    text = f"time_limit: 30\njobs: [{{name: a, target: 'tests.processes.targets:rewrite_a_line', args: ['{seen}']}}]"

    _, shown = on_a_terminal(*COMMAND, str(written(tmp_path, text)), "-q", once="a │ 10%", touch=seen)

    meanwhile, _, end = COLOR.sub("", shown).rpartition("\x1b[2K")
    assert "a │ 10%" in meanwhile
    assert end == "a │ 100%so far\r\n"
