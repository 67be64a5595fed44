"""Check whether a file's arguments fit a callable's signature, and describe any mismatch in words."""

from __future__ import annotations

import inspect

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping


def misfit(
    called: Callable[..., object], name: str, args: Collection[object], kwargs: Mapping[str, object]
) -> str | None:
    """Return why `called`, written `name`, cannot be called with these arguments; None if it can, or if it has no
    signature."""
    try:
        signature = inspect.signature(called)
    except (ValueError, TypeError):  # a builtin without a signature
        return None
    try:
        signature.bind(*args, **kwargs)
    except TypeError as error:
        return f"the arguments do not fit `{name}{_bare(signature)}`: {error}"
    return None


def _bare(signature: inspect.Signature) -> inspect.Signature:
    """Return the signature without annotations: a caller needs the names, their order and the defaults."""
    bare = [each.replace(annotation=inspect.Parameter.empty) for each in signature.parameters.values()]
    return signature.replace(parameters=bare, return_annotation=inspect.Signature.empty)


def blamed(args: Collection[object], kwargs: Mapping[str, object]) -> str | None:
    """Return the field of a job whose values do not fit; None if the job sets none of them."""
    return "kwargs" if kwargs else "args" if args else None
