"""Two clients were one: what the books hold of the one goes to the other, by a new entry.

Nothing that was written changes. A posting names one client, so money goes over in two: out of the
merged client's account into the account of transfers, and out of that into the survivor's. Each
order's debt and each payment's deposit goes over by itself, so that whatever is counted by order or
by payment stays what it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from uuid import UUID

from services.finance.domain.bonus_lots import Lot
from services.finance.domain.decision import Decision
from services.finance.domain.ledger import (
    ZERO,
    Account,
    ClientAccount,
    Entry,
    EntryKind,
    Posting,
    Stamp,
)
from services.finance.domain.payment import Payment
from services.finance.domain.settlement import Settlement


def merge(
    merged: ClientAccount,
    survivor_id: UUID,
    settlements: Sequence[Settlement],
    payments: Sequence[Payment],
    lots: Iterable[Lot],
    stamp: Stamp,
    entry_id: UUID,
) -> Decision:
    """``settlements``, ``payments`` and ``lots``: all that are the merged client's, or name it."""
    lines = [
        *_debts(merged, settlements),
        *_deposits(merged, payments),
        *_line(Account.BONUSES, -merged.bonuses),
    ]
    postings = tuple(
        replace(side, client_id=client_id)
        for line in lines
        for side, client_id in ((line, merged.client_id), (line.swapped(), survivor_id))
    )
    entry = Entry(
        entry_id,
        EntryKind.CLIENT_MERGE,
        stamp,
        postings,
        client_id=survivor_id,
        document_id=merged.client_id,
    )
    return Decision(
        (entry,) if postings else (),
        tuple(_paid_by(payment, merged.client_id, survivor_id) for payment in payments),
        tuple(_owed_by(settlement, survivor_id) for settlement in settlements),
        lots=tuple(replace(lot, client_id=survivor_id) for lot in lots),
    )


def _debts(merged: ClientAccount, settlements: Sequence[Settlement]) -> Iterable[Posting]:
    rest = merged.receivable
    for settlement in settlements:
        rest -= settlement.due
        yield from _line(Account.RECEIVABLE, settlement.due, order_id=settlement.order_id)
    yield from _line(Account.RECEIVABLE, rest)


def _deposits(merged: ClientAccount, payments: Sequence[Payment]) -> Iterable[Posting]:
    rest = merged.deposits
    for payment in payments:
        if payment.customer_id == merged.client_id:
            rest -= payment.held
            yield from _line(
                Account.DEPOSITS, -payment.held, order_id=payment.order_id, payment_id=payment.id
            )
    yield from _line(Account.DEPOSITS, -rest)


def _line(
    account: Account,
    debt: Decimal,
    *,
    order_id: UUID | None = None,
    payment_id: UUID | None = None,
) -> Iterable[Posting]:
    """Out of the merged client's account. ``debt``: what its debit side has too much; negative:
    its credit side."""
    if debt > ZERO:
        yield Posting(Account.TRANSFERS, account, debt, order_id=order_id, payment_id=payment_id)
    elif debt < ZERO:
        yield Posting(account, Account.TRANSFERS, -debt, order_id=order_id, payment_id=payment_id)


def _paid_by(payment: Payment, merged_id: UUID, survivor_id: UUID) -> Payment:
    def now_called(client_id: UUID) -> UUID:
        return survivor_id if client_id == merged_id else client_id

    return replace(
        payment,
        customer_id=now_called(payment.customer_id),
        payer_id=now_called(payment.payer_id),
    )


def _owed_by(settlement: Settlement, survivor_id: UUID) -> Settlement:
    return replace(settlement, completed=replace(settlement.order, client_id=survivor_id))
