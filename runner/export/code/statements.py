"""Convert steps into Python statements."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.export.code.expressions import arguments, expression, literal, seconds, tuple_of
from runner.export.code.layout import indented
from runner.export.code.step_traversal import references
from runner.model.records import record
from runner.model.shared_things import SharedArray, SharedValue

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from runner.export.code.step_traversal import Statement
    from runner.model.json_types import Encoded
    from runner.model.shared_things import SharedPlan

ENDING = ("exit", "raise", "return", "crash", "hang", "leave")
"""Steps after which no other step runs."""
ENV = "$env."
"""The prefix of a reference to a variable of the environment; the script's name for it follows."""
_NOT_DEADLY = ("SIGINT", "SIGPIPE", "SIGXFSZ")
"""Signals that Python ignores or turns into an exception."""


@record(frozen=True, slots=True)
class Scope:
    """Where statements stand: `things` are the shared things by their names there, `used` the variables that are read.

    The value of a variable that is never read is dropped. `pid` and the variables of the environment need no entry.
    """

    things: Mapping[str, SharedPlan]
    used: frozenset[str]

    def look(self, name: str) -> str:
        """Return the Python expression for a reference."""
        if name == "pid":
            return "os.getpid()"
        return name.removeprefix(ENV).removeprefix("$")

    def shown(self, name: str) -> str:
        """Return the same for a reader: for a value its number."""
        return f"{name}.value" if isinstance(self.things.get(name), SharedValue) else self.look(name)

    def argument(self, name: str) -> str:
        """Return the same for an argument of a function: for an array its shared memory."""
        return f"{name}_memory" if isinstance(self.things.get(name), SharedArray) else self.look(name)

    def guard(self, name: str) -> str:
        """Return what is acquired: for a value its own lock."""
        return f"{name}.get_lock()" if isinstance(self.things.get(name), SharedValue) else name


def block(steps: Sequence[Statement], scope: Scope) -> list[str]:
    """Return the statements of steps, up to one after which no other step runs."""
    lines: list[str] = []
    for step in steps:
        lines += _STATEMENTS[step["step"]](step, scope)
        if step["step"] in ENDING:
            break
    return lines


def reads(steps: Sequence[Statement]) -> frozenset[str]:
    """Return the names that these steps read."""
    return frozenset(references(list(steps)))


def _value(given: Encoded, scope: Scope) -> str:
    return expression(given, scope.shown)


def _seconds(step: Statement, scope: Scope) -> str:
    given = step["seconds"]
    return seconds(given) if isinstance(given, float) else _value(given, scope)


def _kept(step: Statement, scope: Scope, code: str) -> list[str]:
    """Return the expression as a statement, assigned to the name that `as` gives if that is read."""
    name = step.get("as")
    return [f"{name} = {code}" if name in scope.used else code]


def _timed(step: Statement, first: str = "") -> str:
    """Return the arguments of a call that can have a timeout."""
    timeout = [("timeout", seconds(step["timeout"]))] if "timeout" in step else []
    return arguments([first] if first else [], timeout)


def _print(step: Statement, scope: Scope) -> list[str]:
    end = [("end", literal(step["end"]))] if "end" in step else []
    return [f"print({arguments([expression(step['value'], scope.shown)], end)})"]


def _say(step: Statement, scope: Scope) -> list[str]:
    return [f"print({arguments(expression(value, scope.look) for value in step['values'])})"]


def _sleep(step: Statement, scope: Scope) -> list[str]:
    return [f"time.sleep({_seconds(step, scope)})"]


def _spin(step: Statement, scope: Scope) -> list[str]:
    until = f"until = time.process_time() + {_seconds(step, scope)}"
    return [until, "while time.process_time() < until:", "    pass"]


def _raise(step: Statement, scope: Scope) -> list[str]:
    said = "" if step.get("message") is None else f"({_value(step['message'], scope)})"
    return [f"raise {step['exception']}{said}"]


def _exit(step: Statement, scope: Scope) -> list[str]:
    code = _value(step["value"], scope)
    return ["sys.exit()" if code == "0" else f"sys.exit({code})"]


def _crash(step: Statement, scope: Scope) -> list[str]:
    name = step["signal"]
    first = [f"signal.signal(signal.{name}, signal.SIG_DFL)"] if name in _NOT_DEADLY else []
    return [*first, f"os.kill(os.getpid(), signal.{name})"]


def _hang(step: Statement, scope: Scope) -> list[str]:
    return ["while True:", "    signal.pause()"]


def _ignore(step: Statement, scope: Scope) -> list[str]:
    return [f"signal.signal(signal.{step['signal']}, signal.SIG_IGN)"]


def _allocate(step: Statement, scope: Scope) -> list[str]:
    size = f"{_value(step['mebibytes'], scope)} * 1024 * 1024"
    return [f"memory = bytearray({size})", 'memory[::4096] = b"x" * len(memory[::4096])  # every page of it']


def _nested(head: str, step: Statement, scope: Scope) -> list[str]:
    return [f"{head}:", *indented(block(step["do"], scope))]


def _with(step: Statement, scope: Scope) -> list[str]:
    return _nested(f"with {scope.guard(step['thing']['ref'])}", step, scope)


def _repeat(step: Statement, scope: Scope) -> list[str]:
    name = step["as"] if step.get("as") in scope.used else "_"
    return _nested(f"for {name} in range({literal(step['times'])})", step, scope)


def _beat(step: Statement, scope: Scope) -> list[str]:
    if step["times"] is not None:
        return _nested(f"for beat in range(1, {_value(step['times'], scope)} + 1)", step, scope)
    return ["beat = 0", "while True:", "    beat += 1", *indented(block(step["do"], scope))]


def _acquire(step: Statement, scope: Scope) -> list[str]:
    return _kept(step, scope, f"{scope.guard(step['thing']['ref'])}.acquire({_timed(step)})")


def _wait(step: Statement, scope: Scope) -> list[str]:
    return _kept(step, scope, f"{step['thing']['ref']}.wait({_timed(step)})")


def _get(step: Statement, scope: Scope) -> list[str]:
    return _kept(step, scope, f"{step['thing']['ref']}.get({_timed(step)})")


def _put(step: Statement, scope: Scope) -> list[str]:
    return [f"{step['into']['ref']}.put({_timed(step, _value(step['value'], scope))})"]


def _notify(step: Statement, scope: Scope) -> list[str]:
    count = step.get("n", 1)
    return [f"{step['thing']['ref']}.notify({'' if count == 1 else count})"]


def _release(step: Statement, scope: Scope) -> list[str]:
    return [f"{scope.guard(step['thing']['ref'])}.release()"]


def _append(step: Statement, scope: Scope) -> list[str]:
    return [f"{step['to']['ref']}.append({_value(step['value'], scope)})"]


def _add(step: Statement, scope: Scope) -> list[str]:
    amount, place = step["value"], _place(step, scope)
    if isinstance(amount, int | float) and not isinstance(amount, bool) and amount < 0:
        once = f"{place} -= {literal(-amount)}"
    else:
        once = f"{place} += {_value(amount, scope)}"
    times = step.get("times", 1)
    return [once] if times == 1 else [f"for _ in range({literal(times)}):", *indented([once])]


def _write(step: Statement, scope: Scope) -> list[str]:
    return [f"{_place(step, scope)} = {_value(step['value'], scope)}"]


def _place(step: Statement, scope: Scope) -> str:
    """Return the target of an assignment: a number, an item or an attribute."""
    name, kind = step["to"]["ref"], step["kind"]
    if kind in ("value", "raw_value"):
        return f"{name}.value"
    if kind == "namespace":
        return f"{name}.{step['at']}"
    return f"{name}[{_value(step['at'], scope)}]"


def _child(step: Statement, scope: Scope) -> list[str]:
    """Return a child's start; `function` and `passed` were added when its steps were made a function."""
    args = [scope.argument(each["ref"]) for each in step["passed"]]
    given = [("target", step["function"]), ("args", tuple_of(args) if args else ""), ("name", literal(step["name"]))]
    given += [("daemon", repr(step["daemon"]))] if "daemon" in step else []
    return [f"multiprocessing.Process({arguments([], [pair for pair in given if pair[1]])}).start()"]


def _call(step: Statement, scope: Scope) -> list[str]:
    named = [(name, expression(value, scope.look)) for name, value in step["kwargs"].items()]
    call = f"{step['callee']}({arguments((expression(value, scope.look) for value in step['args']), named)})"
    return [{"": "{}", "coroutine": "asyncio.run({})", "anything": "run_body({})"}[step["returns"]].format(call)]


def _method(name: str) -> Callable[[Statement, Scope], list[str]]:
    return lambda step, _: [f"{step['thing']['ref']}.{name}()"]


def _on_value(pattern: str) -> Callable[[Statement, Scope], list[str]]:
    return lambda step, scope: [pattern.format(_value(step["value"], scope))]


_STATEMENTS: dict[str, Callable[[Statement, Scope], list[str]]] = {
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
    "sleep": _sleep,
    "spin": _spin,
    "task_done": _method("task_done"),
    "wait": _wait,
    "with": _with,
    "write": _write,
}
