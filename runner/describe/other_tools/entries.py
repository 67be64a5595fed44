"""Convert one entry of another tool's file, such as a Compose service, into a job."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING

from runner.describe.yaml import durations
from runner.model.records import record

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from runner.describe.yaml.scalars import Scalar

CALL = "subprocess:check_call"
"""The target that runs a program, waits for it, and fails if it does."""
_SHELL = re.compile(r"[|&;<>()$`\\\"'*?\[\]#~=%{}!\n]")
"""Characters that may have a meaning for a shell."""
_QUOTED = re.compile(r"[|&;<>()$`*?\[\]#~%{}!\n]")
"""Those that may still have a meaning if the quotes are balanced."""
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
MAX_REPLICAS = 100_000


@record(frozen=True, slots=True)
class Entry:
    """A job, and the keys of the entry that have no counterpart in our format."""

    job: dict[str, object]
    left_out: tuple[str, ...] = ()


def normal(key: object) -> str:
    """Return a key in the form in which all its spellings are equal: `working-directory`, `working_dir` and
    `workingDir`."""
    return re.sub(r"[-_ .]", "", str(key)).casefold()


def program(command: object) -> list[str] | None:
    """Return the words of a command that is text or a list, with a shell if it may need one. None for other values."""
    match command:
        case str() if command.strip():
            return _words(command.strip())
        case list() if command and all(isinstance(word, str | int | float) for word in command):
            return [str(word) for word in command]
    return None


def _words(command: str) -> list[str]:
    try:
        words = shlex.split(command)
    except ValueError:
        words = []
    first = words[0] if words else "="
    return ["sh", "-c", command] if _QUOTED.search(command) or "=" in first or "\\" in command else words


def call(words: Sequence[str]) -> dict[str, object]:
    """Return the fields of a job that runs a program with these words; a dollar sign in them has no meaning."""
    return {"target": CALL, "args": [[word.replace("$", "$$").replace("\0", "") for word in words]]}


def environment(value: object) -> dict[str, str] | None:
    """Return variables, given as a mapping, as a list of `NAME=value`, or as one text of them. None for other
    values."""
    match value:
        case str():
            pairs = [tuple(item.split("=", 1)) for item in re.split(r"[,\s]+", value) if item]
        case list() if all(isinstance(item, str) for item in value):
            pairs = [tuple(item.split("=", 1)) for item in value]
        case list() if all(isinstance(item, dict) for item in value):
            pairs = [(item.get("name"), item.get("value", "")) for item in value]
        case dict():
            pairs = list(value.items())
        case _:
            return None
    found: dict[str, str] = {}
    for pair in pairs:
        name, text = pair if len(pair) == 2 else (pair[0], None)
        if not isinstance(name, str) or not _VARIABLE.fullmatch(name) or isinstance(text, list | dict):
            continue
        if text is not None:  # a name alone is inherited, as all variables are
            found[name] = _text(text).strip("\"'") if isinstance(value, str) else _text(text)
    return found or None


def _text(value: object) -> str:
    text = str(value).lower() if isinstance(value, bool) else str(value)
    text = re.sub(r"\$\{\{.*?\}\}", "", text).replace("\0", "")
    return re.sub(r"\$(\$|(?:\{(\w+)(?::?-([^{}$]*))?\}|(\w+)))?", _placeholder, text)


def _placeholder(found: re.Match[str]) -> str:
    """Return a variable of the environment in our syntax; a dollar sign of another meaning is kept."""
    name = found[2] or found[4]
    if name is None or not _VARIABLE.fullmatch(name):
        return "$$" + (found[0][1:] if found[0] != "$$" else "")
    return f"${{env.{name}:-{found[3] or ''}}}"


def seconds(value: object, unit_s: float = 1) -> float | None:
    """Return a duration of another tool, in seconds; None if the value is not one."""
    try:
        if isinstance(value, str):
            found = durations.seconds(float(value) * unit_s if re.fullmatch(r"[0-9.]+", value) else value)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            found = durations.seconds(value * unit_s)
        else:
            return None
        return int(found) if found == int(found) else found
    except (ValueError, OverflowError):
        return None


def whole(value: object, least: int = 1, most: int = MAX_REPLICAS) -> int | None:
    """Return a count; None if the value is not one."""
    if isinstance(value, str) and value.isdecimal() and len(value) < 9:
        value = int(value)
    is_count = isinstance(value, int) and not isinstance(value, bool) and least <= value <= most
    return value if is_count else None  # type: ignore[return-value]  # it is a whole number


COMMANDS = ("command", "cmd", "run", "exec", "execstart", "shell", "script", "entrypoint", "start")
COUNTS = ("replicas", "instances", "numprocs", "numprocesses", "scale", "count", "parallelism")
FOLDERS = ("cwd", "workingdir", "workingdirectory", "directory", "dir", "chdir")
VARIABLES = ("environment", "env", "envvars", "variables")
NAMES = ("name", "containername", "id", "processname")


def job_of(name: str, entry: object, *, in_a_container: bool = False) -> Entry | None:
    """Return the job for an entry of this name; None if it names no program."""
    given: Mapping[Scalar, object] = entry if isinstance(entry, dict) else {"command": entry}
    by_key = {normal(key): value for key, value in given.items()}
    words = _program_of(name, by_key)
    if words is None:
        return None
    job: dict[str, object] = {"name": job_name(name), **call(words)}
    used = {*COMMANDS, *NAMES, "args", "interpreter"} | ({"image", "build"} if words[0] == "docker" else set())
    keys: tuple[str, ...]
    read: Callable[[object], object]
    for keys, ours, read in (
        (("timeoutminutes",), "timeout", lambda value: seconds(value, 60)),
        (VARIABLES, "env", environment),
        (COUNTS, "replicas", whole),
        (() if in_a_container else FOLDERS, "cwd", _folder),
    ):
        for key in keys:
            value = read(by_key[key]) if key in by_key else None
            if value is not None and value != 1:
                job[ours] = value
            used |= {key} if key in by_key and (value is not None or by_key[key] is None) else set()
    return Entry(job, tuple(str(key) for key in given if normal(key) not in used))


def _program_of(name: str, by_key: Mapping[str, object]) -> list[str] | None:
    """Return the words of the program that an entry starts."""
    args = program(by_key.get("args")) or []
    entrypoint = program(by_key.get("entrypoint"))
    command = program(by_key.get("command")) or program(by_key.get("cmd")) or program(by_key.get("run"))
    if entrypoint:
        return entrypoint + (command or args)
    if command:
        return command + args
    script = by_key.get("script")
    if isinstance(script, str) and script.strip():
        interpreter = by_key.get("interpreter")
        runs = str(interpreter) if isinstance(interpreter, str) and interpreter != "none" else _interpreter(script)
        return ([runs] if runs else []) + (program(script) or []) + args
    if isinstance(script, list):
        return ["sh", "-ec", "\n".join(map(str, script))]
    others = (program(by_key.get(key)) for key in ("shell", "exec", "execstart", "start"))
    found = next((words for words in others if words), None)
    if found:
        return found
    image = by_key.get("image")
    if isinstance(image, str):
        return ["docker", "run", "--rm", image]
    return ["docker", "compose", "run", "--rm", name] if "build" in by_key else None


def _interpreter(script: str) -> str | None:
    """Return the program that PM2 runs a script with, by the suffix of its name."""
    known = {".js": "node", ".mjs": "node", ".cjs": "node", ".py": "python", ".sh": "bash"}
    return next((runs for end, runs in known.items() if script.endswith(end)), None)


def _folder(value: object) -> str | None:
    return value.replace("$", "$$").replace("\0", "") if isinstance(value, str) and value.strip() else None


def job_name(name: object) -> str:
    """Return a name that a job can have."""
    text = "".join(one for one in str(name) if one.isprintable()).replace("$", "").strip()
    return text if text and text != "all" else f"job {text}".strip()
