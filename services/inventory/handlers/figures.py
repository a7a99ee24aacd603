"""What the warehouse says, for whoever compares it with what other services say."""

from __future__ import annotations

from decimal import Decimal

from services.inventory.handlers.table import handlers
from services.inventory.store import InventoryStore, figures
from services.inventory.store.told import told_by_inventory
from shared.contracts.base import Page
from shared.contracts.copies import ListToldByInventory, Told
from shared.contracts.costing import CorrectedPart, IssueCostCorrected
from shared.contracts.orders import GetOrder
from shared.contracts.reconciliation import (
    GetBooksFigures,
    GetReceiptFigures,
    GetStockFigures,
    GetStockWorth,
    IssueCostTold,
    ReceiptFigures,
    StockFigures,
    StockWorth,
    TellIssueCost,
)
from shared.handlers import Work
from shared.pagination import page_of
from shared.refusals import Refused

NOTHING = Decimal("0.00")


@handlers.question(GetStockFigures)
async def get_stock_figures(
    question: GetStockFigures, store: InventoryStore, work: Work
) -> Page[StockFigures]:
    rows = await figures.stock_figures(store.connection, question)
    return page_of(rows, question.limit, lambda row: row, lambda row: (row.order_id,))


@handlers.question(GetReceiptFigures)
async def get_receipt_figures(
    question: GetReceiptFigures, store: InventoryStore, work: Work
) -> Page[ReceiptFigures]:
    rows = await figures.receipt_figures(store.connection, question)
    return page_of(rows, question.limit, lambda row: row, lambda row: (row.receipt_id,))


@handlers.command(TellIssueCost)
async def tell_issue_cost(
    command: TellIssueCost, store: InventoryStore, work: Work
) -> IssueCostTold:
    """As news of the correction itself, with what each line costs now."""
    order_id, named = command.order_id, (command.order_id,)
    found = await figures.stock_figures(store.connection, GetStockFigures(order_ids=named))
    booked = (await work.ask(GetBooksFigures(order_ids=named))).items
    issued = found[0] if found else StockFigures(order_id=order_id, completion=0, cost=0, parts=())
    settled, completion = booked[0].cost if booked else NOTHING, issued.completion
    order = await work.ask(GetOrder(order_id=order_id))
    before = {part.id: part for part in (*order.products, *order.materials)}
    lines = tuple(
        CorrectedPart(
            line_id=line.line_id,
            product_id=line.product_id,
            quantity=part.short - line.provisional,
            amount=line.cost - (part.cost or NOTHING),
            cost=line.cost,
            provisional=line.provisional,
        )
        for line in await figures.issued_lines(store.connection, order_id, completion)
        if (part := before.get(line.line_id)) and part.short > line.provisional
    )
    amount = sum((line.amount for line in lines), NOTHING)
    same = bool(booked) and booked[0].completion == completion
    if not same or not lines or {amount, issued.cost - settled} != {command.amount}:
        raise Refused("issue_cost_differs_otherwise", issued=issued.cost, settled=settled)
    if not await figures.note_told(store.connection, order_id, completion, work.now):
        raise Refused("issue_cost_told")
    work.publish(
        IssueCostCorrected(
            order_id=order_id,
            completion=completion,
            lines=lines,
            amount=amount,
            reason=command.reason,
        )
    )
    return IssueCostTold(order_id=order_id, completion=completion, amount=amount)


@handlers.question(GetStockWorth)
async def get_stock_worth(question: GetStockWorth, store: InventoryStore, work: Work) -> StockWorth:
    return await figures.stock_worth(store.connection)


@handlers.question(ListToldByInventory)
async def list_told(question: ListToldByInventory, store: InventoryStore, work: Work) -> Page[Told]:
    rows = await told_by_inventory(store.connection, question)
    return page_of(rows, question.limit, lambda row: row, lambda row: (row.id,))
