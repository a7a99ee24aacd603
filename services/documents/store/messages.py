"""Messages and their templates in and out of the database."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, fields
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    Uuid,
    any_,
    bindparam,
    func,
    literal,
    literal_column,
    select,
    text,
    update,
)
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncConnection

from services.documents.domain.message_rules import Client
from services.documents.domain.messages import Message
from services.documents.domain.part_answers import PartAnswer
from services.documents.store.message_tables import (
    message_clients,
    message_templates,
    messages,
    part_answers,
)
from shared.contracts.approvals import EstimateQuoted, WorkDeclined
from shared.contracts.base import Message as AnyMessage
from shared.contracts.base import Page
from shared.contracts.clients import ClientView, Consents
from shared.contracts.inventory import PartsReserved, PartsUnavailable, ReservationReleased
from shared.contracts.messages import (
    Fact,
    ListMessages,
    ListMessageTemplates,
    MessageTemplateView,
    MessageView,
)
from shared.contracts.orders import OrderCompleted, OrderCreated
from shared.pagination import keys_of, newest_first, page_of
from shared.reading import Rows, read_together
from shared.refusals import Refused
from shared.writing import Pending, merging

_IDS = bindparam("ids", type_=ARRAY(Uuid))
_FIELDS = tuple(field.name for field in fields(Message))
_CLIENT_FIELDS = tuple(field.name for field in fields(Client))
_PENDING = ("scheduled", "queued")
_DUE = (
    select(messages.c.id, messages.c.state)
    .where(messages.c.wake_at <= bindparam("now"))
    .order_by(messages.c.wake_at)
    .limit(bindparam("limit"))
)
# By its id: the copy may not have come yet.
_WRITE_TO = text("SELECT pg_advisory_xact_lock_shared(hashtextextended(:client_id, 7149))")
_HOLD_BACK = text("SELECT pg_advisory_xact_lock(hashtextextended(:client_id, 7149))")
_CAPS_LOCK = text("SELECT pg_advisory_xact_lock(7147)")
_ANSWERS_OF = select(part_answers).where(part_answers.c.order_id == any_(_IDS))
_ACTIVE = (
    select(message_templates).where(message_templates.c.active).order_by(message_templates.c.id)
)
_AWAITED = select(messages.c.vehicle_id).where(
    messages.c.vehicle_id == any_(_IDS),
    messages.c.state.in_([literal_column(f"'{state}'") for state in _PENDING]),
)
_SAVE_CLIENTS = merging(message_clients, newer="revision")
_SAVE_ANSWERS = merging(part_answers, "answer", "short", "no_arrival", newer="answer")
_SCHEDULING = (OrderCreated, OrderCompleted, EstimateQuoted, WorkDeclined)


class Messages:
    """What one transaction reads and writes of them."""

    def __init__(self, connection: AsyncConnection, pending: Pending) -> None:
        self._connection = connection
        self._to_write = pending
        self._active: dict[Fact, list[MessageTemplateView]] | None = None
        self._clients: dict[UUID, dict[str, Any]] = {}
        self._answers: dict[UUID, dict[UUID, PartAnswer]] = {}
        self._new_answers: dict[UUID, tuple[UUID, PartAnswer]] = {}
        self._idle_cars: set[UUID] = set()
        """For which nothing waits to be sent, as long as this transaction adds nothing."""
        self.saves = 0

    async def prefetch(self, batch: Sequence[AnyMessage]) -> None:
        """One statement for whatever the batch's facts will look for."""
        answered = {
            message.order_id
            for message in batch
            if isinstance(message, PartsReserved | PartsUnavailable | ReservationReleased)
        }
        cars = {
            message.vehicle_id
            for message in batch
            if isinstance(message, OrderCreated) and message.vehicle_id
        }
        schedules = any(isinstance(message, _SCHEDULING) for message in batch)
        answers, awaited, *templates = await read_together(
            self._connection,
            (_ANSWERS_OF, {"ids": sorted(answered)}),
            (_AWAITED, {"ids": sorted(cars)}),
            *([(_ACTIVE, {})] if schedules else ()),
        )
        self._found_answers(answered, answers)
        self._idle_cars = cars - {row.vehicle_id for row in awaited}
        for found in templates:
            self._found_active(found)

    def flush(self) -> None:
        self._to_write.add(_SAVE_CLIENTS, (self._clients[key] for key in sorted(self._clients)))
        answers = (
            {"line_id": line_id, "order_id": order_id, **asdict(answer)}
            for line_id, (order_id, answer) in sorted(self._new_answers.items())
        )
        self._to_write.add(_SAVE_ANSWERS, answers)

    # --- templates ---------------------------------------------------------------------------

    async def template(self, template_id: UUID, *, lock: bool = False) -> MessageTemplateView:
        """Raises ``Refused("message_template_not_found")``."""
        query = select(message_templates).where(message_templates.c.id == template_id)
        rows = await self._connection.execute(query.with_for_update() if lock else query)
        row = rows.one_or_none()
        if row is None:
            raise Refused("message_template_not_found", id=template_id)
        return _template_of(row)

    async def templates_for(self, fact: Fact) -> list[MessageTemplateView]:
        """The active ones, oldest first; all facts' are read at once."""
        if self._active is None:
            self._found_active((await self._connection.execute(_ACTIVE)).all())
        assert self._active is not None
        return self._active.get(fact, [])

    def _found_active(self, rows: Rows) -> None:
        self._active = {}
        for template in map(_template_of, rows):
            self._active.setdefault(template.fact, []).append(template)

    async def save_template(self, template: MessageTemplateView) -> None:
        """Raises ``Refused("name_taken")``."""
        row = template.model_dump()
        statement = upsert(message_templates).values(**row)
        try:
            async with self._connection.begin_nested():
                await self._connection.execute(
                    statement.on_conflict_do_update(index_elements=["id"], set_=row)
                )
        except IntegrityError as error:
            raise Refused("name_taken", name=template.name) from error
        self._active = None

    async def ship(self, templates: Iterable[MessageTemplateView]) -> None:
        """Adds those whose id and name are free."""
        rows = [template.model_dump() for template in templates]
        await self._connection.execute(upsert(message_templates).on_conflict_do_nothing(), rows)

    async def templates_page(self, question: ListMessageTemplates) -> Page[MessageTemplateView]:
        query = select(message_templates).order_by(message_templates.c.name, message_templates.c.id)
        if question.fact:
            query = query.where(message_templates.c.fact == question.fact)
        if question.cursor:
            name, template_id = keys_of(question.cursor, tuple[str, UUID])
            place = func.row(message_templates.c.name, message_templates.c.id)
            query = query.where(place > func.row(name, template_id))
        rows = (await self._connection.execute(query.limit(question.limit + 1))).all()
        return page_of(rows, question.limit, _template_of, lambda row: (row.name, row.id))

    # --- messages ----------------------------------------------------------------------------

    async def add(self, message: Message) -> bool:
        """False when what it was made for has made one before."""
        self._idle_cars = set()
        statement = upsert(messages).values(**asdict(message)).on_conflict_do_nothing()
        added = await self._connection.execute(statement.returning(messages.c.id))
        return added.one_or_none() is not None

    async def save(self, message: Message) -> None:
        row = asdict(message)
        del row["id"]
        await self._connection.execute(
            update(messages).where(messages.c.id == message.id).values(**row)
        )

    async def message(self, message_id: UUID, *, lock: bool = True) -> Message:
        """Locked until the end of the transaction. Raises ``Refused("message_not_found")``."""
        query = select(messages).where(messages.c.id == message_id)
        rows = await self._connection.execute(query.with_for_update() if lock else query)
        row = rows.one_or_none()
        if row is None:
            raise Refused("message_not_found", id=message_id)
        return _message_of(row)

    async def resent_as(self, message_id: UUID) -> UUID | None:
        found = await self._connection.execute(
            select(messages.c.id).where(messages.c.key == f"resend:{message_id}")
        )
        return found.scalar_one_or_none()

    async def pending_of_order(self, order_id: UUID) -> list[Message]:
        """What has not gone out yet; locked."""
        return await self._pending(messages.c.order_id == order_id)

    async def pending_of_client(self, client_ids: Sequence[UUID]) -> list[Message]:
        return await self._pending(messages.c.client_id.in_(client_ids))

    async def hold_back(self, client_ids: Sequence[UUID]) -> None:
        """Nobody writes to these until the transaction ends; whoever does right now is waited
        for."""
        for client_id in sorted(client_ids):
            await self._connection.execute(_HOLD_BACK, {"client_id": str(client_id)})

    async def forget_words(self, client_ids: Sequence[UUID], called: str) -> None:
        """To whom messages went and what they said; that they went stays."""
        was_written = messages.c.text.is_not(None)
        await self._connection.execute(
            update(messages)
            .where(messages.c.client_id.in_(client_ids), was_written)
            .values(recipient=called, text=called, email_subject=None, detail=None)
        )

    async def pending_of_car(self, vehicle_id: UUID, facts: Sequence[Fact]) -> list[Message]:
        if vehicle_id in self._idle_cars:
            return []
        return await self._pending(messages.c.vehicle_id == vehicle_id, messages.c.fact.in_(facts))

    async def page(self, question: ListMessages) -> Page[MessageView]:
        query = select(messages)
        for name in ("order_id", "client_id", "state"):
            if wanted := getattr(question, name):
                if name == "client_id" and (known := await self.client(wanted)):
                    wanted = known.id
                query = query.where(messages.c[name] == wanted)
        query = newest_first(query, messages.c.id, question.cursor, question.limit)
        rows = (await self._connection.execute(query)).all()
        return page_of(
            rows, question.limit, lambda row: message_view(_message_of(row)), lambda row: (row.id,)
        )

    # --- what the sender needs ---------------------------------------------------------------

    async def due(self, now: datetime, limit: int) -> list[tuple[UUID, str]]:
        """For which there is something to do, and their states."""
        rows = await self._connection.execute(_DUE, {"now": now, "limit": limit})
        return [(row.id, row.state) for row in rows]

    async def taken(self, message_id: UUID, state: str, now: datetime) -> Message | None:
        """Locked; none when another process has it, or it has moved on meanwhile."""
        rows = await self._connection.execute(
            select(messages)
            .where(messages.c.id == message_id)
            .where(messages.c.state == state, messages.c.wake_at <= now)
            .with_for_update(skip_locked=True)
        )
        row = rows.one_or_none()
        return _message_of(row) if row else None

    async def sent_since(self, start: datetime, client_id: UUID) -> tuple[int, int]:
        """How many messages this client, and all together, were sent or tried since ``start``.
        Until the transaction ends nobody else counts: a cap is never overrun."""
        await self._connection.execute(_CAPS_LOCK)
        counted = await self._connection.execute(
            select(func.count().filter(messages.c.client_id == client_id), func.count()).where(
                messages.c.claimed_at >= start
            )
        )
        mine, all_of_them = counted.one()
        return mine, all_of_them

    # --- clients -----------------------------------------------------------------------------

    async def addressee(self, client_id: UUID) -> UUID:
        """Who is meant by this client: itself, or the one that it was merged into. Nobody merges
        it until the transaction ends, so that what is written to it now is led on, too."""
        await self._connection.execute(_WRITE_TO, {"client_id": str(client_id)})
        known = await self.client(client_id)
        return await self.addressee(known.id) if known and known.id != client_id else client_id

    async def client(self, client_id: UUID) -> Client | None:
        """The copy, of a client who was merged with another that one's; none when it has not come
        yet."""
        rows = await self._connection.execute(
            select(message_clients).where(message_clients.c.id == client_id)
        )
        row: Any = rows.mappings().one_or_none()
        noted = self._clients.get(client_id)
        # What this transaction was told may be older than what is written.
        if noted and (row is None or row["revision"] <= noted["revision"]):
            row = noted
        if row is None:
            return None
        if row["merged_into"]:
            return await self.client(row["merged_into"])
        fields = {name: row[name] for name in _CLIENT_FIELDS}
        consents = Consents.model_validate(row["consents"])
        return Client(**{**fields, "phones": tuple(row["phones"]), "consents": consents})

    async def lead_on(self, merged_id: UUID, survivor_id: UUID) -> None:
        """All messages to the one are to the other, sent or waiting; whoever makes one right now is
        waited for, and a text that is being made for the one is made anew."""
        await self.hold_back([merged_id])
        await self._connection.execute(
            update(messages)
            .where(messages.c.client_id == merged_id)
            .values(client_id=survivor_id, revision=messages.c.revision + 1)
        )

    def note_client(self, view: ClientView) -> Client:
        """A copy never goes back to an older revision."""
        self.saves += 1
        known = self._clients.get(view.id)
        if known is None or known["revision"] <= view.revision:
            self._clients[view.id] = {
                "id": view.id,
                "phones": list(view.phones),
                "email": view.email,
                "language": view.language,
                "consents": view.consents.model_dump(mode="json"),
                "merged_into": view.merged_into,
                "revision": view.revision,
            }
        return Client(view.id, view.phones, view.email, view.language, view.consents, view.revision)

    # --- what the warehouse said -------------------------------------------------------------

    async def part_answers(self, order_id: UUID) -> dict[UUID, PartAnswer]:
        """By line, with what this transaction has noted."""
        if order_id not in self._answers:
            asked = (_ANSWERS_OF, {"ids": [order_id]})
            self._found_answers({order_id}, *await read_together(self._connection, asked))
        return self._answers[order_id]

    def note_answer(self, order_id: UUID, line_id: UUID, answer: PartAnswer) -> None:
        self.saves += 1
        self._answers[order_id][line_id] = answer
        self._new_answers[line_id] = (order_id, answer)

    def _found_answers(self, order_ids: set[UUID], rows: Rows) -> None:
        self._answers |= {order_id: {} for order_id in order_ids}
        for row in rows:
            answer = PartAnswer(row.answer, row.short, row.no_arrival)
            self._answers[row.order_id][row.line_id] = answer

    async def _pending(self, *conditions: Any) -> list[Message]:
        rows = await self._connection.execute(
            select(messages)
            .where(messages.c.state.in_([literal(state) for state in _PENDING]), *conditions)
            .order_by(messages.c.id)
            .with_for_update()
        )
        return [_message_of(row) for row in rows]


# --- rows and values ---------------------------------------------------------------------------


def _message_of(row: Any) -> Message:
    return Message(**{name: getattr(row, name) for name in _FIELDS})


def _template_of(row: Any) -> MessageTemplateView:
    return MessageTemplateView.model_validate(dict(row._mapping))


def message_view(message: Message) -> MessageView:
    """As the API shows it."""
    shown = {name: getattr(message, name) for name in _FIELDS if name in MessageView.model_fields}
    return MessageView(**shown, next_at=message.wake_at)
