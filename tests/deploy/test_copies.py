"""What services keep of each other's things, compared with what their owners say: each copy that
somebody broke, or that missed its news, is named, and by no person's name."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from deploy import reconciliation
from deploy.commands.difference_words import line_of
from deploy.copies import COPIES, KEEPERS, SeenCopies, compared
from deploy.reconciliation import OF_ORDERS, compare
from services.clients import app
from shared.contracts.base import Page, Question
from shared.contracts.client_contracts import CreateContract
from shared.contracts.client_merge import MergeClients
from shared.contracts.clients import ChangeClient, SaidConsents
from shared.contracts.copies import ListToldByClients, Told
from shared.contracts.finance import TakePayment
from shared.contracts.inventory import OtherUnit
from shared.contracts.orders import AddService, OrderView
from shared.contracts.reconciliation import ReadOrderAgain
from shared.contracts.requisites import Requisites
from shared.contracts.taxes import SetVatRates, VatRate
from shared.copies import plain, told
from shared.ids import new_id
from shared.messaging.envelope import Actor
from shared.refusals import Refused
from shared.roles import OPERATOR
from tests.deploy.operating import pitlane_on
from tests.support.broker import TestNats
from tests.support.databases import as_owner
from tests.support.day import BUSINESS, Station, running_station

PHONE, PLATE = "+79160000001", "А777МР77"
IDS = ("client", "merged", "car", "contract", "product")


@dataclass(frozen=True)
class Known:
    """Of a station that has something of everything that is copied."""

    client: UUID
    merged: UUID
    car: UUID
    contract: UUID
    product: UUID
    waiting: OrderView
    done: OrderView


@pytest.fixture
async def station(nats_server: TestNats, database: Callable[[str], str]) -> AsyncIterator[Station]:
    async with running_station(nats_server, database, *BUSINESS) as station:
        await app.fetch_past_visits(station.running["clients"])
        yield station


async def everything(station: Station) -> Known:
    """Merged clients, a car, a contract, a part that is waited for, an order that was paid."""
    client = await station.a_client(
        phones=(PHONE,),
        email="ivan@example.com",
        comment="Просит звонить вечером",
        discount_percent=Decimal("7.5"),
        requisites=Requisites(address="Москва"),
    )
    merged, second = await station.a_client(), await station.a_client()
    await station.send(MergeClients(client_id=second.id, other_id=merged.id))
    await station.send(MergeClients(client_id=client.id, other_id=second.id))
    car = await station.a_vehicle(client.id, plate=PLATE, vin="XTA210990Y2766389")
    said = SaidConsents(sms=True)
    await station.send(ChangeClient(client_id=client.id, middle_name="Иванович", consents=said))
    contract = await station.send(
        CreateContract(
            client_id=client.id,
            number="17/26",
            signed_on=date(2026, 1, 1),
            valid_from=date(2026, 1, 1),
            payment_days=14,
            credit_limit=Decimal(50_000),
            discount_percent=Decimal("10.00"),
        )
    )
    product = await station.a_product(
        oem="W 914/2",
        vendor="MANN",
        group="Фильтры",
        units=(OtherUnit(measure="коробка", factor=Decimal("2.50")),),
    )
    rates = (VatRate(since=date(2026, 1, 1), percent=Decimal("20.0"), label="НДС 20 %"),)
    await station.send(SetVatRates(regime="vat", rates=rates))
    await station.settle_down()
    waiting = await station.an_order(client_id=client.id, vehicle_id=car.id)
    await station.request(waiting.id, product.id, "3")
    goods = await station.a_product(price="250")
    await station.receive((await station.a_warehouse()).id, goods.id, "5")
    done = await station.an_order(client_id=client.id)
    work = AddService(order_id=done.id, name="Мойка", initial_price=Decimal(1000))
    await station.send(work)
    await station.request(done.id, goods.id, "2")
    await station.settle_down()
    await station.move(done.id, "in_progress")
    await station.move(done.id, "done")
    await station.order_when(done.id, lambda each: "settled" in each.flags)
    payment = TakePayment(
        order_id=done.id, customer_id=client.id, amount=Decimal(1500), method="card"
    )
    await station.send(payment)
    await station.settle_down()
    return Known(client.id, merged.id, car.id, contract.id, product.id, waiting, done)


async def told_of(station: Station) -> list[str]:
    return [line_of(each) for each in (await compare(station.ask, pause_s=0)).differences]


async def in_pages(
    station: Station, figures: Callable[..., Question[Page[Any]]]
) -> AsyncIterator[Any]:
    """One by one."""
    cursor: str | None = None
    while True:
        page = await station.ask(figures(limit=1, cursor=cursor))
        for item in page.items:
            yield item
        if (cursor := page.next) is None:
            return


async def run(station: Station, service: str, *statements: str) -> None:
    """What nobody may do but the database's owner."""
    owner = await asyncpg.connect(as_owner(station.database_urls[service]))
    await owner.execute("; ".join(statements))
    await owner.close()


async def broken(station: Station, service: str, table: str, change: str) -> list[str]:
    """What is told while one statement holds; afterwards the table is as it was."""
    await run(station, service, f"CREATE TABLE was AS TABLE {table}", change)
    lines = await told_of(station)
    mended = (f"DELETE FROM {table}", f"INSERT INTO {table} TABLE was", "DROP TABLE was")
    await run(station, service, *mended)
    return lines


SPOILT = (
    (
        "orders",
        "clients",
        "UPDATE clients SET phones = '{{}}' WHERE id = '{client}'",
        ["client: the card that orders keeps = clients' card: expected ", "phones=#"],
    ),
    (
        "orders",
        "clients",
        "UPDATE clients SET revision = revision - 1, discount_percent = 5 WHERE id = '{client}'",
        ["revision=3; discount_percent=7.5, found revision=2; discount_percent=5 "],
    ),
    (
        "orders",
        "clients",
        "DELETE FROM clients WHERE id = '{client}'",
        ["found none (client_id={client})"],
    ),
    (
        "orders",
        "clients",
        "UPDATE clients SET merged_into = NULL WHERE id = '{merged}'",
        ["merged_into=null (client_id="],
    ),
    (
        "orders",
        "vehicles",
        "UPDATE vehicles SET plate = 'А778МР77', model = 'Granta'",
        [
            "vehicle: the car that orders keeps = clients' car: expected revision=1; "
            "model=Vesta; plate=#",
            "(vehicle_id={car})",
        ],
    ),
    (
        "orders",
        "client_contracts",
        "UPDATE client_contracts SET credit_limit = 500000",
        [
            "contract: the contract that orders keeps = clients' contract: expected "
            "revision=1; credit_limit=50000, found revision=1; credit_limit=500000 "
            "(document_id={contract})"
        ],
    ),
    (
        "finance",
        "client_contracts",
        "DELETE FROM client_contracts",
        [
            "contract: the contract that finance keeps = clients' contract: expected "
            "revision=1, found none (document_id={contract})"
        ],
    ),
    (
        "finance",
        "accounts",
        "UPDATE accounts SET merged_into = NULL WHERE client_id = '{merged}'",
        [
            "client: who a client was merged into in the books = who it was merged into: "
            "expected revision=2; survivor={client}, found survivor=null "
            "(client_id={merged})"
        ],
    ),
    (
        "documents",
        "message_clients",
        "UPDATE message_clients SET consents = '{{}}' WHERE id = '{client}'",
        ["client: the addressee that documents keeps = clients' card: ", "consents=#"],
    ),
    (
        "documents",
        "part_answers",
        "UPDATE part_answers SET short = NOT short",
        [
            "part: whether documents waits for a part = inventory's last answer: ",
            "short=true, found revision=1; short=false (line_id=",
        ],
    ),
    (
        "orders",
        "products",
        "UPDATE products SET name = 'Другой', units = '[]' WHERE id = '{product}'",
        [
            "product: the product that orders keeps = inventory's product: expected "
            "revision=1; name=Фильтр масляный; units=#",
            "(product_id={product})",
        ],
    ),
    (
        "orders",
        "stations",
        "UPDATE stations SET vat_rates = '[]'",
        ["vat: the rates of VAT that orders keeps = finance's rates: expected revision=2; "],
    ),
)
"""By service, table and statement; and what stands in the line that is told then."""


async def test_each_copy_that_is_not_what_its_owner_says_is_named(station: Station) -> None:
    known = await everything(station)
    assert await told_of(station) == []
    lists: list[tuple[str, Any]] = [*OF_ORDERS, *(each for kind in COPIES for each in kind.figures)]
    for _, figures in lists:
        assert [page async for page in in_pages(station, figures)] == list(
            (await station.ask(figures())).items
        )

    ids = {name: str(getattr(known, name)) for name in IDS}
    for service, table, change, expected in SPOILT:
        lines = await broken(station, service, table, change.format(**ids))
        assert len(lines) == 1, (change, lines)
        for words in expected:
            assert words.format(**ids) in lines[0]
        assert not any(each in lines[0] for each in ("Иванов", PHONE, PLATE, "example.com"))
    assert await told_of(station) == []


async def test_what_orders_and_the_books_copy_of_each_order_is_compared(station: Station) -> None:
    known = await everything(station)
    assert await told_of(station) == []
    number, of_order = known.done.number, f"WHERE id = '{known.done.id}'"
    stranger = (await station.a_client()).id
    await station.settle_down()
    client = "SET client_id ="
    for service, table, change, mended, expected in (
        ("orders", "orders", "SET pay = pay + 1", "SET pay = pay - 1", "pay = pay in the books: "),
        ("orders", "orders", "SET vat = vat + 1", "SET vat = vat - 1", "VAT = VAT in the books: "),
        (
            "orders",
            "orders",
            "SET paid = paid - 1",
            "SET paid = paid + 1",
            "paid = payments in the books: expected 1500.00, found 1499.00",
        ),
        (
            "orders",
            "part_lines",
            "SET cost = cost + 1",
            "SET cost = cost - 1",
            "cost of a line = what it was issued at: expected 120.00, found 121.00",
        ),
        (
            "finance",
            "orders",
            "SET number = 'A-1'",
            f"SET number = '{number}'",
            f"number in the books = number of the order: expected {number}, found A-1",
        ),
        (
            "finance",
            "orders",
            "SET cancelled = true",
            "SET cancelled = false",
            "cancelled in the books = cancelled: expected no, found yes",
        ),
        (
            "finance",
            "orders",
            f"{client} '{stranger}'",
            f"{client} '{known.client}'",
            f"client in the books = client of the order: expected {known.client}, "
            f"found {stranger} ",
        ),
    ):
        where = "WHERE cost IS NOT NULL" if table == "part_lines" else of_order
        await run(station, service, f"UPDATE {table} {change} {where}")
        lines = await told_of(station)
        assert [line.startswith(f"{number}: {expected}") for line in lines] == [True], lines
        await run(station, service, f"UPDATE {table} {mended} {where}")
    cancelled = f"INSERT INTO cancelled_orders VALUES ('{known.waiting.id}', now())"
    lines = await broken(station, "inventory", "cancelled_orders", cancelled)
    rule = "cancelled in the warehouse = cancelled: expected no, found yes"
    assert [line.startswith(f"{known.waiting.number}: {rule}") for line in lines] == [True]
    unknown = await broken(station, "finance", "orders", f"DELETE FROM orders {of_order}")
    assert f"{number}: known to the books: expected an order, found no such order" in unknown[0]
    assert await told_of(station) == []


async def test_news_on_its_way_is_no_difference_and_an_edit_mends_a_wrong_copy(
    station: Station,
) -> None:
    client = await station.a_client()
    await station.settle_down()
    spoilt = "UPDATE {} SET phones = '{{}}'"
    for service, table in (("orders", "clients"), ("documents", "message_clients")):
        await run(station, service, spoilt.format(table))
    assert len(await told_of(station)) == 2

    async def asked_again(question: Question[Any]) -> Any:
        """The second look finds that the card was edited meanwhile."""
        if isinstance(question, ListToldByClients) and question.ids:
            await station.send(ChangeClient(client_id=client.id, comment=str(new_id())))
            await station.settle_down()
        return await station.ask(question)

    assert (await compare(asked_again, pause_s=0)).differences == []
    assert await told_of(station) == []


async def test_what_an_older_version_did_not_keep_of_orders_is_read_again(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    stood = await station.an_order()
    cancelled, forgotten = await station.an_order(), await station.an_order()
    await station.move(cancelled.id, "cancelled", "Передумал")
    await station.settle_down()
    older = f"UPDATE orders SET cancelled = false WHERE id = '{cancelled.id}'"
    await run(station, "finance", older, f"DELETE FROM orders WHERE id = '{forgotten.id}'")
    nobody = ReadOrderAgain(order_id=new_id())
    with pytest.raises(Refused, match="not_found"):
        await station.send(nobody, actor=Actor("root", OPERATOR))
    monkeypatch.setattr(reconciliation, "PAUSE_S", 0)

    told = await pitlane_on(station, "reconcile", "--tell-again", "Обновление")

    know = "the books have been told that it is {}cancelled"
    assert f"{cancelled.number}: {know.format('')}" in told.stdout
    assert f"{forgotten.number}: {know.format('not ')}" in told.stdout
    assert stood.number not in told.stdout
    assert (told.exit_code, await told_of(station)) == (0, [])
    paid = TakePayment(
        order_id=cancelled.id, customer_id=cancelled.client_id, amount=Decimal(1), method="cash"
    )
    with pytest.raises(Refused, match="order_cancelled"):
        await station.send(paid)


def seen(owner: Told | None, copy: Told | None, kind: str, service: str) -> list[str]:
    both = SeenCopies(new_id(), kind, owner=owner, **{service: copy})  # type: ignore[arg-type]
    service_only = KEEPERS[both.kind].keys() - {service}
    return [
        each.what for each in compared(both) if not each.what.endswith(tuple(sorted(service_only)))
    ]


def test_what_is_asked_for_or_no_longer_waited_for_need_not_be_copied() -> None:
    card = told("client", new_id(), 2, {"phones": ["1"], "survivor": None})
    merged = told("client", new_id(), 3, {"survivor": new_id()})
    assert seen(card, None, "client", "documents") == []
    assert seen(card, None, "client", "finance") == []
    assert seen(card, None, "client", "orders") == ["client_copied_by_orders"]
    assert seen(merged, None, "client", "finance") == ["client_copied_by_finance"]
    assert seen(None, card, "client", "orders") == ["client_copied_by_orders"]
    assert seen(card, None, "part", "documents") == seen(None, card, "part", "documents") == []


def test_what_is_equal_is_told_the_same() -> None:
    assert plain(Decimal("7.50")) == plain(Decimal("7.5")) == "7.5"
    assert plain(Decimal("100")) == "100"
    assert plain({"b": Decimal("1.0"), "a": None}) == plain({"a": None, "b": Decimal(1)})
    assert plain(["1"]) == plain(("1",))
    one, other = (
        told("client", new_id(), 1, {"phones": [phone], "language": "ru", "email": None}).fields
        for phone in ("+79160000001", "+79160000002")
    )
    assert one["phones"] != other["phones"]
    assert one["phones"].startswith("#")
    assert (one["language"], one["email"]) == ("ru", "null")
