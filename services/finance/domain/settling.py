"""How an order's completion is written in the books, and how it is undone.

A client's money is always in one of two accounts: what settled orders have taken lowers
``receivable``, what they have not is held in ``deposits``. Settling takes deposits, undoing gives
them back.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from uuid import UUID

from services.finance.domain.decision import Correction, Decision, move
from services.finance.domain.ledger import (
    COST_CATEGORY,
    ORDERS_CATEGORY,
    VAT_CATEGORY,
    ZERO,
    Account,
    Entry,
    EntryKind,
    Posting,
    Stamp,
    post,
)
from services.finance.domain.lines import CorrectedPart
from services.finance.domain.payment import Payment, spendable
from services.finance.domain.settlement import Settlement, State, told_of_payment
from shared.contracts.finance import OrderSettled, SettlementReversed


def settle(
    settlement: Settlement,
    deposits: Iterable[Payment],
    stamp: Stamp,
    entry_id: UUID,
    application_id: UUID,
) -> Decision:
    """The order's revenue and cost go into the books, and its client's deposits pay it; its pay is
    ``payroll``'s.

    The accounting time is that of the completed work, however late its messages come.
    """
    order, order_id = settlement.order, settlement.order_id
    settled = replace(settlement, entry_id=entry_id)
    entry = Entry(
        entry_id,
        EntryKind.SETTLEMENT,
        replace(stamp, at=order.completed_at, station_id=order.station_id),
        _settlement_postings(settled),
        order_id=order_id,
        client_id=order.client_id,
        section_id=order.section_id,
    )
    moves: list[Posting] = []
    payments: list[Payment] = []
    for payment in spendable(deposits, order_id):
        amount = min(payment.held, settled.due)
        if amount:
            moves.append(move(Account.DEPOSITS, Account.RECEIVABLE, amount, payment, order_id))
            settled = settled.covered(amount)
        if amount or payment.reserved_for:
            # What the order did not need is free for the client's other orders from now on.
            payments.append(payment.put_on(order_id, amount).reserved(None))
    return Decision(
        (entry, *_transfer(EntryKind.DEPOSITS_APPLIED, application_id, stamp, settled, moves)),
        tuple(payments),
        (settled,),
        (
            OrderSettled(
                order_id=order_id,
                number=order.number,
                completion=settled.completion,
                client_id=order.client_id,
                revenue=order.revenue,
                cost=settled.cost or ZERO,
                pay=order.pay,
                vat=order.vat.total,
                vat_percent=order.vat.percent,
                margin=settled.margin,
                deposits_applied=settled.paid,
                section_id=order.section_id,
                completed_at=order.completed_at,
            ),
            *told_of_payment(None, settled, stamp.at),
        ),
    )


def reverse(
    settlement: Settlement,
    settled_by: Entry,
    payments: Iterable[Payment],
    stamp: Stamp,
    entry_id: UUID,
    restoration_id: UUID,
    reason: str | None,
) -> Decision:
    """A settlement is undone: its entry is reversed, and money on the order is a deposit again.

    ``payments``: those that name the order, and those that stand on it. Bonuses must have gone
    back before: they are never a deposit.
    """
    order_id = settlement.order_id
    stamp = replace(stamp, station_id=settlement.order.station_id)
    # Of a client who was merged since, the one that remains owes it.
    settled_by = settled_by.of_client(settlement.order.client_id)
    reversal = settled_by.reversed(entry_id, EntryKind.SETTLEMENT_REVERSAL, stamp, reason)
    corrected = _correction_postings(order_id, -settlement.corrected)
    reversal = replace(reversal, postings=(*reversal.postings, *corrected))
    moves: list[Posting] = []
    after: list[Payment] = []
    for payment in payments:
        if amount := payment.on(order_id):
            moves.append(move(Account.RECEIVABLE, Account.DEPOSITS, amount, payment, order_id))
        if payment.order_id == order_id:
            payment = payment.reserved(order_id)
        after.append(payment.put_on(order_id, -amount))
    undone = replace(settlement, paid=ZERO, bonuses=ZERO, corrected=ZERO)
    return Decision(
        (reversal, *_transfer(EntryKind.DEPOSITS_RESTORED, restoration_id, stamp, undone, moves)),
        tuple(after),
        (undone,),
        (
            SettlementReversed(
                order_id=order_id,
                completion=settlement.completion,
                revenue=settlement.order.revenue,
                client_id=settlement.order.client_id,
            ),
        ),
    )


def correct(
    settlement: Settlement,
    amount: Decimal,
    stamp: Stamp,
    entry_id: UUID,
    parts: tuple[CorrectedPart, ...] = (),
) -> Decision:
    """The parts of a completion cost so much more (below zero: less) than was known.

    Where it stands, that is an entry of its own, at the time of the correction; the settlement's
    reversal will undo it too. Before it is settled the entry to come has it, and one that was
    undone needs none: nothing of its cost is left in the books.
    """
    known = replace(settlement, cost=(settlement.cost or ZERO) + amount)
    if settlement.state is not State.SETTLED or not amount:
        return Decision(settlements=(known,))
    entry = Entry(
        entry_id,
        EntryKind.COST_CORRECTION,
        replace(stamp, station_id=settlement.order.station_id),
        _correction_postings(settlement.order_id, amount),
        order_id=settlement.order_id,
        client_id=settlement.order.client_id,
        section_id=settlement.order.section_id,
    )
    known = replace(known, corrected=settlement.corrected + amount)
    return Decision(
        (entry,), settlements=(known,), corrections=(Correction(entry.id, known, parts),)
    )


def release(order_id: UUID, deposits: Iterable[Payment]) -> Decision:
    """An order that never will be settled lets its deposits go to the client's other orders."""
    return Decision(
        payments=tuple(
            payment.reserved(None) for payment in deposits if payment.reserved_for == order_id
        )
    )


def _settlement_postings(settlement: Settlement) -> tuple[Posting, ...]:
    order, vat = settlement.order, settlement.order.vat
    postings = (
        *_revenue(Account.REVENUE_SERVICES, order.services - vat.services),
        *_revenue(Account.REVENUE_PRODUCTS, order.products - vat.products),
        *_revenue(Account.REVENUE_MATERIALS, order.materials - vat.materials),
        *post(Account.RECEIVABLE, Account.VAT_OUTPUT, vat.total, VAT_CATEGORY),
        *post(Account.COST_OF_GOODS, Account.INVENTORY, settlement.cost or ZERO, COST_CATEGORY),
    )
    return tuple(
        replace(
            posting,
            order_id=settlement.order_id,
            client_id=order.client_id if posting.debit is Account.RECEIVABLE else None,
        )
        for posting in postings
    )


def _correction_postings(order_id: UUID, amount: Decimal) -> tuple[Posting, ...]:
    sides = (Account.COST_OF_GOODS, Account.INVENTORY)
    debit, credit = sides if amount > 0 else sides[::-1]
    return tuple(
        replace(posting, order_id=order_id)
        for posting in post(debit, credit, abs(amount), COST_CATEGORY)
    )


def _revenue(account: Account, amount: Decimal) -> tuple[Posting, ...]:
    return post(Account.RECEIVABLE, account, amount, ORDERS_CATEGORY)


def _transfer(
    kind: EntryKind, entry_id: UUID, stamp: Stamp, settlement: Settlement, moves: Sequence[Posting]
) -> tuple[Entry, ...]:
    """The entry that takes deposits to or from an order; none when there is nothing to take."""
    if not moves:
        return ()
    return (
        Entry(
            entry_id,
            kind,
            replace(stamp, station_id=settlement.order.station_id),
            tuple(moves),
            order_id=settlement.order_id,
            client_id=settlement.order.client_id,
        ),
    )
