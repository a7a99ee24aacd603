"""The table of a service's handlers, and what a handler is given to work with.

A handler is ``async def handler(message, store, work)``. It loads what it needs through the
store, lets the domain decide, saves the new state and publishes the events of the decision. It
never commits, never talks to the broker and never reads the clock: ``work`` carries all that.
One that refuses has changed nothing, whatever it wrote before: the lane sees to that.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Hashable, Iterable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Protocol
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from shared.contracts.base import Command, CommandRefused, Event, Message, Question, View
from shared.ids import new_id
from shared.messaging.envelope import Actor, Envelope
from shared.refusals import Refused
from shared.writing import Pending

if TYPE_CHECKING:
    from shared.messaging.client import ServiceClient
    from shared.settings import ServiceSettings


class Store:
    """A service's tables during one transaction. Sub-classes load and save its aggregates.

    Several messages may share the transaction. ``prefetch`` may load in one statement what all
    of them will ask for; saves may be kept back until ``flush``, which puts them together into
    ``pending``: one statement, sent before the commit with the events and the replies.
    """

    def __init__(self, connection: AsyncConnection) -> None:
        self.connection = connection
        self.pending = Pending()

    async def release(self) -> None:
        """Past the lane: gives the connection back before the answer, for what goes on without the
        database for a while."""
        await self.connection.close()

    async def prefetch(self, messages: Sequence[Message]) -> None:
        """Before the first handler of a batch."""

    async def flush(self) -> None:
        """After the last handler of a batch, before the commit."""

    def committed(self) -> None:
        """After the commit of a batch: what the store believed to be so, is."""

    async def write(self) -> None:
        """What was kept back is in the tables after it."""
        await self.flush()
        await self.pending.send(self.connection)

    def unsaved(self) -> int:
        """How many changes were kept back for ``flush`` in this transaction: a store that keeps
        any counts each of them, so that two equal answers mean that none came in between."""
        return 0


class Unasked(Exception):
    """A handler in the lane needs another service's word, for which nobody waits there: it is done
    again once that was asked."""

    def __init__(self, question: Question[Any], given: Hashable) -> None:
        super().__init__(type(question).__name__)
        self.question = question
        self.given = given


type Answers = dict[tuple[Question[Any], Hashable], Any]
"""What others said, a no as well, by the question and what it was asked ``given``."""


@dataclass(slots=True)
class Work:
    """Everything around one message: who sent it, when, and what comes out of it."""

    envelope: Envelope
    now: datetime
    settings: ServiceSettings
    client: ServiceClient
    published: list[Event] = field(default_factory=list)
    answers: Answers = field(default_factory=dict)
    """What was asked past the lane: the handler is told it again, and waits for nobody."""
    keeps_answers: bool = False
    """In ``before``, for the handler."""
    in_lane: bool = False

    @property
    def actor(self) -> Actor:
        return self.envelope.actor

    @property
    def today(self) -> date:
        """The station's day, in its own time zone."""
        return self.now.astimezone(self.settings.zone).date()

    def publish(self, *events: Event) -> None:
        """The events leave with the commit, through the outbox."""
        self.published.extend(events)

    def new_id(self) -> UUID:
        return new_id()

    async def ask[ReplyT](self, question: Question[ReplyT], *, given: Hashable = None) -> ReplyT:
        """Asks another service, for what its events have not brought yet. In the lane the handler
        ends here: it begins anew when the answer is there. ``given``: all that the answer is
        weighed with; where that has changed meanwhile, it is asked again.

        Raises ``Refused``: with the other's own code, or ``service_unavailable``.
        """
        asked = (question, given)
        if asked in self.answers:
            known: ReplyT | Refused = self.answers[asked]
            if isinstance(known, Refused):
                raise known
            return known
        if self.in_lane:
            raise Unasked(question, given)
        try:
            answer = await self.client.ask(question, caused_by=self.envelope)
        except Refused as refusal:
            if self.keeps_answers:  # a no is an answer too, which ``before`` may bear
                self.answers[asked] = refusal
            raise
        if self.keeps_answers:
            self.answers[asked] = answer
        return answer

    async def ask_ahead(self, questions: Iterable[Question[Any]]) -> None:
        """In ``before``, all at once: what the handler will ask one after the other. Each no is
        kept for it, too."""

        async def ask(question: Question[Any]) -> None:
            with suppress(Refused):
                await self.ask(question)

        await asyncio.gather(*map(ask, questions))


type Handler = Callable[[Any, Any, Work], Awaitable[Any]]
type Before = Handler
type After = Callable[[Sequence[Any], Any, Work], Awaitable[None]]


class _CommandHandler[MessageT, StoreT, ReplyT](Protocol):
    async def __call__(self, message: MessageT, store: StoreT, work: Work, /) -> ReplyT: ...


@dataclass(frozen=True, slots=True)
class Route:
    """One message type and who handles it."""

    message_type: type[Message]
    handler: Handler
    before: Before | None = None
    """Of a command: what takes long, done past the lane and before its transaction, with a store to
    read from; and what others are asked of a handler that writes before it asks, or has much to do
    until then. Answers the message that the handler is then given; refuses as a handler does."""
    after: After | None = None
    """Of an event: what takes long and need not be in its transaction, beside the lane in one of
    its own, once; with others of its kind that wait for it. It publishes nothing."""
    reads_tables: bool = False
    """Of a command: what others of its transaction have changed is in the tables when it begins,
    for a handler that looks there for it. So its refusal takes nothing of that back."""
    report: bool = False
    """Of a question: it reckons over a period, or all that there is. Reports leave some of the
    connections to short questions; one that waits for another service's report is none itself."""


class Handlers[StoreT: Store]:
    """A service's whole map from message to handler; filled by decorators, read by the lane."""

    def __init__(
        self,
        service: str,
        store: type[StoreT],
        *,
        refused: type[CommandRefused] | None = None,
        publishes: Sequence[type[Event]] = (),
        asks: Sequence[type[Question[Any]]] = (),
    ) -> None:
        """``publishes`` and ``asks``: all that the service says to others of its own accord. The
        broker lets it ask nothing else."""
        self.service = service
        self.store = store
        self.refused = refused
        self.publishes = tuple(publishes) + ((refused,) if refused else ())
        self.asks = tuple(asks)
        if any(question.subject.split(".")[1] == service for question in asks):
            # Who hears his own questions could answer them wherever he has the answers sent:
            # into somebody's commands, say. What is his own he reads.
            raise ValueError(f"{service} asks itself")
        self.commands: dict[str, Route] = {}
        self.questions: dict[str, Route] = {}
        self.events: dict[str, Route] = {}

    def command[MessageT: Command[Any], ReplyT: View](
        self,
        message_type: type[MessageT],
        *,
        before: Callable[[MessageT, StoreT, Work], Awaitable[MessageT]] | None = None,
        reads_tables: bool = False,
    ) -> Callable[
        [_CommandHandler[MessageT, StoreT, ReplyT]], _CommandHandler[MessageT, StoreT, ReplyT]
    ]:
        """Registers the handler of a command; it answers a view or raises ``Refused``."""
        return self._register(self.commands, message_type, before=before, reads_tables=reads_tables)

    def question[MessageT: Question[Any], ReplyT: View](
        self, message_type: type[MessageT], *, report: bool = False
    ) -> Callable[
        [_CommandHandler[MessageT, StoreT, ReplyT]], _CommandHandler[MessageT, StoreT, ReplyT]
    ]:
        """Registers the handler of a question; it only reads."""
        return self._register(self.questions, message_type, report=report)

    def event[MessageT: Event](
        self,
        message_type: type[MessageT],
        *,
        after: Callable[[Sequence[MessageT], StoreT, Work], Awaitable[None]] | None = None,
    ) -> Callable[
        [_CommandHandler[MessageT, StoreT, None]], _CommandHandler[MessageT, StoreT, None]
    ]:
        """Registers the handler of an event; an event that no longer applies is a no-op."""
        return self._register(self.events, message_type, after=after)

    @asynccontextmanager
    async def reading(self, engine: AsyncEngine) -> AsyncIterator[StoreT]:
        """A store for who only reads: past the lane, without a transaction."""
        async with engine.connect() as connection:
            await connection.execution_options(isolation_level="AUTOCOMMIT")
            yield self.store(connection)

    def _register(
        self,
        routes: dict[str, Route],
        message_type: type[Any],
        **how: Any,
    ) -> Callable[[Any], Any]:
        """``how``: as ``Route`` has it."""

        def register(handler: Any) -> Any:
            subject = message_type.subject
            if subject in routes:
                raise ValueError(f"{subject} has a handler already")
            routes[subject] = Route(message_type, handler, **how)
            return handler

        return register
