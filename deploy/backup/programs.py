"""PostgreSQL's own programs for backups, run to their end."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import parse_qs, unquote, urlsplit

from deploy.local.postgres import environment, program
from deploy.local.processes import CannotStart, Child

_DONE = re.compile(rb"(\d+)/(\d+) kB")


async def run(name: str, *arguments: str, url: str | None = None, told: Told | None = None) -> None:
    """One program. ``url``: of the server it talks to, which it is not told on its command line,
    where everybody could read the password. Raises ``CannotStart`` with its last word."""
    said: list[bytes] = []

    def hear(line: bytes) -> None:
        if told and (match := _DONE.search(line)):
            told(int(match[1]), int(match[2]))
        elif line.strip():
            said.append(line.strip())
            del said[:-20]

    child = await Child.start(
        name,
        [str(program(name)), *arguments],
        hear,
        env={**environment(), **(libpq(url) if url else {})},
    )
    try:
        code = await child.wait()
    except BaseException:
        await child.kill()
        raise
    if code != 0:
        why = said[-1].decode(errors="replace") if said else f"exit code {code}"
        raise CannotStart(f"{name}: {why}")


type Told = Callable[[int, int], None]
"""How many kilobytes are done, of how many."""


def libpq(url: str) -> Mapping[str, str]:
    """A URL as libpq's environment."""
    parts = urlsplit(url)
    host = parts.hostname or parse_qs(parts.query).get("host", [""])[0]
    return {
        "PGHOST": host,
        "PGPORT": str(parts.port or 5432),
        "PGUSER": unquote(parts.username or ""),
        "PGPASSWORD": unquote(parts.password or ""),
    }


async def verify(databases: Path) -> None:
    """Every byte that pg_basebackup wrote, against its own sums."""
    await run("pg_verifybackup", "--format=tar", "--no-parse-wal", "--quiet", str(databases))
