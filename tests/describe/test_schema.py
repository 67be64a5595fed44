"""The JSON Schema: true to the models, and good in an editor."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from runner.describe.schema import build_schema

ROOT = Path(__file__).parents[2]
SCHEMA: dict[str, Any] = json.loads((ROOT / "schemas/run-jobs.schema.json").read_text())
VALIDATOR = jsonschema.Draft202012Validator(SCHEMA)


def test_the_file_is_what_the_models_give() -> None:
    assert json.loads(json.dumps(build_schema())) == SCHEMA


def test_it_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("file", sorted((ROOT / "jobs").rglob("*.yaml")), ids=lambda file: file.stem)
def test_the_gallery_is_valid(file: Path) -> None:
    # PyYAML reads `50_000_000` and `10_000` as YAML 1.1 does, which for these files is the same.
    assert list(VALIDATOR.iter_errors(yaml.safe_load(file.read_text()))) == []


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
