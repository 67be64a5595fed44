"""Build the replacement for another tool's key from the key's value."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from runner.describe.other_tools.entries import call, environment, program, seconds, whole
from runner.describe.other_tools.yaml_text import field as _field
from runner.model.records import field, record

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from runner.describe.yaml.scalars import Scalar


@record(frozen=True, slots=True)
class Instead:
    """The replacement for a key: fields of the job, or of the whole file, and words."""

    says: str = ""
    job: Mapping[str, object] = field(default_factory=dict)
    file: Mapping[str, object] = field(default_factory=dict)

    @property
    def help(self) -> str:
        """The replacement as one line."""
        parts = []
        if self.job:
            parts.append(f"write {' and '.join(_field(*each) for each in self.job.items())}")
        if self.file:
            above = "" if self.job else ", at the top of the file"
            parts.append(f"write {' and '.join(_field(*each) for each in self.file.items())}{above}")
        return "; ".join([*parts, self.says] if self.says else parts)


Answer: TypeAlias = "Callable[[object], Instead]"


LIMITS = "write limits: with memory, cpu_seconds, open_files or core, such as limits: {memory: 512MiB}"
STOP = "a process is stopped by SIGTERM, and by SIGKILL after the file's grace_period"


def says(text: str) -> Answer:
    """Return an answer with these words, whatever the value."""
    return lambda _: Instead(text)


def program_run(value: object) -> Instead:
    """Return the target that runs the program in a command."""
    words = program(value) or ["python", "app.py"]
    return Instead("it runs a program, waits for it, and fails if it does", call(words))


def renamed(name: str, example: object, fits: Callable[[object], bool]) -> Answer:
    """Return an answer that is the same value under another name; with the example if the value does not fit."""
    return lambda value: Instead(job={name: value if fits(value) else example})


def is_text(value: object) -> bool:
    """Return whether a value is text with the same meaning in our format."""
    return isinstance(value, str) and value.strip() not in ("", "all") and value.isprintable() and "$" not in value


def is_plain_list(value: object) -> bool:
    """Return whether a value is a list with the same meaning in our format."""
    return isinstance(value, list) and "$" not in str(value)


def variables(value: object) -> Instead:
    """Return `env` with these variables."""
    return Instead(job={"env": environment(value) or {"NAME": "value"}})


def replicas(value: object) -> Instead:
    """Return `replicas` with this count."""
    return Instead("`$index` counts them from 0", {"replicas": whole(value, 2) or 2})


def grace_period(unit_s: float) -> Answer:
    """Return an answer with the file's grace period, for a value in this unit."""

    def answer(value: object) -> Instead:
        says = "how long after SIGTERM a process that still runs is sent SIGKILL"
        return Instead(says, file={"grace_period": seconds(value, unit_s) or 5})

    return answer


def timeout(unit_s: float, name: str = "timeout") -> Answer:
    """Return an answer with a duration under this name, for a value in this unit."""

    def answer(value: object) -> Instead:
        given = {name: seconds(value, unit_s) or 60}
        return Instead(file=given) if name == "time_limit" else Instead(job=given)

    return answer


def memory(value: object) -> Instead:
    """Return a limit of memory of this size."""
    units = {"k": "KiB", "m": "MiB", "g": "GiB", "ki": "KiB", "mi": "MiB", "gi": "GiB", "kb": "KiB", "mb": "MiB"}
    text = str(value).strip()
    number = text.rstrip("kKmMgGiIbB")
    unit = units.get(text[len(number) :].casefold())
    is_size = unit is not None and number.isdecimal() and len(number) < 6
    return Instead(
        "beyond it Python raises MemoryError", {"limits": {"memory": f"{number}{unit}" if is_size else "512MiB"}}
    )


def resources(value: object) -> Instead:
    """Return replicas and a limit of memory, wherever Compose and Kubernetes have them, or the available limits."""
    given = value if isinstance(value, dict) else {}
    limits = _inner(given, "resources", "limits") or _inner(given, "limits")
    replicas = whole(given.get("replicas"), 1)
    job = memory(limits["memory"]).job if "memory" in limits else {}
    if replicas:
        job = {"replicas": replicas, **job}
    return Instead(job=job) if job else Instead(LIMITS)


def _inner(value: object, *keys: str) -> dict[Scalar, object]:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def shutdown(value: object) -> Instead:
    """Return the file's grace period for process-compose's `timeout_seconds`."""
    timeout_s = seconds(value["timeout_seconds"]) if isinstance(value, dict) and "timeout_seconds" in value else None
    return Instead(STOP, file={"grace_period": timeout_s} if timeout_s else {})
