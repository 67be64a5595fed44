"""Read the docstrings of class attributes from the source, because Python does not keep them."""

from __future__ import annotations

import ast
import inspect
import itertools
import textwrap


def attribute_docstrings(cls: type) -> dict[str, str]:
    """Return the docstring of each annotated attribute of the class and its bases, by name, from their sources."""
    found: dict[str, str] = {}
    for each in reversed(cls.__mro__):
        if "__annotations__" in each.__dict__:
            found |= _own(each)
    return found


def _own(cls: type) -> dict[str, str]:
    try:
        source = inspect.getsource(cls)
    except (OSError, TypeError):  # no source: made in a shell, or frozen
        return {}
    body = ast.parse(textwrap.dedent(source)).body[0]
    found: dict[str, str] = {}
    for statement, below in itertools.pairwise(getattr(body, "body", ())):
        match statement, below:
            case ast.AnnAssign(target=ast.Name(id=name)), ast.Expr(value=ast.Constant(value=str(text))):
                found[name] = inspect.cleandoc(text)
    return found
