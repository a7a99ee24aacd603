"""Credit of clients with a contract: a car is given back unpaid only within the limit."""

from __future__ import annotations

from services.orders.domain.decision import Decision
from services.orders.domain.order import Order
from services.orders.domain.pricing import NOTHING
from services.orders.handlers.table import handlers
from services.orders.store import OrdersStore
from shared.contracts.client_contracts import ContractSaved
from shared.contracts.finance import GetBalance
from shared.contracts.orders import MoveOrder, OrderMoved
from shared.handlers import Work
from shared.refusals import Refused
from shared.roles import MAY_WAIVE


@handlers.event(ContractSaved)
async def contract_saved(event: ContractSaved, store: OrdersStore, work: Work) -> None:
    await store.credit.note(event.contract)


async def within_limit(
    decision: Decision, command: MoveOrder, store: OrdersStore, work: Work
) -> Decision:
    """What was decided, with the reason of going beyond the limit if one was needed. Finance is
    asked for the balance of a client with a limit, and of no other. Raises ``Refused``:
    ``credit_limit_exceeded``, ``forbidden``, ``service_unavailable``."""
    order = decision.order
    today = work.today
    limit = await store.credit.limit(order.client_id, today)
    if limit is None:
        return decision
    others, settled = await store.done_orders_of(order.client_id)
    # Of one moment: an order that is settled while finance answers would be on neither side.
    balance = await work.ask(GetBalance(client_id=order.client_id), given=settled)
    owes = balance.owes + sum((total for key, total in others.items() if key != order.id), NOTHING)
    if owes + order.total <= limit:
        return decision
    if command.over_limit is None:
        raise Refused(
            "credit_limit_exceeded",
            limit=limit,
            owes=owes,
            total=order.total,
            over=owes + order.total - limit,
        )
    if work.actor.role not in MAY_WAIVE:
        raise Refused("forbidden")
    return _with_reason(order, decision, command.over_limit)


def _with_reason(order: Order, decision: Decision, why: str) -> Decision:
    return Decision(
        order,
        tuple(
            event.model_copy(update={"over_limit": why}) if isinstance(event, OrderMoved) else event
            for event in decision.events
        ),
    )
