"""Whether the broker still has what it acknowledged, and what is done when it may not have it.

The outboxes are the truth and the stream a copy of them. Only two things can tell that the copy
lost something: the stream itself (another creation time, an earlier end, fewer messages), and a
restart of the server, which reads from its disk what it only had in memory until then. After
each of them the stream is compared with the outboxes, event by event, and what it lost is put
back: by ``pitlane events rebuild``, the very command that a person would use.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import nats.errors
from nats.aio.client import Client
from nats.js.api import ConsumerInfo
from nats.js.errors import APIError, NotFoundError

from deploy import topology
from deploy.local.processes import CannotStart, DatabaseAway
from shared.messaging.retries import RETRY_DELAYS_S

type Say = Callable[..., None]
"""``say(level, event, **more)`` logs."""

LOOK_EVERY_S = 2.0
COMPARE_EVERY_S = 24 * 3600.0
"""Also when nothing looks wrong: what rots on a disk is not read until somebody needs it."""
ONCE_MORE_AFTER_S = 60.0
"""An event that was acknowledged before a fault may be noted as published only after the
comparison that followed it: by a service that was there before the fault."""
PAUSE_S = 5.0
"""After a comparison that failed."""
OWED_FOR_S = sum(RETRY_DELAYS_S) + (len(RETRY_DELAYS_S) + 1) * topology.ACK_WAIT_S
"""Longer than all tries of one event together take: one that fails keeps its consumer's
acknowledged place where it is until it is parked."""
NEVER = float("-inf")
STUCK_AFTER_S = 10.0
"""Refused for so long without a reason that would show: the server has to be started again."""
NEXT_RESTART_AFTER_S = 60.0
REFUSAL_COUNTS_S = 8.0
"""Relays try again every few seconds; who was not refused for longer than that is served."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A stream at one look."""

    run: int
    """Which run of the server it was; another one after every start."""
    created: str | None = None
    """None: there is no stream."""
    last_seq: int = 0
    messages: int = 0
    bytes: int = 0


@dataclass(frozen=True, slots=True)
class Files:
    """Of a stream's store: which folder of messages it is, and how many blocks lie in it."""

    folder: int
    blocks: int


def files_in(store: Path) -> Files | None:
    """Of the stream in a nats-server's store; None when there is none."""
    for folder in store.glob(f"jetstream/*/streams/{topology.EVENTS.name}/msgs"):
        with contextlib.suppress(OSError):
            return Files(folder.stat().st_ino, len(list(folder.glob("*.blk"))))
    return None


def suspicion(before: Seen | None, now: Seen) -> str | None:
    """Why something may have been lost between two looks; None when nothing can have been. From
    a stream of ours nothing is ever removed: it only grows."""
    if now.created is None:
        return "there is no stream"
    if before is None:
        return "it was not looked at before"
    if now.run != before.run:
        return "the server was started anew"
    if now.created != before.created:
        return "it is another stream"
    if now.last_seq < before.last_seq:
        return f"it ends at {now.last_seq}, and ended at {before.last_seq}"
    if now.messages < before.messages:
        return f"it has {now.messages} messages, and had {before.messages}"
    return None


class StreamWatch:
    """Looks at the station's stream for as long as it runs."""

    def __init__(
        self,
        connect: Callable[[], Awaitable[Client]],
        rebuild: Callable[[], Awaitable[None]],
        say: Say,
        *,
        restart: Callable[[], Awaitable[None]] | None = None,
        files: Callable[[], Files | None] = lambda: None,
    ) -> None:
        """``connect``: as NATS user ``bootstrap``; ``rebuild`` compares and puts back, and raises
        ``CannotStart``. ``restart`` starts the server anew and ``files`` looks at its store, where
        it is ours: a server whose files are taken away goes on acknowledging into nothing."""
        self._connect = connect
        self._rebuild = rebuild
        self._say = say
        self._restart = restart
        self._files = files
        self._connection: Client | None = None
        self._runs = 0
        self._first_run: int | None = None
        self._seen: Seen | None = None
        self._seen_files: Files | None = None
        self._failures = 0
        self._compare_at = NEVER
        self._owing: dict[str, int] = {}
        self._owing_since = NEVER
        self._owing_run: int | None = None
        self._blind = False
        self._refused_since: float | None = None
        self._refused_last = 0.0
        self._restarted_at = NEVER
        self._wake = asyncio.Event()

    def refused(self) -> None:
        """Somebody could not publish, and told so."""
        now = asyncio.get_running_loop().time()
        if self._refused_since is None or now - self._refused_last > REFUSAL_COUNTS_S:
            self._refused_since = now
        self._refused_last = now
        self._wake.set()

    def doubted(self) -> None:
        """Somebody was given something else than was published."""
        self._compare_at = NEVER
        self._wake.set()

    async def meet(self) -> None:
        """The server, before any service runs: none was acknowledged anything by an earlier run
        of it. Raises ``CannotStart``."""
        await self._connected()
        self._first_run = self._runs

    async def run(self) -> None:
        """Until it is cancelled."""
        try:
            while True:
                try:
                    await self._look_and_act()
                    self._blind = False
                except (nats.errors.Error, TimeoutError, OSError, APIError, CannotStart) as error:
                    if not self._blind:
                        self._say("warning", "stream_not_seen", error=str(error) or repr(error))
                    self._blind = True
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), LOOK_EVERY_S)
                self._wake.clear()
        finally:
            await self._disconnect()

    async def _look_and_act(self) -> None:
        seen = await self._look()
        if self._restart and self._were_taken_away(seen):
            await self._start_anew("its files were taken away")
            return
        self._seen_files = self._files()
        if why := suspicion(self._seen, seen):
            at_start = self._seen is None and seen.run == self._first_run
            then_after_s = COMPARE_EVERY_S if at_start else ONCE_MORE_AFTER_S
            await self._compare(seen, why, then_after_s=then_after_s)
        elif asyncio.get_running_loop().time() >= self._compare_at:
            await self._compare(seen, "it is time to", then_after_s=COMPARE_EVERY_S)
        else:
            self._seen = seen
            if self._restart and self._is_stuck(seen):
                await self._start_anew("it refuses events that it has room for")
        await self._see_to_consumers(seen)
        self._tell_if_full(seen)

    async def _compare(self, seen: Seen, why: str, *, then_after_s: float) -> None:
        self._say("info", "stream_compared", why=why)
        began = asyncio.get_running_loop().time()
        # Whoever doubts meanwhile is heard after it.
        self._compare_at = began + then_after_s
        try:
            await self._rebuild()
        except CannotStart as error:
            self._compare_at = NEVER
            self._say("error", "stream_not_rebuilt", error=str(error), why=why)
            # A server that is started anew gives no database back.
            if not isinstance(error, DatabaseAway):
                self._failures += 1
                if self._restart and self._failures % 2 == 0:
                    await self._start_anew("the stream could not be rebuilt")
            await asyncio.sleep(PAUSE_S)
            return
        self._failures = 0
        self._say(
            "info", "stream_whole", took_s=round(asyncio.get_running_loop().time() - began, 1)
        )
        # As it was before the comparison: what is lost since is noticed at the next look.
        self._seen = seen if seen.created else await self._look()
        self._seen_files = self._files()

    # --- the server -------------------------------------------------------------------------

    async def _look(self) -> Seen:
        connection = await self._connected()
        try:
            info = await connection.jetstream(timeout=5).stream_info(str(topology.EVENTS.name))
        except NotFoundError:
            return Seen(self._runs)
        state = info.state
        return Seen(self._runs, str(info.created), state.last_seq, state.messages, state.bytes)

    async def _connected(self) -> Client:
        """A connection breaks when its server ends: a new one may be to a new run of it."""
        if self._connection is None or not self._connection.is_connected:
            await self._disconnect()
            self._connection = await self._connect()
            self._runs += 1
        return self._connection

    async def _disconnect(self) -> None:
        if self._connection:
            with contextlib.suppress(Exception):
                await self._connection.close()
            self._connection = None

    async def _start_anew(self, why: str) -> None:
        assert self._restart
        now = asyncio.get_running_loop().time()
        if now - self._restarted_at < NEXT_RESTART_AFTER_S:
            return
        self._restarted_at = now
        self._refused_since = None
        self._say("error", "nats_started_anew", why=why)
        await self._restart()

    def _were_taken_away(self, seen: Seen) -> bool:
        """The store that the server of before still works on is not there any more."""
        files = self._files()
        if seen.created and files is None:
            return True
        if self._seen is None or seen.run != self._seen.run or self._seen_files is None:
            return False
        return (
            files is None
            or files.folder != self._seen_files.folder
            or files.blocks < self._seen_files.blocks
        )

    # --- consumers ---------------------------------------------------------------------------

    async def _see_to_consumers(self, seen: Seen) -> None:
        """What the server notes of a consumer has no sum: one flipped bit, and what was delivered
        and not acknowledged before a restart is delivered again in years. A consumer that moves
        on with none of it, though its service asks for more, is made anew, from the beginning: the
        inboxes know the rest. That may also meet one that waited all the time for its database, or
        for a service that it asks."""
        now = asyncio.get_running_loop().time()
        if seen.run != self._owing_run:
            consumers = await self._consumers()
            self._owing = {name: floor_of(info) for name, info in _debtors(consumers)}
            self._owing_run, self._owing_since = seen.run, now
            if not all(map(_is_at_rest, consumers.values())):
                # By then all that is owed is acknowledged, and what was neither given nor is owed
                # counts as that, too.
                self._compare_at = min(self._compare_at, now + OWED_FOR_S)
        elif self._owing and now - self._owing_since > OWED_FOR_S:
            debtors = _debtors(await self._consumers())
            still = {
                name: info for name, info in debtors if self._owing.get(name) == floor_of(info)
            }
            for name in [name for name, info in still.items() if info.num_waiting]:
                self._say("error", "consumer_made_anew", consumer=name, why="it owes events")
                js = (await self._connected()).jetstream()
                await js.delete_consumer(str(topology.EVENTS.name), name)
                self.doubted()  # the comparison makes it
                del still[name]
            # Whoever asks for nothing now is given the same time once more.
            self._owing = {name: floor_of(info) for name, info in still.items()}
            self._owing_since = now

    async def _consumers(self) -> dict[str, ConsumerInfo]:
        js = (await self._connected()).jetstream(timeout=5)
        consumers = {}
        for name in topology.SERVICES:
            with contextlib.suppress(NotFoundError):
                consumers[name] = await js.consumer_info(str(topology.EVENTS.name), name)
        return consumers

    # --- refusals ----------------------------------------------------------------------------

    def _is_stuck(self, seen: Seen) -> bool:
        """Events are refused, again and again, and the stream is not full."""
        if self._refused_since is None or _is_full(seen):
            return False
        now = asyncio.get_running_loop().time()
        if now - self._refused_last > REFUSAL_COUNTS_S:
            self._refused_since = None
            return False
        return now - self._refused_since > STUCK_AFTER_S

    def _tell_if_full(self, seen: Seen) -> None:
        if self._refused_since is not None and _is_full(seen):
            self._refused_since = None
            self._say(
                "error",
                "stream_full",
                bytes=seen.bytes,
                limit=topology.EVENTS.max_bytes,
                error="events wait in the outboxes until the stream may be larger",
            )


FULL = 0.98
"""Of its limit: no larger event fits any more, though a small one may."""


def _is_full(seen: Seen) -> bool:
    return seen.bytes >= FULL * (topology.EVENTS.max_bytes or 0)


def _debtors(consumers: Mapping[str, ConsumerInfo]) -> list[tuple[str, ConsumerInfo]]:
    """Those to whom something was delivered that they have not acknowledged."""
    return [(name, info) for name, info in consumers.items() if info.num_ack_pending]


def _is_at_rest(info: ConsumerInfo) -> bool:
    """Everything was delivered, and all of it acknowledged."""
    delivered = info.delivered.stream_seq if info.delivered else 0
    return not info.num_pending and not info.num_ack_pending and floor_of(info) == delivered


def floor_of(info: ConsumerInfo) -> int:
    """Up to where all was acknowledged."""
    return info.ack_floor.stream_seq if info.ack_floor else 0
