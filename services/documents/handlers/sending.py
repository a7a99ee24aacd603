"""The sender: takes what is due, writes down that it is about to call the provider, calls it, and
writes down what came of it.

A crash leaves a message in one of three places. Before the claim is committed it is still queued.
After it, and until the end is written, it is ``sending``: when its lease is over nobody will write
that end any more, and the provider is asked, where it knows our ids; else a person decides.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog

from services.documents.domain import messages as domain
from services.documents.domain.message_rules import (
    SendingRules,
    Skip,
    Wait,
    before_sending,
    day_start,
)
from services.documents.domain.messages import Abilities, Decision, Message
from services.documents.handlers.composing import client_of, composed, save
from services.documents.handlers.table import handlers
from services.documents.providers.base import (
    Accepted,
    Letter,
    Passing,
    Permanent,
    Provider,
    Unclear,
)
from services.documents.store import DocumentsStore
from shared.contracts.messages import Channel
from shared.handlers import Work
from shared.messaging.envelope import Envelope
from shared.messaging.errand import errand, errand_envelope
from shared.refusals import Refused
from shared.service import Running
from shared.stopping import WORK_S

log = structlog.get_logger(__name__)

INTERVAL_S = 2.0
"""Between looks for what is due, when nothing was."""
BATCH = 50
AT_ONCE = 4
"""Messages in work: each holds a database connection for a moment, of the few that there are."""
STOP_GRACE_S = WORK_S - 0.5
CALL_LIMIT_S = 120.0
"""Of a whole call, however slowly its answer drips: far less than a claim is believed."""
RECORD_TRIES, RECORD_PAUSE_S = 30, 1.0
"""An end that was heard is not given up because the database is away."""

GONE = frozenset({"client_not_found", "order_not_found"})
"""Of whom, or about what, nothing can be said any more."""

type Clock = Callable[[], datetime]


class Sender:
    """Moves messages on, one step at a time; several may work on one database."""

    def __init__(
        self,
        running: Running,
        carriers: Mapping[Channel, Provider],
        rules: SendingRules,
        clock: Clock,
    ) -> None:
        self._running = running
        self._carriers = carriers
        self._rules = rules
        self._clock = clock
        self._calls: set[asyncio.Task[bool]] = set()

    async def run(self) -> None:
        """Until it is cancelled; a call that is under way then is waited for."""
        try:
            while True:
                try:
                    moved = await self.round()
                except Exception as error:
                    log.warning("sender_interrupted", error=error)
                    moved = 0
                if not moved:
                    await asyncio.sleep(INTERVAL_S)
        finally:
            if self._calls:
                await asyncio.wait(self._calls, timeout=STOP_GRACE_S)

    async def round(self) -> int:
        """Everything that is due now, a step each; answers how many steps were taken."""
        async with handlers.reading(self._running.engine) as store:
            due = await store.messages.due(self._clock(), BATCH)
        permits = asyncio.Semaphore(AT_ONCE)

        async def step(message_id: UUID, state: str) -> bool:
            async with permits:
                return await self._step(message_id, state)

        return sum(await asyncio.gather(*(step(*message) for message in due)))

    async def _step(self, message_id: UUID, state: str) -> bool:
        """One message's trouble is not the others'."""
        steps = {
            "scheduled": self._compose,
            "queued": self._send,
            "sending": self._lost,
            "undetermined": self._resolve,
            "sent": self._look,
        }
        try:
            return await steps[state](message_id)
        except Exception as error:
            log.warning("message_step_failed", message=str(message_id), error=error)
        with contextlib.suppress(Exception):
            await self._decide(message_id, state, domain.troubled)
        return False

    # --- due: its text -----------------------------------------------------------------------

    async def _compose(self, message_id: UUID) -> bool:
        """Others are asked before the row is locked: nobody waits for it meanwhile."""
        now = self._clock()
        async with handlers.reading(self._running.engine) as store:
            message = await store.messages.message(message_id, lock=False)
            work = Work(
                self._envelope(message, now), now, self._running.settings, self._running.client
            )
            try:
                decision = await composed(message, store, work)
            except Refused as refusal:
                if refusal.code not in GONE:
                    raise
                decision = domain.skipped(message, refusal.code)

        def unchanged(current: Message, _: datetime) -> Decision:
            return decision if current.revision == message.revision else Decision(current)

        return await self._decide(message_id, "scheduled", unchanged)

    # --- queued: the call --------------------------------------------------------------------

    async def _send(self, message_id: UUID) -> bool:
        """Once begun it is ended, even if the service is told to stop meanwhile."""
        call = asyncio.create_task(self._claim_and_call(message_id))
        self._calls.add(call)
        call.add_done_callback(self._calls.discard)
        return await asyncio.shield(call)

    async def _claim_and_call(self, message_id: UUID) -> bool:
        claimed = await self._claim(message_id)
        if claimed is None:
            return False
        if claimed.state == "sending":
            await self._record(claimed, await self._called(claimed))
        return True

    async def _claim(self, message_id: UUID) -> Message | None:
        """The message after the rules have spoken; ``sending``: it is ours to send."""
        now = self._clock()
        async with handlers.reading(self._running.engine) as store:
            message = await store.messages.message(message_id, lock=False)
        async with self._errand(message, now) as (store, work):
            taken = await store.messages.taken(message_id, "queued", now)
            if taken is None:
                return None
            client = await client_of(taken.client_id, store, work)
            mine, all_of_them = await store.messages.sent_since(
                day_start(now, self._rules.zone), taken.client_id
            )
            match before_sending(
                taken, client, self._rules, now, client_today=mine, station_today=all_of_them
            ):
                case Skip(reason):
                    decision = domain.skipped(taken, reason)
                case Wait(until, why):
                    decision = domain.waiting(taken, until, why)
                case _:
                    decision = domain.claimed(taken, self._carriers[taken.channel].name, now)
            await save(decision, store, work)
        return decision.message

    async def _called(self, message: Message) -> Accepted | Exception:
        """What the provider answered, or what went wrong. Whatever we did not foresee may have
        happened after the message was out."""
        try:
            async with asyncio.timeout(CALL_LIMIT_S):
                return await self._carriers[message.channel].send(_letter(message))
        except (Passing, Permanent, Unclear) as error:
            return error
        except Exception as error:
            log.exception("provider_failed", message=str(message.id))
            return Unclear(repr(error)[:500])

    async def _record(self, claimed: Message, end: Accepted | Exception) -> None:
        for tries_left in reversed(range(RECORD_TRIES)):
            try:
                await self._write_end(claimed, end)
                return
            except Exception as error:
                if not tries_left:
                    raise
                log.warning("end_not_written", message=str(claimed.id), error=error)
                await asyncio.sleep(RECORD_PAUSE_S)

    async def _write_end(self, claimed: Message, end: Accepted | Exception) -> None:
        now = self._clock()
        abilities = self._carriers[claimed.channel].abilities
        async with self._errand(claimed, now) as (store, work):
            message = await store.messages.message(claimed.id)
            # Somebody thought us dead, and has taken it over: only what is still open is ended.
            if message.attempts != claimed.attempts or not domain.may(message, "accept"):
                log.warning("end_comes_late", message=str(message.id), state=message.state)
                return
            match end:
                case Accepted(provider_id):
                    decision = domain.accepted(message, provider_id, abilities, now)
                case Permanent():
                    decision = domain.refused(message, "provider_refused", str(end))
                case Passing():
                    decision = domain.put_off(message, str(end), now)
                case _:
                    if not domain.may(message, "lose"):
                        return
                    decision = domain.unclear(message, abilities, str(end), now)
            await save(decision, store, work)

    # --- sending, and nobody is left to end it -----------------------------------------------

    async def _lost(self, message_id: UUID) -> bool:
        def lost(message: Message, now: datetime) -> Decision:
            return domain.unclear(message, self._abilities(message), "interrupted", now)

        return await self._decide(message_id, "sending", lost)

    async def _resolve(self, message_id: UUID) -> bool:
        """Asks the provider whether it has an undetermined message. (Only those of a provider that
        knows our ids are due.)"""
        fate = await self._fate(message_id)

        def resolved(message: Message, now: datetime) -> Decision:
            match fate:
                case "nobody":
                    return domain.given_up(message)
                case None:
                    return domain.waiting(message, now + domain.RESOLVE_DELAYS[-1], "provider")
                case "unknown":
                    return domain.not_found(message, now)
                case _:
                    return domain.accepted(message, None, self._abilities(message), now)

        return await self._decide(message_id, "undetermined", resolved)

    # --- sent: has it arrived? ---------------------------------------------------------------

    async def _look(self, message_id: UUID) -> bool:
        fate = await self._fate(message_id)

        def looked(message: Message, now: datetime) -> Decision:
            match fate:
                case "nobody":
                    return domain.given_up(message)
                case "delivered":
                    return domain.delivered(message, now)
                case ("failed", detail):
                    return domain.refused(message, "not_delivered", detail)
                case _:
                    return domain.not_yet(message, now)

        return await self._decide(message_id, "sent", looked)

    async def _fate(self, message_id: UUID) -> Any:
        """``delivered``, ``unknown``, ``under_way`` or (``failed``, why); none: it cannot tell
        now; ``nobody``: there is nobody to ask any more."""
        async with handlers.reading(self._running.engine) as store:
            message = await store.messages.message(message_id, lock=False)
        carrier = self._carriers[message.channel]
        if carrier.name != message.provider:
            return "nobody"
        try:
            fate = await carrier.fate(_letter(message), message.provider_id)
        except Passing as error:
            log.info("fate_unknown", message=str(message_id), error=str(error))
            return None
        return (fate.state, fate.detail) if fate.state == "failed" else fate.state

    # --- the same for all --------------------------------------------------------------------

    async def _decide(
        self, message_id: UUID, state: str, decide: Callable[[Message, datetime], Decision]
    ) -> bool:
        now = self._clock()
        async with handlers.reading(self._running.engine) as store:
            message = await store.messages.message(message_id, lock=False)
        async with self._errand(message, now) as (store, work):
            taken = await store.messages.taken(message_id, state, now)
            if taken is None:
                return False
            await save(decide(taken, now), store, work)
        return True

    def _abilities(self, message: Message) -> Abilities:
        """Of the provider that has it; one that is not configured any more cannot be asked."""
        carrier = self._carriers[message.channel]
        return carrier.abilities if carrier.name == message.provider else Abilities()

    def _errand(
        self, message: Message, now: datetime
    ) -> AbstractAsyncContextManager[tuple[DocumentsStore, Work]]:
        return errand(self._running, handlers, self._envelope(message, now), now)

    def _envelope(self, message: Message, now: datetime) -> Envelope:
        """What a person once asked for is one story with what comes of it."""
        return errand_envelope(
            self._running,
            "documents.sender",
            now,
            correlation_id=message.correlation_id,
            order_id=message.order_id,
        )


def _letter(message: Message) -> Letter:
    return Letter(
        message.id,
        message.channel,
        message.recipient or "",
        message.text or "",
        message.email_subject,
    )
