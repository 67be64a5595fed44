"""Where the types end: `Any` stands only around users' objects, and its number does not grow."""

from __future__ import annotations

import io
import re
import tokenize
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[1] / "runner"
MOST = 22
MOST_WORDS = 59
"""Text and sentences included: an annotation may be text, and exported scripts have an `Any` of their own."""
REASONS = {
    "describe/yaml/document.py": "what a user's file holds, until it has been checked",
    "explore/machine.py": "the cells of a state, each with a type of its own",
    "link/codec.py": "the one place where a message is plain data",
    "model/multiprocessing_protocols.py": "a shared thing, whose parts its kind decides: `Made`",
    "model/records.py": "the fields of a record that is known only when it runs",
    "supervise/child/calls.py": "a user's target",
    "supervise/child/frame.py": "a user's value, which a step computes with",
    "supervise/starting/forked.py": "a process of any class of a user's, with its private parts",
    "supervise/starting/spawned.py": "what is pickled in a process's place",
}
"""The modules that have an `Any`, and what for."""


def modules_with(word: str) -> dict[str, int]:
    """How often each module has this name in its code."""
    found: dict[str, int] = {}
    for path in PACKAGE.rglob("*.py"):
        tokens = tokenize.generate_tokens(io.StringIO(path.read_text()).readline)
        count = sum(token.type == tokenize.NAME and token.string == word for token in tokens)
        if count:
            found[path.relative_to(PACKAGE).as_posix()] = count
    return found


def test_any_does_not_spread() -> None:
    words = sum(len(re.findall(r"\bAny\b", path.read_text())) for path in PACKAGE.rglob("*.py"))

    assert sum(modules_with("Any").values()) <= MOST
    assert words <= MOST_WORDS


@pytest.mark.parametrize("module", modules_with("Any"))
def test_a_module_with_any_has_a_reason(module: str) -> None:
    assert module in REASONS


@pytest.mark.parametrize("module", REASONS)
def test_a_reason_is_that_of_a_module_with_any(module: str) -> None:
    assert module in modules_with("Any")


def test_what_stands_for_any_by_another_name_stands_for_shared_things_alone() -> None:
    used = {module for module in modules_with("Made") if "multiprocessing_parts" in (PACKAGE / module).read_text()}

    assert used <= {
        "supervise/child/frame.py",
        "supervise/sharing/last_values.py",
        "supervise/sharing/things.py",
        "supervise/tracing/handles.py",
        "supervise/tracing/locks.py",
    }
