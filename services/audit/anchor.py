"""The chain's newest hash, noted outside the database, so that a cut end shows too."""

from __future__ import annotations

import asyncio

import nats.errors
import nats.js.errors
import pydantic_core
import structlog
from nats.aio.client import Client

from services.audit.domain import Head
from services.audit.store import AuditStore
from shared.service import Running

log = structlog.get_logger(__name__)

STREAM = "AUDIT_HEADS"
SUBJECT = "audit.head.v1"
INTERVAL_S = 1.0
SWEEP_S = 4.0
"""Without a commit here: somebody else may have changed the chain, or cut off its end."""


async def keep_anchoring(running: Running) -> None:
    """Notes the head in JetStream about every second in which it moved."""
    noted: Head | None = None
    commits = running.lane.commits
    while True:
        seen = commits.count
        try:
            async with running.engine.connect() as connection:
                noted = await _note(running.connection, AuditStore(connection), noted)
        except Exception as error:
            log.warning("anchor_failed", error=error)
        await asyncio.sleep(INTERVAL_S)
        await commits.after(seen, SWEEP_S)


async def last_anchor(connection: Client) -> Head | None:
    """The newest note, or ``None`` where there is none or the broker does not tell."""
    try:
        return await _newest_note(connection)
    except (nats.errors.Error, TimeoutError):
        return None


async def _note(connection: Client, store: AuditStore, noted: Head | None) -> Head:
    """Notes the head, if it is not the one that was looked at last; answers the head."""
    head = await store.head()
    if head == noted:
        return head
    last = await _newest_note(connection)
    if last and await store.hash_at(last.seq) != last.hash:
        # The end was cut off or rewritten. A newer note would hide it, so this one stays.
        log.error("chain_contradicts_anchor", anchored=last.seq, head=head.seq)
    elif head.seq > (last.seq if last else 0):
        note = pydantic_core.to_json({"seq": head.seq, "hash": head.hash})
        await connection.jetstream().publish(SUBJECT, note, timeout=5, stream=STREAM)
    return head


async def _newest_note(connection: Client) -> Head | None:
    try:
        message = await connection.jetstream(timeout=2).get_last_msg(STREAM, SUBJECT)
    except nats.js.errors.NotFoundError:
        return None
    if not message.data:
        return None
    noted = pydantic_core.from_json(message.data)
    return Head(noted["seq"], noted["hash"])
