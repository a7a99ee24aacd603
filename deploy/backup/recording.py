"""That a station was restored is a fact like any other: the journal has it, and the list of long
work. Who was let in then is not let in by it again."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import delete

from deploy.commands.reach import operator
from services.gateway.jobs import rows
from services.gateway.jobs.notes import note_of
from services.gateway.operating import PutOut, put_everybody_out
from services.gateway.store import jobs
from shared.contracts.operations import StationRestored
from shared.database import engine_for_one_job
from shared.ids import new_id
from shared.messaging import outbox
from shared.messaging.envelope import opening
from shared.settings import StationSettings

if TYPE_CHECKING:
    from deploy.backup.checking import Findings
    from deploy.backup.restoring import Point


async def record_restore(
    audit_url: str, at: Point, reached: datetime | None, findings: Findings
) -> None:
    """Into audit's outbox, from which it goes the way of every event when the station starts."""
    manifest = at.backup.manifest
    event = StationRestored(
        restore_id=new_id(),
        backup=at.backup.path.name,
        backup_cut_at=manifest.cut_at,
        restored_to=reached or at.until,
        audit_records=findings.audit.records,
        audit_head=findings.audit.head,
    )
    source = f"/{manifest.station}/audit"
    cause = opening(f"/{manifest.station}/ops", "restore", operator())
    async with engine_for_one_job(audit_url) as engine, engine.begin() as connection:
        event_out = outbox.outgoing(event, cause, source, datetime.now(UTC))
        await outbox.write(connection, [event_out])


async def record_restore_job(gateway_url: str, at: Point, reached: datetime | None) -> None:
    """What machines were at when the backup was made (it itself, above all) is not true of the
    station that comes of it."""
    manifest, now = at.backup.manifest, datetime.now(UTC)
    who = operator()
    moment = (reached or at.until or manifest.cut_at).astimezone(StationSettings().zone)
    note, particulars = note_of("restored", moment=f"{moment:%d.%m.%Y %H:%M:%S}")
    async with engine_for_one_job(gateway_url) as engine, engine.begin() as connection:
        await connection.execute(
            delete(jobs).where(jobs.c.user_id.is_(None), jobs.c.state == "running")
        )
        await rows.add(
            connection,
            id=new_id(),
            kind="restore",
            title=at.backup.path.name,
            login=who.login,
            role=who.role,
            station=manifest.station,
            state="done",
            note=note,
            particulars=particulars,
            created_at=now,
            started_at=now,
            finished_at=now,
            expires_at=now + rows.KEEP_OF_MACHINES,
        )


async def put_out(gateway_url: str, at: Point, *, keep_tokens: bool) -> PutOut:
    """What was ended, revoked and used up since opens again in what was restored, and nothing there
    tells which that was."""
    station = at.backup.manifest.station
    cause = opening(f"/{station}/ops", "restore", operator())
    async with engine_for_one_job(gateway_url) as engine, engine.begin() as connection:
        return await put_everybody_out(
            connection, f"/{station}/gateway", cause, keep_tokens=keep_tokens
        )
