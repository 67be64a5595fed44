"""Further problems of a file whose jobs are invalid: name clashes, fields without effect, steps of `main`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from runner.describe.plan import naming
from runner.describe.plan.fields_without_effect import without_effect
from runner.describe.plan.main_field import Script

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from runner.describe.plan.jobs import Job
    from runner.describe.steps.reader import Scope
    from runner.describe.yaml.document import Document
    from runner.model.errors import Problem


def problems(document: Document, jobs: Sequence[Job], scope: Scope) -> Iterator[Problem]:
    """Return the problems that do not depend on the invalid jobs; `jobs` are the valid ones."""
    named = _named(jobs)
    yield from naming.clashes(named, naming.process_names(named), document)
    entries, main = (document.value.get(key) for key in ("jobs", "main"))
    yield from without_effect(jobs, document, scripted=main is not None)
    if isinstance(main, list):
        script = Script(document, PossibleNames(entries if isinstance(entries, list) else (), jobs), (), (), scope)
        script.read(main)
        yield from script.problems


class PossibleNames(Mapping[str, tuple[int, ...]]):
    """The names allowed in `main:`, as far as known while some jobs are invalid. Every name stands for no process.

    The processes of an invalid job are unknown. A name that one of them could have is contained.
    """

    def __init__(self, entries: Sequence[object], jobs: Sequence[Job]) -> None:
        """`entries` are all of the file's jobs, `jobs` the valid ones."""
        right = {job.index for job in jobs}
        wrong = [entry for index, entry in enumerate(entries) if index not in right]
        self._known = dict.fromkeys([*(job.label for job in jobs), *naming.process_names(_named(jobs))])
        patterns = [_DEFAULT_NAMES, *(pattern for entry in wrong for pattern in _patterns(entry))]
        self._possible = re.compile("|".join(patterns if entries else [_ANY]), re.DOTALL)

    def __getitem__(self, name: str) -> tuple[int, ...]:
        if name in self._known or self._possible.fullmatch(name):
            return ()
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._known)

    def __len__(self) -> int:
        return len(self._known)


def _named(jobs: Sequence[Job]) -> list[Job]:
    """Return the jobs whose processes do not have default names, which depend on all jobs before."""
    return [job for job in jobs if all(draft.name is not None for draft in job.expansion.processes)]


def _patterns(entry: object) -> Iterator[str]:
    """Return regular expressions of the names that an invalid job and its processes may have, except default names."""
    if not isinstance(entry, dict):
        return
    if entry.get("type", "process") not in ("process", "shared_counter"):
        yield _ANY  # a plug-in's type names its processes freely
        return
    for given in [entry["name"]] if "name" in entry else entry.values():  # the key may be misspelt
        if isinstance(given, str):
            yield (_ANY if "$" in given else re.escape(given)) + _REPLICA


_ANY = r".*"
_REPLICA = r"(-.*)?"
_DEFAULT_NAMES = r"jobs\[\d+\]|\w[\w.]*-\d+"
