"""Tables that were made before somebody was erased: they name the person still, and are taken back.
What is being made of such answers is made anew. The journal knows when somebody was erased last,
whoever was away then."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.gateway.jobs import rows
from services.gateway.store import jobs
from shared.contracts.audit import FindRecords
from shared.contracts.client_data import ClientErased
from shared.contracts.operations import WhenHandled
from shared.messaging.client import ServiceClient
from shared.refusals import Kind, Refused
from shared.settings import SERVICES

FORGOTTEN_WITHIN = timedelta(minutes=1)
"""After an erasure, until no service names the person any more; of one that was behind, or away,
after it has heard of it."""
_ERASURES = 200
"""The newest: who was behind with one is not long done with those after it."""
OUTDATED = "export_outdated"
_SEARCHED = r"([?&]q=)[^…&][^&]*"

_IS_EXPORT = jobs.c.kind == "export"


async def named_until(connection: AsyncConnection, client: ServiceClient) -> datetime | None:
    """Up to when tables may name somebody who was erased since; None where nobody was, as long as
    there is any table. Raises ``Refused``."""
    since = await connection.scalar(select(func.min(jobs.c.created_at)).where(_IS_EXPORT))
    if since is None:
        return None
    start = since - rows.KEEP
    question = FindRecords(event=ClientErased.subject, start=start, limit=_ERASURES)
    erasures = (await client.ask(question)).items
    if not erasures:
        return None
    ids = tuple(record.event_id for record in erasures)
    others = [service for service in SERVICES if service != "gateway"]
    heard = await asyncio.gather(*(_heard_at(client, service, ids) for service in others))
    return max(erasures[0].at, *filter(None, heard)) + FORGOTTEN_WITHIN


async def _heard_at(client: ServiceClient, service: str, ids: tuple[UUID, ...]) -> datetime | None:
    """Who is away is asked when tables are looked through the next time."""
    try:
        return (await client.ask(WhenHandled(event_ids=ids), of=service)).last_at
    except Refused as refusal:
        if refusal.reason.kind is not Kind.UNAVAILABLE:
            raise
        return None


async def take_back(
    connection: AsyncConnection, until: datetime
) -> tuple[Sequence[Any], Sequence[UUID]]:
    """The jobs that have moved, and the files that belong to none any more."""
    begun = and_(_IS_EXPORT, jobs.c.started_at < until)
    made = await connection.execute(
        select(jobs.c.id, jobs.c.file_id)
        .where(begun, jobs.c.file_id.is_not(None))
        .with_for_update()
    )
    files = {row.id: row.file_id for row in made}
    failed = await _moved(
        connection,
        jobs.c.id.in_(files),
        state="failed",
        failure=OUTDATED,
        file_id=None,
        file_size=None,
    )
    again = await _moved(
        connection, and_(begun, jobs.c.state == "running"), **rows.GIVEN_BACK, started_at=None
    )
    # Whom somebody looked for is somebody's name or phone.
    await connection.execute(
        update(jobs)
        .where(_IS_EXPORT, jobs.c.created_at < until, jobs.c.state.not_in(rows.GOING))
        .where(jobs.c.address.regexp_match(_SEARCHED))
        .values(address=func.regexp_replace(jobs.c.address, _SEARCHED, r"\1…"))
    )
    return [*failed, *again], list(files.values())


async def _moved(
    connection: AsyncConnection, which: ColumnElement[bool], **values: Any
) -> Sequence[Any]:
    changed = await connection.execute(update(jobs).where(which).values(**values).returning(jobs))
    moved: Sequence[Any] = changed.all()
    for row in moved:
        await rows.tell(connection, row)
    return moved
