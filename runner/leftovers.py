"""What a run has in the temporary folder and in shared memory: claimed while it lives, swept when it has died.

Each run has a folder of its own, `<temporary folder>/run-jobs-<user>/<run>`, locked by its supervisor. A lock ends with
who has it, however that ends: a folder that can be locked is a dead run's, and its number leads to the shared memory.
"""

from __future__ import annotations

import contextlib
import os
import stat

SHARED_MEMORY = "/dev/shm"  # where Linux has it; elsewhere it cannot be listed
ATTEMPTS = 3
"""To make a folder while others sweep theirs, and with it the common one."""


def memory_prefix(run: str) -> str:
    """How the names of a run's shared memory and semaphores begin; a dash follows."""
    return f"run-jobs-{run}"


class Claim:
    """A run's own folder, as long as this process lives and keeps it."""

    def __init__(self, run: str, path: str, descriptor: int) -> None:
        self.run = run
        self.path = path
        self.descriptor = descriptor
        """The lock's, which forked children have to close."""

    def release(self) -> None:
        """Take the folder away, with what is in it."""
        _remove(self.path)
        os.close(self.descriptor)
        with contextlib.suppress(OSError):  # others are in it
            os.rmdir(os.path.dirname(self.path))


def claim(run: str) -> Claim | None:
    """A folder for this run; None where there can be none, as on a full disk."""
    common = _common_folder()
    path = os.path.join(common, run)
    for _ in range(ATTEMPTS):
        with contextlib.suppress(OSError):
            with contextlib.suppress(FileExistsError):
                os.mkdir(common, 0o700)
            _check(common)
            os.mkdir(path, 0o700)
            descriptor = _locked(path)
            if descriptor is not None:
                return Claim(run, path, descriptor)
    return None


def sweep() -> None:
    """Take away what runs of this user have left that have died without doing so themselves."""
    common = _common_folder()
    with contextlib.suppress(OSError):
        _check(common)
        for run in os.listdir(common):
            path = os.path.join(common, run)
            descriptor = _locked(path)
            if descriptor is not None:
                _unlink_memory_of(run)
                Claim(run, path, descriptor).release()


def _common_folder() -> str:
    """This user's folder for the folders of all runs."""
    return os.path.join(os.environ.get("TMPDIR") or "/tmp", f"run-jobs-{os.geteuid()}")


def _check(folder: str) -> None:
    """Raises `OSError` if a folder in the temporary one, where anybody may make one, is not ours alone."""
    found = os.lstat(folder)
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise PermissionError(f"{folder} is not ours alone")


def _locked(path: str) -> int | None:
    """A descriptor with a lock on a folder; None if another process has that, or the folder is gone."""
    import fcntl  # here: each library that the supervisor loads makes every fork dearer

    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.path.samestat(os.fstat(descriptor), os.lstat(path)):
            return descriptor
    except OSError:
        pass
    os.close(descriptor)
    return None


def _unlink_memory_of(run: str) -> None:
    with contextlib.suppress(OSError):
        for name in os.listdir(SHARED_MEMORY):
            if name.removeprefix("sem.").startswith(f"{memory_prefix(run)}-"):
                os.unlink(os.path.join(SHARED_MEMORY, name))


def _remove(folder: str) -> None:
    try:
        os.rmdir(folder)
    except OSError:  # multiprocessing's sockets are in it
        import shutil  # here: it imports all kinds of compression

        shutil.rmtree(folder, ignore_errors=True)
