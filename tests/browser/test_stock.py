"""The storekeeper's day at the pages."""

from __future__ import annotations

from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page, Route, expect

from tests.browser.visitors import DEMO_LOGINS, DESK, PHONE, Open, Site, barriers

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(loop_scope="session")
async def shelves(site: Site) -> dict[str, Any]:
    """Two warehouses, a supplier, oil that lies there and pads that an order waits for."""
    main = await site.post("/warehouses", {"name": "Основной"})
    far = await site.post("/warehouses", {"name": "Дальний"})
    supplier = await site.post("/suppliers", {"name": "Автодок"})
    oil = await site.post(
        "/products",
        {
            "name": "Масло 5W-30",
            "price": "890",
            "measure": "л",
            "barcode": "4606453849072",
            "group": "Масла",
            "min_stock": "20",
            "units": [{"measure": "канистра", "factor": "5"}],
        },
    )
    pads = await site.post(
        "/products", {"name": "Колодки TRW", "oem": "GDB1445", "vendor": "TRW", "price": "3150"}
    )
    line = {"product_id": oil["id"], "quantity": "10", "cost": "560"}
    await site.post(
        "/stock/receipts",
        {"warehouse_id": main["id"], "supplier_id": supplier["id"], "lines": [line]},
    )
    return {"main": main, "far": far, "supplier": supplier, "oil": oil, "pads": pads}


async def looked_at(page: Page, name: str) -> None:
    """Nobody is kept out."""
    assert await barriers(page) == [], name


async def test_stock_is_found_as_one_types_and_a_product_tells_all(
    site: Site, browse: Open, shelves: dict[str, Any]
) -> None:
    page = (await browse(size=DESK, role="storekeeper")).page
    await page.goto(site.url + "/")
    await expect(page).to_have_url(site.url + "/stock")
    await expect(page.get_by_role("row", name="Колодки TRW")).to_be_visible()
    await looked_at(page, "stock-desk")
    await page.keyboard.press("/")
    await expect(page.locator("#field-q")).to_be_focused()
    await page.keyboard.type("gdb 14")
    await expect(page.locator("#field-q")).to_have_value("gdb 14")
    await expect(page).to_have_url(site.url + "/stock?q=gdb+14&show=all")
    await expect(page.get_by_role("row", name="Масло 5W-30")).to_have_count(0)
    await expect(page.get_by_role("row", name="Колодки TRW")).to_be_visible()
    # A scanner types its digits and Enter.
    await page.get_by_role("searchbox").fill("")
    await page.keyboard.type("4606453849072")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Масло 5W-30")
    await page.get_by_label("Ячейка: Основной").fill("A-03-2")
    await page.get_by_label("Ячейка: Основной").press("Enter")
    await expect(page.get_by_role("status")).to_contain_text("Сохранено")
    await expect(page.get_by_label("Ячейка: Основной")).to_have_value("A-03-2")
    await page.get_by_role("textbox", name="Номер", exact=True).fill("0W-30X")
    await page.get_by_role("textbox", name="Номер", exact=True).press("Enter")
    await expect(page.get_by_text("0W-30X")).to_be_visible()
    await looked_at(page, "product-desk")
    await page.get_by_role("link", name="Изменить").click()
    await page.get_by_label("Минимальный остаток").fill("12,5")
    await page.get_by_role("button", name="Сохранить").click()
    await expect(page.get_by_text("Минимум 12,5")).to_be_visible()
    # What happens elsewhere is there at once.
    line = {"product_id": shelves["oil"]["id"], "quantity": "5", "cost": "600"}
    await site.post(
        "/stock/receipts",
        {
            "warehouse_id": shelves["far"]["id"],
            "supplier_id": shelves["supplier"]["id"],
            "lines": [line],
        },
    )
    await expect(page.locator(".figure-value").first).to_have_text("15 л")

    dark = (await browse(role="advisor", language="en", scheme="dark", size=PHONE)).page
    await dark.goto(site.url + "/stock?show=below_minimum")
    await expect(dark.get_by_text("Nothing found")).to_be_visible()
    await dark.goto(site.url + "/stock")
    await expect(dark.get_by_text("A-03-2")).to_be_visible()
    await expect(dark.get_by_text("Last cost")).to_have_count(0)
    await expect(dark.get_by_role("link", name="New receipt")).to_have_count(0)
    await looked_at(dark, "stock-phone-dark")
    await dark.goto(f"{site.url}/stock/products/{shelves['oil']['id']}")
    await looked_at(dark, "product-phone-dark")


async def typed(page: Page, text: str) -> None:
    """As a scanner does: digits, at once, and Enter."""
    await page.keyboard.type(text)
    await page.keyboard.press("Enter")


async def test_goods_are_received_by_keyboard_and_scanner(
    site: Site, browse: Open, shelves: dict[str, Any]
) -> None:
    visitor = await browse(size=DESK, role="storekeeper")
    visitor.forgiven = ("409", "422")
    page = visitor.page
    await page.goto(site.url + "/stock/receipts")
    await page.keyboard.press("n")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Новое поступление")
    await page.get_by_role("combobox", name="Поставщик").first.select_option("Автодок")
    await page.get_by_role("combobox", name="Склад").first.select_option("Основной")
    await page.get_by_label("Номер документа").fill("УПД 17")
    lines = page.locator("[data-line]")
    await expect(lines).to_have_count(1)
    await lines.first.get_by_role("combobox", name="Товар").focus()
    # Scanned twice: two of it, in one line; then a name is typed, and its fields with Enter.
    await typed(page, "4606453849072")
    await expect(lines.nth(1).get_by_role("combobox", name="Товар")).to_be_focused()
    await typed(page, "4606453849072")
    await expect(lines.first.get_by_label("Количество")).to_have_value("2")
    await expect(lines.first.get_by_label("Цена закупки")).to_have_value("560")
    await expect(lines.first.get_by_text("доступно 10 л")).to_be_visible()
    await expect(lines.nth(1).get_by_role("combobox", name="Товар")).to_be_focused()
    await page.keyboard.type("колод")
    await expect(page.get_by_role("option", name="Колодки TRW")).to_be_visible()
    await looked_at(page, "receipt-typing")
    await page.keyboard.press("Enter")
    await expect(lines.nth(1).get_by_label("Количество")).to_be_focused()
    await typed(page, "4")
    await typed(page, "2000,50")
    await lines.nth(1).get_by_label("НДС, %").fill("20")
    await expect(lines).to_have_count(3)
    await expect(page.locator("[data-total=goods]")).to_contain_text("9 122,00")
    await expect(page.locator("[data-total=vat]")).to_contain_text("1 600,40")
    await page.get_by_text("Доставка и другие доп. расходы").click()
    await page.get_by_label("За что 1").fill("Доставка")
    await page.get_by_label("Сумма 1").fill("500")
    await expect(page.locator("[data-total=all]")).to_contain_text("11 222,40")
    await looked_at(page, "receipt-new")
    # What is wrong is told by the field's own name, and its line.
    await lines.nth(1).get_by_label("Количество").fill("4,0005")
    await page.get_by_label("Сумма 1").press("Control+Enter")
    await expect(page.locator("#problems")).to_contain_text("Количество (2): не больше 3 знаков")
    await expect(lines.nth(1).get_by_label("Количество")).to_be_focused()
    await lines.nth(1).get_by_label("Количество").fill("4")
    await page.get_by_label("Сумма 1").press("Control+Enter")
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Поступление A-")
    await expect(page.get_by_role("status")).to_contain_text("проведено")
    await expect(page.get_by_text("УПД 17")).to_be_visible()
    await page.get_by_label("Вернуть: Колодки TRW").fill("1")
    await page.get_by_label("Почему возвращаем").fill("Брак")
    await page.get_by_role("button", name="Вернуть поставщику").click()
    await expect(page.get_by_text("Брак")).to_be_visible()
    await looked_at(page, "receipt")
    # What was said to be too much is refused, and nothing that was typed is lost.
    await page.get_by_label("Вернуть: Колодки TRW").fill("90")
    await page.get_by_label("Почему возвращаем").fill("Ещё")
    await page.get_by_role("button", name="Вернуть поставщику").click()
    await expect(page.locator(".problem")).to_be_visible()
    await expect(page.get_by_label("Вернуть: Колодки TRW")).to_have_value("90")

    # Without scripts it is a form with some empty rows.
    plain = (await browse(size=PHONE, role="storekeeper", scripts=False, language="en")).page
    await plain.goto(site.url + "/stock/write-offs/new")
    await expect(plain.locator("tbody [data-line]")).to_have_count(5)
    await plain.get_by_role("combobox", name="Warehouse").first.select_option("Основной")
    await plain.get_by_label("Reason", exact=False).fill("Broken")
    row = plain.locator("tbody [data-line]").nth(1)
    await row.get_by_role("combobox", name="Product").fill("gdb 1445")
    await row.get_by_label("Quantity").fill("1")
    await plain.get_by_role("button", name="Write it off").click()
    await expect(plain.get_by_role("heading", level=1)).to_contain_text("Write-off")
    await expect(plain.get_by_text("Колодки TRW")).to_be_visible()
    stock = await site.get(f"/stock?product_id={shelves['pads']['id']}")
    assert [row["on_hand"] for row in stock["items"]] == ["2.000"]


async def test_what_lacks_is_bought_received_in_part_and_sent_on(
    site: Site, browse: Open, shelves: dict[str, Any]
) -> None:
    visitor = await browse(size=DESK, role="storekeeper")
    visitor.forgiven = ("409",)
    page = visitor.page
    await page.goto(site.url + "/stock/purchases")
    assert await barriers(page) == []
    await page.keyboard.press("p")
    # 20 should lie there, 10 do.
    row = page.get_by_role("row", name="Масло 5W-30")
    await expect(row.locator("[data-label='Купить']")).to_have_text("10 л")
    await looked_at(page, "proposal")
    await page.get_by_role("button", name="Создать заказ").click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Заказ поставщику A-")
    line = page.locator("[data-line]").first
    await expect(line.get_by_role("combobox", name="Товар")).to_have_value("Масло 5W-30")
    await line.get_by_label("Количество").fill("12")
    await page.get_by_role("button", name="Сохранить").click()
    await expect(page.get_by_text("6 720,00 ₽").first).to_be_visible()
    await looked_at(page, "purchase-draft")
    await page.get_by_role("button", name="Заказать у поставщика").click()
    await expect(page.get_by_text("товар ожидается")).to_be_visible()
    await page.get_by_label("Пришло сейчас: Масло 5W-30").fill("7")
    await looked_at(page, "purchase-sent")
    await page.get_by_role("button", name="Принять пришедшее").click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Поступление A-")
    await page.get_by_role("link", name="Заказ поставщику").click()
    await expect(page.get_by_text("Получено частично")).to_be_visible()
    await page.get_by_text("Остаток не ждать").click()
    await page.get_by_label("Причина").fill("Больше не везут")
    await page.get_by_role("button", name="Закрыть", exact=True).last.click()
    await expect(page.get_by_text("Больше не везут")).to_be_visible()

    await page.goto(site.url + "/stock/transfers/new")
    await page.get_by_role("combobox", name="Со склада").select_option("Основной")
    await page.get_by_role("combobox", name="На склад").select_option("Дальний")
    line = page.locator("[data-line]").first
    await line.get_by_role("combobox", name="Товар").focus()
    await typed(page, "4606453849072")
    # A line more comes with the answer, and the button moves.
    await expect(line.get_by_text("доступно")).to_be_visible()
    await line.get_by_label("Количество").fill("600")
    await page.get_by_role("button", name="Отправить товар").click()
    lacking = "Товара «Масло 5W-30» на складе доступно только 17, не хватает 583"
    await expect(page.locator("#problems")).to_contain_text(lacking)
    await line.get_by_label("Количество").fill("6")
    await page.get_by_role("button", name="Отправить товар").click()
    await expect(page.locator(".badge-state", has_text="В пути")).to_be_visible()
    await page.get_by_label("Пришло сейчас: Масло 5W-30").fill("4")
    await looked_at(page, "transfer")
    await page.get_by_role("button", name="Принять пришедшее").click()
    await expect(page.locator("[data-label='Получено']")).to_have_text("4")
    await page.get_by_text("Вернуть назад").first.click()
    await page.get_by_label("Причина").fill("Не довезли")
    await page.get_by_role("button", name="Вернуть назад").click()
    await expect(page.get_by_text("остальное возвращено")).to_be_visible()
    stock = await site.get(f"/stock?product_id={shelves['oil']['id']}")
    assert sorted(row["on_hand"] for row in stock["items"]) == ["13.000", "4.000"]
    for path in ("suppliers", f"suppliers/{shelves['supplier']['id']}", "offers", "movements"):
        await page.goto(f"{site.url}/stock/{path}")
        await looked_at(page, path.split("/")[0])


async def scanned(page: Page, code: str, answer: str) -> None:
    await typed(page, code)
    await expect(page.locator("#scan-said")).to_contain_text(answer)


async def broken_off(page: Page, address: str) -> None:
    """The next one is taken, and half of its answer comes."""

    async def half(route: Route) -> None:
        answer = await route.fetch()
        assert answer.ok
        await route.fulfill(content_type="application/json", body=(await answer.body())[:10])

    await page.route(address, half, times=1)


async def test_a_warehouse_is_counted_with_a_scanner(
    site: Site, browse: Open, shelves: dict[str, Any]
) -> None:
    visitor = await browse(size=PHONE, role="storekeeper", scheme="dark")
    visitor.forgiven = ("404", "403")
    page = visitor.page
    await page.goto(site.url + "/stock/counts/new")
    await page.get_by_role("combobox", name="Склад").select_option("Основной")
    await looked_at(page, "count-new")
    await page.get_by_role("button", name="Начать подсчёт").click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Инвентаризация A-")
    code = page.get_by_label("Сканируйте или наберите название либо номер")
    await code.focus()
    for said in ("1 л", "2 л", "3 л"):
        await scanned(page, "4606453849072", said)
    await expect(page.locator("#scan-said")).to_have_class("scan-said ok")
    await scanned(page, "9990000000000", "9990000000000")
    await expect(page.locator("#scan-said")).to_have_class("scan-said no")
    # A number on no package means its product; so does a name that is chosen.
    await scanned(page, "GDB1445", "1 шт")
    await page.keyboard.type("масло")
    await expect(page.get_by_role("option", name="Масло 5W-30")).to_be_visible()
    await scanned(page, "", "4 л")
    await expect(page.get_by_label("Посчитано: Масло 5W-30")).to_have_value("4")
    await looked_at(page, "count-phone-dark")
    # Somebody else has signed in meanwhile: what is scanned here is not theirs.
    (own,) = await page.context.cookies()
    token = await site.gateway.token("owner", DEMO_LOGINS["owner"])
    await page.context.add_cookies([{"name": "pitlane", "value": token, "url": site.url}])
    await scanned(page, "4606453849072", "откройте страницу заново")
    await page.context.add_cookies([own])  # type: ignore[list-item]
    await scanned(page, "GDB1445", "2 шт")
    await expect(page.get_by_label("Посчитано: Масло 5W-30")).to_have_value("4")
    await broken_off(page, "**/scan")
    await scanned(page, "4606453849072", "5 л")
    await scanned(page, "4606453849072", "6 л")

    # Somebody else counts at the desk, and both see it.
    desk = (await browse(size=DESK, role="administrator", language="en")).page
    await desk.goto(page.url)
    await desk.get_by_label("Tally: Масло 5W-30").fill("9")
    await desk.get_by_label("Tally: Масло 5W-30").press("Enter")
    await expect(page.get_by_label("Посчитано: Масло 5W-30")).to_have_value("9")
    await expect(desk.locator("[data-label='Difference']", has_text="-1")).to_be_visible()
    await desk.get_by_role("link", name="Differ").click()
    await desk.wait_for_url("**?show=differing")
    await looked_at(desk, "count-desk")
    await desk.get_by_text("Post the count").click()
    await desk.get_by_role("button", name="Put the books right").click()
    await expect(desk.get_by_text("560.00 ₽")).to_be_visible()
    stock = await site.get(f"/stock?product_id={shelves['oil']['id']}")
    assert [row["on_hand"] for row in stock["items"]] == ["9.000"]
    assert await barriers(desk) == []


PRICES = (
    "Артикул;Бренд;Название;Опт\nGDB1445;TRW;Колодки;1 990,00\nW914/2;MANN;Фильтр;310\nX;;;много\n"
)


async def test_a_price_list_is_brought_looked_through_and_taken(
    site: Site, browse: Open, shelves: dict[str, Any]
) -> None:
    page = (await browse(size=DESK, role="storekeeper")).page
    await page.goto(site.url + "/stock/import")
    await looked_at(page, "imports")
    await page.get_by_role("combobox", name="Поставщик").select_option("Автодок")
    prices = {"name": "прайс.csv", "mimeType": "text/csv", "buffer": PRICES.encode()}
    await page.get_by_label("Файл: XLSX или CSV").set_input_files(prices)  # type: ignore[arg-type]
    await page.get_by_role("button", name="Загрузить файл").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("прайс.csv")
    await expect(page.get_by_text("Готов к приёму")).to_be_visible()
    # It can be left, and found again.
    await page.goto(site.url + "/stock/import")
    await page.get_by_role("link", name="прайс.csv").click()
    await expect(page.get_by_label("Цена", exact=True)).to_have_value("4")
    await expect(page.get_by_role("row", name="«много»")).to_be_visible()
    await looked_at(page, "import")
    async with page.expect_download() as download:
        await page.get_by_role("link", name="Все в CSV").click()
    assert (await download.value).suggested_filename == "problems.csv"
    await page.get_by_role("button", name="Принять годные строки").click()
    await expect(page.get_by_text("Принято", exact=True)).to_be_visible()
    await page.goto(f"{site.url}/stock/products/{shelves['pads']['id']}")
    await expect(page.get_by_role("row", name="Автодок")).to_contain_text("1 990,00")
    await page.goto(site.url + "/stock/offers?q=w914")
    await page.get_by_text("Завести товар").click()
    await page.get_by_label("Цена: W914/2").fill("550")
    await page.get_by_role("button", name="Добавить").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Фильтр")
