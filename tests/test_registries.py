"""What has to be registered in several places: a failure names the place that a contributor has forgotten."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, get_args

import pytest

from runner.describe.steps import shared_things as read
from runner.describe.steps import thing_kinds
from runner.describe.steps.step_types import STEPS
from runner.explore import plan_features
from runner.explore import steps as explored
from runner.export.annotations import _PLAIN as ANNOTATIONS
from runner.export.code import statements
from runner.model import shared_things
from runner.model.event_types import EVENTS, NAMES, OfMain, OfProcess, OfShared
from runner.model.words import NoteWord
from runner.report.terminal import step_words
from runner.supervise.child import shared_steps, steps

if TYPE_CHECKING:
    from collections.abc import Collection

ROOT = Path(__file__).parents[1]
CONTRIBUTING = (ROOT / "CONTRIBUTING.md").read_text()
LABORATORY = (ROOT / "docs/laboratory.md").read_text()

PLACES_OF_STEPS: dict[str, Collection[str]] = {
    "runner/supervise/child/steps.py, or shared_steps.py": {*steps.MAKERS, *shared_steps.MAKERS},
    "runner/report/terminal/step_words.py": step_words._TEXTS,
    "runner/export/code/statements.py": statements._STATEMENTS,
    "runner/explore/steps.py, or refused in plan_features.py": {
        *(name for name in STEPS if hasattr(explored.Steps, f"_{name}")),
        *plan_features._REFUSED,
    },
    "docs/laboratory.md": {name for name in STEPS if f"| `{name}` |" in LABORATORY},
}


@pytest.mark.parametrize("place", PLACES_OF_STEPS)
def test_each_step_is_known_in(place: str) -> None:
    forgotten = sorted(set(STEPS) - set(PLACES_OF_STEPS[place]))

    assert not forgotten, f"{place} does not know {forgotten}"


def test_each_note_is_in_the_laboratory_document() -> None:
    forgotten = sorted(word for word in get_args(NoteWord) if f"`{word}`" not in LABORATORY)

    assert not forgotten, f"docs/laboratory.md does not have {forgotten}"


def test_each_kind_of_shared_thing_has_a_record_and_is_read() -> None:
    records = set(shared_things._RECORDS.values())
    forgotten = sorted(set(thing_kinds.KINDS) - set(read._MAKERS))

    assert records == set(get_args(shared_things.SharedPlan)), "runner/model/shared_things.py: _RECORDS"
    assert not forgotten, f"runner/describe/steps/shared_things.py: _MAKERS does not know {forgotten}"


def test_each_kind_of_shared_thing_is_used_by_a_step_and_annotated() -> None:
    used = {kind for step in STEPS.values() for one in (step.argument, *step.options.values()) for kind in one.things}
    special = {"queue", "joinable_queue", "value", "raw_value", "array", "list", "dict"}  # by their records

    assert not set(thing_kinds.KINDS) - used, "runner/describe/steps/step_types.py: no step uses it"
    assert set(thing_kinds.KINDS) == special | set(ANNOTATIONS), "runner/export/annotations.py"


def test_each_event_belongs_to_a_union_by_its_name() -> None:
    unions = {"process": OfProcess, "shared": OfShared, "main": OfMain}
    for name, kind in EVENTS.items():
        union = unions.get(name.partition(".")[0])
        if union is not None and name != "process.wrote":  # which the supervisor does, too
            assert issubclass(kind, union), f"runner/model/event_types.py: {kind.__name__} is in none of the unions"
    assert set(NAMES.values()) == set(EVENTS)


def test_the_guide_names_files_that_there_are() -> None:
    paths = {
        part
        for line in CONTRIBUTING.splitlines()
        for part in line.split("`")[1::2]
        if part.endswith((".py", ".md", ".json", ".toml")) and "*" not in part
    }

    assert len(paths) > 20
    for path in sorted(paths):
        assert (ROOT / path).exists(), path
