"""How stock is valued, where it lies, and whether its books agree: ``services/inventory``."""

from __future__ import annotations

from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from shared.contracts.base import (
    Command,
    Cursor,
    Event,
    Limit,
    Money,
    Name,
    Page,
    Quantity,
    Question,
    Revision,
    SearchText,
    SignedMoney,
    StockQuantity,
    View,
)
from shared.contracts.reconciliation import Difference

CostingMethod = Literal["fifo", "average"]
"""What an issued part costs: its lot's share, the oldest lot first; or its share of the pool."""


class MayBeMissing(View):
    """A product that may be issued although it is not there, and the warehouse that allows it."""

    product_id: UUID
    warehouse_id: UUID


class WhatMayBeMissing(Question[Page[MayBeMissing]]):
    """Which of the products an order may take although they are not there; of the others there is
    none. The answer is one page, whatever is asked for."""

    subject: ClassVar[str] = "ask.inventory.what_may_be_missing.v1"

    product_ids: tuple[UUID, ...] = Field(min_length=1, max_length=500)


class CorrectedPart(View):
    """``quantity`` of what the line was issued short has come. ``amount`` is what it cost more
    (below zero: less) than was booked; ``cost`` is of the whole line, as it is now; so much of it
    is ``provisional`` still."""

    line_id: UUID
    product_id: UUID
    quantity: Quantity
    amount: SignedMoney
    cost: Money
    provisional: StockQuantity


class IssueCostCorrected(Event):
    """What a done order took although it was not there has come, and costs what it costs.
    Producer: inventory. Consumers: orders (the lines' costs), finance (cost against stock), audit.
    """

    subject: ClassVar[str] = "evt.inventory.issue_cost_corrected.v1"

    order_id: UUID
    completion: int
    lines: tuple[CorrectedPart, ...]
    amount: SignedMoney
    reason: str | None = None
    """Why it is told so late; none of what is told as it happens."""

    def aggregate_id(self) -> UUID:
        return self.order_id


class WrittenOffPart(View):
    line_id: UUID
    product_id: UUID
    quantity: Quantity
    cost: Money


class IssuedPartWrittenOff(Event):
    """Parts of a reopened order were taken off it and are lost, instead of going back to stock.
    Producer: inventory. Consumers: finance (expense against stock), audit."""

    subject: ClassVar[str] = "evt.inventory.issued_part_written_off.v1"

    order_id: UUID
    lines: tuple[WrittenOffPart, ...]
    cost: Money
    reason: str | None = None

    def aggregate_id(self) -> UUID:
        return self.order_id


# --- where it lies -------------------------------------------------------------------------------


class CellView(View):
    """A storage place of a warehouse: ``A-03-2``."""

    id: UUID
    warehouse_id: UUID
    name: str
    barcode: str | None
    revision: Revision


class CreateCell(Command[CellView]):
    """Refused: ``warehouse_not_found``, ``name_taken`` (in this warehouse), ``barcode_taken``."""

    subject: ClassVar[str] = "cmd.inventory.create_cell.v1"

    warehouse_id: UUID
    name: Name
    barcode: Name | None = None


class ChangeCell(Command[CellView]):
    """Refused: ``cell_not_found``, ``name_taken``, ``barcode_taken``, ``revision_conflict``."""

    subject: ClassVar[str] = "cmd.inventory.change_cell.v1"

    cell_id: UUID
    expected_revision: Revision | None = None
    name: Name | None = None
    barcode: Name | None = None


class ListCells(Question[Page[CellView]]):
    """By warehouse and name. ``q``: a fragment of the name, or the barcode."""

    subject: ClassVar[str] = "ask.inventory.cells.v1"

    warehouse_id: UUID | None = None
    q: SearchText = ""
    limit: Limit = 50
    cursor: Cursor | None = None


class HomeCellView(View):
    """Where a product lies in a warehouse; ``cell`` is the name of that place."""

    product_id: UUID
    product: str
    warehouse_id: UUID
    cell_id: UUID | None
    cell: str | None


class SetHomeCell(Command[HomeCellView]):
    """Says where a product lies in a warehouse; null: nowhere in particular. Refused:
    ``product_not_found``, ``warehouse_not_found``, ``cell_not_found`` (in this warehouse)."""

    subject: ClassVar[str] = "cmd.inventory.set_home_cell.v1"

    product_id: UUID
    warehouse_id: UUID
    cell_id: UUID | None


class ListHomeCells(Question[Page[HomeCellView]]):
    """By product and warehouse."""

    subject: ClassVar[str] = "ask.inventory.home_cells.v1"

    product_id: UUID | None = None
    warehouse_id: UUID | None = None
    cell_id: UUID | None = None
    limit: Limit = 50
    cursor: Cursor | None = None


class PickView(View):
    """So much of a product is held for a line of the order, and waits in that cell."""

    line_id: UUID
    product_id: UUID
    product: str
    oem: str | None
    measure: str
    warehouse_id: UUID
    warehouse: str
    cell: str | None
    quantity: Quantity


class PickList(Question[Page[PickView]]):
    """What to fetch for an order, in the order of warehouses and their cells. Refused:
    ``order_not_found``."""

    subject: ClassVar[str] = "ask.inventory.pick_list.v1"

    order_id: UUID
    limit: Limit = 50
    cursor: Cursor | None = None


class CellSaved(Event):
    """A cell was made or edited; carries all of it. Producer: inventory. Consumer: audit."""

    subject: ClassVar[str] = "evt.inventory.cell_saved.v1"

    cell: CellView
    created: bool

    def aggregate_id(self) -> UUID:
        return self.cell.id


class HomeCellSet(Event):
    """A product lies somewhere else from now on. Producer: inventory. Consumer: audit."""

    subject: ClassVar[str] = "evt.inventory.home_cell_set.v1"

    home: HomeCellView

    def aggregate_id(self) -> UUID:
        return self.home.product_id


# --- whether the books agree ---------------------------------------------------------------------


class CheckStock(Question[Page[Difference]]):
    """Every difference in the stock books of this station; none, when they agree. ``actual`` is
    what the stock row, the line or the completion says."""

    subject: ClassVar[str] = "ask.inventory.check_stock.v1"

    limit: Limit = 50
    cursor: Cursor | None = None
