"""What every service does for its operators: tells its state, and settles dead letters.

These pass by the lane: they must answer while the lane is stuck, and a requeued event goes
through the lane itself.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from shared.contracts.base import Done, Message, Page, View
from shared.contracts.operations import (
    DeadLetterDecided,
    DeadLetterView,
    DropDeadLetter,
    GetServiceState,
    Handled,
    ListDeadLetters,
    RequeueDeadLetter,
    ServiceState,
    WhenHandled,
    addressed_to,
)
from shared.handlers import Route
from shared.ids import id_of
from shared.messaging import inbox, outbox
from shared.messaging.consumer import event_job
from shared.messaging.envelope import Envelope
from shared.messaging.inbox import Duplicate
from shared.refusals import Refused

if TYPE_CHECKING:
    from shared.service import Running


@dataclass(frozen=True, slots=True)
class Operation:
    """One operators' message, and what answers it."""

    message_type: type[Message]
    answer: Callable[[Any, Envelope], Awaitable[View]]


class Operations:
    """The operators' messages of one running service, by subject."""

    def __init__(self, running: Running, events: dict[str, Route]) -> None:
        self._running = running
        self._events = events
        self._dead_letters = running.dead_letters
        service = running.settings.service
        self.by_subject = {
            addressed_to(message_type, service): Operation(message_type, answer)
            for message_type, answer in (
                (GetServiceState, self._state),
                (ListDeadLetters, self._list),
                (RequeueDeadLetter, self._requeue),
                (DropDeadLetter, self._drop),
                (WhenHandled, self._handled),
            )
        }

    async def _state(self, _: GetServiceState, __: Envelope) -> ServiceState:
        return await self._running.state()

    async def _list(self, _: ListDeadLetters, __: Envelope) -> Page[DeadLetterView]:
        return await self._dead_letters.list()

    async def _handled(self, question: WhenHandled, _: Envelope) -> Handled:
        async with self._running.engine.connect() as connection:
            return Handled(last_at=await inbox.last_handled(connection, question.event_ids))

    async def _requeue(self, command: RequeueDeadLetter, envelope: Envelope) -> Done:
        letter, body = await self._dead_letters.raw(command.event_id)
        try:
            await self._running.lane.submit(
                event_job(self._events, letter.subject, letter.headers, body)
            )
        except Duplicate:
            pass
        except Exception as error:
            raise Refused("still_failing", why=repr(error)) from error
        # Handled, it may have been swept since: the decision is told all the same.
        await self._decide(command.event_id, "requeued", envelope, letter)
        return Done()

    async def _drop(self, command: DropDeadLetter, envelope: Envelope) -> Done:
        await self._decide(command.event_id, "dropped", envelope, None)
        return Done()

    async def _decide(
        self, event_id: Any, decision: Any, envelope: Envelope, read: DeadLetterView | None
    ) -> None:
        """Takes the letter out of the table, and tells the audit in the same transaction. ``read``:
        what it was, if it need not be there any more."""
        async with self._running.engine.begin() as connection:
            letter = await self._dead_letters.take(connection, event_id) or read
            if letter is None:
                raise Refused("dead_letter_not_found", id=event_id)
            # Of several who decide at once, one has: the letter itself may be swept by now.
            once = id_of(f"decided {event_id} {letter.first_failed_at.isoformat()}")
            if not await inbox.remember(connection, [once]):
                raise Refused("dead_letter_decided", id=event_id)
            # The stream still has it: a consumer that is made anew hears it again.
            await inbox.remember(connection, [event_id])
            event = DeadLetterDecided(
                event_id=event_id,
                event=letter.subject,
                decision=decision,
                reason=letter.reason,
                order_id=letter.order_id,
            )
            source = self._running.settings.source(self._running.settings.service)
            events = [outbox.outgoing(event, envelope, source, datetime.now(UTC))]
            await outbox.write(connection, events)
        self._running.relay.hand_over(events)
