"""What a decision about money comes to."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from services.finance.domain.ledger import Account, Entry, Posting
from services.finance.domain.payment import Payment
from services.finance.domain.settlement import Settlement
from shared.contracts.base import Event


@dataclass(frozen=True, slots=True)
class Decision:
    """Entries to post, payments and settlements as they are after them, and facts to publish."""

    entries: tuple[Entry, ...] = ()
    payments: tuple[Payment, ...] = ()
    settlements: tuple[Settlement, ...] = ()
    events: tuple[Event, ...] = ()


def move(
    debit: Account, credit: Account, amount: Decimal, payment: Payment, order_id: UUID | None
) -> Posting:
    """A posting of a client's money."""
    return Posting(
        debit,
        credit,
        amount,
        client_id=payment.customer_id,
        order_id=order_id,
        payment_id=payment.id,
    )
