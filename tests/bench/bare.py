"""The whole flow with nothing in it: what its messages cost by themselves.

Other processes on other servers pass on, store durably and acknowledge as many calls, commands and
events as a flow consists of, with the same drivers, and do nothing else: no rules, no rights, no
records but what came. ``python -m tests.bench.bare SERVICE NATS_URL DATABASE_URL`` is one of them,
for as long as its stdin is open.
"""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import asyncpg
import nats
import pydantic_core
import uvicorn
import uvloop
from nats.aio.client import Client
from nats.aio.msg import Msg
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from deploy import topology
from deploy.local.postgres import free_port
from services.gateway.coalescing import Coalesced
from shared.messaging.answers import Answers
from shared.messaging.outbox import STREAM
from shared.messaging.subscriptions import subscribed
from shared.service import consumed_subjects
from tests.bench import processes
from tests.bench.floors import floor_servers
from tests.bench.http import Http
from tests.bench.table import Row

HOST = "127.0.0.1"
MODULE = "tests.bench.bare"
BODY = "x" * 900
"""An event with its headers, and a little less than a reply."""
TIMEOUT_S = 30.0
AT_ONCE = 512

type Published = Sequence[str]

_REPRICED = "evt.orders.order_repriced.v1"
FLOW: tuple[tuple[str, Published], ...] = (
    ("cmd.clients.create.v1", ["evt.clients.client_created.v1"]),
    ("cmd.clients.add.v1", ["evt.clients.vehicle_added.v1"]),
    ("cmd.orders.create.v1", ["evt.orders.order_created.v1"]),
    *2 * (("cmd.orders.work.v1", ["evt.orders.service_added.v1", _REPRICED]),),
    *2 * (("cmd.orders.part.v1", ["evt.orders.parts_requested.v1", _REPRICED]),),
    ("cmd.orders.price.v1", ["evt.orders.line_changed.v1", _REPRICED]),
    ("cmd.orders.move.v1", ["evt.orders.order_moved.v1"]),
    ("ask.orders.order.v1", []),
    ("cmd.orders.move.v1", ["evt.orders.order_moved.v1", "evt.orders.order_completed.v1"]),
    ("cmd.finance.pay.v1", ["evt.finance.payment_taken.v1", "evt.finance.order_paid.v1"]),
    ("ask.orders.order.v1", []),
)
"""What each call asks for, and the events that come of it."""
_NEWS = ["evt.orders.news_taken.v1"]
HEARD: dict[str, dict[str, Published]] = {
    "inventory": {
        "evt.orders.parts_requested.v1": ["evt.inventory.parts_reserved.v1"],
        "evt.orders.order_completed.v1": ["evt.inventory.parts_issued.v1"],
    },
    "finance": {
        "evt.orders.order_completed.v1": [
            "evt.finance.order_settled.v1",
            "evt.finance.pay_accrued.v1",
        ]
    },
    "orders": {
        "evt.inventory.parts_reserved.v1": _NEWS,
        "evt.inventory.parts_issued.v1": _NEWS,
        "evt.finance.order_settled.v1": _NEWS,
    },
}
"""The events that come of events, by who hears them."""


async def measure(folder: Path, station_pid: int, clients: int, seconds: float) -> Row:
    """CPU of a flow, in all processes and servers but who sends it."""
    async with AsyncExitStack() as stack:
        servers = await stack.enter_async_context(floor_servers(folder))
        await servers.consume({name: consumed_subjects(name) for name in topology.SERVICES})
        port = free_port()
        for name in topology.SERVICES:
            await stack.enter_async_context(
                processes.beside(MODULE, name, servers.broker_url(name), servers.database_url)
            )
        await stack.enter_async_context(
            processes.beside(MODULE, "gateway", servers.broker_url("gateway"), str(port))
        )
        connections = [await stack.enter_async_context(Http(HOST, port)) for _ in range(clients)]
        await _flows(connections, seconds / 4)  # plans, caches and connections are warm after it
        used, began = _cpu_s(station_pid), time.monotonic()
        flows = await _flows(connections, seconds)
        took_s = time.monotonic() - began
        cpu_ms = (_cpu_s(station_pid) - used) / flows * 1000
        who = f"{clients} client{'s' if clients > 1 else ''}"
        what = f"CPU of as many messages with nothing in them, {who}"
        return Row(what, cpu_ms, "ms", None, "a floor", f"{flows / took_s:.0f} flows/s")


async def _flows(connections: Sequence[Http], seconds: float) -> int:
    ends = time.monotonic() + seconds
    done = 0

    async def work(http: Http) -> None:
        nonlocal done
        while time.monotonic() < ends:
            for subject, published in FLOW:
                await http.post(f"/{subject}", publish=published, text=BODY)
            done += 1

    await asyncio.gather(*map(work, connections))
    return done


def _cpu_s(station_pid: int) -> float:
    now = processes.Snapshot()
    return now.cpu_s(os.getpid()) - processes.own_cpu_s() - now.cpu_s(station_pid)


class Bare:
    """A service that stores what comes and passes on what follows."""

    def __init__(self, name: str, connection: Client, database: asyncpg.Pool) -> None:
        self._name = name
        self._connection = connection
        self._database = database
        self._answers = Answers(connection)
        self._stored: Coalesced[bytes, None] = Coalesced(self._store)

    async def answer(self, message: Msg) -> None:
        """A request: stored, what comes of it published, and answered then, so that nobody sends
        more than the stream takes."""
        asked = pydantic_core.from_json(message.data)
        if message.subject.startswith("cmd."):
            await self._stored.submit(message.data)
        await self._publish(asked["publish"])
        await message.respond(message.data)

    async def hear(self) -> None:
        """Events, all that have come in one transaction, acknowledged after it."""
        follows = HEARD.get(self._name, {})
        came: asyncio.Queue[Msg] = asyncio.Queue()
        inbox, asked = self._connection.new_inbox(), 0
        await self._connection.subscribe(inbox, cb=came.put)
        while True:
            if asked <= AT_ONCE // 2:
                pull = {"batch": AT_ONCE - asked, "expires": 600 * 10**9}
                await self._connection.publish(
                    f"$JS.API.CONSUMER.MSG.NEXT.{STREAM}.{self._name}",
                    pydantic_core.to_json(pull),
                    inbox,
                )
                asked = AT_ONCE
            events = [await came.get()]
            while not came.empty():
                events.append(came.get_nowait())
            asked -= len(events)
            await self._store([event.data for event in events])
            for event in events:
                await event.ack()
            await self._publish(
                [subject for event in events for subject in follows.get(event.subject, ())]
            )

    async def _store(self, bodies: Sequence[bytes]) -> list[None]:
        await self._database.execute(
            "INSERT INTO stored (body) SELECT * FROM unnest($1::bytea[])", bodies
        )
        return [None] * len(bodies)

    async def _publish(self, subjects: Published) -> None:
        if subjects:
            body = BODY.encode()
            await self._answers.to_all(((each, body, {}) for each in subjects), TIMEOUT_S)


async def _service(name: str, nats_url: str, database_url: str) -> None:
    connection = await nats.connect(nats_url, inbox_prefix=topology.inbox(name).encode())
    # One for what is asked, one for what is heard.
    database = await asyncpg.create_pool(database_url, min_size=2, max_size=2)
    bare = Bare(name, connection, database)
    in_work: set[asyncio.Task[None]] = set()

    async def take(message: Msg) -> None:
        task = asyncio.create_task(bare.answer(message))
        in_work.add(task)
        task.add_done_callback(in_work.discard)

    for kind in ("cmd", "ask"):
        await connection.subscribe(f"{kind}.{name}.>", queue=name, cb=take)
    await subscribed(connection)
    hearing = asyncio.create_task(bare.hear())
    await _until_closed()
    hearing.cancel()
    await asyncio.gather(hearing, return_exceptions=True)
    await connection.close()


async def _gateway(nats_url: str, port: int) -> None:
    connection = await nats.connect(nats_url, inbox_prefix=topology.inbox("gateway").encode())
    answers = Answers(connection)

    async def answer(request: Request) -> Response:
        subject = request.path_params["subject"]
        reply = await answers.to((subject, await request.body(), {}), TIMEOUT_S)
        return Response(reply.data, media_type="application/json")

    app = Starlette(routes=[Route("/api/v1/{subject}", answer, methods=["POST"])])
    server = uvicorn.Server(uvicorn.Config(app, HOST, port, log_config=None, access_log=False))
    serving = asyncio.create_task(server.serve())
    while not server.started:
        await asyncio.sleep(0.01)
    await _until_closed()
    server.should_exit = True
    await serving
    await connection.close()


async def _until_closed() -> None:
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.read)


def main(name: str, nats_url: str, rest: str) -> None:
    work = _gateway(nats_url, int(rest)) if name == "gateway" else _service(name, nats_url, rest)
    uvloop.run(work)


if __name__ == "__main__":
    main(*sys.argv[1:])
