"""Detect a file of another tool, and report its converted form in a single problem."""

from __future__ import annotations

import configparser
import re
from typing import TYPE_CHECKING

from runner.describe.other_tools.entries import Entry, environment, job_name, job_of, normal
from runner.describe.other_tools.yaml_text import file_lines
from runner.describe.yaml.loading import MERGED
from runner.describe.yaml.suggestions import listed
from runner.model.errors import InvalidFile, Problem
from runner.model.records import record

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from runner.describe.yaml.document import Document, Path
    from runner.describe.yaml.scalars import Scalar, Value
    from runner.model.problem_ids import ProblemId

MAX_JOBS = 8
"""The most jobs in a help, which would otherwise be too long."""
_OURS = ("target", "class", "do", "type")
_LISTS = {
    "services": "a Compose file",
    "processes": "a file of process-compose",
    "procs": "a file of mprocs",
    "apps": "an ecosystem file of PM2",
    "programs": "a list of programs",
    "tasks": "a file of tasks",
    "scripts": "a package.json",
}
"""Keys at the top that contain the entries to run, and the kind of file for each."""
_INI = re.compile(r"^\[(program|watcher|eventlistener|group|supervisord|circus|Unit|Service|Install)\b[^\]\n]*\]", re.M)
_PROC = re.compile(r"(?P<name>[A-Za-z0-9_-]+):\s*(?P<command>\S.*)")
_PYTHON = re.compile(r"^(import \w|from [\w.]+ import |def \w+\(|#!.*python)", re.M)


@record(frozen=True, slots=True)
class OtherToolsFile:
    """The kind of a file, the place that shows it, and its conversion: jobs, and keys that have no counterpart."""

    what: str
    path: Path = ()
    jobs: tuple[dict[str, object], ...] = ()
    left_out: tuple[str, ...] = ()
    says: str = ""
    message: str = ""

    @property
    def said(self) -> str:
        """The message about the file."""
        return self.message or f"this is {self.what}, which run-jobs does not read"

    @property
    def id(self) -> ProblemId:
        """The kind of the mistake: with a message of its own the file is ours, and `jobs` is not a list."""
        return "wrong-type" if self.message else "other-tool"

    @property
    def help(self) -> str:
        """The file to write instead."""
        lines = [self.says] if self.says else []
        if self.jobs:
            shown = list(self.jobs[:MAX_JOBS])
            lines += ["write:", *(f"  {line}" for line in file_lines({}, shown))]
            if len(self.jobs) > MAX_JOBS:
                lines.append(f"and so on: these are {MAX_JOBS} of {len(self.jobs)} jobs")
        if self.left_out:
            lines.append(f"left out, without a counterpart: {listed(dict.fromkeys(self.left_out))}")
        return "\n".join(lines) or "write jobs: with a list of processes; run-jobs gallery shows how"


def of_document(document: Document, name: str) -> list[Problem]:
    """Return the single problem of a file that is YAML, but belongs to another tool; None if it does not."""
    foreign = of_value(document.value, name)
    if foreign is None and (name.endswith(".py") or isinstance(document.value, str)):
        foreign = of_text(document.text, name)
    if foreign is None:
        return []
    is_value = foreign.path == ("jobs",)
    return [document.problem(foreign.path, foreign.said, foreign.help, id=foreign.id, key=not is_value)]


def of_bytes(text: bytes, name: str, invalid: InvalidFile) -> InvalidFile | None:
    """Return the problem of a file of another tool, in place of its mistakes as YAML."""
    written = text.decode(errors="replace")
    foreign = of_text(written, name)
    if foreign is None and all(problem.message.startswith(MERGED) for problem in invalid.problems):
        foreign = _of_merged(written, name)
    return InvalidFile((Problem(name, 1, 1, 1, "", foreign.said, foreign.help, foreign.id),)) if foreign else None


def _of_merged(text: str, name: str) -> OtherToolsFile | None:
    """Return the kind of a file whose only fault is that it merges mappings (`<<`), as Compose files do."""
    import yaml

    try:
        return of_value(yaml.load(text, getattr(yaml, "CSafeLoader", yaml.SafeLoader)), name)
    except (yaml.YAMLError, ValueError):
        return None


def of_value(value: object, name: str) -> OtherToolsFile | None:
    """Return the kind of a file that is YAML, if it belongs to another tool; `name` is the file's name."""
    if not isinstance(value, dict):
        return None
    jobs = value.get("jobs")
    if isinstance(jobs, dict) and jobs:
        return _of_jobs(jobs, value)
    if "jobs" in value:
        return None
    if "apiVersion" in value and "kind" in value:
        return _of_kubernetes(value)
    for key, what in _LISTS.items():
        if isinstance(value.get(key), dict | list) and value[key]:
            return _of_entries(what, (key,), _pairs(value[key]), value.keys() - {key})
    return _of_flat(value, name)


def of_text(text: str, name: str) -> OtherToolsFile | None:
    """Return the kind of a file that is not YAML, if it belongs to another tool."""
    if _INI.search(text):
        return _of_ini(text)
    if "module.exports" in text:
        says = "run-jobs reads YAML and JSON, but does not run JavaScript: print its `apps` as JSON, and check that"
        return OtherToolsFile("an ecosystem file of PM2 in JavaScript", says=says)
    if name.endswith(".py") or _PYTHON.search(text):
        module = re.sub(r"\W", "_", name.rpartition("/")[2].removesuffix(".py")) or "module"
        job: dict[str, object] = {"name": module, "target": f"{module}:main"}
        return OtherToolsFile("a Python script", jobs=(job,), says="name a function of it in a file of YAML")
    lines = [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    found = [_PROC.fullmatch(line) for line in lines]
    if found and all(found) and _is_procfile(name):
        return _of_entries("a Procfile", (), [(one["name"], one["command"]) for one in found if one], ())
    return None


def _of_entries(
    what: str, path: Path, pairs: Iterable[tuple[str, object]], top: Collection[object], *, message: str = ""
) -> OtherToolsFile:
    in_a_container = what == _LISTS["services"]
    jobs: dict[str, dict[str, object]] = {}
    left_out: list[str] = []
    for name, entry in pairs:
        made = _own(name, entry) or job_of(name, entry, in_a_container=in_a_container)
        if made is None:
            left_out.append(name)
            continue
        left_out += made.left_out
        label = str(made.job["name"])
        while label in jobs:
            label += "-2"
        jobs[label] = made.job | {"name": label}
    known = {"version", "name", "schema", "title"}
    left_out += [str(key) for key in top if normal(key) not in known]
    return OtherToolsFile(what, path, tuple(jobs.values()), tuple(left_out), message=message)


def _own(name: str, entry: object) -> Entry | None:
    """Return an entry that has our own keys already, and only lacks its name."""
    if not isinstance(entry, dict) or not any(key in entry for key in _OURS):
        return None
    return Entry({"name": job_name(name), **{str(key): value for key, value in entry.items() if key != "name"}})


def _pairs(entries: dict[Scalar, Value] | list[Value]) -> list[tuple[str, object]]:
    """Return names and entries, of a mapping or of a list of entries with names."""
    if isinstance(entries, dict):
        return [(str(name), _with_commands(entry)) for name, entry in entries.items()]
    named = [entry for entry in entries if isinstance(entry, dict)]
    return [(str(entry.get("name") or f"job-{place}"), _with_commands(entry)) for place, entry in enumerate(named)]


def _with_commands(entry: object) -> object:
    """Return an entry with several commands as one with the lines of a script."""
    if isinstance(entry, dict) and isinstance(entry.get("cmds"), list):
        lines = [one.get("cmd", "") if isinstance(one, dict) else one for one in entry["cmds"]]
        return {"script": lines, **{key: value for key, value in entry.items() if key != "cmds"}}
    return entry


def _of_jobs(jobs: dict[Scalar, Value], top: dict[Scalar, Value]) -> OtherToolsFile | None:
    """Return the jobs of a mapping: a GitHub workflow, or our format without the list."""
    entries = [entry for entry in jobs.values() if isinstance(entry, dict)]
    if "on" in top or any("steps" in entry or "runs-on" in entry or "uses" in entry for entry in entries):
        others = top.keys() - {"jobs"}
        return _of_entries("a workflow of GitHub Actions", ("jobs",), map(_of_workflow, jobs, jobs.values()), others)
    message = "`jobs`: expected a list, found a mapping"
    ours = _of_entries("", ("jobs",), _pairs(dict(jobs)), (), message=message)
    return ours if ours.jobs else None


def _of_workflow(name: object, job: object) -> tuple[str, object]:
    """Return a job of a workflow as one entry with the commands of all its steps."""
    given = job if isinstance(job, dict) else {}
    steps = [step for step in given.get("steps") or () if isinstance(step, dict)]
    runs = [str(step["run"]).strip() for step in steps if "run" in step]
    env: dict[str, str] = {}
    for one in (given, *steps):
        env |= environment(one.get("env")) or {}
    entry = {key: value for key, value in given.items() if key not in ("steps", "env", "name", "run")}
    if any("uses" in step for step in steps):
        entry["uses"] = "actions"
    return str(name), entry | ({"script": runs} if runs else {}) | ({"env": env} if env else {})


def _of_kubernetes(value: dict[Scalar, Value]) -> OtherToolsFile:
    """Return the entries of a manifest: the containers of the pods that it describes."""
    found = value.get("spec")
    replicas = found.get("replicas") if isinstance(found, dict) else None
    for key in ("jobTemplate", "spec", "template", "spec"):
        inner = found.get(key) if isinstance(found, dict) else None
        found = inner if isinstance(inner, dict) else found
    containers = found.get("containers") if isinstance(found, dict) else None
    entries = [one for one in containers or () if isinstance(one, dict)] if isinstance(containers, list) else []
    pairs = [(str(one.get("name") or "job"), {"replicas": replicas, **one} if replicas else one) for one in entries]
    left_out = () if pairs else ("kind",)
    return _of_entries(f"a manifest of Kubernetes ({value['kind']})", ("kind",), pairs, left_out)


def _of_flat(value: dict[Scalar, Value], name: str) -> OtherToolsFile | None:
    """Return the entries of a mapping of names to commands: a Procfile, or GitLab jobs."""
    from runner.describe.plan.spec import RunFile

    ours = {field.alias or key for key, field in RunFile.model_fields.items()}
    if not value or not all(isinstance(key, str) for key in value):
        return None
    named = [(str(key), entry) for key, entry in value.items()]
    if all(isinstance(command, str) for _, command in named):
        looks_so = not ours & value.keys() and any(" " in str(command).strip() for _, command in named)
        return _of_entries("a Procfile", (), named, ()) if _is_procfile(name) or looks_so else None
    scripts = {key: entry for key, entry in named if isinstance(entry, dict) and _has_a_program(entry)}
    if not scripts or (ours - {"title"}) & value.keys():
        return None
    is_gitlab = "stages" in value or any("script" in entry and "stage" in entry for entry in scripts.values())
    what = "a pipeline of GitLab" if is_gitlab else "a mapping of names to what they run"
    path = (next(iter(scripts)),)
    return _of_entries(what, path, scripts.items(), value.keys() - scripts.keys())


def _is_procfile(name: str) -> bool:
    """Return whether a file has this name; other text may look like one."""
    return "procfile" in name.rpartition("/")[2].casefold()


def _has_a_program(entry: dict[Scalar, Value]) -> bool:
    return any(normal(key) in ("command", "cmd", "script", "run", *_OURS) for key in entry)


def _of_ini(text: str) -> OtherToolsFile | None:
    """Return the entries of a file of supervisord, circus or systemd."""
    reader = configparser.RawConfigParser(strict=False, inline_comment_prefixes=(" ;",), allow_no_value=True)
    try:
        reader.read_string(text)
    except configparser.Error:
        return OtherToolsFile("an ini file")
    pairs: list[tuple[str, object]] = []
    left_out: list[str] = []
    for section in reader.sections():
        kind, _, name = section.partition(":")
        if kind in ("program", "watcher", "eventlistener") and name:
            pairs.append((name, dict(reader[section])))
        elif kind == "Service":
            pairs.append(("service", dict(reader[section])))
        else:
            left_out.append(f"[{section}]")
    unit = any(section in ("Unit", "Service", "Install") for section in reader.sections())
    what = (
        "a unit of systemd" if unit else "an ini file of circus" if "watcher:" in text else "an ini file of supervisord"
    )
    made = _of_entries(what, (), pairs, ())
    return OtherToolsFile(what, (), made.jobs, (*made.left_out, *left_out))
