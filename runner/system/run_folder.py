"""A run's temporary folder and the names of its shared memory, removed by a later run if this run dies.

Each run has a folder of its own, `<temporary folder>/run-jobs-<user>/<run>`, and next to it a file that its supervisor
has locked. The lock ends with the supervisor, however that ends, and no child inherits it: a file that can be locked
belongs to a dead run, and its number leads to the folder and to the shared memory.
"""

from __future__ import annotations

import contextlib
import os
import stat

SHARED_MEMORY = "/dev/shm"  # on Linux; elsewhere shared memory cannot be listed
LOCK = ".lock"
"""The suffix of the file that a run's supervisor has locked."""
TEMPORARY = ("/tmp", "/var/tmp")
"""Used instead of a TMPDIR that cannot be written to, or whose path is too long."""
MAX_PATH = 103
"""The longest path of a socket in bytes: macOS allows four less than Linux."""
SOCKET = "/01234567/listener-01234567"
"""A run's folder and a name that multiprocessing gives a socket in it."""
ATTEMPTS = 3
"""The number of attempts to make a folder while other runs sweep theirs and remove the common folder."""


def memory_prefix(run: str) -> str:
    """Return the prefix of the names of a run's shared memory and semaphores; a dash follows it."""
    return f"run-jobs-{run}"


class Claim:
    """A run's own folder, which this process owns until it ends or releases it."""

    def __init__(self, run: str, path: str, descriptor: int) -> None:
        self.run = run
        self.path = path
        self.descriptor = descriptor
        """The descriptor of the lock, which forked children have to close. The lock is lost when this process closes
        any descriptor of the file."""

    def release(self) -> None:
        """Remove the folder with its contents, and then the lock."""
        _remove(self.path)
        with contextlib.suppress(FileNotFoundError):
            os.unlink(f"{self.path}{LOCK}")
        os.close(self.descriptor)
        with contextlib.suppress(OSError):  # other runs use it
            os.rmdir(os.path.dirname(self.path))


def claim(run: str) -> Claim | None:
    """Return a folder for this run; None if there can be none, as on a full disk."""
    common = _common_folder()
    path = os.path.join(common, run)
    for _ in range(ATTEMPTS):
        with contextlib.suppress(OSError):
            with contextlib.suppress(FileExistsError):
                os.mkdir(common, 0o700)
            _check(common)
            descriptor = _locked(f"{path}{LOCK}", os.O_CREAT | os.O_EXCL)
            if descriptor is not None:
                claimed = Claim(run, path, descriptor)
                try:
                    os.mkdir(path, 0o700)
                except OSError:
                    claimed.release()
                    raise
                return claimed
    return None


def sweep() -> None:
    """Remove what dead runs of this user have left behind."""
    common = _common_folder()
    with contextlib.suppress(OSError):
        _check(common)
        for name in os.listdir(common):
            path, lock = os.path.splitext(os.path.join(common, name))
            descriptor = _locked(path + lock) if lock == LOCK else None
            if descriptor is not None:
                run = os.path.basename(path)
                _unlink_memory_of(run)
                Claim(run, path, descriptor).release()
        os.rmdir(common)  # if no run uses it, as when a supervisor was killed before it had created its folder


def _common_folder() -> str:
    """Return this user's folder for the folders of all runs: in the first usable temporary folder."""
    name = f"run-jobs-{os.geteuid()}"
    folders = [os.path.join(folder, name) for folder in (os.environ.get("TMPDIR"), *TEMPORARY) if folder]
    return next((folder for folder in folders if _takes_sockets(os.path.dirname(folder), name)), folders[0])


def _takes_sockets(folder: str, name: str) -> bool:
    """Return whether this folder can be written to, and leaves room in its path for sockets."""
    return len(os.fsencode(f"{folder}/{name}{SOCKET}")) <= MAX_PATH and os.access(folder, os.W_OK | os.X_OK)


def _check(folder: str) -> None:
    """Raise `OSError` if a folder in the temporary folder, where any user may create one, does not belong to this user
    alone."""
    found = os.lstat(folder)
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid() or found.st_mode & 0o077:
        raise PermissionError(f"{folder} does not belong to this user alone")


def _locked(path: str, flags: int = 0) -> int | None:
    """Return a descriptor with a lock on a file; None if another process holds the lock, or the file is gone.

    A lock of this kind belongs to the process that took it. A lock of `flock` would belong to the open file, and a
    child that was forked a moment ago would keep it for some time after the supervisor's death.
    """
    import fcntl  # here: each library that the supervisor loads makes every fork slower

    try:
        descriptor = os.open(path, os.O_RDWR | os.O_NOFOLLOW | os.O_CLOEXEC | flags, 0o600)
    except OSError:
        return None
    try:
        fcntl.lockf(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
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
        import shutil  # here: it imports all compression modules

        shutil.rmtree(folder, ignore_errors=True)
