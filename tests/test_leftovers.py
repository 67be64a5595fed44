"""A run's folder lives as long as its supervisor; what a dead one has left is swept."""

from __future__ import annotations

import contextlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from runner.system import run_folder
from runner.system.run_folder import SHARED_MEMORY, claim, memory_prefix, sweep

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def common(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The folder of all runs, in a temporary folder of the test's own, with a path that leaves room for sockets."""
    with tempfile.TemporaryDirectory(prefix="t-") as folder:
        monkeypatch.setenv("TMPDIR", folder)
        yield Path(folder) / f"run-jobs-{os.geteuid()}"


def died_with(code: str, *descriptors: int) -> None:
    """Claim a folder in a process that is then killed."""
    begin = "import os, signal; from runner.system.run_folder import claim; claimed = claim('dead')\n"
    end = "\nos.kill(os.getpid(), signal.SIGKILL)"
    subprocess.run([sys.executable, "-c", begin + code + end], check=False, pass_fds=descriptors)


@contextlib.contextmanager
def living(run: str) -> Iterator[None]:
    """Claim a folder in a process that lives meanwhile."""
    code = (
        f"from runner.system.run_folder import claim; claimed = claim({run!r}); "
        "print(flush=True); input(); claimed.release()"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.readline()
        yield
        process.communicate(b"\n")


def test_a_folder_is_private_and_goes_with_what_is_in_it(common: Path) -> None:
    claimed = claim("abc")

    assert claimed is not None
    assert claimed.path == str(common / "abc")
    assert [path.stat().st_mode & 0o777 for path in (common, common / "abc")] == [0o700, 0o700]
    (common / "abc" / "listener").touch()
    claimed.release()
    assert not common.exists()


def test_what_lives_is_not_swept(common: Path) -> None:
    with living("abc"):
        Path(SHARED_MEMORY, f"{memory_prefix('abc')}-0").touch()

        sweep()

        assert (common / "abc").is_dir()
        os.unlink(Path(SHARED_MEMORY, f"{memory_prefix('abc')}-0"))


def test_what_died_is_swept_with_its_shared_memory(common: Path) -> None:
    memory, semaphore = (Path(SHARED_MEMORY, f"{kind}{memory_prefix('dead')}-3") for kind in ("", "sem."))
    died_with(f"open('{memory}', 'w'); open('{semaphore}', 'w'); os.mkdir(claimed.path + '/more')")
    with living("living"):
        assert (common / "dead").is_dir()

        sweep()

        assert sorted(os.listdir(common)) == ["living", "living.lock"]
        assert not memory.exists()
        assert not semaphore.exists()


def test_what_died_is_swept_while_a_child_of_it_lives(common: Path) -> None:
    read, write = os.pipe()
    died_with(f"if os.fork() == 0:\n    os.close({write})\n    os.read({read}, 1)\n    os._exit(0)", read, write)

    sweep()

    assert not common.exists()
    os.close(read)
    os.close(write)  # which ends the child


def test_what_died_before_it_had_a_folder_is_swept(common: Path) -> None:
    common.mkdir(0o700)
    (common / "dead.lock").touch()

    sweep()

    assert not common.exists()


@pytest.mark.parametrize("mode", [0o777, 0o750])
def test_a_folder_that_others_can_come_into_is_not_used(mode: int, common: Path) -> None:
    common.mkdir()
    common.chmod(mode)
    (common / "dead").mkdir()
    (common / "dead.lock").touch()

    assert claim("abc") is None
    sweep()
    assert (common / "dead").is_dir()


def test_a_link_is_not_followed(common: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere"
    (elsewhere / "dead").mkdir(parents=True)
    (elsewhere / "dead.lock").touch()
    elsewhere.chmod(0o700)
    common.symlink_to(elsewhere)

    assert claim("abc") is None
    sweep()
    assert (elsewhere / "dead").is_dir()


def test_without_a_temporary_folder_there_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TMPDIR", str(tmp_path / "nowhere"))
    monkeypatch.setattr(run_folder, "TEMPORARY", ())

    assert claim("abc") is None
    sweep()


def test_of_two_that_have_the_same_number_one_has_the_folder(common: Path) -> None:
    first = claim("abc")
    assert first is not None

    assert claim("abc") is None
    first.release()
