"""Where the tests look at processes and at shared memory: there also where runs do not see them (`as_on_macos`)."""

from __future__ import annotations

import os

PLACES = "RUN_JOBS_TESTS_SEE"
"""The variable with the folder in which both are, where a run has neither /proc nor a list of shared memory."""

PROC = f"{os.environ[PLACES]}/proc" if PLACES in os.environ else "/proc"
SHM = f"{os.environ[PLACES]}/shm" if PLACES in os.environ else "/dev/shm"
