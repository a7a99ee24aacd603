"""What finance hears of goods that were lost, put back or found."""

from __future__ import annotations

from services.finance.domain import stock
from services.finance.handlers.table import handlers, stamp
from services.finance.store import FinanceStore
from shared.contracts.stock_counts import StockCorrected
from shared.contracts.stock_documents import StockWrittenOff, WriteOffCancelled
from shared.handlers import Work


@handlers.event(StockWrittenOff)
async def stock_written_off(event: StockWrittenOff, store: FinanceStore, work: Work) -> None:
    await store.keep(stock.write_off(event.write_off, stamp(work), work.new_id()))


@handlers.event(WriteOffCancelled)
async def write_off_cancelled(event: WriteOffCancelled, store: FinanceStore, work: Work) -> None:
    await store.keep(stock.cancel_write_off(event.write_off, stamp(work), work.new_id()))


@handlers.event(StockCorrected)
async def stock_corrected(event: StockCorrected, store: FinanceStore, work: Work) -> None:
    await store.keep(stock.correct(event, stamp(work), work.new_id()))
