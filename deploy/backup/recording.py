"""That a station was restored is a fact like any other: the journal has it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from deploy.commands.reach import operator
from shared.contracts.operations import StationRestored
from shared.database import engine_for
from shared.ids import new_id
from shared.messaging import outbox
from shared.messaging.envelope import opening

if TYPE_CHECKING:
    from deploy.backup.checking import Findings
    from deploy.backup.restoring import Point


async def record_restore(audit_url: str, at: Point, findings: Findings) -> None:
    """Into audit's outbox, from which it goes the way of every event when the station starts."""
    manifest = at.backup.manifest
    event = StationRestored(
        restore_id=new_id(),
        backup=at.backup.path.name,
        backup_cut_at=manifest.cut_at,
        restored_to=at.until,
        audit_records=findings.audit.records,
        audit_head=findings.audit.head,
    )
    source = f"/{manifest.station}/audit"
    cause = opening(f"/{manifest.station}/ops", "restore", operator())
    engine = engine_for(audit_url, pool_size=1)
    try:
        async with engine.begin() as connection:
            event_out = outbox.outgoing(event, cause, source, datetime.now(UTC))
            await outbox.write(connection, [event_out])
    finally:
        await engine.dispose()
