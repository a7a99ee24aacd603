"""What changed, as screens are told it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, ExitStack, asynccontextmanager
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any, ClassVar

import httpx
import nats
import nats.errors
import pytest

from services.gateway import changes, seats
from services.gateway.changes import MAX_WAITING, REFRESH, Screen, hints
from services.gateway.routes import events
from services.gateway.seats import Seats
from shared.contracts.base import Event
from shared.contracts.finance import PaymentTaken, PaymentView
from shared.contracts.gateway import SignedIn
from shared.contracts.inventory import (
    PartsReserved,
    ReceiptLine,
    ReceiptView,
    StockAnswer,
    StockReceived,
)
from shared.contracts.orders import OrderMoved, OrdersCommandRefused, ReferenceSaved
from shared.ids import new_id
from shared.messaging.envelope import SYSTEM, opening
from shared.messaging.outbox import Outgoing, outgoing
from shared.refusals import Refused
from tests.contracts.catalogue import EVENTS, subject_of
from tests.contracts.test_examples import example_of
from tests.gateway.support import API, TestGateway, served
from tests.support.broker import TestNats
from tests.support.waiting import PATIENCE_S, eventually

ORDER, CLIENT, PRODUCT, OTHER = (new_id() for _ in range(4))
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
MOVED = OrderMoved(order_id=ORDER, number="A-1", revision=2, old_status="new", status="in_progress")
ANSWER = StockAnswer(
    line_id=new_id(),
    line_version=1,
    answer=1,
    product_id=PRODUCT,
    wanted=Decimal(1),
    reserved=Decimal(1),
    short=Decimal(0),
    price=Decimal(100),
)
RECEIPT = ReceiptView(
    id=new_id(),
    number="R-1",
    at=NOW,
    warehouse_id=new_id(),
    supplier_id=new_id(),
    lines=tuple(
        ReceiptLine(product_id=product_id, quantity=Decimal(1), cost=Decimal(50))
        for product_id in (PRODUCT, OTHER, PRODUCT)
    ),
    total_cost=Decimal(150),
)
PAYMENT = PaymentView(
    id=new_id(),
    at=NOW,
    order_id=ORDER,
    customer_id=CLIENT,
    payer_id=CLIENT,
    amount=Decimal(100),
    method="cash",
    refunded=Decimal(0),
    comment=None,
    actor="cashier",
)


def sent(event: Event) -> Outgoing:
    service = type(event).subject.split(".")[1]
    cause = opening("/station-1/gateway", "test", SYSTEM)
    return outgoing(event, cause, f"/station-1/{service}", NOW)


@pytest.mark.parametrize(
    ("event", "told"),
    [
        (MOVED, [("order", ORDER)]),
        (PartsReserved(order_id=ORDER, lines=(ANSWER,)), [("stock", PRODUCT), ("order", ORDER)]),
        (StockReceived(receipt=RECEIPT), [("stock", PRODUCT), ("stock", OTHER)]),
        (
            PaymentTaken(payment=PAYMENT, order_id=ORDER),
            [("payment", PAYMENT.id), ("order", ORDER)],
        ),
        (
            ReferenceSaved(kind="section", id=OTHER, name="Шины", created=True),
            [("reference", OTHER)],
        ),
        (SignedIn(user_id=new_id(), login="anna"), []),
        (
            OrdersCommandRefused(
                command_id=new_id(), command="x", code="y", detail="z", order_id=ORDER
            ),
            [],
        ),
    ],
)
def test_an_event_tells_what_it_is_about_and_nothing_else(
    event: Event, told: list[tuple[str, Any]]
) -> None:
    message = sent(event)
    assert list(hints(message.subject, message.headers, message.body)) == [
        (topic, str(about)) for topic, about in told
    ]


@pytest.mark.parametrize("event", EVENTS, ids=subject_of)
def test_every_fact_is_told_to_screens_or_is_nothing_for_them(event: type[Event]) -> None:
    fact = event.model_validate_json(example_of(event))
    headers = {"ce-subject": str(fact.aggregate_id())}
    if order_id := fact.order():
        headers["orderid"] = str(order_id)
    told = list(hints(event.subject, headers, example_of(event)))
    assert bool(told) != any(part in event.subject for part in NOTHING_FOR_SCREENS)


NOTHING_FOR_SCREENS = (
    "evt.gateway.", "command_refused", "dead_letter_decided", "repricing_due", "stock_taken_over",
    "station_restored", "link_secret_replaced", "{service}",
)  # fmt: skip


async def test_a_screen_is_told_each_thing_once_however_often_it_changed() -> None:
    screen = Screen()
    for change in enumerate((("order", "1"), ("client", "2"), ("order", "1"))):
        screen.add(change)
    assert await screen.take(0) == [(1, ("client", "2")), (2, ("order", "1"))]
    assert await screen.take(0.01) == []


async def test_a_screen_that_falls_behind_is_told_to_refresh() -> None:
    screen = Screen()
    for number in range(MAX_WAITING * 3):
        screen.add((number, ("order", str(number))))
    assert await screen.take(0) == [(MAX_WAITING * 3 - 1, REFRESH)]
    screen.add((1000, ("order", "1")))
    assert await screen.take(0) == [(1000, ("order", "1"))]


# --- over HTTP ----------------------------------------------------------------------------------


@asynccontextmanager
async def listening(
    gateway: TestGateway, address: tuple[str, int], token: str, after: str = "", **cookies: str
) -> AsyncIterator[AsyncIterator[str]]:
    """An open screen; gives the lines that it is sent, from the first event on."""
    headers = {"Authorization": f"Bearer {token}"} if not cookies else {}
    headers |= {"Last-Event-ID": after} if after else {}
    base = "http://{}:{}".format(*address)
    async with httpx.AsyncClient(base_url=base, headers=headers, cookies=cookies) as client:
        before = gateway.app.state.gateway.changes.screens
        async with client.stream("GET", f"{API}/events", timeout=PATIENCE_S) as response:
            assert response.status_code == 200
            assert response.headers["content-type"].startswith("text/event-stream")
            assert response.headers["cache-control"] == "no-store"
            lines = response.aiter_lines()
            assert await anext(lines) == ": open"

            async def is_open() -> bool:
                return bool(gateway.app.state.gateway.changes.screens > before)

            await eventually(is_open)
            yield lines

        async def is_closed() -> bool:
            return bool(gateway.app.state.gateway.changes.screens == before)

        await eventually(is_closed)


async def next_hint(lines: AsyncIterator[str]) -> tuple[str, str | None]:
    async for line in lines:
        if line.startswith("data:"):
            told = json.loads(line.removeprefix("data:"))
            assert set(told) == {"topic", "id"}
            return told["topic"], told["id"]
    raise AssertionError("the stream ended")


async def publish(server: TestNats, event: Event) -> None:
    message = sent(event)
    user = message.subject.split(".")[1]
    connection = await nats.connect(server.url(user), inbox_prefix=f"_INBOX_{user}".encode())
    await connection.publish(message.subject, message.body, headers=message.headers)
    await connection.close()


async def test_every_open_screen_is_told_and_who_left_costs_nothing_after_a_while(
    gateway: TestGateway, nats_server: TestNats, monkeypatch: pytest.MonkeyPatch
) -> None:
    hub = gateway.app.state.gateway.changes
    token = await gateway.token("technician")
    assert not hub.listens
    async with served(gateway) as address:
        async with (
            listening(gateway, address, token) as first,
            listening(gateway, address, "", pitlane=token) as second,
        ):
            await publish(nats_server, PartsReserved(order_id=ORDER, lines=(ANSWER,)))
            for lines in (first, second):
                assert await next_hint(lines) == ("stock", str(PRODUCT))
                assert await next_hint(lines) == ("order", str(ORDER))

        # Whoever goes on to another page is back in a moment.
        assert hub.listens
        monkeypatch.setattr(changes, "LINGER_S", 0.0)
        await publish(nats_server, MOVED)

        async def nobody_listens() -> bool:
            return not hub.listens

        await eventually(nobody_listens)
        monkeypatch.undo()
        async with listening(gateway, address, token) as again:
            await publish(nats_server, MOVED)
            assert await next_hint(again) == ("order", str(ORDER))


async def test_a_screen_is_told_what_happened_since_its_page_began_to_be_made(
    gateway: TestGateway, nats_server: TestNats
) -> None:
    hub = gateway.app.state.gateway.changes
    token = await gateway.token("advisor")
    page = gateway.client({"Authorization": f"Bearer {token}"})
    seen = (await page.get("/profile")).headers["pitlane-seen"]
    assert seen == await hub.place()
    await publish(nats_server, MOVED)

    async def is_heard() -> bool:
        return bool(await hub.place() != seen)

    await eventually(is_heard)
    now = await hub.place()
    async with served(gateway) as address:
        async with listening(gateway, address, token, after=seen) as lines:
            assert f"id: {now}" in [await anext(lines) for _ in range(4)]
        async with listening(gateway, address, token, after=seen) as lines:
            assert await next_hint(lines) == ("order", str(ORDER))
        # What was seen already is not told again.
        async with listening(gateway, address, token, after=now) as lines:
            await publish(nats_server, StockReceived(receipt=RECEIPT))
            assert await next_hint(lines) == ("stock", str(PRODUCT))
        epoch = seen.split("-")[0]
        for unknown in ("another-1", "0-0", epoch, f"{seen}999999", f"{epoch}-{'9' * 5000}"):
            async with listening(gateway, address, token, after=unknown) as lines:
                assert await next_hint(lines) == REFRESH_TOLD


REFRESH_TOLD: tuple[str, str | None] = ("refresh", None)


async def test_who_missed_more_than_is_kept_looks_at_all_anew(
    gateway: TestGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(changes, "KEPT", 3)
    hub = gateway.app.state.gateway.changes
    places = []
    for number in range(5):
        places.append(await hub.place())
        hub._hear(("order", str(number)))
    told = [[hint for _, hint in await (await hub.open(place)).take(0)] for place in places]
    assert told == [
        [REFRESH],
        [REFRESH],
        [("order", "2"), ("order", "3"), ("order", "4")],
        [("order", "3"), ("order", "4")],
        [("order", "4")],
    ]


async def test_what_happened_while_the_broker_was_away_is_looked_at_anew(
    gateway: TestGateway, nats_server: TestNats
) -> None:
    hub = gateway.app.state.gateway.changes
    seen = await hub.place()
    screen = await hub.open(seen)
    await gateway.app.state.service.connection._process_op_err(ConnectionResetError())

    async def is_told() -> bool:
        hub.notice_gap()
        return REFRESH in [hint for _, hint in await screen.take(0)]

    await eventually(is_told)
    assert [hint for _, hint in await (await hub.open(seen)).take(0)] == [REFRESH]


async def test_an_event_that_cannot_be_read_does_not_end_the_stream(
    gateway: TestGateway, nats_server: TestNats
) -> None:
    async with (
        served(gateway) as address,
        listening(gateway, address, await gateway.token("advisor")) as lines,
    ):
        connection = await nats.connect(
            nats_server.url("inventory"), inbox_prefix=b"_INBOX_inventory"
        )
        await connection.publish(PartsReserved.subject, b"not json")
        await connection.close()
        await publish(nats_server, MOVED)
        assert await next_hint(lines) == ("order", str(ORDER))


async def test_silence_is_broken_by_a_heartbeat_and_ends_with_the_session(
    gateway: TestGateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(events, "HEARTBEAT_S", 0.05)
    token = await gateway.token("advisor")
    program = gateway.client({"Authorization": f"Bearer {token}"})
    async with served(gateway) as address, listening(gateway, address, token) as lines:
        heard = [await anext(lines) for _ in range(8)]
        assert heard.count(":") + heard.count(": ") >= 2
        assert (await program.delete(f"{API}/session")).status_code == 204
        async with asyncio.timeout(PATIENCE_S):
            rest = [line async for line in lines]  # ends by itself
        assert not any(line.startswith("data:") for line in rest)


async def test_the_stream_ends_whole_when_the_gateway_stops(gateway: TestGateway) -> None:
    token = await gateway.token("advisor")
    async with asyncio.timeout(PATIENCE_S):
        async with served(gateway) as address:
            ended = asyncio.create_task(_read_to_the_end(gateway, address, token))
            await eventually(lambda: _has_screens(gateway))
        await ended


async def _has_screens(gateway: TestGateway) -> bool:
    return bool(gateway.app.state.gateway.changes.screens)


async def _read_to_the_end(gateway: TestGateway, address: tuple[str, int], token: str) -> None:
    async with listening(gateway, address, token) as lines:
        async for _ in lines:
            pass


async def test_one_users_newest_screens_stay_and_take_nobody_elses_place(
    gateway: TestGateway, nats_server: TestNats, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(seats, "MOST_OF_ONE", 2)
    phone, desk = [await gateway.token("advisor") for _ in range(2)]
    cashier = await gateway.token("cashier")
    async with served(gateway) as address, AsyncExitStack() as screens:
        base = "http://{}:{}".format(*address)

        async def opened(token: str) -> AsyncIterator[str]:
            client = await screens.enter_async_context(httpx.AsyncClient(base_url=base))
            headers = {"Authorization": f"Bearer {token}"}
            stream = client.stream("GET", f"{API}/events", headers=headers, timeout=PATIENCE_S)
            lines = (await screens.enter_async_context(stream)).aiter_lines()
            assert await anext(lines) == ": open"
            return lines

        async with asyncio.timeout(PATIENCE_S):
            # Of the desk's two the older one goes, and the phone stays.
            other, first, second = [await opened(token) for token in (cashier, phone, desk)]
            third = await opened(desk)
            rest = [line async for line in second]
            assert rest[-3:] == [": newer screens of yours", "retry: 60000", ""]
            await publish(nats_server, MOVED)
            for lines in (other, first, third):
                assert await next_hint(lines) == ("order", str(ORDER))


async def test_places_that_were_given_up_and_not_left_are_bounded_too() -> None:
    user_id, other = new_id(), new_id()
    held = Seats()
    with ExitStack() as taken:
        most = 2 * seats.MOST_OF_ONE
        own = [taken.enter_context(held.taken(user_id, "one")) for _ in range(most)]
        assert [seat.given_up for seat in own] == [True] * (most // 2) + [False] * (most // 2)
        with pytest.raises(Refused, match="too_many_screens"):
            taken.enter_context(held.taken(user_id, "another"))
        taken.enter_context(held.taken(other, "one"))
    with held.taken(user_id, "one") as seat:
        assert not seat.given_up


async def test_nobody_listens_without_signing_in(gateway: TestGateway) -> None:
    response = await gateway.anyone.get(f"{API}/events")
    assert (response.status_code, response.json()["code"]) == (401, "sign_in_required")
    assert gateway.app.state.gateway.changes.screens == 0


async def test_a_broker_that_stalls_keeps_no_page_and_no_subscription(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(changes, "PLACE_WITHIN_S", 0.01)
    broker = Stalled()
    hub = changes.Changes(broker)  # type: ignore[arg-type]
    assert [await hub.place() for _ in range(3)] == ["", "", ""]
    # However many pages wait, it is asked once.
    assert (broker.subscriptions, hub.listens) == (1, False)
    broker.over.set_exception(nats.errors.FlushTimeoutError())

    async def is_left() -> bool:
        return broker.subscriptions == 0

    await eventually(is_left)
    assert not hub.listens


class Stalled:
    """In the place of the broker's client: takes everything, and hears nothing."""

    is_connected = True
    stats: ClassVar = {"reconnects": 0}

    def __init__(self) -> None:
        self.subscriptions = 0
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def subscribe(self, *_: Any, **__: Any) -> Stalled:
        self.subscriptions += 1
        return self

    async def unsubscribe(self) -> None:
        self.subscriptions -= 1

    async def flush(self) -> None:
        await self.over
