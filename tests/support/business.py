"""Services at work on real tables, with a stream that a test turns by hand.

Everything is as in a station (lanes, inboxes, outboxes, handlers), but for the broker: an event
waits for each of its consumers until the test delivers it, in whatever order and however often.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from contextvars import ContextVar
from datetime import datetime, timedelta, tzinfo
from itertools import compress, cycle
from random import Random
from types import ModuleType
from typing import Any, cast
from uuid import UUID

import pytest
from nats.aio.client import Client
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from shared.contracts.base import Command, Question
from shared.database import engine_for, outbox
from shared.handlers import Handlers, Work
from shared.ids import new_id
from shared.messaging import beside, envelope, lane
from shared.messaging.client import ServiceClient, reply_adapter
from shared.messaging.consumer import event_job
from shared.messaging.envelope import Actor, Envelope, opening
from shared.messaging.inbox import Duplicate
from shared.messaging.jobs import Job
from shared.messaging.lane import Lane
from shared.messaging.outbox import Outgoing, Relay
from shared.refusals import Refused
from shared.service import service_named
from shared.settings import ServiceSettings

BATCHES = (1, 1, 1, 2, 5, 20)
"""So many events stand before a lane when it looks, one of these: it handles them together."""
OWNER = Actor("owner", "owner", UUID("00000000-0000-4000-8000-000000000001"))
SOURCE = "/station-1/gateway"
_IN: ContextVar[str] = ContextVar("service", default="")
"""Whose clock is looked at."""
TELL_THE_TIME = (beside, envelope, lane)
"""By their clock messages are sent and handled."""


class Business:
    """Some services that hear of each other when they are told to."""

    def __init__(
        self,
        database: Callable[[str], str],
        *names: str,
        gather_s: float = 0.0,
        processes: int = 1,
    ) -> None:
        """``gather_s``: of every lane; ``processes``: of every service, which take turns."""
        self.members = {
            name: _Member(name, database(name), self, gather_s, processes) for name in names
        }
        self.waiting: dict[str, list[Outgoing]] = {name: [] for name in names}
        """By consumer, what it has not heard yet."""
        self.astray: dict[str, list[Outgoing]] = {name: [] for name in names}
        """By consumer, what lies among its dead letters, or was lost with the stream."""
        self.away: set[str] = set()
        """These do what others tell them, and nothing that people say."""
        self.heard: dict[str, list[Outgoing]] = {name: [] for name in names}
        self.published: set[UUID] = set()
        """Events."""
        self.clock = _Clock()
        self._time = pytest.MonkeyPatch()

    def tell_the_time(self, *modules: ModuleType) -> None:
        """From now on these go by the clock."""
        for module in modules:
            self._time.setattr(module, "datetime", self.clock)

    async def open(self) -> None:
        self.tell_the_time(*TELL_THE_TIME)
        for member in self.members.values():
            await member.prepare()
            member.start()

    async def close(self) -> None:
        self._time.undo()
        for member in self.members.values():
            await member.stop()

    async def send[ReplyT](self, command: Command[ReplyT]) -> ReplyT:
        """A command, as the gateway sends it. Raises ``Refused``."""
        service = type(command).subject.split(".")[1]
        if service in self.away:
            raise Refused("service_unavailable", service=service)
        member = self.members[service]
        route = member.handlers.commands[type(command).subject]
        envelope = opening(
            SOURCE,
            type(command).subject,
            OWNER,
            idempotency_key=str(new_id()),
            order_id=getattr(command, "order_id", None),
        )
        body = command.model_dump_json(exclude_unset=True).encode()
        reply = await member.submit(Job(route, cast(Command[object], command), envelope, body))
        view: ReplyT = reply_adapter(type(command)).validate_json(reply)
        return view

    async def ask(self, question: Question[Any]) -> Any:
        """A question, as an operator asks it."""
        subject = type(question).subject
        member = self.members[subject.split(".")[1]]
        return await member.answer(question, opening(SOURCE, subject, OWNER))

    async def deliver(self, service: str, which: int) -> None:
        """One of the events that the service has not heard, in any order; one that it cannot
        handle yet waits on, as the broker would keep it."""
        waiting = self.waiting[service]
        if not waiting:
            return
        event = waiting.pop(which % len(waiting))
        if not await self._hear(service, event):
            waiting.append(event)

    async def deliver_again(self, service: str, which: int) -> None:
        """An event that the service has handled already."""
        if heard := self.heard[service]:
            assert await self._hear(service, heard[which % len(heard)])

    async def deliver_together(self, service: str, turn: Random) -> None:
        """Some events that the service has not heard, and some that it has, in one batch; one of
        them may stand in it twice."""
        fresh, old = self.waiting[service], self.heard[service]
        batch = turn.sample(fresh, min(len(fresh), turn.choice(BATCHES)))
        batch += turn.sample(old, min(len(old), turn.randrange(3)))
        batch += batch[: turn.randrange(2)]
        turn.shuffle(batch)
        await self._hear_together(service, batch)

    def lose(self, service: str, which: int) -> None:
        """One of the events that the service has not heard: it will not, until it is found."""
        if waiting := self.waiting[service]:
            self.astray[service].append(waiting.pop(which % len(waiting)))

    def find(self) -> None:
        """What went astray is back, as after a rebuild, or when dead letters are tried again."""
        for service, events in self.astray.items():
            self.waiting[service] += events
            events.clear()

    async def drain(
        self, turn: Random | None = None, only: Sequence[str] = (), at_once: int = 1
    ) -> None:
        """Everything is delivered, as it was told, so much ``at_once``, or in the order and the
        batches that ``turn`` makes, to all or to these. What builds on something that went astray
        waits for it; fails when something can never be handled."""
        listening = {name: self.waiting[name] for name in only or self.waiting}
        while any(listening.values()):
            moved = False
            for service, waiting in listening.items():
                if turn:
                    turn.shuffle(waiting)
                events = list(waiting)
                while events:
                    size = turn.choice(BATCHES) if turn else at_once
                    batch, events = events[:size], events[size:]
                    moved |= await self._hear_together(service, batch)
            if not moved and any(self.astray.values()):
                return
            assert moved, f"nobody can handle {listening}"

    async def put_back(self, service: str, url: str, heard: int) -> None:
        """The service works on another database from now on, one of the time when it had heard so
        many events; the others wait for it once more."""
        await self.members[service].stop()
        self.waiting[service] += self.heard[service][heard:]
        del self.heard[service][heard:]
        self.members[service] = _Member(service, url, self)
        self.members[service].start()

    async def sweep(self, service: str) -> None:
        """What the service has put down in the midst of an errand goes out, as by its relay."""
        member = self.members[service]
        columns = (outbox.c.event_id, outbox.c.subject, outbox.c.headers, outbox.c.body)
        async with member.engine.connect() as connection:
            rows = (await connection.execute(select(*columns).order_by(outbox.c.seq))).all()
        self.publish([Outgoing(*row) for row in rows if row.event_id not in self.published])

    def publish(self, events: Sequence[Outgoing]) -> None:
        self.published |= {event.event_id for event in events}
        for event in events:
            for name, member in self.members.items():
                if event.subject in member.handlers.events:
                    self.waiting[name].append(event)

    async def _hear_together(self, service: str, batch: Sequence[Outgoing]) -> bool:
        """Whether any of them could be handled. They are put into the lane one after the other,
        before it takes the first."""
        heard = await asyncio.gather(*(self._hear(service, event) for event in batch))
        waiting = self.waiting[service]
        waiting[:] = [event for event in waiting if event not in list(compress(batch, heard))]
        return any(heard)

    async def _hear(self, service: str, event: Outgoing) -> bool:
        member = self.members[service]
        job = event_job(member.handlers.events, event.subject, event.headers, event.body)
        try:
            with suppress(Duplicate):
                await member.submit(job)
        except Exception as error:
            # Either says that what this event builds on has not come yet.
            if type(error).__name__ not in ("TooEarly", "LookupError"):
                raise
            return False
        if event not in self.heard[service]:
            self.heard[service].append(event)
        return True


class _Clock:
    """Stands for ``datetime`` where that tells what time it is; days pass when a test says so."""

    fromisoformat = staticmethod(datetime.fromisoformat)

    def __init__(self) -> None:
        self.ahead = timedelta()
        self.wrong: dict[str, timedelta] = {}
        """By service, how much its own clock is ahead of all others."""

    def now(self, zone: tzinfo) -> datetime:
        return datetime.now(zone) + self.ahead + self.wrong.get(_IN.get(), timedelta())


class _Member:
    """One service of the business."""

    def __init__(
        self, name: str, url: str, business: Business, gather_s: float = 0.0, processes: int = 1
    ) -> None:
        self.settings = ServiceSettings(service=name, database_url=url)
        self.engine: AsyncEngine = engine_for(url)
        self.handlers: Handlers[Any] = service_named(name).handlers
        self.client = _Client(name, business)
        self.relay = cast(Relay, _Stream(business))
        self._engines = [engine_for(url) for _ in range(processes)]
        self.lanes = [
            Lane(
                self.settings,
                engine,
                self.engine,
                self.handlers,
                self.client,
                self.relay,
                gather_s,
            )
            for engine in self._engines
        ]
        self._turns = cycle(self.lanes)

    def start(self) -> None:
        token = _IN.set(self.settings.service)  # as its tasks have it
        for each in self.lanes:
            each.start()
        _IN.reset(token)

    async def stop(self) -> None:
        for each in self.lanes:
            await each.stop()
        await self.disconnect()

    async def disconnect(self) -> None:
        """Until it needs its database again."""
        for engine in (self.engine, *self._engines):
            await engine.dispose()

    async def submit(self, job: Job) -> bytes:
        return await next(self._turns).submit(job)

    async def prepare(self) -> None:
        """What is done at every start before the first message: orders enters its station."""
        if prepare := service_named(self.settings.service)._prepare:
            async with self.engine.begin() as transaction:
                await prepare(transaction, self.settings)

    async def answer(self, question: Question[Any], envelope: Envelope) -> Any:
        route = self.handlers.questions[type(question).subject]
        async with self.engine.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            work = Work(envelope, envelope.time, self.settings, self.client)
            return await route.handler(question, self.handlers.store(connection), work)


class _Client(ServiceClient):
    """Asks the other services of the business."""

    room = 8 * 1024**2

    def __init__(self, name: str, business: Business) -> None:
        super().__init__(cast(Client, None), f"/station-1/{name}")
        self._business = business

    async def request(self, subject: str, body: bytes, envelope: Envelope) -> bytes:
        service = subject.split(".")[1]
        member = self._business.members.get(service)
        if member is None:
            raise Refused("service_unavailable", service=service)
        question = member.handlers.questions[subject].message_type.model_validate_json(body)
        view = await member.answer(cast(Question[Any], question), envelope)
        reply: bytes = view.model_dump_json().encode()
        return reply


class _Stream:
    """Takes what was committed, in place of the relay."""

    def __init__(self, business: Business) -> None:
        self._business = business

    def hand_over(self, events: Sequence[Outgoing]) -> None:
        self._business.publish(events)
