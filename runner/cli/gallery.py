"""`run-jobs gallery`: list, show and copy the example scenarios that are installed with run-jobs."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from runner.cli.streams import fail, say, width_of
from runner.cli.usage import USAGE_ERROR, WIDEST
from runner.describe.yaml.suggestions import listed, nearest
from runner.model.wrapping import table, wrapped

if TYPE_CHECKING:
    import argparse

    from runner.link.launch import Launched

_PACKAGE = Path(__file__).parents[1]
THEMES = {
    "": "the first one",
    "basics": "processes, one by one",
    "counter": "counting together",
    "limits": "what a process may have",
    "communication": "how processes talk to each other",
    "classics": "the classic problems",
    "traps": "what goes wrong, and why",
    "costs": "what it costs",
}
"""The folders of the gallery, in the order in which they are listed."""


def act(options: argparse.Namespace, _: Launched | None) -> int:
    """List the gallery, show a file of it, or copy all of it; return the exit status."""
    match options.words:
        case [] | ["list"]:
            _list(scenarios())
            return 0
        case [theme] if theme in THEMES:
            _list({name: path for name, path in scenarios().items() if name.startswith(f"{theme}/")})
            return 0
        case ["show", name]:
            return _show(name)
        case ["copy", folder]:
            return _copy(folder)
    return fail("write `run-jobs gallery`, `gallery THEME`, `gallery show NAME` or `gallery copy DIR`", USAGE_ERROR)


def gallery_folder() -> Path:
    """Return the folder of the gallery: in the package, or next to it if it is run from its sources."""
    inside = _PACKAGE / "gallery"
    return inside if inside.is_dir() else _PACKAGE.parent / "jobs"


def scenarios() -> dict[str, Path]:
    """Return all files of the gallery by name, such as `classics/ping-pong`."""
    folder = gallery_folder()
    files = sorted(folder.rglob("*.yaml"), key=lambda path: (_theme_number(path.relative_to(folder)), path))
    return {path.relative_to(folder).with_suffix("").as_posix(): path for path in files}


def _theme_number(path: Path) -> int:
    theme = path.parts[0] if len(path.parts) > 1 else ""
    return list(THEMES).index(theme) if theme in THEMES else len(THEMES)


def title_of(text: str) -> str:
    """Return the title in a file."""
    line = next((line for line in text.splitlines() if line.startswith("title:")), "title:")
    return line.removeprefix("title:").strip().strip("\"'")


def _list(every: dict[str, Path]) -> None:
    before, width = None, width_of(sys.stdout) or WIDEST
    names = {name: name for name in every}
    if max(map(len, every), default=0) + 2 > width:  # the theme is printed above them
        names = {name: name.rpartition("/")[2] for name in every}
    widest = max(map(len, names.values()), default=0)
    for name, path in every.items():
        theme = name.partition("/")[0] if "/" in name else ""
        if theme != before:
            head = wrapped(f"{theme or 'counter'}: {THEMES.get(theme, '')}", width, indent="  ")
            print(*([""] if before is not None else []), *head, sep="\n")
            before = theme
        title = title_of(path.read_text(encoding="utf-8"))
        print("\n".join(table([(f"{names[name]:<{widest}} ", title)], width)))


def found(file: str, *, announces: bool) -> str:
    """Return the file, or the file of the gallery with this name if it does not exist; `announces` prints which one."""
    if file == "-" or os.path.lexists(file):
        return file
    every = scenarios()
    fitting = _fitting(file, every)
    if len(fitting) != 1:
        return file
    path = os.path.relpath(every[fitting[0]])
    if path.startswith(os.pardir):
        path = str(every[fitting[0]])
    if announces:
        say(f"{file} is {path}, of the gallery")
    return path


def hint(file: str) -> str | None:
    """Return what may be meant by the name of a missing file."""
    for end in (".yaml", ".yml"):
        if os.path.isfile(file + end):
            return f"did you mean `{file}{end}`?"
    every = scenarios()
    fitting = _fitting(file, every)
    if len(fitting) > 1:
        return f"the gallery has {listed(fitting)}: which one?"
    near = nearest(file, [*every, *(one.rpartition("/")[2] for one in every)])
    return f"did you mean `{near}`, of the gallery?" if near else None


def _fitting(name: str, every: dict[str, Path]) -> list[str]:
    """Return the full names of the scenarios that a name may mean."""
    wanted = name.removesuffix(".yaml").removeprefix("jobs/")
    return [one for one in every if one == wanted] or [one for one in every if one.rpartition("/")[2] == wanted]


def _show(name: str) -> int:
    every = scenarios()
    wanted = name.removesuffix(".yaml").removeprefix("jobs/")
    fitting = _fitting(name, every)
    if len(fitting) == 1:
        print(every[fitting[0]].read_text(encoding="utf-8"), end="")
        return 0
    if fitting:
        return fail(f"there are {' and '.join(fitting)}: which one?", USAGE_ERROR)
    near = nearest(wanted, [*every, *(one.rpartition("/")[2] for one in every)])
    help_ = f"; did you mean `{near}`?" if near else "; `run-jobs gallery` lists them"
    return fail(f"there is no scenario `{name}`{help_}", USAGE_ERROR)


def _copy(folder: str) -> int:
    if os.path.isdir(folder) and os.listdir(folder):
        return fail(f"`{folder}` is not empty: name a folder that does not exist yet", USAGE_ERROR)
    try:
        shutil.copytree(
            gallery_folder(), folder, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__", "README.md")
        )
        _write_schema(Path(folder))
    except OSError as error:
        return fail(f"`{folder}` cannot be written: {(error.strerror or str(error)).lower()}", USAGE_ERROR)
    said = f"{len(scenarios())} scenarios are in {folder}: begin with `run-jobs {os.path.join(folder, 'counter.yaml')}`"
    print(*wrapped(said, width_of(sys.stdout)), sep="\n")
    return 0


def _write_schema(folder: Path) -> None:
    """Write the schema next to the files, for editors, and a reference to it in each file."""
    import json

    from runner.describe.schema.file_schema import build_schema

    schema = folder / "run-jobs.schema.json"
    schema.write_text(json.dumps(build_schema(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    for path in folder.rglob("*.yaml"):
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        if lines and lines[0].startswith("# yaml-language-server:"):
            way = os.path.relpath(schema, path.parent)
            path.write_text(f"# yaml-language-server: $schema={way}\n{''.join(lines[1:])}", encoding="utf-8")
