"""Price lists and tables of analogues on their way in; ``shared.imports`` says how."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from services.inventory.domain.offers import (
    CROSS_FIELDS,
    PRICE_LIST_FIELDS,
    Cross,
    Offer,
    cross_of,
    offer_of,
    repeated,
)
from services.inventory.handlers.table import handlers
from services.inventory.store import InventoryStore, offers, references
from shared.contracts.base import Done, Page
from shared.contracts.imports import ImportView, RowProblem
from shared.contracts.price_lists import (
    AddStockImportRows,
    ApplyStockImport,
    BeginStockImport,
    CancelStockImport,
    ChangeStockImport,
    EndStockImportUpload,
    GetStockImport,
    ListStockImportProblems,
    ListStockImports,
    StockImportMoved,
)
from shared.handlers import Work
from shared.imports.desk import Desk
from shared.imports.rows import Checked, FileRow
from shared.imports.taking import Import, Taking, in_turns
from shared.refusals import Refused


class PriceLists(Taking[InventoryStore]):
    """Good rows wait as offers of a list that does not hold yet: to apply it is to say that it
    holds from its day on, whatever its length. A list offers a part once: the first row that names
    it holds."""

    kind = "price_list"
    fields = PRICE_LIST_FIELDS

    async def check(
        self, store: InventoryStore, job: Import, rows: Sequence[FileRow], work: Work
    ) -> Checked:
        checked, read = Checked(), list[tuple[FileRow, Offer]]()
        async for row in in_turns(rows):
            offer = offer_of(row)
            if isinstance(offer, Offer):
                read.append((row, offer))
            else:
                checked.problems += offer
        named = await offers.named(store.connection, job.id, [offer for _, offer in read])
        good = list[tuple[UUID, Offer]]()
        for row, offer in read:
            if offer.part in named:
                checked.problems.append(repeated(row))
            else:
                named.add(offer.part)
                good.append((work.new_id(), offer))
        await offers.add_offers(store.connection, job.id, good)
        checked.good = len(good)
        return checked

    async def forget(self, store: InventoryStore, import_id: UUID) -> None:
        await offers.drop_offers(store.connection, import_id)

    async def sweep(self, store: InventoryStore, work: Work) -> None:
        await offers.sweep_offers(store.connection)

    async def apply(self, store: InventoryStore, job: Import, work: Work) -> None:
        assert job.supplier_id
        await offers.set_price_list(
            store.connection,
            job.supplier_id,
            job.id,
            job.valid_from or work.today,
            work.today,
            work.now,
        )


class Crosses(Taking[InventoryStore]):
    """As price lists; but a new table adds to those that hold already."""

    kind = "crosses"
    fields = CROSS_FIELDS

    async def check(
        self, store: InventoryStore, job: Import, rows: Sequence[FileRow], work: Work
    ) -> Checked:
        checked, good = Checked(), list[tuple[UUID, Cross]]()
        async for row in in_turns(rows):
            cross = cross_of(row)
            if isinstance(cross, Cross):
                good.append((work.new_id(), cross))
            else:
                checked.problems += cross
        await offers.add_crosses(store.connection, job.id, good)
        checked.good = len(good)
        return checked

    async def forget(self, store: InventoryStore, import_id: UUID) -> None:
        await offers.drop_crosses(store.connection, import_id)

    async def sweep(self, store: InventoryStore, work: Work) -> None:
        await offers.sweep_crosses(store.connection)

    async def apply(self, store: InventoryStore, job: Import, work: Work) -> None:
        await offers.set_cross_list(store.connection, job.id, work.now)


desk = Desk({"price_list": PriceLists(), "crosses": Crosses()}, StockImportMoved)


@handlers.command(BeginStockImport)
async def begin(command: BeginStockImport, store: InventoryStore, work: Work) -> ImportView:
    if command.kind == "price_list":
        if command.supplier_id is None:
            raise Refused("import_supplier_missing")
        await references.place(store.connection, "supplier", command.supplier_id)
        await offers.drop_replaced(store.connection, command.supplier_id, work.today)
    return await desk.take_in(
        command,
        store,
        work,
        kind=command.kind,
        supplier_id=command.supplier_id if command.kind == "price_list" else None,
        valid_from=command.valid_from,
    )


@handlers.command(AddStockImportRows)
async def add_rows(command: AddStockImportRows, store: InventoryStore, work: Work) -> Done:
    return await desk.add_rows(command, store, work)


@handlers.command(EndStockImportUpload)
async def end_upload(
    command: EndStockImportUpload, store: InventoryStore, work: Work
) -> ImportView:
    return await desk.end_upload(command, store, work)


@handlers.command(ChangeStockImport)
async def change(command: ChangeStockImport, store: InventoryStore, work: Work) -> ImportView:
    return await desk.change(
        command.import_id, command.expected_revision, store, work, columns=command.columns
    )


@handlers.command(ApplyStockImport)
async def apply(command: ApplyStockImport, store: InventoryStore, work: Work) -> ImportView:
    return await desk.apply(command, store, work)


@handlers.command(CancelStockImport)
async def cancel(command: CancelStockImport, store: InventoryStore, work: Work) -> ImportView:
    # The list is locked before its import, as by whoever applies another.
    waited = await offers.drop_waiting(store.connection, command.import_id, work.today)
    return await desk.cancel(command, store, work, taken_back=waited)


@handlers.question(GetStockImport)
async def get(question: GetStockImport, store: InventoryStore, work: Work) -> ImportView:
    return await desk.get(question, store)


@handlers.question(ListStockImports)
async def list_imports(
    question: ListStockImports, store: InventoryStore, work: Work
) -> Page[ImportView]:
    filters = {"kind": question.kind, "supplier_id": question.supplier_id}
    return await desk.listed(filters, question.limit, question.cursor, store)


@handlers.question(ListStockImportProblems)
async def list_problems(
    question: ListStockImportProblems, store: InventoryStore, work: Work
) -> Page[RowProblem]:
    return await desk.list_problems(question, store)
