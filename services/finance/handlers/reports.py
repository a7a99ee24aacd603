"""What came of it: one order's profit, and the two reports of money."""

from __future__ import annotations

from services.finance.domain.ledger import ZERO, kopecks
from services.finance.domain.settlement import Settlement, State
from services.finance.handlers.table import check_period, handlers, order_of
from services.finance.store import FinanceStore
from shared.contracts.base import Page
from shared.contracts.finance import (
    GetOrderProfit,
    IncomeExpense,
    IncomeExpenses,
    OrderProfitRow,
    OrderProfits,
    OrderProfitView,
)
from shared.contracts.visits import ListSettlements, PastSettlement
from shared.handlers import Work
from shared.pagination import page_of


@handlers.question(GetOrderProfit)
async def get_order_profit(
    question: GetOrderProfit, store: FinanceStore, work: Work
) -> OrderProfitView:
    settlement = await store.standing_settlement(question.order_id)
    expenses = kopecks(await store.expenses_of(question.order_id))
    if settlement:
        return OrderProfitView(
            order_id=question.order_id,
            settled=True,
            revenue=settlement.order.revenue,
            vat=settlement.order.vat.total,
            cost=settlement.cost or ZERO,
            pay=settlement.order.pay,
            expenses=expenses,
            margin=settlement.margin,
            paid=settlement.paid,
            due=settlement.due,
        )
    order = await order_of(question.order_id, store, work)
    return OrderProfitView(
        order_id=question.order_id,
        settled=False,
        revenue=ZERO,
        cost=ZERO,
        pay=ZERO,
        expenses=expenses,
        margin=ZERO,
        paid=kopecks(await store.held_for(order.id, order.client_id)),
        due=ZERO,
    )


@handlers.question(OrderProfits, report=True)
async def order_profits(
    question: OrderProfits, store: FinanceStore, work: Work
) -> Page[OrderProfitRow]:
    check_period(question.period.start, question.period.end)
    return page_of(
        await store.order_profits(question),
        question.limit,
        lambda settlement: OrderProfitRow(
            order_id=settlement.order_id,
            number=settlement.order.number,
            section_id=settlement.order.section_id,
            client_id=settlement.order.client_id,
            settled_at=settlement.order.completed_at,
            revenue=settlement.order.revenue,
            vat=settlement.order.vat.total,
            cost=settlement.cost or ZERO,
            pay=settlement.order.pay,
            margin=settlement.margin,
            paid=settlement.paid,
        ),
        lambda settlement: (settlement.order.completed_at, settlement.order_id),
    )


@handlers.question(IncomeExpenses, report=True)
async def income_expenses(
    question: IncomeExpenses, store: FinanceStore, work: Work
) -> Page[IncomeExpense]:
    check_period(question.period.start, question.period.end)
    return page_of(
        await store.income_expenses(question, work.settings.zone),
        question.limit,
        lambda row: IncomeExpense(
            day=row.day.isoformat(),
            type=row.type,
            category=row.category,
            amount=kopecks(row.amount),
            records=row.records,
        ),
        lambda row: (row.day, row.type, row.category),
    )


@handlers.question(ListSettlements)
async def list_settlements(
    question: ListSettlements, store: FinanceStore, work: Work
) -> Page[PastSettlement]:
    def shown(settlement: Settlement) -> PastSettlement:
        return PastSettlement(
            order_id=settlement.order_id,
            completion=settlement.completion,
            client_id=settlement.order.client_id,
            section_id=settlement.order.section_id,
            completed_at=settlement.order.completed_at,
            revenue=settlement.order.revenue,
            reversed=settlement.state is State.REVERSED,
        )

    return page_of(
        await store.past_settlements(question),
        question.limit,
        shown,
        lambda settlement: (settlement.order_id, settlement.completion),
    )
