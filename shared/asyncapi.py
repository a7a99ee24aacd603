"""A service's AsyncAPI 3 document, made from its table of handlers.

At run time a service listens to whole patterns and pulls its events in batches, so what FastStream
sees there would say little. For the document each message is declared to FastStream one by one,
with its type; what FastStream's documents have no word for (replies, headers, who may send) is
added to what it made.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Literal

from faststream.nats import JStream, NatsBroker
from faststream.specification import AsyncAPI
from pydantic import TypeAdapter

from shared.contracts.base import Message, View, reply_type
from shared.contracts.operations import (
    DeadLetterDecided,
    DropDeadLetter,
    GetServiceState,
    ListDeadLetters,
    RequeueDeadLetter,
    WhenHandled,
    addressed_to,
)
from shared.handlers import Handlers
from shared.messaging.client import STATUS_HEADER
from shared.messaging.outbox import STREAM
from shared.permissions import may
from shared.roles import CLIENT, OPERATOR, ROLES, SERVICE

CONTRACTS_VERSION = "1.0.0"
"""Of all subjects that end in ``.v1``: contracts grow, and what breaks them is a new subject."""


def asyncapi_document(handlers: Handlers[Any]) -> dict[str, Any]:
    """The AsyncAPI 3.0 document of the service that these handlers make; JSON-ready, and the
    same for the same code."""
    entries = list(_entries(handlers))
    schemas = _Schemas(entries)
    document: dict[str, Any] = _declared(handlers.service, entries)
    channels, operations = document["channels"], document["operations"]
    document["channels"] = {
        entry.key: _channel(entry, channels[entry.key]) for entry in entries
    } | {_REPLIES: _reply_channel(entries)}
    (server,) = document["servers"].values()
    document["servers"] = {_SERVER: server}
    document["operations"] = {
        entry.key: _operation(entry, operations[entry.key]) for entry in entries
    }
    document["components"] = {
        "messages": dict(_messages(entries, schemas)),
        "schemas": schemas.components,
    }
    return {"asyncapi": document.pop("asyncapi"), **document}


class _Way(StrEnum):
    """What a message is to the service; the documentation pages group by it."""

    COMMAND = "Commands"
    QUESTION = "Questions"
    CONSUMED = "Events consumed"
    PUBLISHED = "Events published"
    OPERATORS = "Operators' messages"


type _Mode = Literal["validation", "serialization"]
_SERVER, _REPLIES = "station", "Replies"
_OPERATORS_MESSAGES = (
    GetServiceState,
    ListDeadLetters,
    RequeueDeadLetter,
    DropDeadLetter,
    WhenHandled,
)


class Refusal(View):
    """The answer of a command or question that is refused: nothing has changed. ``code`` is
    stable; ``params`` fill the words that people are shown."""

    code: str
    params: dict[str, str]


@dataclass(frozen=True, slots=True)
class _Entry:
    """One message of the service, as the document lists it."""

    way: _Way
    message_type: type[Message]
    subject: str
    is_own: bool = False
    """An event that the service hears from itself: it is listed as published too."""

    @property
    def name(self) -> str:
        return self.message_type.__name__

    @property
    def key(self) -> str:
        """Of its channel and its operation."""
        return f"{self.name}Heard" if self.is_own else self.name

    @property
    def description(self) -> str:
        return inspect.cleandoc(self.message_type.__doc__ or "")

    @property
    def reply(self) -> Any | None:
        """The type it is answered with; events are not answered."""
        return None if self.subject.startswith("evt.") else reply_type(self.message_type)

    @property
    def senders(self) -> list[str]:
        return [
            role for role in (*ROLES, SERVICE, OPERATOR, CLIENT) if may(role, self.message_type)
        ]

    @property
    def mode(self) -> _Mode:
        """Requests are shown as they are accepted, everything else as it is written."""
        return "validation" if self.reply else "serialization"


def _entries(handlers: Handlers[Any]) -> Iterator[_Entry]:
    """In business order: as the table of handlers has them."""
    for way, routes in (
        (_Way.COMMAND, handlers.commands),
        (_Way.QUESTION, handlers.questions),
        (_Way.CONSUMED, handlers.events),
    ):
        for subject, route in routes.items():
            is_own = route.message_type in handlers.publishes
            yield _Entry(way, route.message_type, subject, is_own)
    for event in handlers.publishes:
        yield _Entry(_Way.PUBLISHED, event, event.subject)
    for message in (*_OPERATORS_MESSAGES, DeadLetterDecided):
        yield _Entry(_Way.OPERATORS, message, addressed_to(message, handlers.service))


def _declared(service: str, entries: Sequence[_Entry]) -> dict[str, Any]:
    """What FastStream makes of the messages: servers, channels, operations and bindings."""
    broker = NatsBroker(
        "nats://localhost:4222",
        protocol_version="JetStream",
        description="The station's NATS server: PITLANE_NATS_URL.",
    )
    stream = JStream(STREAM, declare=False)
    for entry in entries:
        if _is_sent(entry):
            broker.publisher(
                entry.subject,
                stream=stream,
                schema=entry.message_type,
                title=entry.key,
                description=entry.description,
            )
        elif entry.way is _Way.CONSUMED:
            broker.subscriber(
                entry.subject,
                stream=stream,
                durable=service,
                pull_sub=True,
                title=entry.key,
                description=entry.description,
            )(_taking(entry))
        else:
            broker.subscriber(
                entry.subject, queue=service, title=entry.key, description=entry.description
            )(_taking(entry))
    specification = AsyncAPI(
        broker,
        title=f"Pitlane: {service}",
        version=CONTRACTS_VERSION,
        description=(
            "Commands and questions are NATS requests and answered at once; "
            f"events are CloudEvents kept in the JetStream stream {STREAM}."
        ),
    ).to_specification()
    document: dict[str, Any] = specification.to_jsonable()
    return document


def _is_sent(entry: _Entry) -> bool:
    return entry.way is _Way.PUBLISHED or entry.message_type is DeadLetterDecided


def _taking(entry: _Entry) -> Any:
    async def take(message: Any) -> None:
        """Declared for the document; a broker that carries it is never started."""

    take.__annotations__ = {"message": entry.message_type, "return": None}
    return take


def _channel(entry: _Entry, channel: dict[str, Any]) -> dict[str, Any]:
    # Without a list of servers it is on all of them, and there is one.
    del channel["servers"]
    return {**channel, "messages": {entry.name: _ref("components", "messages", entry.name)}}


def _reply_channel(entries: Iterable[_Entry]) -> dict[str, Any]:
    names = {_type_name(entry.reply): None for entry in entries if entry.reply}
    return {
        "address": None,
        "description": "The inbox that a request names as its reply subject.",
        "messages": {
            name: _ref("components", "messages", name) for name in (*names, Refusal.__name__)
        },
    }


def _operation(entry: _Entry, operation: dict[str, Any]) -> dict[str, Any]:
    made = {
        **operation,
        "title": entry.name,
        "tags": [{"name": entry.way.value}],
        "messages": [_ref("channels", entry.key, "messages", entry.name)],
    }
    if entry.reply:
        made["description"] = f"May be sent by: {', '.join(entry.senders) or 'nobody'}."
        made["reply"] = {
            "address": {"location": "$message.header#/reply", "description": "NATS reply subject"},
            "channel": _ref("channels", _REPLIES),
            "messages": [
                _ref("channels", _REPLIES, "messages", name)
                for name in (_type_name(entry.reply), Refusal.__name__)
            ],
        }
    return made


def _messages(entries: Sequence[_Entry], schemas: _Schemas) -> Iterator[tuple[str, dict[str, Any]]]:
    for entry in entries:
        yield (
            entry.name,
            {
                "name": entry.subject,
                "title": entry.name,
                "contentType": "application/json",
                "headers": _ref("components", "schemas", _ENVELOPE),
                "correlationId": {"location": "$message.header#/correlationid"},
                "payload": schemas.of(entry.message_type, entry.mode),
            },
        )
    replies = {_type_name(entry.reply): entry.reply for entry in entries if entry.reply}
    for name, reply in (*replies.items(), (Refusal.__name__, Refusal)):
        yield (
            name,
            {
                "name": name,
                "title": name,
                "contentType": "application/json",
                "headers": _ref(
                    "components", "schemas", _REFUSED if reply is Refusal else _ANSWERED
                ),
                "payload": schemas.of(reply, "serialization"),
            },
        )


class _Schemas:
    """The JSON Schemas of all payloads and replies, made in one go so that names are shared."""

    def __init__(self, entries: Sequence[_Entry]) -> None:
        wanted: list[tuple[Any, _Mode]] = [(entry.message_type, entry.mode) for entry in entries]
        wanted += [(entry.reply, "serialization") for entry in entries if entry.reply]
        wanted.append((Refusal, "serialization"))
        made, definitions = TypeAdapter.json_schemas(
            [
                ((type_, mode), mode, TypeAdapter(type_))
                for type_, mode in dict.fromkeys(wanted)  # each once
            ],
            ref_template="#/components/schemas/{model}",
        )
        self._made = {key: schema for (key, _), schema in made.items()}
        self.components: dict[str, Any] = dict(
            sorted({**definitions.get("$defs", {}), **_HEADERS}.items())
        )

    def of(self, type_: Any, mode: _Mode) -> Any:
        return self._made[type_, mode]


def _type_name(type_: Any) -> str:
    """``Page[OrderView]`` as ``PageOfOrderView``: a name that AsyncAPI allows as a key."""
    generic = getattr(type_, "__pydantic_generic_metadata__", {})
    if not generic.get("args"):
        return str(type_.__name__)
    return f"{generic['origin'].__name__}Of{''.join(map(_type_name, generic['args']))}"


def _ref(*path: str) -> dict[str, str]:
    return {"$ref": "#/" + "/".join(path)}


_ENVELOPE, _ANSWERED, _REFUSED = "EnvelopeHeaders", "AnsweredHeaders", "RefusedHeaders"


def _headers(
    description: str, required: dict[str, Any], optional: dict[str, Any] | None = None
) -> dict[str, Any]:
    return {
        "type": "object",
        "description": description,
        "properties": required | (optional or {}),
        "required": list(required),
    }


def _text(description: str, **more: Any) -> dict[str, Any]:
    return {"type": "string", "description": description, **more}


def _uuid(description: str) -> dict[str, Any]:
    return _text(description, format="uuid")


# NATS headers as ``shared.messaging.envelope.Envelope`` writes them.
_HEADERS = {
    _ENVELOPE: _headers(
        "CloudEvents 1.0 attributes in binary mode, and who is behind the message.",
        {
            "ce-specversion": _text("Of CloudEvents.", const="1.0"),
            "ce-id": _uuid("Of the message (uuid7); an event's is also its Nats-Msg-Id."),
            "ce-type": _text("The subject."),
            "ce-source": _text("/<station>/<service>"),
            "ce-time": _text("When it was made.", format="date-time"),
            "content-type": _text("Of the body.", const="application/json"),
            "correlationid": _uuid("The same for all that one request set in motion."),
            "actor": _text("The sign-in of who acts, percent-encoded, or system."),
        },
        {
            "actorrole": _text("The role in which they act."),
            "actorid": _uuid("Of the person who acts."),
            "causationid": _uuid("Of the message that led to this one."),
            "ce-subject": _uuid("What an event is about."),
            "orderid": _uuid("The order it belongs to."),
            "idempotency-key": _text("A command with a key that was seen has its old answer."),
            "traceparent": _text("W3C trace context."),
            "pitlane-sum": _text("Of an event: CRC-32 over subject, headers and body, in hex."),
        },
    ),
    _ANSWERED: _headers(
        "Of an answer.", {STATUS_HEADER: _text("The body is the view.", const="ok")}
    ),
    _REFUSED: _headers(
        "Of a refusal.", {STATUS_HEADER: _text("The body says why.", const="refused")}
    ),
}
