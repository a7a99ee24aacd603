"""The reports over a period: income and expenses, profit and loss, cash flow, margin, ABC. All of
them read the one ledger and its sales through ``sums``."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import (
    ColumnElement,
    Integer,
    Row,
    Select,
    and_,
    case,
    cast,
    func,
    literal,
    null,
    or_,
    select,
    tuple_,
    union_all,
)

from services.finance.domain.ledger import (
    CHARGED,
    EXPENSES,
    ORDERS_CATEGORY,
    SETTLEMENT_KINDS,
    Account,
)
from services.finance.domain.period_reports import FIGURES, MONEY, Turnover
from services.finance.domain.settlement import Settlement, State
from services.finance.store.filters import Filters, equal, one_of
from services.finance.store.reports import Reports
from services.finance.store.rows import settlement_of
from services.finance.store.schema import orders, settlements
from services.finance.store.schema_reports import sales
from services.finance.store.sums import COUNTED, ledger_of
from shared.contracts.base import Instant, Period
from shared.contracts.finance import IncomeExpenses, OrderProfits
from shared.contracts.finance_reports import CashFlow, Margin, ProfitLoss
from shared.pagination import keys_of
from shared.rollups import DAY, MONTH, bucket, spans, within


class PeriodReports(Reports):
    """Reads without locks; each answer is one statement, and so of one moment."""

    async def income_expenses(self, asked: IncomeExpenses, zone: ZoneInfo) -> Sequence[Row[Any]]:
        """``day, type, category, amount, records``, one more than a page: every posting to an
        account of income or expenses in the period, and the VAT of sales. A settlement counts as a
        record even when it comes to nothing."""
        ledger = ledger_of(
            asked.period,
            spans(asked.period, zone, coarsest=DAY),
            zone,
            station_id=asked.station_id,
            section_id=asked.section_id,
        )
        rows = select(ledger).cte("rows").c
        line = union_all(*_income_and_expenses(rows)).subquery("line").c
        found = (
            select(
                line.day,
                line.type,
                line.category,
                func.sum(line.amount).label("amount"),
                cast(func.sum(line.records), Integer).label("records"),
            )
            .group_by(line.day, line.type, line.category)
            .subquery("found")
        )
        # Income before expenses of the same day, as the words sort from the end.
        order = (found.c.day, case((found.c.type == "income", 0), else_=1), found.c.category)
        page = select(found).order_by(*order).limit(asked.limit + 1)
        if asked.cursor:
            day, type_, category_ = keys_of(asked.cursor, tuple[date, str, str])
            after = (day, 0 if type_ == "income" else 1, category_)
            page = page.where(tuple_(*order) > tuple_(*map(literal, after)))
        return (await self.connection.execute(page)).all()

    async def order_profits(self, asked: OrderProfits) -> list[Settlement]:
        """Settlements that stand, by their accounting time; one more than a page."""
        where = {name: getattr(asked, name) for name in ("station_id", "section_id")}
        statement = (
            select(settlements)
            .where(
                settlements.c.state == State.SETTLED,
                within(settlements.c.completed_at, asked.period),
                *(settlements.c[name] == value for name, value in where.items() if value),
                *one_of(settlements.c.client_id, await self.names_of(asked.client_id)),
            )
            .order_by(settlements.c.completed_at, settlements.c.order_id)
            .limit(asked.limit + 1)
        )
        for name in ("employee_id", "service_id", "product_id"):
            if value := getattr(asked, name):
                sold = select(sales.c.entry_id).where(
                    sales.c[name] == value, within(sales.c.at, asked.period)
                )
                statement = statement.where(settlements.c.entry_id.in_(sold))
        if asked.cursor:
            at, order_id = keys_of(asked.cursor, tuple[Instant, UUID])
            statement = statement.where(
                tuple_(settlements.c.completed_at, settlements.c.order_id) > tuple_(at, order_id)
            )
        return [settlement_of(row) for row in await self.connection.execute(statement)]

    async def turnovers(self, asked: ProfitLoss, zone: ZoneInfo) -> list[Turnover]:
        """What was posted to accounts of profit, by stretch of time; all that the page needs."""
        parts = spans(asked.period, zone, coarsest=MONTH if asked.by == "month" else DAY)
        rows = ledger_of(
            asked.period, parts, zone, station_id=asked.station_id, section_id=asked.section_id
        ).c
        start = bucket(asked.by, rows.day).label("start")
        of_profit = _touches(rows, tuple(FIGURES))
        stretches = select(start).where(of_profit).group_by(start).order_by(start)
        if asked.cursor:
            stretches = stretches.having(start > keys_of(asked.cursor, tuple[date])[0])
        shown = stretches.limit(asked.limit + 1).scalar_subquery()
        statement = (
            select(start, rows.debit, rows.credit, rows.category, func.sum(rows.amount))
            .where(of_profit, start.in_(shown))
            .group_by(start, rows.debit, rows.credit, rows.category)
        )
        return [_turnover(*row) for row in await self.connection.execute(statement)]

    async def money_turnovers(self, asked: CashFlow, zone: ZoneInfo) -> list[Turnover]:
        """What moved between accounts of money and others in the period, and before it."""
        selections = [_of_money(asked.period, asked.station_id, zone, is_before=False)]
        if asked.period.start:
            before = Period(end=asked.period.start)
            selections.append(_of_money(before, asked.station_id, zone, is_before=True))
        statement = union_all(*selections)
        return [_turnover(*row) for row in await self.connection.execute(statement)]

    async def margins_by_order(self, asked: Margin) -> Sequence[Row[Any]]:
        """A row for every time that an order was done or reopened, newest first; one more than a
        page. Its pay, an entry of its own, is in the same row, unless it had to be dated otherwise.
        What was posted for no order comes under no number."""
        order = (sales.c.at, func.coalesce(sales.c.order_id, sales.c.entry_id).label("about"))
        statement = (
            select(
                *order,
                sales.c.order_id.label("key"),
                orders.c.number.label("name"),
                *sums_of(sales.c),
            )
            .outerjoin(orders, orders.c.id == sales.c.order_id)
            .where(within(sales.c.at, asked.period), *await self.filters_of(asked))
            .group_by(*order, sales.c.order_id, orders.c.number)
            .order_by(*(each.desc() for each in order))
            .limit(asked.limit + 1)
        )
        if asked.cursor:
            at, entry_id = keys_of(asked.cursor, tuple[Instant, UUID])
            statement = statement.where(tuple_(*order) < tuple_(at, entry_id))
        return (await self.connection.execute(statement)).all()

    async def filters_of(self, asked: Margin) -> Filters:
        """A client is meant by every name that was merged into it."""
        names = ("station_id", "section_id", "employee_id")
        return [
            *(each for name in names for each in equal(sales.c[name], getattr(asked, name))),
            *one_of(sales.c.client_id, await self.names_of(asked.client_id)),
        ]

    async def sold_between(self) -> tuple[datetime | None, datetime | None]:
        """When anything was first and last sold."""
        statement = select(func.min(sales.c.at), func.max(sales.c.at))
        first, last = (await self.connection.execute(statement)).one()
        return first, last


def _income_and_expenses(rows: Any) -> list[Select[Any]]:
    """``day, type, category, amount, records`` of what orders are charged, of other income and of
    expenses. The VAT of sales is in the first and the last: it is charged, and not the station's.
    """
    settles = rows.kind.in_(SETTLEMENT_KINDS)
    other = (Account.OTHER_INCOME,)
    vat = (Account.VAT_OUTPUT,)
    counts = and_(rows.debit == "", settles)
    charged = select(
        rows.day,
        literal("income").label("type"),
        literal(ORDERS_CATEGORY).label("category"),
        case((rows.debit.in_(CHARGED), -rows.amount), else_=rows.amount).label("amount"),
        case((counts, rows.records), else_=0).label("records"),
    ).where(or_(and_(settles, _touches(rows, CHARGED)), counts))
    others = (
        ("income", _touches(rows, other), rows.credit.in_(other)),
        (
            "expense",
            or_(_touches(rows, EXPENSES), and_(settles, _touches(rows, vat))),
            or_(rows.debit.in_(EXPENSES), rows.credit.in_(vat)),
        ),
    )
    return [
        charged,
        *(
            select(
                rows.day,
                literal(type_).label("type"),
                rows.category,
                case((grows, rows.amount), else_=-rows.amount).label("amount"),
                rows.records,
            ).where(which)
            for type_, which, grows in others
        ),
    ]


def _turnover(
    day: date | None, debit: str, credit: str, category: str, amount: Decimal
) -> Turnover:
    return Turnover(Account(debit), Account(credit), category, amount, day)


def _of_money(
    period: Period, station_id: UUID | None, zone: ZoneInfo, *, is_before: bool
) -> Select[Any]:
    rows = ledger_of(period, spans(period, zone), zone, station_id=station_id).c
    day = null() if is_before else func.min(rows.day)
    return (
        select(day.label("day"), rows.debit, rows.credit, rows.category, func.sum(rows.amount))
        .where(_touches(rows, sorted(MONEY)))
        .group_by(rows.debit, rows.credit, rows.category)
    )


def _touches(rows: Any, some: Sequence[Account]) -> ColumnElement[bool]:
    return or_(rows.debit.in_(some), rows.credit.in_(some))


def sums_of(rows: Any) -> list[ColumnElement[Any]]:
    return [func.sum(rows[name]).label(name) for name in COUNTED]
