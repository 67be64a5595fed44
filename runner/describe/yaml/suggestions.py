"""Suggest the nearest valid name for a mistyped one."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

_SHOWN = 32


def nearest(word: str, choices: Iterable[str]) -> str | None:
    """Return the choice that `word` was most likely meant to be, or None."""
    from difflib import get_close_matches  # 5 ms that only a mistake pays

    by_folded = {choice.casefold(): choice for choice in choices}
    found = get_close_matches(word.casefold(), by_folded, n=1, cutoff=0.6)
    return by_folded[found[0]] if found else None


def suggestion(word: str, choices: Iterable[str], kind: str) -> str | None:
    """Return the help for an unknown name: the nearest choice, or all choices as `kind`."""
    names = list(dict.fromkeys(choices))
    found = nearest(word, names)
    if found is not None:
        return f"did you mean `{found}`?"
    return f"{kind}: {listed(names)}" if names else None


def listed(names: Iterable[str]) -> str:
    """Return names in a row, each in backticks, shortened if there are too many."""
    quoted = [f"`{name}`" for name in names]
    more = [f"and {len(quoted) - _SHOWN} more"] if len(quoted) > _SHOWN else []
    return ", ".join(quoted[:_SHOWN] + more)


def with_article(noun: str) -> str:
    """Return a noun with its article: "an event"."""
    return f"an {noun}" if noun[:1] in "aeio" or noun == "rlock" else f"a {noun}"
