"""Fiscal receipts by no new money: an order takes what was paid before, or gives it back.

What was paid before it was settled was sold as an advance, and is offset when the order takes it.
What was paid later was sold as the order's itself, by its own receipt. When the order is reopened
all of it is an advance again: the offset goes back, and what was sold by its own receipt is taken
back and sold as an advance, by the same methods, so that the drawer has as much as before.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from uuid import UUID

from services.finance.domain import fiscal as domain
from services.finance.domain.decision import Decision
from services.finance.domain.fiscal import FiscalReceipt, Share
from services.finance.domain.ledger import ZERO, Entry, EntryKind
from services.finance.domain.payment import Payment
from services.finance.domain.settlement import Settlement
from services.finance.handlers.fiscal import queue, share_of
from services.finance.store import FinanceStore
from shared.contracts.finance import MoneyMethod
from shared.contracts.fiscal import FiscalKind
from shared.handlers import Work
from shared.vat import percent_on

type Part = tuple[Payment, Decimal]
"""A payment, and how much of it."""


async def queue_offsets(decision: Decision, store: FinanceStore, work: Work) -> None:
    """Of every entry that lets an order take deposits or gives them back; none without a
    register."""
    if work.settings.fiscal_adapter == "none":
        return
    for entry in decision.entries:
        if entry.kind is EntryKind.DEPOSITS_APPLIED:
            settled = _settled(entry, decision)
            amount = sum((posting.amount for posting in entry.postings), ZERO)
            share = share_of(settled, amount, settled.order.number)
            await queue(_receipt("sale", entry, (share,), (), work), store, work)
        elif entry.kind is EntryKind.DEPOSITS_RESTORED:
            by_id = {payment.id: payment for payment in decision.payments}
            parts = [
                (by_id[posting.payment_id], posting.amount)
                for posting in entry.postings
                if posting.payment_id
            ]
            await _give_back(entry, _settled(entry, decision), parts, store, work)


def _settled(entry: Entry, decision: Decision) -> Settlement:
    return next(each for each in decision.settlements if each.order_id == entry.order_id)


async def _give_back(
    entry: Entry, settled: Settlement, parts: Sequence[Part], store: FinanceStore, work: Work
) -> None:
    number = settled.order.number
    total = sum((amount for _, amount in parts), ZERO)
    moved = await store.deposits_moved(settled.order_id)
    offset = min(total, domain.offset_by(await store.receipts_about(moved)))
    if offset > 0:
        share = share_of(settled, offset, number)
        await queue(_receipt("refund", entry, (share,), (), work), store, work)
    own = await _sold_by_their_own(settled.order_id, parts, total - max(offset, ZERO), store)
    if not own:
        return
    vat = await store.vat(work.settings.station_id)
    advances: dict[tuple[UUID | None, Decimal | None], Decimal] = {}
    for payment, amount in own:
        day = payment.at.astimezone(work.settings.zone).date()
        key = payment.reserved_for, percent_on(vat.counting, day)
        advances[key] = advances.get(key, ZERO) + amount
    before = share_of(settled, sum(advances.values(), ZERO), number)
    after = tuple(
        Share(amount, order_id, number if order_id else None, vat_percent=percent)
        for (order_id, percent), amount in advances.items()
    )
    tenders = list(_tenders(own))
    await queue(_receipt("refund", entry, (before,), tenders, work), store, work)
    await queue(_receipt("sale", entry, after, tenders, work), store, work)


async def _sold_by_their_own(
    order_id: UUID, parts: Sequence[Part], rest: Decimal, store: FinanceStore
) -> list[Part]:
    """What of the parts was sold as the order's by the receipts of the payments themselves, at most
    ``rest``: the newest first, as older money may have been an advance since. What was taken
    without a receipt, or never was offset, is none of it."""
    own: list[Part] = []
    for payment, amount in sorted(parts, key=lambda part: (part[0].at, part[0].id), reverse=True):
        about = await store.receipts_about((payment.document_id or payment.id,))
        part = min(amount, rest, domain.sold_for(order_id, about))
        if part > 0:
            own.append((payment, part))
            rest -= part
    return own


def _tenders(parts: Sequence[Part]) -> Iterator[tuple[MoneyMethod, Decimal]]:
    for payment, amount in parts:
        assert payment.method != "bonus"
        yield payment.method, amount


def _receipt(
    kind: FiscalKind,
    entry: Entry,
    shares: tuple[Share, ...],
    tenders: Sequence[tuple[MoneyMethod, Decimal]],
    work: Work,
) -> FiscalReceipt:
    return FiscalReceipt(
        id=work.new_id(),
        kind=kind,
        state="queued",
        document_id=entry.id,
        shift_id=None,
        cash_box_id=None,
        cashier=work.actor.login,
        total=domain.total_of(shares),
        tenders=domain.tenders_of(tenders),
        shares=shares,
        created_at=work.now,
        wake_at=work.now,
    )
