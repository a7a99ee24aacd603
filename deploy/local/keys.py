"""The station's private keys: an NKEY for each of NATS's users, a file each that only we read.

nats-server is told the public half alone, so that nothing in its configuration opens anything. A
key that is lost is made anew at the next start: nothing else knows it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import nkeys

from deploy.local.files import write_private
from deploy.local.processes import CannotStart


def ensure_keys(folder: Path, users: Iterable[str]) -> dict[str, Path]:
    """The file of each user's key; those that are not there yet are made. Raises
    ``CannotStart``."""
    files = {user: folder / f"{user}.nk" for user in users}
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for file in files.values():
            if not file.exists():
                seed = nkeys.encode_seed(os.urandom(32), nkeys.PREFIX_BYTE_USER)
                write_private(file, seed.decode())
    except OSError as error:
        raise CannotStart(f"cannot write to {folder}: {error.strerror}") from error
    return files


def public_key(file: Path) -> str:
    """What nats-server knows a user by. Raises ``CannotStart``."""
    try:
        public: str = nkeys.from_seed(bytearray(file.read_bytes().strip())).public_key.decode()
        if not public.startswith("U"):
            raise ValueError("of an account, say")
    except (OSError, ValueError, nkeys.NkeysError) as error:
        raise CannotStart(f"{file} is no user's key: remove it, and one is made") from error
    return public
