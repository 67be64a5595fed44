"""`run-jobs try`: apply an edit that the file suggests, run both versions and compare the results."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from runner.cli import files, run, streams
from runner.cli.check import check_edits
from runner.cli.streams import fail, width_of
from runner.cli.usage import USAGE_ERROR
from runner.model.masking import without_secrets
from runner.model.wrapping import wrapped

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator

    from runner.describe.plan.edits import Edit
    from runner.describe.plan.old_values import FieldValues
    from runner.link.launch import Launched

MIN_WIDTH = 20
MARGIN = 5
"""Columns before each line of a change."""


def act(options: argparse.Namespace, launched: Launched | None) -> int:
    """List the edits, or make one and compare; return the exit status of the edited run."""
    from runner.describe.plan.edits import edits_of
    from runner.describe.plan.old_values import FieldValues
    from runner.model.errors import InvalidFile

    try:
        text = files.read(options)
        files.described(options, text)
        edits = edits_of(text, options.file)
        if options.edit is not None:
            check_edits(options, text, options.edit)
    except InvalidFile as invalid:
        return files.show_problems(options, invalid)
    if not edits:
        return fail(f"{options.file} lists no edits under `try:`", USAGE_ERROR)
    if options.json:
        return fail("--json: `try` runs twice, and compares, so there is no single object to print", USAGE_ERROR)
    if options.edit is None:
        return _list(options.file, edits, FieldValues(text, options.set))
    if not 1 <= options.edit <= len(edits):
        return fail(f"there is no edit {options.edit}: {options.file} lists {len(edits)}", USAGE_ERROR)
    return _try(options, launched, edits[options.edit - 1], FieldValues(text, options.set))


def _list(file: str, edits: list[Edit], fields: FieldValues) -> int:
    for number, edit in enumerate(edits, 1):
        print(*wrapped(f"{number}. {edit.title}", width_of(sys.stdout), indent="   "), sep="\n")
        for line in _changes(edit, fields):
            print(f"     {line}")
    command, does = f"run-jobs try {file} 1", "makes the first one in a copy, runs both, and compares"
    said, width = [f"{command}   {does}"], width_of(sys.stderr)
    if width is not None and len(said[0]) > width:
        said = [*wrapped(command, width, indent="  "), *(f"  {line}" for line in wrapped(does, width - 2))]
    print("", *said, sep="\n", file=sys.stderr)
    return 0


def _changes(edit: Edit, fields: FieldValues) -> Iterator[str]:
    """Return what an edit changes: the path, the file's value, and the new one; long values on lines of their own."""
    from runner.report.terminal.difference_words import parts_that_differ

    width = max(MIN_WIDTH, streams.width_of_terminal() - MARGIN)
    for override in edit.overrides:
        path = override.partition("=")[0]
        if path == "title" or path.startswith("expect"):
            continue
        before, after = fields.of(path) or "not set", without_secrets(override).partition("=")[2]
        line = f"{path}: {before} → {after}"
        if len(line) <= width:
            yield line
            continue
        old, new = parts_that_differ(before, after, 2 * (width - len("  from ")))
        yield f"{path}:"
        for head, value in (("  from", old), ("  to  ", new)):
            yield from wrapped(f"{head} {value}", width, indent=" " * 7)


def _try(options: argparse.Namespace, launched: Launched | None, edit: Edit, fields: FieldValues) -> int:
    print("As it is:", file=sys.stderr)
    before = run.run(options, launched)
    if before.run is None or before.was_stopped:
        return before.status
    given = list(options.set)
    options.set = [*given, *edit.overrides]
    head = wrapped(f"With the edit: {edit.title}", width_of(sys.stderr))
    print("", "\n  ".join([*head, *_changes(edit, fields)]), sep="\n", file=sys.stderr)
    after = run.run(options)
    if after.run is None or after.was_stopped:
        return after.status
    from runner.cli.history import show_comparison

    print(file=sys.stderr)
    sys.stdout.flush()
    show_comparison(before.run, after.run)
    return after.status
