"""Services compared from a shell, and what older versions rounded apart taken over."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, cast

import asyncpg
import pytest
from sqlalchemy import BindParameter, Label

from deploy import reconciliation
from deploy.backup.checking import examine
from deploy.backup.folder import Manifest
from deploy.commands.difference_words import (
    WORDS,
    line_of,
    no_money,
    on_their_way,
    posted,
    told_again,
)
from deploy.commands.reach import Operator
from deploy.commands.rule_words import SAID
from deploy.copies import KEEPERS
from deploy.progress import Silent
from deploy.reconciliation import OWN, Seen, compared
from services.clients import app
from services.clients.store.figures import _COUNTERS
from services.finance.store.checks import _CLIENTS
from services.inventory.store.invariants import _questions
from shared.contracts.base import Period
from shared.contracts.finance_reports import ProfitLoss
from shared.contracts.orders import AddService
from shared.contracts.reconciliation import (
    COST_AGREES,
    ISSUED_AGREES,
    STOCK_AGREES,
    BooksFigures,
    Difference,
    GetAccountBalances,
    HeldPart,
    IssueCostTold,
    OrderFigures,
    OrderRead,
    StockFigures,
    StockTakenOver,
    StockTakeOver,
    TakeOverStock,
    VisitFigures,
    WantedPart,
)
from shared.ids import new_id
from shared.messaging.envelope import Actor
from shared.refusals import Refused
from shared.roles import OPERATOR, OWNER
from tests.deploy.operating import Outcome, all_is_summed, pitlane_on
from tests.finance.at_work import published
from tests.support.broker import TestNats
from tests.support.databases import as_owner
from tests.support.day import BUSINESS, Station, running_station

LEDGER = {"payment", "refund", "receivable"}
"""Words of the books' own that stand where a rule's name could."""
MACHINIST = Actor("root", OPERATOR)
BACKUP = Manifest(
    station="station-1",
    pitlane="",
    postgres="",
    system="",
    cut_at=datetime(2026, 3, 2, tzinfo=UTC),
    log="",
    first_segment="",
    audit_seq=0,
    audit_hash="",
    files={},
)


@pytest.fixture
async def station(
    nats_server: TestNats, database: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Station]:
    """Three filters of 20 roubles each, which somebody's older version worth a kopeck more."""
    monkeypatch.setattr(reconciliation, "PAUSE_S", 0)
    async with running_station(nats_server, database, *BUSINESS) as station:
        # Or they would be asked for once more in a quarter of a minute.
        await app.fetch_past_visits(station.running["clients"])
        product, warehouse = await station.a_product(), await station.a_warehouse()
        await station.receive(warehouse.id, product.id, "3", cost="20")
        await station.settle_down()
        yield station


async def books_lose(station: Station, amount: str) -> None:
    """The stock's account is so much less than what lies there is worth."""
    owner = await asyncpg.connect(as_owner(station.database_urls["inventory"]))
    for table in ("stock", "lots", "movements", "stock_sums"):
        await owner.execute(f"UPDATE {table} SET value = value + $1", Decimal(amount))
    await owner.close()


async def reconcile(station: Station, *arguments: str) -> Outcome:
    return await pitlane_on(station, "reconcile", *arguments)


async def booked(station: Station) -> Decimal:
    page = await station.ask(GetAccountBalances())
    return next(each.amount for each in page.items if each.account == "inventory")


async def test_what_takes_longer_than_a_service_may_answer_is_read_from_the_databases(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: set[type[Any]] = set()
    send = Operator.send

    async def noting(self: Operator, message: Any, service: str) -> Any:
        asked.add(type(message))
        return await send(self, message, service)

    monkeypatch.setattr(Operator, "send", noting)
    await all_is_summed(station)
    assert await reconcile(station) == Outcome(0, "everything agrees\n", "")
    assert asked
    assert not asked & {type(question) for question in OWN}
    owner = await asyncpg.connect(as_owner(station.database_urls["inventory"]))
    await owner.execute("UPDATE stock_sums SET value = value + 1 WHERE grain = 'day'")
    await owner.close()
    told = await reconcile(station)
    assert (told.exit_code, "stock_sums.value" in told.stdout) == (1, True), told


async def test_days_of_sums_are_those_of_the_station_not_of_the_shell(
    station: Station, database: Callable[[str], str]
) -> None:
    await all_is_summed(station)
    await days_are_of(station, "Pacific/Kiritimati")
    assert (await pitlane_on(station, "reports", "rebuild", "--yes")).exit_code == 0
    assert await reconcile(station) == Outcome(0, "everything agrees\n", "")
    urls = {**station.database_urls, "gateway": database("gateway")}
    assert (await examine(urls, BACKUP, Silent())).good
    # More than a day behind: no day of the one is a day of the other.
    await days_are_of(station, "Pacific/Pago_Pago")
    told = await reconcile(station)
    assert (told.exit_code, "stock_sums" in told.stdout) == (1, True), told


async def days_are_of(station: Station, zone: str) -> None:
    owner = await asyncpg.connect(as_owner(station.database_urls["orders"]))
    await owner.execute("UPDATE stations SET time_zone = $1", zone)
    await owner.close()


async def test_a_kopeck_of_an_older_version_is_taken_over_once(station: Station) -> None:
    assert await reconcile(station) == Outcome(0, "everything agrees\n", "")
    await books_lose(station, "0.01")
    told = await reconcile(station)
    assert told.exit_code == 1
    assert "stock account = worth of the stock: expected 60.01, found 60.00" in told.stdout

    taken = await reconcile(station, "--take-over", "Переход на 2.0")

    assert taken.exit_code == 0, taken
    assert taken.stdout.startswith("posted to stock_take_over: 0.01 (entry ")
    assert taken.stdout.endswith("everything agrees\n")
    assert await booked(station) == Decimal("60.01")
    (fact,) = await published(station.running["finance"], StockTakenOver)
    assert (fact.take_over.amount, fact.take_over.reason) == (Decimal("0.01"), "Переход на 2.0")
    report = await station.ask(ProfitLoss(period=Period()))
    (expense,) = [one for one in report.items[-1].categories if one.category == "stock_take_over"]
    assert expense.amount == Decimal("-0.01")
    await station.settle_down()
    (record,) = await station.records(event="evt.finance.stock_taken_over.v1")
    assert record.actor_role == OPERATOR

    # A later difference has a reason that must be found.
    await books_lose(station, "0.02")
    again = await reconcile(station, "--take-over", "Ещё раз")
    assert again.exit_code == 1
    assert "taken over" in again.stderr
    again = await reconcile(station, "--take-over", "Ещё раз", "--language", "ru")
    assert "Остатки уже приняты в учёт" in again.stderr
    assert await booked(station) == Decimal("60.01")


async def test_only_the_difference_that_was_seen_is_posted_and_only_by_an_operator(
    station: Station,
) -> None:
    await books_lose(station, "-0.02")
    early = TakeOverStock(amount=Decimal("-0.02"), reason="?")
    with pytest.raises(Refused, match="forbidden"):
        await station.send(early, actor=Actor("owner", OWNER))
    for amount in ("0.01", "0"):
        with pytest.raises(Refused, match="stock_differs_otherwise"):
            await station.send(TakeOverStock(amount=Decimal(amount), reason="?"), actor=MACHINIST)
    assert await booked(station) == Decimal(60)

    done = await station.send(TakeOverStock(amount=Decimal("-0.02"), reason="!"), actor=MACHINIST)

    assert (done.worth, done.booked) == (Decimal("59.98"), Decimal("60.00"))
    assert await booked(station) == Decimal("59.98")


async def test_nothing_is_taken_over_while_something_else_differs(station: Station) -> None:
    await books_lose(station, "0.01")
    order, done = [await station.an_order() for _ in range(2)]
    work: dict[str, Any] = {"name": "Диагностика", "initial_price": Decimal(800)}
    await station.send(AddService(order_id=done.id, **work))
    await station.move(done.id, "in_progress")
    await station.move(done.id, "done")
    await station.order_when(done.id, lambda order: "settled" in order.flags)
    await station.settle_down()
    owner = await asyncpg.connect(as_owner(station.database_urls["orders"]))
    await owner.execute("UPDATE orders SET total = 5 WHERE id = $1", order.id)
    await owner.execute("UPDATE orders SET owed = 799 WHERE id = $1", done.id)
    await owner.close()

    told = await reconcile(station, "--take-over", "Всё равно")

    assert told.exit_code == 1
    assert "total = sum of its lines" in told.stdout
    assert "due = due in the books: expected 800.00, found 799.00" in told.stdout
    assert await published(station.running["finance"], StockTakenOver) == []


async def test_each_difference_is_told_in_words_and_the_journal_is_looked_at(
    station: Station,
) -> None:
    stock = await asyncpg.connect(as_owner(station.database_urls["inventory"]))
    await stock.execute("UPDATE stock SET on_hand = on_hand + 1")
    await stock.close()
    told = await reconcile(station)
    assert told.exit_code == 1
    assert "stock: pieces on hand = what is left of the receipts: expected 3.000, found 4.000" in (
        told.stdout
    )
    assert told.stdout.endswith("\n2 differences\n"), told.stdout
    stock = await asyncpg.connect(as_owner(station.database_urls["inventory"]))
    await stock.execute("UPDATE stock SET on_hand = on_hand - 1")
    await stock.close()

    journal = await asyncpg.connect(as_owner(station.database_urls["audit"]))
    await journal.execute("UPDATE records SET actor = 'nobody' WHERE seq = 2")
    await journal.close()
    assert await reconcile(station) == Outcome(1, "journal: record 2: changed\n1 difference\n", "")
    russian = "журнал: запись 2: изменена\nрасхождений: 1\n"
    assert await reconcile(station, "--language", "ru") == Outcome(1, russian, "")


async def test_it_is_said_that_missing_visits_are_not_looked_at_while_they_are_fetched(
    station: Station,
) -> None:
    clients = await asyncpg.connect(as_owner(station.database_urls["clients"]))
    await clients.execute("UPDATE past_visits SET done_at = NULL")
    await clients.close()
    assert await reconcile(station) == Outcome(
        0,
        "visits from before they were counted are still being fetched: whether one is missing "
        "was not looked at\neverything else agrees\n",
        "",
    )
    told = await reconcile(station, "--language", "ru")
    assert told.stdout.startswith("визиты до начала их учёта ещё переносятся")
    await app.fetch_past_visits(station.running["clients"])
    assert await reconcile(station, "--language", "ru") == Outcome(0, "всё сходится\n", "")


def test_no_rule_is_without_words() -> None:
    named = [cast(Label[str], query.selected_columns["what"]).element for query in _questions()]
    of_stock = {cast(BindParameter[str], each).value for each in named}
    of_books = set(re.findall(r"(?:\(|SELECT )'(\w+)',", _CLIENTS.text)) - LEDGER
    of_visits = set(re.findall(r"\('(\w+)',", _COUNTERS.text))
    of_copies = {f"{kind}_copied_by_{each}" for kind, who in KEEPERS.items() for each in who}
    assert of_stock | of_books | of_visits | of_copies == set(WORDS)
    said = re.findall(r'"([^"\n]+ = [^"\n]+)"', Path(reconciliation.__file__).read_text())
    assert len(said) > 15
    assert {*said, COST_AGREES, STOCK_AGREES, ISSUED_AGREES} <= SAID.keys()


def test_a_copy_is_told_in_russian() -> None:
    client_id = new_id()
    told = line_of(
        Difference(
            what="client_copied_by_orders",
            expected="revision=3; phones=#12345678",
            actual="none",
            client_id=client_id,
        ),
        "ru",
    )
    assert told == (
        "клиент: карточка у orders = карточка у clients: ожидалось revision=3; phones=#12345678, "
        f"найдено нет (client_id={client_id})"
    )


def test_figures_are_told_without_what_a_division_left() -> None:
    told = [("67041.930000000000", "67041.93"), ("60.01500", "60.015"), ("2.500", "2.500")]
    for figure, shown in (*told, ("7", "7"), ("nothing", "nothing"), ("100.000000", "100.00")):
        line = line_of(Difference(what="account_bonuses", expected=figure, actual="0"))
        assert line == f"station: a client's bonuses = the ledger: expected {shown}, found 0"


def test_what_is_done_about_differences_is_told_in_russian() -> None:
    done = StockTakeOver(
        entry_id=new_id(), at=datetime.now(UTC), worth=Decimal("60.01"), booked=Decimal(60),
        amount=Decimal("0.01"), category="stock_take_over", reason="!", actor="root",
    )  # fmt: skip
    told = IssueCostTold(order_id=new_id(), completion=1, amount=Decimal(25))
    assert posted(done, "ru") == f"проведено на stock_take_over: 0.01 (проводка {done.entry_id})"
    assert told_again(told, "ru") == "сообщено, сколько стоили запчасти: ещё 25"
    read = OrderRead(order_id=new_id(), number="A-000001", cancelled=True)
    assert told_again(read, "ru") == "книгам сообщено: заказ отменён"
    assert no_money(Decimal("0.005"), "ru") == "0.005 — не денежная сумма: ничего не проведено"
    assert on_their_way(["orders"], "ru").startswith("новости, возможно, ещё в пути (orders): ")


def seen_without_books(*completions: int, parts_out: bool = True) -> Seen:
    """A done order with a part, of which the books know nothing. ``completions``: its visits."""
    order_id, line_id, product_id, total = new_id(), new_id(), new_id(), Decimal(1000)
    part = WantedPart(
        line_id=line_id, product_id=product_id, quantity=Decimal(1), reserved=Decimal(1),
        state="issued",
    )  # fmt: skip
    order = OrderFigures(
        order_id=order_id, number="A-000001", completion=1, status="done", total=total,
        lines_total=total, parts=(part,),
    )  # fmt: skip
    held = HeldPart(
        line_id=line_id, product_id=product_id, wanted=Decimal(1), held=Decimal(0),
        issued=Decimal(1), missing=Decimal(0),
    )  # fmt: skip
    stock = StockFigures(
        order_id=order_id, completion=1 if parts_out else 0, cost=Decimal(20), parts=(held,)
    )
    visits = VisitFigures(
        order_id=order_id, client_id=new_id(), completions=completions, revenue=total
    )
    return Seen(order_id, orders=order, stock=stock, visits=visits if completions else None)


def test_that_the_books_do_not_know_a_done_order_is_told_once() -> None:
    for completions in ((), (1,)):
        found = [each.what for each in compared(seen_without_books(*completions))]
        assert found == ["known to the books"]


def test_that_the_books_do_not_know_an_order_hides_no_other_fault() -> None:
    found = [each.what for each in compared(seen_without_books(2, parts_out=False))]
    assert found == [
        "known to the books", "parts issued as often as done", "visit counted = settled",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("told", "differs"),
    [("300", False), ("299.99", True), ("0", True), (None, False)],
    ids=["the same", "another", "nothing", "settled by an older version"],
)
def test_orders_and_the_books_say_the_same_to_be_due(told: str | None, differs: bool) -> None:
    named = {"order_id": new_id(), "number": "A-000001", "completion": 1}
    total, nothing = Decimal(1000), Decimal(0)
    order = OrderFigures(
        **named, status="done", total=total, lines_total=total, parts=(), due=told and Decimal(told)
    )
    books = BooksFigures(
        **named, revenue=total, cost=nothing, pay=nothing, posted_revenue=total,
        posted_cost=nothing, posted_pay=nothing, due=Decimal(300),
    )  # fmt: skip

    seen = Seen(order.order_id, orders=order, books=books, counted=False)
    wrong = [each.what for each in compared(seen)]

    assert wrong == (["due = due in the books"] if differs else [])
