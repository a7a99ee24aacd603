"""One car's day at the station: everybody at their own screen, by clicks and typing alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
from playwright.async_api import Locator, Page, expect

from services.gateway.pages.home import BOARD, FIRST_PAGES
from services.gateway.users import DEMO_PASSWORD
from shared.roles import ADMINISTRATOR, ADVISOR, CASHIER, OWNER, STOREKEEPER, TECHNICIAN
from tests.browser.ordering import job, settled
from tests.browser.test_board import WIDE, lane
from tests.browser.test_orders import add_by_typing
from tests.browser.test_till import shows
from tests.browser.visitors import DEMO_LOGINS, DESK, PHONE, Open, Site

pytestmark = pytest.mark.asyncio(loop_scope="session")

FILTER, PADS, OIL = "Фильтр масляный MANN", "Колодки TRW", "Замена масла"
PLATE = "К777КК50"


@dataclass
class Station:
    """What is there in the morning: nobody has come yet."""

    technician: str
    products: dict[str, str]


async def station_in_the_morning(site: Site) -> Station:
    section = await site.post("/sections", {"name": "Слесарный"})
    await site.post("/posts", {"name": "Подъёмник 1", "section_id": section["id"]})
    people = {}
    for last, first, role in (
        ("Соколов", "Андрей", ADVISOR),
        ("Морозов", "Сергей", TECHNICIAN),
    ):
        person = {
            "last_name": last,
            "first_name": first,
            "role": role,
            "section_id": section["id"],
            "login": DEMO_LOGINS[role],
            "pay_percent": "40" if role == TECHNICIAN else "0",
        }
        people[role] = (await site.post("/employees", person))["id"]
    await site.post("/services", {"name": OIL, "price": "1500", "estimation_minutes": 40})
    warehouse = await site.post("/warehouses", {"name": "Основной"})
    supplier = await site.post("/suppliers", {"name": "Автодок"})
    products = {}
    for name, oem, price in ((FILTER, "W914/2", "650"), (PADS, "GDB1445", "3150")):
        product = {"name": name, "oem": oem, "price": price}
        products[name] = (await site.post("/products", product))["id"]
    line = {"product_id": products[FILTER], "quantity": "5", "cost": "400"}
    await site.post(
        "/stock/receipts",
        {"warehouse_id": warehouse["id"], "supplier_id": supplier["id"], "lines": [line]},
    )
    return Station(people[TECHNICIAN], products)


class Day:
    """Who is at work, each in a browser of their own, and the order they all have to do with."""

    def __init__(self, site: Site, browse: Open) -> None:
        self.site = site
        self._browse = browse
        self.order_id = ""

    async def comes(self, role: str, size: tuple[int, int] = DESK) -> Page:
        """Signs in, and is where the work of that role begins."""
        page = (await self._browse(size=size)).page
        await page.goto(self.site.url)
        await page.get_by_label("Логин").fill(DEMO_LOGINS[role])
        await page.get_by_label("Пароль").fill(DEMO_PASSWORD)
        await page.get_by_role("button", name="Войти").click()
        await expect(page).to_have_url(self.site.url + FIRST_PAGES.get(role, BOARD))
        return page

    def card(self, page: Page) -> Locator:
        return page.locator(f"#card-{self.order_id}")

    async def stands_in(self, board: Page, name: str) -> None:
        """At a board that nobody touches."""
        there = lane(board, name).locator(f"#card-{self.order_id}")
        await expect(there).to_be_visible()

    async def order(self) -> dict[str, Any]:
        return await self.site.get(f"/orders/{self.order_id}")


def menu(page: Page, name: str) -> Locator:
    return page.get_by_role("navigation", name="Главное меню").get_by_role("link", name=name)


async def a_visit_is_entered(day: Day, office: Page) -> str:
    """By telephone; the order's number."""
    await menu(office, "Новый визит").click()
    await office.get_by_label("Телефон, госномер").press_sequentially("89035551234")
    # What is offered for the whole of it, not for its first digits.
    offered = office.locator("#matches[data-typed='89035551234']")
    await offered.get_by_role("option", name="Новый клиент").click()
    await expect(office.get_by_label("Телефон", exact=True)).to_have_value("89035551234")
    for label, text in (
        ("Фамилия", "Волков"),
        ("Имя", "Пётр"),
        ("Госномер", PLATE),
        ("Марка", "Lada"),
        ("Модель", "Niva"),
        ("Причина обращения", "Масло, и скрипят тормоза"),
    ):
        await office.get_by_label(label, exact=True).fill(text)
    await office.get_by_label("Участок").select_option("Слесарный")
    await office.get_by_label("Исполнитель").select_option("Соколов Андрей")
    await office.get_by_role("button", name="Открыть заказ").click()
    await office.wait_for_url("**/orders/*")
    day.order_id = office.url.rsplit("/", 1)[-1]
    title = office.get_by_role("heading", level=1)
    await expect(title).to_contain_text("A-")
    return (await title.inner_text()).split()[0]


async def it_is_agreed_with_the_client(day: Day, advisor: Page) -> None:
    await day.card(advisor).get_by_role("link").click()
    await expect(advisor.locator(".facts")).to_contain_text("Масло, и скрипят тормоза")
    await advisor.get_by_role("link", name="Изменить", exact=True).click()
    await advisor.get_by_label("Механик").select_option("Морозов Сергей")
    await advisor.get_by_role("button", name="Сохранить").click()
    await expect(advisor.locator(".facts")).to_contain_text("Морозов Сергей")
    await add_by_typing(advisor, "w", "масл")
    work = job(advisor, OIL)
    await expect(work).to_contain_text("1 500,00")
    await work.get_by_role("link", name="Добавить запчасть к работе").click()
    await advisor.locator("#sheet input[name=q]").press_sequentially("w 914")
    await advisor.locator("#hits[data-q='w 914'] .hit", has_text=FILTER).click()
    await advisor.locator("#sheet").get_by_role("button", name="Добавить").click()
    await expect(work.locator(".part-row")).to_contain_text("Зарезервирована")
    await advisor.get_by_role("button", name="Отправить на согласование").click()
    await expect(work).to_contain_text("Ждём ответа")


async def the_client_says_yes(advisor: Page, name: str) -> None:
    work = job(advisor, name)
    await work.get_by_role("link", name="Согласовано").click()
    await advisor.get_by_role("button", name="Сказал по телефону").click()
    await expect(work).to_contain_text("по телефону")


async def the_work_is_done_at_the_car(bay: Page) -> None:
    await bay.get_by_role("link", name=PLATE).tap()
    work = bay.locator("article", has_text=OIL)
    await work.get_by_role("button", name="Начать").tap()
    await expect(bay.locator("#bay-clock")).to_contain_text(OIL)
    await work.get_by_role("button", name="Пауза").tap()
    await expect(bay.locator("#bay-clock")).to_be_hidden()
    await work.get_by_role("button", name="Готово", exact=True).tap()
    await expect(work.locator(".bay-if-finished").first).to_be_visible()
    await bay.get_by_label("Комментарий").fill("Передние колодки стёрты, меняю")
    await bay.get_by_role("region", name="Комментарии").get_by_role("button").tap()
    await expect(bay.locator(".bay-comment")).to_contain_text("Передние колодки стёрты")


async def one_more_part_is_asked_for(bay: Page) -> None:
    await bay.get_by_role("link", name="Запросить запчасть").tap()
    await bay.get_by_role("searchbox").fill("колодки")
    await bay.get_by_role("button", name="Найти").tap()
    await bay.get_by_role("button", name="Запросить").tap()
    await expect(bay.locator(".bay-parts")).to_contain_text("не хватает: 1")


async def the_client_is_asked_about_it(advisor: Page, name: str) -> None:
    """What the work costs now is not what the client agreed to."""
    work = job(advisor, name)
    await expect(work.locator(".part-row", has_text=PADS)).to_be_visible()
    await advisor.get_by_role("button", name="Отправить на согласование").click()
    await expect(work).to_contain_text("Ждём ответа")
    await the_client_says_yes(advisor, name)


async def goods_are_received(store: Page) -> None:
    await store.get_by_label("Показать").select_option("Ждут заказы")
    await store.get_by_role("button", name="Найти").click()
    await expect(store.get_by_role("row", name=PADS)).to_contain_text("ждут 1")
    await store.get_by_role("link", name="Новое поступление").click()
    await store.get_by_label("Номер документа").fill("УПД 17")
    line = store.locator("[data-line]").first
    await line.get_by_role("combobox", name="Товар").press_sequentially("колод")
    await store.get_by_role("option", name=PADS).click()
    await line.get_by_label("Количество").fill("4")
    await line.get_by_label("Цена закупки").fill("2000")
    await store.get_by_role("button", name="Провести поступление").click()
    await shows(store, "проведено")


async def money_is_taken(till: Page, number: str) -> None:
    await till.get_by_label("Насчитано в ящике").fill("1 000")
    await till.get_by_role("button", name="Открыть смену").click()
    await shows(till, "Смена открыта")
    await till.get_by_role("row", name=number).get_by_role("link", name="Принять").click()
    await expect(till.get_by_label("Наличные", exact=True)).to_have_value("5300.00")
    await till.get_by_label("Клиент дал наличными").fill("6000")
    await expect(till.get_by_text("Сдача 700")).to_be_visible()
    await till.get_by_role("button", name="Принять деньги").click()
    await shows(till, "Сдача: 700,00 ₽")


async def the_owner_looks_at_the_day(owner: Page, number: str) -> None:
    today = owner.get_by_role("region", name="Сегодня, рядом со вчера")
    await expect(today.get_by_role("link", name="Выручка")).to_contain_text("5 300,00")
    await expect(today.get_by_role("link", name="Маржа")).to_contain_text("2 300,00")
    await today.get_by_role("link", name="Маржа").click()
    await owner.get_by_role("link", name="Слесарный").click()
    row = owner.get_by_role("row", name=number)
    for figure in ("5 300,00", "2 400,00", "600,00", "2 300,00"):
        await expect(row).to_contain_text(figure)

    await menu(owner, "Журнал").click()
    await owner.get_by_label("Заказ", exact=True).fill(number)
    await owner.get_by_role("button", name="Показать").click()
    for role in (ADMINISTRATOR, ADVISOR, TECHNICIAN, CASHIER):
        rows = owner.locator(f'tbody a[href="?actor={DEMO_LOGINS[role]}"]')
        await expect(rows.first).to_be_visible()
    await owner.get_by_role("link", name="Проверить цепочку").click()
    await expect(owner.get_by_text("ни одна запись не пропала")).to_be_visible()


async def in_the_books(day: Day, station: Station) -> None:
    await settled(day.site, day.order_id)
    order = await day.order()
    assert (order["status"], order["total"], order["paid"], order["due"]) == (
        "done",
        "5300.00",
        "5300.00",
        "0.00",
    )
    (work,) = order["services"]
    assert (work["progress"], work["finished_by"]) == ("finished", "technician")
    assert {part["state"] for part in order["products"]} == {"issued"}
    for name, left in ((FILTER, "4.000"), (PADS, "3.000")):
        shelves = (await day.site.get(f"/stock?product_id={station.products[name]}"))["items"]
        assert [(row["on_hand"], row["reserved"]) for row in shelves] == [(left, "0.000")]
    pay = await day.site.get(f"/employees/{station.technician}/payroll")
    assert pay["balance"] == "600.00"
    (shift,) = (await day.site.get("/shifts"))["items"]
    assert shift["expected"] == "6300.00"


@pytest.mark.timeout(300)
async def test_a_day_from_the_first_call_to_the_money(site: Site, browse: Open) -> None:
    station = await station_in_the_morning(site)
    day = Day(site, browse)
    board = await day.comes(ADMINISTRATOR, WIDE)
    office, advisor = await day.comes(ADMINISTRATOR), await day.comes(ADVISOR)
    bay = await day.comes(TECHNICIAN, PHONE)
    await expect(bay.get_by_text("Сейчас дел нет")).to_be_visible()

    number = await a_visit_is_entered(day, office)
    await day.stands_in(board, "new")
    await it_is_agreed_with_the_client(day, advisor)
    await day.stands_in(board, "waiting_for_approval")
    await the_client_says_yes(advisor, OIL)
    await day.stands_in(board, "new")

    await the_work_is_done_at_the_car(bay)
    await day.stands_in(board, "ready")
    await expect(advisor.locator(".comment")).to_contain_text("Передние колодки стёрты")
    await one_more_part_is_asked_for(bay)
    await expect(bay.get_by_role("button", name="Всё готово")).to_be_disabled()
    await day.stands_in(board, "waiting_for_approval")
    await the_client_is_asked_about_it(advisor, OIL)
    await day.stands_in(board, "waiting_for_parts")
    await goods_are_received(await day.comes(STOREKEEPER))
    await day.stands_in(board, "ready")
    await expect(bay.locator(".bay-parts")).not_to_contain_text("не хватает")

    await expect(advisor.locator(".part-row", has_text=PADS)).to_contain_text("Зарезервирована")
    await advisor.get_by_role("link", name="Завершить заказ-наряд").click()
    await advisor.get_by_role("button", name="Завершить", exact=True).click()
    await expect(advisor.locator(".page-title")).to_contain_text("Выполнен")
    await day.stands_in(board, "to_pay")
    await money_is_taken(await day.comes(CASHIER), number)
    await expect(day.card(board)).to_have_count(0)
    await expect(advisor.locator(".payments")).to_contain_text("5 300,00")
    await the_owner_looks_at_the_day(await day.comes(OWNER), number)
    await in_the_books(day, station)
