"""Build the replacement for another tool's key from the key's value."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

from runner.describe.other_tools.entries import call, environment, program, seconds, whole
from runner.describe.other_tools.text import field as _field
from runner.model.records import field, record

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@record(frozen=True, slots=True)
class Instead:
    """What to write instead of a key: fields of the job, or of the whole file, and words."""

    says: str = ""
    job: Mapping[str, object] = field(default_factory=dict)
    file: Mapping[str, object] = field(default_factory=dict)

    @property
    def help(self) -> str:
        """All of it as one line."""
        parts = []
        if self.job:
            parts.append(f"write {' and '.join(_field(*each) for each in self.job.items())}")
        if self.file:
            above = "" if self.job else ", at the top of the file"
            parts.append(f"write {' and '.join(_field(*each) for each in self.file.items())}{above}")
        return "; ".join([*parts, self.says] if self.says else parts)


Answer: TypeAlias = "Callable[[Any], Instead]"


LIMITS = "write limits: with memory, cpu_seconds, open_files or core, such as limits: {memory: 512MiB}"
STOP = "a process is stopped by SIGTERM, and by SIGKILL after the file's grace_period"


def says(text: str) -> Answer:
    """An answer that is these words, whatever the value."""
    return lambda _: Instead(text)


def program_run(value: object) -> Instead:
    """The target that runs the program that a command names."""
    words = program(value) or ["python", "app.py"]
    return Instead("it runs a program, waits for it, and fails if it does", call(words))


def renamed(name: str, example: object, fits: Callable[[Any], bool]) -> Answer:
    """An answer that is the same value under another name; the example where the value does not fit."""
    return lambda value: Instead(job={name: value if fits(value) else example})


def is_text(value: object) -> bool:
    """Whether a value is text that means the same here."""
    return isinstance(value, str) and value.strip() not in ("", "all") and value.isprintable() and "$" not in value


def is_plain_list(value: object) -> bool:
    """Whether a value is a list that means the same here."""
    return isinstance(value, list) and "$" not in str(value)


def variables(value: object) -> Instead:
    """`env` with these variables."""
    return Instead(job={"env": environment(value) or {"NAME": "value"}})


def replicas(value: object) -> Instead:
    """`replicas` with this count."""
    return Instead("`$index` counts them from 0", {"replicas": whole(value, 2) or 2})


def grace_period(unit_s: float) -> Answer:
    """An answer that is the file's grace period, of a value in this unit."""

    def answer(value: object) -> Instead:
        says = "how long after SIGTERM a process that still runs is sent SIGKILL"
        return Instead(says, file={"grace_period": seconds(value, unit_s) or 5})

    return answer


def timeout(unit_s: float, name: str = "timeout") -> Answer:
    """An answer that is a duration under this name, of a value in this unit."""

    def answer(value: object) -> Instead:
        given = {name: seconds(value, unit_s) or 60}
        return Instead(file=given) if name == "time_limit" else Instead(job=given)

    return answer


def memory(value: object) -> Instead:
    """The limit of memory of this size."""
    units = {"k": "KiB", "m": "MiB", "g": "GiB", "ki": "KiB", "mi": "MiB", "gi": "GiB", "kb": "KiB", "mb": "MiB"}
    text = str(value).strip()
    number = text.rstrip("kKmMgGiIbB")
    unit = units.get(text[len(number) :].casefold())
    is_size = unit is not None and number.isdecimal() and len(number) < 6
    return Instead(
        "beyond it Python raises MemoryError", {"limits": {"memory": f"{number}{unit}" if is_size else "512MiB"}}
    )


def resources(value: object) -> Instead:
    """Replicas and a limit of memory, wherever Compose and Kubernetes have them, or which limits there are."""
    given = value if isinstance(value, dict) else {}
    limits = _inner(given, "resources", "limits") or _inner(given, "limits")
    replicas = whole(given.get("replicas"), 1)
    job = memory(limits["memory"]).job if "memory" in limits else {}
    if replicas:
        job = {"replicas": replicas, **job}
    return Instead(job=job) if job else Instead(LIMITS)


def _inner(value: Any, *keys: str) -> dict[Any, Any]:
    for key in keys:
        value = value.get(key) if isinstance(value, dict) else None
    return value if isinstance(value, dict) else {}


def shutdown(value: object) -> Instead:
    """The file's grace period of process-compose's `timeout_seconds`."""
    timeout_s = seconds(value["timeout_seconds"]) if isinstance(value, dict) and "timeout_seconds" in value else None
    return Instead(STOP, file={"grace_period": timeout_s} if timeout_s else {})
