"""Choose the functions of a script. Processes with similar steps share one function with parameters."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from runner.export.code.names import Names, identifier, ordinal, stem
from runner.export.code.statements import ENV
from runner.export.code.step_traversal import every_step, references, renamed, replaced
from runner.export.process_steps import BUILT_IN
from runner.model.json_types import Ref
from runner.model.records import record, replace
from runner.model.shared_things import SharedArray, kind_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from runner.export.code.step_traversal import Statement
    from runner.export.process_steps import Work
    from runner.model.json_types import Encoded
    from runner.model.plan import Plan
    from runner.model.shared_things import SharedPlan

    Things = Mapping[str, SharedPlan]

ENOUGH = 3
"""This number of jobs with the same steps share a function even if their names have nothing in common."""


@record(frozen=True, slots=True)
class Parameter:
    """One parameter; `given` are the names of the things that the processes pass for it, none for a plain value."""

    name: str
    given: tuple[str, ...] = ()


@record(frozen=True, slots=True)
class Function:
    """One function. `processes` run it, in the order of each parameter's `given`; none if a child does."""

    name: str
    says: str
    steps: list[Statement]
    parameters: tuple[Parameter, ...]
    processes: tuple[int, ...] = ()

    def arguments_of(self, place: int, index: int) -> list[Encoded]:
        """Return the arguments of the process at this index of `processes`; `index` is its number in its job."""
        return [{"ref": each.given[place]} if each.given else index for each in self.parameters]


def functions_of(plan: Plan, works: Sequence[Work], names: Names) -> list[Function]:
    """Return the functions of all processes that do steps, each after those of its children."""
    things = {thing.name: thing for thing in plan.shared}
    found: list[Function] = []
    for group in _groups(works, things):
        function = _function(plan, group, things, names)
        children: list[Function] = []
        steps = _with_children(function.steps, function, names, children)
        found += [*children, replace(function, steps=steps)]
    return found


def _groups(works: Sequence[Work], things: Things) -> list[list[Work]]:
    """Return the works that share one function."""
    by_shape: dict[str, list[Work]] = {}
    for work in works:
        if work.steps is not None:
            by_shape.setdefault(_shape(work.steps, things), []).append(work)
    groups: list[list[Work]] = []
    for alike in by_shape.values():
        jobs = {work.job.name: [each for each in alike if each.job.name == work.job.name] for work in alike}
        groups += [alike] if len(jobs) >= ENOUGH or _title(alike) else jobs.values()
    return sorted(groups, key=lambda group: group[0].process)


def _shape(steps: list[Statement], things: Things) -> str:
    """Return what is equal in works that differ only in the things that they use."""

    def mark(name: str) -> Encoded:
        thing = things.get(name)
        if isinstance(thing, SharedArray):
            return [thing.dtype, thing.length]
        return {"ref": name} if thing is None else kind_of(thing)

    return json.dumps(replaced(steps, mark))


def _title(group: Sequence[Work]) -> str:
    """Return a common name for the jobs of these works; empty if they have nothing in common."""
    labels = list(dict.fromkeys(work.job.name for work in group))
    if len(labels) > 1:
        return stem(labels) if all("name" in work.job.options for work in group) else ""
    if "name" in group[0].job.options:
        return stem(labels) or labels[0]
    target = str(group[0].job.options.get("target", "work"))
    return target.removeprefix(BUILT_IN).rpartition(":")[2]


def _function(plan: Plan, group: list[Work], things: Things, names: Names) -> Function:
    title = _title(group) or "work"
    single = len(group) == 1
    function_name = names.give(identifier(title).lower())
    inner = names.inner()
    every = [work.steps or [] for work in group]
    if single:
        every = [renamed(every[0], {"$name": plan.processes[group[0].process].name})]
    parameters, steps = _parameters(every, things, inner)
    if "$index" in references(steps):
        parameters = (*parameters, Parameter("index"))
    return Function(function_name, _says(plan, group), steps, parameters, tuple(work.process for work in group))


def _says(plan: Plan, group: Sequence[Work]) -> str:
    """Return the docstring of the function of these works."""
    names = [plan.processes[work.process].name for work in group]
    if "name" not in group[0].job.options:
        return "What the process does." if len(names) == 1 else "What each process does."
    if len(names) == 1:
        return f"What `{names[0]}` does."
    title = _title(group)
    if title:
        return f"What each {identifier(title).replace('_', ' ')} does."
    return f"What {', '.join(names[:-1])} and {names[-1]} do."


def _parameters(
    every: list[list[Statement]], things: Things, names: Names
) -> tuple[tuple[Parameter, ...], list[Statement]]:
    """Return the parameters of similar works, and their steps with these in place of the things.

    Variables get their names here, too: a variable of the file may have the name of a parameter.
    """
    columns = list(zip(*([name for name in references(steps) if name in things] for steps in every), strict=True))
    vectors = list(dict.fromkeys(columns))
    wanted = [vector[0] if len(set(vector)) == 1 else stem(vector) or kind_of(things[vector[0]]) for vector in vectors]
    given: dict[tuple[str, ...], str] = {}
    for place, vector in enumerate(vectors):
        alike = [other for other, name in enumerate(wanted) if name == wanted[place]]
        name = wanted[place] if len(alike) == 1 else ordinal(alike.index(place), wanted[place])
        given[vector] = names.give(name)
    variables = {step["as"]: names.give(step["as"]) for step in every_step(every[0]) if "as" in step}
    unused = iter(columns)
    steps = replaced(
        every[0], lambda name: {"ref": given[next(unused)] if name in things else variables.get(name, name)}
    )
    for step in every_step(steps):
        if "as" in step:
            step["as"] = variables[step["as"]]
    return tuple(Parameter(name, vector) for vector, name in given.items()), steps


def _with_children(
    steps: Sequence[Statement], parent: Function, names: Names, found: list[Function]
) -> list[Statement]:
    """Return the steps with a function for each child that they start; `found` collects these functions."""
    changed: list[Statement] = []
    for step in steps:
        if step["step"] == "child":
            child = _child(step, parent, names)
            inner = _with_children(child.steps, child, names, found)
            found.append(replace(child, steps=inner))
            refs = [Ref(ref="$index" if each.name == "index" else each.name) for each in child.parameters]
            rest = step.copy()
            del rest["do"]
            changed.append({**rest, "function": child.name, "passed": refs})
        elif "do" in step:
            changed.append(step | {"do": _with_children(step["do"], parent, names, found)})
        else:
            changed.append(step)
    return changed


def _child(step: Statement, parent: Function, names: Names) -> Function:
    own = {each["as"] for each in every_step(step["do"]) if "as" in each} | {"pid"}
    outer = {parameter.name: parameter for parameter in parent.parameters}
    read = [name for name in dict.fromkeys(references(step["do"])) if name not in own and not name.startswith(ENV)]
    parameters = tuple(outer.get(name, Parameter(name.removeprefix("$"))) for name in read)
    return Function(names.give(step["name"]), f"What `{step['name']}` does.", step["do"], parameters)
