"""Where goods lie within a warehouse, and what to fetch from there for an order."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from services.inventory.domain.catalogue import Cell, edited
from services.inventory.handlers.table import handlers
from services.inventory.store import InventoryStore, cells, references
from shared.contracts.base import Change, Page
from shared.contracts.costing import (
    CellSaved,
    CellView,
    ChangeCell,
    CreateCell,
    HomeCellSet,
    HomeCellView,
    ListCells,
    ListHomeCells,
    PickList,
    PickView,
    SetHomeCell,
)
from shared.contracts.orders import GetOrder
from shared.handlers import Work
from shared.refusals import Refused


@handlers.command(CreateCell)
async def create_cell(command: CreateCell, store: InventoryStore, work: Work) -> CellView:
    await references.place(store.connection, "warehouse", command.warehouse_id)
    cell = Cell(work.new_id(), command.warehouse_id, command.name, command.barcode)
    await cells.save_cell(store.connection, cell)
    view = CellView(**asdict(cell))
    work.publish(CellSaved(cell=view, created=True))
    return view


@handlers.command(ChangeCell)
async def change_cell(command: ChangeCell, store: InventoryStore, work: Work) -> CellView:
    before = await cells.cell(store.connection, command.cell_id)
    named: dict[str, Any] = {
        name: getattr(command, name)
        for name in ("name", "barcode")
        if name in command.model_fields_set
    }
    cell, changes = edited(before, named, command.expected_revision)
    view = CellView(**asdict(cell))
    if changes:
        await cells.save_cell(store.connection, cell)
        work.publish(CellSaved(cell=view, created=False, changes=changes))
    return view


@handlers.question(ListCells)
async def list_cells(question: ListCells, store: InventoryStore, work: Work) -> Page[CellView]:
    return await cells.list_cells(store.connection, question)


@handlers.command(SetHomeCell)
async def set_home_cell(command: SetHomeCell, store: InventoryStore, work: Work) -> HomeCellView:
    product = await references.shown_product(store.connection, command.product_id)
    await references.place(store.connection, "warehouse", command.warehouse_id)
    cell = await cells.cell(store.connection, command.cell_id) if command.cell_id else None
    if cell and cell.warehouse_id != command.warehouse_id:
        raise Refused("cell_not_found", id=cell.id)
    before = await cells.home(store.connection, command.product_id, command.warehouse_id)
    home = HomeCellView(
        product_id=product.id,
        product=product.name,
        warehouse_id=command.warehouse_id,
        cell_id=cell.id if cell else None,
        cell=cell.name if cell else None,
    )
    old = before.cell if before else None
    if (before.cell_id if before else None) != home.cell_id:
        await cells.set_home(store.connection, home)
        change = Change(field="cell", old=old, new=home.cell)
        work.publish(HomeCellSet(home=home, changes=(change,)))
    return home


@handlers.question(ListHomeCells)
async def list_home_cells(
    question: ListHomeCells, store: InventoryStore, work: Work
) -> Page[HomeCellView]:
    return await cells.list_homes(store.connection, question)


@handlers.question(PickList)
async def pick_list(question: PickList, store: InventoryStore, work: Work) -> Page[PickView]:
    page = await cells.pick_list(store.connection, question)
    if not (page.items or question.cursor):
        await work.ask(GetOrder(order_id=question.order_id))
    return page
