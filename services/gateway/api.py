"""The one shape of every route: a line in a table that names the message behind an address.

    patch("/orders/{order_id}", ChangeOrder, "Edit an order")

The message's contract says everything else: which fields are read from where (``reading``), who
may send it (``shared.permissions``), what comes back, and how the document describes it
(``openapi``). A reply's JSON goes out as the service wrote it.
"""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import groupby
from string import Formatter
from tempfile import TemporaryFile
from typing import Any, cast, get_args
from uuid import UUID

from pydantic import BaseModel
from pydantic_core import SchemaValidator, core_schema
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from services.gateway.call import Call
from services.gateway.exports.answers import FORMAT_FIELD, all_pages, chosen, rendered
from services.gateway.exports.lists import Listing, Teller
from services.gateway.exports.sheets import JSON, MEDIA_TYPES
from services.gateway.exports.spool import Spool
from services.gateway.reading import Reading
from shared.contracts.base import Command, Message, Question, View, reply_type
from shared.contracts.orders import OrderView
from shared.messaging.inbox import fingerprint
from shared.nobody import in_language
from shared.permissions import may_take_away
from shared.refusals import Refused

PREFIX = "/api/v1"

type Answer = Callable[[Call, Endpoint], Awaitable[Response]]


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """One method of one address, and all that there is to know of it."""

    method: str
    path: str
    """Below ``/api/v1``; fields of the message in braces."""
    summary: str
    answer: Answer
    message: type[Message] | None = None
    """What is sent on; without one the gateway answers itself."""
    body: type[BaseModel] | None = None
    """Only where there is no message that says it."""
    reply: Any = None
    status: int = 200
    again: int | None = None
    """The status, where what was brought was there already."""
    location: str | None = None
    """The address of what was made, by fields of the reply."""
    public: bool = False
    """For those who have not signed in, too."""
    keyed: bool = False
    """Wants an ``Idempotency-Key``."""
    asks_in_body: bool = False
    """A question with too much to ask for a query."""
    takes_file: tuple[str, ...] = ()
    """The body is a file of one of these media types, or a form with one."""
    media_types: tuple[str, ...] = (JSON,)
    listing: Listing | None = None
    """What a table of it has, where that is not what its answer has."""
    description: str = ""

    @cached_property
    def reading(self) -> Reading | None:
        if self.message is None:
            return None
        return Reading.of(self.message, self.path, asks_in_body=self.asks_in_body)

    @property
    def table_name(self) -> str:
        """What a table of it is called, and a report is known by."""
        return self.path.rsplit("/", 1)[-1]

    @property
    def row_type(self) -> type[View]:
        """What a table of it has in a row."""
        if self.listing:
            return self.listing.row
        (row, *_) = get_args(self.reply.model_fields["items"].annotation)
        return cast("type[View]", row)

    @property
    def is_plain_list(self) -> bool:
        """JSON for whoever does not ask for a table of it by name."""
        return self.listing is not None and not self.listing.of_report

    @cached_property
    def tagged(self) -> bool:
        """The reply is one thing with a revision, which becomes its ``ETag``."""
        return "revision" in getattr(self.reply, "model_fields", ())

    @cached_property
    def told_by_reply(self) -> SchemaValidator | None:
        """Reads of a reply the few fields that become headers. The rest, which may be long, is
        passed over as text."""
        names = {name for _, name, _, _ in Formatter().parse(self.location or "") if name}
        fields = {re.split(r"[\[.]", name)[0] for name in names}
        fields |= {"revision"} if self.tagged else set()
        fields |= {"id"} if self.reply is OrderView else set()
        if not fields:
            return None
        told = core_schema.typed_dict_field(core_schema.any_schema())
        return SchemaValidator(core_schema.typed_dict_schema(dict.fromkeys(fields, told)))


@dataclass(frozen=True, slots=True)
class Area:
    """A part of the API: one module of ``routes``, one tag of the document."""

    name: str
    description: str
    endpoints: tuple[Endpoint, ...] = field(repr=False)


# --- the words of the tables --------------------------------------------------------------------


def get(path: str, question: type[Question[Any]], summary: str) -> Endpoint:
    return Endpoint(
        method="GET",
        path=path,
        summary=summary,
        answer=_ask,
        message=question,
        reply=reply_type(question),
    )


def ask_by_post(path: str, question: type[Question[Any]], summary: str) -> Endpoint:
    """A question whose fields stand in the body; it changes nothing, and so needs no key."""
    return replace(get(path, question, summary), method="POST", asks_in_body=True)


def post(
    path: str,
    command: type[Command[Any]],
    summary: str,
    *,
    status: int = 201,
    location: str | None = None,
) -> Endpoint:
    return _command("POST", path, command, summary, status, location)


def put(path: str, command: type[Command[Any]], summary: str) -> Endpoint:
    """Replaces the whole of a thing that is always there."""
    return _command("PUT", path, command, summary)


def patch(path: str, command: type[Command[Any]], summary: str) -> Endpoint:
    return _command("PATCH", path, command, summary)


def delete(path: str, command: type[Command[Any]], summary: str) -> Endpoint:
    return _command("DELETE", path, command, summary)


def report(
    path: str, question: type[Question[Any]], summary: str, listing: Listing | None = None
) -> Endpoint:
    """A question whose rows can also be had as CSV and XLSX: as they are, or as a ``listing``."""
    return Endpoint(
        method="GET",
        path=path,
        summary=summary,
        answer=_report,
        message=question,
        reply=reply_type(question),
        media_types=MEDIA_TYPES,
        listing=listing,
    )


def _command(
    method: str,
    path: str,
    command: type[Command[Any]],
    summary: str,
    status: int = 200,
    location: str | None = None,
) -> Endpoint:
    return Endpoint(
        method=method,
        path=path,
        summary=summary,
        answer=_send,
        message=command,
        reply=reply_type(command),
        status=status,
        location=location,
        keyed=True,
    )


# --- how they are answered ----------------------------------------------------------------------


async def sent(call: Call, endpoint: Endpoint) -> bytes:
    """The reply of a command: done once per key, whoever repeats it."""
    person = await call.allowed(endpoint.message)
    key = call.idempotency_key()
    subject, body = await _message(call, endpoint)
    await call.gateway.keys.claim(person.user_id, key, fingerprint(subject, body))
    return await call.send(subject, body, key=f"{person.user_id}:{key}")


async def _send(call: Call, endpoint: Endpoint) -> Response:
    return shown(call, endpoint, await sent(call, endpoint))


async def _ask(call: Call, endpoint: Endpoint) -> Response:
    await call.allowed(endpoint.message)
    return shown(call, endpoint, await call.send(*await _message(call, endpoint)))


async def _report(call: Call, endpoint: Endpoint) -> Response:
    await call.allowed(endpoint.message)
    assert endpoint.reading is not None
    query = call.query(endpoint.reading.in_query.keys() | FORMAT_FIELD)
    # First: what cannot be shown need not be computed.
    media_type = chosen(call, query.get("format"), only_by_name=endpoint.is_plain_list)
    message: Any = await endpoint.reading.read(call, FORMAT_FIELD)
    if media_type == JSON:
        body = message.model_dump_json(exclude_unset=True).encode()
        return shown(call, endpoint, await call.send(message.subject, body))
    if not may_take_away(call.actor.role, type(message)):
        raise Refused("forbidden")
    zone = call.gateway.settings.zone
    teller = Teller(call.gateway.client, call.gateway.engine, call.language, zone)
    with TemporaryFile() as file:
        spool = Spool(file)
        async for page in all_pages(call, message):
            spool.add(await endpoint.listing.told(page, teller) if endpoint.listing else page)
        return await rendered(
            endpoint.table_name, endpoint.row_type, spool, media_type, call.language, zone
        )


async def _message(call: Call, endpoint: Endpoint) -> tuple[str, bytes]:
    """Subject and body of the message that the request stands for."""
    assert endpoint.reading is not None
    message: Any = await endpoint.reading.read(call)
    call.order_id = getattr(message, "order_id", None) or call.order_id
    return message.subject, message.model_dump_json(exclude_unset=True).encode()


def shown(call: Call, endpoint: Endpoint, reply: bytes) -> Response:
    """A service's reply, with the headers that its content gives. It is as it came, but that nobody
    is called otherwise than in the reader's language."""
    headers: dict[str, str] = {}
    if endpoint.told_by_reply:
        thing = endpoint.told_by_reply.validate_json(reply)
        if endpoint.tagged:
            headers["ETag"] = f'"{thing["revision"]}"'
        if endpoint.location:
            headers["Location"] = PREFIX + endpoint.location.format_map(thing)
        if endpoint.reply is OrderView:
            call.order_id = UUID(thing["id"])
    return Response(in_language(reply, call.language), endpoint.status, headers, JSON)


# --- where they are found -----------------------------------------------------------------------


class Resource:
    """An address: its methods, as one ASGI application."""

    def __init__(self, path: str, endpoints: Iterable[Endpoint]) -> None:
        self.path = PREFIX + path
        self._by_method = {endpoint.method: endpoint for endpoint in endpoints}
        if "GET" in self._by_method:
            self._by_method["HEAD"] = self._by_method["GET"]
        self._allowed = ", ".join(sorted(self._by_method))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        call = Call.of(scope)
        call.found(self.path, scope["path_params"])
        endpoint = self._by_method.get(call.method)
        if endpoint is None:
            raise Refused("method_not_allowed", allowed=self._allowed)
        response = await endpoint.answer(call, endpoint)
        await response(scope, receive, send)


def http_routes(areas: Iterable[Area]) -> list[Route]:
    """The tables as the framework takes them: one route per address."""
    endpoints = sorted(
        (endpoint for area in areas for endpoint in area.endpoints),
        # Fixed words before braces, so that no id is ever taken for one.
        key=lambda endpoint: endpoint.path.replace("{", "~"),
    )
    return [
        Route(PREFIX + path, Resource(path, group))
        for path, group in groupby(endpoints, key=lambda endpoint: endpoint.path)
    ]
