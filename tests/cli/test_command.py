"""The command as a person uses it: real processes, its output, its exit status."""

from __future__ import annotations

import gc
import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from runner.cli import main
from tests.bad_files.corpus import BadFile, bad_files
from tests.running import COMMAND, on_a_terminal, prepared, wait_until, written

if TYPE_CHECKING:
    from collections.abc import Iterator

JOBS = Path(__file__).parents[2] / "jobs"


@pytest.fixture(autouse=True)
def _garbage_is_collected_again() -> Iterator[None]:
    yield
    gc.enable()  # `main` leaves it off: it is for a process of its own


def run_jobs(*words: object, given: bytes | None = None, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the command to its end."""
    done = subprocess.run([*COMMAND, *map(str, words)], input=given or b"", capture_output=True, cwd=cwd, check=False)
    return subprocess.CompletedProcess(done.args, done.returncode, done.stdout.decode(), done.stderr.decode())


def test_the_counter_prints_its_total_and_finishes_with_status_0(tmp_path: Path) -> None:
    events = tmp_path / "events"

    done = run_jobs(JOBS / "counter.yaml", "--events", events)

    assert done.returncode == 0
    assert "total                  100000000\n" in done.stdout
    last = json.loads(events.read_text().splitlines()[-1])
    assert (last["event"], last["exit_status"]) == ("run.finished", 0)


@pytest.mark.parametrize("file", sorted(JOBS.rglob("*.yaml")), ids=lambda file: file.stem)
def test_every_file_of_the_gallery_is_good_and_can_be_explained(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    checked, explained = main(["check", str(file)]), main(["explain", str(file)])

    assert (checked, explained) == (0, 0)
    assert "Main, step by step:" in capsys.readouterr().out


@pytest.mark.parametrize("folder", ["basics", "limits"])
def test_the_targets_of_the_gallery_are_there(folder: str) -> None:
    # The files of the other folders are run in tests/gallery.
    for file in sorted((JOBS / folder).glob("*.yaml")):
        assert run_jobs("check", "--imports", file).returncode == 0


@pytest.mark.parametrize("bad", bad_files(), ids=str)
def test_a_bad_file_ends_with_status_2_and_its_place(bad: BadFile, capsys: pytest.CaptureFixture[str]) -> None:
    status = main(["check", str(bad.path)])

    said = capsys.readouterr()
    assert status == 2
    assert f"{bad.path.name}:{bad.line}:{bad.column}: error: " in said.err
    assert said.out == ""


@pytest.mark.parametrize("bad", bad_files()[::16], ids=str)
def test_of_a_bad_file_nothing_is_started(bad: BadFile) -> None:
    done = run_jobs(bad.path)

    assert done.returncode == 2
    assert f"{bad.path.name}:{bad.line}:{bad.column}: error: " in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_file_that_has_not_changed_is_not_checked_again(tmp_path: Path) -> None:
    def was_checked(*options: str) -> bool:
        command = [sys.executable, "-X", "importtime", "-m", "runner", str(file), "-q", *options]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        assert done.stdout == "a │ hello\n"
        return re.search(r"\| +pydantic$", done.stderr, re.MULTILINE) is not None

    file = written(tmp_path, "jobs: [{name: a, target: say, args: [hello]}]")

    assert [was_checked(), was_checked()] == [True, False]
    assert was_checked("--no-cache")
    assert was_checked("--set", "grace_period=1")
    written(tmp_path, "jobs: [{name: a, target: say, args: [hello]}]  # changed")
    assert was_checked()


def test_a_plan_that_the_environment_has_a_part_in_is_not_kept(tmp_path: Path) -> None:
    file = written(tmp_path, "jobs: [{name: a, target: say, args: ['${env.WORD}']}]")

    said = []
    for word in ("one", "two"):
        command = [*COMMAND, str(file), "-q", "--output", "raw"]
        said.append(subprocess.run(command, env={**os.environ, "WORD": word}, capture_output=True, check=True).stdout)

    assert said == [b"one\n", b"two\n"]


def test_a_refusal_has_its_place_though_the_plan_was_kept(tmp_path: Path) -> None:
    (tmp_path / "mine.py").write_text("def work(): pass\n")
    file = written(tmp_path, "jobs:\n- target: mine:work\n")
    assert run_jobs(file).returncode == 0
    (tmp_path / "mine.py").write_text("def other(): pass\n")

    done = run_jobs(file)

    assert done.returncode == 2
    assert "jobs.yaml:2:11: error: module `mine` has no `work`" in done.stderr


@pytest.mark.parametrize(
    ("name", "help"),
    [
        ("jobs", "did you mean `jobs.yaml`?"),
        ("lost-wakeup", "the gallery has `classics/lost-wakeup`, `traps/lost-wakeup`: which one?"),
        ("countr", "did you mean `counter`, of the gallery?"),
        ("nothing-like-it-0123456789", None),
    ],
)
def test_of_a_file_that_is_not_there_it_is_told_what_may_be_meant(
    name: str, help: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    written(tmp_path, "jobs: [{target: noop}]")
    monkeypatch.chdir(tmp_path)

    status = main(["explain", name])

    said = f"{name}: error: cannot be read: no such file or directory\n" + (f" = help: {help}\n" if help else "")
    assert (status, capsys.readouterr().err) == (2, said)


def test_problems_come_as_json_too(tmp_path: Path) -> None:
    file = written(tmp_path, "jobs:\n- target: say\n  daemn: true\n")

    done = run_jobs("check", "--json", file)

    (problem,) = json.loads(done.stdout)["problems"]
    assert (done.returncode, problem["line"], problem["column"]) == (2, 3, 3)


def test_what_has_no_effect_is_noted_at_its_place_and_the_file_is_good(tmp_path: Path) -> None:
    file = tmp_path / "jobs.yaml"
    file.write_text("start_method: fork\njobs:\n- target: noop\n  env: {TZ: UTC}\n")

    done, as_json = run_jobs("check", file), run_jobs("check", "--json", file)

    assert (done.returncode, as_json.returncode) == (0, 0)
    assert f"{file}:4:13: note: `TZ` has no effect on the process itself under fork" in done.stderr
    (note,) = json.loads(as_json.stdout)["notes"]
    assert (note["line"], note["column"]) == (4, 13)


def test_several_files_are_checked_one_after_the_other(tmp_path: Path) -> None:
    bad, other = tmp_path / "bad.yaml", tmp_path / "other.yaml"
    bad.write_text("jobs:\n- {target: say, xyz: 1}\n- {target: say, zyx: 1}\n")
    other.write_text("jobs:\n- {target: say, xyz: 1}\n")

    good = run_jobs("check", JOBS / "counter.yaml", "-", given=b"jobs: [{target: say}]")
    done = run_jobs("check", bad, JOBS / "counter.yaml", other, tmp_path / "none.yaml")

    assert (good.returncode, good.stderr) == (0, "")
    assert good.stdout == f"{JOBS}/counter.yaml: good: 1 job, 2 processes\n-: good: 1 job, 1 process\n"
    assert (done.returncode, done.stdout) == (2, f"{JOBS}/counter.yaml: good: 1 job, 2 processes\n")
    assert done.stderr.count("keys here: ") == 1
    assert done.stderr.endswith("cannot be read: no such file or directory\n\n4 problems in 3 files\n")


def test_of_several_files_each_is_a_json_object_in_a_line(tmp_path: Path) -> None:
    bad = written(tmp_path, "jobs:\n- target: say\n  daemn: true\n")

    done = run_jobs("check", "--json", JOBS / "counter.yaml", bad, tmp_path / "none.yaml")

    first, second, third = map(json.loads, done.stdout.splitlines())
    assert (done.returncode, done.stderr) == (2, "")
    assert first == {"valid": True, "problems": [], "file": str(JOBS / "counter.yaml"), "notes": []}
    assert (second["valid"], second["problems"][0]["line"], second["file"]) == (False, 3, str(bad))
    assert third["problems"][0]["message"] == "cannot be read: no such file or directory"


def test_standard_input_is_a_file_too() -> None:
    done = run_jobs("-", "-q", given=b"jobs: [{target: say, args: [hello]}]")

    assert (done.returncode, done.stdout, done.stderr) == (0, "Process-1 │ hello\n", "")


def test_raw_output_has_no_names_and_none_is_none() -> None:
    given = b"jobs: [{target: say, args: [hello]}]"

    assert run_jobs("-", "-q", "--output", "raw", given=given).stdout == "hello\n"
    assert run_jobs("-", "-q", "--output", "none", given=given).stdout == ""


def test_events_on_stdout_leave_it_to_json_alone() -> None:
    done = run_jobs("-", "--events", "-", "--events-output", given=b"jobs: [{target: say, args: [hello]}]")

    events = [json.loads(line) for line in done.stdout.splitlines()]
    assert [event["seq"] for event in events] == list(range(len(events)))
    assert [event["text"] for event in events if event["event"] == "process.wrote"] == ["hello"]
    assert "Process-1 │ hello\n" in done.stderr


def test_the_result_is_one_json_object() -> None:
    done = run_jobs("-", "-q", "--json", given=b"jobs: [{target: exit_with, args: [7]}]")

    result = json.loads(done.stdout)
    assert done.returncode == result["exit_status"] == 1
    assert result["processes"]["Process-1"]["exit_code"] == 7


def test_set_changes_the_file_and_its_mistakes_are_shown() -> None:
    given = b"jobs: [{name: a, target: exit_with, args: [7]}]"

    assert run_jobs("-", "-q", "--set", "jobs.a.args[0]=0", given=given).returncode == 0
    wrong = run_jobs("-", "--set", "jobs.a.joined=1", given=given)
    assert wrong.returncode == 2
    assert "--set:1:8: error: unknown key `joined`" in wrong.stderr


def test_a_target_that_is_not_there_is_shown_at_its_place_and_nothing_starts(tmp_path: Path) -> None:
    file = written(tmp_path, "jobs:\n- target: say\n  args: [started]\n- target: os.path:joyn\n")

    done = run_jobs(file)

    assert done.returncode == 2
    assert "jobs.yaml:4:11: error: module `os.path` has no `joyn`" in done.stderr
    assert "did you mean `join`?" in done.stderr
    assert done.stderr.startswith(str(file))
    assert "started" not in done.stdout

    as_json = run_jobs(file, "--json")

    assert json.loads(as_json.stdout)["problems"][0]["help"] == "did you mean `join`?"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["chekc"], "did you mean `check`?"),
        (["chek", "x.yaml"], "did you mean `check`?"),
        (["run", "schma", "-q"], "did you mean `schema`?"),
        (["check", "--jsn", "x.yaml"], "did you mean `--json`?"),
        (["run", "x.yaml", "--start-method", "frok"], "did you mean `fork`?"),
        (["nothing-there.yaml"], "nothing-there.yaml: error: cannot be read: no such file or directory"),
        (["run", str(JOBS / "counter.yaml"), "--events", "/nowhere/e"], "`/nowhere/e` cannot be written"),
    ],
)
def test_bad_usage_ends_with_status_2_and_a_suggestion(words: list[str], said: str) -> None:
    done = run_jobs(*words)

    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_an_options_value_is_not_taken_for_a_command() -> None:
    done = run_jobs("--output", "raw", "-q", "-", given=b"jobs: [{target: say, args: [hello]}]")

    assert (done.returncode, done.stdout) == (0, "hello\n")


def test_version_help_and_schema_are_printed() -> None:
    assert run_jobs("--version").stdout.startswith("run-jobs ")
    assert "run-jobs explain FILE" in run_jobs("--help").stdout
    schema = (JOBS.parent / "schemas/run-jobs.schema.json").read_text()
    assert run_jobs("schema").stdout == schema


def test_processes_without_room_in_descriptors_wait_for_it(start_method: str, tmp_path: Path) -> None:
    events, tried = tmp_path / "events", tmp_path / "tried"
    target = "tests.processes.targets:print_around_a_wait_for"
    file = written(tmp_path, f"jobs: [{{name: w, target: '{target}', args: ['{tried}'], replicas: 120}}]")
    command = [*COMMAND, str(file), "--json", "--output", "raw", "--start-method", start_method]
    command = prepared("ulimit -n 200", [*command, "--events", str(events)])

    running = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    wait_until(lambda: events.exists() and '"no_room"' in events.read_text())
    started = events.read_text().count("process.started")
    tried.touch()
    out, _ = running.communicate()

    result = json.loads(out)
    assert (running.returncode, result["counts"]) == (0, {"succeeded": 120})
    assert {process["output"] for process in result["processes"].values()} == {"begun\nended\n"}
    assert 10 < started < 90


def test_on_a_terminal_what_runs_is_shown_and_vanishes(tmp_path: Path) -> None:
    seen = tmp_path / "seen"
    file = written(
        tmp_path,
        f"time_limit: 30\njobs: [{{name: slow, target: 'tests.processes.targets:wait_for', args: ['{seen}']}}]",
    )

    status, text = on_a_terminal(*COMMAND, str(file), once="running", touch=seen)

    assert status == 0
    assert "running" in text
    assert "\x1b[2K" in text, "the display is erased"
    assert re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", text).rstrip().endswith("yes")
