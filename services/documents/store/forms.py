"""Templates of print forms and how they look, in and out of the database."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from sqlalchemy import insert, select
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.ext.asyncio import AsyncConnection

from services.documents.domain.forms import SHIPPED_LOOK, Look, Version
from services.documents.store.form_tables import form_looks, form_versions


class Forms:
    """What a transaction reads and adds; nothing is ever changed or taken away."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def current(self, form: str, language: str) -> Version | None:
        """The newest version that somebody saved; ``None``: nobody has."""
        newest = (
            select(form_versions)
            .where(form_versions.c.form == form, form_versions.c.language == language)
            .order_by(form_versions.c.revision.desc())
            .limit(1)
        )
        return _version((await self._connection.execute(newest)).mappings().one_or_none())

    async def version(self, form: str, language: str, revision: int) -> Version | None:
        one = select(form_versions).where(
            form_versions.c.form == form,
            form_versions.c.language == language,
            form_versions.c.revision == revision,
        )
        return _version((await self._connection.execute(one)).mappings().one_or_none())

    async def newest_of_all(self) -> list[Version]:
        """The current version of every form and language that somebody has edited."""
        newest = (
            select(form_versions)
            .ext(distinct_on(form_versions.c.form, form_versions.c.language))
            .order_by(
                form_versions.c.form, form_versions.c.language, form_versions.c.revision.desc()
            )
        )
        return [Version(**row) for row in (await self._connection.execute(newest)).mappings()]

    async def versions(
        self, form: str, language: str, below: int | None, limit: int
    ) -> Sequence[Version]:
        """Newest first, of those with a revision under ``below``."""
        older = (
            select(form_versions)
            .where(form_versions.c.form == form, form_versions.c.language == language)
            .order_by(form_versions.c.revision.desc())
            .limit(limit)
        )
        if below is not None:
            older = older.where(form_versions.c.revision < below)
        return [Version(**row) for row in (await self._connection.execute(older)).mappings()]

    async def add(self, version: Version) -> None:
        await self._connection.execute(insert(form_versions), [asdict(version)])

    async def look(self) -> Look:
        newest = select(form_looks).order_by(form_looks.c.revision.desc()).limit(1)
        row = (await self._connection.execute(newest)).mappings().one_or_none()
        return Look(**row) if row else SHIPPED_LOOK

    async def add_look(self, look: Look) -> None:
        await self._connection.execute(insert(form_looks), [asdict(look)])


def _version(row: Any) -> Version | None:
    return Version(**row) if row else None
