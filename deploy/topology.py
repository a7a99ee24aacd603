"""The one place that declares what NATS keeps, who reads it, and who may say what.

Streams and consumers are made and brought up to date here, with the user ``bootstrap``, who alone
may do so; no stream is ever deleted. Every service has a user of its own that speaks only in its
own name: it publishes its events, reads its own consumer, answers what is addressed to it, and
asks others what its table of handlers says that it asks.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Any

import nats
from nats.js import JetStreamContext
from nats.js.api import (
    AckPolicy,
    ConsumerConfig,
    DeliverPolicy,
    DiscardPolicy,
    ReplayPolicy,
    RetentionPolicy,
    StorageType,
    StreamConfig,
)
from nats.js.errors import NotFoundError

from shared.messaging.connection import NatsAddress
from shared.messaging.connection import inbox as inbox

EVENTS = StreamConfig(
    name="EVENTS",
    description="Every event of the station, in one order",
    subjects=["evt.>"],
    retention=RetentionPolicy.LIMITS,
    storage=StorageType.FILE,
    # A full stream refuses, and the outboxes hold what it refused; nothing is ever dropped.
    discard=DiscardPolicy.NEW,
    max_bytes=8 * 1024**3,
    max_msgs=-1,
    max_age=0,
    deny_delete=True,
    deny_purge=True,
    num_replicas=1,
    duplicate_window=120,
)
AUDIT_HEADS = StreamConfig(
    name="AUDIT_HEADS",
    description="Last hashes of the audit chain, kept outside its database",
    subjects=["audit.head.v1"],
    retention=RetentionPolicy.LIMITS,
    storage=StorageType.FILE,
    discard=DiscardPolicy.OLD,
    max_msgs=1000,
    max_bytes=16 * 1024**2,
    max_age=0,
    deny_delete=True,
    deny_purge=True,
    num_replicas=1,
    duplicate_window=120,
    # A direct answer has the headers of the message that was kept, and goes where whoever asks
    # wants it: into somebody's commands, say.
    allow_direct=False,
)
STREAMS = (EVENTS, AUDIT_HEADS)

SERVICES = ("clients", "orders", "inventory", "finance", "documents", "audit")
"""Those with a consumer of their own; the gateway listens without one."""
GATEWAY = "gateway"
OPERATORS = "ops"
BOOTSTRAP = "bootstrap"
REBUILD = "rebuild"
"""The consumer through which ``pitlane events rebuild`` sees what the stream still has."""
USERS = (*SERVICES, GATEWAY, OPERATORS, BOOTSTRAP)

ACK_WAIT_S = 30
MAX_ACK_PENDING = 4096

type Permissions = dict[str, Any]
type Requests = Mapping[str, Sequence[str]]
"""User → the subjects of the commands and questions that it sends; the gateway sends all."""


async def apply(nats_url: str, consumers: Mapping[str, Sequence[str]]) -> None:
    """Makes streams and consumers, or brings them up to date. ``nats_url``: of ``bootstrap``;
    ``consumers``: the subjects that each service listens to. Raises ``nats.errors.Error``,
    ``ValueError`` for an address that is none."""
    refused: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def on_error(error: Exception) -> None:
        if not refused.done():
            refused.set_exception(error)

    connection = await nats.connect(
        **NatsAddress.of(nats_url).options(BOOTSTRAP),
        error_cb=on_error,
        allow_reconnect=False,
        connect_timeout=5,
    )
    declared = asyncio.create_task(_declare(connection.jetstream(timeout=15), consumers))
    try:
        # To who may not, the server does not answer: it only tells the connection.
        await asyncio.wait({declared, refused}, return_when=asyncio.FIRST_COMPLETED)
        await (declared if declared.done() else refused)
    finally:
        declared.cancel()
        refused.cancel()
        await connection.close()


async def _declare(js: JetStreamContext, consumers: Mapping[str, Sequence[str]]) -> None:
    for stream in STREAMS:
        await _upsert(js, stream)
    for service, subjects in consumers.items():
        if subjects:
            # Upserts: a durable that exists gets the new subjects and keeps its position.
            await js.add_consumer(str(EVENTS.name), consumer(service, subjects))


def consumer(service: str, subjects: Sequence[str]) -> ConsumerConfig:
    """A service's durable consumer, with every option that matters spelled out."""
    return ConsumerConfig(
        durable_name=service,
        description=f"What {service} listens to",
        deliver_policy=DeliverPolicy.ALL,
        replay_policy=ReplayPolicy.INSTANT,
        ack_policy=AckPolicy.EXPLICIT,
        ack_wait=ACK_WAIT_S,
        max_deliver=-1,
        max_ack_pending=MAX_ACK_PENDING,
        max_waiting=512,
        num_replicas=1,
        filter_subjects=sorted(subjects),
    )


def users(logins: Mapping[str, Mapping[str, str]], requests: Requests) -> list[dict[str, Any]]:
    """``authorization.users`` of nats-server's configuration. ``logins``: how each user is
    known, ``{"nkey": PUBLIC KEY}`` or ``{"user": NAME, "password": …}``."""
    return [{**logins[user], "permissions": permissions(user, requests)} for user in USERS]


def permissions(user: str, requests: Requests) -> Permissions:
    """What a user may publish and subscribe to; everything else is refused."""
    if user == BOOTSTRAP:
        return _bootstrap()
    if user == GATEWAY:
        return _gateway()
    sends = requests.get(user, ())
    return _operators(sends) if user == OPERATORS else _service(user, sends)


def _service(name: str, asks: Sequence[str]) -> Permissions:
    publish = [f"evt.{name}.>", *asks, *_own_consumer(name)]
    if name == "audit":
        publish += [*(AUDIT_HEADS.subjects or ()), f"$JS.API.STREAM.MSG.GET.{AUDIT_HEADS.name}"]
    return {
        "publish": {"allow": publish},
        "subscribe": {"allow": [*_addressed_to(name), f"{inbox(name)}.>"]},
        "allow_responses": {"max": 1, "expires": "30s"},
    }


def _gateway() -> Permissions:
    return {
        "publish": {"allow": ["cmd.>", "ask.>", f"evt.{GATEWAY}.>"]},
        # All events, as they pass by: browsers are told what changed.
        "subscribe": {"allow": [*_addressed_to(GATEWAY), f"{inbox(GATEWAY)}.>", "evt.>"]},
        "allow_responses": {"max": 1, "expires": "30s"},
    }


def _operators(sends: Sequence[str]) -> Permissions:
    stream = EVENTS.name
    return {
        "publish": {
            "allow": [
                *sends,
                f"$JS.API.STREAM.INFO.{stream}",
                f"$JS.API.CONSUMER.NAMES.{stream}",
                f"$JS.API.CONSUMER.LIST.{stream}",
                f"$JS.API.CONSUMER.INFO.{stream}.*",
                f"$JS.API.STREAM.INFO.{AUDIT_HEADS.name}",
                # `pitlane audit verify` compares the chain with them when audit is down.
                f"$JS.API.STREAM.MSG.GET.{AUDIT_HEADS.name}",
            ]
        },
        "subscribe": {"allow": [f"{inbox(OPERATORS)}.>"]},
    }


def _bootstrap() -> Permissions:
    api = [
        f"$JS.API.{verb}.{stream.name}"
        for stream in STREAMS
        for verb in ("STREAM.CREATE", "STREAM.UPDATE", "STREAM.INFO")
    ]
    durables = [f"$JS.API.CONSUMER.{verb}.{EVENTS.name}.>" for verb in ("DURABLE.CREATE", "INFO")]
    # One whose place is spoilt is made anew.
    durables += [f"$JS.API.CONSUMER.DELETE.{EVENTS.name}.{service}" for service in SERVICES]
    # To rebuild the stream: what it has is read, what the outboxes have besides is published.
    rebuild = [
        f"$JS.API.CONSUMER.{verb}.{EVENTS.name}.{REBUILD}"
        for verb in ("CREATE", "MSG.NEXT", "DELETE")
    ]
    events = EVENTS.subjects or ()
    return {
        "publish": {"allow": ["$JS.API.INFO", *api, *durables, *rebuild, *events]},
        "subscribe": {"allow": [f"{inbox(BOOTSTRAP)}.>"]},
    }


def _own_consumer(name: str) -> list[str]:
    stream = EVENTS.name
    return [
        f"$JS.API.CONSUMER.MSG.NEXT.{stream}.{name}",
        f"$JS.ACK.{stream}.{name}.>",
    ]


def _addressed_to(name: str) -> list[str]:
    """Only as a member of the queue: a second process shares the work and does not double it."""
    return [f"cmd.{name}.> {name}", f"ask.{name}.> {name}"]


async def _upsert(js: JetStreamContext, wanted: StreamConfig) -> None:
    try:
        info = await js.stream_info(str(wanted.name))
    except NotFoundError:
        if wanted.name == EVENTS.name:
            wanted = wanted.evolve(first_seq=_first_sequence())
        await js.add_stream(wanted)
        return
    # What else the stream is (the sequence it began with, say) stays as it is.
    ours = {name: value for name, value in vars(wanted).items() if value is not None}
    await js.update_stream(info.config.evolve(**ours))


def _first_sequence() -> int:
    """Above all that an earlier stream of that name can have come to: milliseconds pass faster
    than events. An acknowledgement of what was delivered before a stream was lost may still be
    on its way, and must not be taken for one of another event in the new stream."""
    return time.time_ns() // 1_000_000
