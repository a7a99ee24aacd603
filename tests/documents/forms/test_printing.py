"""Every form in both languages, for orders of every shape: what it says, and what it never says."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest
from pypdf import PdfReader

from services.documents.domain.forms import FORMS, LANGUAGES
from shared.contracts.forms import FormDocument
from shared.contracts.work_order import Party, WorkOrder
from shared.formulas import SAMPLE
from shared.nobody import MARK, name_of
from shared.refusals import Refused
from tests.documents.forms.builders import (
    MATERIAL,
    NUMBER,
    a_company,
    an_order,
    pages_of,
    text_of,
)
from tests.documents.forms.conftest import AtWork

ORDERS: dict[str, WorkOrder] = {
    "one work": an_order(services=1, products=0),
    "one product": an_order(services=0, products=1),
    "no lines": an_order(services=0, products=0),
    "many lines": an_order(services=60, products=40),
    "no car": an_order(vehicle=None, haul_distance=None),
    "a company": an_order(customer=a_company(), payer=a_company(), driver=None),
}
TITLES = {
    ("work_order", "ru"): "Заказ-наряд",
    ("acceptance_act", "ru"): "Акт приёма-передачи автомобиля",
    ("estimate", "ru"): "Предварительная калькуляция",
    ("completion_act", "ru"): "Акт выполненных работ",
    ("invoice", "ru"): "Счёт",
    ("goods_receipt", "ru"): "Товарный чек",
    ("warranty_card", "ru"): "Гарантийный талон",
    ("work_order", "en"): "Work order",
    ("acceptance_act", "en"): "Vehicle acceptance act",
    ("estimate", "en"): "Estimate",
    ("completion_act", "en"): "Completion act",
    ("invoice", "en"): "Invoice",
    ("goods_receipt", "en"): "Goods receipt",
    ("warranty_card", "en"): "Warranty card",
}
IN_TEN_YEARS = datetime.now(UTC) + timedelta(days=3650)
EARLIER, LATER = (datetime(2026, 3, day, 12, tzinfo=UTC) for day in (2, 7))
OF_ORDERS = sorted(form.code for form in FORMS.values() if form.about == "order")
WITH_TOTAL = ("work_order", "estimate", "completion_act", "invoice")


def test_there_are_titles_for_all_forms_and_languages() -> None:
    assert set(TITLES) == {(form, language) for form in OF_ORDERS for language in LANGUAGES}


@pytest.mark.parametrize("shape", ORDERS)
async def test_every_form_prints_an_order_of_every_shape(at_work: AtWork, shape: str) -> None:
    order = ORDERS[shape]
    for (form, language), title in TITLES.items():
        document = await at_work.printed(order, form, language=language)
        pages = pages_of(document)
        text = text_of(document)
        assert document.file_name == f"{title} {NUMBER}.pdf"
        assert document.media_type == "application/pdf"
        assert document.pages == len(pages)
        assert title in text
        assert NUMBER in text
        assert (order.payer if form == "invoice" else order.customer).name in text
        last = len(pages)
        for page, said in enumerate(pages, 1):
            number = f"стр. {page} из {last}" if language == "ru" else f"page {page} of {last}"
            assert number in said
        if form in WITH_TOTAL:
            assert "12 536,00" in text.replace("\N{NO-BREAK SPACE}", " ") or "12,536.00" in text
            assert ("Двенадцать тысяч пятьсот" in text) == (language == "ru")
            assert ("Twelve thousand" in text) == (language == "en")
        # Through the client's eyes, whatever is on the order.
        assert MATERIAL not in text
        assert "7777" not in text
        assert "7 777" not in text.replace("\N{NO-BREAK SPACE}", " ")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"status": "in_progress", "completed_at": None}, ("Принят", "Обещан")),
        ({}, ("Принят", "Выдан")),
        ({"status": "cancelled", "completed_at": None}, ("Принят", "Выдан")),
        ({"date_time_out": SAMPLE.date_time_in}, ("Принят", "Обещан")),
        ({"date_time_out": IN_TEN_YEARS}, ("Принят", "Обещан")),
        (
            {"status": "new", "completed_at": None, "date_time_in": IN_TEN_YEARS,
             "date_time_out": IN_TEN_YEARS},
            ("Ожидается", "Обещан"),
        ),
    ],
    ids=["open", "gone", "called off", "done later than promised", "not gone yet", "to come"],
)  # fmt: skip
async def test_a_promise_is_not_printed_as_the_giving_back(
    at_work: AtWork, fields: dict[str, Any], said: tuple[str, str]
) -> None:
    text = text_of(await at_work.printed(an_order(**fields), "work_order"))
    words = ("Принят", "Ожидается", "Выдан", "Обещан")
    assert tuple(word for word in words if f"{word} " in text) == said


async def test_the_warranty_card_begins_as_the_look_up_of_the_warranty_does(
    at_work: AtWork,
) -> None:
    """When the car has gone; with the end of the work, where it was promised for earlier."""
    for out_at, day in ((SAMPLE.date_time_out, "5 марта 2026"), (EARLIER, "5 марта 2026"),
                        (LATER, "7 марта 2026")):  # fmt: skip
        document = await at_work.printed(an_order(date_time_out=out_at), "warranty_card")
        assert f"Начало гарантии: {day}" in text_of(document)


async def test_a_long_order_repeats_its_head_and_keeps_its_total_with_the_last_line(
    at_work: AtWork,
) -> None:
    for works in range(8, 20):
        document = await at_work.printed(an_order(services=works, products=2), "work_order")
        (page,) = [page for page in pages_of(document) if "12 536,00" in page.replace("\xa0", " ")]
        assert "Итого за запчасти" in page
        assert "P85020" in page  # the last line
    long = pages_of(await at_work.printed(an_order(services=100, products=0), "invoice"))
    assert len(long) >= 4
    assert all("Наименование работы" in page for page in long[:-1])


@pytest.mark.parametrize("form", OF_ORDERS)
async def test_four_hundred_works_and_as_many_goods_still_print(at_work: AtWork, form: str) -> None:
    document = await at_work.printed(an_order(services=400, products=400), form)
    assert document.pages > 10 or form == "acceptance_act"


async def test_a_long_name_stands_over_its_line(at_work: AtWork) -> None:
    name = "Константинопольская-Преображенская Александра Владиславовна"
    customer = SAMPLE.customer.model_copy(update={"name": name})
    document = await at_work.printed(an_order(customer=customer), "completion_act")
    *_, page = PdfReader(BytesIO(document.content)).pages
    heights: dict[str, list[float]] = {}

    def heard(text: str, page_at: list[float], text_at: list[float], *_: Any) -> None:
        for word in ("Владиславовна", "расшифровка"):
            if word in text:
                heights.setdefault(word, []).append(page_at[3] * text_at[5] + page_at[5])

    page.extract_text(visitor_text=heard)
    # The name's last row, and the caption under the line; in points from the page's foot.
    assert min(heights["Владиславовна"]) > min(heights["расшифровка"]) + 8


async def test_a_word_without_an_end_and_a_sum_of_ten_digits_keep_to_the_paper(
    at_work: AtWork,
) -> None:
    """What is wider than its page is printed smaller, the whole of it, and cut off at the edge."""
    usual = an_order(services=0, products=1)
    sums = usual.products[0].model_copy(update={"total": Decimal("8888888888.88")})
    wide = usual.model_copy(update={"customer_reason": "Стук" * 60, "products": (sums,)})
    sizes = [
        _size_of("Наименование", await at_work.printed(each, "work_order"))
        for each in (usual, wide)
    ]
    assert sizes[0] == sizes[1]


def _size_of(word: str, document: FormDocument) -> float:
    """How large it is printed."""
    sizes: list[float] = []

    def heard(
        text: str, page_at: list[float], text_at: list[float], _font: Any, size: float
    ) -> None:
        if word in text:
            sizes.append(round(abs(page_at[0] * text_at[0]) * size, 3))

    PdfReader(BytesIO(document.content)).pages[0].extract_text(visitor_text=heard)
    return sizes[0]


async def test_lines_say_what_the_client_pays_for(at_work: AtWork) -> None:
    order = an_order()
    act = text_of(await at_work.printed(order, "completion_act"))
    for line in order.services:
        assert line.service.name in act
    for part in order.products:
        assert part.product.name in act
    receipt = text_of(await at_work.printed(order, "goods_receipt"))
    assert order.services[0].service.name not in receipt
    assert order.products[0].product.name in receipt
    assert "8 600,00" in receipt.replace("\N{NO-BREAK SPACE}", " ")
    card = text_of(await at_work.printed(order, "warranty_card"))
    assert "30 дней или 1 000 км" in card.replace("\N{NO-BREAK SPACE}", " ")
    assert "04.04.2026" in card


async def test_money_of_the_client_that_names_no_order_is_a_part_of_what_is_paid(
    at_work: AtWork,
) -> None:
    sums: dict[str, Any] = {"total": "12536.00", "paid": "1000.00", "due": "9536.00"}
    act = text_of(await at_work.printed(an_order(**sums), "completion_act"))
    said = act.replace("\N{NO-BREAK SPACE}", " ").replace(" ₽", "")
    assert "Оплачено 1 000,00 С баланса клиента 2 000,00 К оплате 9 536,00" in said
    called_off = an_order(**sums | {"status": "cancelled", "due": "0.00"})
    assert "С баланса" not in text_of(await at_work.printed(called_off, "work_order"))


async def test_declined_works_are_offered_in_an_estimate_and_charged_nowhere(
    at_work: AtWork,
) -> None:
    declined = (
        an_order(services=3)
        .services[2]
        .model_copy(
            update={
                "approval": an_order().services[0].approval.model_copy(update={"state": "declined"})
            }
        )
    )
    declined = declined.model_copy(
        update={"service": declined.service.model_copy(update={"name": "Замена амортизатора"})}
    )
    order = an_order()
    order = order.model_copy(update={"declined": (declined,)})
    said = {form: text_of(await at_work.printed(order, form)) for form in OF_ORDERS}
    assert {form for form, text in said.items() if "Замена амортизатора" in text} == {"estimate"}


async def test_the_internal_copy_names_materials_and_no_money(at_work: AtWork) -> None:
    order = an_order()
    text = text_of(await at_work.printed(order, "work_order", copy_of="internal"))
    assert "Задание исполнителю" in text
    assert MATERIAL in text
    assert "12 536" not in text.replace("\N{NO-BREAK SPACE}", " ")
    assert "7777" not in text


async def test_only_the_work_order_has_an_internal_copy(at_work: AtWork) -> None:
    with pytest.raises(Refused, match="form_without_internal_copy"):
        await at_work.printed(an_order(), "invoice", copy_of="internal")


async def test_unknown_forms_and_orders_are_not_found(at_work: AtWork) -> None:
    with pytest.raises(Refused, match="form_not_found"):
        await at_work.printed(an_order(), "poem")
    order = an_order()
    await at_work.printed(order, "invoice")
    del at_work.orders[order.id]
    with pytest.raises(Refused, match="order_not_found"):
        await at_work.previewed("x", order_id=order.id)


async def test_what_people_typed_is_text_and_never_markup(at_work: AtWork) -> None:
    order = an_order(customer_reason="<b>стук</b> & <img src='http://example.com/x.png'>")
    text = text_of(await at_work.printed(order, "work_order"))
    assert "<b>стук</b> & <img src='http://example.com/x.png'>" in text


@pytest.mark.parametrize("language", LANGUAGES)
async def test_phones_are_printed_as_pages_show_them(at_work: AtWork, language: str) -> None:
    phones = ("+4930123456;ext=12", "+79165550102")
    order = an_order(
        customer=SAMPLE.customer.model_copy(update={"phones": phones}),
        payer=SAMPLE.customer.model_copy(update={"phones": phones}),
        station=SAMPLE.station.model_copy(update={"phone": "8 (495) 123-45-67"}),
    )
    for form in ("work_order", "invoice"):
        said = text_of(await at_work.printed(order, form, language=language))
        assert "+7 495 123-45-67" in said
        assert f"+49 30 123456 {'доб.' if language == 'ru' else 'ext.'} 12" in said
    assert "+7 916 555-01-02" in text_of(await at_work.printed(order, "work_order"))


async def test_whoever_was_erased_is_called_so_in_the_papers_language(at_work: AtWork) -> None:
    nobody = Party(id=UUID(int=7), kind="person", name=name_of(UUID(int=0x7F3A9C)))
    order = an_order(customer=nobody, payer=nobody)
    said = {
        language: text_of(await at_work.printed(order, "work_order", language=language))
        for language in LANGUAGES
    }
    assert "Обезличенный клиент 7F3A9C" in said["ru"]
    assert MARK not in said["ru"]
    assert "Erased client 7F3A9C" in said["en"]


async def test_a_number_in_cyrillic_has_no_bar_code_and_still_prints(at_work: AtWork) -> None:
    document = await at_work.printed(an_order(number="Ж-000001"), "invoice", format="html")
    html = document.content.decode()
    assert 'class="qr"' in html
    assert 'class="barcode"' not in html
    assert document.file_name == "Счёт Ж-000001.html"
