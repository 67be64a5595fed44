"""The JSON Schema: true to the models, and good in an editor."""

from __future__ import annotations

import builtins
import json
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from runner.describe.schema.file_schema import build_schema
from runner.describe.schema.lab_schema import EXCEPTIONS
from runner.describe.steps.step_values import is_exception
from runner.describe.yaml.loading import read
from runner.model.errors import InvalidFile
from tests.bad_files.corpus import FOLDER, BadFile, bad_files

ROOT = Path(__file__).parents[2]
SCHEMA: dict[str, Any] = json.loads((ROOT / "schemas/run-jobs.schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def test_the_file_is_what_the_models_give() -> None:
    assert json.loads(json.dumps(build_schema())) == SCHEMA


def test_it_proposes_the_exceptions_of_the_oldest_python() -> None:
    here = sorted(name for name in vars(builtins) if is_exception(name))

    assert here == EXCEPTIONS if sys.version_info < (3, 12) else set(EXCEPTIONS) <= set(here)


def test_it_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("file", sorted((ROOT / "jobs").rglob("*.yaml")), ids=lambda file: file.stem)
def test_the_gallery_is_valid(file: Path) -> None:
    # PyYAML reads `50_000_000` and `10_000` as YAML 1.1 does, which for these files is the same.
    assert list(VALIDATOR.iter_errors(yaml.safe_load(file.read_text()))) == []


BEYOND = frozenset((FOLDER / "beyond_the_schema.txt").read_text().split())
"""What is wrong only by what it means: a name that is not there, a placeholder, a number that does not fit."""


def data_of(bad: BadFile) -> Any:
    """What an editor sees of a file; `...` if it is no YAML."""
    try:
        return as_json(read(bad.path.read_bytes(), str(bad.path)).value)
    except InvalidFile:
        return ...


def as_json(value: Any) -> Any:
    """With keys as JSON has them."""
    if isinstance(value, dict):
        return {key if isinstance(key, str) else json.dumps(key): as_json(item) for key, item in value.items()}
    return [as_json(item) for item in value] if isinstance(value, list) else value


@pytest.mark.parametrize("bad", [bad for bad in bad_files() if data_of(bad) is not ...], ids=str)
def test_what_is_wrong_by_its_form_is_wrong_by_the_schema(bad: BadFile) -> None:
    assert VALIDATOR.is_valid(data_of(bad)) == (bad.path.stem in BEYOND)


def test_what_is_beyond_the_schema_is_there() -> None:
    assert {bad.path.stem for bad in bad_files()} >= BEYOND


@pytest.mark.parametrize(
    ("step", "said"),
    [
        ({"put": 1, "into": "tasks", "timeot": 1}, "'timeot'"),
        ({"put": 1}, "'into' is a required property"),
        ({"repeat": -1, "do": ["hang"]}, "-1 is less than the minimum"),
        ({"with": "door", "do": [{"print": 1, "ende": ""}]}, "'ende'"),
        ("hnag", "'hnag' is not one of"),
    ],
)
def test_a_wrong_step_is_reported_against_its_own_vocabulary_only(step: object, said: str) -> None:
    (error,) = VALIDATOR.iter_errors({"jobs": [{"do": [step]}]})

    assert said in error.message
    assert "target" not in error.message


@pytest.mark.parametrize("step", ["exit", {"exit": None}, {"print": None}, {"get": "tasks", "as": "item"}])
def test_a_step_of_main_on_shared_things_is_valid(step: object) -> None:
    assert VALIDATOR.is_valid({"shared": {"tasks": "queue"}, "jobs": [{"target": "say"}], "main": [step]})


@pytest.mark.parametrize("step", ["print", "hang", {"spin": 1}, {"print": 1, "sleep": 1}])
def test_what_is_no_step_of_main_is_not_valid(step: object) -> None:
    assert not VALIDATOR.is_valid({"jobs": [{"target": "say"}], "main": [step]})


def test_a_wrong_key_is_reported_against_its_own_type_only() -> None:
    (error,) = VALIDATOR.iter_errors({"jobs": [{"type": "shared_counter", "wokers": 2}]})

    said = json.dumps([error.message, *(each.message for each in error.context or ())])
    assert "wokers" in said
    assert "target" not in said


def test_an_unknown_key_of_a_process_is_reported() -> None:
    (error,) = VALIDATOR.iter_errors({"jobs": [{"target": "say", "daemn": True}]})

    assert "daemn" in error.message
    assert "workers" not in error.message


def test_every_property_is_described() -> None:
    def undescribed(schema: object, path: str = "") -> list[str]:
        if isinstance(schema, list):
            return [found for item in schema for found in undescribed(item, path)]
        if not isinstance(schema, dict):
            return []
        properties = schema.get("properties", {})
        missing = [
            f"{path}/{name}"
            for name, one in properties.items()
            if isinstance(one, dict) and "description" not in one and set(one) - {"const", "enum"}
        ]
        return missing + [found for key, item in schema.items() for found in undescribed(item, f"{path}/{key}")]

    assert undescribed(SCHEMA) == []
