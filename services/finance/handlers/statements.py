"""What clients owe: statements, who owes since when, and whose money is held."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from contextlib import suppress
from decimal import Decimal
from itertools import batched
from typing import Any
from uuid import UUID

from services.finance.domain.debts import ages_of, due_on
from services.finance.domain.ledger import ZERO, EntryKind, kopecks
from services.finance.handlers.table import check_period, handlers
from services.finance.store import FinanceStore
from shared.contracts.base import Page
from shared.contracts.clients import GetCards, GetClient
from shared.contracts.reconciliation import Difference
from shared.contracts.statements import (
    Ages,
    CheckClients,
    ClientStatement,
    Creditor,
    Creditors,
    CreditorsView,
    Debtor,
    DebtOrder,
    Debtors,
    DebtorsView,
    StatementDocument,
    StatementRow,
    StatementView,
)
from shared.handlers import Work
from shared.refusals import Refused

_DOCUMENTS: dict[str, StatementDocument] = {
    EntryKind.SETTLEMENT: "order",
    EntryKind.SETTLEMENT_REVERSAL: "order_reversal",
    EntryKind.PAYMENT: "payment",
    EntryKind.REFUND: "refund",
}
_CARDS_AT_ONCE = 500


@handlers.question(ClientStatement)
async def client_statement(
    question: ClientStatement, store: FinanceStore, work: Work
) -> StatementView:
    client_id, period = question.client_id, question.period
    check_period(period.start, period.end)
    client = await work.ask(GetClient(client_id=client_id))
    aliases = await store.names_of(client_id) or [client_id]
    opening = ZERO
    if period.start:
        opening = kopecks(await store.owed_before(aliases, period.start))
    found = await store.statement_rows(aliases, period)
    others = {row.payer_id for row in found} - {*aliases, None}
    names = await _names(others, work)
    rows: list[StatementRow] = []
    balance = opening
    for row in found:
        balance += kopecks(row.owed)
        rows.append(_row(row, aliases, names, balance))
    return StatementView(
        client_id=client_id,
        client=client.name,
        start=period.start,
        end=period.end,
        opening=opening,
        debit=sum((row.debit for row in rows if row.debit), ZERO),
        credit=sum((row.credit for row in rows if row.credit), ZERO),
        closing=balance,
        items=tuple(rows),
    )


def _row(
    row: Any, aliases: Collection[UUID], names: dict[UUID, str], balance: Decimal
) -> StatementRow:
    owed = kopecks(row.owed)
    payer_id = row.payer_id if row.payer_id not in aliases else None
    return StatementRow(
        at=row.at,
        document=_DOCUMENTS[row.kind],
        entry_id=row.id,
        order_id=row.order_id,
        number=row.number,
        method=row.method,
        payer_id=payer_id,
        payer=names.get(payer_id) if payer_id else None,
        debit=owed if owed > 0 else None,
        credit=-owed if owed < 0 else None,
        balance=balance,
        comment=row.comment,
    )


@handlers.question(Debtors, report=True)
async def debtors(question: Debtors, store: FinanceStore, work: Work) -> DebtorsView:
    at = question.at or work.now
    zone = work.settings.zone
    today = at.astimezone(zone).date()
    by_client: defaultdict[UUID, list[DebtOrder]] = defaultdict(list)
    for row in await store.debts(question, at, zone):
        due_day = due_on(row.settled_at, row.payment_days, zone)
        by_client[row.client_id].append(
            DebtOrder(
                order_id=row.order_id,
                number=row.number,
                section_id=row.section_id,
                settled_at=row.settled_at,
                due_on=due_day,
                days=max((today - due_day).days, 0),
                due=kopecks(row.due),
            )
        )
    held = {row.client_id: kopecks(row.deposits) for row in await store.deposits_at(at)}
    names = await _names(by_client, work)
    items = [
        Debtor(
            client_id=client_id,
            client=names.get(client_id),
            deposits=held.get(client_id, ZERO),
            unpaid=tuple(orders),
            **ages_of(orders),
        )
        for client_id, orders in by_client.items()
    ]
    items.sort(key=lambda debtor: (-debtor.owes, debtor.client_id))
    return DebtorsView(
        items=tuple(items),
        at=at,
        totals=Ages(**ages_of(order for orders in by_client.values() for order in orders)),
        deposits=sum((debtor.deposits for debtor in items), ZERO),
    )


@handlers.question(Creditors, report=True)
async def creditors(question: Creditors, store: FinanceStore, work: Work) -> CreditorsView:
    at = question.at or work.now
    found = await store.deposits_at(at)
    names = await _names((row.client_id for row in found), work)
    items = tuple(
        Creditor(
            client_id=row.client_id,
            client=names.get(row.client_id),
            deposits=kopecks(row.deposits),
            since=row.since,
        )
        for row in found
    )
    return CreditorsView(items=items, at=at, total=sum((row.deposits for row in items), ZERO))


@handlers.question(CheckClients, report=True)
async def check_clients(_: CheckClients, store: FinanceStore, work: Work) -> Page[Difference]:
    return Page(
        items=tuple(
            Difference(
                what=row.what,
                expected=_told(row.expected),
                actual=_told(row.actual),
                client_id=row.client_id,
                order_id=row.order_id,
                document_id=row.document_id,
                supplier_id=row.supplier_id,
            )
            for row in await store.client_differences()
        )
    )


def _told(amount: Decimal | None) -> str:
    return "nothing" if amount is None else str(kopecks(amount))


async def _names(client_ids: Iterable[UUID], work: Work) -> dict[UUID, str]:
    """As their owner has them; finance keeps no names. None while it is away: figures are shown
    without."""
    names: dict[UUID, str] = {}
    with suppress(Refused):
        for some in batched(sorted(set(client_ids)), _CARDS_AT_ONCE):
            cards = await work.ask(GetCards(client_ids=some, vehicle_ids=()))
            names |= {client.id: client.name for client in cards.clients}
    return names
