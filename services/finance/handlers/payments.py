"""Money of clients: taken, given back, looked up."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from decimal import Decimal
from uuid import UUID

from services.finance.domain import till
from services.finance.domain.ledger import ZERO, ClientAccount, Stamp, kopecks
from services.finance.domain.payment import Order, Payment
from services.finance.domain.payment_documents import check_tendered
from services.finance.domain.settlement import standing
from services.finance.handlers import bonuses, fiscal, fiscal_offsets
from services.finance.handlers.table import (
    account_of,
    check_period,
    handlers,
    keep,
    order_of,
    order_to_pay,
)
from services.finance.handlers.tills import at_till, ensure_cash
from services.finance.store import FinanceStore
from shared.contracts.base import Page
from shared.contracts.client_contracts import ContractSaved
from shared.contracts.clients import GetClient
from shared.contracts.finance import (
    BalanceView,
    GetBalance,
    GetPayment,
    ListPayments,
    PaymentDetails,
    PaymentView,
    RefundPayment,
    TakePayment,
)
from shared.contracts.orders import GetOrder
from shared.contracts.purchase_orders import DepositView, GetDeposit
from shared.handlers import Work
from shared.pagination import page_of
from shared.refusals import Refused


@handlers.command(TakePayment)
async def take_payment(command: TakePayment, store: FinanceStore, work: Work) -> PaymentView:
    """Pays the order it names, or else the customer's oldest debts; the rest is a deposit.
    Bonuses pay a share of the order that they name, and nothing else."""
    if command.method == "bonus":
        _ensure_own(command)
    check_tendered(command.tendered, command.amount if command.method == "cash" else None)
    payer_id = command.payer_id or command.customer_id
    await _ask_of_strangers(command.order_id, (command.customer_id, payer_id), store, work)
    order = await order_to_pay(command.order_id, store, work) if command.order_id else None
    if order and order.client_id != command.customer_id:
        raise Refused("order_of_other_client")
    await account_of(command.customer_id, store, work)
    if payer_id != command.customer_id:
        await account_of(payer_id, store, work)
    here, shift = await at_till(
        (command.method,), command.cash_box_id, command.shift_id, store, work
    )
    payment = Payment(
        id=work.new_id(),
        at=work.now,
        order_id=command.order_id,
        customer_id=command.customer_id,
        payer_id=payer_id,
        amount=kopecks(command.amount),
        method=command.method,
        comment=command.comment,
        actor=work.actor.login,
        shift_id=here.shift_id,
        cash_box_id=shift.cash_box_id if shift else None,
        tendered=command.tendered,
    )
    payment = await taken(payment, order, here, store, work)
    await fiscal.queue_sale([payment], shift, store, work)
    return await fiscal.with_receipt(payment.view(), store, work)


async def taken(
    payment: Payment, order: Order | None, here: Stamp, store: FinanceStore, work: Work
) -> Payment:
    """A new payment, kept: what it covers and what is held of it."""
    account = await account_of(payment.customer_id, store, work)
    settled = standing(await store.history(order.id)) if order else None
    payment = payment.reserved(order.id if order and not settled else None)
    if not payment.is_bonus:
        payment = replace(payment, vat_percent=await fiscal.percent_of(payment, store, work))
    if payment.is_bonus:
        decision = await bonuses.pay(payment, settled, account, store, work)
    elif order:
        dues, others = [settled] if settled else [], await _payments_naming(order, store)
        decision = till.take_payment(payment, dues, account, others, here, work.new_id())
    else:
        dues = await store.dues(payment.customer_id)
        decision = till.take_payment(payment, dues, account, (), here, work.new_id())
    await keep(decision, store, work)
    for settlement in decision.settlements:
        # A refund may have taken back bonuses that stand again with this money.
        await bonuses.follow_money(settlement, None, store, work)
    return decision.payments[-1]


def _ensure_own(command: TakePayment) -> None:
    if command.order_id is None:
        raise Refused("bonus_needs_order")
    if command.payer_id not in (None, command.customer_id):
        raise Refused("bonus_of_other_client")


async def _payments_naming(order: Order, store: FinanceStore) -> list[Payment]:
    payments = await store.payments_of(order.id)
    return [payment for payment in payments if payment.order_id == order.id]


async def _ask_of_strangers(
    order_id: UUID | None, client_ids: Iterable[UUID], store: FinanceStore, work: Work
) -> None:
    """Asks for those whose events have not come, before ``order_of`` and ``account_of`` note any:
    a question after that would take the handler's whole batch back. Refused as there."""
    if order_id and await store.order(order_id) is None:
        await work.ask(GetOrder(order_id=order_id))
    for client_id in client_ids:
        if await store.account(client_id) is None:
            await work.ask(GetClient(client_id=client_id))


@handlers.command(RefundPayment)
async def refund_payment(command: RefundPayment, store: FinanceStore, work: Work) -> PaymentView:
    payment = await store.payment(command.payment_id)
    if payment is None:
        raise Refused("payment_not_found", id=command.payment_id)
    named = (command.cash_box_id, command.shift_id)
    refunded = await given_back(payment, command.amount, command.reason, named, store, work)
    return await fiscal.with_receipt(refunded.view(), store, work)


async def given_back(
    payment: Payment,
    amount: Decimal | None,
    reason: str | None,
    named: tuple[UUID | None, UUID | None],
    store: FinanceStore,
    work: Work,
) -> Payment:
    """A refund, kept. ``named``: the cash box and the shift that the message names."""
    covered = [standing(await store.history(order_id)) for order_id in payment.applied]
    settlements = {settlement.order_id: settlement for settlement in covered if settlement}
    if payment.is_bonus:
        decision = await bonuses.give_back(payment, settlements, amount, reason, store, work)
        await keep(decision, store, work)
        return decision.payments[-1]
    here, shift = await at_till((payment.method,), *named, store, work)
    decision = till.refund_payment(payment, settlements, amount, reason, here, work.new_id())
    (refunded,) = decision.payments
    if payment.method == "cash":
        await ensure_cash(shift, refunded.refunded - payment.refunded, store)
    await keep(decision, store, work)
    for settlement in decision.settlements:
        await bonuses.follow_money(settlement, reason, store, work)
    await fiscal_offsets.queue_refund(payment, refunded, shift, store, work, reason)
    return refunded


@handlers.question(GetPayment)
async def get_payment(question: GetPayment, store: FinanceStore, work: Work) -> PaymentDetails:
    row = await store.payment_row(question.payment_id)
    if row is None:
        raise Refused("payment_not_found", id=question.payment_id)
    payment = PaymentDetails.model_validate(row, from_attributes=True)
    correctable = await fiscal.is_correctable(payment, store, work)
    return payment.model_copy(update={"correctable": correctable})


@handlers.question(ListPayments)
async def list_payments(
    question: ListPayments, store: FinanceStore, work: Work
) -> Page[PaymentView]:
    check_period(question.start, question.end)
    return page_of(
        await store.payment_rows(question),
        question.limit,
        lambda row: PaymentView.model_validate(row, from_attributes=True),
        lambda row: (row.at, row.id),
    )


@handlers.question(GetBalance)
async def get_balance(question: GetBalance, store: FinanceStore, work: Work) -> BalanceView:
    account = await store.client_account(question.client_id)
    if account is None:
        await work.ask(GetClient(client_id=question.client_id))
        account = ClientAccount(question.client_id)
    zone = work.settings.zone
    today = work.now.astimezone(zone).date()
    return BalanceView(
        client_id=account.client_id,
        owes=account.owes,
        debt=account.receivable,
        deposit=account.deposits,
        free=kopecks(await store.free_of(account.client_id)) if account.deposits else ZERO,
        overdue=kopecks(await store.overdue(account.client_id, today, zone)),
    )


@handlers.event(ContractSaved)
async def contract_saved(event: ContractSaved, store: FinanceStore, work: Work) -> None:
    """When the client must pay from now on."""
    await store.note_contract(event.contract)


@handlers.question(GetDeposit)
async def get_deposit(question: GetDeposit, store: FinanceStore, work: Work) -> DepositView:
    settled = await store.standing_settlement(question.order_id)
    if settled:
        return DepositView(order_id=question.order_id, held=settled.paid)
    order = await order_of(question.order_id, store, work)
    held = await store.held_for(order.id, order.client_id)
    return DepositView(order_id=order.id, held=kopecks(held))
