"""Settings: what an administrator sets up at the desk, and every page of them on a phone."""

from __future__ import annotations

from contextlib import suppress

import pytest
from playwright.async_api import Locator, Page, expect

from tests.browser.visitors import DESK, PHONE, Open, Site, barriers
from tests.gateway.support import a_key

pytestmark = pytest.mark.asyncio(loop_scope="session")

EVERY_KIND = (
    *("", "/employees", "/markups", "/bonus-rules/new", "/forms", "/forms/work_order/en"),
    *("/messages/new", "/packages/new?q=Oil"),
)
"""A page of each kind."""
THE_REST = (
    *("/station", "/sections", "/posts", "/works", "/packages", "/prices", "/order-types"),
    *("/vat", "/warehouses", "/cells", "/units", "/pay-rules", "/tags", "/segments"),
    *("/bonus-rules", "/bonus-share", "/messages"),
)


async def pressed(page: Page, button: str, shows: Locator, text: str) -> None:
    """Papers are made by a process of their own: where all of it is busy, one is asked to try
    again, and does."""
    for _ in range(8):
        await page.get_by_role("button", name=button).click()
        with suppress(AssertionError):
            await expect(shows).to_contain_text(text, timeout=15_000)
            return
    await expect(shows).to_contain_text(text)


async def opened(page: Page, name: str) -> Locator:
    """The dialog of the button of that name."""
    await page.get_by_role("button", name=name, exact=True).click()
    return page.get_by_role("dialog")


@pytest.mark.timeout(400)
async def test_an_administrator_sets_the_station_up(site: Site, browse: Open) -> None:
    visitor = await browse(role="administrator", size=DESK)
    visitor.forgiven = ("412",)
    page = visitor.page
    await page.goto(site.url + "/settings")
    await page.get_by_role("link", name="Участки").click()
    dialog = await opened(page, "Новый участок")
    await dialog.get_by_label("Название").fill("Слесарный")
    await dialog.get_by_role("button", name="Добавить").click()
    await expect(page.get_by_role("cell", name="Слесарный", exact=True)).to_be_visible()
    dialog = await opened(page, "Новый участок")
    await expect(dialog.get_by_label("Название")).to_have_value("")

    await page.goto(site.url + "/settings/posts")
    dialog = await opened(page, "Новый пост")
    await dialog.get_by_label("Название").fill("Подъёмник 1")
    await dialog.get_by_label("Участок").select_option("Слесарный")
    await dialog.get_by_role("button", name="Добавить").click()
    await expect(page.get_by_role("row", name="Подъёмник 1")).to_contain_text("Слесарный")

    await page.goto(site.url + "/settings/employees")
    dialog = await opened(page, "Новый сотрудник")
    await dialog.get_by_label("Фамилия").fill("Иванов")
    await dialog.get_by_label("Имя").fill("Пётр")
    await dialog.get_by_label("Роль").select_option("Механик")
    await dialog.get_by_role("button", name="Добавить").click()
    row = page.get_by_role("row", name="Иванов")
    await expect(row).to_contain_text("Используется")
    await row.get_by_role("link", name="Изменить: Иванов").click()
    form = page.locator(".settings-form form").first
    await expect(form.get_by_label("Имя")).to_have_value("Пётр")
    # Meanwhile somebody else has edited him: the one who comes second is told.
    [employee] = (await site.get("/employees"))["items"]
    changed = await site.office.patch(
        f"/employees/{employee['id']}", json={"first_name": "Павел"}, headers=a_key()
    )
    assert changed.is_success
    await form.get_by_label("Имя").fill("Пахом")
    await form.get_by_role("button", name="Сохранить").click()
    await expect(page.get_by_role("alert")).to_contain_text("успели измениться")
    await page.goto(site.url + f"/settings/employees?edit={employee['id']}")
    form = page.locator(".settings-form form").first
    await expect(form.get_by_label("Имя")).to_have_value("Павел")
    await form.get_by_label("Используется").uncheck()
    await form.get_by_role("button", name="Сохранить").click()
    await expect(page.get_by_role("row", name="Иванов Павел")).to_contain_text("Не используется")

    await page.goto(site.url + "/settings/works")
    dialog = await opened(page, "Новая работа")
    await dialog.get_by_label("Название").fill("Замена масла")
    await dialog.get_by_label("Нормо-часы", exact=True).fill("0,5")
    await dialog.get_by_label("Ставка за час").fill("2 000")
    await dialog.get_by_label("Гарантия, дней").fill("30")
    await dialog.get_by_role("button", name="Добавить").click()
    await page.get_by_role("link", name="Изменить: Замена масла").click()
    within = page.locator(".settings-inner")
    await within.get_by_label("Марка авто").fill("Lada")
    await within.get_by_label("Цена").fill("700")
    await within.get_by_role("button", name="Добавить").click()
    await expect(within.get_by_role("row", name="Lada")).to_contain_text("700,00")

    await page.goto(site.url + "/settings/pay-rules")
    dialog = await opened(page, "Новое правило оплаты")
    await dialog.get_by_label("Платит за").select_option("Процент с работы")
    await dialog.get_by_label("Сколько платит").fill("40")
    await dialog.get_by_label("Роль").select_option("Механик")
    await dialog.get_by_role("button", name="Добавить").click()
    await expect(page.get_by_role("row", name="Процент с работы")).to_contain_text("40")


@pytest.mark.timeout(400)
async def test_what_is_written_is_tried_out_while_it_is_written(site: Site, browse: Open) -> None:
    service = await site.post("/services", {"name": "Диагностика", "price": "900"})
    visitor = await browse(role="administrator", size=DESK)
    visitor.forgiven = ("422", "503")
    page = visitor.page
    await page.goto(site.url + "/settings/bonus-rules/new")
    await page.get_by_label("Название").fill("Пять процентов")
    amount = page.get_by_label("Сколько бонусов")
    await amount.fill("TotalMony * 0.05")
    told = page.locator("#said-amount")
    await expect(told).to_contain_text("позиция 1")
    await expect(told).to_contain_text("TotalMoney")
    await page.get_by_role("button", name="Сохранить").click()
    await expect(page.get_by_role("alert")).to_be_visible()
    await expect(amount).to_have_value("TotalMony * 0.05")
    await amount.fill("TotalMoney * 0.05")
    await expect(told).to_contain_text("На заказе-примере")
    await amount.fill("GroupTotal * 0.05")
    await expect(told).to_contain_text("Формула верна")
    await page.get_by_role("button", name="Проверить на прошлых заказах").click()
    await expect(page.locator("#trial")).to_contain_text("0 из 0")
    await page.get_by_role("button", name="Сохранить").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Пять процентов")

    await page.goto(site.url + "/settings/messages/new")
    await page.get_by_label("Название").fill("Готово")
    await page.get_by_label("Когда").select_option("Машина готова")
    words = page.get_by_role("region", name="По-русски")
    await words.get_by_label("Текст").fill("Авто {{ Vehicle.Plat }} готово")
    preview = page.locator("#preview-ru")
    await expect(preview).to_contain_text("Plate")
    await words.get_by_label("Текст").fill("Авто {{ Vehicle.Plate }} готово")
    await expect(preview).to_contain_text("готово")
    await expect(preview).to_contain_text("SMS к оплате: 1")
    await expect(preview).to_contain_text("Тихие часы: 21:00-09:00")
    await page.get_by_role("button", name="Сохранить").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Готово")

    await page.goto(site.url + "/settings/forms/estimate/ru")
    paper = page.frame_locator("iframe[name=preview]")
    await pressed(page, "Предпросмотр", paper.locator("body"), "А-000123")
    template = page.get_by_label("Шаблон")
    whole = await template.input_value()
    await template.fill("<p>Смета</p>\n<p>{{ Nummer }}</p>")
    await pressed(page, "Предпросмотр", page.locator("#template-said"), "Строка 2")
    await expect(paper.locator(".wrong")).to_contain_text("Nummer")
    await template.fill(whole + "\n<p>Ждём вас</p>")
    await expect(paper.locator("body")).to_contain_text("Ждём вас")
    await page.get_by_label("Что изменено").fill("Приглашение")
    versions = page.get_by_role("region", name="Версии")
    await pressed(page, "Сохранить новой версией", versions, "Приглашение")
    await expect(page.get_by_role("row", name="Приглашение")).to_contain_text("Используется")
    await page.get_by_role("button", name="Вернуть версию 1").click()
    await expect(page.get_by_role("row", name="Возвращена версия 1")).to_be_visible()
    await expect(template).to_have_value(whole)

    await page.goto(site.url + "/settings/packages/new?q=Диаг")
    await page.get_by_label("Название").fill("Осмотр")
    await page.get_by_label("Количество: Диагностика").fill("2")
    await page.get_by_role("button", name="Сохранить").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Осмотр")
    await expect(page.get_by_label("Количество: Диагностика")).to_have_value("2")
    [package] = (await site.get("/packages"))["items"]
    assert package["services"][0] == {
        "service_id": service["id"],
        "quantity": "2",
        "materials": [],
    }


@pytest.mark.timeout(400)
@pytest.mark.parametrize(
    ("scheme", "paths"), [("dark", (*EVERY_KIND, *THE_REST)), ("light", EVERY_KIND)]
)
async def test_nobody_is_kept_out_of_the_settings(
    site: Site, browse: Open, scheme: str, paths: tuple[str, ...]
) -> None:
    section = await site.post("/sections", {"name": "Body shop"})
    await site.post("/tags", {"name": "VIP", "colour": "#d32f2f"})
    work = await site.post("/services", {"name": "Oil change", "price": "900"})
    await site.post("/bonus-rules", {"name": "Five percent", "amount": "GroupTotal * 0.05"})
    opened_rows = (f"/sections?edit={section['id']}", f"/works?edit={work['id']}")
    visitor = await browse(role="owner", size=PHONE, language="en", scheme=scheme)
    page = visitor.page
    for path in (*paths, *opened_rows):
        await page.goto(site.url + "/settings" + path)
        assert await barriers(page) == [], path
        wider = await page.evaluate("document.documentElement.scrollWidth - innerWidth")
        assert wider <= 0, path


async def test_who_may_not_edit_only_looks(site: Site, browse: Open) -> None:
    await site.post("/sections", {"name": "Слесарный"})
    visitor = await browse(role="storekeeper", size=DESK)
    page = visitor.page
    await page.goto(site.url + "/settings")
    await expect(page.get_by_role("link", name="Склады")).to_be_visible()
    await expect(page.get_by_role("link", name="Правила бонусов")).to_have_count(0)
    await page.goto(site.url + "/settings/sections")
    await expect(page.get_by_role("cell", name="Слесарный", exact=True)).to_be_visible()
    await expect(page.get_by_role("button", name="Новый участок")).to_have_count(0)
    await expect(page.get_by_role("link", name="Изменить: Слесарный")).to_have_count(0)
    await page.goto(site.url + "/settings/warehouses")
    dialog = await opened(page, "Новый склад")
    await expect(dialog.get_by_label("Себестоимость считается")).to_have_count(0)
    await dialog.get_by_label("Название").fill("Основной")
    await dialog.get_by_role("button", name="Добавить").click()
    await expect(page.get_by_role("cell", name="Основной", exact=True)).to_be_visible()
