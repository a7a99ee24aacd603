"""A gateway at work for a test, and services that only remember what they were asked."""

from __future__ import annotations

import asyncio
import secrets
import socket
from base64 import b64encode
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Any
from uuid import UUID

import httpx
import nats
import pydantic_core
import uvicorn
from argon2 import PasswordHasher
from nats.aio.client import Client
from nats.aio.msg import Msg
from sqlalchemy import insert, select

from services.gateway import passwords
from services.gateway.app import SERVED, Application, create_app
from services.gateway.store import login_key, sessions, users
from services.gateway.users import ensure_demo_users
from shared.contracts.photos import GetPhoto, GetSmallPhoto
from shared.database import outbox
from shared.ids import new_id
from shared.messaging.client import STATUS_HEADER, refusal_body
from shared.messaging.envelope import Envelope
from shared.messaging.subscriptions import subscribed
from shared.refusals import Refused
from shared.service import Running, consumed_subjects, service_named
from shared.settings import SERVICES, ServiceSettings
from tests.support.broker import TestNats
from tests.support.quiet import settle_down
from tests.support.waiting import PATIENCE_S

type Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]

ORIGIN = "http://station.test"
API = "/api/v1"
KEY = "a key that only tests know"
THING = {"id": "019ab0c6-0b5e-7c11-8a43-6f1d2e3c4b5a", "revision": 7}
"""What a fake service answers when a test has not said anything else."""
A_PICTURE = b"\xff\xd8\xff of a car"
PICTURES = {
    question.subject: {"content": b64encode(A_PICTURE).decode()}
    for question in (GetPhoto, GetSmallPhoto)
}
"""These are no JSON to whoever asks the gateway."""

SLOW_HASHER, SLOW_NOBODY = passwords._hasher, passwords._NOBODY
"""Production's: see ``slow_passwords``."""
passwords._hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
passwords._NOBODY = passwords.hashed("of nobody")


def a_key() -> dict[str, str]:
    return {"Idempotency-Key": str(new_id())}


@dataclass(frozen=True)
class Sent:
    """A command or question as it arrived at a service."""

    subject: str
    envelope: Envelope
    message: dict[str, Any]


class FakeServices:
    """In the place of services: answers what it is told to, and remembers what it was asked."""

    def __init__(self, server: TestNats) -> None:
        self._server = server
        self._connections: dict[str, Client] = {}
        self.sent: list[Sent] = []
        self.replies: dict[str, Any] = {**PICTURES}
        """By subject: what to answer, or ``Refused``, or what makes either of the message."""

    @property
    def last(self) -> Sent:
        return self.sent[-1]

    async def start(self, *names: str) -> None:
        for name in names:
            connection = await nats.connect(
                self._server.url(name), inbox_prefix=f"_INBOX_{name}".encode()
            )
            for kind in ("cmd", "ask"):
                await connection.subscribe(f"{kind}.{name}.>", queue=name, cb=self._on_message)
            await subscribed(connection)
            self._connections[name] = connection

    async def stop(self) -> None:
        while self._connections:
            _, connection = self._connections.popitem()
            await connection.close()

    async def _on_message(self, message: Msg) -> None:
        envelope = Envelope.from_headers(message.headers or {})
        self.sent.append(Sent(message.subject, envelope, pydantic_core.from_json(message.data)))
        reply = self.replies.get(message.subject, THING)
        if callable(reply):
            reply = reply(self.last.message)
        if isinstance(reply, Refused):
            await self._answer(message, refusal_body(reply), "refused")
        else:
            await self._answer(message, pydantic_core.to_json(reply), "ok")

    async def _answer(self, message: Msg, body: bytes, status: str) -> None:
        connection = self._connections[message.subject.split(".")[1]]
        await connection.publish(message.reply, body, headers={STATUS_HEADER: status})


class TestGateway:
    """The gateway inside the test's process, reached over ASGI."""

    __test__ = False

    def __init__(self, app: Application, settings: ServiceSettings) -> None:
        self.app = app
        self.settings = settings
        self.clients = AsyncExitStack()
        self.behind: dict[str, Running] = {}
        """The services, where they are real ones."""
        self.broker: TestNats | None = None
        """Where they speak with each other."""
        self.anyone = self.client()

    async def settle_down(self) -> None:
        """Waits until every service has heard of all that has happened."""
        assert self.broker
        await settle_down(self.broker, {**self.behind, "gateway": self.service})

    @property
    def service(self) -> Running:
        service: Running = self.app.state.service
        return service

    def client(
        self,
        headers: Mapping[str, str] | None = None,
        *,
        origin: str = ORIGIN,
        address: str = "127.0.0.1",
    ) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(self.app, client=(address, 123))
        client = httpx.AsyncClient(transport=transport, base_url=origin, headers=headers)
        self.clients.push_async_callback(client.aclose)
        return client

    async def signed_in(self, role: str, login: str | None = None) -> httpx.AsyncClient:
        """Someone of that role, by Bearer token."""
        return self.client({"Authorization": f"Bearer {await self.token(role, login)}"})

    async def token(self, role: str, login: str | None = None, **fields: Any) -> str:
        """Of a new session; its user is made if there is none of that login."""
        token = secrets.token_urlsafe(32)
        user_id = await self.a_user(login or role, role=role, **fields)
        async with self.service.engine.begin() as connection:
            await connection.execute(
                insert(sessions).values(
                    token_hash=sha256(token.encode()).digest(),
                    user_id=user_id,
                    expires_at=datetime.now(UTC) + timedelta(hours=12),
                )
            )
        return token

    async def a_user(self, login: str, **fields: Any) -> UUID:
        row = {
            "id": new_id(),
            "login": login,
            "login_key": login_key(login),
            "name": login.title(),
            "role": "administrator",
            "password_hash": "nobody can sign in with this",
            "must_change_password": False,
            "active": True,
        }
        async with self.service.engine.begin() as connection:
            known = await connection.execute(
                select(users.c.id).where(users.c.login_key == row["login_key"])
            )
            user_id: UUID | None = known.scalar_one_or_none()
            if user_id is None:
                await connection.execute(insert(users).values(**{**row, **fields}))
                user_id = fields.get("id", row["id"])
        assert user_id
        return user_id

    async def told(self, subject: str) -> list[dict[str, Any]]:
        """Bodies of the events of that subject in the outbox, oldest first; with their actor."""
        async with self.service.engine.connect() as connection:
            rows = await connection.execute(
                select(outbox.c.headers, outbox.c.body)
                .where(outbox.c.subject == subject)
                .order_by(outbox.c.seq)
            )
            return [
                {**pydantic_core.from_json(row.body), "actor": row.headers["actor"]} for row in rows
            ]

    async def refusals(self) -> list[dict[str, Any]]:
        return await self.told("evt.gateway.request_refused.v1")


@asynccontextmanager
async def running_gateway(
    server: TestNats, database_url: str, **overrides: Any
) -> AsyncIterator[TestGateway]:
    settings = ServiceSettings(
        service="gateway",
        database_url=database_url,
        nats_url=server.url("gateway"),
        **{
            "command_timeout_s": PATIENCE_S / 2,
            "gateway_key": KEY,
            "export_folder": server.folder / "exports",
            **overrides,
        },
    )
    app = create_app(settings)
    async with app.addresses.lifespan_context(app):
        gateway = TestGateway(app, settings)
        async with gateway.clients:
            yield gateway


@asynccontextmanager
async def running_whole(
    server: TestNats, database: Callable[[str], str], **overrides: Any
) -> AsyncIterator[TestGateway]:
    """The gateway with all services behind it, and the demo's users."""
    business = SERVICES[:-1]
    await server.apply_topology({name: consumed_subjects(name) for name in business})
    async with AsyncExitStack() as stack:
        behind = {}
        for name in business:
            settings = ServiceSettings(
                service=name,
                database_url=database(name),
                nats_url=server.url(name),
                **{"command_timeout_s": PATIENCE_S / 2, **overrides},
            )
            behind[name] = await stack.enter_async_context(service_named(name).running(settings))
        url = database("gateway")
        await ensure_demo_users(url)
        running = running_gateway(server, url, **overrides)
        gateway = await stack.enter_async_context(running)
        gateway.behind, gateway.broker = behind, server
        yield gateway


@asynccontextmanager
async def served(gateway: TestGateway) -> AsyncIterator[tuple[str, int]]:
    """The same application behind the real HTTP server; gives its address."""
    listener = socket.create_server(("127.0.0.1", 0))
    # As uvloop does for every connection. asyncio's loop leaves it out for such a listener, and an
    # answer waits until its head is acknowledged: 40 ms.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    server = uvicorn.Server(uvicorn.Config(gateway.app, lifespan="off", **SERVED))
    serving = asyncio.create_task(server.serve([listener]))
    try:
        yield listener.getsockname()[:2]
    finally:
        server.should_exit = True
        await serving
