"""The journal on a real database: complete, append-only, and true to what was published."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

import asyncpg
import pytest

from shared.contracts.audit import ChainState, FindRecords, OrderTimeline, VerifyChain
from shared.contracts.base import Change, Event
from shared.contracts.costing import CorrectedPart, IssueCostCorrected
from shared.contracts.expenses import ExpenseReversed, ReverseExpense
from shared.contracts.finance import (
    ExpenseRecorded,
    FinanceCommandRefused,
    OrderSettled,
    RecordExpense,
    RecordView,
)
from shared.contracts.inventory import InventoryCommandRefused
from shared.contracts.orders import OrderChanged
from shared.contracts.reconciliation import TellIssueCost
from shared.ids import new_id
from shared.messaging.envelope import Actor
from shared.pagination import cursor_after
from shared.refusals import Refused
from tests.support.databases import as_owner
from tests.support.day import Station
from tests.support.waiting import eventually


async def tell(station: Station, count: int, order_id: UUID | None = None) -> list[UUID]:
    told = [
        await station.publish(
            OrderChanged(
                order_id=order_id or new_id(),
                number=f"A-{number:06d}",
                revision=number,
                changes=(Change(field="comment", old=None, new="срочно"),),
            ),
            "orders",
        )
        for number in range(1, count + 1)
    ]
    await station.settle_down()
    return told


async def verify(station: Station) -> ChainState:
    return await station.ask(VerifyChain())


async def anchored(station: Station, seq: int) -> ChainState:
    """The state as soon as the head with that number is noted outside the database."""

    async def state() -> ChainState | None:
        chain = await verify(station)
        return chain if chain.anchored == seq else None

    chain = await eventually(state)
    assert chain
    return chain


async def test_every_event_has_one_record_however_often_it_came(station: Station) -> None:
    event = OrderChanged(order_id=new_id(), number="A-000001", revision=2)
    event_id = await station.publish(event, "orders")
    await station.publish(event, "orders", event_id=event_id)
    await station.settle_down()
    records = await station.records()
    assert [record.event_id for record in records] == [event_id]
    record = records[0]
    assert (record.seq, record.actor, record.station) == (1, "admin", "station-1")
    assert (record.event, record.order_id) == (event.subject, event.order_id)
    told = {"number": "A-000001", "revision": 2, "vehicle_id": None, "mileage_km": None}
    assert record.body == {"order_id": str(event.order_id), **told}


async def test_records_tell_old_and_new(station: Station) -> None:
    await tell(station, 1)
    (record,) = await station.records()
    assert record.changes == (Change(field="comment", old=None, new="срочно"),)


async def test_records_are_found_by_order_actor_event_and_page(station: Station) -> None:
    order_id = new_id()
    await tell(station, 3)
    mine = await tell(station, 2, order_id)
    assert [r.event_id for r in await station.records(order_id=order_id)] == mine[::-1]
    assert len(await station.records(actor="admin")) == 5
    assert await station.records(actor="nobody") == []
    assert await station.records(event="evt.orders.order_moved.v1") == []
    seen: list[int] = []
    cursor = None
    while True:
        page = await station.ask(FindRecords(limit=2, cursor=cursor))
        seen += [record.seq for record in page.items]
        if (cursor := page.next) is None:
            break
    assert seen == [5, 4, 3, 2, 1]


async def test_records_of_a_period_are_found_newest_first(station: Station) -> None:
    began = datetime.now(UTC)
    await tell(station, 3)
    ended = datetime.now(UTC)
    await tell(station, 2)
    for start in (began, began - timedelta(days=300)):  # sorted, and walked through
        page = await station.ask(FindRecords(start=start, end=ended, limit=2))
        rest = await station.ask(FindRecords(start=start, end=ended, limit=2, cursor=page.next))
        assert [record.seq for record in (*page.items, *rest.items)] == [3, 2, 1]
        assert rest.next is None


async def test_records_are_found_by_whatever_id_they_name(station: Station) -> None:
    order_id = new_id()
    await tell(station, 2)
    (mine,) = await tell(station, 1, order_id)
    for about in (order_id, mine):
        page = await station.ask(FindRecords(about=about, event=OrderChanged.subject))
        assert [record.seq for record in page.items] == [3]
    assert (await station.ask(FindRecords(about=new_id()))).items == ()


async def test_only_the_office_reads_the_journal(station: Station) -> None:
    with pytest.raises(Refused, match="forbidden"):
        await station.ask(FindRecords(), actor=Actor("misha", "technician"))


async def test_a_technicians_timeline_shows_no_costs(station: Station) -> None:
    order_id = new_id()
    settled = OrderSettled(
        order_id=order_id,
        number="A-000001",
        completion=1,
        client_id=new_id(),
        revenue=Decimal(100),
        cost=Decimal(60),
        pay=Decimal(10),
        margin=Decimal(30),
        deposits_applied=Decimal(0),
    )
    await station.publish(settled, "finance")
    await station.settle_down()
    by_role: dict[str, dict[str, Any]] = {}
    for role in ("owner", "technician"):
        page = await station.ask(OrderTimeline(order_id=order_id), actor=Actor("x", role))
        by_role[role] = page.items[0].body
    assert by_role["owner"]["margin"] == "30"
    assert by_role["technician"].keys() & {"cost", "pay", "margin"} == set()
    assert by_role["technician"]["revenue"] == "100"


async def test_costs_under_other_names_are_not_in_a_timeline_either(station: Station) -> None:
    order_id = new_id()
    figure = "420.17"
    part = CorrectedPart(
        line_id=new_id(),
        product_id=new_id(),
        quantity=Decimal(1),
        amount=Decimal(figure),
        cost=Decimal(figure),
        provisional=Decimal(0),
    )
    record = RecordView(
        id=new_id(),
        type="expense",
        amount=Decimal(figure),
        client_id=None,
        order_id=order_id,
        category="Доставка",
        at=datetime.now(UTC),
        comment=None,
        actor="vera",
    )
    told: tuple[tuple[Event, str], ...] = (
        (
            IssueCostCorrected(
                order_id=order_id, completion=1, lines=(part,), amount=Decimal(figure)
            ),
            "inventory",
        ),
        (ExpenseRecorded(record=record, order_id=order_id), "finance"),
        (ExpenseReversed(record=record, expense_id=new_id(), order_id=order_id), "finance"),
        *(
            (
                refused(
                    command_id=new_id(),
                    command=command.subject,
                    code="refused",
                    detail=f"it was {figure}",
                    order_id=order_id,
                    attempt={"amount": figure},
                ),
                command.subject.split(".")[1],
            )
            for refused, command in (
                (InventoryCommandRefused, TellIssueCost),
                (FinanceCommandRefused, RecordExpense),
                (FinanceCommandRefused, ReverseExpense),
            )
        ),
    )
    for event, service in told:
        await station.publish(event, service)
    await station.settle_down()
    shown = {
        role: [
            entry.model_dump_json()
            for entry in (
                await station.ask(OrderTimeline(order_id=order_id), actor=Actor("x", role))
            ).items
        ]
        for role in ("owner", "technician")
    }
    assert [figure in entry for entry in shown["owner"]] == [True] * len(told)
    assert [figure in entry for entry in shown["technician"]] == [False] * len(told)


async def test_a_timeline_is_read_from_either_end_page_by_page(station: Station) -> None:
    order_id = new_id()
    await tell(station, 3, order_id)

    async def numbers(*, newest_first: bool) -> list[str]:
        asked = OrderTimeline(order_id=order_id, newest_first=newest_first, limit=2)
        first = await station.ask(asked)
        second = await station.ask(asked.model_copy(update={"cursor": first.next}))
        assert second.next is None
        return [entry.body["number"] for entry in (*first.items, *second.items)]

    oldest_first = ["A-000001", "A-000002", "A-000003"]
    assert await numbers(newest_first=False) == oldest_first
    assert await numbers(newest_first=True) == oldest_first[::-1]


async def test_the_service_itself_cannot_rewrite_a_record(station: Station) -> None:
    await tell(station, 1)
    connection = await asyncpg.connect(station.database_urls["audit"])
    for statement in (
        "UPDATE records SET actor = 'nobody'",
        "DELETE FROM records",
        "TRUNCATE records",
    ):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(statement)
    await connection.close()


async def test_an_untouched_chain_is_intact_and_anchored(station: Station) -> None:
    await tell(station, 30)
    state = await anchored(station, 30)
    assert (state.intact, state.records, state.faults) == (True, 30, ())


@pytest.mark.parametrize(
    ("statement", "named"),
    [
        ("UPDATE records SET actor = 'nobody' WHERE seq = 3", [(3, "changed")]),
        (
            "UPDATE records SET packed = set_byte(packed, 40, 255 - get_byte(packed, 40))"
            " WHERE seq = 3",
            [(3, "changed")],
        ),
        ("DELETE FROM records WHERE seq = 3", [(3, "removed")]),
        ("DELETE FROM records WHERE seq > 8", [(9, "truncated"), (10, "truncated")]),
        ("DELETE FROM records", [(seq, "truncated") for seq in range(1, 11)]),
        (
            "UPDATE records SET seq = CASE seq WHEN 3 THEN 1004 ELSE 1003 END WHERE seq IN (3, 4);"
            "UPDATE records SET seq = seq - 1000 WHERE seq > 1000",
            [(3, "reordered"), (4, "reordered"), (5, "reordered")],
        ),
    ],
)
async def test_tampering_by_whoever_owns_the_database_is_named(
    station: Station, statement: str, named: list[tuple[int, str]]
) -> None:
    await tell(station, 10)
    await anchored(station, 10)
    owner = await asyncpg.connect(as_owner(station.database_urls["audit"]))
    await owner.execute(statement)
    await owner.close()
    state = await verify(station)
    assert not state.intact
    assert [(fault.seq, fault.fault) for fault in state.faults] == named


async def test_long_chain_is_looked_at_stretch_by_stretch(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.audit.handlers.STRETCH", 4)
    await tell(station, 10)
    whole = await walked(station)
    assert [(each.records, each.newest, each.intact) for each in whole] == [
        (4, 10, False), (8, 10, False), (10, 10, True)
    ]  # fmt: skip
    assert [each.next is None for each in whole] == [False, False, True]
    owner = await asyncpg.connect(as_owner(station.database_urls["audit"]))
    await owner.execute("UPDATE records SET actor = 'nobody' WHERE seq IN (2, 6)")
    await owner.execute("DELETE FROM records WHERE seq = 5")
    await owner.close()
    states = await walked(station)
    assert [[(fault.seq, fault.fault) for fault in each.faults] for each in states] == [
        [(2, "changed")], [(6, "changed"), (5, "removed")], []
    ]  # fmt: skip
    # What an earlier stretch has found is not forgotten by those after it.
    assert not any(each.intact for each in states)


async def walked(station: Station) -> list[ChainState]:
    states = [await verify(station)]
    while states[-1].next:
        states.append(await station.ask(VerifyChain(cursor=states[-1].next)))
    return states


@pytest.mark.parametrize("keys", [(2**31,), (10**30,), (-1, "", 0, True), (0, "\x00", 0, True)])
async def test_place_in_the_journal_of_one_s_own_making_is_refused(
    station: Station, keys: tuple[object, ...]
) -> None:
    cursor = cursor_after(*keys)
    for question in (VerifyChain(cursor=cursor), FindRecords(cursor=cursor)):
        with pytest.raises(Refused, match="cursor_invalid"):
            await station.ask(question)
