"""Fiscal receipts by no new money: an order takes what was paid before, or gives it back.

What was paid before it was settled was sold as an advance, and is offset when the order takes it.
What was paid later was sold as the order's itself, by its own receipt. When the order is reopened
all of it is an advance again: the offset goes back, and what was sold by its own receipt is taken
back and sold as an advance, by the same methods, so that the drawer has as much as before.

Money that is given back undoes what the receipts say of it: an advance at the rate at which it was
sold, after its offset has gone back, if an order had taken it.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from services.finance.domain import fiscal as domain
from services.finance.domain.decision import Decision
from services.finance.domain.fiscal import FiscalReceipt, Share
from services.finance.domain.ledger import ZERO, Entry, EntryKind
from services.finance.domain.payment import Payment
from services.finance.domain.settlement import Settlement, standing
from services.finance.domain.shifts import Shift
from services.finance.handlers.fiscal import (
    document_of,
    money_receipt,
    percent_of,
    queue,
    share_of,
)
from services.finance.handlers.table import order_of
from services.finance.store import FinanceStore
from shared.contracts.finance import PaymentMethod
from shared.contracts.fiscal import FiscalKind
from shared.handlers import Work

type Part = tuple[Payment, Decimal]
"""A payment, and how much of it."""


async def queue_offsets(decision: Decision, store: FinanceStore, work: Work) -> None:
    """Of every entry that lets an order take deposits or gives them back; none without a
    register."""
    if work.settings.fiscal_adapter == "none":
        return
    for entry in decision.entries:
        if entry.kind is EntryKind.DEPOSITS_APPLIED:
            await _take(entry, _settled(entry, decision), _parts(entry, decision), store, work)
        elif entry.kind is EntryKind.DEPOSITS_RESTORED:
            await _give_back(entry, _settled(entry, decision), _parts(entry, decision), store, work)


async def queue_refund(
    before: Payment,
    after: Payment,
    where: Shift | None,
    store: FinanceStore,
    work: Work,
    reason: str | None,
) -> None:
    """Of money that was given back by this transaction; none without a register, nor of what no
    receipt has told of. It waits as long as that has failed."""
    if work.settings.fiscal_adapter == "none":
        return
    told = await store.told_of(document_of(before), "to_read")
    if told is None:
        await _undo_untold(before, after, store, work)
        return
    shares: list[Share] = []
    advances: dict[UUID | None, Decimal] = {}
    for order_id, change in domain.moved(before, after).items():
        amount, target = -change, after.reserved_for
        if order_id:
            settled = standing(await store.history(order_id))
            assert settled, "only what is settled has money on it"
            assert settled.entry_id
            own = min(amount, told.sold_for(order_id, settled.entry_id))
            if own:
                shares.append(share_of(settled, own, settled.order.number))
            amount -= own
            await _undo_offset(settled, amount, store, work)
            target = order_id if before.order_id == order_id else None
        if amount:
            advances[target] = advances.get(target, ZERO) + amount
    if advances:
        percent = await _advance_percent(before, store, work)
        for target, amount in advances.items():
            number = (await order_of(target, store, work)).number if target else None
            shares.append(Share(amount, target, number, vat_percent=percent))
    tenders = [(after.method, domain.total_of(shares))]
    receipt = money_receipt("refund", after, shares, tenders, where, work, reason)
    await queue(domain.held(receipt) if told.has_failed else receipt, store, work)


async def _undo_offset(
    settled: Settlement, amount: Decimal, store: FinanceStore, work: Work
) -> None:
    """As much of an order's offsets goes back, if there is so much."""
    moved = sorted(await store.deposits_moved(settled.order_id))
    back = min(amount, domain.offset_by(await store.receipts_about(moved)))
    if back > 0:
        share = share_of(settled, back, settled.order.number)
        await queue(_receipt("refund", moved[-1], (share,), (), work), store, work)


async def _undo_untold(before: Payment, after: Payment, store: FinanceStore, work: Work) -> None:
    """An older version offset also what no receipt had sold: as much goes back as an order's
    offsets have beyond the advances that receipts did sell."""
    for order_id, change in domain.moved(before, after).items():
        if order_id:
            settled = standing(await store.history(order_id))
            assert settled, "only what is settled has money on it"
            moved = await store.deposits_moved(order_id)
            offset = domain.offset_by(await store.receipts_about(moved))
            sold = await _sold_as_advances(settled, store)
            await _undo_offset(settled, min(-change, offset - sold), store, work)


async def _sold_as_advances(settled: Settlement, store: FinanceStore) -> Decimal:
    """How much of the money on an order receipts have sold, and not as the order's own."""
    assert settled.entry_id
    sold = ZERO
    for payment in await store.payments_of(settled.order_id):
        # A receipt of the same document is about the money beside bonuses.
        if not payment.is_bonus and (told := await store.told_of(document_of(payment))):
            amount = payment.on(settled.order_id)
            sold += amount - min(amount, told.sold_for(settled.order_id, settled.entry_id))
    return sold


async def _advance_percent(payment: Payment, store: FinanceStore, work: Work) -> Decimal | None:
    """At which the register has the advance: receipts of an older version have another one."""
    about = {document_of(payment)}
    if payment.order_id:
        about.update(await store.deposits_moved(payment.order_id))
    percent = await percent_of(payment, store, work)
    return domain.told_advance(percent, await store.receipts_about(about))


def _settled(entry: Entry, decision: Decision) -> Settlement:
    return next(each for each in decision.settlements if each.order_id == entry.order_id)


def _parts(entry: Entry, decision: Decision) -> list[Part]:
    by_id = {payment.id: payment for payment in decision.payments}
    return [
        (by_id[posting.payment_id], posting.amount)
        for posting in entry.postings
        if posting.payment_id
    ]


async def _take(
    entry: Entry, settled: Settlement, parts: Sequence[Part], store: FinanceStore, work: Work
) -> None:
    """What no receipt sold as an advance is none to the register: a correction will sell it as the
    order's."""
    about = await store.receipts_about([document_of(payment) for payment, _ in parts])
    told = {receipt.document_id for receipt in about if receipt.kind != "refund"}
    amount = sum((amount for payment, amount in parts if document_of(payment) in told), ZERO)
    if amount:
        share = share_of(settled, amount, settled.order.number)
        await queue(_receipt("sale", entry.id, (share,), (), work), store, work)


async def _give_back(
    entry: Entry, settled: Settlement, parts: Sequence[Part], store: FinanceStore, work: Work
) -> None:
    number = settled.order.number
    total = sum((amount for _, amount in parts), ZERO)
    moved = await store.deposits_moved(settled.order_id)
    offset = min(total, domain.offset_by(await store.receipts_about(moved)))
    if offset > 0:
        share = share_of(settled, offset, number)
        await queue(_receipt("refund", entry.id, (share,), (), work), store, work)
    own = await _sold_by_their_own(settled, parts, total - max(offset, ZERO), store)
    if not own:
        return
    advances: dict[tuple[UUID | None, Decimal | None], Decimal] = {}
    for payment, amount in own:
        key = payment.reserved_for, await percent_of(payment, store, work)
        advances[key] = advances.get(key, ZERO) + amount
    before = share_of(settled, sum(advances.values(), ZERO), number)
    after = tuple(
        Share(amount, order_id, number if order_id else None, vat_percent=percent)
        for (order_id, percent), amount in advances.items()
    )
    tenders = [(payment.method, amount) for payment, amount in own]
    await queue(_receipt("refund", entry.id, (before,), tenders, work), store, work)
    await queue(_receipt("sale", entry.id, after, tenders, work), store, work)


async def _sold_by_their_own(
    settled: Settlement, parts: Sequence[Part], rest: Decimal, store: FinanceStore
) -> list[Part]:
    """What of the parts was sold as the order's by the receipts of the payments themselves, at most
    ``rest``: the newest first, as older money may have been an advance since. What was taken
    without a receipt, or never was offset, is none of it."""
    assert settled.entry_id
    own: list[Part] = []
    for payment, amount in sorted(parts, key=lambda part: (part[0].at, part[0].id), reverse=True):
        told = await store.told_of(document_of(payment))
        sold = told.sold_for(settled.order_id, settled.entry_id) if told else ZERO
        part = min(amount, rest, sold)
        if part > 0:
            own.append((payment, part))
            rest -= part
    return own


def _receipt(
    kind: FiscalKind,
    entry_id: UUID,
    shares: tuple[Share, ...],
    tenders: Sequence[tuple[PaymentMethod, Decimal]],
    work: Work,
) -> FiscalReceipt:
    return FiscalReceipt(
        id=work.new_id(),
        kind=kind,
        state="queued",
        document_id=entry_id,
        shift_id=None,
        cash_box_id=None,
        cashier=work.actor.login,
        total=domain.total_of(shares),
        tenders=domain.tenders_of(tenders),
        shares=shares,
        created_at=work.now,
        wake_at=work.now,
    )
