"""Bonuses of clients: what they have, and what becomes of it. Owned by ``services/finance``."""

from __future__ import annotations

from typing import ClassVar, Literal
from uuid import UUID

from shared.contracts.base import (
    Command,
    Cursor,
    Event,
    Instant,
    Limit,
    Money,
    Name,
    Question,
    SignedMoney,
    View,
)
from shared.contracts.bonus_rules import DaysToLive, RuleProblem
from shared.contracts.finance import MoneySum, PaymentView

# --- a client's bonuses -------------------------------------------------------------------------

BonusMovementKind = Literal[
    "accrued", "reversed", "spent", "returned", "granted", "written_off", "expired"
]


class BonusMovement(View):
    at: Instant
    kind: BonusMovementKind
    amount: SignedMoney
    """Negative: fewer bonuses. A reversal that is taken back (money came again)
    is positive."""
    order_id: UUID | None
    number: str | None
    rule_id: UUID | None
    rule: str | None
    payment_id: UUID | None
    comment: str | None
    actor: str


class ExpiringBonuses(View):
    expires_at: Instant
    amount: Money


class BonusesView(View):
    client_id: UUID
    balance: MoneySum
    """What may be spent. Negative: bonuses were spent before the order that earned them was
    refunded; the next accruals fill it."""
    expiring: tuple[ExpiringBonuses, ...]
    """What is lost next, if it is not spent; the earliest first."""
    items: tuple[BonusMovement, ...]
    """Newest first."""
    next: str | None = None


class GetBonuses(Question[BonusesView]):
    """A client's bonuses now, and how they came about. Refused: ``client_not_found``."""

    subject: ClassVar[str] = "ask.finance.bonuses.v1"

    client_id: UUID
    limit: Limit = 50
    cursor: Cursor | None = None


class BonusBalanceView(View):
    client_id: UUID
    balance: MoneySum


class AdjustBonuses(Command[BonusBalanceView]):
    """Grants bonuses by hand, or writes them off (a negative amount). ``days_to_live`` is of a
    grant. Refused: ``client_not_found``, ``amount_zero``, ``bonus_not_enough``,
    ``amount_too_large``."""

    subject: ClassVar[str] = "cmd.finance.adjust_bonuses.v1"

    client_id: UUID
    amount: SignedMoney
    reason: Name
    days_to_live: DaysToLive | None = None


class ExpiredBonuses(View):
    clients: int
    more: bool
    """There are clients left whose bonuses have expired."""


class ExpireBonuses(Command[ExpiredBonuses]):
    """Posts what has expired by now, of a bounded number of clients. Sent by finance itself about
    every minute; operators may, too. Balances never count what has expired, posted or not."""

    subject: ClassVar[str] = "cmd.finance.expire_bonuses.v1"


# --- facts --------------------------------------------------------------------------------------


class AccruedBonus(View):
    rule_id: UUID
    rule: str
    amount: Money
    expires_at: Instant | None


class SkippedRule(View):
    """A rule that could not be reckoned; the others were."""

    rule_id: UUID
    rule: str
    problem: RuleProblem


class BonusAccrued(Event):
    """A completion of an order is paid, and its rules are reckoned, once. Producer: finance.
    Consumer: audit."""

    subject: ClassVar[str] = "evt.finance.bonus_accrued.v1"

    order_id: UUID
    number: str
    completion: int
    client_id: UUID
    amount: Money
    bonuses: tuple[AccruedBonus, ...]
    skipped: tuple[SkippedRule, ...]

    def aggregate_id(self) -> UUID:
        return self.order_id


class BonusReversed(Event):
    """Money of the order went back, or the order was reopened: so much of its accrual is taken
    back. Negative: money came again, be it a part. ``kept`` stands of the accrual afterwards.
    Producer: finance. Consumer: audit."""

    subject: ClassVar[str] = "evt.finance.bonus_reversed.v1"

    order_id: UUID
    completion: int
    client_id: UUID
    amount: SignedMoney
    kept: Money

    def aggregate_id(self) -> UUID:
        return self.order_id


class BonusSpent(Event):
    """Bonuses pay for an order; no money comes in. Producer: finance. Consumers: orders (what is
    paid), audit."""

    subject: ClassVar[str] = "evt.finance.bonus_spent.v1"

    payment: PaymentView
    order_id: UUID | None

    def aggregate_id(self) -> UUID:
        return self.payment.id


class BonusReturned(Event):
    """A payment by bonuses is given back; ``payment`` as it is afterwards. Producer: finance.
    Consumers: orders, audit."""

    subject: ClassVar[str] = "evt.finance.bonus_returned.v1"

    payment: PaymentView
    order_id: UUID | None
    amount: Money
    reason: str | None

    def aggregate_id(self) -> UUID:
        return self.payment.id


class BonusAdjusted(Event):
    """Granted by hand, or written off (negative). Producer: finance. Consumer: audit."""

    subject: ClassVar[str] = "evt.finance.bonus_adjusted.v1"

    client_id: UUID
    amount: SignedMoney
    reason: str
    expires_at: Instant | None

    def aggregate_id(self) -> UUID:
        return self.client_id


class BonusExpired(Event):
    """Producer: finance. Consumer: audit."""

    subject: ClassVar[str] = "evt.finance.bonus_expired.v1"

    client_id: UUID
    amount: Money

    def aggregate_id(self) -> UUID:
        return self.client_id
