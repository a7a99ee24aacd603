"""Payments taken together, cash given and change, and deposits that go from order to order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from services.finance.domain.decision import Decision, move
from services.finance.domain.ledger import ZERO, Account, Entry, EntryKind, Stamp, kopecks
from services.finance.domain.payment import Order, Payment
from services.finance.domain.settlement import Settlement, told_of_payment
from shared.contracts.base import MAX_MONEY
from shared.contracts.finance import MoneyPaymentView, PaymentMethod
from shared.contracts.payment_documents import (
    DepositMoved,
    PaymentDocumentView,
    TakePaymentDocument,
)
from shared.refusals import Refused


@dataclass(frozen=True, slots=True)
class PaymentDocument:
    """What payments that were taken together have in common."""

    id: UUID
    at: datetime
    payer_id: UUID
    amount: Decimal
    tendered: Decimal | None
    comment: str | None
    actor: str
    shift_id: UUID | None
    cash_box_id: UUID | None

    def view(self, payments: Sequence[Payment]) -> PaymentDocumentView:
        cash = sum((one.amount for one in payments if one.method == "cash"), ZERO)
        return PaymentDocumentView(
            id=self.id,
            at=self.at,
            payer_id=self.payer_id,
            amount=self.amount,
            tendered=self.tendered,
            change=None if self.tendered is None else self.tendered - cash,
            comment=self.comment,
            actor=self.actor,
            cash_box_id=self.cash_box_id,
            shift_id=self.shift_id,
            payments=tuple(payment.view() for payment in payments),
        )


def check(command: TakePaymentDocument) -> None:
    """Refused: ``order_twice``, ``method_twice``, ``payment_sum_differs``, ``amount_too_large``,
    and as ``check_tendered``."""
    if len({share.order_id for share in command.orders}) < len(command.orders):
        raise Refused("order_twice")
    if len({part.method for part in command.parts}) < len(command.parts):
        raise Refused("method_twice")
    asked = sum(share.amount for share in command.orders)
    given = sum(part.amount for part in command.parts)
    if asked != given:
        raise Refused("payment_sum_differs", orders=asked, parts=given)
    if given > MAX_MONEY:
        raise Refused("amount_too_large")
    cash = next((part.amount for part in command.parts if part.method == "cash"), None)
    check_tendered(command.tendered, cash)


def check_tendered(tendered: Decimal | None, cash: Decimal | None) -> None:
    """Refused: ``tendered_without_cash``, ``tendered_too_little``."""
    if tendered is None:
        return
    if cash is None:
        raise Refused("tendered_without_cash")
    if tendered < cash:
        raise Refused("tendered_too_little", tendered=tendered, cash=cash)


def allotted(command: TakePaymentDocument) -> Iterator[tuple[UUID, PaymentMethod, Decimal]]:
    """By which methods each order is paid: the parts fill the orders one after the other."""
    left = [(part.method, kopecks(part.amount)) for part in command.parts]
    for share in command.orders:
        wanted = kopecks(share.amount)
        while wanted:
            method, there = left.pop(0)
            amount = min(wanted, there)
            yield share.order_id, method, amount
            wanted -= amount
            if there > amount:
                left.insert(0, (method, there - amount))


def move_deposit(
    payment: Payment,
    order: Order | None,
    settled: Settlement | None,
    amount: Decimal | None,
    stamp: Stamp,
    entry_id: UUID,
) -> Decision:
    """Refused: ``deposit_exceeded``, ``due_exceeded``, ``deposit_moves_whole``."""
    if not payment.held or (amount or 0) > payment.held:
        raise Refused("deposit_exceeded", left=payment.held)
    if order and settled:
        return _applied(payment, order, settled, amount, stamp, entry_id)
    if amount not in (None, payment.held):
        raise Refused("deposit_moves_whole", left=payment.held)
    target = order.id if order else None
    renamed = not payment.applied and payment.order_id != target
    moved = payment.reserved(target)
    return _moved(replace(moved, order_id=target) if renamed else moved, payment, target, renamed)


def _applied(
    payment: Payment,
    order: Order,
    settled: Settlement,
    amount: Decimal | None,
    stamp: Stamp,
    entry_id: UUID,
) -> Decision:
    taken = min(payment.held, settled.due) if amount is None else kopecks(amount)
    if not taken or taken > settled.due:
        raise Refused("due_exceeded", due=settled.due)
    covered = settled.covered(taken)
    entry = Entry(
        entry_id,
        EntryKind.DEPOSITS_APPLIED,
        stamp,
        (move(Account.DEPOSITS, Account.RECEIVABLE, taken, payment, order.id),),
        order_id=order.id,
        client_id=order.client_id,
    )
    whole = taken == payment.left
    after = payment.put_on(order.id, taken)
    if not after.held:
        after = after.reserved(None)
    renamed = whole and payment.order_id != order.id
    if renamed:
        after = replace(after, order_id=order.id)
    told = _moved(after, payment, order.id, renamed, taken)
    facts = told_of_payment(settled, covered, stamp.at)
    return Decision((entry,), (), (covered,), facts).and_then(told)


def _moved(
    after: Payment,
    before: Payment,
    order_id: UUID | None,
    renamed: bool,
    amount: Decimal | None = None,
) -> Decision:
    fact = DepositMoved(
        payment=MoneyPaymentView.model_validate(after.view(), from_attributes=True),
        order_id=order_id,
        from_order_id=before.order_id,
        amount=before.held if amount is None else amount,
        renamed=renamed,
    )
    return Decision(payments=(after,), events=(fact,))
