"""VAT of advances: what is held of a payment contains VAT at the calculated rate of its day.

It is the state's when the money comes, and comes back when an order has taken the money, since the
sale has VAT of its own then, or when it is given back. Whatever moves a deposit, the books follow
what is held: ``vat.advances`` of a payment is always the VAT within what is held of it, rounded
once, so that it comes to nothing with the deposit.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from uuid import UUID

from services.finance.domain.decision import Decision
from services.finance.domain.ledger import ZERO, Account, Entry, EntryKind, Posting
from services.finance.domain.payment import Payment

type Before = Callable[[UUID], Payment | None]
"""A payment as it was; before it was taken there was none."""


def with_vat(decision: Decision, before: Before, entry_id: UUID) -> Decision:
    """The decision with an entry more, at the time of the one that moves deposits; as it is, where
    that moves no VAT."""
    moving = next(filter(_moves_deposits, decision.entries), None)
    if moving is None:
        return decision
    postings = tuple(_postings(moving, decision, before))
    if not postings:
        return decision
    entry = Entry(
        entry_id,
        EntryKind.ADVANCE_VAT,
        replace(moving.stamp, shift_id=None),
        postings,
        order_id=moving.order_id,
        client_id=moving.client_id,
        document_id=moving.id,
    )
    return decision.and_then(Decision((entry,)))


def _moves_deposits(entry: Entry) -> bool:
    return any(Account.DEPOSITS in (line.debit, line.credit) for line in entry.postings)


def _postings(moving: Entry, decision: Decision, before: Before) -> Iterator[Posting]:
    for payment_id, after in {payment.id: payment for payment in decision.payments}.items():
        old = before(payment_id)
        more = after.held_vat - (old.held_vat if old else ZERO)
        if more:
            charged = Posting(
                Account.VAT_ADVANCES,
                Account.VAT_ADVANCES_DUE,
                abs(more),
                order_id=moving.order_id,
                payment_id=payment_id,
            )
            yield charged if more > 0 else charged.swapped()
