"""Where the files of a test run lie."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

MEMORY = Path("/dev/shm")
ROOM_BYTES = 3 * 2**30
"""Three times what a run of two workers has at once: its databases, and whole stations' folders."""
TEMPORARY = "PYTEST_DEBUG_TEMPROOT"
"""Where pytest makes its folders."""


def keep_files_in_memory() -> None:
    """Lets temporary folders lie in memory where that has room, unless somebody has said where.

    A test's databases are copied files: on a disk that costs five times the processor's time, and
    the wait for the disk besides. That services sync what they must is not measured by losing it.
    """
    if TEMPORARY in os.environ or not MEMORY.is_dir():
        return
    if os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free >= ROOM_BYTES:
        os.environ[TEMPORARY] = str(MEMORY)


def files_lie_in() -> str:
    """The folder that was chosen, for whoever wonders how a run went so fast, or so slowly."""
    return os.environ.get(TEMPORARY) or tempfile.gettempdir()
