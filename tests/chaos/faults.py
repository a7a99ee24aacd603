"""What can happen, drawn from a seed, and how it is done to a station."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from random import Random
from typing import Any
from uuid import UUID

import asyncpg
from nats.aio.client import Client

from deploy.commands.reach import nats_connection
from deploy.topology import BOOTSTRAP
from shared.contracts.finance import PaymentTaken, PaymentView
from shared.ids import new_id
from shared.messaging.envelope import SYSTEM, opening
from shared.messaging.outbox import STREAM, Outgoing, outgoing
from shared.packing import unpack
from shared.service import consumed_subjects
from tests.chaos import crash_points
from tests.chaos.memory import Memory
from tests.chaos.station import ChaosStation

SERVICES = crash_points.LISTENING
PROCESSES = (*SERVICES, "gateway")
SHIFTS_S = (-86_400.0, -3_600.0, -5.0, 5.0, 3_600.0, 86_400.0)
FIRES_WITHIN_S = 30.0
AGAIN = 40
"""Events that are published once more at a time."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that happens, ``at_s`` seconds into its episode."""

    at_s: float
    kind: str
    target: str
    lasts_s: float
    seed: int

    def __str__(self) -> str:
        return f"{self.at_s:6.2f} s  {self.kind:<16} {self.target:<28} {self.lasts_s:.1f} s"


# --- drawing -----------------------------------------------------------------------------------

WEIGHTS = {
    "crash": 12.0,
    "kill": 3.0,
    "freeze": 2.0,
    "kill_nats": 0.7,
    "kill_postgres": 0.7,
    "freeze_nats": 0.7,
    "freeze_postgres": 0.7,
    "kill_nursery": 0.2,
    "kill_supervisor": 0.2,
    "again": 1.5,
    "poison": 0.8,
    "clock": 0.8,
    "wipe": 0.25,
    "flip": 0.4,
    "full_disk": 0.4,
}
STORE = ("wipe", "flip")
"""What the broker had and no outbox has, is lost after them: the poison that we sent."""
PACES_S = (1.0, 2.0)
"""On average, between the beginnings of two faults of an episode: in some nobody gets far, in
others much is done between two deaths."""
TOGETHER = 0.25
"""Of the crashes: all who come to a point die there, within seconds of each other."""


def drawn(seed: str, count: int, only: Collection[str] = ()) -> list[Fault]:
    """The faults of one episode; the same for the same seed."""
    random = Random(seed)
    kinds = [kind for kind in WEIGHTS if not only or kind in only]
    pace_s = random.choice(PACES_S)
    at_s = 0.5
    faults = []
    for _ in range(count):
        kind = random.choices(kinds, [WEIGHTS[kind] for kind in kinds])[0]
        lasts_s = random.uniform(0.5, 4.0)
        faults.append(Fault(at_s, kind, _target(kind, random), lasts_s, random.getrandbits(32)))
        at_s += random.expovariate(1 / pace_s)
    return faults


def _target(kind: str, random: Random) -> str:
    if kind == "crash":
        point = random.choice(list(crash_points.POINTS))
        process = random.choice(crash_points.POINTS[point])
        return f"{crash_points.EVERYBODY if random.random() < TOGETHER else process}.{point}"
    if kind in ("kill", "freeze"):
        return random.choice(PROCESSES)
    if kind == "clock":
        return random.choice(SERVICES)
    if kind == "poison":
        return random.choice(("garbage", "misnamed", "orphan"))
    if kind == "again":
        return random.choice(("late", "reordered"))
    if kind == "wipe":
        return random.choice(("under a running server", "while it is down"))
    if kind in ("flip", "full_disk"):
        return "store"
    return kind.partition("_")[2]


# --- doing -------------------------------------------------------------------------------------


class Hand:
    """Does faults to a station. Each answers how many came of it: processes that died at a point,
    or whether it came to something."""

    def __init__(self, station: ChaosStation, memory: Memory) -> None:
        self._station = station
        self._memory = memory
        self._kinds: dict[str, Callable[[Fault], Awaitable[int]]] = {
            "crash": self._crash,
            "freeze": self._freeze,
            "clock": self._clock,
            "again": self._again,
            "poison": self._poison,
            "wipe": self._wipe,
            "flip": self._flip,
            "full_disk": self._full_disk,
            "kill_supervisor": self._kill_supervisor,
        }

    async def do(self, fault: Fault) -> int:
        return await self._kinds.get(fault.kind, self._by_signal)(fault)

    async def _by_signal(self, fault: Fault) -> bool:
        if fault.kind.startswith("freeze_"):
            return await self._station.freeze(fault.target, fault.lasts_s)
        return self._station.kill(fault.target)

    async def _freeze(self, fault: Fault) -> bool:
        return await self._station.freeze(fault.target, fault.lasts_s)

    async def _kill_supervisor(self, _: Fault) -> bool:
        await self._station.begin_again()
        return True

    async def _crash(self, fault: Fault) -> int:
        """Arms a point; answers how many have died there."""
        armed = []
        for process, point in crash_points.armed_for(fault.target):
            armed.append(crash_points.arm(self._station.armed, process, point))
            if point in crash_points.POISON_ONLY:
                how = "garbage" if "park" in point else "orphan"
                await self._send_poison(how, Random(fault.seed), process)
        deadline = time.monotonic() + FIRES_WITHIN_S
        while (waiting := [each for each in armed if each.exists()]) and (
            time.monotonic() < deadline
        ):
            await asyncio.sleep(0.05)
        for each in waiting:
            each.unlink(missing_ok=True)
        return len(armed) - len(waiting)

    async def _clock(self, fault: Fault) -> bool:
        """The service is started anew with a clock that is wrong, and later with a right one."""
        clock = self._station.armed / f"{fault.target}.clock"
        clock.write_text(str(Random(fault.seed).choice(SHIFTS_S)))
        done = self._station.kill(fault.target)
        await asyncio.sleep(2 + fault.lasts_s)
        clock.unlink(missing_ok=True)
        self._station.kill(fault.target)
        return done

    async def _again(self, fault: Fault) -> bool:
        """Events that were published before come once more: old ones, or the newest, in any
        order."""
        random = Random(fault.seed)
        events = await self._some_events(random.choice(crash_points.COMMANDED), fault.target)
        random.shuffle(events)
        await self._publish(events)
        return bool(events)

    async def _poison(self, fault: Fault) -> bool:
        random = Random(fault.seed)
        await self._send_poison(fault.target, random, random.choice(SERVICES))
        return True

    # --- the broker's store ----------------------------------------------------------------------

    async def _wipe(self, fault: Fault) -> bool:
        if fault.target == "while it is down" and not self._station.kill("nats"):
            return False
        shutil.rmtree(self._station.store, ignore_errors=True)
        return True

    async def _flip(self, fault: Fault) -> bool:
        """A bit or some, in one file of the stream; the server reads it when it starts again."""
        if not self._station.pid_of("nats"):
            return False
        random = Random(fault.seed)
        files = sorted(
            path
            for path in self._station.store.glob("*/streams/EVENTS/**/*")
            if path.is_file() and path.stat().st_size
        )
        if not files:
            return False
        with random.choice(files).open("r+b") as file:
            size = file.seek(0, os.SEEK_END)
            for _ in range(random.choice((1, 1, 1, 8))):
                at = random.randrange(size)
                file.seek(at)
                byte = file.read(1)[0] ^ (1 << random.randrange(8))
                file.seek(at)
                file.write(bytes([byte]))
        return self._station.kill("nats")

    async def _full_disk(self, fault: Fault) -> bool:
        """Something else takes all the room there is, and gives it back."""
        if not self._station.has_small_disk:
            return False
        ballast = self._station.data_dir / "ballast"
        try:
            self._station.fill_disk(ballast)
            await asyncio.sleep(2 + 2 * fault.lasts_s)
        finally:
            ballast.unlink(missing_ok=True)
        return True

    # --- events that no service sends ------------------------------------------------------------

    async def _some_events(self, service: str, which: str) -> list[Outgoing]:
        order = "random()" if which == "late" else "seq DESC"
        async with self._station.database(service) as database:
            rows = await database.fetch(
                "SELECT event_id, subject, headers, body FROM outbox"
                " WHERE event_id NOT IN (SELECT event_id FROM unpublished)"
                f" ORDER BY {order} LIMIT {AGAIN}"
            )
        return [_outgoing_of(row) for row in rows]

    async def _send_poison(self, how: str, random: Random, taker: str = "orders") -> None:
        """``taker`` hears it, at least; what is valid and can never be handled only orders has."""
        event = _a_payment_of_nobody()
        subject, body, headers = event.subject, event.body, event.headers
        takers = frozenset({"orders"})
        if how == "orphan":
            self._memory.strangers.add(event.event_id)
        else:
            if not _hears(taker, subject):
                subject = random.choice(sorted(consumed_subjects(taker)))
            takers = frozenset(each for each in SERVICES if _hears(each, subject))
        if how == "garbage":
            body, headers = random.randbytes(30), {**headers, "ce-type": subject}
        elif how == "misnamed":
            headers = {**headers, "ce-type": "evt.finance.nobody_said.v1"}
        self._memory.poison[event.event_id] = takers
        await self._publish([Outgoing(event.event_id, subject, headers, body)])
        # Acknowledged, and so it will come; it may have come, too, where that failed.
        self._memory.must_be_parked |= {(taker, event.event_id) for taker in takers}

    async def _publish(self, events: list[Outgoing]) -> None:
        """Without the header by which NATS itself would know them again."""
        async with self._bootstrap() as connection:
            js = connection.jetstream(timeout=5)
            for event in events:
                await js.publish(event.subject, event.body, stream=STREAM, headers=event.headers)

    @asynccontextmanager
    async def _bootstrap(self) -> AsyncIterator[Client]:
        """As ``pitlane events rebuild`` connects."""
        connection = await nats_connection(self._station.told["nats"]["urls"][BOOTSTRAP], BOOTSTRAP)
        try:
            yield connection
        finally:
            await connection.close()


def _outgoing_of(row: asyncpg.Record) -> Outgoing:
    return Outgoing(
        row["event_id"], row["subject"], json.loads(unpack(row["headers"])), unpack(row["body"])
    )


def _hears(service: str, subject: str) -> bool:
    return bool({subject, "evt.>"} & set(consumed_subjects(service)))


def _a_payment_of_nobody() -> Outgoing:
    """A valid event about an order that does not exist: orders can never handle it."""
    source = "/station-1/finance"
    cause = opening(source, "chaos", SYSTEM)
    payment: dict[str, Any] = {
        "id": new_id(),
        "at": cause.time,
        "order_id": new_id(),
        "customer_id": new_id(),
        "payer_id": new_id(),
        "amount": "1.00",
        "method": "cash",
        "refunded": "0",
        "comment": None,
        "actor": "chaos",
    }
    view = PaymentView.model_validate(payment)
    event = PaymentTaken(payment=view, order_id=UUID(str(payment["order_id"])))
    return outgoing(event, cause, source, cause.time)
