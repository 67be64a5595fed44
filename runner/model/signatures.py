"""Check whether a file's arguments fit a callable's signature, and describe any mismatch in words."""

from __future__ import annotations

import inspect

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Collection
    from typing import Any


def misfit(called: Any, name: str, args: Collection[object], kwargs: dict[str, Any]) -> str | None:
    """Why `called`, written `name`, cannot be called so; None if it can be, or does not tell."""
    try:
        signature = inspect.signature(called)
    except (ValueError, TypeError):  # a builtin that does not tell
        return None
    try:
        signature.bind(*args, **kwargs)
    except TypeError as error:
        return f"the arguments do not fit `{name}{_bare(signature)}`: {error}"
    return None


def _bare(signature: inspect.Signature) -> inspect.Signature:
    """Without annotations: what a caller has to know is the names, their order and the defaults."""
    bare = [each.replace(annotation=inspect.Parameter.empty) for each in signature.parameters.values()]
    return signature.replace(parameters=bare, return_annotation=inspect.Signature.empty)


def blamed(args: Collection[object], kwargs: dict[str, Any]) -> str | None:
    """The field of a job whose values do not fit; None where it gives none."""
    return "kwargs" if kwargs else "args" if args else None
