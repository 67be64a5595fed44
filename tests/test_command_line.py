"""What a command line means, and what is said of one that means nothing; without a run."""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING, Any

import pytest

from runner.cli.explain import explained
from runner.cli.options import SYNONYMS, parse
from runner.cli.usage import COMMANDS, help_text
from tests.describe.describing import plan_of

if TYPE_CHECKING:
    from pathlib import Path

FILES_OWN: dict[str, Any] = {"file": "f.yaml", "set": [], "start_method": None, "json": False}
RUNS_OWN: dict[str, Any] = FILES_OWN | {
    "command": "run",
    "events": None,
    "events_output": False,
    "output": "prefixed",
    "quiet": False,
    "verbose": False,
    "cache": True,
    "preflight": True,
    "history": True,
}
CHECKS_OWN: dict[str, Any] = {
    "command": "check",
    "files": ["f.yaml"],
    "imports": False,
    "set": [],
    "start_method": None,
    "json": False,
}
PICTURES: dict[str, Any] = {"timeline": None, "trace": None, "report": None}
RUNS_OWN |= PICTURES
NOTHING: dict[str, Any] = {"set": [], "start_method": None, "json": False}


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Which words are files is up to each test; how wide the terminal is, to none."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "300")


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> list[str]:
    """What is said about this command line, which has to be refused as bad usage."""
    with pytest.raises(SystemExit) as caught:
        parse(list(words))

    assert caught.value.code == 2
    said = capsys.readouterr()
    assert said.out == ""
    return said.err.splitlines()


@pytest.mark.parametrize(
    ("words", "options"),
    [
        (["run", "f.yaml"], RUNS_OWN),
        (["check", "f.yaml"], CHECKS_OWN),
        (["check", "f.yaml", "g.yaml"], CHECKS_OWN | {"files": ["f.yaml", "g.yaml"]}),
        (["explain", "f.yaml"], FILES_OWN | {"command": "explain"}),
        (["schema"], NOTHING | {"command": "schema"}),
        (["watch", "f.yaml"], RUNS_OWN | {"command": "watch"}),
        (["predict", "f.yaml"], RUNS_OWN | {"command": "predict"}),
        (["try", "f.yaml"], RUNS_OWN | {"command": "try", "edit": None}),
        (["try", "f.yaml", "2"], RUNS_OWN | {"command": "try", "edit": 2}),
        (["export", "f.yaml"], FILES_OWN | {"command": "export", "output": None}),
        (["gallery"], NOTHING | {"command": "gallery", "words": []}),
        (["gallery", "show", "x"], NOTHING | {"command": "gallery", "words": ["show", "x"]}),
        (["history"], NOTHING | {"command": "history", "file": None, "number": 20}),
        (["show"], NOTHING | PICTURES | {"command": "show", "run": "last"}),
        (["why", "f.yaml"], NOTHING | {"command": "why", "run": "f.yaml"}),
        (["compare"], NOTHING | {"command": "compare", "runs": []}),
        (["compare", "a", "b"], NOTHING | {"command": "compare", "runs": ["a", "b"]}),
    ],
)
def test_a_command_alone_has_every_option_that_the_program_asks_for(
    words: list[str], options: dict[str, object]
) -> None:
    assert vars(parse(words)) == options


@pytest.mark.parametrize(
    ("words", "changed"),
    [
        (["--events", "-"], {"events": "-"}),
        (["--events=e.jsonl"], {"events": "e.jsonl"}),
        (["--events-output"], {"events_output": True}),
        (["--output", "prefixed"], {"output": "prefixed"}),
        (["--output", "raw"], {"output": "raw"}),
        (["--output", "none"], {"output": "none"}),
        (["--json"], {"json": True}),
        (["-q"], {"quiet": True}),
        (["--quiet"], {"quiet": True}),
        (["-v"], {"verbose": True}),
        (["--verbose"], {"verbose": True}),
        (["-qv"], {"quiet": True, "verbose": True}),
        (["--no-cache"], {"cache": False}),
        (["--no-preflight"], {"preflight": False}),
        (["--start-method", "fork"], {"start_method": "fork"}),
        (["--start-method", "spawn"], {"start_method": "spawn"}),
        (["--start-method", "forkserver"], {"start_method": "forkserver"}),
        (["--set", "a=1", "--set", "b.c=x y"], {"set": ["a=1", "b.c=x y"]}),
        (["--no-history"], {"history": False}),
        (["--timeline"], {"timeline": "-"}),
        (["--timeline", "out.svg"], {"timeline": "out.svg"}),
        (["--timeline=out.svg"], {"timeline": "out.svg"}),
        (["--trace", "t.json", "--report", "r.html"], {"trace": "t.json", "report": "r.html"}),
    ],
)
def test_an_option_of_a_run_changes_itself_alone_before_and_after_the_file(
    words: list[str], changed: dict[str, object]
) -> None:
    assert vars(parse(["run", "f.yaml", *words])) == RUNS_OWN | changed
    assert vars(parse(["run", *words, "f.yaml"])) == RUNS_OWN | changed


def test_a_check_may_import_and_answer_in_json() -> None:
    options = parse(["check", "--imports", "--json", "f.yaml"])

    assert (options.imports, options.json) == (True, True)


def test_what_one_command_line_sets_is_not_set_in_the_next() -> None:
    parse(["run", "f.yaml", "--set", "a=1"])

    assert parse(["run", "f.yaml"]).set == []


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["run", "f.yaml", "--jsn"], "unrecognized arguments: --jsn; did you mean `--json`?"),
        (["run", "f.yaml", "--verbos"], "unrecognized arguments: --verbos; did you mean `--verbose`?"),
        (["check", "f.yaml", "--import"], "unrecognized arguments: --import; did you mean `--imports`?"),
        (["schema", "--hlep"], "unrecognized arguments: --hlep; did you mean `--help`?"),
        (["run", "f.yaml", "--frobnicate"], "unrecognized arguments: --frobnicate"),
        (["check", "f.yaml", "--events", "e"], "unrecognized arguments: --events e"),
        (["run"], "the following arguments are required: FILE"),
        (["run", "f.yaml", "--events"], "argument --events: expected one argument"),
    ],
)
def test_wrong_usage_is_told_with_the_option_that_was_probably_meant(
    words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert refused(capsys, *words) == [
        f"run-jobs: {said}",
        f"run-jobs: `run-jobs {words[0]} --help` lists the commands and options",
    ]


@pytest.mark.parametrize(
    ("option", "value", "said"),
    [
        ("--start-method", "frok", "; did you mean `fork`?"),
        ("--start-method", "forksrver", "; did you mean `forkserver`?"),
        ("--output", "row", "; did you mean `raw`?"),
        ("--output", "everything", ")"),
        ("--output", "", ")"),
    ],
)
def test_a_wrong_choice_is_told_with_the_one_that_was_probably_meant(
    option: str, value: str, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    first, _ = refused(capsys, "run", "f.yaml", option, value)

    assert first.startswith(f"run-jobs: argument {option}: invalid choice: '{value}'")
    assert first.partition("choose from ")[2].partition(")")[2] == said.removeprefix(")")


@pytest.mark.parametrize(
    ("word", "meant"), [("chekc", "check"), ("explian", "explain"), ("schem", "schema"), ("rnu", "run")]
)
def test_a_word_that_is_nearly_a_command_and_no_file_is_taken_for_a_mistyped_command(
    word: str, meant: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (said,) = refused(capsys, "run", word, "f.yaml", "--imports")

    assert said == f"run-jobs: there is no command or file `{word}`; did you mean `{meant}`?"


def test_a_mistyped_command_alone_is_taken_for_one_too(capsys: pytest.CaptureFixture[str]) -> None:
    assert refused(capsys, "run", "chekc") == ["run-jobs: there is no command or file `chekc`; did you mean `check`?"]


@pytest.mark.parametrize("command", COMMANDS)
def test_a_commands_own_name_is_not_told_to_be_no_command(command: str) -> None:
    assert parse(["run", command]).file == command


@pytest.mark.parametrize("word", ["jobs", "-", "check.yaml", "./chekc", "/chekc", ".check"])
def test_a_word_that_may_be_a_file_is_taken_for_one(word: str) -> None:
    assert parse(["run", word]).file == word


def test_a_file_whose_name_is_nearly_a_command_is_run(tmp_path: Path) -> None:
    (tmp_path / "chekc").touch()

    assert parse(["run", "chekc"]).file == "chekc"


@pytest.mark.parametrize("command", ["watch", "explain"])
def test_only_a_run_looks_for_a_mistyped_command(command: str) -> None:
    assert parse([command, "chekc"]).file == "chekc"


@pytest.mark.parametrize("word", SYNONYMS)
@pytest.mark.parametrize("more", [(), ("f.yaml",)], ids=["alone", "of a file"])
def test_what_other_tools_call_a_command_is_answered_with_what_to_write(
    word: str, more: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    said = " ".join(refused(capsys, "run", word, *more))

    assert said.startswith(f"run-jobs: there is no command or file `{word}`: ")


def test_the_commands_that_other_tools_commands_are_answered_with_are_there() -> None:
    for meant in SYNONYMS.values():
        named = re.findall(r"run-jobs ([a-z]+)|mean `(\w+)`", meant)
        assert {name or other for name, other in named} <= set(COMMANDS)


def test_a_file_is_run_though_it_has_the_name_of_another_tools_command(tmp_path: Path) -> None:
    (tmp_path / "up").touch()

    assert parse(["run", "up"]).file == "up"


@pytest.mark.parametrize("name", ["counter", "counter.yaml", "ping-pong", "classics/ping-pong"])
@pytest.mark.parametrize("command", ["run", "explain", "watch", "try", "predict", "export"])
def test_a_name_that_is_no_file_may_be_one_of_the_gallery(
    command: str, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    path = parse([command, name]).file

    assert path.endswith(f"/{name.removesuffix('.yaml')}.yaml")
    assert os.path.isfile(path)
    assert "".join(capsys.readouterr().err.split()) == f"run-jobs:{name}is{path},ofthegallery"


def test_of_several_names_each_may_be_one_of_the_gallery(capsys: pytest.CaptureFixture[str]) -> None:
    first, second, third = parse(["check", "counter", "-", "nowhere.yaml", "--json"]).files

    assert (os.path.isfile(first), second, third) == (True, "-", "nowhere.yaml")
    assert capsys.readouterr().err == ""


def test_a_file_comes_before_one_of_the_gallery(tmp_path: Path) -> None:
    (tmp_path / "counter").touch()

    assert parse(["run", "counter"]).file == "counter"


@pytest.mark.parametrize("name", ["lost-wakeup", "nothing-of-that-name", ""])
def test_a_name_that_the_gallery_has_twice_or_not_stays_as_it_is(name: str) -> None:
    assert parse(["explain", name]).file == name


@pytest.mark.parametrize("columns", [60, 80, 120])
@pytest.mark.parametrize("command", ["", *COMMANDS])
def test_a_help_keeps_to_the_width_of_the_terminal_and_breaks_no_word(
    command: str, columns: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def help_in(width: int) -> str:
        monkeypatch.setenv("COLUMNS", str(width))
        if not command:
            return help_text(width)
        with pytest.raises(SystemExit):
            parse([command, "--help"])
        return capsys.readouterr().out.partition("\n\n")[2]

    text = help_in(columns)

    assert text.split() == help_in(1_000).split()
    assert max(map(len, text.splitlines())) <= columns


@pytest.mark.parametrize("columns", [40, 60])
def test_a_message_keeps_to_the_width_of_the_terminal_and_breaks_no_word(
    columns: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("COLUMNS", str(columns))

    lines = refused(capsys, "run", "f.yaml", "--output", "everything")

    assert max(map(len, lines)) <= columns
    assert "argument --output: invalid choice: 'everything' (choose from" in " ".join(lines)


OF_A_FILE = {"help", "set", "start-method"}
OF_A_RUN = OF_A_FILE | {
    *("events", "events-output", "output", "json", "quiet", "verbose", "no-cache", "no-preflight", "no-history"),
    *PICTURES,
}


@pytest.mark.parametrize(
    ("command", "options"),
    [
        (
            "run",
            OF_A_RUN,
        ),
        ("try", OF_A_RUN),
        ("watch", OF_A_RUN),
        ("export", OF_A_FILE | {"output"}),
        ("history", {"help", "json"}),
        ("show", {"help", "json"} | PICTURES.keys()),
        ("why", {"help"}),
        ("compare", {"help"}),
        ("gallery", {"help"}),
        ("check", OF_A_FILE | {"json", "imports"}),
        ("explain", OF_A_FILE),
        ("schema", {"help"}),
    ],
)
def test_the_help_of_a_command_has_its_options_and_the_exit_statuses(
    command: str, options: set[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        parse([command, "--help"])

    assert caught.value.code == 0
    shown = capsys.readouterr().out
    assert shown.startswith(f"usage: run-jobs {command} ")
    assert set(re.findall(r"^  (?:-\w(?: \S+)?, )?--([\w-]+)", shown, re.MULTILINE)) == options
    assert "Exit status: 0 every process ended as declared;" in shown


@pytest.mark.parametrize("columns", [60, 80])
def test_what_main_will_do_is_explained_in_the_width_of_the_terminal(
    columns: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    plan = plan_of(
        "shared: {b: {barrier: 2}}\njobs:\n" + f"- {{name: {'a' * 20}, target: sleep, join_timeout: 5}}\n" * 1
    )
    monkeypatch.setenv("COLUMNS", "1000")
    whole = explained(plan).splitlines()
    monkeypatch.setenv("COLUMNS", str(columns))

    lines = explained(plan).splitlines()

    assert " ".join(lines).split() == " ".join(whole).split()
    assert max(map(len, lines)) <= columns < max(map(len, whole))
    assert not [line for line in lines if line[:1].islower()]
