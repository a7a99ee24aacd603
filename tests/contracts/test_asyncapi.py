"""The AsyncAPI document of a service says all that its table of handlers says, and no more."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest

from shared.asyncapi import asyncapi_document
from shared.contracts.base import Done, Event, View
from shared.contracts.inventory import PartsReserved
from shared.contracts.orders import (
    CreateOrder,
    FindOrders,
    ListStations,
    OrderCreated,
    OrdersCommandRefused,
)
from shared.handlers import Handlers, Store, Work
from shared.messaging.envelope import Actor, Envelope
from shared.messaging.sums import SUM_HEADER
from shared.settings import SERVICES
from tests.contracts.catalogue import handlers_of

KEY = re.compile(r"[a-zA-Z0-9._-]+")


async def answer(message: Any, store: Store, work: Work) -> View:
    return Done()


async def take(message: Event, store: Store, work: Work) -> None:
    return None


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    handlers = Handlers("orders", Store, refused=OrdersCommandRefused, publishes=(OrderCreated,))
    handlers.command(CreateOrder)(answer)
    handlers.question(FindOrders)(answer)
    handlers.question(ListStations)(answer)
    handlers.event(PartsReserved)(take)
    return asyncapi_document(handlers)


def test_every_message_of_the_table_has_an_operation_in_business_order(
    document: dict[str, Any],
) -> None:
    assert [
        (name, operation["action"], operation["tags"][0]["name"])
        for name, operation in document["operations"].items()
    ] == [
        ("CreateOrder", "receive", "Commands"),
        ("FindOrders", "receive", "Questions"),
        ("ListStations", "receive", "Questions"),
        ("PartsReserved", "receive", "Events consumed"),
        ("OrderCreated", "send", "Events published"),
        ("OrdersCommandRefused", "send", "Events published"),
        ("GetServiceState", "receive", "Operators' messages"),
        ("ListDeadLetters", "receive", "Operators' messages"),
        ("RequeueDeadLetter", "receive", "Operators' messages"),
        ("DropDeadLetter", "receive", "Operators' messages"),
        ("WhenHandled", "receive", "Operators' messages"),
        ("DeadLetterDecided", "send", "Operators' messages"),
    ]


def test_operators_messages_are_addressed_to_the_service(document: dict[str, Any]) -> None:
    assert document["channels"]["GetServiceState"]["address"] == "ask.orders.state.v1"
    addresses = [channel["address"] or "" for channel in document["channels"].values()]
    assert not any("{" in address for address in addresses)


def test_command_says_what_it_is_answered_with_and_who_may_send_it(
    document: dict[str, Any],
) -> None:
    operation = document["operations"]["CreateOrder"]
    replies = [followed(reference, document) for reference in operation["reply"]["messages"]]
    assert [reply["title"] for reply in replies] == ["OrderView", "Refusal"]
    assert operation["description"] == "May be sent by: administrator, advisor, owner."
    found = document["operations"]["FindOrders"]["reply"]["messages"]
    assert followed(found[0], document)["title"] == "PageOfOrderSummary"


def test_event_is_described_as_it_is_written_and_command_as_it_is_accepted(
    document: dict[str, Any],
) -> None:
    schemas = document["components"]["schemas"]
    price = schemas["StockAnswer"]["properties"]["price"]
    discount = schemas["CreateOrder"]["properties"]["mileage_km"]
    assert price["type"] == "string"
    assert {"type": "null"} in discount["anyOf"]
    assert schemas["CreateOrder"]["additionalProperties"] is False


def test_event_has_its_docstring_as_description(document: dict[str, Any]) -> None:
    assert document["channels"]["PartsReserved"]["description"] == (
        inspect.cleandoc(PartsReserved.__doc__ or "")
    )


def test_same_table_gives_the_same_document(document: dict[str, Any]) -> None:
    handlers = handlers_of("orders")
    first, second = asyncapi_document(handlers), asyncapi_document(handlers)
    assert json.dumps(first) == json.dumps(second)


def test_headers_of_the_document_are_those_of_an_envelope(document: dict[str, Any]) -> None:
    some_id = UUID(int=1)
    full = Envelope(
        id=some_id,
        type="cmd.orders.create_order.v1",
        source="/station-1/gateway",
        time=datetime(2026, 11, 23, tzinfo=UTC),
        actor=Actor("advisor", "advisor", some_id),
        correlation_id=some_id,
        causation_id=some_id,
        subject=some_id,
        order_id=some_id,
        idempotency_key="key",
        traceparent="00-0-0-00",
    )
    bare = Envelope(
        id=some_id,
        type="cmd.orders.create_order.v1",
        source="/station-1/gateway",
        time=datetime(2026, 11, 23, tzinfo=UTC),
        actor=Actor("system"),
        correlation_id=some_id,
    )
    headers = document["components"]["schemas"]["EnvelopeHeaders"]
    # The relay adds one of its own.
    assert headers["properties"].keys() == full.headers().keys() | {SUM_HEADER}
    assert set(headers["required"]) == bare.headers().keys()


@pytest.mark.parametrize("service", SERVICES)
def test_document_of_a_service_is_sound(service: str) -> None:
    document = asyncapi_document(handlers_of(service))
    assert document["asyncapi"] == "3.0.0"
    assert document["info"]["title"] == f"Pitlane: {service}"
    for reference in references(document):
        assert followed({"$ref": reference}, document) is not None
    for things in (
        document["channels"],
        document["operations"],
        document["components"]["messages"],
        document["components"]["schemas"],
    ):
        assert [key for key in things if not KEY.fullmatch(key)] == []


def test_reference_to_nothing_would_be_found() -> None:
    with pytest.raises(KeyError):
        followed({"$ref": "#/components/schemas/Nothing"}, {"components": {"schemas": {}}})


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(reference := node.get("$ref"), str):
            yield reference
        for value in node.values():
            yield from references(value)
    elif isinstance(node, list):
        for value in node:
            yield from references(value)


def followed(node: dict[str, Any], root: dict[str, Any]) -> dict[str, Any]:
    """What a reference leads to, through as many as there are."""
    while "$ref" in node:
        target: Any = root
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = target
    return node
