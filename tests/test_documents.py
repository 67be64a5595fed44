"""What the documents say of the code is so."""

from __future__ import annotations

import inspect
import os
import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from runner import workers
from runner.cli import options
from runner.cli.usage import COMMANDS
from runner.describe.job_types import JobModel
from runner.describe.steps.step_types import STEPS
from runner.describe.steps.thing_kinds import KINDS
from runner.jobtypes.shared_counter import SharedCounterJob
from tests import lives
from tests.describe.describing import plan_of
from tests.faults.test_children import FAULTS
from tests.running import COMMAND

ROOT = Path(__file__).parents[1]
DESIGN = (ROOT / "docs/design.md").read_text()
README = (ROOT / "README.md").read_text()
RELIABILITY = (ROOT / "docs/reliability.md").read_text()
JOB_TYPES = (ROOT / "docs/job-types.md").read_text()
WHOLE_FILES = [
    pytest.param(block, id=f"{name}-{block.splitlines()[0]}")
    for name in ("README.md", "docs/laboratory.md", "docs/job-types.md", "docs/guide.md")
    for block in re.findall(r"^```yaml\n(.*?)^```$", (ROOT / name).read_text(), re.DOTALL | re.MULTILINE)
    if re.search(r"^jobs:", block, re.MULTILINE)
]


def test_the_document_of_lives_is_that_of_the_code() -> None:
    assert (ROOT / "docs/lives.md").read_text() == lives.document()


def test_the_readme_has_every_built_in_worker_with_its_arguments() -> None:
    for name in workers.__all__:
        worker = getattr(workers, name)
        signature = inspect.signature(worker)
        bare = [each.replace(annotation=inspect.Parameter.empty) for each in signature.parameters.values()]
        called = f"{name}{signature.replace(parameters=bare, return_annotation=inspect.Signature.empty)}"

        assert f"| `{called}` | {inspect.getdoc(worker)} |\n" in README


def test_the_fields_of_the_counter_are_told() -> None:
    for name, field in SharedCounterJob.model_fields.items():
        if name == "name" or name not in JobModel.model_fields:
            default = f"{field.default:,}" if isinstance(field.default, int) else f"`{field.default}`"
            assert f"\n| `{name}` | {default} | " in JOB_TYPES


def test_the_gallery_lists_each_of_its_files_with_what_the_file_says() -> None:
    listed = (ROOT / "jobs/README.md").read_text()

    for path in (ROOT / "jobs").rglob("*.yaml"):
        text = path.read_text()
        name = path.relative_to(ROOT / "jobs").as_posix()
        title = re.search(r"^title: (.*)$", text, re.MULTILINE)
        change = re.search(r"^# Change first: ((?:.*\n)(?:#  +.*\n)*)", text, re.MULTILINE)
        assert title is not None
        assert change is not None
        words = " ".join(change[1].replace("#", " ").split())
        assert f"| [{name}]({name}) | {title[1]} | {words} |\n" in listed


def test_the_laboratory_has_every_kind_of_thing_and_every_step() -> None:
    told = (ROOT / "docs/laboratory.md").read_text()

    for name, kind in KINDS.items():
        assert f"| `{name}` | {kind.says} |\n" in told
    for name, step in STEPS.items():
        options = ", ".join(f"`{option}`" for option in step.options)
        assert f"| `{name}` | {step.says} | {step.argument.says} | {options} |\n" in told


@pytest.fixture
def installed(tmp_path: Path) -> Path:
    """A folder of packages with the job type whose files are written out in the document."""
    for path, text in re.findall(r"`greeters/(\S+)`:\n\n```\w+\n(.*?)^```$", JOB_TYPES, re.DOTALL | re.MULTILINE):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text(text)
    project = tomllib.loads((tmp_path / "pyproject.toml").read_text())["project"]
    (tmp_path / "greeters-1.dist-info").mkdir()
    for group, points in project["entry-points"].items():
        lines = [f"[{group}]", *(f"{name} = {place}" for name, place in points.items())]
        (tmp_path / "greeters-1.dist-info/entry_points.txt").write_text("\n".join(lines))
    return tmp_path


@pytest.mark.parametrize("text", WHOLE_FILES)
def test_a_file_that_is_written_out_is_right_and_so_are_its_edits(text: str, installed: Path) -> None:
    env = os.environ | {"PYTHONPATH": str(installed)}

    done = subprocess.run([*COMMAND, "check", "-"], input=text, capture_output=True, text=True, env=env, check=False)

    assert (done.returncode, done.stderr) == (0, "")


def test_the_readme_names_every_command() -> None:
    assert [name for name in COMMANDS if f"`run-jobs {name}" not in README and f"`{name}`" not in README] == ["run"]


def test_the_readme_names_every_option_of_a_run() -> None:
    parser = options._PARSERS["run"]()
    spellings = {option for action in parser._actions for option in action.option_strings}

    told = set(re.findall(r"`(-[-a-z]+)", README))
    assert spellings - {"-h", "--help", "--quiet", "--verbose"} <= told


def test_each_fault_that_is_staged_is_told_with_its_end() -> None:
    _, _, *told = [line.split(" | ")[1:] for line in RELIABILITY.splitlines() if line.count("|") == 5]

    staged = FAULTS | {"overflow_the_c_stack": ({}, ("failed", -11), "signal")}  # on each Python before 3.14
    assert told == [[outcome, str(code), f"`{by}` |"] for _, (outcome, code), by in staged.values()]


def test_at_least_eighty_faults_are_told() -> None:
    rows = [line for line in RELIABILITY.splitlines() if line.startswith("| ") and "---" not in line]

    assert len(rows) - len(("the heads", "of two tables")) >= 80


def test_each_fault_that_is_told_is_staged() -> None:
    tests = "\n".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))

    for name in re.findall(r"`(test_\w+)` \|$", RELIABILITY, re.MULTILINE):
        assert f"def {name}(" in tests


@pytest.mark.skipif(sys.platform != "linux", reason="another default elsewhere")
def test_the_default_start_method_is_the_one_of_the_readme_and_so_is_pythons() -> None:
    program = "import multiprocessing; print(multiprocessing.get_start_method())"
    pythons = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout

    assert "are started by `fork` on Linux and by `spawn`" in README
    assert plan_of("jobs: [{target: noop}]").start_method == "fork"
    assert "default on Linux is `fork` up to 3.13 and `forkserver` from 3.14 on" in README
    assert pythons.strip() == ("fork" if sys.version_info < (3, 14) else "forkserver")


def test_a_program_that_uses_the_package_is_checked_against_its_types() -> None:
    assert (ROOT / "runner/py.typed").is_file()
    assert "Typing :: Typed" in (ROOT / "pyproject.toml").read_text()
