"""The statement as a paper: of every shape, in both languages, with a template of one's own."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from shared.contracts.base import Page, Period, Question, View
from shared.contracts.clients import ClientView, GetClient
from shared.contracts.forms import FormDocument, ListForms, PreviewForm, PrintForm, SaveFormTemplate
from shared.contracts.orders import ListStations, StationView
from shared.contracts.statements import ClientStatement, PrintStatement, StatementView
from shared.formulas import STATEMENT_SAMPLE
from shared.ids import id_of, new_id
from shared.refusals import Refused
from tests.documents.forms.builders import pages_of, text_of
from tests.documents.forms.standing_in import standing_in
from tests.support.broker import TestNats
from tests.support.day import Station, running_station

CLIENT = new_id()
MARCH = Period(
    start=datetime(2026, 2, 28, 21, tzinfo=UTC), end=datetime(2026, 3, 31, 21, tzinfo=UTC)
)


def a_statement(closing: str = "0.00", rows: int = 3) -> StatementView:
    lines = STATEMENT_SAMPLE.statement.items
    return STATEMENT_SAMPLE.statement.model_copy(
        update={
            "items": tuple(lines[index % 3] for index in range(rows)),
            "closing": Decimal(closing),
        }
    )


@pytest.fixture
async def station(nats_server: TestNats, database: Callable[[str], str]) -> AsyncIterator[Station]:
    async with running_station(nats_server, database, "documents") as station:
        yield station


async def printed(
    station: Station, nats_server: TestNats, statement: StatementView, **fields: Any
) -> FormDocument:
    """With the other services' answers as they would be."""
    now = datetime.now(UTC)
    client = ClientView(id=CLIENT, name="ООО «Вектор»", revision=1, created_at=now, updated_at=now)
    own = StationView(
        id=id_of("station:station-1"), code="station-1", name="Автосервис",
        time_zone="Europe/Moscow", legal_name="ООО «Лесная сервис»",
    )  # fmt: skip
    answers: dict[type[Question[Any]], View] = {
        ClientStatement: statement,
        GetClient: client,
        ListStations: Page[StationView](items=(own,)),
    }
    async with standing_in(nats_server, answers):
        return await station.ask(PrintStatement(client_id=CLIENT, period=MARCH, **fields))


@pytest.mark.parametrize(
    ("closing", "said"),
    [
        ("0.00", "задолженность отсутствует"),
        ("1200.50", "в пользу ООО «Лесная сервис»: 1 200,50 ₽ (Одна тысяча двести рублей 50"),
        ("-300.00", "в пользу ООО «Вектор»: 300,00 ₽ (Триста рублей 00"),
    ],
)
async def test_it_says_who_owes_whom(
    station: Station, nats_server: TestNats, closing: str, said: str
) -> None:
    document = await printed(station, nats_server, a_statement(closing))
    text = text_of(document).replace("\xa0", " ")
    assert document.file_name == "Акт сверки ООО «Вектор».pdf"
    assert "за период с 1 марта 2026 г. по 31 марта 2026 г." in text
    assert "Оплата по заказ-наряду № А-000123, перевод" in text
    assert "Плательщик: ООО «Альфа-Логистик»" in text
    assert said in text
    assert "От исполнителя" in text
    assert "От заказчика" in text


async def test_it_is_printed_in_english_and_over_many_pages(
    station: Station, nats_server: TestNats
) -> None:
    document = await printed(station, nats_server, a_statement(rows=300), language="en")
    pages = pages_of(document)
    assert document.pages == len(pages) > 5
    assert all("Debit, ₽" in page for page in pages[:-1])
    assert "Opening balance" in pages[0]
    assert "Statement of account" in pages[0]
    html = await printed(station, nats_server, a_statement(), format="html")
    assert "Обороты за период" in html.content.decode()


async def test_its_template_is_edited_like_any_other(
    station: Station, nats_server: TestNats
) -> None:
    form = next(each for each in (await station.ask(ListForms())).items if each.code == "statement")
    assert form.about == "statement"
    own = "<h1>Сверка с {{ Customer.Name }}: {{ Closing | money }}</h1>"
    saved = await station.send(SaveFormTemplate(form="statement", template=own))
    assert saved.revision == 2
    document = await printed(station, nats_server, a_statement("5.00"))
    assert "Сверка с ООО «Вектор»: 5,00" in text_of(document).replace("\xa0", " ")
    with pytest.raises(Refused, match="formula_invalid"):
        await station.send(SaveFormTemplate(form="statement", template="{{ TotalMoney }}"))
    order_id = UUID(int=1)
    with pytest.raises(Refused, match="form_not_found"):
        await station.ask(PrintForm(order_id=order_id, form="statement"))
    with pytest.raises(Refused, match="form_not_found"):
        await station.ask(PreviewForm(order_id=order_id, form="statement", template=own))
