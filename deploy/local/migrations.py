"""Whether a service's database needs its migrations run, found out without loading Alembic, and
running them."""

from __future__ import annotations

import re
from importlib.util import find_spec
from pathlib import Path

import asyncpg

from deploy.local.processes import CannotStart

_REVISION = re.compile(r"^revision(?::\s*str)?\s*=\s*[\"'](\w+)[\"']", re.MULTILINE)


def known_revisions(service: str) -> list[str]:
    """Of a service's migrations, oldest first: their files are numbered."""
    spec = find_spec("services")
    if spec is None or not spec.submodule_search_locations:
        raise CannotStart("the package services is not installed")
    folder = Path(spec.submodule_search_locations[0]) / service / "migrations" / "versions"
    found = [_REVISION.search(file.read_text()) for file in sorted(folder.glob("*.py"))]
    return [match[1] for match in found if match]


def migrate_database(service: str, url: str) -> None:
    """Brings one to its newest revision. ``url`` names the owning role. Raises ``CannotStart``
    with one line for a person."""
    from alembic.util import CommandError
    from sqlalchemy.exc import DBAPIError

    from shared.database import migrate

    try:
        migrate(service, url)
    except (DBAPIError, CommandError, OSError) as error:
        reason = str(getattr(error, "orig", None) or error).strip().splitlines()[0]
        raise CannotStart(f"{service}: {reason}") from error


async def needs_migration(service: str, url: str) -> bool:
    """Raises ``CannotStart`` when the database was used by a newer version than this one."""
    known = known_revisions(service)
    connection = await asyncpg.connect(url)
    try:
        current: str | None = await connection.fetchval("SELECT version_num FROM alembic_version")
    except asyncpg.UndefinedTableError:
        return True
    finally:
        await connection.close()
    if current is not None and current not in known:
        raise CannotStart(
            f"the database of {service} is at revision {current}, which this version of Pitlane "
            "does not know: install the newer one again"
        )
    return current is None or current != known[-1]
