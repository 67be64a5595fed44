"""The types of JSON data name what steps have, and the checks refuse everything else."""

from __future__ import annotations

import pytest

from runner.describe.steps.step_types import STEPS
from runner.model.json_types import StepData, list_in, mapping_in


def test_every_key_that_a_step_can_have_has_a_type() -> None:
    keys = {key for step in STEPS.values() for key in (step.key, *step.options)}

    assert set(StepData.__annotations__) == {"step", "kind", *keys}


def test_a_list_and_a_mapping_are_given_back() -> None:
    assert list_in([1, "a"]) == [1, "a"]
    assert mapping_in({"a": 1}) == {"a": 1}


def test_what_is_no_list_and_no_mapping_is_refused() -> None:
    with pytest.raises(TypeError, match="expected a list, found 3"):
        list_in(3)
    with pytest.raises(TypeError, match=r"expected a mapping, found \[\]"):
        mapping_in([])
