"""Generate the `Process` objects of a script, and main's operations on them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.export.code.expressions import arguments, expression, literal, seconds, tuple_of
from runner.export.code.layout import indented
from runner.model.arguments import references
from runner.model.plan import Join, Kill, Sleep, Start, Terminate
from runner.model.records import field, record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from runner.model.json_types import Encoded
    from runner.model.plan import Plan, Step

    Look = Callable[[str], str]

_FOR_INDEX = "index"


@record(frozen=True, slots=True)
class Making:
    """How one process is created: the callee and its arguments. A class is called itself."""

    callee: str
    is_class: bool = False
    args: tuple[Encoded, ...] = ()
    kwargs: Mapping[str, Encoded] = field(default_factory=dict)
    name: Encoded = None
    daemon: bool = False
    may_lack_run: bool = False
    """The class has no `run` of its own: only its objects show whether they have a target."""
    several: str | None = None
    """The script's name for the number of processes that are created like this, if it has one."""


@record(frozen=True, slots=True)
class Unit:
    """Processes with a common variable, a list if there are several, or can be several."""

    variable: str
    processes: tuple[int, ...]
    is_list: bool
    jobs: tuple[tuple[int, ...], ...] = ()
    """Its processes, those of each job together; empty if they have variables of their own."""


@record(frozen=True, slots=True)
class Run:
    """The same operation on several processes, one after the other: the statements are made with a variable's name."""

    key: tuple[object, ...]
    processes: tuple[int, ...]

    def statements(self, of: str) -> list[str]:
        """Return the operation on a process with this name."""
        kind, *rest = self.key
        match kind, rest:
            case "start", [delay, after]:
                pause = [f"time.sleep({seconds(delay)})"] if isinstance(delay, float) else []
                timer = [f"terminate_after({seconds(after)}, {of})"] if isinstance(after, float) else []
                return [*pause, f"{of}.start()", *timer]
            case "join", [timeout]:
                return [f"{of}.join({f'timeout={seconds(timeout)}' if isinstance(timeout, float | int) else ''})"]
            case "terminate", [True]:
                return [f"terminate({of})"]
        return [f"{of}.{kind}()"]


def runs_of(plan: Plan, steps: Sequence[Step], stubborn: frozenset[int]) -> Iterator[Run | Step]:
    """Return main's steps, with similar ones on several processes in a row as one; `stubborn` may ignore SIGTERM."""
    row: Run | None = None
    for step in _with_delays(steps):
        if isinstance(step, tuple):
            key, process = _key(plan, step[0], step[1], stubborn)
        elif isinstance(step, Start | Join | Terminate | Kill):
            key, process = _key(plan, None, step, stubborn)
        else:
            yield from [row] if row else []
            row = None
            yield step
            continue
        if row and row.key == key and process not in row.processes:
            row = Run(key, (*row.processes, process))
            continue
        yield from [row] if row else []
        row = Run(key, (process,))
    yield from [row] if row else []


def _with_delays(steps: Sequence[Step]) -> Iterator[Step | tuple[float, Start]]:
    """Return the steps; equal sleeps of main before consecutive starts are joined with them."""
    place = 0
    while place < len(steps):
        match steps[place : place + 4]:
            case [Sleep(first), Start() as start, *rest] if (
                len(rest) == 2 and rest[0] == Sleep(first) and isinstance(rest[1], Start)
            ) or (place > 1 and steps[place - 2] == Sleep(first) and isinstance(steps[place - 1], Start)):
                yield first, start
                place += 2
            case _:
                yield steps[place]
                place += 1


def _key(
    plan: Plan, delay: float | None, step: Start | Join | Terminate | Kill, stubborn: frozenset[int]
) -> tuple[tuple[object, ...], int]:
    process = plan.processes[step.process]
    match step:
        case Start():
            after = process.timeout if process.terminate_after is None else process.terminate_after
            return ("start", delay, None if after is None else float(after)), step.process
        case Join(_, timeout):
            return ("join", timeout), step.process
        case Terminate():
            return ("terminate", step.process in stubborn), step.process
    return ("kill",), step.process


def code_of(run: Run, units: Sequence[Unit]) -> list[str]:
    """Return the statements of a run."""
    alone, whole = _whole(run.processes, units)
    return run.statements(whole) if alone else [f"for process in {whole}:", *indented(run.statements("process"))]


def failed(processes: Sequence[int], units: Sequence[Unit], condition: str) -> str:
    """Return the expression for whether one of the processes fulfils a condition, in which `{}` stands for it."""
    alone, whole = _whole(processes, units)
    return condition.format(whole) if alone else f"any({condition.format('process')} for process in {whole})"


def _whole(processes: Sequence[int], units: Sequence[Unit]) -> tuple[bool, str]:
    """Return whether these are a single process, and the expression for it, or for an iterable of all of them."""
    parts = _parts(processes, units)
    whole_unit = next((unit for unit in units if unit.is_list and unit.processes == tuple(processes)), None)
    if whole_unit is not None:
        parts = [f"*{whole_unit.variable}"]
    if len(parts) > 1:
        return False, f"({', '.join(parts)})"
    return not parts[0].startswith("*"), parts[0].removeprefix("*")


def _parts(processes: Sequence[int], units: Sequence[Unit]) -> list[str]:
    """Return the processes as items of a tuple."""
    parts: list[str] = []
    place = 0
    while place < len(processes):
        unit = next(unit for unit in units if processes[place] in unit.processes)
        if unit.is_list and tuple(processes[place : place + len(unit.processes)]) == unit.processes:
            parts.append(f"*{unit.variable}")
            place += len(unit.processes)
            continue
        parts.append(variable_of(processes[place], units))
        place += 1
    return parts


def variable_of(process: int, units: Sequence[Unit]) -> str:
    """Return the name of a process."""
    unit = next(unit for unit in units if process in unit.processes)
    return f"{unit.variable}[{unit.processes.index(process)}]" if unit.is_list else unit.variable


def made(unit: Unit, makings: Mapping[int, Making], look: Look) -> list[str]:
    """Return the statements that create the processes of a unit."""
    if not unit.is_list:
        making = makings[unit.processes[0]]
        return [
            f"{unit.variable} = {_call(making, look)}",
            *_attributes_set(making, unit.variable),
            *_look(making, unit.variable),
        ]
    lists: list[str] = []
    singly: list[str] = []
    for job in unit.jobs:
        every = [makings[number] for number in job]
        together = _together(every) if len(every) > 1 else None
        if together is None:
            singly += [_call(each, look) for each in every]
            continue
        lists += [", ".join(singly)] if singly else []
        singly = []
        lists.append(_comprehension(together, len(every), look))
    lists += [", ".join(singly)] if singly else []
    lines = [f"{unit.variable} {'+=' if place else '='} [{items}]" for place, items in enumerate(lists)]
    looked_at = set()
    for place, number in enumerate(unit.processes):
        making, variable = makings[number], f"{unit.variable}[{place}]"
        lines += _attributes_set(making, variable)
        if making.callee not in looked_at:
            lines += _look(making, variable)
        looked_at.add(making.callee)
    return lines


def _comprehension(making: Making, count: int, look: Look) -> str:
    name = _FOR_INDEX if any(_FOR_INDEX in references(value) for value in _values(making)) else "_"
    return f"{_call(making, look)} for {name} in range({making.several or count})"


def _attributes_set(making: Making, variable: str) -> list[str]:
    """Return the assignment of a name: a class may not accept one, so its objects are named afterwards."""
    if not making.is_class:
        return []
    name = [] if making.name is None else [f"{variable}.name = {literal(making.name)}"]
    return [*name, *([f"{variable}.daemon = True"] if making.daemon else [])]


def _look(making: Making, variable: str) -> list[str]:
    """Return the check that makes the script fail, as the run does, if an object of a class has nothing to run."""
    if not making.may_lack_run:
        return []
    message = f"{making.callee} has no `run` of its own and no target: its process would do nothing"
    return [f'if getattr({variable}, "_target", None) is None:', f"    sys.exit({literal(message)})"]


def _call(making: Making, look: Look) -> str:
    args = [expression(value, look) for value in making.args]
    kwargs = [(name, expression(value, look)) for name, value in making.kwargs.items()]
    if making.is_class:
        return f"{making.callee}({arguments(args, kwargs)})"
    given = [("target", making.callee)]
    given += [("args", tuple_of(args))] if args else []
    given += [("kwargs", f"{{{', '.join(f'{literal(name)}: {value}' for name, value in kwargs)}}}")] if kwargs else []
    given += [("name", expression(making.name, look))] if making.name is not None else []
    given += [("daemon", "True")] if making.daemon else []
    return f"multiprocessing.Process({arguments([], given)})"


def _together(every: Sequence[Making]) -> Making | None:
    """Return one call that creates all of them, by their numbers; None if they differ in more."""
    first = every[0]
    if any(len(_values(each)) != len(_values(first)) or each.callee != first.callee for each in every):
        return None
    if any(each.is_class and each.name is not None for each in every):
        return None
    columns = [_common(list(column)) for column in zip(*map(_values, every), strict=True)]
    if any(column is _NOTHING for column in columns):
        return None
    name, *args = columns
    count = len(first.args)
    kwargs = dict(zip(first.kwargs, args[count:], strict=True))
    same = (first.daemon, first.may_lack_run, first.several)
    return Making(first.callee, first.is_class, tuple(args[:count]), kwargs, name, *same)


_NOTHING: Encoded = {"nothing": None}


def _values(making: Making) -> list[Encoded]:
    return [making.name, *making.args, *making.kwargs.values()]


def _common(values: list[Encoded]) -> Encoded:
    """Return an expression for these values by their indexes in the list."""
    if all(value == values[0] for value in values):
        return values[0]
    if values == list(range(len(values))):
        return {"ref": _FOR_INDEX}
    if isinstance(values[0], str):
        before, zero, after = values[0].rpartition("0")
        if zero and values == [f"{before}{place}{after}" for place in range(len(values))]:
            parts: list[Encoded] = [before, {"ref": _FOR_INDEX}, after]
            return {"text": parts}
    return _NOTHING
