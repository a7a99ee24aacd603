"""Events on their way in: pulled without pause, handled in the lane, acknowledged after the commit.

The pull request stays open, so that an event is here as soon as the stream has it; a whole
backlog comes in batches. An event that fails is asked for again with a growing delay, and after
the last try it is parked in the dead letters, where operators decide.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, nullcontext, suppress

import pydantic_core
import structlog
from nats.aio.client import Client
from nats.aio.msg import Msg
from pydantic import ValidationError

from shared.handlers import Route
from shared.log_lines import EVENT_SPOILT
from shared.messaging.dead_letters import DeadLetters
from shared.messaging.envelope import Envelope
from shared.messaging.inbox import Duplicate
from shared.messaging.jobs import Job
from shared.messaging.lane import Lane
from shared.messaging.outages import is_outage
from shared.messaging.outbox import STREAM
from shared.messaging.retries import RETRY_DELAYS_S
from shared.messaging.sums import is_whole

log = structlog.get_logger(__name__)

IN_FLIGHT = 512
"""Events that may be here and unacknowledged; at half of it the next pull is sent."""
PULL_EXPIRES_S = 30
HEARTBEAT_S = 5
"""The server says that much that it is alive; twice the silence means that the pull is lost."""
REFUSED_PAUSE_S = 1.0
"""A pull that is refused is refused at once: without a stream, or a consumer, who asks without
pause keeps the whole machine, and who would make them anew, from doing anything."""
OUTAGE_DELAY_S = 2.0
SPOILT_TRIES = 5
KEPT_EVERY_S = 10.0
"""A third of the time after which an event is delivered again."""


class Consumer:
    """One service's durable consumer of the station's stream."""

    def __init__(
        self,
        connection: Client,
        durable: str,
        routes: Mapping[str, Route],
        lane: Lane,
        dead_letters: DeadLetters,
    ) -> None:
        self._connection = connection
        self._durable = durable
        self._routes = routes
        self._lane = lane
        self._dead_letters = dead_letters
        self._asked = 0
        self._refused = False
        self._handling: set[asyncio.Task[None]] = set()
        self._task: asyncio.Task[None] | None = None
        self._inbox = ""

    def start(self) -> None:
        self._task = asyncio.create_task(self._run(), name="consumer")

    async def stop(self) -> None:
        """Lets what is being handled end; what was only delivered will be delivered again."""
        if self._task:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._handling:
            await asyncio.wait(self._handling)

    async def _run(self) -> None:
        while True:
            self._inbox = self._connection.new_inbox()
            # The client's own waiting for one message costs a task and a timer for each.
            came: asyncio.Queue[Msg] = asyncio.Queue()
            subscription = await self._connection.subscribe(
                self._inbox, cb=came.put, pending_msgs_limit=-1, pending_bytes_limit=-1
            )
            try:
                await self._pull_for_ever(came)
            except asyncio.CancelledError:
                raise
            except Exception as error:
                log.warning("consumer_interrupted", durable=self._durable, error=error)
                await asyncio.sleep(1)
            finally:
                with suppress(Exception):
                    await subscription.unsubscribe()

    async def _pull_for_ever(self, came: asyncio.Queue[Msg]) -> None:
        self._asked = 0
        while True:
            if self._asked + len(self._handling) <= IN_FLIGHT // 2:
                if self._refused:
                    self._refused = False
                    await asyncio.sleep(REFUSED_PAUSE_S)
                await self._pull(IN_FLIGHT - self._asked - len(self._handling))
            elif not self._asked:
                # Nobody sends anything before these are done: a backlog would go in leaps.
                await asyncio.wait(self._handling, return_when=asyncio.FIRST_COMPLETED)
                continue
            try:
                async with asyncio.timeout(2 * HEARTBEAT_S):
                    self._take(await came.get())
            except TimeoutError:
                # The pull went down with the server, or was never answered: ask anew.
                self._asked = 0
                continue
            while not came.empty():
                self._take(came.get_nowait())

    async def _pull(self, batch: int) -> None:
        request = {
            "batch": batch,
            "expires": PULL_EXPIRES_S * 10**9,
            "idle_heartbeat": HEARTBEAT_S * 10**9,
        }
        await self._connection.publish(
            f"$JS.API.CONSUMER.MSG.NEXT.{STREAM}.{self._durable}",
            pydantic_core.to_json(request),
            self._inbox,
        )
        self._asked += batch

    def _take(self, message: Msg) -> None:
        status = (message.headers or {}).get("Status")
        if status is None:
            self._asked = max(0, self._asked - 1)
            task = asyncio.create_task(self._handle(message))
            self._handling.add(task)
            task.add_done_callback(self._handling.discard)
        elif status != "100":  # 100 is a heartbeat; anything else ends the pull
            headers = message.headers or {}
            self._refused = status not in {"404", "408"}
            if status not in {"404", "408", "409"}:
                log.warning("pull_refused", status=status, headers=dict(headers))
            unused = int(headers.get("Nats-Pending-Messages", self._asked))
            self._asked = max(0, self._asked - unused)

    async def _handle(self, message: Msg) -> None:
        if not is_whole(message.subject, message.headers or {}, message.data):
            await self._leave_to_rebuilding(message)
            return
        try:
            job = self._job(message)
        except (KeyError, ValueError, ValidationError) as error:
            # It will never be valid: no use in trying again.
            await self._park(message, f"not a valid event: {error}")
            return
        try:
            async with _kept(message) if job.route.after else nullcontext():
                await self._lane.submit(job)
        except Duplicate:
            pass
        except Exception as error:
            await self._failed(message, job, error)
            return
        # Only now: a crash before this line brings the event again, and the inbox knows it.
        await message.ack()
        if message.metadata.num_delivered > 1:
            with suppress(Exception):
                await self._dead_letters.forget(job.envelope.id)

    async def _leave_to_rebuilding(self, message: Msg) -> None:
        """The supervisor hears of it, and has the event put back from its outbox. It is asked for
        again a few times, in case that it was spoilt on its way only."""
        log.error(
            EVENT_SPOILT, subject=message.subject, stream_seq=message.metadata.sequence.stream
        )
        if message.metadata.num_delivered < SPOILT_TRIES:
            await message.nak(delay=OUTAGE_DELAY_S)
        else:
            await message.term()

    def _job(self, message: Msg) -> Job:
        return event_job(self._routes, message.subject, message.headers or {}, message.data)

    async def _failed(self, message: Msg, job: Job, error: Exception) -> None:
        if is_outage(error):
            await message.nak(delay=OUTAGE_DELAY_S)
            return
        try:
            attempts = await self._dead_letters.note_failure(job, error)
        except Exception:
            await message.nak(delay=OUTAGE_DELAY_S)
            return
        if attempts <= len(RETRY_DELAYS_S):
            delay = RETRY_DELAYS_S[attempts - 1]
            log.warning("event_retried_later", attempts=attempts, delay_s=delay, error=error)
            await message.nak(delay=delay)
        else:
            await self._dead_letters.park(job.envelope.id)
            log.error("event_parked", attempts=attempts, error=error)
            await message.term()

    async def _park(self, message: Msg, reason: str) -> None:
        try:
            await self._dead_letters.park_invalid(
                message.subject, dict(message.headers or {}), message.data, reason
            )
        except Exception:
            await message.nak(delay=OUTAGE_DELAY_S)
            return
        log.error("event_parked", subject=message.subject, reason=reason)
        await message.term()


@asynccontextmanager
async def _kept(message: Msg) -> AsyncIterator[None]:
    """While it takes long, nobody takes it for lost and sends it again."""

    async def keep() -> None:
        while True:
            await asyncio.sleep(KEPT_EVERY_S)
            with suppress(Exception):
                await message.in_progress()

    keeping = asyncio.create_task(keep())
    try:
        yield
    finally:
        keeping.cancel()


def event_job(
    routes: Mapping[str, Route], subject: str, headers: Mapping[str, str], body: bytes
) -> Job:
    """An event as the lane takes it. Raises ``KeyError`` or ``ValueError`` when it is none."""
    route = routes.get(subject) or routes[EVERYTHING]
    envelope = Envelope.from_headers(headers)
    if envelope.type != subject:
        raise ValueError(f"it came on {subject} and calls itself {envelope.type}")
    return Job(route, route.message_type.model_validate_json(body), envelope, body)  # type: ignore[arg-type]


EVERYTHING = "evt.>"
"""The subject of a service that listens to all events: audit."""
