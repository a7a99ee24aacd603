"""The signed links by which clients see and answer estimates.

A link is a row; its token is the row's id, signed with a secret of the station. Whoever has the
token may answer for the client, so it is stored nowhere and published nowhere: it can always be
made again from the row.
"""

from __future__ import annotations

import hmac
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import asdict
from datetime import datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

from itsdangerous import Signer
from sqlalchemy import func, select, update
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.orders.domain.estimate import Link
from services.orders.store.tables import estimate_links, station_secrets
from shared.refusals import Refused

PATH = "/e/"
_SECRET = "estimate-link"
_SECRET_BYTES = 32


async def ensure_secret(connection: AsyncConnection) -> None:
    """Made at the first start. Whoever changes it makes every link that was sent worthless."""
    statement = upsert(station_secrets).values(
        name=_SECRET, value=secrets.token_bytes(_SECRET_BYTES)
    )
    await connection.execute(statement.on_conflict_do_nothing())


class Links:
    """Rows of ``estimate_links``, read when they are asked for and written at the end."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection
        self._saved: dict[UUID, Link] = {}
        self.saves = 0
        self._signer: Signer | None = None

    async def of(self, order_id: UUID) -> Link | None:
        """The order's link that is not revoked; it may have expired."""
        for link in self._saved.values():
            if link.order_id == order_id and link.revoked_at is None:
                return link
        found = await self._read(
            estimate_links.c.order_id == order_id, estimate_links.c.revoked_at.is_(None)
        )
        return None if found is None else self._saved.get(found.id, found)

    async def behind(self, token: str, now: datetime) -> Link:
        """The link that the token was made of, if it works. Raises ``estimate_link_invalid``,
        whatever is wrong with it."""
        value, _, _ = token.partition(".")
        # Compared as a whole and in constant time: of one link there is exactly one token.
        if not hmac.compare_digest((await self._sign(value)).encode(), token.encode()):
            raise Refused("estimate_link_invalid")
        link_id = UUID(bytes=urlsafe_b64decode(f"{value}=="))
        link = self._saved.get(link_id) or await self._read(estimate_links.c.id == link_id)
        if link is None or not link.works(now):
            raise Refused("estimate_link_invalid")
        return link

    async def path(self, link: Link) -> str:
        """The link's address at the gateway."""
        return PATH + await self._sign(urlsafe_b64encode(link.id.bytes).decode().rstrip("="))

    def save(self, link: Link) -> None:
        self.saves += 1
        self._saved[link.id] = link

    async def replace_secret(self, now: datetime) -> int:
        """Another one; answers how many links worked by the last."""
        await self._connection.execute(
            update(station_secrets)
            .where(station_secrets.c.name == _SECRET)
            .values(value=secrets.token_bytes(_SECRET_BYTES))
        )
        self._signer = None
        working = await self._connection.execute(
            select(func.count())
            .select_from(estimate_links)
            .where(estimate_links.c.revoked_at.is_(None), estimate_links.c.expires_at > now)
        )
        return working.scalar_one()

    async def flush(self) -> None:
        if not self._saved:
            return
        statement = upsert(estimate_links)
        statement = statement.on_conflict_do_update(
            index_elements=["id"],
            set_={name: statement.excluded[name] for name in ("expires_at", "revoked_at")},
        )
        # Revoked ones first: an order has one link at a time, and the table holds it to that.
        rows = sorted(self._saved.values(), key=lambda link: link.revoked_at is None)
        for link in rows:
            await self._connection.execute(statement, asdict(link))

    async def _read(self, *conditions: Any) -> Link | None:
        found = await self._connection.execute(select(estimate_links).where(*conditions))
        row = found.one_or_none()
        return Link(**row._mapping) if row else None

    async def _sign(self, value: str) -> str:
        if self._signer is None:
            secret = await self._connection.execute(
                select(station_secrets.c.value).where(station_secrets.c.name == _SECRET)
            )
            self._signer = Signer(
                secret.scalar_one(), salt=_SECRET, key_derivation="hmac", digest_method=sha256
            )
        return self._signer.sign(value).decode()
