"""Tables that are brought as files: suppliers' price lists, analogues, clients."""

from __future__ import annotations

import csv
from collections.abc import AsyncIterator
from io import StringIO
from typing import Any

import pydantic_core
from pydantic import TypeAdapter
from starlette.responses import Response, StreamingResponse

from services.gateway.api import PREFIX, Area, Endpoint, get, patch, post
from services.gateway.call import Call
from services.gateway.exports.answers import FORMAT_FIELD, chosen
from services.gateway.exports.sheets import CSV, JSON, in_csv
from services.gateway.problems import field_invalid, unknown_fields
from services.gateway.reading import parsed
from services.gateway.uploads import Destination, brought, received
from shared.contracts.base import Command, Page, Question, reply_type
from shared.contracts.client_imports import (
    AddClientImportRows,
    ApplyClientImport,
    BeginClientImport,
    CancelClientImport,
    ChangeClientImport,
    DecideClientRow,
    EndClientImportUpload,
    GetClientImport,
    ListClientImportProblems,
    ListClientImportRows,
    ListClientImports,
)
from shared.contracts.imports import ImportView, RowProblem
from shared.contracts.price_lists import (
    AddStockImportRows,
    ApplyStockImport,
    BeginStockImport,
    CancelStockImport,
    ChangeStockImport,
    CreateProductFromOffer,
    EndStockImportUpload,
    FindOffers,
    GetStockImport,
    ListStockImportProblems,
    ListStockImports,
)
from shared.messaging.inbox import fingerprint
from shared.permissions import may
from shared.roles import ROLES

PROBLEMS_PAGE = 200
_PAGES = TypeAdapter(Page[RowProblem])
_LISTS = "/price-lists/imports"
_LIST = f"{_LISTS}/{{import_id}}"
_CLIENTS = "/clients/imports"
_OF_CLIENTS = f"{_CLIENTS}/{{import_id}}"
_TO_CLIENTS = Destination(AddClientImportRows, EndClientImportUpload)
_TO_STOCK = Destination(AddStockImportRows, EndStockImportUpload)


async def upload_price_list(call: Call, _: Endpoint) -> Response:
    return await _uploaded(call, _LISTS, BeginStockImport, _TO_STOCK, kind="price_list")


async def upload_crosses(call: Call, _: Endpoint) -> Response:
    return await _uploaded(call, _LISTS, BeginStockImport, _TO_STOCK, kind="crosses")


async def upload_clients(call: Call, _: Endpoint) -> Response:
    return await _uploaded(call, _CLIENTS, BeginClientImport, _TO_CLIENTS)


async def _uploaded(
    call: Call,
    path: str,
    begin: type[Command[Any]],
    to: Destination,
    **fixed: str,
) -> Response:
    """The import at once; its rows follow in the background."""
    person = await call.allowed(begin)
    key = call.idempotency_key()
    call.gateway.uploads.refuse_if_busy()
    known = begin.model_fields.keys() - {"digest", *fixed}
    file = await received(call, call.query(known))
    try:
        command = _begin(begin, file.fields, known, fixed, file.name, file.digest)
        body = command.model_dump_json(exclude_unset=True).encode()
        await call.gateway.keys.claim(person.user_id, key, fingerprint(begin.subject, body))
    except BaseException:
        file.file.close()
        raise
    view, reply = await brought(call, f"{person.user_id}:{key}", file, command, to)
    location = f"{PREFIX}{path}/{view.id}"
    return Response(reply, 200 if view.repeated else 202, {"Location": location}, JSON)


def _begin(
    begin: type[Command[Any]],
    fields: Any,
    known: Any,
    fixed: dict[str, str],
    name: str,
    digest: str,
) -> Command[ImportView]:
    if unknown := [field for field in fields if field not in known]:
        raise unknown_fields(unknown)
    values: dict[str, Any] = {**fields, **fixed, "file_name": name, "digest": digest}
    if "columns" in values:
        try:
            values["columns"] = pydantic_core.from_json(values["columns"])
        except ValueError:
            raise field_invalid("columns", "not_an_object") from None
    command: Command[ImportView] = parsed(begin, values)
    return command


async def list_problems(call: Call, endpoint: Endpoint) -> Response:
    """A page of them as JSON; as CSV all of them, however many."""
    await call.allowed(endpoint.message)
    assert endpoint.reading is not None
    query = call.query(endpoint.reading.in_query.keys() | FORMAT_FIELD)
    media_type = chosen(call, query.get("format"), endpoint.media_types)
    question: Any = await endpoint.reading.read(call, FORMAT_FIELD)
    if media_type == JSON:
        body = question.model_dump_json(exclude_unset=True).encode()
        return Response(await call.send(question.subject, body), media_type=JSON)
    whole = question.model_copy(update={"limit": PROBLEMS_PAGE, "cursor": None})
    # The first page before the headers: a refusal can still be answered as one.
    first = await _page(call, whole)
    return StreamingResponse(
        _as_csv(call, whole, first, call.language),
        media_type=f"{CSV}; charset=utf-8",
        headers={
            "Content-Disposition": 'attachment; filename="problems.csv"',
            "Content-Language": call.language,
            "Vary": "Accept, Accept-Language",
        },
    )


async def _as_csv(
    call: Call, question: Any, page: Page[RowProblem], language: str
) -> AsyncIterator[bytes]:
    russian = language == "ru"
    titles = ("Строка", "Столбец", "Значение", "Причина") if russian else (
        "Row", "Column", "Value", "Reason",
    )  # fmt: skip
    yield b"\xef\xbb\xbf" + _lines([titles], russian)
    while True:
        yield _lines(
            [
                (
                    str(item.row),
                    item.column or item.field,
                    item.value,
                    item.reason_ru if russian else item.reason_en,
                )
                for item in page.items
            ],
            russian,
        )
        if page.next is None:
            return
        page = await _page(call, question.model_copy(update={"cursor": page.next}))


def _lines(rows: list[tuple[str, ...]], russian: bool) -> bytes:
    text = StringIO()
    writer = csv.writer(text, delimiter=";" if russian else ",", lineterminator="\r\n")
    writer.writerows([[in_csv(cell, ".") for cell in row] for row in rows])
    return text.getvalue().encode()


async def _page(call: Call, question: Any) -> Page[RowProblem]:
    reply = await call.send(question.subject, question.model_dump_json().encode())
    page: Page[RowProblem] = _PAGES.validate_json(reply)
    return page


# --- tables --------------------------------------------------------------------------------------

_TABLES = (
    "text/csv",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/octet-stream",
)
_HOW = (
    "The body is the file itself (XLSX, or CSV in UTF-8 or Windows-1251; delimiter and encoding "
    "are found out), or a form with a field `file`. Further fields stand in the form or in the "
    "query: `file_name`, `columns` (JSON: field → header or number of the column, as "
    '`{"price": "Опт"}`)'
)


def _upload(path: str, answer: Any, begin: type[Command[Any]], summary: str, more: str) -> Endpoint:
    roles = ", ".join(role for role in ROLES if may(role, begin))
    return Endpoint(
        method="POST",
        path=path,
        summary=summary,
        description=f"{_HOW}{more}.\n\nAnswers at once; the rows follow in the background. The "
        f"same file once more: 200 and `repeated`.\n\nFor: {roles}.",
        answer=answer,
        reply=ImportView,
        status=202,
        again=200,
        keyed=True,
        takes_file=_TABLES,
    )


def _problems(path: str, question: type[Question[Page[RowProblem]]]) -> Endpoint:
    return Endpoint(
        method="GET",
        path=f"{path}/problems",
        summary="The rows that are not taken; as CSV all of them",
        answer=list_problems,
        message=question,
        reply=reply_type(question),
        media_types=(JSON, CSV),
    )


AREA = Area(
    "imports",
    "Files of rows: brought, looked through, taken all at once; what suppliers offer",
    (
        _upload(
            _LISTS,
            upload_price_list,
            BeginStockImport,
            "Bring a supplier's price list",
            ", `supplier_id`, `valid_from`",
        ),
        get(_LISTS, ListStockImports, "Imports of price lists and analogues, newest first"),
        get(_LIST, GetStockImport, "How far an import is, and its first rows"),
        patch(_LIST, ChangeStockImport, "Say which columns are which"),
        _problems(_LIST, ListStockImportProblems),
        post(f"{_LIST}/apply", ApplyStockImport, "Take the good rows", status=202),
        post(f"{_LIST}/cancel", CancelStockImport, "Drop an import", status=200),
        _upload(
            "/crosses/imports",
            upload_crosses,
            BeginStockImport,
            "Bring a table of analogues",
            ". It goes on at `/price-lists/imports/{id}`",
        ),
        _upload(
            _CLIENTS,
            upload_clients,
            BeginClientImport,
            "Bring a list of clients and cars",
            ", `on_duplicate` (`ask`, `skip`, `update`, `create`)",
        ),
        get(_CLIENTS, ListClientImports, "Imports of clients, newest first"),
        get(_OF_CLIENTS, GetClientImport, "How far an import of clients is"),
        patch(_OF_CLIENTS, ChangeClientImport, "Say which columns are which, or the rule"),
        get(f"{_OF_CLIENTS}/rows", ListClientImportRows, "What becomes of each row"),
        post(f"{_OF_CLIENTS}/decisions", DecideClientRow, "Decide on one row", status=200),
        _problems(_OF_CLIENTS, ListClientImportProblems),
        post(f"{_OF_CLIENTS}/apply", ApplyClientImport, "Take the clients", status=202),
        post(f"{_OF_CLIENTS}/cancel", CancelClientImport, "Drop an import", status=200),
        get("/offers", FindOffers, "What suppliers offer, the cheapest first"),
        post(
            "/offers/{offer_id}/product",
            CreateProductFromOffer,
            "Make a product of an offer",
            location="/products/{id}",
        ),
    ),
)
