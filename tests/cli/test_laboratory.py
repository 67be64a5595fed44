"""The commands around a run, as a person types them: pictures, history, watch, try, predict, gallery."""

from __future__ import annotations

import json
import os
import re
import select
import shutil
import signal
import subprocess
import sys
import xml.etree.ElementTree as ET
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.running import COMMAND, written

if TYPE_CHECKING:
    from collections.abc import Iterator

TWO = """\
title: Two take turns
shared: {total: {value: 0}, key: lock}
jobs:
  - name: a
    do: [{with: key, do: [{add: 1, to: total}]}, {print: "a is done"}]
    expect: {output: [a is done]}
  - name: b
    do: [{with: key, do: [{add: 2, to: total}]}]
expect: {values: {total: 3}, deadlock: false}
try:
  - title: More of it
    jobs.b.do[0].do[0]: {add: 5, to: total}
    expect.values: {total: 6}
  - jobs.a.name: c
"""
CIRCLE = """\
shared: {left: lock, right: lock, both: {barrier: 2}}
jobs:
  - {name: a, do: [{with: left, do: [{wait: both}, {with: right, do: [{print: never}]}]}]}
  - {name: b, do: [{with: right, do: [{wait: both}, {with: left, do: [{print: never}]}]}]}
"""


@pytest.fixture(autouse=True)
def _history_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return written(tmp_path, TWO)


def run_jobs(*words: object, given: str = "") -> tuple[int, str, str]:
    """The exit status, stdout and stderr of the command."""
    done = subprocess.run([*COMMAND, *map(str, words)], input=given, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout, done.stderr


def test_a_run_is_kept_shown_and_explained_again(tmp_path: Path) -> None:
    file = written(tmp_path, CIRCLE)

    status, _, _ = run_jobs(file)

    _, listed, _ = run_jobs("history", file)
    _, shown, _ = run_jobs("show")
    _, why, _ = run_jobs("why", file)
    assert status == 1
    assert re.search(r"^[0-9a-f]{8} .* failed .* 2$", listed, re.MULTILINE)
    assert "deadlock  a → b → a" in shown
    assert "Deadlock: a holds left and waits for right, which b holds" in " ".join(why.split())


def test_what_is_not_to_be_kept_is_not(file: Path) -> None:
    run_jobs(file, "--no-history")

    status, out, said = run_jobs("history")

    assert (status, out, said) == (0, "", "run-jobs: no run is stored yet\n")


def test_the_history_is_private_and_json_too(file: Path, tmp_path: Path) -> None:
    run_jobs(file)

    _, out, _ = run_jobs("history", "--json")
    _, shown, _ = run_jobs("show", "--json")

    (run,) = json.loads(out)
    assert (run["file"], run["outcome"], run["processes"]) == (str(file), "succeeded", 2)
    assert json.loads(shown)["text"] == TWO
    kept = tmp_path / "state" / "run-jobs"
    assert {path.stat().st_mode & 0o077 for path in (kept, *kept.iterdir())} == {0}


def test_more_runs_than_a_database_counts_are_all_of_them(file: Path) -> None:
    run_jobs(file, "-q")

    status, listed, _ = run_jobs("history", file, "-n", "9" * 30)

    assert (status, len(listed.splitlines())) == (0, 2)


def test_the_last_two_runs_of_a_file_are_compared(file: Path) -> None:
    run_jobs(file)
    file.write_text(TWO.replace("add: 2", "add: 3"))
    run_jobs(file)

    status, out, _ = run_jobs("compare", file)

    assert status == 0
    assert "total  3 → 4" in out
    assert "-    do: [{with: key, do: [{add: 2, to: total}]}]" in out
    assert "the run  succeeded (exit status 0) → failed (exit status 1)" in out


def test_output_that_is_no_longer_the_same_is_no_nothing(file: Path) -> None:
    run_jobs(file)
    file.write_text(TWO.replace("a is done", "a has ended"))
    run_jobs(file)

    _, out, _ = run_jobs("compare", file)

    assert out.startswith("2 lines of the file changed; 1 process printed something else.\n")
    assert "output\n  a, line 1  a is done → a has ended\n" in out


def test_two_runs_are_compared_by_their_numbers(file: Path) -> None:
    run_jobs(file)
    run_jobs(file)

    status, out, _ = run_jobs("compare", "last~1", "last")

    assert status == 0
    assert out.startswith("Nothing")


@pytest.mark.parametrize("words", [("last",), ("last", "last~0")])
def test_a_run_is_not_compared_with_itself(file: Path, words: tuple[str, ...]) -> None:
    run_jobs(file)

    status, out, said = run_jobs("compare", *words)

    assert (status, out) == (2, "")
    assert re.fullmatch(r"run-jobs: compare: this is one run, \w{8}: name a file, or two runs\n", said)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("show", "abc"), "no run"),
        (("why", "nowhere.yaml"), "no run"),
        (("compare",), "no run"),
    ],
)
def test_a_run_that_is_not_kept_is_told(words: tuple[str, ...], said: str) -> None:
    status, out, err = run_jobs(*words)

    assert (status, out) == (2, "")
    assert said in err


def test_a_run_is_drawn_here_and_into_files(file: Path, tmp_path: Path) -> None:
    svg, trace, page = (tmp_path / name for name in ("out.svg", "out.json", "out.html"))

    status, _, said = run_jobs("--timeline", file)
    drawn, _, _ = run_jobs(file, "--timeline", svg, "--trace", trace, "--report", page)
    _, shown, told = run_jobs("show", "--timeline")

    assert (status, drawn) == (0, 0)
    assert (shown.count("▄ runs"), told) == (1, "")
    assert re.search(r"^a  +.*✓$", said, re.MULTILINE)
    assert ET.parse(svg).getroot().tag.endswith("svg")
    assert json.loads(trace.read_text())["traceEvents"]
    assert "a is done" in page.read_text()


@pytest.mark.parametrize(
    ("option", "name", "why"),
    [
        ("--timeline", "folder.svg", "is a directory"),
        ("--trace", "nowhere/out.json", "no such file or directory"),
        ("--report", "jobs.yaml/out.html", "not a directory"),
    ],
)
def test_a_picture_that_cannot_be_written_is_told_and_nothing_is_done(
    file: Path, tmp_path: Path, option: str, name: str, why: str
) -> None:
    (tmp_path / "folder.svg").mkdir()
    words = option, tmp_path / name

    not_run = run_jobs(file, *words)
    run_jobs(file)
    not_shown = run_jobs("show", *words)

    assert not_run == not_shown == (2, "", f"run-jobs: {option}: `{tmp_path / name}` cannot be written: {why}\n")


def test_a_picture_that_cannot_be_written_when_the_run_is_over_is_no_bad_usage(file: Path) -> None:
    status, _, said = run_jobs(file, "-q", "--report", "/dev/full")

    assert status == 3
    assert said == "run-jobs: --report: `/dev/full` cannot be written: no space left on device\n"


def test_of_a_run_that_is_refused_no_picture_is_left_and_none_is_emptied(tmp_path: Path) -> None:
    file = written(tmp_path, "jobs: [{target: os.path:joyn}]")
    there, new, link = (tmp_path / name for name in ("there.json", "new.html", "link.svg"))
    there.write_text("from before")
    link.symlink_to("not_yet.svg")

    status, _, _ = run_jobs(file, "--trace", there, "--report", new, "--timeline", link)

    assert status == 2
    assert there.read_text() == "from before"
    assert sorted(os.listdir(tmp_path)) == ["jobs.yaml", "link.svg", "there.json"]


def test_edits_are_listed_and_made_in_a_copy(file: Path) -> None:
    listed, out, _ = run_jobs("try", file)
    status, compared, said = run_jobs("try", file, 1)

    assert (listed, status) == (0, 0)
    assert out.splitlines()[0] == "1. More of it"
    change = 'jobs.b.do[0].do[0]: {"add": 2, "to": "total"} → {"add": 5, "to": "total"}'
    assert f"     {change}\n" in out
    assert out.endswith('\n2. jobs.a.name: "c"\n     jobs.a.name: "a" → "c"\n')
    assert f"With the edit: More of it\n  {change}\n" in said
    assert f"  --set {change.replace(':', ' ', 1)}\n" in compared
    assert "total  3 → 6" in compared
    assert re.search(r"^[0-9a-f]{8} .*\n +edit: More of it\n[0-9a-f]{8} .*\n\Z", run_jobs("history")[1], re.MULTILINE)
    assert run_jobs("why", file)[1].splitlines()[0] == "With the edit: More of it"
    assert file.read_text() == TWO


def are_long(*texts: str, columns: int) -> list[str]:
    """The lines that are wider than that, though a word ends before; a path may be one word that is wider."""
    lines = [line for text in texts for line in text.splitlines()]
    return [line for line in lines if len(line) > columns and " " in line.strip()]


@pytest.mark.parametrize("columns", [30, 50, 80])
def test_edits_are_listed_in_lines_as_wide_as_the_terminal(
    columns: int, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wide = run_jobs("try", file)
    monkeypatch.setenv("COLUMNS", str(columns))

    _, out, said = run_jobs("try", file)
    _, _, with_edit = run_jobs("try", file, 1)

    assert not are_long(out, said, with_edit.partition("With the edit")[2].partition("started")[0], columns=columns)
    assert {"More", "of", "it", *wide[2].split()} <= {*out.split(), *said.split()}


@pytest.mark.parametrize("columns", [30, 50, 80])
def test_the_gallery_is_listed_in_lines_as_wide_as_the_terminal(columns: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))

    _, listed, _ = run_jobs("gallery")

    assert max(map(len, listed.splitlines())) <= columns
    assert "bounded-semaphore" in listed


def test_an_edit_that_is_not_there_is_told(file: Path) -> None:
    assert run_jobs("try", file, 3)[2] == f"run-jobs: there is no edit 3: {file} lists 2\n"


def test_an_edit_that_makes_the_file_wrong_is_shown_by_check(tmp_path: Path) -> None:
    file = written(tmp_path, "jobs: [{name: a, target: noop}]\ntry:\n  - jobs.a.target: nop")

    status, _, said = run_jobs("check", file)

    assert status == 2
    assert f"{file}:3:5: error: this edit makes the file wrong: " in said


def test_an_edit_that_makes_the_file_wrong_is_not_tried_and_nothing_is_run(tmp_path: Path) -> None:
    text = "jobs: [{name: a, target: say, args: [x]}]\ntry:\n  - {jobs.a.timeout: 9}\n  - {jobs.a.replicas: 0}\n"
    file = written(tmp_path, text)

    wrong, out, said = run_jobs("try", file, 2)
    right, _, _ = run_jobs("try", file, 1)
    with_set, _, told = run_jobs("try", file, 1, "--set", "jobs.a.terminate_after=9")

    assert (wrong, right, with_set) == (2, 0, 2)
    assert out == ""  # not even of the file as it is
    assert said.startswith(f"{file}:4:6: error: this edit makes the file wrong: ")
    assert told.startswith(f"{file}:3:6: error: this edit makes the file wrong: ")


def test_predictions_are_asked_for_and_judged(file: Path) -> None:
    status, out, _ = run_jobs("predict", file, given="no\n4\n\nsucceeded\n")

    assert status == 0
    assert "✓ Will any process wait for ever, in a circle (yes or no)? no" in out
    assert "✗ What is total in the end? 3; you said 4" in out
    assert "· What is the last line that a prints? a is done" in out
    assert "✓ How does the run end (succeeded, failed, timed_out)? succeeded" in out
    assert "2 of 3 right" in out


def test_what_the_file_expects_is_hidden_until_the_run_is_over(file: Path) -> None:
    _, out, _ = run_jobs("predict", file, given="\n\n\n\n")

    before, _, after = out.partition("Your predictions:")
    assert "expected" not in before
    assert "The run is expected to succeed, without a deadlock, with total 3 in the end." in after
    assert "print one line (`a is done`)" in after


def test_an_answer_that_cannot_be_is_asked_for_again(file: Path) -> None:
    status, out, _ = run_jobs("predict", file, given="yes or no\nno\n\n\nsucceeded, failed, timed_out\n")

    assert status == 0
    assert "(yes or no)?     one of yes, no:   What" in out
    assert "    one of succeeded, failed, timed_out: \n" in out
    assert "✓ Will any process wait for ever, in a circle (yes or no)? no" in out
    assert "· How does the run end" in out
    assert "1 of 1 right" in out


class Watching:
    """A `run-jobs watch` that goes on."""

    def __init__(self, file: Path) -> None:
        self._command = subprocess.Popen(
            [*COMMAND, "watch", str(file)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE
        )
        self.said = ""

    def wait_for_turn(self) -> str:
        """What it says until it waits for the file to be saved."""
        assert self._command.stderr is not None
        said = ""
        while "to be saved" not in said:
            assert select.select([self._command.stderr], [], [], 50)[0], f"only {said!r} came"
            piece = os.read(self._command.stderr.fileno(), 65536).decode()
            assert piece, f"it ended, and only {said!r} came"
            said += piece
        return said

    def end(self) -> int:
        """Ctrl-C; its exit status."""
        self._command.send_signal(signal.SIGINT)
        assert self._command.stderr is not None
        self._command.stderr.close()
        return self._command.wait()


@pytest.fixture
def watching(file: Path) -> Iterator[Watching]:
    one = Watching(file)
    yield one
    assert one.end() == 0


def test_a_watched_file_is_run_when_it_is_saved(watching: Watching, file: Path) -> None:
    first = watching.wait_for_turn()
    file.write_text(TWO.replace("add: 2", "add: 3").replace("total: 3", "total: 4"))
    second = watching.wait_for_turn()
    file.write_text(TWO.replace("title", "titel"))
    third = watching.wait_for_turn()
    temporary = file.with_name("temporary")
    temporary.write_text(TWO)
    temporary.rename(file)  # as some editors save
    fourth = watching.wait_for_turn()

    assert "succeeded" in first
    assert "Against the run before" not in first
    assert "total  3 → 4" in second
    assert "unknown key `titel`" in third
    assert "total  4 → 3" in fourth


def test_the_gallery_is_listed_shown_and_copied(tmp_path: Path) -> None:
    _, listed, _ = run_jobs("gallery")
    _, shown, _ = run_jobs("gallery", "show", "philosophers-deadlock")
    status, said, _ = run_jobs("gallery", "copy", tmp_path / "lab")

    assert "classics: the classic problems" in listed
    assert "title: The dining philosophers" in shown
    assert status == 0
    assert "scenarios are in" in said
    first = (tmp_path / "lab/classics/philosophers-deadlock.yaml").read_text().splitlines()[0]
    assert first == "# yaml-language-server: $schema=../run-jobs.schema.json"
    assert run_jobs(tmp_path / "lab/classics/philosophers-deadlock.yaml", "-q")[0] == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("show", "philosopher-deadlock"), "did you mean `philosophers-deadlock`?"),
        (("show", "xyzzy"), "`run-jobs gallery` lists them"),
        (("copy", "."), "is not empty"),
        (("paint",), "write `run-jobs gallery`"),
    ],
)
def test_the_gallery_says_what_it_cannot_do(words: tuple[str, ...], said: str) -> None:
    status, _, err = run_jobs("gallery", *words)

    assert status == 2
    assert said in err


def test_a_scenario_becomes_a_script_that_comes_to_the_same(file: Path, tmp_path: Path) -> None:
    script = tmp_path / "script.py"

    status, _, _ = run_jobs("export", file, "-o", script)

    assert status == 0
    out = subprocess.check_output([sys.executable, str(script)], text=True)
    assert "a is done" in out
    assert re.search(r"total: +3", out)


@pytest.mark.parametrize(
    "target", ["fetch", "fetched", "fetched_by_another", "fetched_by_a_method", "promised", "Promise"]
)
def test_a_script_runs_what_a_target_returns_to_be_awaited(target: str, tmp_path: Path) -> None:
    shutil.copy(Path(__file__).parents[1] / "processes" / "lazy.py", tmp_path)
    file = written(
        tmp_path, f"jobs: [{{name: a, target: 'lazy:{target}'}}, {{name: b, target: 'lazy:gone_through_here'}}]"
    )

    status, _, err = run_jobs("export", file, "-o", tmp_path / "script.py")

    assert (status, err) == (0, "")
    out = subprocess.check_output([sys.executable, str(tmp_path / "script.py")], text=True)
    assert out.count("the body runs") == 2
    assert "target=gone_through_here" in (tmp_path / "script.py").read_text()


@pytest.mark.parametrize(
    ("returned", "body"),
    [
        ("lazy.steps()", "steps"),
        ("lazy.feed()", "feed"),
        ("lazy.opened()", "opened"),
        ("lazy.opened_later()", "opened_later"),
        ("lazy.begun()", None),
        ("lazy.used_up()", None),
        ("lazy.some() if lazy.steps else 1", None),
        ("open('/dev/null') if lazy.steps else 1", None),
    ],
)
def test_a_script_fails_as_the_run_does_where_nothing_of_a_body_runs(
    returned: str, body: str | None, tmp_path: Path
) -> None:
    shutil.copy(Path(__file__).parents[1] / "processes" / "lazy.py", tmp_path)
    (tmp_path / "hidden.py").write_text(f"import lazy\ndef target(): return {returned}")
    file = written(tmp_path, "jobs: [{name: a, target: 'hidden:target'}]")
    main = "import script\nimport multiprocessing\nmultiprocessing.Process(target=script.a).run()"
    run_jobs("export", file, "-o", tmp_path / "script.py")

    done = subprocess.run([sys.executable, "-c", main], cwd=tmp_path, capture_output=True, text=True, check=False)

    assert done.stderr == (f"nothing of the body of {body} has run\n" if body else "")
    assert done.returncode == run_jobs(file, "-q")[0] == (1 if body else 0)


@pytest.mark.parametrize(
    ("cls", "said"),
    [
        ("EmptyWithInit", "EmptyWithInit has no `run` of its own and no target: its process would do nothing"),
        ("Forgetful", "AttributeError: 'Forgetful' object has no attribute"),
        ("ForgetfulDaemon", "AttributeError: 'ForgetfulDaemon' object has no attribute"),
    ],
)
@pytest.mark.parametrize("replicas", [1, 2])
def test_a_script_fails_where_the_run_refuses_an_object_of_a_class(
    cls: str, said: str, replicas: int, tmp_path: Path
) -> None:
    shutil.copy(Path(__file__).parents[1] / "processes" / "lazy.py", tmp_path)
    file = written(tmp_path, f"jobs: [{{class: 'lazy:{cls}', replicas: {replicas}}}, {{name: b, do: [print: worked]}}]")
    run_jobs("export", file, "-o", tmp_path / "script.py")

    done = subprocess.run([sys.executable, tmp_path / "script.py"], capture_output=True, text=True, check=False)

    assert (done.returncode, done.stdout) == (1, "")
    assert said in done.stderr
    assert run_jobs(file, "-q")[0] == 2


def test_a_script_takes_a_class_without_run_whose_objects_have_a_target(tmp_path: Path) -> None:
    (tmp_path / "targeted.py").write_text(
        "import multiprocessing\n"
        "class Worker(multiprocessing.Process):\n"
        "    def __init__(self):\n"
        "        super().__init__(target=print, args=('worked',))\n"
    )
    file = written(tmp_path, "jobs: [{name: a, class: 'targeted:Worker'}]")
    run_jobs("export", file, "-o", tmp_path / "script.py")

    assert subprocess.check_output([sys.executable, tmp_path / "script.py"], text=True) == "worked\n"


@pytest.mark.parametrize("job", ["target: 'lazy:steps'", "class: 'lazy:RunsNothing'", "class: 'lazy:Empty'"])
def test_what_would_run_nothing_is_not_exported(job: str, tmp_path: Path) -> None:
    shutil.copy(Path(__file__).parents[1] / "processes" / "lazy.py", tmp_path)
    file = written(tmp_path, f"jobs: [{{name: a, {job}}}]")

    status, _, err = run_jobs("export", file, "-o", tmp_path / "script.py")

    assert status == 2
    assert err == run_jobs("check", file, "--imports")[2]
    assert not (tmp_path / "script.py").exists()


FAILING = """
jobs:
  - {name: a, replicas: 3, do: [{raise: ValueError, message: no}]}
  - {name: b, do: [{exit: 3}]}
"""


@pytest.mark.parametrize(
    ("text", "begin"),
    [
        (FAILING, ["failed, exit status 1", "4 of 4 processes did not end as expected:", "  3  ValueError: no"]),
        ("jobs: [{name: a, target: noop, expect: {outcome: failed}}]", ["failed, exit status 1", "1 of 1 process"]),
        (
            "{jobs: [{target: noop}], main: [{exit: 2}]}",
            ["failed, exit status 1", "Main failed: failed with exit code 2"],
        ),
        ("{jobs: [{name: a, target: sleep, args: [60]}], time_limit: 0.1}", ["timed out, exit status 1"]),
        ("{jobs: [{target: noop}], expect: {outcome: failed}}", ["failed, exit status 1", "", "   0."]),
        ("{jobs: [{target: noop}]}", ["nothing surprising happened (succeeded)"]),
    ],
)
def test_why_begins_with_what_failed(file: Path, text: str, begin: list[str]) -> None:
    file.write_text(text)
    run_jobs(file)

    lines = run_jobs("why", file)[1].splitlines()

    assert lines[0] == f"{file}: {begin[0]}"
    for line, start in zip(lines[1:], begin[1:], strict=False):
        assert line.startswith(start)
