"""What a decision about money comes to."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from services.finance.domain.bonus_lots import Accrual, Lot
from services.finance.domain.ledger import Account, Entry, Posting
from services.finance.domain.lines import CorrectedPart
from services.finance.domain.pay_lines import PayLine
from services.finance.domain.payment import Payment
from services.finance.domain.settlement import Settlement
from shared.contracts.base import Event


@dataclass(frozen=True, slots=True)
class Correction:
    """What an entry corrects: the cost of these parts, in the entry that settled the order."""

    entry_id: UUID
    settlement: Settlement
    parts: tuple[CorrectedPart, ...]


@dataclass(frozen=True, slots=True)
class Decision:
    """Entries to post, payments, settlements and lots of bonuses as they are after them, why people
    earned what is posted, whose cost is corrected, and facts to publish."""

    entries: tuple[Entry, ...] = ()
    payments: tuple[Payment, ...] = ()
    settlements: tuple[Settlement, ...] = ()
    events: tuple[Event, ...] = ()
    lots: tuple[Lot, ...] = ()
    accruals: tuple[Accrual, ...] = ()
    pay_lines: tuple[PayLine, ...] = ()
    corrections: tuple[Correction, ...] = ()

    def and_then(self, other: Decision) -> Decision:
        """Both; where they speak of the same thing, the other one counts."""
        return Decision(
            self.entries + other.entries,
            self.payments + other.payments,
            self.settlements + other.settlements,
            self.events + other.events,
            self.lots + other.lots,
            self.accruals + other.accruals,
            self.pay_lines + other.pay_lines,
            self.corrections + other.corrections,
        )


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
