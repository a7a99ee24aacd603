"""Goods that were lost, put back or found; and what older versions had rounded apart."""

from __future__ import annotations

from services.finance.domain import stock
from services.finance.domain.ledger import Account, EntryKind, kopecks
from services.finance.handlers.table import handlers, keep, stamp
from services.finance.store import FinanceStore
from shared.contracts.reconciliation import (
    GetStockWorth,
    StockTakenOver,
    StockTakeOver,
    TakeOverStock,
)
from shared.contracts.stock_counts import StockCorrected
from shared.contracts.stock_documents import StockWrittenOff, WriteOffCancelled
from shared.handlers import Work
from shared.refusals import Refused


@handlers.event(StockWrittenOff)
async def stock_written_off(event: StockWrittenOff, store: FinanceStore, work: Work) -> None:
    await store.keep(stock.write_off(event.write_off, stamp(work), work.new_id()))


@handlers.event(WriteOffCancelled)
async def write_off_cancelled(event: WriteOffCancelled, store: FinanceStore, work: Work) -> None:
    await store.keep(stock.cancel_write_off(event.write_off, stamp(work), work.new_id()))


@handlers.event(StockCorrected)
async def stock_corrected(event: StockCorrected, store: FinanceStore, work: Work) -> None:
    await store.keep(stock.correct(event, stamp(work), work.new_id()))


@handlers.command(TakeOverStock)
async def take_over_stock(command: TakeOverStock, store: FinanceStore, work: Work) -> StockTakeOver:
    if (before := await store.first_of_kind(EntryKind.STOCK_TAKE_OVER)) is not None:
        raise Refused("stock_taken_over", at=before)
    # What is still on its way between the two makes another difference than the one that was seen.
    worth = (await work.ask(GetStockWorth())).value
    booked = await store.account_balance(Account.INVENTORY)
    if not command.amount or worth - booked != command.amount:
        raise Refused("stock_differs_otherwise", worth=kopecks(worth), booked=booked)
    decision = stock.take_over(kopecks(worth), booked, command.reason, stamp(work), work.new_id())
    await keep(decision, store, work)
    return next(event.take_over for event in decision.events if isinstance(event, StockTakenOver))
