"""Who may say and hear what: every user of NATS against everything that there is to say.

What is right is written down here once more, by hand and from the tables of handlers, and the
real server is asked. A crossing that it lets pass, and a message that it refuses its sender, both
fail.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

from nats.aio.client import Client

from deploy import topology
from deploy.commands.topology import consumed
from deploy.snapshots import messages
from shared.contracts.base import Message
from shared.contracts.operations import addressed_to
from shared.messaging.subscriptions import subscribed
from shared.permissions import may
from shared.roles import OPERATOR
from shared.service import service_named
from shared.settings import SERVICES
from tests.support.broker import TestNats

STREAMS = ("EVENTS", "AUDIT_HEADS")
OF_STREAMS = (
    *("CREATE", "UPDATE", "DELETE", "PURGE", "INFO", "MSG.GET", "MSG.DELETE"),
    *("SNAPSHOT", "RESTORE", "LEADER.STEPDOWN", "PEER.REMOVE"),
)
OF_CONSUMERS = (
    *("DURABLE.CREATE", "CREATE", "DELETE", "INFO", "MSG.NEXT", "PAUSE", "RESET", "UNPIN"),
    "LEADER.STEPDOWN",
)
CONSUMERS = (*topology.SERVICES, "rebuild", "mine")
ELSEWHERE = (
    "$JS.API.INFO",
    "$JS.API.STREAM.NAMES",
    "$JS.API.STREAM.LIST",
    "$JS.API.STREAM.CREATE.MINE",
    "$JS.API.META.LEADER.STEPDOWN",
    "$JS.API.ACCOUNT.PURGE.$G",
    "$KV.mine.key",
    "$SYS.REQ.SERVER.PING",
    "$SRV.PING",
    "audit.head.v1",
    "audit.head.v2",
    "anything.else",
)


# --- what is right -----------------------------------------------------------------------------


def may_say(user: str, subject: str) -> bool:
    kind, _, rest = subject.partition(".")
    if kind == "evt":
        return rest.startswith(f"{user}.") or user == "bootstrap"
    if kind in {"cmd", "ask"}:
        if user == "ops":
            return may(OPERATOR, MESSAGES[subject])
        return user == "gateway" or (kind == "ask" and MESSAGES[subject] in asked_by(user))
    return subject in SAYS_BESIDES.get(user, set())


def may_hear(user: str, subject: str, queue: str) -> bool:
    if subject == f"_INBOX_{user}.>":
        return True
    if subject.startswith("evt."):
        return user == "gateway"
    return queue == user in SERVICES and subject in {f"cmd.{user}.>", f"ask.{user}.>"}


def asked_by(user: str) -> tuple[type[Message], ...]:
    return service_named(user).handlers.asks if user in topology.SERVICES else ()


SAYS_BESIDES: dict[str, set[str]] = {
    name: {f"$JS.API.CONSUMER.MSG.NEXT.EVENTS.{name}", f"$JS.ACK.EVENTS.{name}.1.9.9.1.0"}
    for name in topology.SERVICES
} | {
    "ops": {
        "$JS.API.STREAM.INFO.EVENTS",
        "$JS.API.STREAM.INFO.AUDIT_HEADS",
        "$JS.API.STREAM.MSG.GET.AUDIT_HEADS",
        "$JS.API.CONSUMER.NAMES.EVENTS",
        "$JS.API.CONSUMER.LIST.EVENTS",
        *(f"$JS.API.CONSUMER.INFO.EVENTS.{name}" for name in CONSUMERS),
    },
    "bootstrap": {
        "$JS.API.INFO",
        *(f"$JS.API.STREAM.{verb}.{s}" for s in STREAMS for verb in ("CREATE", "UPDATE", "INFO")),
        *(
            f"$JS.API.CONSUMER.{verb}.EVENTS.{name}"
            for verb in ("DURABLE.CREATE", "INFO")
            for name in CONSUMERS
        ),
        *(f"$JS.API.CONSUMER.{verb}.EVENTS.rebuild" for verb in ("CREATE", "MSG.NEXT", "DELETE")),
        *(f"$JS.API.CONSUMER.DELETE.EVENTS.{service}" for service in topology.SERVICES),
    },
}
SAYS_BESIDES["audit"] |= {"audit.head.v1", "$JS.API.STREAM.MSG.GET.AUDIT_HEADS"}

MESSAGES: dict[str, type[Message]] = {
    addressed_to(message, name): message for message in messages() for name in SERVICES
}


def everything_sayable() -> Iterator[str]:
    yield from MESSAGES
    yield from ELSEWHERE
    for stream in STREAMS:
        yield from (f"$JS.API.STREAM.{verb}.{stream}" for verb in OF_STREAMS)
        yield from (f"$JS.API.CONSUMER.{verb}.{stream}" for verb in ("NAMES", "LIST", "CREATE"))
        yield from (f"$JS.API.DIRECT.GET.{stream}", f"$JS.API.DIRECT.GET.{stream}.audit.head.v1")
        for name in CONSUMERS:
            yield from (f"$JS.API.CONSUMER.{verb}.{stream}.{name}" for verb in OF_CONSUMERS)
            yield f"$JS.ACK.{stream}.{name}.1.9.9.1.0"
    for user in topology.USERS:
        yield f"_INBOX_{user}.guess"


def everything_hearable() -> Iterator[tuple[str, str]]:
    """Subject and queue."""
    for everything in (">", "*.>", "cmd.>", "ask.>", "_INBOX.>", "$JS.>", "$SYS.>", "audit.>"):
        yield everything, ""
    yield from (("evt.>", ""), ("$JS.EVENT.ADVISORY.>", ""), ("$JS.ACK.>", ""))
    for user in topology.USERS:
        yield f"_INBOX_{user}.>", ""
        yield f"evt.{user}.>", ""
        for kind in ("cmd", "ask"):
            # Outside its queue it would answer everything twice, or listen in.
            yield from ((f"{kind}.{user}.>", queue) for queue in ("", user, "spy"))


# --- what the server says ----------------------------------------------------------------------

_REFUSAL = re.compile(r'violation for \w+ to "([^"]+)"(?: using queue "([^"]+)")?', re.IGNORECASE)


@asynccontextmanager
async def signed_in(
    server: TestNats, user: str
) -> AsyncIterator[tuple[Client, set[tuple[str, str]]]]:
    """The user's connection, and what it is refused: subject and queue, in small letters as the
    client tells them."""
    refused: set[tuple[str, str]] = set()

    async def on_error(error: Exception) -> None:
        found = _REFUSAL.search(str(error))
        assert found, error
        refused.add((found[1].lower(), found[2] or ""))

    client = Client()
    await client.connect(
        server.url(user),
        inbox_prefix=topology.inbox(user).encode(),
        error_cb=on_error,
        allow_reconnect=False,
    )
    yield client, refused
    await client.close()


async def test_everybody_says_what_is_theirs_to_say_and_nothing_else(nats_server: TestNats) -> None:
    await nats_server.apply_topology(consumed())
    wrong = []
    for user in topology.USERS:
        async with signed_in(nats_server, user) as (client, refused):
            for subject in everything_sayable():
                # Read by nobody: not JSON, and no answer is wanted.
                await client.publish(subject, b"{")
            await subscribed(client)
        said = {subject for subject in everything_sayable() if (subject.lower(), "") not in refused}
        right = {subject for subject in everything_sayable() if may_say(user, subject)}
        wrong += [f"{user} may say {each}" for each in sorted(said - right)]
        wrong += [f"{user} may not say {each}" for each in sorted(right - said)]
        assert right, user
    assert not wrong, "\n".join(("", *wrong))


async def test_everybody_hears_what_is_theirs_to_hear_and_nothing_else(
    nats_server: TestNats,
) -> None:
    wrong = []
    for user in topology.USERS:
        async with signed_in(nats_server, user) as (client, refused):
            for subject, queue in everything_hearable():
                await client.subscribe(subject, queue=queue)
            await subscribed(client)
        for subject, queue in everything_hearable():
            is_heard = (subject.lower(), queue) not in refused
            if is_heard != may_hear(user, subject, queue):
                wrong.append(f"{user}: {subject} in {queue or 'no queue'}: heard is {is_heard}")
    assert not wrong, "\n".join(("", *wrong))
