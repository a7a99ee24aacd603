"""What must be true of a station when everything is quiet again."""

from __future__ import annotations

import asyncio
import json
import re
import time
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg
import nats.errors

from deploy.commands.audit import whole_chain
from deploy.commands.difference_words import line_of
from deploy.commands.reach import Operator, connected, reach
from deploy.local.processes import CannotStart
from deploy.progress import Silent
from deploy.reconciliation import compare
from shared.contracts.base import Question
from shared.database import engine_for_one_job
from shared.messaging.dead_letters import DeadLetters
from shared.messaging.outbox import STREAM
from shared.packing import unpack
from shared.refusals import Refused
from shared.service import consumed_subjects
from shared.settings import SERVICES
from tests.bench.http import Http
from tests.chaos.memory import KnownOrder, Memory
from tests.chaos.people import ORDER_CREATED
from tests.chaos.station import HOST, SETTLE_TIMEOUT_S, ChaosStation

LISTENING = tuple(name for name in SERVICES if name != "gateway")
MARK = re.compile(rb"chaos-[0-9a-f]{32}")
QUIET_LOOKS = 3
_NOT_NOW = (
    CannotStart,
    Refused,
    OSError,
    TimeoutError,
    nats.errors.Error,
    asyncpg.PostgresError,
    asyncpg.InterfaceError,
)
STILL_ANSWERED_S = 60.0


class Checks:
    """All checks of one station, after it has come to rest. Each tells what it finds wrong."""

    def __init__(self, station: ChaosStation, memory: Memory) -> None:
        self._station = station
        self._memory = memory
        self.events = 0
        """In all outboxes, when they were last read."""

    async def all(self, *, nothing_lost_by_broker: bool = True) -> list[str]:
        try:
            await self.settled()
        except AssertionError as error:
            return [str(error)]
        return [
            *self._memory.broken,
            *(f"orphan: {each}" for each in self._station.orphans()),
            *await self._books(),
            *await self._journal_and_marks(),
            *await self._dead_letters(exactly=nothing_lost_by_broker),
            *await self._orders(),
            *await self._stock(),
            *await self._clients(),
        ]

    # --- rest ------------------------------------------------------------------------------------

    async def settled(self) -> None:
        """Outboxes empty, every event heard by whoever listens to it, several times in a row."""
        deadline = time.monotonic() + SETTLE_TIMEOUT_S
        in_a_row, unquiet = 0, "nobody was asked"
        while in_a_row < QUIET_LOOKS:
            try:
                unquiet = await self._unquiet()
                if not unquiet and in_a_row == QUIET_LOOKS - 1:  # what has been handled stays so
                    unquiet = "\n".join((await self._inboxes())[:5])
            except _NOT_NOW as error:
                unquiet = repr(error)
            in_a_row = 0 if unquiet else in_a_row + 1
            if time.monotonic() > deadline:
                raise AssertionError(f"no rest within {SETTLE_TIMEOUT_S:.0f} s: {unquiet}")
            await asyncio.sleep(0.3)

    async def _unquiet(self) -> str:
        waiting = {}
        for name in SERVICES:
            async with self._station.database(name) as database:
                if count := await database.fetchval("SELECT count(*) FROM unpublished"):
                    waiting[f"outbox of {name}"] = count
        async with self._operator() as operator:
            js = operator.connection.jetstream()
            for name in LISTENING:
                info = await js.consumer_info(STREAM, name)
                if left := (info.num_pending or 0) + (info.num_ack_pending or 0):
                    waiting[f"consumer {name}"] = left
        return ", ".join(f"{what}: {count}" for what, count in waiting.items())

    # --- the books, by the code of `pitlane reconcile` and `pitlane audit verify` ----------------

    async def _books(self) -> list[str]:
        async with self._operator() as operator:

            async def ask(question: Question[Any]) -> Any:
                return await operator.send(question, type(question).subject.split(".")[1])

            wrong = [f"reconcile: {line_of(each)}" for each in (await compare(ask)).differences]
            chain = await whole_chain(ask, Silent())
        if not chain.intact:
            wrong.append(f"audit: the chain is broken: {chain.faults}")
        return wrong

    # --- every event of every outbox -------------------------------------------------------------

    async def _journal_and_marks(self) -> list[str]:
        published: dict[UUID, str] = {}
        marks: Counter[tuple[str, str]] = Counter()
        for name in SERVICES:
            async with self._station.database(name) as database:
                for row in await database.fetch("SELECT event_id, subject, body FROM outbox"):
                    published[row["event_id"]] = row["subject"]
                    marks.update((mark, row["subject"]) for mark in _marks_in(row))
        async with self._station.database("audit") as database:
            rows = await database.fetch("SELECT event_id FROM records")
        recorded = Counter(row["event_id"] for row in rows)
        self.events = len(published)
        return [
            *(
                f"audit: {subject} {event_id} is not recorded"
                for event_id, subject in published.items()
                if event_id not in recorded
            ),
            *(
                f"audit: {event_id} is recorded {count} times, published by nobody or twice"
                for event_id, count in recorded.items()
                if count > 1
                or (event_id not in published and event_id not in self._memory.strangers)
            ),
            *self._marks(marks),
        ]

    def _marks(self, found: Counter[tuple[str, str]]) -> list[str]:
        """Each acknowledged command has its effect, once; a refused one has none."""
        wrong = [
            f"effect: {mark} was acknowledged, and {event} is there {found[mark, event]} times"
            for mark, event in self._memory.acknowledged.items()
            if found[mark, event] != 1
        ]
        for mark, event in found:
            if mark in self._memory.refused and "refused" not in event:
                code = self._memory.refused[mark]
                wrong.append(f"effect: {mark} was refused ({code}), yet there is {event}")
        return wrong

    async def _inboxes(self) -> list[str]:
        """Whoever listens to an event has handled it."""
        wrong = []
        heard: dict[str, set[UUID]] = {}
        for name in LISTENING:
            async with self._station.database(name) as database:
                heard[name] = {
                    row["event_id"] for row in await database.fetch("SELECT event_id FROM inbox")
                }
        subjects = {name: set(consumed_subjects(name)) for name in LISTENING}
        for source in SERVICES:
            async with self._station.database(source) as database:
                rows = await database.fetch("SELECT event_id, subject FROM outbox")
            wrong += [
                f"inbox: {name} has not handled {row['subject']} {row['event_id']}"
                for row in rows
                for name in LISTENING
                if {row["subject"], "evt.>"} & subjects[name] and row["event_id"] not in heard[name]
            ]
        return wrong

    async def _dead_letters(self, *, exactly: bool) -> list[str]:
        found: set[tuple[str, UUID]] = set()
        wrong = []
        for name in SERVICES:
            await self._forget_what_was_handled_since(name)
            async with self._station.database(name) as database:
                for row in await database.fetch("SELECT * FROM dead_letters"):
                    letter = name, row["event_id"]
                    found.add(letter)
                    what = f"{row['subject']} {row['event_id']}: {row['reason']}"
                    is_ours = name in self._memory.poison.get(row["event_id"], ())
                    if row["parked_at"] is None:
                        if is_ours and not exactly:
                            # No outbox has it: it went with the store, between two tries.
                            self._memory.gone_poison.add(letter)
                        if letter not in self._memory.gone_poison:
                            wrong.append(f"dead letters: {name} still tries {what}")
                    elif not is_ours:
                        wrong.append(f"dead letters: {name} parked {what}")
        if exactly:
            wrong += [
                f"dead letters: {name} has not parked the poison {event_id}"
                for name, event_id in self._memory.must_be_parked - found
            ]
        self._memory.must_be_parked.clear()
        return wrong

    async def _forget_what_was_handled_since(self, name: str) -> None:
        """As the service's housekeeping does every few minutes: the broker brought it anew."""
        async with engine_for_one_job(self._station.told["databases"][name]["url"]) as engine:
            await DeadLetters(engine).park_abandoned()

    # --- what people were told -------------------------------------------------------------------

    async def _orders(self) -> list[str]:
        wrong = []
        memory = self._memory
        async with self._http() as http:
            while memory.orders:
                order_id, known = memory.orders.popitem()
                order = await http.get(f"/orders/{order_id}")
                wrong += [f"order {order['number']}: {each}" for each in _unlike(order, known)]
                memory.checked_orders += 1
                for line in order["products"]:
                    if line["state"] == "issued":
                        memory.issued[line["product_id"]] += Decimal(line["quantity"])
        return wrong

    async def _stock(self) -> list[str]:
        wrong = []
        memory = self._memory
        async with self._station.database("inventory") as database:
            there = {
                str(row["product_id"]): row["on_hand"]
                for row in await database.fetch(
                    "SELECT product_id, sum(on_hand) AS on_hand FROM stock GROUP BY product_id"
                )
            }
        for product_id, moved in memory.moved.items():
            on_the_way = memory.on_the_way.get(product_id, Decimal(0))
            expected = moved - memory.issued[product_id] - on_the_way
            if there.get(product_id, Decimal(0)) != expected:
                found = there.get(product_id)
                wrong.append(f"stock: of {product_id} there is {found}, not {expected}")
        return wrong

    async def _clients(self) -> list[str]:
        wrong = []
        async with self._http() as http:
            while self._memory.clients:
                client_id, cars = self._memory.clients.popitem()
                found = len((await http.get(f"/clients/{client_id}"))["vehicles"])
                if found != cars:
                    wrong.append(f"client {client_id}: {found} cars, not {cars}")
        return wrong

    # --- asking ----------------------------------------------------------------------------------

    @asynccontextmanager
    async def _operator(self) -> AsyncIterator[Operator]:
        async with connected(reach(self._station.data_dir), timeout_s=STILL_ANSWERED_S) as operator:
            yield operator

    def _http(self) -> Http:
        return Http(HOST, self._station.port, self._station.token)


def _marks_in(event: asyncpg.Record) -> set[str]:
    if event["subject"] == ORDER_CREATED:
        return {json.loads(unpack(event["body"]))["client_id"]}
    return {mark.decode() for mark in MARK.findall(unpack(event["body"]))}


def _unlike(order: dict[str, Any], known: KnownOrder) -> list[str]:
    """Where an order is not as it was last acknowledged."""
    found = KnownOrder(
        status=order["status"],
        works={line["id"]: Decimal(line["price"]) for line in order["services"]},
        parts={
            line["id"]: (line["product_id"], Decimal(line["quantity"]))
            for line in order["products"]
        },
        paid=Decimal(order["paid"]),
    )
    return [
        f"{name} is {getattr(found, name)}, acknowledged was {getattr(known, name)}"
        for name in ("status", "works", "parts", "paid")
        if getattr(found, name) != getattr(known, name)
    ]
