"""Collect the imports that a script needs, from the names that it uses."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_MODULES = ("asyncio", "ctypes", "inspect", "logging", "multiprocessing", "os", "signal", "sys", "threading", "time")
_FROM = {
    "multiprocessing.managers": ("DictProxy", "ListProxy", "Namespace"),
    "multiprocessing.queues": ("JoinableQueue", "Queue"),
    "multiprocessing.shared_memory": ("SharedMemory",),
    "multiprocessing.sharedctypes": ("Synchronized",),
    "multiprocessing.synchronize": ("Barrier", "BoundedSemaphore", "Condition", "Event", "Lock", "RLock", "Semaphore"),
    "typing": ("Any", "NoReturn"),
    "numpy.typing": ("NDArray",),
}
IMPORTS: Mapping[str, str] = {
    **dict.fromkeys(_MODULES, ""),
    "np": "numpy",
    **{name: module for module, names in _FROM.items() for name in names},
}
"""The names that a script may import: each with its module, or with nothing if it is a module itself."""


def import_lines(code: str, targets: Iterable[tuple[str, str, str]], preload: Iterable[str]) -> list[str]:
    """Return the lines at the top of a script with this code, with a blank one between the sections.

    `targets` are (module, name, name in the script); `preload` are modules that are imported for their effect.
    """
    used = [name for name in IMPORTS if name in names_in(code)]
    standard = [f"import {name}" for name in used if not IMPORTS[name]]
    loaded = [f"import {module}  # noqa: F401  # once, before any process starts" for module in sorted(set(preload))]
    theirs = [*(["import numpy as np"] if "np" in used else []), *loaded]
    froms = {module: [name for name in names if name in used] for module, names in sorted(_FROM.items())}
    for module, names in froms.items():
        if names:
            section = theirs if module.startswith("numpy") else standard
            section.append(f"from {module} import {', '.join(names)}")
    sections = [["from __future__ import annotations"], standard, theirs, _of_targets(targets)]
    return "\n\n".join("\n".join(section) for section in sections if section).splitlines()


def _of_targets(targets: Iterable[tuple[str, str, str]]) -> list[str]:
    by_module: dict[str, dict[str, None]] = {}
    for module, name, called in targets:
        by_module.setdefault(module, {})[name if name == called else f"{name} as {called}"] = None
    return [f"from {module} import {', '.join(sorted(names))}" for module, names in sorted(by_module.items())]


def names_in(code: str) -> set[str]:
    """Return the names that the code uses."""
    return {node.id for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Name)}
