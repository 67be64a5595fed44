"""Assemble the whole script of a plan, for `runner.export.export`."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from runner.export import counting, shared_things
from runner.export.annotations import Types
from runner.export.code.expressions import docstring, literal, seconds
from runner.export.code.imports import import_lines, names_in
from runner.export.code.layout import indented, wrapped
from runner.export.code.names import Names
from runner.export.code.statements import ENV, Scope, block, reads
from runner.export.code.step_traversal import every_step, references, statements
from runner.export.functions import functions_of
from runner.export.main_function import main_lines
from runner.export.process_objects import Making
from runner.export.process_steps import COUNTER, environment, with_constants, works_of
from runner.export.refusals import refuse
from runner.model.plan import Act
from runner.model.records import record
from runner.model.shared_things import SharedArray

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from runner.export.code.step_traversal import Statement
    from runner.export.counting import Counter
    from runner.export.functions import Function, Parameter
    from runner.export.process_steps import Work
    from runner.export.shared_things import Things
    from runner.model.plan import Plan

_AWAITED = [
    "async def awaited(awaitable: Any) -> object:",
    '    """Run what is to be awaited."""',
    "    return await awaitable",
]
_RUN_BODY = [
    "def run_body(returned: Any) -> None:",
    '    """Run what a function has returned, if it is awaitable; exit if it is a generator that has not begun."""',
    "    while inspect.isawaitable(returned):",
    "        returned = asyncio.run(awaited(returned))",
    '    is_manager = type(returned).__module__ == "contextlib" and hasattr(returned, "gen")',
    "    body = returned.gen if is_manager else returned",
    "    is_new = inspect.isgenerator(body) and inspect.getgeneratorstate(body) == inspect.GEN_CREATED",
    '    if inspect.isasyncgen(body) or (is_new and body.__name__ != "<genexpr>"):',
    '        sys.exit(f"nothing of the body of {body.__qualname__} has run")',
]
_TERMINATE = [
    "def terminate(process: multiprocessing.Process) -> None:",
    '    """Send SIGTERM, and SIGKILL when the grace period is over."""',
    "    process.terminate()",
    "    timer = threading.Timer(GRACE_PERIOD, process.kill)",
    "    timer.daemon = True",
    "    timer.start()",
]
_TERMINATE_AFTER = [
    "def terminate_after(seconds: float, process: multiprocessing.Process) -> None:",
    '    """Send SIGTERM after this number of seconds, and SIGKILL when the grace period is over, too."""',
    "    for pause, stop in ((seconds, process.terminate), (seconds + GRACE_PERIOD, process.kill)):",
    "        timer = threading.Timer(pause, stop)",
    "        timer.daemon = True",
    "        timer.start()",
]


@record(frozen=True, slots=True)
class Parts:
    """The parts of a script.

    `targets` are the names of imported objects, by `module:name`; `constants` those of variables of the environment, by
    the references of the file.
    """

    plan: Plan
    works: Sequence[Work]
    functions: Sequence[Function]
    counters: Sequence[Counter]
    targets: dict[str, str]
    constants: dict[str, str]
    things: Things
    without_run: frozenset[str]
    """Classes that have no `run` of their own, by their import paths."""


def script(plan: Plan, coroutines: Mapping[str, bool]) -> str:
    """Return the text of the script. Raise `CannotExport`."""
    refuse(plan, coroutines)
    parts = _parts(plan, coroutines)
    main = main_lines(plan, parts.things, _makings(parts), _counted(parts), _stubborn(parts))
    definitions = [*shared_things.views(parts.things), *(_counter(each, parts.things) for each in parts.counters)]
    functions = [_function(each, parts) for each in parts.functions]
    runs = "run_body" in names_in("\n\n".join("\n".join(lines) for lines in functions))
    definitions += [*([_AWAITED, _RUN_BODY] if runs else []), *functions]
    timed = any(process.terminate_after or process.timeout for process in plan.processes)
    killed = "terminate" in names_in("\n".join(main))
    definitions += [_TERMINATE] * killed + [_TERMINATE_AFTER] * timed
    blocks = [wrapped(lines) for lines in (*definitions, main, _guard(plan))]
    grace_period = [f"GRACE_PERIOD = {seconds(plan.grace_period)}"] if killed or timed else []
    constants = [*_environment(parts.constants), *grace_period]
    constants += [line for counter in parts.counters for line in counter.constants]
    code = "\n\n\n".join("\n".join(lines) for lines in ([constants] if constants else []) + blocks)
    targets = [(*path.partition(":")[::2], name) for path, name in parts.targets.items()]
    preload = plan.preload if plan.start_method == "fork" else ()
    imports = wrapped(import_lines(code, targets, preload))
    gap = "\n\n" if constants else "\n\n\n"
    says = docstring(plan.title or os.path.basename(plan.file))
    return f"{says}\n\n" + "\n".join(imports) + gap + code + "\n"


def _guard(plan: Plan) -> list[str]:
    """Return the block that only the process that runs the script executes, and none that imports it."""
    preload = f"multiprocessing.set_forkserver_preload([{', '.join(map(literal, plan.preload))}])"
    return [
        'if __name__ == "__main__":',
        f'    multiprocessing.set_start_method("{plan.start_method}")',
        *([f"    {preload}"] if plan.preload and plan.start_method == "forkserver" else []),
        "    main()",
    ]


def _parts(plan: Plan, coroutines: Mapping[str, bool]) -> Parts:
    """Choose every name of the script here: first constants and imports, then functions, then things."""
    names = Names()
    works = works_of(plan, coroutines)
    env = {each: names.give(_variable(each)[0]) for each in environment(works)}
    works = [with_constants(work, env) for work in works]
    roots = dict.fromkeys(_root(path) for work in works for path in _called(work))
    targets = {root: names.give(root.partition(":")[2]) for root in roots}
    jobs = [job for job in plan.jobs if job.type == COUNTER]
    counters = [counting.counter_of(job, names.give(job.name), only_one=len(jobs) == 1) for job in jobs]
    functions = functions_of(plan, works, names)
    plans = [thing for thing in plan.shared if not thing.name.endswith((".progress", ".stats"))]
    inner = names.inner()
    variables = {thing.name: inner.give(thing.name.rpartition(".")[2]) for thing in plans}
    views: dict[tuple[str, int], str] = {}
    for thing in plans:
        if isinstance(thing, SharedArray) and (thing.dtype, thing.length) not in views:
            views[thing.dtype, thing.length] = inner.give(f"{variables[thing.name]}_in")
    acts = statements(step.step for step in plan.steps if isinstance(step, Act))
    types = Types(plans, functions, acts)
    made = shared_things.Things(plans, variables, views, types)
    without_run = frozenset(path for path, is_certain in coroutines.items() if not is_certain)
    return Parts(plan, works, functions, counters, targets, env, made, without_run)


def _root(path: str) -> str:
    """Return the name to import for an import path: the first of an attribute path."""
    module, _, name = path.partition(":")
    return f"{module}:{name.partition('.')[0]}"


def _called(work: Work) -> list[str]:
    """Return the import paths of what a work calls."""
    if work.steps is None:
        return [work.callee] if work.callee else []
    return [step["callee"] for step in work.steps if step["step"] == "call"]


def _environment(constants: dict[str, str]) -> list[str]:
    lines: list[str] = []
    for reference, name in constants.items():
        variable, default = _variable(reference)
        looked_up = f'["{variable}"]' if default is None else f'.get("{variable}", {literal(default)})'
        lines.append(f"{name} = os.environ{looked_up}")
    return lines


def _variable(reference: str) -> tuple[str, str | None]:
    """Return the variable of the environment that a file refers to, and its default."""
    name, has_default, default = reference.removeprefix(ENV).partition(":-")
    return name, default if has_default else None


def _stubborn(parts: Parts) -> frozenset[int]:
    """Return the processes that ignore SIGTERM, or may do so: the behaviour of imported code is unknown."""
    calls = {work.process for work in parts.works if _called(work)}
    ignore = {
        process
        for function in parts.functions
        for process in function.processes
        if any(step["step"] == "ignore" and step["signal"] == "SIGTERM" for step in every_step(function.steps))
    }
    return frozenset(calls | ignore)


def _function(function: Function, parts: Parts) -> list[str]:
    """Return the lines of a function."""
    things = {
        each.name: plan for each in function.parameters if each.given and (plan := parts.things.plan(each.given[0]))
    }
    scope = Scope(things, reads(function.steps))
    steps = renamed_calls(function.steps, parts.targets)
    parameters = ", ".join(_parameter(function, each, parts) for each in function.parameters)
    first = []
    if "$name" in scope.used:
        first = ["name = multiprocessing.current_process().name"]
    for each in function.parameters:
        thing = things.get(each.name)
        if isinstance(thing, SharedArray) and _is_used(each.name, steps):
            first.append(f"{each.name} = {parts.things.views[thing.dtype, thing.length]}({each.name}_memory)")
    head = f"def {function.name}({parameters}) -> {_returned(function, parts)}:"
    return [head, *indented([docstring(function.says), *first, *block(steps, scope)])]


def _is_used(name: str, steps: Sequence[Statement]) -> bool:
    """Return whether these steps use a thing in another way than by passing it on."""
    passed = [each for step in every_step(steps) for each in step.get("passed", ())]
    return [*references(list(steps))].count(name) > [*references(passed)].count(name)


def renamed_calls(steps: Sequence[Statement], targets: dict[str, str]) -> list[Statement]:
    """Return the steps with the script's names of the targets."""
    return [step | {"callee": called(step["callee"], targets)} if step["step"] == "call" else step for step in steps]


def called(path: str, targets: dict[str, str]) -> str:
    """Return the script's name for the target of an import path."""
    _, dot, rest = path.partition(":")[2].partition(".")
    return f"{targets[_root(path)]}{dot}{rest}"


def _parameter(function: Function, parameter: Parameter, parts: Parts) -> str:
    annotation = parts.things.types.of_parameter(function.name, parameter)
    is_array = annotation == "SharedMemory"
    return f"{parameter.name}{'_memory' if is_array else ''}: {annotation}"


def _returned(function: Function, parts: Parts) -> str:
    returned = [step["value"] for step in every_step(function.steps) if step["step"] == "return"]
    types = [type_ for value in returned for type_ in parts.things.types.of(function.name, value)]
    return " | ".join(dict.fromkeys(types)) or "None"


def _counter(counter: Counter, things: Things) -> list[str]:
    total = next(thing for thing in things.arrays if thing.name == counter.total)
    guard = "" if counter.guard is None else things.names[counter.guard]
    parameters = [f"{things.argument(counter.total)}: SharedMemory"]
    parameters += [f"{guard}: {things.types.of_thing(counter.guard)}"] if counter.guard else []
    first = f"{things.names[counter.total]} = {things.view(total)}"
    return [
        f"def {counter.function}({', '.join(parameters)}) -> None:",
        *indented(['"""Count, and add what was counted to the shared number."""', first]),
        *indented(counting.body(counter, things.names[counter.total], guard)),
    ]


def _counted(parts: Parts) -> list[str]:
    """Return the statements that print the results of the counters."""
    lines: list[str] = []
    for counter in parts.counters:
        total = next(thing for thing in parts.things.arrays if thing.name == counter.total)
        lines.append(f'print(f"total: {{{parts.things.view(total)}[0]}}")')
        lines.append(f'print(f"expected total: {{{counter.prefix}WORKERS * {counter.prefix}INCREMENTS}}")')
    return lines


def _makings(parts: Parts) -> dict[int, Making]:
    """Return how each process is created."""
    plan, made = parts.plan, {}
    has_manager = bool(parts.things.managed)
    for work in parts.works:
        process = plan.processes[work.process]
        kind = process.cls.rpartition(":")[2].rpartition(".")[2] if process.cls else "Process"
        is_default = process.name == f"{kind}-{work.process + 1}" and not has_manager
        rest = (None if is_default else process.name, process.daemon)
        function = next((each for each in parts.functions if work.process in each.processes), None)
        counter = next((each for each in parts.counters if each.job == work.job.name), None)
        if function is not None:
            place = function.processes.index(work.process)
            args = function.arguments_of(place, work.job.processes.index(work.process))
            made[work.process] = Making(function.name, False, tuple(args), {}, *rest)
        elif counter is not None:
            args = [{"ref": name} for name in (counter.total, counter.guard) if name]
            several = f"{counter.prefix}WORKERS"
            made[work.process] = Making(counter.function, False, tuple(args), {}, *rest, several=several)
        else:
            callee = called(work.callee, parts.targets)
            is_class = process.cls is not None
            lacks_run = is_class and process.cls in parts.without_run
            made[work.process] = Making(callee, is_class, process.args, process.kwargs, *rest, lacks_run)
    return made
