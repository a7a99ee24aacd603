"""Money that comes and goes by itself: payments and refunds, expenses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from uuid import UUID

from services.finance.domain.decision import Decision, move
from services.finance.domain.expenses import check_category
from services.finance.domain.ledger import (
    MONEY_ACCOUNTS,
    PAYMENT_ACCOUNTS,
    WRITE_OFF_CATEGORY,
    Account,
    ClientAccount,
    Entry,
    EntryKind,
    Posting,
    Stamp,
    kopecks,
    post,
)
from services.finance.domain.payment import Payment
from services.finance.domain.settlement import Settlement, told_of_payment
from shared.contracts.base import MAX_MONEY, Event
from shared.contracts.bonuses import BonusReturned, BonusSpent
from shared.contracts.costing import IssuedPartWrittenOff
from shared.contracts.finance import (
    ExpenseRecorded,
    PaymentRefunded,
    PaymentTaken,
    RecordExpense,
    RecordView,
)
from shared.refusals import Refused


def take_payment(
    payment: Payment,
    dues: Sequence[Settlement],
    account: ClientAccount,
    others: Iterable[Payment],
    stamp: Stamp,
    entry_id: UUID,
) -> Decision:
    """The payment covers ``dues`` in their order; whatever is over is a deposit.

    ``others``: payments that name the same order. Refused: ``amount_too_large``, when the order's
    payments or the client's deposits would come to more than an amount can be.
    """
    source = PAYMENT_ACCOUNTS[payment.method]
    postings: list[Posting] = []
    settlements: list[Settlement] = []
    told: list[Event] = []
    for due in dues:
        if amount := min(payment.held, due.due):
            postings.append(move(source, Account.RECEIVABLE, amount, payment, due.order_id))
            covered = due.covered(amount, by_bonuses=payment.is_bonus)
            settlements.append(covered)
            told += told_of_payment(due, covered, stamp.at)
            payment = payment.put_on(due.order_id, amount)
    paid = payment.amount + sum(other.left for other in others)
    if max(paid, account.deposits + payment.held) > MAX_MONEY:
        raise Refused("amount_too_large")
    if payment.held:
        postings.append(move(source, Account.DEPOSITS, payment.held, payment, payment.order_id))
    entry = _payment_entry(EntryKind.PAYMENT, entry_id, stamp, payment, postings, payment.comment)
    taken = BonusSpent if payment.is_bonus else PaymentTaken
    event = taken(payment=payment.view(), order_id=payment.order_id)
    return Decision((entry,), (payment,), tuple(settlements), (event, *told))


def refund_payment(
    payment: Payment,
    settlements: Mapping[UUID, Settlement],
    amount: Decimal | None,
    reason: str | None,
    stamp: Stamp,
    entry_id: UUID,
) -> Decision:
    """Money goes back by the method by which it came: first what is held, then what stands on
    orders (the newest order first), whose client then owes it again.

    ``settlements``: by order, those that the payment covers. ``amount``: absent, all that is left.
    Refused: ``refund_exceeds_payment``.
    """
    refunded = payment.left if amount is None else kopecks(amount)
    if refunded > payment.left or not refunded:
        raise Refused("refund_exceeds_payment", left=payment.left)
    source = PAYMENT_ACCOUNTS[payment.method]
    postings: list[Posting] = []
    uncovered: list[Settlement] = []
    told: list[Event] = []
    rest = refunded
    if held := min(payment.held, rest):
        postings.append(move(Account.DEPOSITS, source, held, payment, payment.order_id))
        rest -= held
    for order_id in sorted(payment.applied, reverse=True):
        if back := min(payment.on(order_id), rest):
            postings.append(move(Account.RECEIVABLE, source, back, payment, order_id))
            after = settlements[order_id].covered(-back, by_bonuses=payment.is_bonus)
            uncovered.append(after)
            told += told_of_payment(settlements[order_id], after, stamp.at)
            payment = payment.put_on(order_id, -back)
            rest -= back
    payment = payment.given_back(refunded)
    entry = _payment_entry(EntryKind.REFUND, entry_id, stamp, payment, postings, reason)
    given_back = BonusReturned if payment.is_bonus else PaymentRefunded
    event = given_back(
        payment=payment.view(), order_id=payment.order_id, amount=refunded, reason=reason
    )
    return Decision((entry,), (payment,), tuple(uncovered), (event, *told))


def record_expense(
    command: RecordExpense, client_id: UUID | None, stamp: Stamp, entry_id: UUID
) -> Decision:
    """Money spent, at its own time. ``client_id``: of the order that it was spent for.

    Refused: ``expense_in_future``, ``category_reserved``.
    """
    at = command.at or stamp.at
    if at > stamp.at:
        raise Refused("expense_in_future")
    category = command.category or ""
    check_category(category)
    spent = Posting(
        Account.EXPENSE,
        MONEY_ACCOUNTS[command.method],
        kopecks(command.amount),
        order_id=command.order_id,
        category=category,
    )
    entry = Entry(
        entry_id,
        EntryKind.EXPENSE,
        replace(stamp, at=at),
        (spent,),
        order_id=command.order_id,
        client_id=client_id,
        comment=command.comment,
    )
    event = ExpenseRecorded(record=expense_record(entry), order_id=command.order_id)
    return Decision((entry,), events=(event,))


def expense_record(entry: Entry) -> RecordView:
    """An expense as income and expense records show it."""
    (spent,) = entry.postings
    return RecordView(
        id=entry.id,
        type="expense",
        amount=spent.amount,
        client_id=entry.client_id,
        order_id=entry.order_id,
        category=spent.category or "",
        at=entry.stamp.at,
        comment=entry.comment,
        actor=entry.stamp.actor,
        station_id=entry.stamp.station_id,
        document_id=entry.document_id,
    )


def write_off_part(event: IssuedPartWrittenOff, stamp: Stamp, entry_id: UUID) -> Decision:
    """Parts of a reopened order are lost: stock shrinks, and the order has an expense more."""
    postings = post(Account.EXPENSE, Account.INVENTORY, kopecks(event.cost), WRITE_OFF_CATEGORY)
    entry = Entry(
        entry_id,
        EntryKind.WRITE_OFF,
        stamp,
        tuple(replace(posting, order_id=event.order_id) for posting in postings),
        order_id=event.order_id,
        comment=event.reason,
    )
    return Decision((entry,) if postings else ())


def _payment_entry(
    kind: EntryKind,
    entry_id: UUID,
    stamp: Stamp,
    payment: Payment,
    postings: Sequence[Posting],
    comment: str | None,
) -> Entry:
    return Entry(
        entry_id,
        kind,
        stamp,
        tuple(postings),
        order_id=payment.order_id,
        client_id=payment.customer_id,
        document_id=payment.id,
        comment=comment,
    )
