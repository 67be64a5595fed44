"""Read the steps of `do:`, and main's steps on shared things, as plain data for the plan.

A step is a mapping with its name under `step`, a shared thing in it `{"ref": name}`, a value encoded.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from runner.describe.fields.placeholders import IN_ARGUMENTS, BadPlaceholder, check, encode, replaced
from runner.describe.fields.validation_errors import Fault
from runner.describe.steps.fitting import misplaced, unfit
from runner.describe.steps.step_types import IN_DO, ORDERS, QUEUES, STEPS, STEPS_BELOW, UNSENT
from runner.describe.steps.step_values import wrong
from runner.describe.yaml import durations
from runner.describe.yaml.scalars import found
from runner.describe.yaml.suggestions import nearest, suggestion, with_article
from runner.model.records import record

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from runner.describe.steps.step_types import Option, StepType
    from runner.describe.yaml.document import Path
    from runner.describe.yaml.scalars import Scalar
    from runner.model.json_types import StepData
    from runner.model.problem_ids import ProblemId

NOT_VARIABLES = (*IN_ARGUMENTS, "env")
"""Names that `as` cannot use, because they have a meaning already."""


@record(frozen=True, slots=True)
class Scope:
    """The names that steps may refer to: shared things with their kinds, placeholders, the environment."""

    things: Mapping[str, str]
    environ: Mapping[str, str] | None
    placeholders: tuple[str, ...] = ("name", "index", "pid")


class StepReader:
    """Reads steps: `faults` are the mistakes, each with its path from where the reading began."""

    def __init__(self, scope: Scope, known: tuple[str, ...] = IN_DO) -> None:
        """`known` are the names of the allowed steps."""
        self._scope = scope
        self._known = known
        self._variables: dict[str, None] = {}
        self.faults: list[Fault] = []

    def read(self, steps: object, path: Path) -> list[StepData]:
        """Return the steps of a list, as plain data."""
        if not isinstance(steps, list):
            message = f"expected a list of steps, found {found(steps)}"
            self._fault(path, message, "each step begins with `- `", id="wrong-type")
            return []
        if not steps:
            self._fault(path, "the list is empty", "write for example - print: hello", id="empty")
        every = [self.step(step, (*path, place)) for place, step in enumerate(steps)]
        return [step for step in every if step is not None]

    def step(self, step: object, path: Path) -> StepData | None:
        """Return one step as plain data; None if it is wrong."""
        before = len(self.faults)
        if isinstance(step, str):
            step = self._bare(step, path)
            if step is None:
                return None
        if not isinstance(step, dict):
            help = "write for example - print: hello"
            self._fault(path, f"expected a step, found {found(step)}", help, id="wrong-type")
            return None
        name = self._name(step, path)
        if name is None:
            return None
        data = self._data(name, STEPS[name], step, path)
        return data if len(self.faults) == before else None

    def _bare(self, text: str, path: Path) -> object:
        """Return the mapping that a step written as its name alone stands for."""
        if text not in self._known:
            self._fault(path, *unknown_step(text, self._known), id="unknown-step")
            return None
        if STEPS[text].bare is ...:
            help = f"write for example - {STEPS[text].example}"
            self._fault(path, f"the step `{text}` needs an argument", help, id="missing-value")
            return None
        return {text: STEPS[text].bare}

    def _name(self, step: dict[Scalar, object], path: Path) -> str | None:
        """Return the name of the step: the one key that is a step's name and not an option of another."""
        names = [key for key in step if key in self._known]
        if len(names) == 1:
            return str(names[0])
        if len(names) > 1:
            message = f"a step does one thing, and here are `{names[0]}` and `{names[1]}`"
            self._fault((*path, names[1]), message, "begin a new step with `- `", id="conflicting-keys", key=True)
            return None
        options = {option for known in self._known for option in STEPS[known].options}
        unknown = [key for key in step if key not in options]
        if unknown:
            explained = unknown_step(str(unknown[0]), self._known)
            self._fault((*path, unknown[0]), *explained, id="unknown-step", key=True)
        else:
            help = f"a step is one of {', '.join(self._known)}"
            self._fault(path, "the step does nothing", help, id="missing-key")
        return None

    def _data(self, name: str, kind: StepType, step: dict[Scalar, object], path: Path) -> StepData:
        before = len(self.faults)
        argument = kind.bare if step[name] is None and kind.bare is not ... else step[name]
        data: dict[str, object] = {"step": name, kind.key: self._argument(kind.argument, argument, (*path, name))}
        for key, value in step.items():
            option = kind.options.get(str(key))
            if option is None and key != name:
                help = suggestion(str(key), [name, *kind.options], "keys here")
                self._fault((*path, key), f"unknown key `{key}` in a `{name}` step", help, id="unknown-key", key=True)
            elif option is not None and option.kind != STEPS_BELOW and value is not None:
                given = self._argument(option, value, (*path, key))
                if given is not None:  # `never`, as a timeout, is the same as none
                    data[str(key)] = given
        mistyped = [str(key) for key in step if key != name and key not in kind.options]
        for key, option in kind.options.items():
            is_missing = key not in step or (step[key] is None and option.kind != STEPS_BELOW)
            if option.required and is_missing and nearest(key, mistyped) is None:
                help = f"write for example - {kind.example}"
                self._fault(path, f"the step `{name}` needs `{key}`", help, id="missing-key")
        if "do" in kind.options and "do" in step:  # the steps below know the name that `as` gives
            data["do"] = self._below(data, step["do"], (*path, "do"))
        read = cast("StepData", data)  # where nothing is wrong, its keys and their types are those of the step
        if "to" in data and len(self.faults) == before:
            self.faults += misplaced(read, self._scope.things, path)
        return read

    def _below(self, step: Mapping[str, object], steps: object, path: Path) -> object:
        """Read the steps inside a step. A child's variables belong to no other process; `$name` is the child's."""
        known = dict(self._variables)
        below = self.read(steps, path)
        if step["step"] != "child":
            return below
        self._variables = known
        return replaced(below, "$name", str(step["name"]))

    def _argument(self, option: Option, value: object, path: Path) -> object:
        match option.kind:
            case "value":
                return self._value(value, path)
            case "duration":
                return self._duration(durations.seconds, durations.EXAMPLES, value, path)
            case "limit":
                return self._duration(durations.limit, durations.LIMIT_EXAMPLES, value, path)
            case "thing":
                return self._thing(option, value, path)
            case "name":
                return self._variable(value, path)
            case "nothing":
                return None
        fault = wrong(option.kind, str(path[-1]), value)
        if fault is not None:
            message, help, id = fault
            self._fault(path, message, help, id=id)
        return value

    def _value(self, value: object, path: Path) -> object:
        for text, place in _texts(value, path):
            self._check_text(text, place)
            if path[-1] != "print":
                self._check_sent(text, place)
        try:
            return encode(value)
        except BadPlaceholder:  # it has been reported
            return None

    def _check_sent(self, text: str, path: Path) -> None:
        """Refuse to send what processes receive at their start: multiprocessing would lose it."""
        name = text.removeprefix("$").removeprefix("{").removesuffix("}")
        kind = self._scope.things.get(name)
        if text.startswith("$") and kind in UNSENT:
            message = f"`${name}` is {with_article(kind)}, not a value"
            self._fault(path, message, _no_value(name, kind), id="wrong-thing")

    def _check_text(self, text: str, path: Path) -> None:
        known = (*self._scope.placeholders, *self._variables, *self._scope.things)
        try:
            check(text, known, self._scope.environ)
        except BadPlaceholder as error:
            self._fault(path, str(error), error.help, id=error.id, within=(error.offset, error.width))

    def _duration(
        self, read: Callable[[object], float | None], examples: str, value: object, path: Path
    ) -> float | None:
        try:
            return read(value)
        except durations.BadDuration as error:
            self._fault(path, f"`{path[-1]}`: {error}", f"write {examples}", id="not-a-duration")
            return 0.0

    def _thing(self, option: Option, value: object, path: Path) -> object:
        """Return the name of a shared thing, in which `$index` is filled in later."""
        if not isinstance(value, str):
            self._fault(path, f"expected the name of a shared thing, found {found(value)}", id="wrong-type")
            return {}
        if "$" in value:
            return self._numbered(value, path)
        fault = unfit(value, option, self._scope.things, path)
        if fault is not None:
            self.faults.append(fault)
        return {"ref": value}

    def _numbered(self, text: str, path: Path) -> object:
        """Return a name that contains `$index`: each process has its own thing."""
        if text.removeprefix("$") in self._scope.things:
            name = text.removeprefix("$")
            message = f"`{path[-1]}` takes the name of a thing, not its value"
            self._fault(path, message, f"write {path[-1]}: {name}", id="bad-placeholder")
            return {}
        try:
            check(text, tuple({"index"} & set(self._scope.placeholders)), self._scope.environ)
            return encode(text)
        except BadPlaceholder as error:
            self._fault(path, str(error), error.help, id=error.id, within=(error.offset, error.width))
            return {}

    def _variable(self, value: object, path: Path) -> str:
        if not isinstance(value, str) or not value.isidentifier() or not value.isascii():
            message = f"`as`: expected a name such as item, found {found(value)}"
            self._fault(path, message, "use letters, digits and _", id="bad-name")
            return ""
        if value in self._scope.things or value in NOT_VARIABLES:
            self._fault(path, f"`${value}` has a meaning already", "choose another name", id="name-taken")
        self._variables[value] = None
        return value

    def _fault(
        self,
        path: Path,
        message: str,
        help: str | None = None,
        *,
        id: ProblemId,
        key: bool = False,
        within: tuple[int, int] | None = None,
    ) -> None:
        self.faults.append(Fault(path, message, help, key, within, id))


def _texts(value: object, path: Path) -> Iterator[tuple[str, Path]]:
    """Return the texts in a value, except keys, each with its path."""
    match value:
        case str():
            yield value, path
        case list():
            for place, item in enumerate(value):
                yield from _texts(item, (*path, place))
        case dict():
            for key, item in value.items():
                yield from _texts(item, (*path, key))


def _no_value(name: str, kind: str) -> str:
    """Return what to do instead of passing such a thing as a value."""
    if kind in QUEUES:
        return f"an item that is got from it is a value: get: {name} and as: item, and then $item"
    return f"every process that names {name} in its steps has it, and none has to be given it"


def unknown_step(name: str, known: tuple[str, ...]) -> tuple[str, str | None]:
    """Return the message for a step that does not exist, or is not `known` here; and what to write."""
    if name in ORDERS:
        return f"`{name}` is a step of main's, not of a process", "write it under `main:`"
    if name in STEPS:
        return f"`{name}` is a step of a process, not of main's", "write it under `do:` of a job"
    meant = _MEANT.get(name.casefold())
    if meant is None:
        from runner.describe.other_tools.keys import in_a_step

        meant = in_a_step(name)
    return f"unknown step `{name}`", meant or suggestion(name, known, "steps")


_NO_CHOICES = "there are no conditions in steps: write a Python function, and target: module:function"
_MEANT = {
    "lock": "to hold a lock, write with: and do:, or acquire: and release:",
    "unlock": "did you mean `release`?",
    "sub": "to subtract, add a number below 0",
    "subtract": "to subtract, add a number below 0",
    "increment": "did you mean `add`?",
    "for": "did you mean `repeat`?",
    "loop": "did you mean `repeat`?",
    "while": _NO_CHOICES,
    "if": _NO_CHOICES,
}
"""Names of steps in other languages, with our names."""
