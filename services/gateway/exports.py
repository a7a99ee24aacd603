"""A report's rows as a table to take away: CSV or XLSX, the same for every report.

CSV follows the reader's language as Excel does: in Russian semicolons and decimal commas, else
commas and decimal points; always UTF-8 with a byte order mark, without which Excel spoils
Cyrillic. XLSX has typed cells. Times are the station's own.
"""

from __future__ import annotations

import asyncio
import csv
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache
from io import BytesIO, StringIO
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import xlsxwriter  # type: ignore[import-untyped]
from pydantic import TypeAdapter
from starlette.responses import Response

from services.gateway.call import Call, accepted
from services.gateway.problems import field_invalid
from shared.refusals import Refused

JSON = "application/json"
CSV = "text/csv"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MEDIA_TYPES = (JSON, CSV, XLSX)
FORMATS = {"json": JSON, "csv": CSV, "xlsx": XLSX}
FORMAT_FIELD = frozenset({"format"})

type Cell = str | int | Decimal | date | None


@dataclass(frozen=True, slots=True)
class Sheet:
    """A report, ready to be written down; times have no zone any more."""

    name: str
    fields: Sequence[str]
    titles: Sequence[str]
    rows: Sequence[Sequence[Cell]]


def chosen(call: Call, format_name: str | None) -> str:
    """The media type to answer with: as ``?format=`` says, else as ``Accept`` does.
    Raises ``not_acceptable``."""
    if format_name is not None:
        if format_name not in FORMATS:
            names = ", ".join(FORMATS)
            raise field_invalid(
                "format", f"Input should be one of {names}", f"должно быть одно из: {names}"
            )
        return FORMATS[format_name]
    header = call.header(b"accept")
    if not header:
        return JSON
    wishes = dict(accepted(header))
    best = max(MEDIA_TYPES, key=lambda media_type: _wish(wishes, media_type))
    if _wish(wishes, best) == 0:
        raise Refused("not_acceptable", offered=", ".join(MEDIA_TYPES))
    return best


async def rendered(
    call: Call, path: str, page_type: Any, reply: bytes, media_type: str
) -> Response:
    """The answer's rows as a file. ``reply`` is JSON of a ``page_type``."""
    name = path.rsplit("/", 1)[-1]
    language, zone = call.language, call.gateway.settings.zone

    def render() -> bytes:
        sheet = _sheet(name, page_type, reply, language, zone)
        return _as_csv(sheet, language) if media_type == CSV else _as_xlsx(sheet)

    # In a thread: a long table takes a while, and others want to be answered meanwhile.
    content = await asyncio.to_thread(render)
    extension = "csv" if media_type == CSV else "xlsx"
    return Response(
        content,
        media_type=f"{CSV}; charset=utf-8" if media_type == CSV else media_type,
        headers={
            "Content-Disposition": f'attachment; filename="{name}.{extension}"',
            "Content-Language": language,
            "Vary": "Accept, Accept-Language",
        },
    )


def _sheet(name: str, page_type: Any, reply: bytes, language: str, zone: ZoneInfo) -> Sheet:
    row_type = page_type.__pydantic_generic_metadata__["args"][0]
    fields = [field for field in row_type.model_fields if not _is_named(field, row_type)]
    page = _adapter(page_type).validate_json(reply)
    return Sheet(
        name=_words(name, language),
        fields=fields,
        titles=[_words(field, language) for field in fields],
        rows=[
            [_cell(field, getattr(row, field), language, zone) for field in fields]
            for row in page.items
        ],
    )


def _is_named(field: str, row_type: Any) -> bool:
    """An id whose name stands beside it says nothing to people."""
    name = "number" if field == "order_id" else field.removesuffix("_id")
    return field.endswith("_id") and name in row_type.model_fields


def _cell(field: str, value: Any, language: str, zone: ZoneInfo) -> Cell:
    if isinstance(value, datetime):
        return value.astimezone(zone).replace(tzinfo=None, microsecond=0)
    if isinstance(value, UUID):
        return str(value)
    if field == "day":
        return date.fromisoformat(value)
    if field == "type":
        return _words(value, language)
    cell: Cell = value
    return cell


def _as_csv(sheet: Sheet, language: str) -> bytes:
    delimiter, point = (";", ",") if language == "ru" else (",", ".")
    text = StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow(sheet.titles)
    writer.writerows([_in_csv(cell, point) for cell in row] for row in sheet.rows)
    return text.getvalue().encode("utf-8-sig")


def _in_csv(cell: Cell, point: str) -> str:
    match cell:
        case None:
            return ""
        case Decimal():
            return f"{cell:f}".replace(".", point)
        case str():
            # A spreadsheet would take these for formulas, whoever typed them in.
            return f"'{cell}" if cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) else cell
        case _:
            return str(cell)


def _as_xlsx(sheet: Sheet) -> bytes:
    file = BytesIO()
    options = {"constant_memory": True, "default_date_format": "dd.mm.yyyy hh:mm"}
    with xlsxwriter.Workbook(file, options) as workbook:
        head = workbook.add_format({"bold": True, "text_wrap": True, "bottom": 1})
        formats = {name: workbook.add_format({"num_format": code}) for name, code in _FORMATS}
        page = workbook.add_worksheet(sheet.name[:31])
        page.freeze_panes(1, 0)
        for column, (field, title) in enumerate(zip(sheet.fields, sheet.titles, strict=True)):
            page.set_column(column, column, _width(field, title))
            page.write_string(0, column, title, head)
        for number, row in enumerate(sheet.rows, start=1):
            for column, (field, cell) in enumerate(zip(sheet.fields, row, strict=True)):
                _write(page, number, column, cell, formats, field in _QUANTITIES)
    return file.getvalue()


def _write(
    page: Any, row: int, column: int, cell: Cell, formats: dict[str, Any], is_quantity: bool
) -> None:
    match cell:
        case None:
            pass
        case str():  # never as a formula or a link, whatever it looks like
            page.write_string(row, column, cell)
        case Decimal():
            kind = "quantity" if is_quantity else "money"
            page.write_number(row, column, cell, formats[kind])
        case datetime():
            page.write_datetime(row, column, cell, formats["instant"])
        case date():
            page.write_datetime(row, column, cell, formats["day"])
        case _:
            page.write_number(row, column, cell)


def _width(field: str, title: str) -> int:
    return 38 if field in _LONG or field.endswith("_id") else max(12, len(title) + 2)


def _wish(wishes: dict[str, float], media_type: str) -> float:
    for name in (media_type, media_type.split("/")[0] + "/*", "*/*"):
        if name in wishes:
            return wishes[name]
    return 0.0


@cache
def _adapter(page_type: Any) -> TypeAdapter[Any]:
    return TypeAdapter(page_type)


def _words(name: str, language: str) -> str:
    english, russian = _TITLES[name]
    return russian if language == "ru" else english


_FORMATS = (
    ("money", "#,##0.00"),
    ("quantity", "#,##0.###"),
    ("day", "dd.mm.yyyy"),
    ("instant", "dd.mm.yyyy hh:mm"),
)
_QUANTITIES = frozenset({"on_hand", "reserved", "available", "sold_hours"})
_LONG = frozenset({"product", "employee", "section", "warehouse", "category"})
_TITLES = {
    # reports
    "orders-by-section": ("Orders by section", "Заказы по участкам"),
    "employee-workload": ("Employee workload", "Загрузка сотрудников"),
    "stock-balances": ("Stock balances", "Остатки на складах"),
    "income-expenses": ("Income and expenses", "Доходы и расходы"),
    "order-profit": ("Profit per order", "Прибыль по заказ-нарядам"),
    "clients": ("Clients", "Клиенты"),
    # columns
    "section": ("Section", "Участок"),
    "section_id": ("Section id", "Участок (id)"),
    "created": ("Orders created", "Создано"),
    "in_progress": ("In progress", "В работе"),
    "done": ("Done", "Выполнено"),
    "cancelled": ("Cancelled", "Отменено"),
    "total": ("Total of the done, RUB", "Сумма выполненных, руб."),
    "employee": ("Employee", "Сотрудник"),
    "orders": ("Orders", "Заказов"),
    "planned_minutes": ("Planned, min", "План, мин"),
    "sold_hours": ("Norm-hours sold", "Продано нормо-часов"),
    "clocked_minutes": ("Clocked, min", "Отработано, мин"),
    "labor_total": ("Labour, RUB", "Работы, руб."),
    "product": ("Product", "Товар"),
    "oem": ("Part number", "Артикул"),
    "warehouse": ("Warehouse", "Склад"),
    "measure": ("Measure", "Ед. изм."),
    "on_hand": ("On hand", "На складе"),
    "reserved": ("Reserved", "В резерве"),
    "available": ("Available", "Доступно"),
    "value": ("Value at cost, RUB", "Стоимость, руб."),
    "day": ("Day", "День"),
    "type": ("Type", "Вид"),
    "category": ("Category", "Категория"),
    "amount": ("Amount, RUB", "Сумма, руб."),
    "records": ("Records", "Записей"),
    "number": ("Order", "Заказ-наряд"),
    "client_id": ("Client id", "Клиент (id)"),
    "settled_at": ("Settled at", "Рассчитан"),
    "revenue": ("Revenue, RUB", "Выручка, руб."),
    "cost": ("Cost, RUB", "Себестоимость, руб."),
    "pay": ("Pay, RUB", "Оплата труда, руб."),
    "margin": ("Margin, RUB", "Маржа, руб."),
    "paid": ("Paid, RUB", "Оплачено, руб."),
    "name": ("Client", "Клиент"),
    "phone": ("Phone", "Телефон"),
    "email": ("E-mail", "E-mail"),
    "visits": ("Visits", "Визитов"),
    "first_visit": ("First visit", "Первый визит"),
    "last_visit": ("Last visit", "Последний визит"),
    "last_section_id": ("Last section id", "Последний участок (id)"),
    # values
    "income": ("Income", "Доход"),
    "expense": ("Expense", "Расход"),
}
