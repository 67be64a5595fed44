"""Describe the steps of `do:` and `main:` in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.report.terminal.formatting import duration

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from runner.model.json_types import StepData


INDENT = "  "


def in_words(steps: Iterable[StepData], indent: str = "") -> Iterator[str]:
    """Return each step on a line, with the steps inside it indented below."""
    for step in steps:
        below = step.get("do")
        yield f"{indent}{one(step)}{':' if below else ''}"
        if below:
            yield from in_words(below, indent + INDENT)


def one(step: StepData) -> str:
    """Return one step in words: what it does, with what, and its timeout."""
    text = _TEXTS[step["step"]].format_map(_words(step))
    at_most = step.get("timeout")
    kept = f", as ${step['as']}" if "as" in step else ""
    return f"{text}{'' if at_most is None else f', at most {duration(at_most)}'}{kept}"


def _words(step: StepData) -> dict[str, str]:
    """Return the values of a step in words that a reader of the file knows."""
    words = {key: _shown(key, value) for key, value in step.items()}
    words["times"] = _times(step.get("times", 1))
    words["message"] = f": {words['message']}" if "message" in step else ""
    match step.get("kind"):
        case "array" | "dict" | "list":
            words["where"] = f"[{words['at']}]"
        case "namespace":
            words["where"] = f".{words['at']}"
        case _:
            words["where"] = ""
    return words


def _shown(key: str, value: object) -> str:
    if key == "seconds" and isinstance(value, int | float):
        return duration(value)
    if key in ("thing", "into", "to") and isinstance(value, dict):
        return str(value["ref"])
    return written(value)


def written(encoded: object) -> str:
    """Return a value with its placeholders, as the file has it."""
    match encoded:
        case {"ref": str(name)}:
            return f"${name.removeprefix('$')}"
        case {"text": list(parts)}:
            return "".join(part if isinstance(part, str) else written(part) for part in parts)
        case {"dict": list(pairs)}:
            return "{" + ", ".join(f"{written(pair[0])}: {written(pair[1])}" for pair in pairs) + "}"
        case list():
            return f"[{', '.join(map(written, encoded))}]"
    return "nothing" if encoded is None else str(encoded)


def _times(times: int) -> str:
    return "" if times == 1 else f", {times:,} times"


_TEXTS = {
    "print": "print {value}",
    "sleep": "sleep {seconds}",
    "spin": "keep a processor busy for {seconds}",
    "exit": "exit with {value}",
    "raise": "raise {exception}{message}",
    "return": "return {value}",
    "crash": "die of {signal}",
    "hang": "wait for ever",
    "ignore": "ignore {signal} from now on",
    "acquire": "acquire {thing}",
    "release": "release {thing}",
    "with": "with {thing}",
    "wait": "wait for {thing}",
    "notify": "notify {thing}",
    "notify_all": "notify all processes that wait for {thing}",
    "set": "set {thing}",
    "clear": "clear {thing}",
    "put": "put {value} into {into}",
    "get": "get an item from {thing}",
    "task_done": "mark an item of {thing} as done",
    "join_queue": "wait until every item of {thing} is done",
    "add": "add {value} to {to}{where}{times}",
    "write": "write {value} into {to}{where}",
    "append": "append {value} to {to}",
    "repeat": "repeat{times}",
    "child": "start a child {name} that does",
}
