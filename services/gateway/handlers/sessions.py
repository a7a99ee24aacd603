"""One's own sessions, seen and ended one by one."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import select, tuple_

from services.gateway.access import end_sessions
from services.gateway.handlers.table import handlers
from services.gateway.store import sessions
from shared.contracts.base import Done, Page
from shared.contracts.users import EndSession, ListSessions, SessionItem, SessionsEnded
from shared.handlers import Store, Work
from shared.pagination import keys_of, page_of
from shared.refusals import Refused


@handlers.question(ListSessions)
async def list_sessions(question: ListSessions, store: Store, work: Work) -> Page[SessionItem]:
    place = (sessions.c.created_at, sessions.c.id)
    statement = (
        select(sessions)
        .where(sessions.c.user_id == work.actor.user_id, sessions.c.expires_at > work.now)
        .order_by(*(column.desc() for column in place))
    )
    if question.cursor:
        after = keys_of(question.cursor, tuple[datetime, UUID])
        statement = statement.where(tuple_(*place) < after)
    rows = (await store.connection.execute(statement.limit(question.limit + 1))).all()
    return page_of(
        rows,
        question.limit,
        lambda row: SessionItem(
            id=row.id,
            address=row.address,
            agent=row.agent,
            created_at=row.created_at,
            expires_at=row.expires_at,
        ),
        lambda row: (row.created_at, row.id),
    )


@handlers.command(EndSession)
async def end_session(command: EndSession, store: Store, work: Work) -> Done:
    assert work.actor.user_id
    gone = await end_sessions(
        store.connection,
        sessions.c.user_id == work.actor.user_id,
        sessions.c.id == command.session_id,
    )
    if not gone:
        raise Refused("session_not_found", id=command.session_id)
    work.publish(
        SessionsEnded(
            user_id=work.actor.user_id, login=work.actor.login, session_id=command.session_id
        )
    )
    return Done()
