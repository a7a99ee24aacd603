"""A list of clients and cars that is brought as a file: looked through, decided, taken at once. It
goes on by itself, and is found again in the list."""

from __future__ import annotations

from asyncio import gather
from typing import Any

from starlette.responses import Response

from services.gateway.pages.clients import words
from services.gateway.pages.request import PageRequest
from services.gateway.pages.routing import act, show
from services.gateway.uploads import Destination, brought
from shared.contracts.client_imports import (
    AddClientImportRows,
    ApplyClientImport,
    BeginClientImport,
    CancelClientImport,
    ChangeClientImport,
    ClientRowView,
    DecideClientRow,
    EndClientImportUpload,
    GetClientImport,
    ListClientImportProblems,
    ListClientImportRows,
    ListClientImports,
)
from shared.contracts.imports import RowProblem
from shared.refusals import Refused

LIST = "/clients/import"
PROBLEMS = 50
_ROWS = Destination(AddClientImportRows, EndClientImportUpload)


async def imports(request: PageRequest) -> Response:
    found = await request.ask(request.reads(ListClientImports))
    return request.page("clients/imports.html", found=found, words=words)


async def bring(request: PageRequest) -> Response:
    """Leads on at once: the rows follow, and the import's page tells how far they are."""
    file = request.file
    assert file
    try:
        request.call.gateway.uploads.refuse_if_busy()
        begin = request.form.message(BeginClientImport, file_name=file.name, digest=file.digest)
    except Refused:
        file.file.close()
        raise
    key = f"{request.signed_in.user_id}:{request.form.key}"
    view, _ = await brought(request.call, key, file, begin, _ROWS)
    said = request._("This file is known already: here it is") if view.repeated else None
    return request.go(f"{LIST}/{view.id}", said=said)


async def one_import(request: PageRequest) -> Response:
    """Rows that nobody has decided on come first: nothing is taken before."""
    import_id = request.id("import_id")
    view = await request.ask(GetClientImport(import_id=import_id))
    wanted = request.query.get("action", "")
    shown = wanted if view.actions.get(wanted) else ""
    rows, problems = await gather(
        _rows(request, shown, view.state == "ready"), _problems(request, view.rows_bad > 0)
    )
    return request.page(
        "clients/import.html",
        words=words,
        view=view,
        rows=rows,
        problems=problems,
        fields=words.IMPORT_FIELDS,
        column_of={column.field: column.position for column in view.columns if column.field},
        shown=shown,
    )


async def _rows(
    request: PageRequest, action: str, ready: bool
) -> tuple[tuple[ClientRowView, ...], str | None]:
    """Those to which that is going to happen; empty: all."""
    if not ready:
        return (), None
    fixed = {"import_id": request.id("import_id"), "action": action or None}
    page = await request.ask(request.reads(ListClientImportRows, **fixed))
    return page.items, page.next


async def _problems(request: PageRequest, any_: bool) -> tuple[RowProblem, ...]:
    if not any_:
        return ()
    question = ListClientImportProblems(import_id=request.id("import_id"), limit=PROBLEMS)
    return (await request.ask(question)).items


async def change(request: PageRequest) -> Response:
    """Other columns, or another rule for whoever is known already."""
    columns = {
        name.removeprefix("columns."): int(value)
        for name, value in request.form.pairs
        if name.startswith("columns.") and value.isdecimal()
    }
    fixed: dict[str, Any] = {"columns": columns} if columns else {}
    import_id = request.id("import_id")
    await request.send(request.form.message(ChangeClientImport, import_id=import_id, **fixed))
    return _back(request)


async def decide(request: PageRequest) -> Response:
    import_id = request.id("import_id")
    await request.send(request.form.message(DecideClientRow, import_id=import_id))
    return _back(request, "?action=ask")


async def apply(request: PageRequest) -> Response:
    await request.send(ApplyClientImport(import_id=request.id("import_id")))
    return _back(request)


async def cancel(request: PageRequest) -> Response:
    await request.send(CancelClientImport(import_id=request.id("import_id")))
    return request.go(LIST, said=request._("The import is dropped"))


def _back(request: PageRequest, more: str = "") -> Response:
    return request.go(f"{LIST}/{request.id('import_id')}{more}")


_IMPORT = f"{LIST}/{{import_id}}"
PAGES = (
    show(LIST, imports, needs=ListClientImports),
    act(LIST, bring, needs=BeginClientImport, takes_file=True),
    show(_IMPORT, one_import, needs=GetClientImport),
    act(f"{_IMPORT}/change", change, needs=ChangeClientImport),
    act(f"{_IMPORT}/decide", decide, needs=DecideClientRow),
    act(f"{_IMPORT}/apply", apply, needs=ApplyClientImport),
    act(f"{_IMPORT}/cancel", cancel, needs=CancelClientImport),
)
