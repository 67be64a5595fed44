"""Runs that are kept: found again as they were, bounded, private; and nothing about them disturbs a run."""

from __future__ import annotations

import json
import os
import sqlite3
import stat
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from runner.history import History, Keeping, KeptRun, NoSuchRun, UnusableHistory, database, history_folder, line_of
from runner.history.bounds import Bounds
from runner.history.database import BROKEN, NAME, VERSION, BrokenHistory
from runner.history.rows import from_row, to_row
from runner.model.records import replace
from tests.effort import share_of

if TYPE_CHECKING:
    from pathlib import Path

    from runner.model.json_types import Json

SOMEBODY_ELSE = 12345
RUN = KeptRun(
    run="00000001",
    file="/jobs/a.yaml",
    title="A title",
    text="jobs: []\n",
    overrides=("a.b=1",),
    start_method="fork",
    began="2026-01-02T03:04:05.000006Z",
    duration=1.5,
    outcome="succeeded",
    exit_status=0,
    events=({"event": "run.started", "t": 0.0}, {"event": "process.created", "t": 0.0, "process": "p"}),
    output=((0.5, "p", "stdout", "hello", (0.25,)),),
    python="3.11.7",
    version="0.1.0",
)

words = st.text(max_size=6) | st.just("not\udcff utf-8")
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | words,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(words, inner, max_size=2),
    max_leaves=4,
)
kinds = st.sampled_from(["run.started", "process.created", "process.joined", "shared.acquired", "run.finished"])
events = st.builds(lambda kind, fields: {**fields, "event": kind}, kinds, st.dictionaries(words, values, max_size=2))
moments = st.lists(st.none() | st.floats(0, 9), max_size=3)
pieces = st.lists(words.map(lambda text: text.replace("\n", " ")), min_size=1, max_size=3).flatmap(
    lambda lines: st.tuples(
        st.floats(0, 9),
        words,
        st.just("stdout"),
        st.just("\n".join(lines)),
        moments.map(lambda each: tuple(each[: len(lines)])),
    )
)
runs = st.builds(
    KeptRun,
    run=st.text("0123456789abcdef", min_size=8, max_size=8),
    file=words,
    title=st.none() | words,
    text=words,
    overrides=st.lists(words, max_size=2).map(tuple),
    start_method=st.sampled_from(["fork", "spawn"]),
    began=st.just(RUN.began),
    duration=st.floats(0, 1e6),
    outcome=st.sampled_from(["succeeded", "failed"]),
    exit_status=st.integers(0, 255),
    events=st.lists(events, max_size=4).map(tuple),
    output=st.lists(pieces, max_size=3).map(tuple),
    python=st.just("3.11.7"),
    version=st.just("0.1.0"),
    events_cut=st.integers(0, 5),
    output_cut=st.integers(0, 5),
)


def run(number: int, **changes: Any) -> KeptRun:
    return replace(RUN, run=f"{number:08x}", **changes)


def event(kind: str, **fields: Json) -> dict[str, Json]:
    return {"event": kind, **fields}


def numbers(history: History, **chosen: Any) -> list[int]:
    return [int(line.run, 16) for line in history.runs(**chosen)]


def filled(folder: Path, *kept: KeptRun) -> History:
    history = History(str(folder))
    for each in kept:
        assert history.keep(each) == Keeping(True)
    return history


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the history is: not there yet."""
    return tmp_path / "state" / "run-jobs"


@pytest.fixture
def history(folder: Path) -> History:
    return History(str(folder))


# What is kept


@settings(max_examples=share_of(50))
@given(runs)
def test_a_run_is_found_as_it_was_kept(tmp_path_factory: pytest.TempPathFactory, kept: KeptRun) -> None:
    history = filled(tmp_path_factory.mktemp("state"), kept)

    assert history.find("last") == kept
    assert history.runs(kept.file) == [line_of(kept)]


def test_a_line_counts_the_processes_that_were_created() -> None:
    line = line_of(run(1, events=(event("process.created"), event("process.exited"), event("process.created"))))

    assert line.processes == 2


@pytest.mark.parametrize(
    ("title", "overrides", "edit"),
    [
        ("A title", (), None),
        ("An edit", ('title="An edit"', "jobs.a.replicas=2"), "An edit"),
        ("A title", ("jobs.a.replicas=2", "expect.deadlock=true", "x=1"), "jobs.a.replicas=2; x=1"),
        ("A title", ("expect.deadlock=true",), "expect.deadlock=true"),
        (None, ("title=null", "jobs.a.env.API_KEY=abc"), "title=null; jobs.a.env.API_KEY=***"),
    ],
)
def test_a_line_says_what_was_changed_of_the_file(
    title: str | None, overrides: tuple[str, ...], edit: str | None
) -> None:
    assert line_of(run(1, title=title, overrides=overrides)).edit == edit


def test_runs_are_listed_newest_first_and_up_to_a_limit(folder: Path) -> None:
    history = filled(folder, *map(run, (3, 1, 2)))

    assert numbers(history) == [2, 1, 3]
    assert numbers(history, limit=2) == [2, 1]


def test_runs_of_one_file_are_listed_alone(folder: Path) -> None:
    history = filled(folder, run(1, file="/a"), run(2, file="/b"), run(3, file="-"))

    assert numbers(history, file="/b") == [2]
    assert numbers(history, file="/c") == []


def test_a_run_that_is_kept_again_takes_the_place_of_the_first(folder: Path) -> None:
    history = filled(folder, run(1), run(2), run(1, outcome="failed"))

    assert numbers(history) == [1, 2]
    assert history.find("last").outcome == "failed"


def test_what_processes_wrote_is_no_event_of_a_kept_run(folder: Path) -> None:
    told = (event("process.wrote", text="x"), event("main.ended"))

    kept = filled(folder, run(1, events=told)).find("last")

    assert (kept.events, kept.events_cut) == (told[1:], 0)


# Which run is meant


def test_a_run_is_found_by_how_its_number_begins(folder: Path) -> None:
    history = filled(folder, run(0xAB000000), run(0xAC000000))

    assert history.find("ab").run == "ab000000"
    assert history.find("AC000000").run == "ac000000"


def test_a_run_is_found_by_how_many_were_kept_after_it(folder: Path) -> None:
    history = filled(folder, run(1), run(2), run(3))

    assert [history.find(which).run[-1] for which in ("last", "last~0", "last~1", "last~2")] == ["3", "3", "2", "1"]


ADVICE = "give its beginning, such as `a2000000`, or `last`, or `last~1`"


@pytest.mark.parametrize(
    ("which", "message"),
    [
        ("a", "`a` is the beginning of the numbers of 2 runs: a2000000 and a1000000"),
        ("b", f"no stored run has a number that begins with `b`: {ADVICE}"),
        ("last~2", "`last~2`: only 2 runs are stored"),
        ("x", f"`x` is not the number of a run: {ADVICE}"),
        ("", f"`` is not the number of a run: {ADVICE}"),
        ("a_", f"`a_` is not the number of a run: {ADVICE}"),
    ],
)
def test_who_means_no_run_or_several_is_told_which_there_are(folder: Path, which: str, message: str) -> None:
    history = filled(folder, run(0xA1000000), run(0xA2000000))

    with pytest.raises(NoSuchRun) as refused:
        history.find(which)
    assert str(refused.value) == message


def test_of_many_runs_that_may_be_meant_only_some_are_named(folder: Path) -> None:
    history = filled(folder, *map(run, range(10)))

    with pytest.raises(NoSuchRun, match=r"numbers of 10 runs: 00000009, .*, 00000002 and 2 more"):
        history.find("0")


@pytest.mark.parametrize(("kept", "message"), [(0, "no run is stored yet"), (1, "only one run is stored")])
def test_how_few_runs_are_kept_is_said(folder: Path, kept: int, message: str) -> None:
    history = filled(folder, *map(run, range(kept)))

    with pytest.raises(NoSuchRun, match=message):
        history.find("last~1")


def test_without_any_run_no_number_is_advised(history: History) -> None:
    with pytest.raises(NoSuchRun, match="begins with `a`: no run is stored yet"):
        history.find("a")


def test_the_last_two_runs_of_a_file_are_the_older_and_the_newer(folder: Path) -> None:
    history = filled(folder, run(1), run(2), run(3), run(4, file="/other"))

    before, after = history.last_two(RUN.file)

    assert (before, after) == (run(2), run(3))


@pytest.mark.parametrize(("kept", "message"), [(0, "no run of /jobs/a.yaml"), (1, "only one run of /jobs/a.yaml")])
def test_there_are_no_last_two_of_less_than_two_runs(folder: Path, kept: int, message: str) -> None:
    history = filled(folder, run(9, file="/other"), *map(run, range(kept)))

    with pytest.raises(NoSuchRun, match=message):
        history.last_two(RUN.file)


def test_a_run_that_was_forgotten_meanwhile_is_said_to_be(folder: Path) -> None:
    history = filled(folder, run(1))

    with pytest.raises(NoSuchRun, match="the run 00000002 has just been deleted"):
        history._read("00000002")


# Bounds


def test_the_oldest_runs_are_forgotten_first(folder: Path) -> None:
    history = History(str(folder), Bounds(runs=3))

    for number in range(5):
        history.keep(run(number))

    assert numbers(history) == [4, 3, 2]


def test_the_file_keeps_to_its_bound_and_the_newest_runs_are_in_it(folder: Path) -> None:
    most = 1 << 20
    history = History(str(folder), Bounds(bytes=most))

    for number in range(40):
        history.keep(run(number, text=os.urandom(50_000).hex()))
        assert (folder / NAME).stat().st_size <= most

    kept = numbers(history)
    assert len(kept) > 5
    assert kept == list(range(39, 39 - len(kept), -1))


def test_a_run_that_is_too_large_is_not_kept_and_drives_no_other_out(folder: Path) -> None:
    history = History(str(folder), Bounds(bytes=1 << 18))
    history.keep(run(1))

    said = history.keep(run(2, text=os.urandom(1 << 18).hex()))

    assert not said.is_kept
    assert str(said.remark).startswith("the run is too large to be kept: ")
    assert numbers(history) == [1]


def test_of_too_many_events_those_of_shared_things_go_first_and_the_ends_last() -> None:
    told = (
        event("run.started"),
        event("shared.acquired", n=1),
        event("process.joined", n=1),
        event("shared.acquired", n=2),
        event("process.joined", n=2),
        event("run.finished"),
    )

    def left(most: int) -> list[str]:
        cut = Bounds(events=most).cut(run(1, events=told))
        assert cut.events_cut == len(told) - len(cut.events)
        return [f"{each['event']}{each.get('n', '')}" for each in cut.events]

    assert left(5) == ["run.started", "shared.acquired1", "process.joined1", "process.joined2", "run.finished"]
    assert left(3) == ["run.started", "process.joined1", "run.finished"]
    assert left(2) == ["run.started", "run.finished"]


def test_events_keep_to_so_many_bytes() -> None:
    told = tuple(event("main.ended", text="x" * 100) for _ in range(10))

    cut = Bounds(bytes_of_events=500).cut(run(1, events=told))

    assert (len(cut.events), cut.events_cut) == (3, 7)


def test_of_too_much_output_the_latest_lines_are_kept() -> None:
    pieces = tuple((float(number), "p", "stdout", "x" * 96, ()) for number in range(10))

    cut = Bounds(bytes_of_output=500).cut(run(1, output=pieces, output_cut=2))

    assert (cut.output, cut.output_cut) == (pieces[-4:], 8)


def test_of_a_piece_of_output_that_is_too_long_the_latest_lines_are_kept() -> None:
    piece = (1.0, "p", "stdout", "\n".join(f"line {number}" for number in range(10)), (None, *map(float, range(9))))

    cut = Bounds(bytes_of_output=120).cut(run(1, output=(piece, (2.0, "p", "stderr", "end", ())), output_cut=1))

    assert cut.lines == [
        (1.0, "p", "stdout", "line 8", 7.0),
        (1.0, "p", "stdout", "line 9", 8.0),
        (2.0, "p", "stderr", "end", None),
    ]
    assert cut.output_cut == 1 + 8


def test_a_line_that_is_kept_has_room_with_its_own_moment() -> None:
    piece = (1.0, "p", "stdout", "long line\nx", (None, 1.625))

    kept = Bounds(bytes_of_output=len('[1.0, "p", "stdout", "x", [1.625]]') + 1).cut(run(1, output=(piece,)))
    none = Bounds(bytes_of_output=len('[1.0, "p", "stdout", "x", [1.625]]')).cut(run(1, output=(piece,)))

    assert (kept.lines, none.lines) == ([(1.0, "p", "stdout", "x", 1.625)], [])


@given(runs, st.integers(0, 300))
def test_what_is_kept_of_the_output_is_its_end_and_the_rest_is_counted(kept: KeptRun, most: int) -> None:
    cut = Bounds(bytes_of_output=most).cut(kept)

    count = len(cut.lines)
    assert cut.lines == kept.lines[len(kept.lines) - count :]
    assert cut.output_cut == kept.output_cut + len(kept.lines) - count
    assert sum(len(json.dumps(piece)) + 1 for piece in cut.output) <= most


@given(runs, st.integers(0, 5), st.integers(0, 200), st.integers(0, 200))
def test_what_was_cut_once_is_not_cut_again(kept: KeptRun, most: int, of_events: int, of_output: int) -> None:
    bounds = Bounds(events=most, bytes_of_events=of_events, bytes_of_output=of_output)

    once = bounds.cut(kept)

    assert bounds.cut(once) == once


# Where it is, and whose


def test_the_history_is_in_the_folder_for_states(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "/somewhere/state")
    assert history_folder() == "/somewhere/state/run-jobs"

    monkeypatch.setenv("XDG_STATE_HOME", "")
    monkeypatch.setenv("HOME", "/home/me")
    assert history_folder() == "/home/me/.local/state/run-jobs"


def test_without_an_absolute_place_nothing_is_kept_nor_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", "relative")
    history = History(history_folder())

    assert history.keep(RUN) == Keeping(False, "there is no folder to store runs in")
    assert history.runs() == []
    with pytest.raises(NoSuchRun):
        history.find("last")


def test_folder_and_file_are_private_whatever_they_were(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / NAME).touch()
    folder.chmod(0o777)
    (folder / NAME).chmod(0o666)

    filled(folder, RUN)

    assert (stat.S_IMODE(folder.stat().st_mode), stat.S_IMODE((folder / NAME).stat().st_mode)) == (0o700, 0o600)
    assert os.listdir(folder) == [NAME]


def test_looking_for_runs_makes_no_folder(history: History, folder: Path) -> None:
    assert history.runs() == []
    assert not folder.exists()


def test_a_file_without_tables_has_no_runs(history: History, folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / NAME).touch()

    assert history.runs() == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
@pytest.mark.parametrize("theirs", [".", NAME])
def test_a_history_of_somebody_elses_is_not_used(history: History, folder: Path, theirs: str) -> None:
    filled(folder, RUN)
    os.chown(folder / theirs, SOMEBODY_ELSE, SOMEBODY_ELSE)
    before = (folder / NAME).read_bytes()

    said = history.keep(run(2))

    assert said == Keeping(False, f"{os.path.normpath(folder / theirs)} belongs to another user")
    assert (folder / NAME).read_bytes() == before
    with pytest.raises(UnusableHistory, match="belongs to another user"):
        history.runs()


def test_a_link_is_not_followed(history: History, folder: Path, tmp_path: Path) -> None:
    folder.mkdir(parents=True)
    (tmp_path / "other").touch()
    (folder / NAME).symlink_to(tmp_path / "other")

    assert history.keep(RUN) == Keeping(False, f"{folder / NAME} is not a file")
    assert (tmp_path / "other").read_bytes() == b""


def test_a_folder_that_cannot_be_made_is_a_reason_not_to_keep(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    folder = tmp_path / "file" / "run-jobs"

    assert History(str(folder)).keep(RUN) == Keeping(False, f"{folder / NAME}: not a directory")


# What may be wrong with it


@pytest.mark.parametrize("what", [b"no database at all", b"SQLite format 3\x00" + b"\xff" * 5000])
def test_a_broken_history_is_put_aside_once_and_begins_anew(history: History, folder: Path, what: bytes) -> None:
    folder.mkdir(parents=True)
    (folder / NAME).write_bytes(what)

    first, second = history.keep(run(1)), history.keep(run(2))

    told = f"the history of runs was broken: it was renamed to {folder / BROKEN}, and a new one begins"
    assert (first, second) == (Keeping(True, told), Keeping(True))
    assert (folder / BROKEN).read_bytes() == what
    assert numbers(history) == [2, 1]


def test_who_reads_a_broken_history_is_told_once(history: History, folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / NAME).write_bytes(b"no database at all")

    with pytest.raises(BrokenHistory, match="a new one begins"):
        history.runs()
    assert history.runs() == []


def test_a_history_with_other_tables_is_broken(history: History, folder: Path) -> None:
    folder.mkdir(parents=True)
    with closing(sqlite3.connect(folder / NAME)) as connection:
        connection.execute("CREATE TABLE runs (other)")

    assert history.keep(RUN).is_kept
    assert (folder / BROKEN).exists()


def test_the_journal_of_a_broken_history_goes_with_it(folder: Path) -> None:
    filled(folder, RUN)
    (folder / f"{NAME}-journal").write_bytes(b"half a transaction")
    found = (folder / NAME).stat()

    database._put_aside(str(folder / NAME), (found.st_dev, found.st_ino))

    assert sorted(os.listdir(folder)) == [BROKEN, f"{BROKEN}-journal"]


def test_a_broken_history_that_begins_anew_can_still_refuse_a_run(folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / NAME).write_bytes(b"no database at all")

    said = History(str(folder), Bounds(bytes=1)).keep(RUN)

    assert not said.is_kept
    assert "and a new one begins; the run is too large" in str(said.remark)


def test_a_history_that_somebody_has_just_put_aside_is_not_put_aside_again(folder: Path) -> None:
    filled(folder, RUN)
    before = (folder / NAME).read_bytes()
    of_another_file = (0, 0)

    database._put_aside(str(folder / NAME), of_another_file)

    assert (folder / NAME).read_bytes() == before
    assert os.listdir(folder) == [NAME]


def test_a_newer_history_is_left_alone(history: History, folder: Path) -> None:
    filled(folder, RUN)
    with closing(sqlite3.connect(folder / NAME)) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    before = (folder / NAME).read_bytes()

    said = history.keep(run(2))

    assert not said.is_kept
    assert "a newer run-jobs has written the history" in str(said.remark)
    assert (folder / NAME).read_bytes() == before
    with pytest.raises(UnusableHistory, match="newer"):
        history.runs()


def test_a_run_that_cannot_be_read_any_more_is_said_to_be_so_and_the_others_can(history: History, folder: Path) -> None:
    filled(folder, run(1), run(2))
    with closing(sqlite3.connect(folder / NAME, isolation_level=None)) as connection:
        connection.execute("UPDATE runs SET events = x'00' WHERE run = '00000002'")

    with pytest.raises(UnusableHistory, match="the run 00000002 cannot be read any more"):
        history.find("last")
    assert history.find("last~1") == run(1)


def test_a_history_that_is_locked_for_too_long_is_a_reason_not_to_keep(history: History, folder: Path) -> None:
    filled(folder, run(1))
    with closing(sqlite3.connect(folder / NAME, isolation_level=None)) as connection:
        connection.execute("BEGIN EXCLUSIVE")

        said = history.keep(run(2))

    assert said == Keeping(False, f"{folder / NAME}: database is locked")
    assert numbers(history) == [1]


def test_commands_that_end_at_the_same_time_keep_their_runs(history: History) -> None:
    with ThreadPoolExecutor(8) as pool:
        said = list(pool.map(history.keep, map(run, range(24))))

    assert set(said) == {Keeping(True)}
    assert sorted(numbers(history, limit=99)) == list(range(24))


def test_a_run_that_an_earlier_version_kept_line_by_line_is_read() -> None:
    lines = ((0.5, "p", "stdout", "old"), (0.5, "p", "stdout", "later", None), (0.5, "p", "stdout", "late", 0.25))
    before = replace(RUN, output=lines)  # type: ignore[arg-type]  # as it was

    assert from_row(to_row(before)).lines == [(*lines[0], None), *lines[1:]]


def test_a_row_with_something_else_than_bytes_where_bytes_are_stored_is_refused() -> None:
    with pytest.raises(TypeError, match="expected bytes, found 7"):
        from_row(to_row(RUN) | {"text": 7})
