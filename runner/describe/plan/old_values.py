"""Look up the values of a file's fields by `--set` path, to show the old value of an edited field."""

from __future__ import annotations

from typing import TYPE_CHECKING

from runner.describe.plan.edits import written
from runner.describe.plan.overrides import apply, find_value
from runner.describe.yaml.loading import read
from runner.model.errors import InvalidFile
from runner.model.masking import without_secrets

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runner.describe.yaml.scalars import Value


class FieldValues:
    """The fields of a file, after some `overrides`. A file that cannot be read has none."""

    def __init__(self, text: bytes, overrides: Sequence[str] = ()) -> None:
        try:
            self._root: Value = apply(read(text, "-"), overrides).value
        except InvalidFile:
            self._root = None

    def of(self, path: str) -> str | None:
        """Return the value at a path in one line of YAML, without secrets; None if it is not set."""
        value = find_value(self._root, path)
        if value is None:
            return None
        return without_secrets(f"{path}={written(value)}").partition("=")[2]
