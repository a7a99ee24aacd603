"""The reports as JSON, CSV and XLSX."""

from __future__ import annotations

import csv
from datetime import datetime
from decimal import Decimal
from io import BytesIO, StringIO
from typing import Any
from zoneinfo import ZoneInfo

import httpx
import openpyxl  # type: ignore[import-untyped]
import pytest

from services.gateway.exports.answers import MAX_ROWS, PAGE_ROWS
from services.gateway.exports.rows import cell_of
from services.gateway.exports.sheets import CSV, JSON, XLSX, Column
from services.gateway.routes import reports
from shared.contracts.base import View
from shared.contracts.finance import IncomeExpense, IncomeExpenses, OrderProfitRow, OrderProfits
from shared.contracts.finance_reports import (
    AbcAnalysis,
    AbcRow,
    CashFlow,
    CashFlowRow,
    CategorySum,
    Margin,
    MarginRow,
    ProfitLoss,
    ProfitLossRow,
)
from shared.contracts.inventory import StockBalance, StockBalances
from shared.contracts.orders import EmployeeWorkload, OrdersBySection, SectionOrders, Workload
from shared.contracts.statements import Debtor, DebtOrder
from shared.contracts.stock_reports import (
    DeadStock,
    DeadStockRow,
    KindTurnover,
    ShortageRow,
    StockShortages,
    StockTurnover,
    TurnoverRow,
)
from shared.contracts.taxes import VatReport, VatReportRow
from shared.ids import new_id
from tests.gateway.support import API, FakeServices, TestGateway

RUSSIAN = {"Accept-Language": "ru"}
IDS = [new_id() for _ in range(8)]
SETTLED_AT = datetime.fromisoformat("2026-11-23T21:30:15.5+00:00")
A_CLIENT = {
    "id": str(IDS[5]), "name": "Петров", "last_name": "Петров", "revision": 1,
    "created_at": "2026-11-27T12:30:00Z", "updated_at": "2026-11-27T12:30:00Z",
}  # fmt: skip
RENT = (CategorySum(category="=rent", amount=Decimal("7.50")),)
PLACE: Any = {
    "product_id": IDS[2],
    "product": "Масло",
    "oem": None,
    "warehouse_id": IDS[3],
    "warehouse": "Основной",
    "measure": "л",
}
ROWS: dict[Any, View] = {
    OrdersBySection: SectionOrders(
        section_id=IDS[0],
        section="=2+5+cmd|'/C calc'!A0",
        created=3,
        in_progress=1,
        done=2,
        cancelled=0,
        total=Decimal("11080.00"),
    ),
    EmployeeWorkload: Workload(
        employee_id=IDS[1],
        employee="Петров Пётр",
        section_id=IDS[0],
        orders=2,
        planned_minutes=120,
        sold_hours=Decimal("1.84"),
        clocked_minutes=0,
        labor_total=Decimal("1000.00"),
    ),
    StockBalances: StockBalance(
        product_id=IDS[2],
        product="Масло; 5W-40, «синтетика»",
        oem="+74 0012",
        warehouse_id=IDS[3],
        warehouse="Основной",
        measure="л",
        on_hand=Decimal("10.5"),
        reserved=Decimal("4"),
        available=Decimal("6.5"),
        value=None,
    ),
    VatReport: VatReportRow(
        line="output", percent=Decimal("22.00"), base=Decimal("1000.00"), vat=Decimal("220.00")
    ),
    IncomeExpenses: IncomeExpense(
        day="2026-11-23", type="expense", category="@rent", amount=Decimal("-1500.50"), records=2
    ),
    OrderProfits: OrderProfitRow(
        order_id=IDS[4],
        number="A-000128",
        section_id=IDS[0],
        client_id=IDS[5],
        settled_at=SETTLED_AT,
        revenue=Decimal("3100.00"),
        cost=Decimal("1720.00"),
        pay=Decimal("200.00"),
        margin=Decimal("1180.00"),
        paid=Decimal("0.00"),
    ),
    Margin: MarginRow(
        id=IDS[6],
        name="=HYPERLINK(1)",
        at=None,
        orders=1,
        jobs=2,
        quantity=Decimal("1.5"),
        margin_percent=Decimal("12.5"),
        **dict.fromkeys(("works", "goods", "materials", "revenue", "vat"), Decimal("10.00")),
        **dict.fromkeys(("cost", "pay", "margin"), Decimal("5.00")),
    ),
    ProfitLoss: ProfitLossRow(
        day="2026-11-01",
        categories=RENT,
        **dict.fromkeys(("works", "goods", "materials", "revenue", "vat"), Decimal("10.00")),
        **dict.fromkeys(("cost", "gross_profit", "pay", "expenses"), Decimal("5.00")),
        **dict.fromkeys(("bonuses", "payroll", "other_income", "net_profit"), Decimal("-5.00")),
    ),
    CashFlow: CashFlowRow(
        account="cash",
        categories=RENT,
        **dict.fromkeys(("opening", "payments", "deposits", "other_in"), Decimal("10.00")),
        **dict.fromkeys(("refunds", "suppliers", "payroll", "expenses"), Decimal("5.00")),
        **dict.fromkeys(("other_out", "transfers", "closing"), Decimal("-5.00")),
    ),
    StockTurnover: TurnoverRow(
        **PLACE,
        kinds=(KindTurnover(kind="issue", quantity=Decimal(-2), value=Decimal("-7.00")),),
        average_quantity=Decimal("1.500"),
        turnover_days=None,
        **{
            f"{name}_{measure}": Decimal(4)
            for name in ("opening", "in", "out", "closing")
            for measure in ("quantity", "value")
        },
    ),
    DeadStock: DeadStockRow(
        **PLACE,
        on_hand=Decimal(3),
        value=None,
        last_receipt_at=SETTLED_AT,
        last_issue_at=None,
        idle_days=200,
    ),
    StockShortages: ShortageRow(
        product_id=IDS[2],
        product="Масло",
        oem=None,
        measure="л",
        **dict.fromkeys(("on_hand", "reserved", "available", "waiting", "missing"), Decimal(1)),
        min_stock=None,
    ),
    AbcAnalysis: AbcRow(
        product_id=IDS[2],
        product="Масло",
        oem=None,
        quantity=Decimal(3),
        abc_class="A",
        variation=None,
        xyz="Z",
        **dict.fromkeys(("revenue", "cost", "margin"), Decimal("10.00")),
        **dict.fromkeys(("share", "cumulative"), Decimal("80.00")),
    ),
}


@pytest.fixture
async def owner(gateway: TestGateway, services: FakeServices) -> httpx.AsyncClient:
    await services.start("orders", "inventory", "finance", "clients")
    for question, row in ROWS.items():
        page = {"items": [row.model_dump(mode="json")], "next": None}
        services.replies[question.subject] = page
    section = {"id": str(IDS[0]), "name": "Слесарный", "station_id": str(IDS[7]), "revision": 1}
    services.replies["ask.orders.sections.v1"] = {"items": [section], "next": None}
    services.replies["ask.clients.cards.v1"] = {"clients": [A_CLIENT], "vehicles": []}
    return await gateway.signed_in("owner")


def table(response: httpx.Response, delimiter: str) -> list[list[str]]:
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == "text/csv; charset=utf-8"
    assert response.content.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(StringIO(response.content.decode("utf-8-sig")), delimiter=delimiter))


def sheet(response: httpx.Response) -> Any:
    assert response.status_code == 200, response.text
    assert response.headers["content-type"] == XLSX
    return openpyxl.load_workbook(BytesIO(response.content)).active


async def test_every_report_can_be_had_in_every_form(owner: httpx.AsyncClient) -> None:
    assert {endpoint.message for endpoint in reports.AREA.endpoints} == set(ROWS)
    for endpoint in reports.AREA.endpoints:
        path = API + endpoint.path
        name = endpoint.path.rsplit("/", 1)[-1]
        row = ROWS[endpoint.message].model_dump(mode="json")
        assert (await owner.get(path)).json() == {"items": [row], "next": None}
        for language in ("ru", "en"):
            spoken = {"Accept-Language": language}
            as_csv = await owner.get(path, headers={"Accept": CSV, **spoken})
            titles, values = table(as_csv, ";" if language == "ru" else ",")
            assert len(titles) == len(values) == len(set(titles))
            assert as_csv.headers["content-language"] == language
            assert f'filename="{name}.csv"' in as_csv.headers["content-disposition"]
            page = sheet(await owner.get(path, headers={"Accept": XLSX, **spoken}))
            assert [cell.value for cell in page[1]] == [each.lstrip("'") for each in titles]
            assert page.freeze_panes == "A2"
            assert page.max_row == 2


async def test_a_download_speaks_the_language_that_was_chosen_on_the_page(
    owner: httpx.AsyncClient,
) -> None:
    path = f"{API}/reports/stock-balances?format=csv"
    headers = {"Accept-Language": "en", "Cookie": "pitlane-lang=ru"}
    chosen = await owner.get(path, headers=headers)
    assert chosen.headers["content-language"] == "ru"
    assert table(chosen, ";")[0][0] == "Товар"
    unknown = await owner.get(path, headers={**headers, "Cookie": "pitlane-lang=xx"})
    assert unknown.headers["content-language"] == "en"


async def test_csv_opens_in_excel_of_the_readers_language(owner: httpx.AsyncClient) -> None:
    path = f"{API}/reports/stock-balances?format=csv"
    russian = await owner.get(path, headers=RUSSIAN)
    assert table(russian, ";") == [
        [
            "Товар",
            "Артикул",
            "Склад",
            "Ед. изм.",
            "На складе",
            "В резерве",
            "Доступно",
            "Стоимость, руб.",
        ],
        ["Масло; 5W-40, «синтетика»", "'+74 0012", "Основной", "л", "10,5", "4", "6,5", ""],
    ]
    assert russian.content.endswith(b"\r\n")
    english = await owner.get(path)
    assert table(english, ",")[1][4:] == ["10.5", "4", "6.5", ""]


async def test_what_looks_like_a_formula_is_text_and_a_negative_number_is_a_number(
    owner: httpx.AsyncClient,
) -> None:
    sections = f"{API}/reports/orders-by-section"
    assert table(await owner.get(f"{sections}?format=csv"), ",")[1][0] == "'=2+5+cmd|'/C calc'!A0"
    cell = sheet(await owner.get(f"{sections}?format=xlsx"))["A2"]
    assert (cell.data_type, cell.value) == ("s", "=2+5+cmd|'/C calc'!A0")

    money = f"{API}/reports/income-expenses"
    assert table(await owner.get(f"{money}?format=csv", headers=RUSSIAN), ";")[1] == [
        "2026-11-23",
        "Расход",
        "'@rent",
        "-1500,50",
        "2",
    ]


async def test_xlsx_has_numbers_and_dates_of_the_stations_own_time(
    owner: httpx.AsyncClient,
) -> None:
    page = sheet(await owner.get(f"{API}/reports/order-profit?format=xlsx", headers=RUSSIAN))
    titles = [cell.value for cell in page[1]]
    row = dict(zip(titles, page[2], strict=True))
    assert "Заказ-наряд (id)" not in titles
    assert row["Заказ-наряд"].value == "A-000128"
    assert row["Оплачено, руб."].value == 0
    assert row["Рассчитан"].value == datetime(2026, 11, 24, 0, 30, 15)
    assert row["Рассчитан"].is_date
    assert row["Выручка, руб."].value == 3100
    assert row["Выручка, руб."].number_format == "#,##0.00"
    assert page.title == "Прибыль по заказ-нарядам"

    page = sheet(await owner.get(f"{API}/reports/income-expenses?format=xlsx"))
    assert page["A2"].value == datetime(2026, 11, 23)
    assert page["D2"].value == -1500.5


async def test_tables_name_sections_clients_and_what_the_station_books_itself(
    owner: httpx.AsyncClient, services: FakeServices
) -> None:
    titles, row = table(await owner.get(f"{API}/reports/order-profit?format=csv"), ",")
    assert titles[:4] == ["Order", "Client", "Section", "Settled at"]
    assert row[:3] == ["A-000128", "Петров", "Слесарный"]
    path = f"{API}/reports/employee-workload?format=csv"
    titles, row = table(await owner.get(path, headers=RUSSIAN), ";")
    assert titles[:3] == ["Сотрудник", "Участок", "Заказов"]
    assert row[:3] == ["Петров Пётр", "Слесарный", "2"]
    booked = ROWS[IncomeExpenses].model_dump(mode="json") | {"category": "cost_of_goods"}
    services.replies[IncomeExpenses.subject] = {"items": [booked], "next": None}
    path = f"{API}/reports/income-expenses?format=csv"
    assert table(await owner.get(path, headers=RUSSIAN), ";")[1][2] == "Себестоимость запчастей"


async def test_the_form_is_what_accept_likes_best(owner: httpx.AsyncClient) -> None:
    for accept, form in (
        ("", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        ("text/*", CSV),
        ("text/csv, application/json;q=0.9", CSV),
        ("text/csv;q=0.3, application/json;q=0.9", JSON),
        (f"application/json;q=0, {XLSX}", XLSX),
        ("text/html,application/xhtml+xml,*/*;q=0.8", JSON),
        ("application/json;q=0, */*;q=0.1", CSV),
        ("TEXT/CSV", CSV),
    ):
        response = await owner.get(f"{API}/reports/order-profit", headers={"Accept": accept})
        assert response.headers["content-type"].split(";")[0] == form, accept


async def test_a_form_that_there_is_not_is_refused_without_asking_anyone(
    owner: httpx.AsyncClient, services: FakeServices
) -> None:
    path = f"{API}/reports/order-profit"
    response = await owner.get(path, headers={"Accept": "application/pdf"})
    assert (response.status_code, response.json()["code"]) == (406, "not_acceptable")
    response = await owner.get(path, headers={"Accept": "text/csv;q=0"})
    assert response.status_code == 406
    response = await owner.get(f"{path}?format=pdf")
    assert (response.status_code, response.json()["errors"][0]["field"]) == (422, "format")
    assert services.sent == []
    # Where it is said twice, the address goes first.
    response = await owner.get(f"{path}?format=json", headers={"Accept": CSV})
    assert response.headers["content-type"] == "application/json"


async def test_percents_are_percents_and_every_category_has_a_column(
    owner: httpx.AsyncClient,
) -> None:
    page = sheet(await owner.get(f"{API}/reports/margin?format=xlsx"))
    row = dict(zip([cell.value for cell in page[1]], page[2], strict=True))
    assert (row["Margin, %"].value, row["Margin, %"].number_format) == (0.125, "0.0%")
    assert (row["Name"].data_type, row["Name"].value) == ("s", "=HYPERLINK(1)")
    assert row["Quantity"].number_format == "#,##0.###"

    page = sheet(await owner.get(f"{API}/reports/profit-loss?format=xlsx"))
    row = dict(zip([cell.value for cell in page[1]], page[2], strict=True))
    assert row["=rent"].value == 7.5
    titles, _ = table(await owner.get(f"{API}/reports/profit-loss?format=csv"), ",")
    assert "'=rent" in titles
    page = sheet(await owner.get(f"{API}/reports/cash-flow?format=xlsx", headers=RUSSIAN))
    assert page["A2"].value == "Касса"


async def test_a_table_has_all_pages_and_one_that_is_too_long_is_refused(
    owner: httpx.AsyncClient, services: FakeServices
) -> None:
    row = ROWS[OrderProfits].model_dump(mode="json")
    services.replies[OrderProfits.subject] = {"items": [row], "next": "more"}
    path = f"{API}/reports/order-profit?format=csv"

    response = await owner.get(path)

    assert (response.status_code, response.json()["code"]) == (422, "export_too_long")
    asked = [sent for sent in services.sent if sent.subject == OrderProfits.subject]
    assert len(asked) == MAX_ROWS // PAGE_ROWS
    # Whoever asks for one page gets one.
    assert len(table(await owner.get(f"{path}&limit=1"), ",")) == 2


@pytest.mark.parametrize("full", ["services.gateway.api", "services.gateway.exports.answers"])
@pytest.mark.parametrize("name", ["csv", "xlsx"])
async def test_a_disk_that_is_full_is_told_as_that(
    owner: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch, full: str, name: str
) -> None:
    """Wherever the room ends: while answers are laid aside, or when the table is written."""
    with monkeypatch.context() as patch:
        patch.setattr(f"{full}.TemporaryFile", lambda: open("/dev/full", "w+b"))  # noqa: SIM115
        response = await owner.get(f"{API}/reports/stock-balances?format={name}", headers=RUSSIAN)
    assert (response.status_code, response.json()["code"]) == (503, "disk_full")
    assert response.headers["retry-after"]
    assert "нет места" in response.json()["detail"]
    assert (await owner.get(f"{API}/reports/stock-balances?format={name}")).status_code == 200


@pytest.mark.parametrize(("language", "said"), [("ru", "А-1: 1500,50"), ("en", "А-1: 1500.50")])
def test_sums_among_words_are_written_as_the_reader_writes_them(language: str, said: str) -> None:
    order = DebtOrder(
        order_id=IDS[0],
        number="А-1",
        section_id=IDS[1],
        settled_at=SETTLED_AT,
        due_on=SETTLED_AT.date(),
        days=3,
        due=Decimal("1500.50"),
    )
    debtor = Debtor(client_id=IDS[2], client="Иванов", deposits=Decimal(0), unpaid=(order, order))
    told = cell_of(Column("unpaid", "Заказы"), debtor, language, ZoneInfo("Europe/Moscow"))
    assert told == f"{said}; {said}"
