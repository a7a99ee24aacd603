"""The order page, as the people who work with it use it."""

from __future__ import annotations

import asyncio
from itertools import product

import pytest
from playwright.async_api import Page, Route, expect

from tests.browser.ordering import answered, job, order_of, settled, stands, station_of
from tests.browser.visitors import DESK, PHONE, Open, Site, barriers, paper, too_wide
from tests.gateway.support import a_key
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def by_key(page: Page, key: str) -> None:
    """A key means what lies on top: the page, as soon as its dialog is closed."""
    await expect(page.locator("dialog[open]")).to_have_count(0)
    await page.keyboard.press(key)


async def add_by_typing(page: Page, key: str, typed: str) -> None:
    """As at the counter: a key, a few letters, Enter."""
    await by_key(page, key)
    await expect(page.locator("#sheet[open] form[data-finds] input[name=q]")).to_be_focused()
    await page.keyboard.type(typed)
    await page.keyboard.press("Enter")


async def test_an_order_from_its_first_work_to_its_payment(site: Site, browse: Open) -> None:
    station = await station_of(site)
    page = (await browse(size=DESK, role="administrator")).page
    await page.goto(site.url + station.path)
    await expect(page.get_by_role("heading", level=1)).to_contain_text("A-0000")
    await expect(page.get_by_role("link", name="+7 916 123-45-67")).to_have_attribute(
        "href", "tel:+79161234567"
    )
    await expect(page.get_by_text("XTAGFL110JY123456")).to_be_visible()

    # A work of the catalogue, at the price for this car and with the client's own discount.
    await add_by_typing(page, "w", "масл")
    oil = job(page, "Замена масла")
    await expect(oil).to_contain_text("1 080,00")
    # A part, seen in each warehouse while it is typed.
    await by_key(page, "p")
    await expect(page.locator("#sheet[open] input[name=q]")).to_be_focused()
    await page.keyboard.type("w 914")
    await expect(page.locator("#hits .hit")).to_have_count(1)
    await expect(page.locator("#hits .hit-stock")).to_contain_text(": свободно 5 из 5")
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("Количество")).to_be_focused()
    await page.keyboard.type("2")
    await page.get_by_label("К работе", exact=True).select_option("Замена масла")
    await page.keyboard.press("Enter")
    # The warehouse answers, and the page says so by itself.
    await expect(oil.locator(".part-row")).to_contain_text("Зарезервирована")
    await expect(page.locator(".sum-total")).to_contain_text("2 250,00")

    await oil.locator(".priced a").first.hover()
    steps = oil.locator(".price-steps").first
    await expect(steps).to_contain_text("Предложено каталогом")
    await expect(steps).to_contain_text("Марина Кузнецова")
    await page.mouse.move(0, 0)

    await by_key(page, "c")
    await page.keyboard.type("Позвонить после обеда")
    await page.get_by_role("button", name="Добавить", exact=True).click()
    await expect(page.locator(".comment")).to_contain_text("Позвонить после обеда")
    await expect(page.locator("#comment-text")).to_have_value("")

    # A hand that is quicker than the answer opens a form over the page that is still to come.
    opened = asyncio.Event()

    async def later(route: Route) -> None:
        await opened.wait()
        await route.continue_()

    await page.route("**/quote", later)
    await page.get_by_role("button", name="Отправить на согласование").click()
    await page.keyboard.press("w")
    await expect(page.locator("#find-work")).to_be_focused()
    opened.set()
    await expect(oil).to_contain_text("Ждём ответа")
    await expect(page.locator("[data-waits]")).to_have_count(0)
    await expect(page.locator("#find-work")).to_be_focused()
    await page.keyboard.press("Escape")
    await expect(page.get_by_label("Ссылка для клиента").last).to_have_value(
        f"{site.url}{(await site.get(f'/orders/{station.order_id}/estimate-link'))['path']}"
    )
    await oil.get_by_role("link", name="Согласовано").click()
    await page.get_by_label("Кто ответил").fill("Муж")
    assert await barriers(page) == []
    await page.get_by_role("button", name="Сказал по телефону").click()
    await expect(oil).to_contain_text("Муж, по телефону")

    await page.get_by_role("button", name="Начать работу").click()
    await oil.get_by_role("button", name="Начать").click()
    await oil.get_by_role("button", name="Завершить").click()
    await expect(oil).to_contain_text("Закончена")
    await page.get_by_role("link", name="Завершить заказ-наряд").click()
    await page.get_by_role("button", name="Завершить", exact=True).click()
    await expect(page.locator(".page-title")).to_contain_text("Выполнен")

    await page.get_by_role("link", name="Принять оплату").click()
    await expect(page.get_by_label("Сумма, ₽")).to_have_value("2250")
    await page.get_by_text("Карта").click()
    await page.get_by_role("button", name="Принять деньги").click()
    await expect(page.locator(".payments")).to_contain_text("2 250,00")
    await expect(page.locator(".payments")).to_contain_text("Карта, Марина Кузнецова")
    assert await barriers(page) == []
    await stands(site, station.order_id, status="done", paid="2250.00", due="0.00")
    # Cost 2 x 400, pay 40 % of 1080.
    await expect(page.locator(".totals")).to_contain_text("1 018,00")

    await page.locator("#print-menu summary").click()
    assert await paper(page, page.get_by_role("link", name="Акт выполненных работ"))

    await page.get_by_role("link", name="Хронология").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Хронология")
    history = page.locator(".history")
    for said in ("Заказ-наряд оформлен", "Добавлена работа", "Оплата принята", "Муж"):
        await expect(history).to_contain_text(said)
    await expect(history).to_contain_text("Состояние: Новый → В работе")
    assert await barriers(page) == []


async def test_a_work_is_shared_by_two_and_their_pay_follows(site: Site, browse: Open) -> None:
    station = await station_of(site)
    visitor = await browse(size=DESK, role="administrator")
    visitor.forgiven = ("422",)  # shares that leave nothing to the mechanic
    page = visitor.page
    await page.goto(site.url + station.path)
    await add_by_typing(page, "w", "масл")
    oil = job(page, "Замена масла")
    (section,) = (await site.get("/sections"))["items"]
    other = await site.post(
        "/employees",
        {
            "last_name": "Иванов",
            "first_name": "Иван",
            "role": "technician",
            "section_id": section["id"],
            "pay_percent": "40",
        },
    )
    names = [station.mechanic, other["name"]]

    async def share(second: str, percent: str) -> None:
        await oil.get_by_role("link", name="Изменить: Замена масла").click()
        sheet = page.locator("#sheet[open]")
        await sheet.get_by_label("Механик", exact=True).select_option(label=names[0])
        if not await sheet.get_by_label("Делит работу").first.is_visible():
            await sheet.get_by_text("Делают несколько человек").click()
        await sheet.get_by_label("Делит работу").first.select_option(label=second)
        await sheet.get_by_label("Доля, %").first.fill(percent)
        await sheet.get_by_role("button", name="Сохранить").click()

    await share(names[1], "100")
    await expect(page.locator("#sheet[open]")).to_contain_text("доли у каждого больше нуля")
    await page.locator("#sheet[open]").get_by_label("Доля, %").first.fill("40,5")
    await page.locator("#sheet[open]").get_by_role("button", name="Сохранить").click()
    await expect(oil).to_contain_text(f"{names[0]} 59,5 %, {names[1]} 40,5 %")
    (work,) = (await order_of(site, station))["services"]
    shares = [each["share"] for each in work["performers"]]
    assert shares == ["59.5", "40.5"]

    # Nobody shares it any more: the mechanic alone.
    await share("Никто", "50")
    await expect(oil).to_contain_text(names[0])
    await expect(oil).not_to_contain_text(names[1])
    await share(names[1], "50")
    await expect(oil).to_contain_text(f"{names[0]} 50 %, {names[1]} 50 %")

    await site.post(f"/orders/{station.order_id}/status", {"to": "in_progress"})
    await site.post(f"/orders/{station.order_id}/status", {"to": "done"})
    earners = {each["employee_id"] for each in work["performers"]}

    async def paid() -> bool:
        # 40 % of 1080, half of it each.
        sheet = (await site.get("/payroll/sheet"))["items"]
        earned = {row["employee_id"]: row["labor"] for row in sheet}
        return earned == dict.fromkeys(earners, "216.00")

    await eventually(paid)


async def test_two_people_edit_one_order(site: Site, browse: Open) -> None:
    station = await station_of(site)
    visitor = await browse(size=DESK, language="en", scheme="dark", role="advisor")
    visitor.forgiven = ("412", "422")
    page = visitor.page
    await page.goto(site.url + station.path)
    await page.keyboard.press("e")
    await page.get_by_label("Note").fill("Fresh paint")
    response = await site.office.patch(
        f"/orders/{station.order_id}", json={"recommendation": "New dampers"}, headers=a_key()
    )
    assert response.is_success
    # It is there beneath the dialog, without anybody asking.
    await expect(page.locator(".facts")).to_contain_text("New dampers")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator("#sheet .problem")).to_be_visible()
    await expect(page.get_by_label("Recommendation")).to_have_value("New dampers")
    await expect(page.get_by_label("Note")).to_have_value("Fresh paint")
    assert await barriers(page) == []
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator(".facts")).to_contain_text("Fresh paint")
    order = await order_of(site, station)
    assert (order["comment"], order["recommendation"]) == ("Fresh paint", "New dampers")

    # A work of one's own, then its price is edited, then it is taken off.
    await add_by_typing(page, "w", "Polish")
    await page.get_by_label("Price quoted").fill("1 000,50")
    await page.locator("#sheet").get_by_role("button", name="Add", exact=True).click()
    polish = job(page, "Polish")
    await expect(polish).to_contain_text("900.45")
    await polish.get_by_role("link", name="Edit: Polish").click()
    await page.get_by_label("Discount, percent").fill("120")
    await page.get_by_role("button", name="Save").click()
    await expect(page.locator("#sheet .problem")).to_contain_text("Discount, percent")
    await page.get_by_label("Discount, percent").fill("0")
    await page.get_by_role("button", name="Save").click()
    await expect(polish).to_contain_text("1,000.50")
    # An advisor is shown no cost.
    assert "Margin" not in await page.content()
    await polish.get_by_role("link", name="Take off: Polish").click()
    await page.get_by_role("button", name="Take off").click()
    await expect(polish).to_have_count(0)
    await page.get_by_role("link", name="Call off").click()
    await page.get_by_label("Reason").fill("The client did not come")
    await page.get_by_role("button", name="Call off").click()
    await expect(page.locator(".page-title")).to_contain_text("Cancelled")


async def test_a_car_comes_by_a_key_and_goes_by_a_tap(site: Site, browse: Open) -> None:
    station = await station_of(site)
    page = (await browse(size=DESK, language="en", role="advisor")).page
    await page.goto(site.url + station.path)
    await page.keyboard.press("i")
    await expect(page.locator("#notice")).to_contain_text("The car is taken in")
    await expect(page.get_by_role("button", name="Car taken in now")).to_have_count(0)
    assert (await order_of(site, station))["vehicle_in_at"]
    assert await barriers(page) == []
    for status in ("in_progress", "done"):
        await site.post(f"/orders/{station.order_id}/status", {"to": status})

    phone = (await browse(size=PHONE, role="advisor")).page
    await phone.goto(site.url + station.path)
    out = phone.get_by_role("button", name="Выдать автомобиль")
    await expect(out).to_be_in_viewport()
    await phone.locator("#print-menu summary").tap()
    assert await too_wide(phone) == []
    await phone.locator("#print-menu summary").tap()
    await out.tap()
    await expect(phone.locator("#notice")).to_contain_text("Автомобиль выдан")
    await expect(out).to_have_count(0)
    # Whoever looks at it elsewhere sees it without asking.
    await expect(page.get_by_role("button", name="Car given back now")).to_have_count(0)
    assert (await order_of(site, station))["vehicle_out_at"]
    # A wrong minute is put right, and nothing else can be edited.
    await page.keyboard.press("e")
    fields = page.locator("#sheet .fields input, #sheet .fields select, #sheet .fields textarea")
    await expect(fields).to_have_count(2)
    assert await barriers(page) == []


async def test_another_order_is_made_of_one_that_was_called_off(site: Site, browse: Open) -> None:
    station = await station_of(site)
    await site.post(
        f"/orders/{station.order_id}/status", {"to": "cancelled", "reason": "Не приехала"}
    )
    page = (await browse(size=PHONE, role="owner")).page
    await page.goto(site.url + station.path)
    await page.locator("#print-menu summary").tap()
    assert await too_wide(page) == []
    await expect(page.locator("#print-menu .menu-link")).to_have_text(
        ["Заказ-наряд", "Заказ-наряд, для цеха", "Предварительная калькуляция"]
    )
    await page.locator("#print-menu summary").tap()
    await expect(page.locator(".totals")).not_to_contain_text("Маржа")
    await page.get_by_role("link", name="Новый такой же заказ-наряд").tap()
    await expect(page.get_by_label("Причина обращения")).to_have_value("Стук спереди на кочках")
    await expect(page.locator("[name=vehicle_id]:checked")).to_have_value(station.vehicle_id)
    assert await barriers(page) == []
    await page.get_by_role("button", name="Открыть заказ").dblclick()
    await page.wait_for_url("**/orders/*")
    listed = (await site.get("/orders"))["items"]
    assert sorted(each["status"] for each in listed) == ["cancelled", "new"]


async def test_what_is_short_blocks_the_end_and_is_said(site: Site, browse: Open) -> None:
    station = await station_of(site)
    brakes = station.products["Колодки TRW"]
    await site.post(
        f"/orders/{station.order_id}/services", {"name": "Замена колодок", "initial_price": "2500"}
    )
    await site.post(
        f"/orders/{station.order_id}/parts", {"lines": [{"product_id": brakes, "quantity": "1"}]}
    )
    await site.post(f"/orders/{station.order_id}/status", {"to": "in_progress"})
    await answered(site, station)
    visitor = await browse(role="technician")
    visitor.forgiven = ("409",)
    page = visitor.page
    await page.goto(site.url + station.path)
    await expect(page.locator(".part-row")).to_contain_text("не хватает: 1")
    assert "себест." not in await page.content()
    await expect(page.get_by_role("link", name="Принять аванс")).to_have_count(0)
    await page.get_by_role("link", name="Завершить заказ-наряд").tap()
    await expect(page.locator("#sheet")).to_contain_text("Колодки TRW: Не хватает")
    await page.get_by_role("button", name="Завершить", exact=True).tap()
    await expect(page.locator("#sheet .problem")).to_contain_text("Колодки TRW")
    await page.locator("#sheet a[data-closes]").first.tap()
    await expect(page.locator("#sheet[open]")).to_have_count(0)


async def test_every_page_of_orders_fits_and_keeps_nobody_out(site: Site, browse: Open) -> None:
    station = await station_of(site)
    await site.post(
        f"/orders/{station.order_id}/services", {"name": "Замена колодок", "initial_price": "2500"}
    )
    await site.post(f"/orders/{station.order_id}/quote", {})
    pages = ("", "/edit", "/works/find", "/parts/find", "/timeline", "/send", "/link", "/pay")
    for size, scheme in product((PHONE, DESK), ("light", "dark")):
        language = "ru" if size == PHONE else "en"
        page = (await browse(size=size, scheme=scheme, language=language, role="owner")).page
        for path in ("/orders", *(station.path + each for each in pages)):
            await page.goto(site.url + path)
            where = f"{path.rsplit('/', 1)[-1]}-{size[0]}-{scheme}"
            assert await barriers(page) == [], where
            assert await page.evaluate("document.documentElement.scrollWidth") <= size[0], where
    # Without scripts every form is a page of its own.
    page = (await browse(size=DESK, role="advisor", scripts=False)).page
    await page.goto(site.url + "/orders?q=сидорова&status=new")
    await page.locator(".orders-table tbody a").first.click()
    await page.get_by_role("link", name="Добавить работу").click()
    await page.get_by_role("button", name="Добавить: Мойка двигателя").click()
    await expect(job(page, "Мойка двигателя")).to_contain_text("720,00")


async def test_a_client_follows_the_order_to_its_end(site: Site, browse: Open) -> None:
    station = await station_of(site)
    order = f"/orders/{station.order_id}"
    await site.post(f"{order}/services", {"name": "Замена колодок", "initial_price": "2500"})
    await site.post(f"{order}/quote", {})
    link = await site.get(f"{order}/estimate-link")
    page = (await browse()).page
    await page.goto(site.url + link["path"])
    await expect(page.locator("[aria-current=step]")).to_have_text("Принят")
    await page.get_by_role("button", name="Согласиться").tap()
    await expect(page.get_by_role("status")).to_have_text("Согласовано. Спасибо!")
    assert await barriers(page) == []
    for status in ("in_progress", "done"):
        await site.post(f"{order}/status", {"to": status})
    await settled(site, station.order_id)
    await page.reload()
    await expect(page.locator("[aria-current=step]")).to_have_text("Готов")
    await expect(page.locator(".totals")).to_contain_text("Осталось оплатить")
    await expect(page.locator(".totals .bad")).to_contain_text("2 250,00")
    assert await barriers(page) == []
    assert await paper(page, page.get_by_role("link", name="Акт выполненных работ"))
