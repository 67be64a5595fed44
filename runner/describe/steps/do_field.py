"""The pydantic type of the field `do:`, which reads steps as plain data."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import AfterValidator, ValidationInfo, WithJsonSchema

from runner.describe.fields.types import environ_of, things_of
from runner.describe.fields.validation_errors import faults
from runner.describe.steps.reader import Scope, StepReader

TYPE_CHECKING = False
if TYPE_CHECKING:
    from runner.model.json_types import StepData


def _steps(value: object, info: ValidationInfo) -> list[StepData]:
    reader = StepReader(Scope(things_of(info), environ_of(info)))
    steps = reader.read(value, ())
    if reader.faults:
        raise faults(reader.faults)
    return steps


DoSteps: TypeAlias = Annotated[object, AfterValidator(_steps), WithJsonSchema({"$ref": "#/$defs/do"})]
"""Steps of a process, read as plain data."""
