"""`run-jobs schema`: print the JSON Schema of the file format, for editors."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    import argparse

    from runner.link.launch import Launched


def act(_: argparse.Namespace, __: Launched | None) -> int:
    """Print the JSON Schema."""
    import json

    from runner.describe.schema.file_schema import build_schema

    print(json.dumps(build_schema(), indent=2, ensure_ascii=False))
    return 0
