"""What an exported script looks like, and what cannot be one."""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import runner
from runner.export import CannotExport, export
from runner.export.code.imports import names_in
from runner.model.plan import JobPlan
from runner.model.records import replace
from tests.export.exporting import exported, lines_of
from tests.running import plan_of

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
JOBS = ROOT / "jobs"
EXPECTED = Path(__file__).with_name("expected")
"""Scripts compared as text; `python -m tests.export.test_export` writes them anew."""
GOLDEN = {
    "classics/philosophers-ordered.yaml": "philosophers_ordered.py",
    "communication/array.yaml": "array_in_memory.py",
    "communication/joinable-queue.yaml": "joinable_queue.py",
    "basics/08-terminate.yaml": "terminate.py",
}
FILES = sorted(path for path in JOBS.rglob("*.yaml") if path.parent.name != "limits")
WIDTH = ["--line-length", "100", "--no-cache"]
FORMAT = ["format", "--diff", *WIDTH, "--exclude", "programs.py"]
CHECK = ["check", *WIDTH, "--select", "E,F,W,I,N,UP,B,C4,PIE,RET,RUF", "--exclude", "programs.py"]
RUFF = shutil.which("ruff", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")]))


@pytest.mark.parametrize("file", GOLDEN)
def test_a_script_is_as_expected(file: str) -> None:
    assert export(runner.load(JOBS / file)) == (EXPECTED / GOLDEN[file]).read_text()


@pytest.mark.parametrize("words", ['say """', "a \\N{x}", '"', "it's"])
def test_what_titles_and_names_hold_does_not_end_a_docstring(words: str, tmp_path: Path) -> None:
    name = words.replace("\\", "\\\\").replace('"', '\\"')
    text = f'title: "{name}"\njobs: [{{name: "{name}", do: [{{child: "{name}", do: [{{sleep: 1}}]}}]}}]'

    tree = ast.parse(exported(text, tmp_path))

    said = [ast.get_docstring(node) for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]
    assert ast.get_docstring(tree) == f"{words}."
    assert said.count(f"What `{words}` does.") == 2


@pytest.mark.skipif(RUFF is None, reason="ruff is not installed")
@pytest.mark.parametrize("folder", sorted({file.parent for file in FILES}), ids=lambda folder: folder.name)
def test_scripts_are_as_ruff_formats_them(folder: Path, tmp_path: Path) -> None:
    assert RUFF is not None
    for number, file in enumerate(file for file in FILES if file.parent == folder):
        (tmp_path / f"script_{number}.py").write_text(export(runner.load(file)))
    for module in folder.glob("*.py"):
        shutil.copy(module, tmp_path)

    said = [
        subprocess.run([RUFF, *words, "--isolated"], cwd=tmp_path, capture_output=True, text=True, check=False).stdout
        for words in (FORMAT, CHECK)
    ]

    assert said == ["", "All checks passed!\n"]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_script_imports_what_it_uses_and_nothing_else(file: Path) -> None:
    script = export(runner.load(file))

    imported = {name for node in ast.parse(script).body for name in imported_by(node)}
    assert imported - names_in(script) <= {"annotations", "numpy.random"}


def imported_by(node: ast.stmt) -> Iterator[str]:
    """The names that a statement imports."""
    if isinstance(node, ast.Import | ast.ImportFrom):
        yield from (each.asname or each.name for each in node.names)


def test_a_script_without_a_title_is_called_after_its_file(tmp_path: Path) -> None:
    assert exported("jobs: [{target: say}]", tmp_path).startswith('"""jobs.yaml."""\n')


@pytest.mark.parametrize("title", ["a\0b", "bell \a", "one\r\ntwo", "line \u2028 \x85", "tab\t"])
def test_what_cannot_be_printed_stands_as_an_escape_in_a_title(title: str, tmp_path: Path) -> None:
    plan = replace(plan_of("jobs: [{target: say}]", tmp_path), title=title)

    script = export(plan)

    assert ast.literal_eval(ast.unparse(ast.parse(script).body[0])) == f"{title}."
    assert all(one.isprintable() or one == "\n" for one in script)


def test_a_title_in_quotes_ends_no_docstring(tmp_path: Path) -> None:
    script = exported('title: \'a """ b\'\njobs: [{target: say}]', tmp_path)

    assert ast.get_docstring(ast.parse(script)) == 'a """ b.'


COUNTER = "jobs: [{{type: shared_counter, increments: 1000, {more}}}]"


@pytest.mark.parametrize(
    ("more", "lines"),
    [
        ("batch: 1", ["for _ in range(INCREMENTS):", "    with semaphore:", "        total[0] += 1"]),
        ("batch: 1, sync: none", ["for _ in range(INCREMENTS):", "    total[0] += 1"]),
        (
            "sync: lock",
            ["counted = 0", "for _ in range(INCREMENTS):", "    counted += 1", "with lock:", "    total[0] += counted"],
        ),
        (
            "batch: 10",
            [
                "for start in range(0, INCREMENTS, BATCH):",
                "    size = min(BATCH, INCREMENTS - start)",
                "    counted = 0",
                "    for _ in range(size):",
                "        counted += 1",
                "    with semaphore:",
                "        total[0] += counted",
            ],
        ),
        (
            "method: vectorized",
            [
                "places = np.zeros(INCREMENTS, np.intp)  # index 0, again and again",
                "with semaphore:",
                "    np.add.at(total, places, 1)",
            ],
        ),
        (
            "method: vectorized, batch: 10",
            [
                "places = np.zeros(BATCH, np.intp)  # index 0, again and again",
                "for start in range(0, INCREMENTS, BATCH):",
                "    with semaphore:",
                "        np.add.at(total, places[: INCREMENTS - start], 1)",
            ],
        ),
    ],
)
def test_a_counter_is_written_out(more: str, lines: list[str], tmp_path: Path) -> None:
    script = exported(COUNTER.format(more=more), tmp_path)

    assert lines_of(script, "counter") == ["total = total_in(total_memory)", *lines]


def test_what_does_not_fit_into_a_number_is_cut_off(tmp_path: Path) -> None:
    script = exported(COUNTER.format(more="dtype: uint8"), tmp_path)

    assert lines_of(script, "counter")[-1] == "    total += np.int64(counted).astype(np.uint8)"


def test_two_counters_have_constants_of_their_own(tmp_path: Path) -> None:
    script = exported("jobs: [{type: shared_counter, name: a}, {type: shared_counter, name: b, batch: 7}]", tmp_path)

    assert "A_INCREMENTS = 50_000_000\nB_WORKERS = 2\n" in script
    assert "B_BATCH = 7\n" in script


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("time_limit: 3\njobs: [{target: say}]", "`time_limit`"),
        ("grace_period: 30d\njobs: [{target: say}]", "a timeout of 2,592,000 s cannot be exported"),
        ("jobs: [{target: say, join_timeout: 30d}]", "a timeout of 2,592,000 s cannot be exported"),
        (
            "shared: {q: queue}\njobs: [{target: say}]\nmain: [{get: q, timeout: 1_000_000_000}]",
            "a timeout of 1,000,000,000 s cannot be exported",
        ),
        ("jobs: [{name: a, target: say, limits: {open_files: 9}}]", "`limits` of the process `a`"),
        ("jobs: [{name: a, target: say, on_terminate: unwind}]", "`on_terminate: unwind` of the process `a`"),
        ("jobs: [{name: a, class: 'm:C', env: {A: b}}]", "`env` of the process `a`"),
        ("jobs: [{name: a, class: 'm:C', cwd: .}]", "`cwd` of the process `a`"),
        (
            "shared: {n: {namespace: {}}}\njobs: [{name: a, do: [{write: 1, to: n, at: $pid}]}]",
            "`at` of the step `write` of the process `a`",
        ),
        ("jobs: [{target: 'async:f'}]", "`async:f` cannot be imported by a script: `async` is a keyword"),
        ("jobs: [{class: 'm:K.for'}]", "`m:K.for` cannot be imported by a script: `for` is a keyword"),
        ("preload: [a.pass]\njobs: [{target: say}]", "`a.pass` cannot be imported by a script: `pass` is a keyword"),
        (
            "shared: {n: {namespace: {if: 1}}}\njobs: [{target: say}]",
            "the attribute `if` of the namespace `n` cannot be exported: it is a keyword",
        ),
        (
            "shared: {n: namespace}\njobs: [{name: a, do: [{repeat: 2, do: [{write: 1, to: n, at: if}]}]}]",
            "the attribute `if` of the namespace `n` cannot be exported: it is a keyword",
        ),
    ],
)
def test_what_cannot_be_said_is_refused_by_name(text: str, words: str, tmp_path: Path) -> None:
    with pytest.raises(CannotExport, match=words):
        exported(text, tmp_path)


@pytest.mark.parametrize(
    ("method", "name", "target", "is_refused"),
    [
        ("spawn", "PYTHONHASHSEED", "m:f", True),
        ("fork", "PYTHONHASHSEED", "m:f", False),
        ("spawn", "GREETING", "m:f", False),
        ("spawn", "PYTHONHASHSEED", "subprocess:check_call", False),
    ],
)
def test_a_variable_that_takes_effect_at_the_start_is_refused(
    method: str, name: str, target: str, is_refused: bool, tmp_path: Path
) -> None:
    plan = plan_of(f"jobs: [{{name: a, target: '{target}', env: {{{name}: '0'}}}}]", tmp_path, method)

    if is_refused:
        with pytest.raises(CannotExport, match=f"`env.{name}` of the process `a` cannot be exported: a plain script"):
            export(plan)
    else:
        assert name in export(plan)


def test_a_job_type_of_somebody_elses_is_refused(tmp_path: Path) -> None:
    plan = replace(plan_of("jobs: [{target: say}]", tmp_path), jobs=(JobPlan("a", "oven", (0,)),))

    with pytest.raises(CannotExport, match="its type `oven`"):
        export(plan)


def test_a_coroutine_is_run_by_asyncio(tmp_path: Path) -> None:
    plan = plan_of("jobs: [{name: a, target: 'm:fetch', args: [3]}, {name: b, target: 'm:work'}]", tmp_path)

    script = export(plan, {"m:fetch": True})

    assert lines_of(script, "a") == ["asyncio.run(fetch(3))"]
    assert "import asyncio\n" in script
    assert "target=work" in script


def test_what_may_be_to_be_awaited_is_run_if_it_is(tmp_path: Path) -> None:
    plan = plan_of("jobs: [{name: a, target: 'm:work', args: [3]}]", tmp_path)

    script = export(plan, {"m:work": False})

    assert lines_of(script, "a") == ["run_body(work(3))"]
    assert lines_of(script, "run_body")[:2] == [
        "while inspect.isawaitable(returned):",
        "    returned = asyncio.run(awaited(returned))",
    ]


def test_a_class_that_runs_a_coroutine_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CannotExport, match="the class `m:P` cannot be exported: its `run` is a coroutine function"):
        export(plan_of("jobs: [{class: 'm:P'}]", tmp_path), {"m:P": True})


if __name__ == "__main__":
    for yaml_file, script_file in GOLDEN.items():
        (EXPECTED / script_file).write_text(export(runner.load(JOBS / yaml_file)))
