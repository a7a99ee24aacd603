"""The folder with what came of jobs: one file each, for nobody's eyes but the gateway's; and, while
a file is being written, a folder ``<its id>.…`` for what its writer lays aside.

A file is called by an id that nobody can guess, and stays what it is: it is written under the id
of a lease, and becomes a job's file with the statement that ends the job.
"""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any
from uuid import UUID

YOUNG_S = 120.0
"""A file that no job names yet may be about to be named."""


class Files:
    """Of one station; several gateways share it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, file_id: UUID) -> Path:
        return self.folder / str(file_id)

    def new(self, file_id: UUID) -> IO[Any]:
        """Written to and read by us alone."""
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor = os.open(
            self.path(file_id), os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600
        )
        return os.fdopen(descriptor, "w+b")

    def drop(self, file_id: UUID) -> None:
        self.path(file_id).unlink(missing_ok=True)

    def sweep(self, in_use: set[UUID]) -> int:
        """Removes what belongs to nothing; how many files and folders that were."""
        gone = 0
        for file_id, path in self._all():
            if file_id not in in_use and path.stat().st_mtime < time.time() - YOUNG_S:
                if path.is_dir():
                    shutil.rmtree(path, ignore_errors=True)
                else:
                    path.unlink(missing_ok=True)
                gone += 1
        return gone

    def _all(self) -> Iterator[tuple[UUID, Path]]:
        try:
            paths = list(self.folder.iterdir())
        except FileNotFoundError:
            return
        for path in paths:
            try:
                yield UUID(path.name.partition(".")[0]), path
            except ValueError:
                continue  # not ours
