"""Pay at work: who stands in for orders' people, and what must hold of every balance."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any, cast
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncEngine

from services.finance.store.schema import entries, postings, settlements
from services.finance.store.schema_payroll import pay_lines
from shared.contracts.base import Page
from shared.contracts.orders import (
    CompletedService,
    Earner,
    EmployeeView,
    ListEmployees,
    ListSections,
    SectionView,
)
from shared.contracts.payroll import PayrollSheet, SheetRow
from shared.database import engine_for
from shared.ids import id_of, new_id
from shared.messaging.client import ServiceClient
from shared.messaging.envelope import Actor
from shared.settings import ServiceSettings
from tests.finance.at_work import answer, in_one_transaction, job, rows_of
from tests.finance.builders import NOON, STATION, money

IVANOV, PETROV, SIDOROV = (id_of(f"employee {number}") for number in range(3))
BODY_SHOP = id_of("body shop")
ACCOUNTANT = Actor("olga", "administrator")


def employee(employee_id: UUID, name: str, **fields: Any) -> EmployeeView:
    return EmployeeView(
        **{
            "id": employee_id,
            "last_name": name,
            "first_name": "Иван",
            "name": f"{name} Иван",
            "role": "technician",
            "section_id": None,
            "active": True,
            "revision": 1,
            **fields,
        }
    )


def earner(employee_id: UUID, share: str = "100", percent: str = "0", **fields: Any) -> Earner:
    return Earner(
        employee_id=employee_id, share=Decimal(share), pay_percent=Decimal(percent), **fields
    )


def shared_work(total: str | Decimal, *performers: Earner, **fields: Any) -> CompletedService:
    return CompletedService(
        **{
            "line_id": new_id(),
            "name": "Покраска",
            "total": money(total),
            "mechanic_id": performers[0].employee_id,
            "pay_percent": performers[0].pay_percent,
            "performers": performers,
            **fields,
        }
    )


@dataclass
class People:
    """Answers for orders: who works here."""

    known: dict[UUID, EmployeeView] = field(
        default_factory=lambda: {
            IVANOV: employee(IVANOV, "Иванов", login="technician"),
            PETROV: employee(PETROV, "Петров", section_id=BODY_SHOP),
            SIDOROV: employee(SIDOROV, "Сидоров", role="advisor"),
        }
    )

    async def ask(self, question: Any, **_: Any) -> Any:
        match question:
            case ListEmployees():
                return Page(items=tuple(self.known.values()))
            case ListSections():
                section = SectionView(id=BODY_SHOP, name="Кузовной", station_id=STATION, revision=1)
                return Page(items=(section,))
        raise AssertionError(question)


@dataclass
class Office:
    """Finance without a broker, at a time of its own."""

    url: str
    now: datetime = NOON
    people: People = field(default_factory=People)

    def __post_init__(self) -> None:
        self.engine = engine_for(self.url)
        self.settings = ServiceSettings(service="finance", database_url=self.url)
        self.client = cast(ServiceClient, self.people)

    async def do(self, *messages: Any) -> list[Any]:
        """In one transaction; the facts. What is refused leaves none."""
        jobs = [job(message, at=self.now) for message in messages]
        return await in_one_transaction(self.engine, self.settings, *jobs, client=self.client)

    async def ask(self, question: Any, *, actor: Actor | None = None) -> Any:
        return await answer(
            self.engine,
            self.settings,
            question,
            client=self.client,
            now=self.now,
            actor=actor or ACCOUNTANT,
        )

    async def sheet(self, *, actor: Actor | None = None, **fields: Any) -> dict[UUID, SheetRow]:
        page = await self.ask(PayrollSheet(**fields), actor=actor)
        return {row.employee_id: row for row in page.items}


async def check_pay(engine: AsyncEngine) -> None:
    """Every posting of pay says whose it is and why; an order's pay is what its people earned."""
    whys = {(row.entry_id, row.line): row for row in await rows_of(engine, pay_lines)}
    kinds = {row.id: row for row in await rows_of(engine, entries)}
    of_orders: defaultdict[UUID, Decimal] = defaultdict(Decimal)
    for row in await rows_of(engine, postings):
        if "payroll.payable" not in (row.debit, row.credit):
            assert row.employee_id is None
            continue
        assert row.employee_id
        entry = kinds[row.entry_id]
        assert (entry.reverses or entry.id, row.line) in whys
        if row.order_id:
            owed = row.amount if row.credit == "payroll.payable" else -row.amount
            of_orders[row.order_id] += owed
    standing = {
        row.order_id: row.pay
        for row in await rows_of(engine, settlements)
        if row.state == "settled"
    }
    assert {order: pay for order, pay in of_orders.items() if pay} == {
        order: pay for order, pay in standing.items() if pay
    }
