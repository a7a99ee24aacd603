"""Price lists and tables of analogues: brought as files, looked through, taken all at once."""

from __future__ import annotations

import asyncio
from zoneinfo import ZoneInfo

from starlette.responses import Response

from services.gateway.pages.forms import today
from services.gateway.pages.request import PageRequest
from services.gateway.pages.routing import act, show
from services.gateway.pages.stock.names import all_suppliers, names_of
from services.gateway.uploads import Destination, brought
from shared.contracts.base import Page
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
)
from shared.refusals import Refused

_FIELDS = {
    "price_list": ("number", "vendor", "name", "price", "stock", "multiplicity", "delivery_days"),
    "crosses": ("number", "vendor", "cross_number", "cross_vendor"),
}
_ROWS = Destination(AddStockImportRows, EndStockImportUpload)


async def imports(request: PageRequest) -> Response:
    found, suppliers = await asyncio.gather(
        request.ask(request.reads(ListStockImports)), all_suppliers(request)
    )
    names = await names_of(
        request,
        suppliers=(each.supplier_id for each in found.items),
        people=(each.actor for each in found.items),
    )
    return request.page("stock/imports.html", found=found, suppliers=suppliers, names=names)


async def bring(request: PageRequest) -> Response:
    """Leads on at once: the rows follow, and the import's page tells how far they are."""
    file = request.file
    assert file
    try:
        request.call.gateway.uploads.refuse_if_busy()
        begin = request.form.message(BeginStockImport, file_name=file.name, digest=file.digest)
    except Refused:
        file.file.close()
        raise
    key = f"{request.signed_in.user_id}:{request.form.key}"
    view, _ = await brought(request.call, key, file, begin, _ROWS)
    said = request._("This file is known already: here it is") if view.repeated else None
    return request.go(f"/stock/import/{view.id}", said=said)


def _may_be_dropped(view: ImportView, zone: ZoneInfo) -> bool:
    """Nothing of it holds yet."""
    if view.state == "applied":
        return view.live and view.valid_from is not None and view.valid_from > today(zone)
    return view.state in ("uploading", "checking", "ready")


async def one_import(request: PageRequest) -> Response:
    import_id = request.id("import_id")
    view = await request.ask(GetStockImport(import_id=import_id))
    problems: Page[RowProblem] = Page(items=())
    if view.rows_bad:
        problems = await request.ask(request.reads(ListStockImportProblems, import_id=import_id))
    names = await names_of(request, suppliers=[view.supplier_id])
    return request.page(
        "stock/import.html",
        view=view,
        problems=problems,
        names=names,
        may_be_dropped=_may_be_dropped(view, request.zone),
        fields=_FIELDS[view.kind],
        column_of={column.field: column.position for column in view.columns if column.field},
    )


async def change_columns(request: PageRequest) -> Response:
    import_id = request.id("import_id")
    columns = {
        name.removeprefix("columns."): int(value)
        for name, value in request.form.pairs
        if name.startswith("columns.") and value.isdecimal()
    }
    await request.send(
        request.form.message(ChangeStockImport, import_id=import_id, columns=columns)
    )
    return request.go(f"/stock/import/{import_id}")


async def apply(request: PageRequest) -> Response:
    import_id = request.id("import_id")
    await request.send(ApplyStockImport(import_id=import_id))
    return request.go(f"/stock/import/{import_id}")


async def cancel(request: PageRequest) -> Response:
    import_id = request.id("import_id")
    await request.send(CancelStockImport(import_id=import_id))
    return request.go(f"/stock/import/{import_id}", said=request._("The import is dropped"))


_IMPORT = "/stock/import/{import_id}"
PAGES = (
    show("/stock/import", imports, needs=ListStockImports),
    act("/stock/import", bring, needs=BeginStockImport, takes_file=True),
    show(_IMPORT, one_import, needs=GetStockImport),
    act(f"{_IMPORT}/columns", change_columns, needs=ChangeStockImport),
    act(f"{_IMPORT}/apply", apply, needs=ApplyStockImport),
    act(f"{_IMPORT}/cancel", cancel, needs=CancelStockImport),
)
