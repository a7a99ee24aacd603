"""What makes a table of handlers a running service. Every service is wired here, the same way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

import nats.errors
import structlog
from faststream.nats import NatsBroker, NatsNKey
from faststream.nats.security import NatsSecurity
from nats.aio.client import Client
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.contracts.operations import ServiceState
from shared.database import current_revision, engine_for, newest_revision
from shared.handlers import Handlers, Store
from shared.logs import configure_logs, in_words
from shared.messaging.admission import Refusals, verify
from shared.messaging.client import ServiceClient
from shared.messaging.connection import NatsAddress, inbox, leave
from shared.messaging.consumer import Consumer
from shared.messaging.dead_letters import DeadLetters
from shared.messaging.housekeeping import Housekeeping
from shared.messaging.lane import Lane
from shared.messaging.outbox import Relay
from shared.messaging.server import Server
from shared.operations import Operations
from shared.settings import ServiceSettings, pitlane_version
from shared.stopping import (
    BROKER_S,
    DATABASE_S,
    EVENTS_S,
    RELAY_S,
    REQUESTS_S,
    TASKS_S,
    WORK_S,
    within,
)
from shared.telemetry import (
    DEAD_LETTERS,
    RELAY_LAG_SECONDS,
    RELAY_PENDING,
    configure_traces,
    flush_traces,
)

log = structlog.get_logger(__name__)

RELAY_LAG_ALARM_S = 30.0
DATABASE_ANSWERS_S = 2.0


@dataclass(slots=True)
class Running:
    """A service at work: what its health pages and tests look at."""

    settings: ServiceSettings
    engine: AsyncEngine
    connection: Client
    client: ServiceClient
    lane: Lane
    relay: Relay
    dead_letters: DeadLetters
    started_at: datetime
    newest_revision: str | None

    async def state(self) -> ServiceState:
        """Readiness, and what operators watch."""
        problems: list[str] = []
        pending, lag_s, dead = 0, 0.0, 0
        if not self.connection.is_connected:
            problems.append("broker: not connected")
        try:
            # Who asks whether all is well does not wait longer for that than for an answer.
            async with asyncio.timeout(DATABASE_ANSWERS_S):
                async with self.engine.connect() as connection:
                    revision = await current_revision(connection)
                pending, lag_s = await self.relay.lag()
                dead = await self.dead_letters.count()
            if revision != self.newest_revision:
                problems.append(f"database: revision {revision}, not {self.newest_revision}")
        except Exception as error:
            problems.append(f"database: {in_words(error)}")
        if lag_s > RELAY_LAG_ALARM_S:
            problems.append(f"relay: {pending} events wait for {lag_s:.0f} s")
        if pending and self.relay.refusal:
            problems.append(f"relay: NATS refuses events: {self.relay.refusal}")
        RELAY_PENDING.set(pending)
        RELAY_LAG_SECONDS.set(lag_s)
        DEAD_LETTERS.set(dead)
        return ServiceState(
            service=self.settings.service,
            version=pitlane_version(),
            ready=not problems,
            problems=tuple(problems),
            started_at=self.started_at,
            relay_pending=pending,
            relay_lag_s=lag_s,
            dead_letters=dead,
        )


type Background = Callable[[Running], Coroutine[Any, Any, None]]
type Stop = Callable[[], Coroutine[Any, Any, None]]
type Configured = Callable[[], object]
type Prepare = Callable[[AsyncConnection, ServiceSettings], Coroutine[Any, Any, None]]


class Service:
    """A named service: its handlers, and how to run it."""

    def __init__(
        self,
        name: str,
        handlers: Handlers[Any],
        *,
        configured: Configured | None = None,
        prepare: Prepare | None = None,
        background: Sequence[Background] = (),
        gather_s: float = 0.0,
    ) -> None:
        """``configured`` looks at what else the process must be told, before anything starts;
        ``prepare`` runs in one transaction at every start, before the first message;
        ``background`` runs beside the service, as long as it runs. ``gather_s``: of its lane."""
        self.name = name
        self._gather_s = gather_s
        self.handlers: Handlers[Store] = handlers
        self._configured = configured
        self._prepare = prepare
        self._background = background

    def run(self) -> None:
        """Serves until SIGTERM or SIGINT; configuration comes from the environment."""
        from shared.health import serve

        settings = ServiceSettings.load(self.name)
        if self._configured:
            self._configured()
        configure_logs(settings, self.name)
        configure_traces(settings, self.name)
        serve(settings, self.running)
        flush_traces()

    @asynccontextmanager
    async def running(self, settings: ServiceSettings) -> AsyncIterator[Running]:
        """The service at work, as long as the context lasts."""
        async with AsyncExitStack() as stack:
            engine = engine_for(settings.database_url)

            def at_end(within_s: float, stop: Stop) -> None:
                stack.push_async_callback(lambda: within(within_s, stop()))

            lane_engine = engine_for(settings.database_url, pool_size=1, planned_once=True)
            asked_engine = engine_for(settings.database_url)  # nothing else waits for reports
            at_end(DATABASE_S, lambda: _disposed(engine, lane_engine, asked_engine))
            if self._prepare:
                async with engine.begin() as transaction:
                    await self._prepare(transaction, settings)
            refusals = Refusals()
            broker = broker_for(settings, refusals)
            connection = await broker.connect()
            at_end(BROKER_S, lambda: _disconnected(broker, connection))
            client = ServiceClient(
                connection, settings.source(self.name), settings.command_timeout_s
            )
            relay = Relay(engine, connection)
            lane = Lane(settings, lane_engine, engine, self.handlers, client, relay, self._gather_s)
            dead_letters = DeadLetters(engine)
            running = Running(
                settings,
                engine,
                connection,
                client,
                lane,
                relay,
                dead_letters,
                datetime.now(UTC),
                await asyncio.to_thread(newest_revision, self.name),
            )
            relay.start()
            at_end(RELAY_S, relay.stop)
            lane.start()
            at_end(TASKS_S, lane.stop)
            housekeeping = Housekeeping(engine, settings.outbox_keep_days)
            housekeeping.start()
            at_end(TASKS_S, housekeeping.stop)
            if self.handlers.events:
                consumer = Consumer(connection, self.name, self.handlers.events, lane, dead_letters)
                consumer.start()
                at_end(EVENTS_S, consumer.stop)
            operations = Operations(running, self.handlers.events)
            server = Server(settings, asked_engine, self.handlers, client, lane, operations)
            server.register(broker)
            at_end(REQUESTS_S, server.stop)
            await broker.start()
            # Only when the server has the subscriptions is anybody answered.
            asked = [question.subject for question in self.handlers.asks]
            consumes = bool(self.handlers.events)
            await verify(connection, refusals, self.name, asked, consumes=consumes)
            tasks = [asyncio.create_task(work(running)) for work in self._background]
            at_end(WORK_S, lambda: _ended(tasks))
            log.info("started", version=pitlane_version(), database=str(engine.url.database))
            yield running
            log.info("stopping")


async def _disposed(*engines: AsyncEngine) -> None:
    await asyncio.gather(*(engine.dispose() for engine in engines))


async def _disconnected(broker: NatsBroker, connection: Client) -> None:
    try:
        async with asyncio.timeout(BROKER_S / 2):
            await broker.stop()
    except (nats.errors.Error, TimeoutError):  # the server is away, or frozen
        await leave(connection)


async def _ended(tasks: Sequence[asyncio.Task[None]]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def broker_for(settings: ServiceSettings, refusals: Refusals) -> NatsBroker:
    """The station's NATS, with every option that matters spelled out."""
    address = NatsAddress.of(settings.nats_url)
    return NatsBroker(
        address.server,
        name=f"pitlane-{settings.service}",
        inbox_prefix=inbox(settings.service).encode(),
        security=_security(address),
        error_cb=refusals.hear,
        allow_reconnect=True,
        max_reconnect_attempts=-1,
        reconnect_time_wait=1,
        connect_timeout=5,
        drain_timeout=5,
        ping_interval=10,
        max_outstanding_pings=2,
        pending_size=16 * 1024 * 1024,
        graceful_timeout=5,
        # Our handlers take the message as it came: FastStream need not solve their arguments, nor
        # make a model of them.
        apply_types=False,
        serializer=None,
        logger=None,
    )


def _security(address: NatsAddress) -> NatsSecurity:
    """The address in FastStream's words."""
    if address.key:
        return NatsNKey.from_file(
            address.key, ssl_context=address.tls, tls_handshake_first=address.tls is not None
        )
    return NatsSecurity(ssl_context=address.tls, tls_handshake_first=address.tls is not None)


def service_named(name: str) -> Service:
    """The service of that name, from its own package."""
    service: Service = import_module(f"services.{name}.app").service
    return service


def consumed_subjects(name: str) -> list[str]:
    """What a service's durable consumer lets through."""
    return sorted(service_named(name).handlers.events)


def asked_subjects(name: str) -> list[str]:
    """What a service asks others."""
    return sorted(question.subject for question in service_named(name).handlers.asks)
