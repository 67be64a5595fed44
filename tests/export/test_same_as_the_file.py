"""A script does what its file does: every file of the gallery is run, exported, and its script run beside it."""

from __future__ import annotations

import ast
import contextlib
import json
import os
import re
import shutil
import signal
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

import runner
from runner.export import CannotExport, export
from runner.export.code.step_traversal import every_step
from runner.model.events import Output
from runner.model.records import record
from runner.model.results import Recorder
from runner.model.shared_things import SharedArray, SharedManaged, SharedValue
from runner.session import Session
from tests.running import prepared
from tests.scenarios.test_the_thirteen import UNHURRIED

if TYPE_CHECKING:
    from runner import Plan, RunResult
    from runner.model.json_types import Json

pytestmark = pytest.mark.slow

JOBS = Path(__file__).parents[2] / "jobs"
FILES = sorted(path.relative_to(JOBS).as_posix() for path in JOBS.rglob("*.yaml"))
REFUSED = {"limits/limits.yaml"}
"""What nobody watches over in a plain script."""
BY_CHANCE = {"basics/08-terminate.yaml", "traps/same-random-numbers.yaml"}
"""Files whose processes print what another run does not."""
WAITING = {"deadlock", "holder_died", "join_before_get", "lost_wakeup", "missing_poison_pill", "standstill"}
"""Notes about what a plain script waits for without end."""
MOMENT_S = 1.0
MAX_DURATION_S = 40


def notes_of(file: str) -> set[str]:
    """The notes that a file declares."""
    declared = yaml.safe_load((JOBS / file).read_text()).get("expect", {})
    return {*declared.get("notes", []), *(["deadlock"] if declared.get("deadlock") else [])}


def is_race(file: str) -> bool:
    """Whether updates are lost on purpose."""
    jobs = yaml.safe_load((JOBS / file).read_text())["jobs"]
    return "lost_updates" in notes_of(file) or any(
        job.get("sync") == "none" or job.get("permits", 1) != 1 for job in jobs
    )


ENDLESS = [file for file in FILES if notes_of(file) & WAITING]
RACES = [file for file in FILES if is_race(file)]
ORDINARY = [file for file in FILES if file not in {*REFUSED, *ENDLESS, *RACES}]


@record(frozen=True, slots=True)
class SharedReport:
    """What a script has come to: exit codes and lines by process, and what main has printed."""

    exit_codes: dict[str, int | None]
    lines: dict[str, list[str]]
    pids: dict[str, str]
    main: str


def plan_of(file: str) -> Plan:
    """The plan of a file; with less to count, for which a plain script has none of the tricks that make ours quick."""
    plan = runner.load(JOBS / file, overrides=UNHURRIED.get(file, ()))
    counts = plan.jobs[0].type == "shared_counter" and file != "counter/one-byte.yaml"
    fewer = "jobs[0].increments=1_000_000" if file in RACES else "jobs[0].increments=20_000"
    return runner.load(JOBS / file, overrides=[fewer]) if counts else plan


def run_file(plan: Plan) -> RunResult:
    """What a run comes to, with what its processes have printed, and not what they have written to stderr."""
    recorder = Recorder(keep_events=False, keep_output=True)
    with Session() as session:
        session.submit(plan, preflight=True)
        for item in session.items():
            if item is not None and not (isinstance(item, Output) and item.stream == "stderr"):
                recorder.add(item)
    return recorder.result()


def command(plan: Plan, folder: Path) -> tuple[list[str], dict[str, str]]:
    """What runs the script of a plan, and its environment."""
    (folder / "script.py").write_text(export(plan))
    shutil.copy(Path(__file__).with_name("witness.py"), folder / "sitecustomize.py")
    (folder / "seen").mkdir()
    path = os.pathsep.join([str(folder), *plan.paths])
    env = {**os.environ, "PYTHONPATH": path, "WITNESS": str(folder / "seen")}
    return [sys.executable, str(folder / "script.py")], env


def run_script(plan: Plan, folder: Path) -> SharedReport:
    """Run the script of a plan to its end."""
    words, env = command(plan, folder)
    leaves_no_core_file = prepared("ulimit -c 0", words)  # some crash on purpose
    done = subprocess.run(leaves_no_core_file, env=env, capture_output=True, timeout=MAX_DURATION_S, check=False)
    codes_file = folder / "seen" / "exit_codes.json"
    assert codes_file.exists(), done.stderr.decode()
    lines, pids = {}, {}
    for file in (folder / "seen").glob("*.[0-9]*"):
        name, _, pids[name] = (*file.name.rpartition(".")[:2], file.name.rpartition(".")[2])
        lines[name] = file.read_text().splitlines()
    codes = json.loads(codes_file.read_text())
    return SharedReport(
        {name: code for name, code in codes.items() if not name.startswith("SyncManager")},
        lines,
        pids,
        done.stdout.decode(),
    )


def plain(lines: list[str], name: str, pid: object) -> list[str]:
    """Lines without what tells who has printed them."""
    return [re.sub(rf"\b{re.escape(name)}\b", "<name>", line.replace(str(pid), "<pid>")) for line in lines]


def by_job(plan: Plan, lines: dict[str, list[str]]) -> dict[str, Counter[str]]:
    """The lines of each job's processes together: who of them gets which item of a queue is chance."""
    found: dict[str, Counter[str]] = {job.name: Counter() for job in plan.jobs}
    for process in plan.processes:
        found[process.job].update(lines.get(process.name, []))
    return found


def values_of(plan: Plan, main: str) -> dict[str, Json]:
    """The last values that a script has printed."""
    names = [
        thing.name
        for thing in plan.shared
        if isinstance(thing, SharedValue | SharedArray | SharedManaged) and "." not in thing.name
    ]
    found: dict[str, Json] = {}
    for line in main.splitlines():
        name, _, text = line.partition(": ")
        if name in names:
            found[name] = namespace(text) if text.startswith("Namespace(") else ast.literal_eval(text)
    return found


def namespace(text: str) -> dict[str, Any]:
    """The attributes of a namespace, by its repr."""
    call = ast.parse(text, mode="eval").body
    assert isinstance(call, ast.Call)
    return {str(each.arg): ast.literal_eval(each.value) for each in call.keywords}


def right_sum(plan: Plan, name: str) -> float:
    """What all additions to a value would come to."""
    steps = (each for process in plan.processes for each in every_step(process.do or ()))
    additions = [each for each in steps if each["step"] == "add" and each["to"] == {"ref": name}]
    return sum(float(str(each["value"])) * each.get("times", 1) for each in additions)


def expected_values(plan: Plan, result: RunResult) -> dict[str, Json]:
    """The last values that a run of the file has come to, but for what is left in queues."""
    kinds = SharedValue | SharedArray | SharedManaged
    return {
        thing.name: result.values[thing.name]
        for thing in plan.shared
        if isinstance(thing, kinds) and "." not in thing.name
    }


@pytest.mark.parametrize("file", ORDINARY)
def test_a_script_does_what_its_file_does(file: str, tmp_path: Path) -> None:
    plan = plan_of(file)
    result = run_file(plan)

    seen = run_script(plan, tmp_path)

    assert seen.exit_codes == {one.name: one.exit_code for one in result.processes.values() if one.pid is not None}
    assert values_of(plan, seen.main) == expected_values(plan, result)
    if file not in BY_CHANCE:
        ours = {one.name: plain(one.output.splitlines(), one.name, one.pid) for one in result.processes.values()}
        theirs = {name: plain(lines, name, seen.pids[name]) for name, lines in seen.lines.items()}
        assert by_job(plan, theirs) == by_job(plan, ours)


@pytest.mark.parametrize("file", RACES)
def test_a_script_of_a_race_loses_updates_too(file: str, tmp_path: Path) -> None:
    plan = plan_of(file)

    seen = run_script(plan, tmp_path)

    if plan.jobs[0].type == "shared_counter":
        total, expected = (int(number) for number in re.findall(r"total: (\d+)", seen.main))
        assert total < expected
    else:
        assert [name for name, value in values_of(plan, seen.main).items() if value != right_sum(plan, name)]


@pytest.mark.parametrize("file", ENDLESS)
def test_what_waits_without_end_does_so_in_the_script_too(file: str, tmp_path: Path) -> None:
    words, env = command(plan_of(file), tmp_path)

    script = subprocess.Popen(
        words, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )

    try:
        with pytest.raises(subprocess.TimeoutExpired):
            script.wait(MOMENT_S)
    finally:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(script.pid, signal.SIGKILL)
        script.wait()


@pytest.mark.parametrize("file", sorted(REFUSED))
def test_what_a_script_cannot_do_is_refused(file: str) -> None:
    with pytest.raises(CannotExport, match="limits"):
        export(runner.load(JOBS / file))
