"""Fiscal receipts: queued with the money that they are about, looked at, sent once more by hand."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from services.finance.domain import fiscal as domain
from services.finance.domain.fiscal import FiscalReceipt, Share
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
    RetryFiscalReceipt,
)
from shared.handlers import Work
from shared.pagination import page_of
from shared.refusals import Refused
from shared.vat import percent_on


async def queue_money(
    kind: FiscalKind,
    payments: Sequence[Payment],
    where: Shift | None,
    store: FinanceStore,
    work: Work,
    reason: str | None = None,
) -> FiscalReceipt | None:
    """A receipt of money that came by one document, as far as it has not been given back; none
    without a register."""
    if work.settings.fiscal_adapter == "none" or payments[0].is_bonus:
        return None
    sums: dict[UUID | None, Decimal] = {}
    for payment in payments:
        for order_id, amount in domain.moved(None, payment).items():
            # What is held waits for the order that it was given for.
            target = payment.reserved_for if order_id is None else order_id
            sums[target] = sums.get(target, ZERO) + amount
    percent = await percent_of(payments[0], store, work)
    shares = [
        await _share(order_id, amount, percent, store, work) for order_id, amount in sums.items()
    ]
    tenders = [(payment.method, payment.left) for payment in payments]
    receipt = money_receipt(kind, payments[0], shares, tenders, where, work, reason)
    await queue(receipt, store, work)
    return receipt


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
        document_id=payment.document_id or payment.id,
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
    sale = await store.receipt_about(payment.document_id or payment.id, "sale")
    if sale is None:
        return payment
    return payment.model_copy(update={"fiscal_state": sale.state, "fiscal_number": sale.number})


@handlers.command(RetryFiscalReceipt)
async def retry_fiscal_receipt(
    command: RetryFiscalReceipt, store: FinanceStore, work: Work
) -> FiscalReceiptView:
    receipt = await store.receipt(command.receipt_id, lock=True)
    if receipt is None:
        raise Refused("fiscal_receipt_not_found", id=command.receipt_id)
    retried = domain.retried(receipt, work.now)
    await store.save_receipt(retried)
    work.publish(FiscalReceiptMoved(receipt=retried.view()))
    return retried.view()


@handlers.command(CorrectPayment)
async def correct_payment(
    command: CorrectPayment, store: FinanceStore, work: Work
) -> FiscalReceiptView:
    payment = await store.payment(command.payment_id)
    if payment is None or payment.is_bonus:
        raise Refused("payment_not_found", id=command.payment_id)
    document_id = payment.document_id or payment.id
    sale = await store.receipt_about(document_id, "sale")
    stands = sale is not None and sale.state not in ("failed", "undetermined")
    if stands or await store.receipt_about(document_id, "correction"):
        raise Refused("fiscal_receipt_exists")
    together = (
        await store.document_payments(payment.document_id) if payment.document_id else [payment]
    )
    money = [one for one in together if one.left and not one.is_bonus]
    if not money:
        raise Refused("nothing_to_correct")
    receipt = await queue_money("correction", money, None, store, work, command.reason)
    if receipt is None:
        raise Refused("fiscal_off")
    return receipt.view()


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
