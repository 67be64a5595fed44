"""The command-line parser of `run-jobs`, and its error messages."""

from __future__ import annotations

import argparse
import os
import re
import sys
from typing import TYPE_CHECKING, NoReturn

from runner.cli.streams import fail, say, width_of
from runner.cli.usage import COMMANDS, EXIT_STATUS, USAGE_ERROR, WIDEST
from runner.model.wrapping import wrapped

if TYPE_CHECKING:
    from collections.abc import Iterable


class _Lines(argparse.HelpFormatter):
    """Wraps lines of a help between words only, never at a hyphen of an option."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=min(width_of(sys.stdout) or 80, WIDEST))

    def _split_lines(self, text: str, width: int) -> list[str]:
        return wrapped(" ".join(text.split()), width)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return "\n".join(indent + line for line in self._split_lines(text, width - len(indent)))


class _Parser(argparse.ArgumentParser):
    """Suggests what was probably meant."""

    def error(self, message: str) -> NoReturn:
        wrong = re.search(r"unrecognized arguments: (\S+)|invalid choice: '(\S+?)'", message)
        if wrong:
            known = [option for action in self._actions for option in action.option_strings]
            for action in self._actions:
                known += [str(choice) for choice in action.choices or ()]
            near = _near(wrong[1] or wrong[2], known)
            message += f"; did you mean `{near[0]}`?" if near else ""
        say(message)
        say(f"`{self.prog} --help` lists the commands and options")
        raise SystemExit(USAGE_ERROR)


def parse(words: list[str]) -> argparse.Namespace:
    """Return the options of a command line that begins with a command."""
    if words[0] == "run" and words[1:]:
        _check_mistyped_command(words[1])
    options = _PARSERS[words[0]]().parse_args(_with_timeline_here(words[1:]))
    options.command = words[0]
    if options.command in OF_FILES:
        _find_missing_files(options)
    return options


def _find_missing_files(options: argparse.Namespace) -> None:
    """Replace names that are not files by files of the gallery."""
    files = [options.file] if "file" in options else options.files
    if all(file == "-" or os.path.lexists(file) for file in files):
        return
    from runner.cli.gallery import found

    files = [found(file, announces=not (options.json or getattr(options, "quiet", False))) for file in files]
    if "file" in options:
        (options.file,) = files
    else:
        options.files = files


def _with_timeline_here(words: list[str]) -> list[str]:
    """Return the words with `--timeline FILE` split: only a picture's name belongs to the option."""
    following = [*words[1:], ""]
    for word, after in zip(words, following, strict=False):
        if word == "--timeline" and after.endswith((".png", ".jpg", ".jpeg", ".pdf")):
            raise SystemExit(
                fail(f"--timeline: `{after}` cannot be drawn, only a picture whose name ends with .svg", USAGE_ERROR)
            )
    return [
        "--timeline=-" if word == "--timeline" and not after.endswith(".svg") else word
        for word, after in zip(words, following, strict=False)
    ]


def _check_mistyped_command(file: str) -> None:
    if file.startswith("-") or file in COMMANDS or os.path.exists(file) or "." in file or os.sep in file:
        return
    if meant := SYNONYMS.get(file.casefold()):
        raise SystemExit(fail(f"there is no command or file `{file}`: {meant}", USAGE_ERROR))
    if near := _near(file, COMMANDS):
        raise SystemExit(fail(f"there is no command or file `{file}`; did you mean `{near[0]}`?", USAGE_ERROR))


def _near(word: str, known: Iterable[str]) -> list[str]:
    """Return the known word that looks most like this one, if any does."""
    from difflib import get_close_matches  # here: only a mistake needs it

    return get_close_matches(word, list(known), 1)


def _parser(command: str, description: str) -> _Parser:
    prog = f"run-jobs {command}"
    parser = _Parser(prog, description=description, epilog=EXIT_STATUS, allow_abbrev=False, formatter_class=_Lines)
    parser.set_defaults(json=False, set=[], start_method=None)
    return parser


def _file_parser(command: str, description: str) -> _Parser:
    parser = _parser(command, description)
    parser.add_argument("file", metavar="FILE", help="the YAML file, or a name of the gallery; `-` for standard input")
    _add_changes(parser)
    return parser


def _add_changes(parser: _Parser) -> None:
    parser.add_argument(
        "--set",
        action="append",
        metavar="PATH=VALUE",
        help="change the file before it is checked: `--set jobs.daemon.join_timeout=2`, `--set jobs[0].args[1]=x`",
    )
    parser.add_argument("--start-method", choices=("fork", "spawn", "forkserver"), help="instead of the file's")


def _run_parser(command: str = "run", description: str = "Run the processes that a file declares.") -> _Parser:
    parser = _file_parser(command, description)
    parser.add_argument("--events", metavar="FILE", help="write every event there, a JSON object a line; `-`: stdout")
    parser.add_argument(
        "--events-output", action="store_true", help="report every line that a process writes as an event"
    )
    parser.add_argument(
        "--output",
        choices=("prefixed", "raw", "none"),
        default="prefixed",
        help="what the processes write: with their names (default), as it is, or not at all",
    )
    parser.add_argument("--json", action="store_true", help="print the result as one JSON object on stdout")
    parser.add_argument("-q", "--quiet", action="store_true", help="print only what the processes write, and results")
    parser.add_argument("-v", "--verbose", action="store_true", help="print every event")
    parser.add_argument(
        "--no-cache", dest="cache", action="store_false", help="check the file even if it was the same the last time"
    )
    parser.add_argument(
        "--no-preflight", dest="preflight", action="store_false", help="do not import the targets before the start"
    )
    parser.add_argument("--no-history", dest="history", action="store_false", help="do not store the run")
    _add_pictures(parser)
    return parser


def _add_pictures(parser: _Parser) -> None:
    parser.add_argument(
        "--timeline",
        nargs="?",
        const="-",
        metavar="OUT.svg",
        help="draw which processes ran and waited, and when: here, or as a picture into a file",
    )
    parser.add_argument("--trace", metavar="OUT.json", help="write a trace that Perfetto and chrome://tracing open")
    parser.add_argument("--report", metavar="OUT.html", help="write a page with everything about the run")


def _check_parser() -> _Parser:
    parser = _parser("check", "Check files; nothing is started.")
    parser.add_argument(
        "files", metavar="FILE", nargs="+", help="YAML files, or names of the gallery; `-` for standard input"
    )
    _add_changes(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object for each file, one a line")
    parser.add_argument("--imports", action="store_true", help="import the targets, too, and bind their arguments")
    return parser


def _explain_parser() -> _Parser:
    return _file_parser("explain", "Describe what main will do, and when; nothing is started.")


def _schema_parser() -> _Parser:
    return _parser("schema", "Print the JSON Schema of the file format.")


def _watch_parser() -> _Parser:
    return _run_parser("watch", "Run a file again whenever it is saved, and show the differences.")


def _try_parser() -> _Parser:
    parser = _run_parser("try", "List the edits that a file proposes under `try:`; make one, run both, compare.")
    parser.add_argument("edit", metavar="N", type=int, nargs="?", help="the number of the edit; without it, a list")
    return parser


def _predict_parser() -> _Parser:
    return _run_parser("predict", "Ask what will happen, run the file, and show which answers were right.")


def _export_parser() -> _Parser:
    parser = _file_parser("export", "Print the same scenario as a script that needs nothing but Python.")
    parser.add_argument("-o", "--output", metavar="SCRIPT.py", help="write it there")
    return parser


def _gallery_parser() -> _Parser:
    parser = _parser(
        "gallery", "List the scenarios that come with run-jobs; `show NAME` prints one, `copy DIR` copies all."
    )
    parser.add_argument("words", nargs="*", metavar="THEME | show NAME | copy DIR")
    return parser


def _history_parser() -> _Parser:
    parser = _parser("history", "List the last runs: of all files, or of one.")
    parser.add_argument("file", nargs="?", metavar="FILE")
    parser.add_argument("-n", dest="number", type=int, default=20, metavar="N", help="how many (20)")
    parser.add_argument("--json", action="store_true", help="print them as JSON")
    return parser


def _kept_run_parser(command: str, description: str) -> _Parser:
    parser = _parser(command, description)
    parser.add_argument(
        "run",
        nargs="?",
        default="last",
        metavar="FILE|RUN",
        help="a file's last run, or a run by its number; `last`, `last~1`",
    )
    return parser


def _show_parser() -> _Parser:
    parser = _kept_run_parser("show", "Show a run again: how it ended, its timeline, its notes, what was printed.")
    parser.add_argument("--json", action="store_true", help="print all of it as JSON")
    _add_pictures(parser)
    return parser


def _why_parser() -> _Parser:
    return _kept_run_parser("why", "Explain the outcome of a run: what failed, by error and place, and the notes.")


def _compare_parser() -> _Parser:
    parser = _parser("compare", "Compare two runs: the last two of a file, or two by their numbers.")
    parser.add_argument("runs", nargs="*", metavar="FILE | RUN RUN")
    return parser


_PARSERS = {
    "run": _run_parser,
    "check": _check_parser,
    "explain": _explain_parser,
    "schema": _schema_parser,
    "watch": _watch_parser,
    "try": _try_parser,
    "predict": _predict_parser,
    "export": _export_parser,
    "gallery": _gallery_parser,
    "history": _history_parser,
    "show": _show_parser,
    "why": _why_parser,
    "compare": _compare_parser,
}
"""The functions that create the parsers of the commands."""
OF_FILES = ("run", "check", "explain", "watch", "try", "predict", "export")
"""Commands whose `FILE` may be a name of the gallery."""

_RUN = "write run-jobs FILE"
_LOOK = "write run-jobs history for the last runs, run-jobs show for one of them; a run shows what its processes do"
_STOP = "a run is stopped by Ctrl-C, or by SIGTERM to run-jobs"
_CHECK = "did you mean `check`?"
SYNONYMS = {
    **dict.fromkeys(("start", "up", "exec", "launch", "execute", "serve", "deploy", "apply", "create"), _RUN),
    **dict.fromkeys(("stop", "down", "kill", "delete", "rm", "shutdown", "terminate"), _STOP),
    **dict.fromkeys(("validate", "lint", "verify", "config", "configtest", "syntax"), _CHECK),
    **dict.fromkeys(("ls", "list", "ps", "status", "top", "monit"), _LOOK),
    **dict.fromkeys(("logs", "log", "tail", "attach", "inspect", "describe"), "did you mean `show`, of the last run?"),
    **dict.fromkeys(("plan", "dry-run", "preview"), "did you mean `explain`, which starts nothing?"),
    **dict.fromkeys(("restart", "reload", "dev"), "did you mean `watch`, which runs a file again when it is saved?"),
    **dict.fromkeys(("init", "new", "examples", "example", "templates"), "write run-jobs gallery copy DIR"),
    **dict.fromkeys(("help", "usage", "man"), "write run-jobs --help, or run-jobs COMMAND --help"),
    "version": "write run-jobs --version",
    "diff": "did you mean `compare`?",
    "test": "did you mean `run`? A file with `expect:` is a test",
    "convert": "did you mean `export`, which writes a Python script?",
    "scale": "write replicas: in the file, or --set jobs.NAME.replicas=3",
}
"""Names of commands in other tools, with what to write here."""
