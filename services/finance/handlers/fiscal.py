"""Fiscal receipts: queued with the money that they are about, looked at, sent once more by hand."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from services.finance.domain import fiscal as domain
from services.finance.domain.fiscal import FiscalReceipt, Share, Told
from services.finance.domain.ledger import ZERO
from services.finance.domain.payment import Payment
from services.finance.domain.settlement import Settlement, standing
from services.finance.domain.shifts import Shift
from services.finance.handlers.table import handlers, order_of
from services.finance.store import FinanceStore
from shared.contracts.base import Page
from shared.contracts.finance import PaymentMethod, PaymentView
from shared.contracts.fiscal import (
    CorrectPayment,
    FiscalKind,
    FiscalReceiptMoved,
    FiscalReceiptView,
    GetFiscalReceipt,
    ListFiscalReceipts,
    LookUpFiscalReceipt,
    RetryFiscalReceipt,
)
from shared.handlers import Work
from shared.pagination import page_of
from shared.refusals import Refused
from shared.vat import percent_on


async def queue_sale(
    payments: Sequence[Payment], where: Shift | None, store: FinanceStore, work: Work
) -> None:
    """A receipt of money that came by one document; none without a register."""
    if work.settings.fiscal_adapter == "none" or payments[0].is_bonus:
        return
    shares = await _shares(payments, store, work)
    tenders = [(payment.method, payment.left) for payment in payments]
    await queue(money_receipt("sale", payments[0], shares, tenders, where, work), store, work)


async def _shares(payments: Sequence[Payment], store: FinanceStore, work: Work) -> list[Share]:
    """Where the money of one document stands, as far as it has not been given back."""
    sums: dict[UUID | None, Decimal] = {}
    for payment in payments:
        for order_id, amount in domain.moved(None, payment).items():
            # What is held waits for the order that it was given for.
            target = payment.reserved_for if order_id is None else order_id
            sums[target] = sums.get(target, ZERO) + amount
    percent = await percent_of(payments[0], store, work)
    return [
        await _share(order_id, amount, percent, store, work) for order_id, amount in sums.items()
    ]


def document_of(payment: Payment | PaymentView) -> UUID:
    """What the receipts of taken money are about."""
    return payment.document_id or payment.id


def money_receipt(
    kind: FiscalKind,
    payment: Payment,
    shares: Sequence[Share],
    tenders: Sequence[tuple[PaymentMethod, Decimal]],
    where: Shift | None,
    work: Work,
    reason: str | None = None,
) -> FiscalReceipt:
    """Of money that came or went over the counter."""
    return FiscalReceipt(
        id=work.new_id(),
        kind=kind,
        state="queued",
        document_id=document_of(payment),
        shift_id=where.id if where else None,
        cash_box_id=where.cash_box_id if where else None,
        cashier=work.actor.login,
        total=domain.total_of(shares),
        tenders=domain.tenders_of(tenders),
        shares=tuple(shares),
        created_at=work.now,
        wake_at=work.now,
        reason=reason,
    )


async def percent_of(payment: Payment, store: FinanceStore, work: Work) -> Decimal | None:
    """At which the payment is an advance: as it was taken, or, where nobody wrote that down yet,
    of its day."""
    if payment.vat_percent is not None:
        return payment.vat_percent
    vat = await store.vat(work.settings.station_id)
    return percent_on(vat.counting, payment.at.astimezone(work.settings.zone).date())


async def _share(
    order_id: UUID | None,
    amount: Decimal,
    percent: Decimal | None,
    store: FinanceStore,
    work: Work,
) -> Share:
    """``percent``: of the day on which the money came, which what is not settled has."""
    settled = standing(await store.history(order_id)) if order_id else None
    number = (await order_of(order_id, store, work)).number if order_id else None
    if settled:
        return share_of(settled, amount, number)
    return Share(amount, order_id, number, vat_percent=percent)


def share_of(settled: Settlement, amount: Decimal, number: str | None) -> Share:
    return Share(
        amount,
        settled.order_id,
        number,
        is_settled=True,
        is_whole=settled.order.revenue == amount,
        vat_percent=settled.order.vat.percent,
    )


async def queue_shift(kind: FiscalKind, shift: Shift, store: FinanceStore, work: Work) -> None:
    """The register hears of a shift's beginning and end."""
    if work.settings.fiscal_adapter == "none":
        return
    receipt = FiscalReceipt(
        id=work.new_id(),
        kind=kind,
        state="queued",
        document_id=shift.id,
        shift_id=shift.id,
        cash_box_id=shift.cash_box_id,
        cashier=work.actor.login,
        total=ZERO,
        tenders=(),
        shares=(),
        created_at=work.now,
        wake_at=work.now,
    )
    await queue(receipt, store, work)


async def queue(receipt: FiscalReceipt, store: FinanceStore, work: Work) -> None:
    await store.add_receipt(receipt)
    work.publish(FiscalReceiptMoved(receipt=receipt.view()))


async def with_receipt(payment: PaymentView, store: FinanceStore, work: Work) -> PaymentView:
    """As it is shown: with what became of its receipt."""
    if work.settings.fiscal_adapter == "none" or payment.method == "bonus":
        return payment
    sale = await store.receipt_about(document_of(payment), "sale")
    if sale is None:
        return payment
    return payment.model_copy(update={"fiscal_state": sale.state, "fiscal_number": sale.number})


async def is_correctable(payment: PaymentView, store: FinanceStore, work: Work) -> bool:
    """Whether ``correct_payment`` would do something for it, as far as reading tells."""
    if work.settings.fiscal_adapter == "none" or payment.method == "bonus":
        return False
    about = await store.receipts_about((document_of(payment),))
    refunds = [receipt for receipt in about if receipt.kind == "refund"]
    left = await store.is_left_of(document_of(payment))
    try:
        domain.ensure_correctable(domain.told_by(about), refunds, left=left)
    except Refused:
        return False
    return True


async def take_along(receipt: FiscalReceipt, store: FinanceStore, work: Work) -> None:
    """Refunds are not printed as long as what they give back has failed, and follow it then."""
    if receipt.kind not in ("sale", "correction"):
        return
    for refund in await store.refunds_after(receipt):
        if receipt.state == "failed" and refund.state == "queued":
            await _moved(domain.held(refund), store, work)
        elif receipt.state == "queued" and refund.state == "failed":
            await _moved(domain.retried(refund, work.now), store, work)


async def _moved(receipt: FiscalReceipt, store: FinanceStore, work: Work) -> None:
    await store.save_receipt(receipt)
    work.publish(FiscalReceiptMoved(receipt=receipt.view()))


@handlers.command(RetryFiscalReceipt)
async def retry_fiscal_receipt(
    command: RetryFiscalReceipt, store: FinanceStore, work: Work
) -> FiscalReceiptView:
    receipt, told = await _to_change(command.receipt_id, store)
    retried = domain.retried(receipt, work.now)
    domain.ensure_retriable(receipt, told)
    await _moved(retried, store, work)
    await take_along(retried, store, work)
    return retried.view()


@handlers.command(LookUpFiscalReceipt)
async def look_up_fiscal_receipt(
    command: LookUpFiscalReceipt, store: FinanceStore, work: Work
) -> FiscalReceiptView:
    if command.printed and command.number is None:
        raise Refused("field_required", field="number")
    receipt, _ = await _to_change(command.receipt_id, store)
    number = command.number if command.printed else None
    looked_up = domain.looked_up(receipt, number, work.now)
    await _moved(looked_up, store, work)
    await take_along(looked_up, store, work)
    return looked_up.view()


async def _to_change(receipt_id: UUID, store: FinanceStore) -> tuple[FiscalReceipt, Told | None]:
    """Locked, after what is told of its document. Refused: ``fiscal_receipt_not_found``."""
    seen = await store.receipt(receipt_id)
    if seen is None:
        raise Refused("fiscal_receipt_not_found", id=receipt_id)
    told = await store.told_of(seen.document_id, "to_change")
    receipt = await store.receipt(seen.id, lock=True)
    assert receipt, "none is ever deleted"
    return receipt, told


@handlers.command(CorrectPayment)
async def correct_payment(
    command: CorrectPayment, store: FinanceStore, work: Work
) -> FiscalReceiptView:
    payment = await store.payment(command.payment_id)
    if payment is None or payment.is_bonus:
        raise Refused("payment_not_found", id=command.payment_id)
    together = (
        await store.document_payments(payment.document_id) if payment.document_id else [payment]
    )
    told = await store.told_of(document_of(payment), "to_change")
    about = await store.receipts_about((document_of(payment),))
    refunds = [receipt for receipt in about if receipt.kind == "refund"]
    money = [one for one in together if not one.is_bonus]
    domain.ensure_correctable(told, refunds, left=any(one.left for one in money))
    if work.settings.fiscal_adapter == "none":
        raise Refused("fiscal_off")
    if told:
        receipt = domain.standing_for(
            told.receipt, work.new_id(), work.actor.login, command.reason, work.now
        )
    else:
        receipt = await _never_told(money, refunds, command.reason, store, work)
        domain.ensure_has_codes(receipt)
    await queue(receipt, store, work)
    for refund in refunds:
        if refund.state == "failed":
            stays, anew = domain.following(refund, work.new_id(), work.now)
            await _moved(stays, store, work)
            await queue(anew, store, work)
    return receipt.view()


async def _never_told(
    money: Sequence[Payment],
    refunds: Sequence[FiscalReceipt],
    reason: str,
    store: FinanceStore,
    work: Work,
) -> FiscalReceipt:
    """What is left of money without a receipt, and what refunds say of it that have receipts all
    the same."""
    shares = await _shares(money, store, work)
    tenders = [(payment.method, payment.left) for payment in money]
    for refund in refunds:
        shares += refund.shares
        tenders += [(tender.method, tender.amount) for tender in refund.tenders]
    return money_receipt("correction", money[0], shares, tenders, None, work, reason)


@handlers.question(GetFiscalReceipt)
async def get_fiscal_receipt(
    question: GetFiscalReceipt, store: FinanceStore, work: Work
) -> FiscalReceiptView:
    receipt = await store.receipt(question.receipt_id)
    if receipt is None:
        raise Refused("fiscal_receipt_not_found", id=question.receipt_id)
    return receipt.view()


@handlers.question(ListFiscalReceipts)
async def list_fiscal_receipts(
    question: ListFiscalReceipts, store: FinanceStore, work: Work
) -> Page[FiscalReceiptView]:
    return page_of(
        await store.receipt_rows(question),
        question.limit,
        FiscalReceipt.view,
        lambda receipt: (receipt.id,),
    )
