"""Convert steps into Python statements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from runner.export.code.expressions import arguments, expression, literal, seconds, tuple_of
from runner.export.code.layout import indented
from runner.export.code.trees import references
from runner.model.records import record
from runner.model.shared_things import SharedArray, SharedValue

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from runner.export.code.trees import StepData
    from runner.model.shared_things import SharedPlan

ENDING = ("exit", "raise", "return", "crash", "hang", "leave")
"""Steps after which nothing comes any more."""
ENV = "$env."
"""What begins a reference to a variable of the environment; behind it comes what the script calls this."""
_NOT_DEADLY = ("SIGINT", "SIGPIPE", "SIGXFSZ")
"""Signals that Python ignores or makes an exception of."""


@record(frozen=True, slots=True)
class Scope:
    """Where statements stand: `things` are the shared ones by their names there, `used` the variables that are read.

    A variable that is never read is not kept. `pid` and the variables of the environment need no entry.
    """

    things: Mapping[str, SharedPlan]
    used: frozenset[str]

    def look(self, name: str) -> str:
        """What a reference is in Python."""
        if name == "pid":
            return "os.getpid()"
        return name.removeprefix(ENV).removeprefix("$")

    def shown(self, name: str) -> str:
        """The same for who reads it: of a value the number."""
        return f"{name}.value" if isinstance(self.things.get(name), SharedValue) else self.look(name)

    def argument(self, name: str) -> str:
        """The same for a function that is called: of an array the memory that it lies in."""
        return f"{name}_memory" if isinstance(self.things.get(name), SharedArray) else self.look(name)

    def guard(self, name: str) -> str:
        """What is acquired: of a value its own lock."""
        return f"{name}.get_lock()" if isinstance(self.things.get(name), SharedValue) else name


def block(steps: Sequence[StepData], scope: Scope) -> list[str]:
    """The statements of steps, up to one after which nothing comes any more."""
    lines: list[str] = []
    for step in steps:
        lines += _STATEMENTS[step["step"]](step, scope)
        if step["step"] in ENDING:
            break
    return lines


def reads(steps: Sequence[StepData]) -> frozenset[str]:
    """The names that are read in these steps."""
    return frozenset(references(list(steps)))


def _value(step: StepData, scope: Scope, key: str = "value") -> str:
    given = step[key]
    return seconds(given) if key == "seconds" and isinstance(given, float) else expression(given, scope.shown)


def _thing(step: StepData, key: str = "thing") -> str:
    name: str = step[key]["ref"]
    return name


def _kept(step: StepData, scope: Scope, code: str) -> list[str]:
    """The expression as a statement, its value put under the name that `as` gives if that is read."""
    name = step.get("as")
    return [f"{name} = {code}" if name in scope.used else code]


def _timed(step: StepData, first: str = "") -> str:
    """The arguments of a call that can have a timeout."""
    timeout = [("timeout", seconds(step["timeout"]))] if "timeout" in step else []
    return arguments([first] if first else [], timeout)


def _print(step: StepData, scope: Scope) -> list[str]:
    end = [("end", literal(step["end"]))] if "end" in step else []
    return [f"print({arguments([expression(step['value'], scope.shown)], end)})"]


def _say(step: StepData, scope: Scope) -> list[str]:
    return [f"print({arguments(expression(value, scope.look) for value in step['values'])})"]


def _spin(step: StepData, scope: Scope) -> list[str]:
    until = f"until = time.process_time() + {_value(step, scope, 'seconds')}"
    return [until, "while time.process_time() < until:", "    pass"]


def _raise(step: StepData, scope: Scope) -> list[str]:
    said = "" if step.get("message") is None else f"({_value(step, scope, 'message')})"
    return [f"raise {step['exception']}{said}"]


def _exit(step: StepData, scope: Scope) -> list[str]:
    code = _value(step, scope)
    return ["sys.exit()" if code == "0" else f"sys.exit({code})"]


def _crash(step: StepData, scope: Scope) -> list[str]:
    name = step["signal"]
    first = [f"signal.signal(signal.{name}, signal.SIG_DFL)"] if name in _NOT_DEADLY else []
    return [*first, f"os.kill(os.getpid(), signal.{name})"]


def _hang(step: StepData, scope: Scope) -> list[str]:
    return ["while True:", "    signal.pause()"]


def _ignore(step: StepData, scope: Scope) -> list[str]:
    return [f"signal.signal(signal.{step['signal']}, signal.SIG_IGN)"]


def _allocate(step: StepData, scope: Scope) -> list[str]:
    size = f"{_value(step, scope, 'mebibytes')} * 1024 * 1024"
    return [f"memory = bytearray({size})", 'memory[::4096] = b"x" * len(memory[::4096])  # every page of it']


def _nested(head: str, step: StepData, scope: Scope) -> list[str]:
    return [f"{head}:", *indented(block(step["do"], scope))]


def _with(step: StepData, scope: Scope) -> list[str]:
    return _nested(f"with {scope.guard(_thing(step))}", step, scope)


def _repeat(step: StepData, scope: Scope) -> list[str]:
    name = step["as"] if step.get("as") in scope.used else "_"
    return _nested(f"for {name} in range({literal(step['times'])})", step, scope)


def _beat(step: StepData, scope: Scope) -> list[str]:
    if step["times"] is not None:
        return _nested(f"for beat in range(1, {_value(step, scope, 'times')} + 1)", step, scope)
    return ["beat = 0", "while True:", "    beat += 1", *indented(block(step["do"], scope))]


def _acquire(step: StepData, scope: Scope) -> list[str]:
    return _kept(step, scope, f"{scope.guard(_thing(step))}.acquire({_timed(step)})")


def _wait(step: StepData, scope: Scope) -> list[str]:
    return _kept(step, scope, f"{_thing(step)}.wait({_timed(step)})")


def _get(step: StepData, scope: Scope) -> list[str]:
    return _kept(step, scope, f"{_thing(step)}.get({_timed(step)})")


def _put(step: StepData, scope: Scope) -> list[str]:
    return [f"{_thing(step, 'into')}.put({_timed(step, _value(step, scope))})"]


def _notify(step: StepData, scope: Scope) -> list[str]:
    count = step.get("n", 1)
    return [f"{_thing(step)}.notify({'' if count == 1 else count})"]


def _release(step: StepData, scope: Scope) -> list[str]:
    return [f"{scope.guard(_thing(step))}.release()"]


def _append(step: StepData, scope: Scope) -> list[str]:
    return [f"{_thing(step, 'to')}.append({_value(step, scope)})"]


def _add(step: StepData, scope: Scope) -> list[str]:
    amount, place = step["value"], _place(step, scope)
    minus = isinstance(amount, int | float) and not isinstance(amount, bool) and amount < 0
    once = f"{place} -= {literal(-amount)}" if minus else f"{place} += {_value(step, scope)}"
    times = step.get("times", 1)
    return [once] if times == 1 else [f"for _ in range({literal(times)}):", *indented([once])]


def _write(step: StepData, scope: Scope) -> list[str]:
    return [f"{_place(step, scope)} = {_value(step, scope)}"]


def _place(step: StepData, scope: Scope) -> str:
    """What is written to: a number, an item or an attribute."""
    name, kind = _thing(step, "to"), step["kind"]
    if kind in ("value", "raw_value"):
        return f"{name}.value"
    if kind == "namespace":
        return f"{name}.{step['at']}"
    return f"{name}[{_value(step, scope, 'at')}]"


def _child(step: StepData, scope: Scope) -> list[str]:
    """`function` and `passed` came when its steps were made a function."""
    args = [scope.argument(each["ref"]) for each in step["passed"]]
    given = [("target", step["function"]), ("args", tuple_of(args) if args else ""), ("name", literal(step["name"]))]
    given += [("daemon", repr(step["daemon"]))] if "daemon" in step else []
    return [f"multiprocessing.Process({arguments([], [pair for pair in given if pair[1]])}).start()"]


def _call(step: StepData, scope: Scope) -> list[str]:
    named = [(name, expression(value, scope.look)) for name, value in step["kwargs"].items()]
    call = f"{step['callee']}({arguments((expression(value, scope.look) for value in step['args']), named)})"
    return [{"": "{}", "coroutine": "asyncio.run({})", "anything": "run_body({})"}[step["returns"]].format(call)]


def _method(name: str) -> Callable[[StepData, Scope], list[str]]:
    return lambda step, _: [f"{_thing(step)}.{name}()"]


def _on_value(pattern: str, key: str = "value") -> Callable[[StepData, Scope], list[str]]:
    return lambda step, scope: [pattern.format(_value(step, scope, key))]


_STATEMENTS: dict[str, Callable[[Any, Scope], list[str]]] = {
    "acquire": _acquire,
    "add": _add,
    "allocate": _allocate,
    "append": _append,
    "beat": _beat,
    "call": _call,
    "child": _child,
    "chdir": _on_value("os.chdir({})"),
    "clear": _method("clear"),
    "crash": _crash,
    "environ": _on_value("os.environ.update({})"),
    "exit": _exit,
    "get": _get,
    "hang": _hang,
    "ignore": _ignore,
    "join_queue": _method("join"),
    "leave": _on_value("os._exit({})"),
    "notify": _notify,
    "notify_all": _method("notify_all"),
    "print": _print,
    "put": _put,
    "raise": _raise,
    "release": _release,
    "repeat": _repeat,
    "return": _on_value("return {}"),
    "say": _say,
    "set": _method("set"),
    "sleep": _on_value("time.sleep({})", "seconds"),
    "spin": _spin,
    "task_done": _method("task_done"),
    "wait": _wait,
    "with": _with,
    "write": _write,
}
