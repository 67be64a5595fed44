"""The texts below the attributes of classes are found in their sources."""

from __future__ import annotations

from typing import ClassVar

import pytest

from runner.describe.fields.docstrings import attribute_docstrings


class Base:
    """What stands below a class is not what stands below an attribute."""

    x: int
    """The first."""

    y: str = ""
    """The second, 한글,
    over two lines."""

    undocumented: int

    unannotated = 3
    """Of nothing that has a type."""

    number: int = 5
    5  # noqa: B018  # no text

    shared: ClassVar[int] = 1
    """Of all."""


class Derived(Base):
    """Its own texts come before those of its base."""

    y: str = "y"
    """Another second."""

    z: int
    """The third."""


class Bare(Derived):
    """Has no attributes of its own."""


class Beside:
    """Another base."""

    w: int
    """From beside."""


class Both(Beside, Derived):
    """Has two bases."""

    v: int


BASE = {"x": "The first.", "y": "The second, 한글,\nover two lines.", "shared": "Of all."}


def test_the_text_below_an_attribute_with_a_type_is_its_docstring() -> None:
    assert attribute_docstrings(Base) == BASE


def test_a_class_has_the_texts_of_its_bases_and_its_own_first() -> None:
    assert attribute_docstrings(Derived) == {**BASE, "y": "Another second.", "z": "The third."}


def test_a_class_without_attributes_has_those_of_its_bases() -> None:
    assert attribute_docstrings(Bare) == attribute_docstrings(Derived)


def test_all_bases_are_asked() -> None:
    assert attribute_docstrings(Both) == attribute_docstrings(Derived) | {"w": "From beside."}


def test_a_class_within_a_function_has_texts_as_well() -> None:
    class Inner:
        x: int
        """Indented."""

    assert attribute_docstrings(Inner) == {"x": "Indented."}


def test_a_class_without_any_attribute_has_no_texts() -> None:
    assert attribute_docstrings(int) == {}


@pytest.mark.parametrize("module", [__name__, "builtins", "no.such.module"])
def test_a_class_without_a_source_has_only_the_texts_of_its_bases(module: str) -> None:
    made = type("Made", (Beside,), {"__annotations__": {"x": int}, "__module__": module})

    assert attribute_docstrings(made) == {"w": "From beside."}
