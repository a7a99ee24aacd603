"""What the broker lets a service do, found out at the start.

To who may not, NATS does not answer: it tells the connection, and whoever waits for the answer
waits until his time is over. A broker whose users are not up to date would be noticed late, by
answers that time out and acknowledgements that nobody gets. So everything that the service is
going to say is said once, in words that nobody acts upon.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import structlog
from nats.aio.client import Client

from shared.messaging.outbox import STREAM
from shared.messaging.subscriptions import subscribed

log = structlog.get_logger(__name__)

VIOLATION = "permissions violation"


class NotAdmitted(Exception):
    """The broker refuses what the service must be able to do."""


class Refusals:
    """What the broker refused one connection, in its own words; each once, however often."""

    def __init__(self) -> None:
        self.heard: set[str] = set()

    async def hear(self, error: Exception) -> None:
        """The connection's ``error_cb``."""
        why = str(error).removeprefix("nats: ").strip("'")
        if VIOLATION in why.lower():
            log.error("broker_refuses", why=why)
            self.heard.add(why)


async def verify(
    connection: Client, refusals: Refusals, service: str, asks: Sequence[str], *, consumes: bool
) -> None:
    """Returns when the server has all subscriptions of the connection, and has refused neither
    one of them nor anything that the service says. ``asks``: the subjects of its questions.
    Raises ``NotAdmitted``."""
    inbox = connection.new_inbox()  # nobody listens there
    for subject, body, headers in _said(service, asks, consumes):
        await connection.publish(subject, body, inbox if subject.startswith("$") else "", headers)
    await subscribed(connection)
    if refusals.heard:
        raise NotAdmitted(
            f"NATS refuses {service}: {'; '.join(sorted(refusals.heard))}. Its users are not "
            "those of this version: pitlane topology users"
        )


def _said(
    service: str, asks: Sequence[str], consumes: bool
) -> Iterator[tuple[str, bytes, dict[str, str] | None]]:
    # The stream keeps nothing that was meant for another one.
    yield f"evt.{service}.admission.v1", b"", {"Nats-Expected-Stream": "none"}
    for subject in asks:
        yield subject, b"", None  # no envelope: refused, and nobody waits for the answer
    if consumes:
        # A pull that cannot be read, and progress with an event that does not exist.
        yield f"$JS.API.CONSUMER.MSG.NEXT.{STREAM}.{service}", b"{", None
        yield f"$JS.ACK.{STREAM}.{service}.1.0.0.0.0", b"+WPI", None
