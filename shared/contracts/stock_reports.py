"""Reports of stock: owned by ``services/inventory``.

What a figure is, once and for all of them: quantities are in the product's main unit, ``on_hand``
is what lies there and ``available`` what of it nobody has reserved. Values are at cost, in roubles;
null for roles that may not see cost. In and out are the movements that change what lies there, by
the time at which they were made: ``opening + in - out = closing``.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from shared.contracts.base import Cursor, Instant, Page, Period, Question, ReportLimit, View
from shared.contracts.inventory import MovementKind
from shared.contracts.reconciliation import Difference

StockValue = Annotated[Decimal, Field(decimal_places=2)]


class KindTurnover(View):
    """What one kind of movement came to; below nought: out."""

    kind: MovementKind
    quantity: Decimal
    value: StockValue | None


class TurnoverRow(View):
    """A product in a warehouse."""

    product_id: UUID
    product: str
    oem: str | None
    warehouse_id: UUID
    warehouse: str
    measure: str
    opening_quantity: Decimal
    in_quantity: Decimal
    out_quantity: Decimal
    closing_quantity: Decimal
    opening_value: StockValue | None
    in_value: StockValue | None
    out_value: StockValue | None
    closing_value: StockValue | None
    kinds: tuple[KindTurnover, ...]
    average_quantity: Decimal
    """What lay there on average over the period, by time."""
    turnover_days: Decimal | None
    """For how many days the average lasts, going by what orders took; null: they took nothing."""


class StockTurnover(Question[Page[TurnoverRow]]):
    """Whatever lay in the warehouses by the period's end, by name. A period without an end ends
    now, one without a start begins when the product first came."""

    subject: ClassVar[str] = "ask.inventory.stock_turnover.v1"

    period: Period = Period()
    station_id: UUID | None = None
    warehouse_id: UUID | None = None
    product_id: UUID | None = None
    limit: ReportLimit = 1000
    cursor: Cursor | None = None


class DeadStockRow(View):
    product_id: UUID
    product: str
    oem: str | None
    warehouse_id: UUID
    warehouse: str
    measure: str
    on_hand: Decimal
    value: StockValue | None
    last_receipt_at: Instant | None
    last_issue_at: Instant | None
    idle_days: int
    """Since orders last took of it, or since it first came if they never did."""


class DeadStock(Question[Page[DeadStockRow]]):
    """What lies in the warehouses and no order took for ``days``, the longest first."""

    subject: ClassVar[str] = "ask.inventory.dead_stock.v1"

    days: Annotated[int, Field(ge=1, le=3650)] = 180
    station_id: UUID | None = None
    warehouse_id: UUID | None = None
    limit: ReportLimit = 1000
    cursor: Cursor | None = None


class ShortageRow(View):
    """A product of which there is too little."""

    product_id: UUID
    product: str
    oem: str | None
    measure: str
    on_hand: Decimal
    reserved: Decimal
    available: Decimal
    min_stock: Decimal | None
    waiting: Decimal
    """What orders want and have not got."""
    missing: Decimal
    """To be bought: ``waiting + min_stock - available``."""


class StockShortages(Question[Page[ShortageRow]]):
    """Products that orders wait for, or of which less is available than there should be; by
    name."""

    subject: ClassVar[str] = "ask.inventory.stock_shortages.v1"

    station_id: UUID | None = None
    limit: ReportLimit = 1000
    cursor: Cursor | None = None


class CheckStockReports(Question[Page[Difference]]):
    """Reckons every sum anew from the movements and lists the differences, at most a
    hundred; there should be none."""

    subject: ClassVar[str] = "ask.inventory.check_stock_reports.v1"
