"""Bonuses as a way to pay: a share of a settled order, from the customer's own purse."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from decimal import ROUND_DOWN, Decimal
from uuid import UUID

from services.finance.domain.decision import Decision
from services.finance.domain.ledger import ZERO, ClientAccount, Stamp
from services.finance.domain.payment import Payment
from services.finance.domain.purse import Purse
from services.finance.domain.settlement import Settlement
from services.finance.domain.till import refund_payment, take_payment
from shared.refusals import Refused

_KOPECK = Decimal("0.01")


def pay(
    payment: Payment,
    settlement: Settlement | None,
    max_share_percent: Decimal,
    purse: Purse,
    account: ClientAccount,
    stamp: Stamp,
    entry_id: UUID,
) -> Decision:
    """Bonuses cover a part of what is due; they are never a deposit.

    Refused: ``bonus_order_not_settled``, ``bonus_share_exceeded``, ``bonus_not_enough``.
    """
    if settlement is None:
        raise Refused("bonus_order_not_settled")
    limit = payable(settlement, max_share_percent)
    if payment.amount > limit:
        raise Refused("bonus_share_exceeded", limit=limit, percent=max_share_percent)
    payment = replace(payment, lots=purse.spend(payment.amount))
    decision = take_payment(payment, [settlement], account, (), stamp, entry_id)
    return purse.closed().and_then(decision)


def payable(settlement: Settlement, max_share_percent: Decimal) -> Decimal:
    """How much bonuses may still pay of an order: never more than the share of its total, which
    is rounded down, nor than is due."""
    share = (settlement.order.revenue * max_share_percent / 100).quantize(_KOPECK, ROUND_DOWN)
    return max(min(share - settlement.bonuses, settlement.due), ZERO)


def give_back(
    payment: Payment,
    settlements: Mapping[UUID, Settlement],
    amount: Decimal | None,
    reason: str | None,
    purse: Purse,
    stamp: Stamp,
    entry_id: UUID,
) -> Decision:
    """As ``refund_payment``: the bonuses go back to the lots that they were taken from.

    Refused: ``refund_exceeds_payment``.
    """
    decision = refund_payment(payment, settlements, amount, reason, stamp, entry_id)
    (after,) = decision.payments
    lots = purse.give_back(payment.lots, after.refunded - payment.refunded)
    given = replace(decision, payments=(replace(after, lots=lots),))
    return purse.closed().and_then(given)
