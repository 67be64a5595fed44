"""Format the places that steps change: `total`, `board[0]`, `counts['n']`, `state.n`.

Children import this module: it imports nothing.
"""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from runner.model.json_types import StepData


def place_of(step: StepData) -> str | None:
    """Return the place that an `add` or a `write` changes; None if it is known only when the step is done."""
    name, at = step["to"]["ref"], step["at"]
    match step["kind"]:
        case "value" | "raw_value":
            return f"{name}"
        case "array" | "list" if isinstance(at, int) and at >= 0:  # a negative index is a second name of a place
            return f"{name}[{at}]"
        case "dict" if isinstance(at, str):
            return f"{name}[{at!r}]"
        case "namespace" if isinstance(at, str):
            return f"{name}.{at}"
    return None
