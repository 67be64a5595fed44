"""Whether arguments fit a callable, and what is said where they do not."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.model.signatures import blamed, misfit

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable


def called(a: int, /, b: int = 1, *, c: int, d: int = 2) -> str:
    return f"{a}{b}{c}{d}"


def takes_all(*args: object, **kwargs: object) -> int:
    return len(args) + len(kwargs)


class Untold:
    """A callable whose signature is none."""

    __signature__ = 5

    def __call__(self) -> None: ...


@given(
    args=st.lists(st.integers(), max_size=4),
    kwargs=st.dictionaries(st.sampled_from("abcde"), st.integers(), max_size=4),
    function=st.sampled_from([called, takes_all]),
)
def test_what_python_would_refuse_does_not_fit_and_nothing_else(
    args: list[int], kwargs: dict[str, Any], function: Any
) -> None:
    try:
        function(*args, **kwargs)
    except TypeError:
        fits = False
    else:
        fits = True

    assert (misfit(function, "it", args, kwargs) is None) == fits


def test_a_misfit_shows_names_order_and_defaults_without_annotations() -> None:
    assert misfit(called, "m:called", [1, 2, 3], {"c": 4}) == (
        "the arguments do not fit `m:called(a, /, b=1, *, c, d=2)`: too many positional arguments"
    )
    assert misfit(takes_all, "all", [], {}) is None
    assert misfit(lambda: None, "none", [], {"a": 1}) == (
        "the arguments do not fit `none()`: got an unexpected keyword argument 'a'"
    )


@pytest.mark.parametrize("silent", [max, Untold(), 5])
def test_what_does_not_tell_its_signature_is_not_judged(silent: Callable[..., object]) -> None:
    assert misfit(silent, "it", [1, 2, 3], {"a": 4}) is None


@pytest.mark.parametrize(
    ("args", "kwargs", "field"),
    [([], {}, None), ([1], {}, "args"), ([], {"a": 1}, "kwargs"), ([1], {"a": 1}, "kwargs")],
)
def test_the_field_with_the_values_is_blamed(args: list[int], kwargs: dict[str, Any], field: str | None) -> None:
    assert blamed(args, kwargs) == field
