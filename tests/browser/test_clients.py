"""Clients and cars, as people at the counter and in the office keep them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from tests.browser.visitors import DESK, PHONE, Open, Site, barriers, paper, too_wide

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def olga(site: Site) -> dict[str, Any]:
    """A client with a car."""
    client = await site.post(
        "/clients",
        {
            "last_name": "Смирнова",
            "first_name": "Ольга",
            "phones": ["8 916 555-01-02"],
            "consents": {"sms": True},
        },
    )
    car = await site.post(
        f"/clients/{client['id']}/vehicles",
        {"vendor": "Škoda", "model": "Octavia", "plate": "О555ТО77", "mileage_km": 84000},
    )
    return {**client, "car": car}


async def fits(page: Page) -> None:
    assert await barriers(page) == []
    assert await too_wide(page) == []


async def test_a_client_is_found_entered_and_kept_up_to_date(
    site: Site, olga: dict[str, Any], browse: Open
) -> None:
    visitor = await browse(size=DESK, role="administrator", language="en")
    visitor.forgiven = ("412", "422")
    page = visitor.page
    await page.goto(site.url + "/clients")
    await fits(page)
    await page.get_by_label("Phone, plate, VIN or name").press_sequentially("никого такого")
    await expect(page.get_by_text("Nobody fits.")).to_be_visible()
    await page.get_by_label("Phone, plate, VIN or name").fill("о555то")
    await expect(page.get_by_role("link", name="Смирнова Ольга")).to_be_visible()

    await page.get_by_role("button", name="New client").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Company", exact=True).check()
    await dialog.get_by_label("Company name").fill("ООО «Вектор»")
    await dialog.get_by_label("Phone", exact=True).fill("12")
    await dialog.get_by_role("button", name="Enter the client").click()
    await expect(dialog.get_by_role("button", name="Close").nth(1)).to_be_visible()
    await dialog.get_by_label("Phone", exact=True).fill("8 495 700-00-01")
    await dialog.get_by_role("button", name="Enter the client").click()
    await expect(page.get_by_role("heading", name="ООО «Вектор»")).to_be_visible()
    (company,) = (await site.get("/clients?q=Вектор"))["items"]
    assert company["phones"] == ["+74957000001"]

    # Somebody else edits the card while the dialog is open: nothing of theirs is overwritten.
    await page.get_by_role("button", name="Edit").click()
    await page.get_by_label("Note").fill("Скидка по договору")
    await site.office.patch(
        f"/clients/{company['id']}", json={"email": "a@b.ru"}, headers={"Idempotency-Key": "other"}
    )
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("link", name="Show it as it is now")).to_be_visible()
    await expect(page.get_by_label("Note")).to_have_value("Скидка по договору")
    await page.get_by_role("link", name="Show it as it is now").click()
    await expect(page.get_by_role("link", name="a@b.ru")).to_be_visible()
    await page.get_by_role("button", name="Edit").click()
    await page.get_by_label("Note").fill("Скидка по договору")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator(".note")).to_have_text("Скидка по договору")

    await page.get_by_role("button", name="Tag", exact=True).click()
    await page.get_by_label("or a new one").fill("Парк")
    await page.get_by_role("dialog").get_by_role("button", name="Add").click()
    await expect(page.locator(".tag-one")).to_contain_text("Парк")
    await fits(page)

    await page.get_by_role("link", name="Links and contracts").click()
    await page.get_by_role("button", name="New link").click()
    await page.get_by_label("ООО «Вектор» is").select_option("a payer for")
    await page.get_by_label("Of whom").fill("5550102")
    await page.locator(".picks label", has_text="Смирнова Ольга").click()
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator("tbody tr")).to_contain_text("Pays for")
    await page.get_by_role("button", name="New contract").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Number").fill("17/26")
    await dialog.get_by_label("Signed on").fill("2026-01-15")
    await dialog.get_by_label("Credit limit").fill("50 000,00")
    await dialog.get_by_role("button", name="Save").click()
    await expect(page.get_by_text("50,000.00")).to_be_visible()
    await fits(page)
    (contract,) = (await site.get(f"/clients/{company['id']}/contracts"))["items"]
    assert contract["credit_limit"] == "50000.00"

    await page.goto(site.url + "/clients")
    await page.get_by_label("Tag").select_option("Парк")
    await expect(page.locator("#clients-found tbody tr")).to_have_count(1)


async def test_money_messages_and_the_car_are_seen_and_changed_on_a_phone(
    site: Site, olga: dict[str, Any], browse: Open
) -> None:
    await site.post(
        "/payments",
        {"customer_id": olga["id"], "payer_id": olga["id"], "amount": "1500", "method": "card"},
    )
    other = await site.post("/clients", {"last_name": "Орлов", "phones": ["8 903 111-22-33"]})
    visitor = await browse(size=PHONE, role="owner", scheme="dark")
    page = visitor.page
    await page.goto(site.url + f"/clients/{olga['id']}")
    await fits(page)
    await expect(page.locator(".figure", has_text="Аванс")).to_contain_text("1 500,00")
    await page.get_by_role("link", name="Деньги").last.tap()
    await expect(page.locator("tbody")).to_contain_text("Платёж")
    await fits(page)
    assert await paper(page, page.get_by_role("link", name="Печать (PDF)"))
    await page.get_by_role("link", name="Сообщения").tap()
    await page.get_by_label("Текст").fill("Ждём вас завтра")
    await page.get_by_role("button", name="Отправить").tap()
    await expect(page.locator("tbody")).to_contain_text("Ждём вас завтра")
    await fits(page)

    await page.goto(site.url + f"/vehicles/{olga['car']['id']}")
    await fits(page)
    # Another screen's edit is here at once.
    await site.office.patch(
        f"/vehicles/{olga['car']['id']}",
        json={"mileage_km": 91000},
        headers={"Idempotency-Key": "mileage"},
    )
    await expect(page.locator("dd", has_text="91 000 км")).to_contain_text(re.compile(r"км на \d"))
    await page.get_by_role("button", name="Другой владелец").tap()
    await page.get_by_label("Новый владелец").fill("1112233")
    await page.locator(".picks label", has_text="Орлов").tap()
    await page.get_by_role("button", name="Сохранить").tap()
    await expect(page.locator(".pairs a", has_text="Орлов")).to_be_visible()
    await expect(page.locator(".timeline-plain")).to_contain_text("Смирнова Ольга")
    assert (await site.get(f"/vehicles/{olga['car']['id']}"))["client_id"] == other["id"]


async def test_two_cards_become_one_and_a_person_is_forgotten(
    site: Site, olga: dict[str, Any], browse: Open
) -> None:
    twin = await site.post(
        "/clients", {"last_name": "Смирнова", "phones": ["8 916 555-01-02"], "comment": "Дубль"}
    )
    visitor = await browse(size=DESK, role="administrator")
    visitor.forgiven = ("422",)
    page = visitor.page
    await page.goto(site.url + "/clients/duplicates")
    await expect(page.locator("tbody tr")).to_contain_text("один телефон")
    await fits(page)
    await page.get_by_role("link", name="Сравнить").click()
    await fits(page)
    page.on("dialog", lambda dialog: dialog.accept())
    card = page.locator("section", has_text="О555ТО77")
    await card.get_by_role("button", name="Оставить эту карточку").click()
    await expect(page.get_by_text("Теперь карточка одна")).to_be_visible()
    merged = await site.get(f"/clients/{twin['id']}")
    assert (merged["id"], merged["merged_into"]) == (olga["id"], olga["id"])

    await page.goto(site.url + f"/clients/{olga['id']}")
    await page.get_by_text("Дубль карточки, персональные данные").click()
    async with page.expect_download() as downloading:
        await page.get_by_role("link", name="Персональные данные файлом").click()
    told = Path(await (await downloading.value).path()).read_text()
    assert "+79165550102" in told
    await page.get_by_role("button", name="Стереть данные человека").click()
    await page.get_by_label("Кто и как об этом попросил").fill("Письмо от 27.11")
    await page.get_by_label("Для подтверждения введите имя").fill("Смирнова")
    await page.get_by_role("button", name="Стереть навсегда").click()
    await expect(page.locator(".field-problem")).to_have_text("это не то имя")
    assert (await site.get(f"/clients/{olga['id']}"))["erased_at"] is None
    await page.get_by_label("Для подтверждения введите имя").fill("Смирнова Ольга")
    await page.get_by_role("button", name="Стереть навсегда").click()
    await expect(page.get_by_role("note")).to_contain_text("Данные стёрты")
    await expect(page.get_by_role("button", name="Изменить")).to_have_count(0)
    assert (await site.get(f"/clients/{olga['id']}"))["phones"] == []


async def test_a_list_is_brought_decided_on_and_taken(
    site: Site, olga: dict[str, Any], browse: Open, tmp_path: Path
) -> None:
    file = tmp_path / "клиенты.csv"
    file.write_text(
        "Фамилия;Имя;Телефон;Госномер\n"
        "Новиков;Олег;8 916 700-00-01;В001ВВ77\n"
        "Плохой;Номер;12;\n"
        "Смирнова;Ольга;8 916 555-01-02;О555ТО77\n"
    )
    visitor = await browse(size=PHONE, role="owner")
    page = visitor.page
    await page.goto(site.url + "/clients/import")
    await fits(page)
    await page.get_by_label("Файл").set_input_files(file)
    await page.get_by_role("button", name="Загрузить").tap()
    await page.wait_for_url("**/clients/import/*")
    # Left, and found again; the progress comes by itself.
    await page.goto(site.url + "/clients/import")
    await page.get_by_role("link", name="клиенты.csv").tap()
    await expect(page.get_by_text("Строк без решения: 1")).to_be_visible()
    await expect(page.get_by_text("не номер телефона")).to_be_visible()
    await expect(page.get_by_role("button", name="Принять клиентов")).to_have_count(0)
    await fits(page)
    await page.get_by_role("link", name="Решить 1").tap()
    await page.get_by_role("button", name="Пропустить").tap()
    await page.get_by_role("button", name="Принять клиентов").tap()
    await expect(page.locator(".page-actions .badge-state")).to_have_text("Загружено")
    names = [each["name"] for each in (await site.get("/clients"))["items"]]
    assert names == ["Новиков Олег", "Смирнова Ольга"]
