"""Stock that is lost and found: what leaves it without a client is an expense of the station."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from uuid import UUID

from services.finance.domain.decision import Decision
from services.finance.domain.ledger import (
    COUNT_CATEGORY,
    TAKE_OVER_CATEGORY,
    WRITE_OFF_CATEGORY,
    ZERO,
    Account,
    Entry,
    EntryKind,
    Posting,
    Stamp,
    kopecks,
    post,
)
from shared.contracts.reconciliation import StockTakenOver, StockTakeOver
from shared.contracts.stock_counts import StockCorrected
from shared.contracts.stock_documents import WriteOffView


def write_off(document: WriteOffView, stamp: Stamp, entry_id: UUID) -> Decision:
    """Goods are gone; it counts when they left."""
    lost = post(Account.EXPENSE, Account.INVENTORY, kopecks(document.value), WRITE_OFF_CATEGORY)
    return _entered(
        EntryKind.WRITE_OFF,
        lost,
        replace(stamp, at=document.at),
        entry_id,
        document.id,
        f"{document.number}: {document.reason}",
    )


def cancel_write_off(document: WriteOffView, stamp: Stamp, entry_id: UUID) -> Decision:
    """They are back; that counts when it was noticed."""
    back = post(Account.INVENTORY, Account.EXPENSE, kopecks(document.value), WRITE_OFF_CATEGORY)
    return _entered(
        EntryKind.WRITE_OFF_REVERSAL,
        back,
        replace(stamp, at=document.cancelled_at or stamp.at),
        entry_id,
        document.id,
        f"{document.number}: {document.cancel_reason}",
    )


def correct(event: StockCorrected, stamp: Stamp, entry_id: UUID) -> Decision:
    """A count found more or less: shortage is an expense, surplus makes it less."""
    shortage = post(Account.EXPENSE, Account.INVENTORY, kopecks(event.shortage), COUNT_CATEGORY)
    surplus = post(Account.INVENTORY, Account.EXPENSE, kopecks(event.surplus), COUNT_CATEGORY)
    return _entered(
        EntryKind.COUNT,
        (*shortage, *surplus),
        replace(stamp, at=event.at),
        entry_id,
        event.count_id,
        event.number,
    )


def take_over(
    worth: Decimal, booked: Decimal, reason: str, stamp: Stamp, entry_id: UUID
) -> Decision:
    """The account says what the stock is worth: what is lacking makes expenses less, what is too
    much makes them more."""
    more = post(Account.INVENTORY, Account.EXPENSE, max(ZERO, worth - booked), TAKE_OVER_CATEGORY)
    less = post(Account.EXPENSE, Account.INVENTORY, max(ZERO, booked - worth), TAKE_OVER_CATEGORY)
    entry = Entry(entry_id, EntryKind.STOCK_TAKE_OVER, stamp, (*more, *less), comment=reason)
    told = StockTakeOver(
        entry_id=entry_id,
        at=stamp.at,
        worth=worth,
        booked=booked,
        amount=worth - booked,
        category=TAKE_OVER_CATEGORY,
        reason=reason,
        actor=stamp.actor,
    )
    return Decision((entry,), events=(StockTakenOver(take_over=told),))


def _entered(
    kind: EntryKind,
    postings: tuple[Posting, ...],
    stamp: Stamp,
    entry_id: UUID,
    document_id: UUID,
    comment: str,
) -> Decision:
    """What comes to nothing is not written."""
    if not postings:
        return Decision()
    entry = Entry(entry_id, kind, stamp, postings, document_id=document_id, comment=comment)
    return Decision((entry,))
