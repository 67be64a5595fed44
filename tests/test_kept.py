"""Plans kept for the next run: found if nothing has changed, and otherwise as if there were none."""

from __future__ import annotations

import json
import os
import stat
import sys
from contextlib import contextmanager
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from runner.cli.plan_cache import MAX_BYTES, MAX_PLANS, PlanCache, plans_folder
from runner.model.plan import Join, Plan, ProcessPlan, Sleep, Start
from runner.model.shared_things import SharedLock

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

TEXT = b"jobs:\n- target: m:f\n"
PLAN = Plan("f", "fork", (ProcessPlan("p", "j", target="m:f"),), (Start(0), Join(0)), ())

plans = st.builds(
    Plan,
    file=st.text(max_size=5),
    start_method=st.sampled_from(["fork", "spawn", "forkserver"]),
    processes=st.lists(
        st.builds(ProcessPlan, st.text(max_size=5), st.text(max_size=5), target=st.none() | st.text(max_size=5)),
        max_size=2,
    ).map(tuple),
    steps=st.lists(st.builds(Start, st.integers(0, 9)) | st.builds(Sleep, st.floats(0, 9)), max_size=3).map(tuple),
    jobs=st.just(()),
    shared=st.lists(st.builds(SharedLock, st.text(max_size=5)), max_size=2).map(tuple),
)
made_with = st.fixed_dictionaries(
    {
        "text": st.binary(max_size=20),
        "file": st.text(max_size=8) | st.just("not\udcff utf-8.yaml"),
        "overrides": st.lists(st.text(max_size=5), max_size=2),
        "start_method": st.sampled_from([None, "fork", "spawn"]),
    }
)


def shelf(folder: Path | None, **said: Any) -> PlanCache:
    how: dict[str, Any] = {"text": TEXT, "file": "f", "overrides": [], "start_method": None} | said
    return PlanCache(**how, folder=None if folder is None else str(folder))


def kept_in(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where plans are kept: not there yet."""
    return tmp_path / "cache" / "plans"


@contextmanager
def loaded(name: str, file: Path | None) -> Iterator[None]:
    """A module of this name is loaded, from this file."""
    module = ModuleType(name)
    module.__file__ = None if file is None else str(file)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, name, module)
        yield


@given(plans, made_with, made_with)
def test_a_plan_is_found_by_what_it_was_made_of_and_by_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, plan: Plan, said: dict[str, Any], other: dict[str, Any]
) -> None:
    folder = tmp_path_factory.mktemp("plans")

    shelf(folder, **said).put(plan)

    assert shelf(folder, **said).find() == plan
    assert shelf(folder, **other).find() == (plan if other == said else None)


@pytest.mark.parametrize(
    "other",
    [
        {"text": TEXT + b"\n"},
        {"file": "g"},
        {"overrides": ["a=1"]},
        {"start_method": "fork"},
        {"file": "f", "overrides": ["[]"]},
    ],
)
def test_a_plan_is_not_found_where_one_thing_is_different(other: dict[str, Any], folder: Path) -> None:
    shelf(folder).put(PLAN)

    assert shelf(folder, **other).find() is None
    assert shelf(folder).find() == PLAN


def test_a_plan_is_not_found_from_another_folder_or_by_another_python(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shelf(folder).put(PLAN)

    with monkeypatch.context() as patch:
        patch.chdir(tmp_path)
        assert shelf(folder).find() is None
    with monkeypatch.context() as patch:
        patch.setattr(sys, "version", "4.0")
        assert shelf(folder).find() is None
    assert shelf(folder).find() == PLAN


@pytest.mark.parametrize("name", ["runner", "runner.made_up.checker", "pydantic.made_up", "pydantic_core.x", "yaml.x"])
def test_a_plan_is_not_found_after_a_module_that_made_it_has_changed(name: str, folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "checker.py"
    file.write_text("one")
    os.utime(file, ns=(0, 0))
    with loaded(name, file):
        shelf(folder).put(PLAN)
    assert shelf(folder).find() == PLAN

    os.utime(file, ns=(0, 1))
    assert shelf(folder).find() is None
    file.write_text("longer")
    os.utime(file, ns=(0, 0))
    assert shelf(folder).find() is None
    file.unlink()
    assert shelf(folder).find() is None


def test_other_modules_may_change(folder: Path, tmp_path: Path) -> None:
    file = tmp_path / "other.py"
    file.write_text("one")
    with loaded("runners.other", file), loaded("runner.without_a_file", None):
        shelf(folder).put(PLAN)

    file.unlink()

    assert shelf(folder).find() == PLAN


def test_a_plan_is_not_kept_when_a_module_that_made_it_has_gone(folder: Path, tmp_path: Path) -> None:
    with loaded("runner.made_up", tmp_path / "gone.py"):
        shelf(folder).put(PLAN)

    assert not folder.exists()


def test_the_last_plan_of_a_file_is_kept(folder: Path) -> None:
    other = Plan("f", "spawn", (), (), ())

    shelf(folder).put(PLAN)
    shelf(folder).put(other)

    assert shelf(folder).find() == other
    assert len(kept_in(folder)) == 1


def test_a_plan_that_cannot_be_written_leaves_nothing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "replace", full)

    shelf(folder).put(PLAN)

    assert kept_in(folder) == []


def test_only_this_user_can_read_what_is_kept(folder: Path) -> None:
    before = os.umask(0)
    try:
        shelf(folder).put(PLAN)
    finally:
        os.umask(before)

    (file,) = kept_in(folder)
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_plan_is_kept_whole_or_not_at_all(folder: Path) -> None:
    shelf(folder).put(PLAN)
    (file,) = kept_in(folder)
    half_written = file.with_name(f"{file.name}.{os.getpid()}")
    half_written.write_bytes(b"{")

    shelf(folder).put(Plan("f", "spawn", (), (), ()))

    assert shelf(folder).find() == PLAN
    assert half_written.read_bytes() == b"{"


@given(st.data())
def test_a_truncated_plan_is_as_if_there_were_none(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    folder = tmp_path_factory.mktemp("plans")
    shelf(folder).put(PLAN)
    (file,) = kept_in(folder)
    whole = file.read_bytes()

    file.write_bytes(whole[: data.draw(st.integers(0, len(whole) - 1))])

    assert shelf(folder).find() is None


def test_a_plan_nested_beyond_reading_is_as_if_there_were_none(folder: Path) -> None:
    shelf(folder).put(PLAN)
    (file,) = kept_in(folder)

    file.write_bytes(b"[" * 200_000)

    assert shelf(folder).find() is None


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


@given(json_values.map(json.dumps).map(str.encode) | st.binary(max_size=20))
def test_anything_else_in_its_place_is_as_if_there_were_none(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    folder = tmp_path_factory.mktemp("plans")
    shelf(folder).put(PLAN)
    (file,) = kept_in(folder)

    file.write_bytes(data)

    assert shelf(folder).find() is None


@pytest.mark.parametrize("part", ["key", "made_of", "plan"])
@pytest.mark.parametrize("value", [None, 5, "a", [5], [[]], [["/", 0, 0]], [["\0", 0, 0]], [[None, 0, 0]], {"a": 1}])
def test_a_plan_with_a_broken_part_is_as_if_there_were_none(part: str, value: object, folder: Path) -> None:
    shelf(folder).put(PLAN)
    (file,) = kept_in(folder)

    file.write_text(json.dumps(json.loads(file.read_bytes()) | {part: value}))

    assert shelf(folder).find() is None


@pytest.mark.parametrize("field", ["processes", "steps", "jobs", "file", "shared"])
def test_a_plan_without_a_field_is_as_if_there_were_none(field: str, folder: Path) -> None:
    shelf(folder).put(PLAN)
    (file,) = kept_in(folder)
    data = json.loads(file.read_bytes())

    del data["plan"][field]
    file.write_text(json.dumps(data))

    assert shelf(folder).find() is None


@pytest.mark.parametrize("there", [0, 60, MAX_PLANS - 1, MAX_PLANS, MAX_PLANS + 20])
def test_what_was_kept_longest_ago_goes_so_that_at_most_so_many_remain(there: int, folder: Path) -> None:
    folder.mkdir(parents=True)
    for number in range(there):
        (folder / f"{number:03}.json").write_bytes(b"")
        os.utime(folder / f"{number:03}.json", (number, number))

    shelf(folder).put(PLAN)

    kept = [path.name for path in kept_in(folder)]
    newest = [f"{number:03}.json" for number in range(there)][-(MAX_PLANS - 1) :]
    assert len(kept) == min(there + 1, MAX_PLANS)
    assert set(newest) < set(kept)
    assert shelf(folder).find() == PLAN


def test_what_else_stands_there_stays(folder: Path) -> None:
    other = folder / "somebody"
    other.mkdir(parents=True)
    os.utime(other, (0, 0))
    for number in range(MAX_PLANS):
        (folder / f"{number:03}.json").write_bytes(b"")

    shelf(folder).put(PLAN)

    assert shelf(folder).find() == PLAN
    assert other.is_dir()


def test_where_the_current_folder_is_gone_there_is_a_place_still(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()

    assert shelf(folder).find() is None


def test_where_no_folder_can_be_made_nothing_is_kept_and_nothing_raised(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    nowhere = tmp_path / "file" / "plans"

    shelf(nowhere).put(PLAN)

    assert shelf(nowhere).find() is None


@pytest.mark.parametrize(
    ("keeps", "size"), [(True, MAX_BYTES), (False, MAX_BYTES + 1)], ids=["as large as may be", "too large"]
)
def test_of_a_large_file_no_plan_is_kept(keeps: bool, size: int, folder: Path) -> None:
    large = shelf(folder, text=b"#" * size)

    large.put(PLAN)

    assert large.find() == (PLAN if keeps else None)
    assert folder.exists() == keeps


def test_without_a_folder_nothing_is_kept() -> None:
    shelf(None).put(PLAN)

    assert shelf(None).find() is None


@pytest.mark.parametrize(
    ("variables", "place"),
    [
        ({"XDG_CACHE_HOME": "/var/cache"}, "/var/cache/run-jobs/plans"),
        ({"XDG_CACHE_HOME": "", "HOME": "/home/me"}, "/home/me/.cache/run-jobs/plans"),
        ({"HOME": "/home/me"}, "/home/me/.cache/run-jobs/plans"),
        ({"XDG_CACHE_HOME": "relative"}, None),
        ({"HOME": "relative"}, None),
    ],
)
def test_plans_are_kept_where_a_user_keeps_such_things(
    variables: dict[str, str], place: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)

    assert plans_folder() == place
