"""A client's bonuses: spent by their expiry, taken back, given back, and never lost count of.

The balance is the ledger's; lots say how long which part of it lives. What is taken back after it
was spent overdraws the purse: then all lots are empty, and whatever comes next fills that first.
So ``balance = what is left in lots - overdraft``, and never are both above zero.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from uuid import UUID
from zoneinfo import ZoneInfo

from services.finance.domain.bonus_lots import Accrual, Lot, end_of_day
from services.finance.domain.decision import Decision
from services.finance.domain.ledger import (
    BONUS_CATEGORY,
    ZERO,
    Account,
    ClientAccount,
    Entry,
    EntryKind,
    Posting,
    Stamp,
)
from shared.contracts.base import MAX_MONEY, Event
from shared.contracts.bonuses import BonusAdjusted, BonusExpired, BonusReversed
from shared.refusals import Refused

RETURNED_LIVE_DAYS = 30
"""What comes back after its lot has expired may be spent for so long."""
_NEVER = datetime.max.replace(tzinfo=UTC)
_CLOCKWORK = "system"
"""Who lets bonuses expire."""


class Purse:
    """One client's bonuses while something happens to them; ``closed`` tells what has.

    Opening it posts what has expired by then, so that nobody can spend or take it. ``lots``: all
    that are not empty, and those of orders and payments that it is about. ``ids``: of new entries
    and lots.
    """

    def __init__(
        self,
        account: ClientAccount,
        lots: Iterable[Lot],
        stamp: Stamp,
        zone: ZoneInfo,
        ids: Iterator[UUID],
    ) -> None:
        self.client_id = account.client_id
        self.balance = account.bonuses
        self._lots = {lot.id: lot for lot in lots}
        self._stamp = stamp
        self._zone = zone
        self._ids = ids
        self._changed: dict[UUID, None] = {}
        self._entries: list[Entry] = []
        self._events: list[Event] = []
        self._expire()

    @property
    def available(self) -> Decimal:
        return max(self.balance, ZERO)

    def closed(self) -> Decision:
        """Everything that has happened to it."""
        return Decision(
            entries=tuple(self._entries),
            events=tuple(self._events),
            lots=tuple(self._lots[lot_id] for lot_id in self._changed),
        )

    # --- what happens ----------------------------------------------------------------------------

    def accrue(self, accrual: Accrual, lots: Iterable[Lot]) -> None:
        """What an order has earned, at the time at which it was paid."""
        lots = tuple(lots)
        for lot in lots:
            self._put(lot)
        stamp = replace(self._stamp, at=accrual.at)
        postings = [self._given(lot, lot.amount) for lot in lots]
        self._post(EntryKind.BONUS_ACCRUAL, stamp, postings, accrual.order_id)
        self.even_out()

    def hold_to(self, accrual: Accrual, money: Decimal, reason: str | None) -> None:
        """Of an accrual so much stands as is due to the money that covers its order now: the rest
        is taken back, and comes back as money does."""
        postings: list[Posting] = []
        change = kept = ZERO
        for lot in list(self._lots.values()):
            if (lot.order_id, lot.completion) != (accrual.order_id, accrual.completion):
                continue
            stands = accrual.kept(lot.amount, money)
            kept += stands
            back = lot.kept - stands
            change += back
            if back > 0:
                postings.append(self._taken(lot, back))
                left = max(lot.left - back, ZERO)
                self._note(replace(lot, taken_back=lot.taken_back + back, left=left))
            elif back < 0:
                postings.append(self._given(lot, -back))
                self._note(replace(lot, taken_back=lot.taken_back + back))
                self._come_back(lot.id, -back)
            self.balance -= back
        if postings:
            self._post(
                EntryKind.BONUS_REVERSAL, self._stamp, postings, accrual.order_id, comment=reason
            )
            self._events.append(
                BonusReversed(
                    order_id=accrual.order_id,
                    completion=accrual.completion,
                    client_id=self.client_id,
                    amount=change,
                    kept=kept,
                )
            )
        self.even_out()

    def spend(self, amount: Decimal) -> dict[UUID, Decimal]:
        """From which lots the bonuses are taken: those that expire first go first. The payment
        posts it. Refused: ``bonus_not_enough``."""
        if amount > self.available:
            raise Refused("bonus_not_enough", available=self.available)
        self.balance -= amount
        return self._draw(amount)

    def give_back(self, taken: Mapping[UUID, Decimal], amount: Decimal) -> dict[UUID, Decimal]:
        """So much of what a payment took comes back, the longest-lived first; what it still has of
        which lot. The refund posts it."""
        kept = dict(taken)
        self.balance += amount
        for lot in sorted((self._lots[lot_id] for lot_id in taken), key=_expiry, reverse=True):
            back = min(taken[lot.id], amount)
            if back:
                self._come_back(lot.id, back)
                kept[lot.id] -= back
                amount -= back
        self.even_out()
        return {lot_id: share for lot_id, share in kept.items() if share}

    def adjust(self, amount: Decimal, reason: str, days_to_live: int | None) -> None:
        """Granted by hand, or written off when the amount is negative. Refused: ``amount_zero``,
        ``amount_too_large``, ``bonus_not_enough``."""
        if not amount:
            raise Refused("amount_zero")
        if self.balance + amount > MAX_MONEY:
            raise Refused("amount_too_large")
        expires_at = None
        if amount > 0:
            if days_to_live:
                expires_at = end_of_day(self._stamp.at, days_to_live, self._zone)
            lot = self._new_lot(amount, expires_at)
            self._put(lot)
            kind, posting = EntryKind.BONUS_GRANT, self._given(lot, amount)
        else:
            self.spend(-amount)
            kind = EntryKind.BONUS_WRITE_OFF
            posting = self._posting(Account.BONUSES, Account.BONUS_EXPENSE, -amount)
        self._post(kind, self._stamp, [posting], comment=reason)
        self._events.append(
            BonusAdjusted(
                client_id=self.client_id, amount=amount, reason=reason, expires_at=expires_at
            )
        )
        self.even_out()

    def even_out(self) -> None:
        """What lots have beyond the balance fills the overdraft."""
        beyond = sum((lot.left for lot in self._lots.values()), ZERO) - self.balance
        if beyond > 0:
            self._draw(beyond)

    def _expire(self) -> None:
        gone = [lot for lot in self._lots.values() if lot.left and not lot.is_alive(self._stamp.at)]
        for lot in sorted(gone, key=_expiry):
            self._note(replace(lot, left=ZERO))
            self.balance -= lot.left
            # However late it is noticed, it belongs to the end of its last day.
            stamp = replace(self._stamp, at=_expiry(lot)[0], actor=_CLOCKWORK)
            self._post(EntryKind.BONUS_EXPIRY, stamp, [self._taken(lot, lot.left)], lot.order_id)
        if gone:
            lost = sum((lot.left for lot in gone), ZERO)
            self._events.append(BonusExpired(client_id=self.client_id, amount=lost))

    # --- how -------------------------------------------------------------------------------------

    def _put(self, lot: Lot) -> None:
        self._note(lot)
        self.balance += lot.left

    def _come_back(self, lot_id: UUID, amount: Decimal) -> None:
        """To its lot, with the old expiry; where that has expired, as a lot of its own."""
        lot = self._lots[lot_id]
        if lot.is_alive(self._stamp.at):
            self._note(replace(lot, left=lot.left + amount))
            return
        expires_at = end_of_day(self._stamp.at, RETURNED_LIVE_DAYS, self._zone)
        again = self._new_lot(amount, expires_at)
        self._note(replace(again, order_id=lot.order_id, rule_id=lot.rule_id))

    def _new_lot(self, amount: Decimal, expires_at: datetime | None) -> Lot:
        return Lot(next(self._ids), self.client_id, self._stamp.at, expires_at, amount, amount)

    def _draw(self, amount: Decimal) -> dict[UUID, Decimal]:
        taken: dict[UUID, Decimal] = {}
        for lot in sorted(self._lots.values(), key=_expiry):
            if share := min(lot.left, amount):
                self._note(replace(lot, left=lot.left - share))
                taken[lot.id] = share
                amount -= share
        return taken

    def _note(self, lot: Lot) -> None:
        self._lots[lot.id] = lot
        self._changed[lot.id] = None

    def _given(self, lot: Lot, amount: Decimal) -> Posting:
        return self._posting(Account.BONUS_EXPENSE, Account.BONUSES, amount, lot)

    def _taken(self, lot: Lot, amount: Decimal) -> Posting:
        return self._posting(Account.BONUSES, Account.BONUS_EXPENSE, amount, lot)

    def _posting(
        self, debit: Account, credit: Account, amount: Decimal, lot: Lot | None = None
    ) -> Posting:
        return Posting(
            debit,
            credit,
            amount,
            client_id=self.client_id,
            order_id=lot.order_id if lot else None,
            category=BONUS_CATEGORY,
            rule_id=lot.rule_id if lot else None,
        )

    def _post(
        self,
        kind: EntryKind,
        stamp: Stamp,
        postings: list[Posting],
        order_id: UUID | None = None,
        comment: str | None = None,
    ) -> None:
        if postings:
            self._entries.append(
                Entry(
                    next(self._ids),
                    kind,
                    stamp,
                    tuple(postings),
                    order_id=order_id,
                    client_id=self.client_id,
                    comment=comment,
                )
            )


def _expiry(lot: Lot) -> tuple[datetime, datetime, UUID]:
    """Lots in the order in which they expire; those that never do come last."""
    return lot.expires_at or _NEVER, lot.at, lot.id
