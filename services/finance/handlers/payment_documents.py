"""Several orders paid at once; deposits moved from order to order, or given back."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from uuid import UUID

from services.finance.domain import payment_documents as domain
from services.finance.domain.ledger import ZERO, kopecks
from services.finance.domain.payment import Order, Payment
from services.finance.domain.payment_documents import PaymentDocument
from services.finance.domain.settlement import standing
from services.finance.handlers import bonuses, fiscal, fiscal_offsets
from services.finance.handlers.payments import given_back, taken
from services.finance.handlers.table import (
    account_of,
    handlers,
    keep,
    order_of,
    order_to_pay,
    stamp,
)
from services.finance.handlers.tills import at_till
from services.finance.store import FinanceStore
from shared.contracts.clients import GetClient
from shared.contracts.finance import PaymentView
from shared.contracts.orders import GetOrder, OrderView
from shared.contracts.payment_documents import (
    GetPaymentDocument,
    GiveBackDeposits,
    GivenBackView,
    MoveDeposit,
    PaidFromBalanceView,
    PayFromBalance,
    PaymentDocumentView,
    TakePaymentDocument,
)
from shared.handlers import Work
from shared.refusals import Refused


async def _with_strangers(
    command: TakePaymentDocument, store: FinanceStore, work: Work
) -> TakePaymentDocument:
    """The command as it is. Orders and clients whose events have not come are asked for together:
    the handler notes each, and would take its batch back for the next one."""
    order_ids = [share.order_id for share in command.orders]
    owners = await store.owners_of(order_ids)
    named = (command.customer_id, command.payer_id, *owners.values())
    clients = {client_id for client_id in named if client_id}
    known = await store.accounts_among(clients)
    await store.release()
    lacked = [GetOrder(order_id=order_id) for order_id in order_ids if order_id not in owners]
    await work.ask_ahead(lacked)
    orders = [work.answers[question, None] for question in lacked]
    clients |= {order.client_id for order in orders if isinstance(order, OrderView)}
    await work.ask_ahead(GetClient(client_id=client_id) for client_id in clients - known)
    return command


@handlers.command(TakePaymentDocument, before=_with_strangers)
async def take_payment_document(
    command: TakePaymentDocument, store: FinanceStore, work: Work
) -> PaymentDocumentView:
    domain.check(command)
    payer_id = command.payer_id or command.customer_id
    if payer_id is None:
        raise Refused("payer_required")
    orders = {
        share.order_id: await order_to_pay(share.order_id, store, work) for share in command.orders
    }
    customers = {order.client_id for order in orders.values()}
    if command.customer_id and customers != {command.customer_id}:
        raise Refused("order_of_other_client")
    methods = {part.method for part in command.parts}
    if "bonus" in methods and customers != {payer_id}:
        raise Refused("bonus_of_other_client")
    for client_id in sorted({*customers, payer_id}):
        await account_of(client_id, store, work)
    here, shift = await at_till(
        methods - {"bonus"} or methods, command.cash_box_id, command.shift_id, store, work
    )
    document = PaymentDocument(
        id=work.new_id(),
        at=work.now,
        payer_id=payer_id,
        amount=kopecks(sum((part.amount for part in command.parts), ZERO)),
        tendered=command.tendered,
        comment=command.comment,
        actor=work.actor.login,
        shift_id=here.shift_id,
        cash_box_id=shift.cash_box_id if shift else None,
    )
    await store.add_document(document)
    payments = []
    for order_id, method, amount in domain.allotted(command):
        # Bonuses are no money, and in no shift.
        is_money = method != "bonus"
        payment = Payment(
            id=work.new_id(),
            at=work.now,
            order_id=order_id,
            customer_id=orders[order_id].client_id,
            payer_id=payer_id,
            amount=amount,
            method=method,
            comment=command.comment,
            actor=work.actor.login,
            shift_id=document.shift_id if is_money else None,
            cash_box_id=document.cash_box_id if is_money else None,
            document_id=document.id,
        )
        at = here if is_money else stamp(work)
        payments.append(await taken(payment, orders[order_id], at, store, work))
    if money := [payment for payment in payments if not payment.is_bonus]:
        await fiscal.queue_sale(money, shift, store, work)
    return await _shown(document, payments, store, work)


@handlers.question(GetPaymentDocument)
async def get_payment_document(
    question: GetPaymentDocument, store: FinanceStore, work: Work
) -> PaymentDocumentView:
    document = await store.document_shown(question.document_id)
    if document is None:
        raise Refused("payment_document_not_found", id=question.document_id)
    return await _shown(document, await store.payments_in(document.id), store, work)


async def _shown(
    document: PaymentDocument, payments: Sequence[Payment], store: FinanceStore, work: Work
) -> PaymentDocumentView:
    """With what became of its receipt."""
    view = document.view(payments)
    sale = await store.receipt_about(document.id, "sale")
    if sale is None:
        return view
    state = {"fiscal_state": sale.state, "fiscal_number": sale.number}
    shown = tuple(payment.model_copy(update=state) for payment in view.payments)
    return view.model_copy(update={**state, "payments": shown})


# --- what no order has taken --------------------------------------------------------------------


@handlers.command(MoveDeposit)
async def move_deposit(command: MoveDeposit, store: FinanceStore, work: Work) -> PaymentView:
    payment = await store.payment(command.payment_id)
    if payment is None:
        raise Refused("payment_not_found", id=command.payment_id)
    await account_of(payment.customer_id, store, work)
    order = await order_to_pay(command.order_id, store, work) if command.order_id else None
    if order and order.client_id != payment.customer_id:
        raise Refused("order_of_other_client")
    moved = await _moved(payment, order, command.amount, store, work)
    return await fiscal.with_receipt(moved.view(), store, work)


@handlers.command(GiveBackDeposits)
async def give_back_deposits(
    command: GiveBackDeposits, store: FinanceStore, work: Work
) -> GivenBackView:
    await account_of(command.client_id, store, work)
    free = await _free(command.client_id, store)
    there = sum((payment.held for payment in free), ZERO)
    wanted = there if command.amount is None else kopecks(command.amount)
    if not wanted or wanted > there:
        raise Refused("deposit_exceeded", left=there)
    named: tuple[UUID | None, UUID | None] = (command.cash_box_id, command.shift_id)
    rest, payments = wanted, []
    for payment in reversed(free):
        if amount := min(payment.held, rest):
            back = await given_back(payment, amount, command.reason, named, store, work)
            payments.append(await fiscal.with_receipt(back.view(), store, work))
            rest -= amount
    return GivenBackView(client_id=command.client_id, amount=wanted, payments=tuple(payments))


@handlers.command(PayFromBalance)
async def pay_from_balance(
    command: PayFromBalance, store: FinanceStore, work: Work
) -> PaidFromBalanceView:
    await account_of(command.client_id, store, work)
    order = await order_of(command.order_id, store, work)
    if order.client_id != command.client_id:
        raise Refused("order_of_other_client")
    settled = standing(await store.history(order.id))
    due = settled.due if settled else ZERO
    free = await _free(command.client_id, store)
    there = sum((payment.held for payment in free), ZERO)
    wanted = min(due, there) if command.amount is None else kopecks(command.amount)
    if not due or wanted > due:
        raise Refused("due_exceeded", due=due)
    if not wanted or wanted > there:
        raise Refused("deposit_exceeded", left=there)
    rest, payments = wanted, []
    for payment in free:
        if amount := min(payment.held, rest):
            moved = await _moved(payment, order, amount, store, work)
            payments.append(await fiscal.with_receipt(moved.view(), store, work))
            rest -= amount
    return PaidFromBalanceView(order_id=order.id, amount=wanted, payments=tuple(payments))


async def _moved(
    payment: Payment, order: Order | None, amount: Decimal | None, store: FinanceStore, work: Work
) -> Payment:
    settled = standing(await store.history(order.id)) if order else None
    decision = domain.move_deposit(payment, order, settled, amount, stamp(work), work.new_id())
    await keep(decision, store, work)
    for settlement in decision.settlements:
        await bonuses.follow_money(settlement, None, store, work)
    await fiscal_offsets.queue_offsets(decision, store, work)
    return decision.payments[0]


async def _free(client_id: UUID, store: FinanceStore) -> list[Payment]:
    """The client's payments of which something waits for no order, the oldest first."""
    deposits = await store.deposits(client_id)
    free = (payment for payment in deposits if payment.held and payment.reserved_for is None)
    return sorted(free, key=lambda payment: (payment.at, payment.id))
