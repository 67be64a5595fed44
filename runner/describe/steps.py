"""Reads steps: what `do:` says, and what `main:` says of shared things, as plain data for the plan.

A step is a mapping with its name under `step`, a shared thing in it `{"ref": name}`, a value encoded.
"""

from __future__ import annotations

import builtins
import signal
from typing import TYPE_CHECKING, Any

from runner.describe import durations
from runner.describe.checking import Fault
from runner.describe.placeholders import BadPlaceholder, check, encode, fill
from runner.describe.scalars import found
from runner.describe.step_types import BOOL, COUNT, EXCEPTION, IN_DO, NUMBERED, SIGNAL, STEPS, STEPS_BELOW, TEXT
from runner.describe.suggestions import listed, suggestion
from runner.records import record

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from runner.describe.document import Path
    from runner.describe.scalars import Scalar
    from runner.describe.step_types import Option, StepType

    Data = dict[str, Any]

THINGS = ("thing", "into", "to")
"""The keys under which a step has a shared thing."""


@record(frozen=True, slots=True)
class Scope:
    """What steps may refer to: shared things with their kinds, placeholders, the environment."""

    things: Mapping[str, str]
    environ: Mapping[str, str] | None
    placeholders: tuple[str, ...] = ("name", "index", "pid")


class StepReader:
    """Reads steps: `faults` are what is wrong, each with its path from where the reading began."""

    def __init__(self, scope: Scope, known: tuple[str, ...] = IN_DO) -> None:
        """`known` are the names of the steps that there may be."""
        self._scope = scope
        self._known = known
        self._variables: dict[str, None] = {}
        self.faults: list[Fault] = []

    def read(self, steps: object, path: Path) -> list[Data]:
        """The steps of a list, as plain data."""
        if not isinstance(steps, list):
            self._fault(path, f"expected a list of steps, found {found(steps)}", "each step begins with `- `")
            return []
        if not steps:
            self._fault(path, "the list is empty", f"a step is one of {', '.join(self._known)}")
        every = [self.step(step, (*path, place)) for place, step in enumerate(steps)]
        return [step for step in every if step is not None]

    def step(self, step: object, path: Path) -> Data | None:
        """One step as plain data; None where it is wrong."""
        before = len(self.faults)
        if isinstance(step, str):
            step = self._bare(step, path)
        if not isinstance(step, dict):
            if step is not None:
                self._fault(path, f"expected a step, found {found(step)}", "write for example - print: hello")
            return None
        name = self._name(step, path)
        if name is None:
            return None
        data = self._data(name, STEPS[name], step, path)
        return data if len(self.faults) == before else None

    def _bare(self, text: str, path: Path) -> object:
        """A step that is its name alone, as the mapping that it stands for."""
        if text not in self._known:
            self._fault(path, f"unknown step `{text}`", suggestion(text, self._known, "steps"))
            return None
        if STEPS[text].bare is ...:
            self._fault(path, f"the step `{text}` needs an argument", f"write {text}: and {STEPS[text].argument.says}")
            return None
        return {text: STEPS[text].bare}

    def _name(self, step: dict[Scalar, object], path: Path) -> str | None:
        """The name of the step: the one key that is a step's and no option of another."""
        names = [key for key in step if key in self._known]
        if len(names) == 1:
            return str(names[0])
        if len(names) > 1:
            message = f"a step does one thing: here are `{names[0]}` and `{names[1]}`"
            self._fault((*path, names[1]), message, "begin a new step with `- `", key=True)
            return None
        options = {option for known in self._known for option in STEPS[known].options}
        unknown = next((key for key in step if key not in options), None)
        if unknown is None:
            self._fault(path, "the step does nothing", f"a step is one of {', '.join(self._known)}")
        else:
            help = suggestion(str(unknown), self._known, "steps")
            self._fault((*path, unknown), f"unknown step `{unknown}`", help, key=True)
        return None

    def _data(self, name: str, kind: StepType, step: dict[Scalar, object], path: Path) -> Data:
        data: Data = {"step": name, kind.key: self._argument(kind.argument, step[name], (*path, name))}
        nested = None
        for key, value in step.items():
            option = kind.options.get(str(key))
            if key == name:
                continue
            if option is None:
                help = suggestion(str(key), [name, *kind.options], "keys here")
                self._fault((*path, key), f"unknown key `{key}` in a `{name}` step", help, key=True)
            elif option.kind == STEPS_BELOW:
                nested = key
            elif value is not None:
                data[str(key)] = self._argument(option, value, (*path, key))
        for key, option in kind.options.items():
            if option.required and key not in step:
                self._fault(path, f"the step `{name}` needs `{key}`", f"write {key}: {option.says}")
        if nested is not None:  # what `as` names is known in the steps below
            data["do"] = self.read(step[nested], (*path, nested))
        if "to" in data and not self.faults:
            self.faults += misplaced(data, self._scope.things, path)
        return data

    def _argument(self, option: Option, value: object, path: Path) -> Any:
        match option.kind:
            case "value":
                return self._value(value, path)
            case "duration":
                return self._duration(value, path)
            case "thing":
                return self._thing(option, value, path)
            case "name":
                return self._variable(value, path)
            case "nothing":
                return None
        good, expected = _CHECKS[option.kind]
        if not good(value):
            help = _help(option.kind, value)
            self._fault(path, f"`{path[-1]}`: expected {expected}, found {found(value)}", help)
        return value

    def _value(self, value: object, path: Path) -> Any:
        self._check_texts(value, path)
        try:
            return encode(value)
        except BadPlaceholder:  # it has been told
            return None

    def _check_texts(self, value: object, path: Path) -> None:
        match value:
            case str():
                self._check_text(value, path)
            case list():
                for place, item in enumerate(value):
                    self._check_texts(item, (*path, place))
            case dict():
                for key, item in value.items():
                    self._check_texts(item, (*path, key))

    def _check_text(self, text: str, path: Path) -> None:
        known = (*self._scope.placeholders, *self._variables, *self._scope.things)
        try:
            check(text, known, self._scope.environ)
        except BadPlaceholder as error:
            self._fault(path, str(error), error.help, within=(error.offset, error.width))

    def _duration(self, value: object, path: Path) -> float:
        try:
            return durations.seconds(value)
        except durations.BadDuration as error:
            self._fault(path, f"`{path[-1]}`: {error}", f"write {durations.EXAMPLES}")
            return 0.0

    def _thing(self, option: Option, value: object, path: Path) -> Any:
        """A shared thing by its name, in which `$index` is filled in later."""
        if not isinstance(value, str):
            self._fault(path, f"expected the name of a shared thing, found {found(value)}")
            return {}
        if "$" in value:
            return self._numbered(value, path)
        fault = unfit(value, option, self._scope.things, path)
        if fault is not None:
            self.faults.append(fault)
        return {"ref": value}

    def _numbered(self, text: str, path: Path) -> Any:
        """A name with `$index` in it: which thing it is, is known of each process by itself."""
        try:
            check(text, ("index",), self._scope.environ)
            return encode(text)
        except BadPlaceholder as error:
            self._fault(path, str(error), error.help, within=(error.offset, error.width))
            return {}

    def _variable(self, value: object, path: Path) -> str:
        if not isinstance(value, str) or not value.isidentifier():
            self._fault(path, f"`as`: expected a name such as item, found {found(value)}")
            return ""
        if value in self._scope.things or value in (*self._scope.placeholders, "env"):
            self._fault(path, f"`${value}` has a meaning already", "choose another name")
        self._variables[value] = None
        return value

    def _fault(
        self,
        path: Path,
        message: str,
        help: str | None = None,
        *,
        key: bool = False,
        within: tuple[int, int] | None = None,
    ) -> None:
        self.faults.append(Fault(path, message, help, key, within))


def unfit(name: str, option: Option, things: Mapping[str, str], path: Path) -> Fault | None:
    """What is wrong with a shared thing in a step."""
    kind = things.get(name)
    if kind is None:
        fitting = [name for name, kind in things.items() if kind in option.things]
        help = suggestion(name, fitting, "that fit here") if fitting else "declare it under `shared:`"
        return Fault(path, f"there is no shared thing `{name}`", help)
    if kind not in option.things:
        return Fault(
            path, f"`{name}` is {_a(kind)}, which `{path[-1]}` cannot use", f"it takes {listed(option.things)}"
        )
    return None


def misplaced(data: Data, things: Mapping[str, str], path: Path) -> list[Fault]:
    """What is wrong with the place in a shared thing; notes the thing's kind in the step."""
    name = data["to"].get("ref")
    if name is None:  # it is known only of each process by itself
        return []
    kind = data["kind"] = things[name]
    if kind in NUMBERED and "at" in data:
        return [Fault((*path, "at"), f"`at` has no effect: a {kind} is one number", "remove it", key=True)]
    where = {"dict": "a key", "list": "an index", "namespace": "an attribute"}.get(kind)
    if where is not None and "at" not in data and data["step"] != "append":
        return [Fault(path, f"the step `{data['step']}` needs `at`: {where} of the {kind}", "write at: …")]
    data.setdefault("at", 0)
    return []


def filled(
    step: Data, known: Mapping[str, int | str], environ: Mapping[str, str], things: Mapping[str, str], path: Path
) -> tuple[Data, list[Fault]]:
    """The step of one process, with what is known of it in the place of placeholders; and what is wrong then."""
    kind = STEPS[step["step"]]
    data: Data = {}
    faults: list[Fault] = []
    for key, value in step.items():
        if key == "do":
            below = [filled(each, known, environ, things, (*path, key, place)) for place, each in enumerate(value)]
            data[key] = [each for each, _ in below]
            faults += [fault for _, wrong in below for fault in wrong]
            continue
        data[key] = fill(value, known, environ) if isinstance(value, list | dict) else value
        if key in THINGS and isinstance(data[key], str):
            option = kind.argument if key == kind.key else kind.options[key]
            place = (*path, step["step"] if key == kind.key else key)
            fault = unfit(data[key], option, things, place)
            data[key] = {"ref": data[key]}
            faults += [fault] if fault else []
    if "to" in data and "kind" not in data and not faults:
        faults += misplaced(data, things, path)
    return data, faults


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_signal(value: object) -> bool:
    return value in signal.Signals.__members__


def _is_exception(name: object) -> bool:
    kind = getattr(builtins, name, None) if isinstance(name, str) else None
    return isinstance(kind, type) and issubclass(kind, Exception)


def _help(kind: str, value: object) -> str | None:
    if not isinstance(value, str):
        return None
    if kind == SIGNAL:
        return suggestion(value, signal.Signals.__members__, "signals")
    if kind == EXCEPTION:
        names = [name for name in dir(builtins) if _is_exception(name)]
        near = suggestion(value, names, "exceptions")
        return near if near and near.startswith("did") else f"write raise: RuntimeError and message: {value}"
    return None


def _a(noun: str) -> str:
    return f"an {noun}" if noun[:1] in "aeiou" else f"a {noun}"


_CHECKS: dict[str, tuple[Callable[[object], bool], str]] = {
    COUNT: (_is_count, "a whole number"),
    TEXT: (lambda value: isinstance(value, str), "text"),
    BOOL: (lambda value: isinstance(value, bool), "true or false"),
    SIGNAL: (_is_signal, "the name of a signal, such as SIGTERM"),
    EXCEPTION: (_is_exception, "the name of an exception of Python's, such as ValueError"),
}
