"""The load panel at the desk and on a phone: a post is booked, a bar moved, work carried over."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio
from playwright.async_api import Locator, Page, Route, expect

from tests.browser.visitors import DESK, PHONE, Open, Site, barriers
from tests.gateway.support import a_key
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")

ZONE = ZoneInfo("Europe/Moscow")

_opened_on = [datetime.now(ZONE)]
"""The day of the test, on which the bays were opened: midnight may come in the middle of it."""


def at(hour: int, minute: int = 0, *, days: int = 1) -> datetime:
    """That many days from the day of the test, by the station's clock."""
    day = _opened_on[0] + timedelta(days=days)
    return day.replace(hour=hour, minute=minute, second=0, microsecond=0)


@dataclass
class Bays:
    """Two posts and a technician, open every day from nine to eighteen."""

    site: Site
    section: dict[str, Any]
    posts: list[dict[str, Any]]
    technician: dict[str, Any]
    client: dict[str, Any]

    async def order(self) -> dict[str, Any]:
        return await self.site.post(
            "/orders",
            {
                "client_id": self.client["id"],
                "section_id": self.section["id"],
                "employee_id": self.technician["id"],
                "type": "repair",
            },
        )

    async def book(
        self, order: dict[str, Any], start: datetime, end: datetime, **fields: Any
    ) -> dict[str, Any]:
        times = {"start": start.isoformat(), "end": end.isoformat()}
        body = {"post_id": self.posts[0]["id"], **times, **fields}
        return await self.site.post(f"/orders/{order['id']}/bookings", body)

    async def booking(self, order: dict[str, Any]) -> tuple[str, datetime, datetime]:
        """The name of its post, and when: its last booking."""
        found = (await self.site.get(f"/orders/{order['id']}/bookings"))["items"][-1]
        (name,) = [post["name"] for post in self.posts if post["id"] == found["post_id"]]
        start, end = (datetime.fromisoformat(found[each]) for each in ("start", "end"))
        return name, start.astimezone(ZONE), end.astimezone(ZONE)


@pytest_asyncio.fixture(loop_scope="session")
async def bays(site: Site) -> Bays:
    _opened_on[0] = datetime.now(ZONE)
    section = await site.post("/sections", {"name": "Слесарный"})
    week = [{"weekday": day, "opens": "09:00", "closes": "18:00"} for day in range(1, 8)]
    said = await site.office.put("/working-hours", json={"week": week}, headers=a_key())
    assert said.is_success, said.text
    posts = [
        await site.post("/posts", {"name": f"Подъёмник {number}", "section_id": section["id"]})
        for number in (1, 2)
    ]
    technician = await site.post(
        "/employees",
        {
            "last_name": "Петров",
            "first_name": "Иван",
            "role": "technician",
            "section_id": section["id"],
        },
    )
    client = await site.post(
        "/clients", {"kind": "person", "last_name": "Сидорова", "first_name": "Анна"}
    )
    return Bays(site, section, posts, technician, client)


def bar(page: Page, order: dict[str, Any]) -> Locator:
    return page.locator(".load-item", has_text=order["number"])


async def shows(page: Page, text: str) -> None:
    await expect(page.get_by_role("status")).to_contain_text(text)


async def a_visit_begins_there(site: Site, dialog: Locator) -> None:
    """With the section, post and time that were pointed at, also between the times offered."""
    way = await dialog.get_by_role("link", name="Новый визит").get_attribute("href")
    assert way
    visit = await dialog.page.context.new_page()
    await visit.goto(site.url + way)
    chosen = visit.locator("#when .pick", has=visit.locator("input[name=slot]:checked"))
    await expect(chosen).to_have_text("10:00")
    await expect(visit.get_by_label("Участок")).to_have_value(re.compile("."))
    await visit.goto(site.url + way.replace("10%3A00", "10%3A10"))
    await expect(chosen).to_contain_text("10:10 · Подъёмник 1")
    await visit.close()


async def test_an_advisor_books_moves_and_carries_over(
    site: Site, browse: Open, bays: Bays
) -> None:
    visitor = await browse(role="advisor", size=DESK)
    visitor.forgiven = ("409",)
    page = visitor.page
    day = f"{at(0):%Y-%m-%d}"
    await page.goto(f"{site.url}/load?day={day}")
    await expect(page.get_by_role("rowheader", name="Подъёмник 1")).to_be_visible()
    assert await barriers(page) == []

    # A free place is clicked: it says where and when, and an order that waits is offered.
    order = await bays.order()
    await page.locator('a[aria-label="Записать: Подъёмник 1 с 10:00"]').click()
    dialog = page.get_by_role("dialog", name="Записать на пост")
    await expect(dialog.get_by_role("textbox", name="С", exact=True)).to_have_value(f"{day}T10:00")
    await a_visit_begins_there(site, dialog)
    assert await barriers(page) == []
    await dialog.get_by_role("textbox", name="До", exact=True).fill(f"{day}T12:00")
    await dialog.get_by_label("Механик").select_option(label="Петров Иван")
    await dialog.get_by_role("button", name="Записать").click()
    await shows(page, "Записано")
    await expect(dialog).to_have_count(0)
    await expect(bar(page, order)).to_contain_text("10:00–12:00")
    assert await bays.booking(order) == ("Подъёмник 1", at(10), at(12))
    assert await barriers(page) == []

    # By keys: half an hour later, on the other post, and a quarter longer.
    await bar(page, order).focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowDown", "Shift+ArrowRight"):
        await page.keyboard.press(key)
    await expect(bar(page, order)).to_contain_text("10:30–12:45")
    await shows(page, "Запись перенесена")
    assert await bays.booking(order) == ("Подъёмник 2", at(10, 30), at(12, 45))
    await expect(bar(page, order)).to_be_focused()

    # Another screen's booking is there at once; onto it nothing can be moved.
    other = await bays.order()
    await bays.book(other, at(10), at(12))
    await expect(bar(page, other)).to_be_visible()
    await bar(page, order).focus()
    await page.keyboard.press("ArrowUp")
    await expect(page.locator("#problems")).to_contain_text(other["number"])
    await expect(bar(page, order)).to_contain_text("10:30–12:45")
    assert await bays.booking(order) == ("Подъёмник 2", at(10, 30), at(12, 45))
    row = page.locator(f'tr[data-row="{bays.posts[1]["id"]}"]')
    await expect(row.locator(".load-item")).to_contain_text(order["number"])

    # By hand, to a later hour; a second screen sees it.
    second = (await browse(role="advisor", size=DESK, language="en")).page
    await second.goto(f"{site.url}/load?day={day}&view=people")
    await expect(bar(second, order)).to_contain_text("10:30–12:45")
    await bar(page, order).hover()
    await page.mouse.down()
    box = await bar(page, order).bounding_box()
    hour = await page.locator("thead .load-hour").first.bounding_box()
    assert box
    assert hour
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    await page.mouse.move(x + hour["width"], y, steps=5)
    await page.mouse.move(x + 2 * hour["width"], y, steps=5)
    await page.mouse.up()
    await shows(page, "Запись перенесена")
    await expect(bar(second, order)).to_contain_text("12:30–14:45")
    assert await bays.booking(order) == ("Подъёмник 2", at(12, 30), at(14, 45))
    assert await barriers(second) == []

    await both_are_moved(page, second, bays, order, other)
    await one_is_moved_again_before_the_answer(page, bays, order)
    await one_waits_when_its_page_is_left(page, bays, order, other)

    # Enter opens it: the dialog moves it to another time, and frees the post.
    await bar(page, order).focus()
    await page.keyboard.press("Enter")
    dialog = page.get_by_role("dialog")
    await dialog.get_by_role("textbox", name="С", exact=True).fill(f"{day}T15:00")
    await dialog.get_by_role("textbox", name="С", exact=True).blur()
    await expect(dialog.get_by_role("textbox", name="До", exact=True)).to_have_value(f"{day}T17:15")
    await dialog.get_by_role("button", name="Перенести запись").click()
    await expect(bar(page, order)).to_contain_text("15:00–17:15")
    await bar(page, other).click()
    page.once("dialog", lambda dialog: dialog.accept())
    await page.get_by_role("button", name="Освободить пост").click()
    await shows(page, "Пост освобождён")
    await expect(bar(page, other)).to_have_count(0)

    # What yesterday did not finish goes to the day after tomorrow.
    late = await bays.order()
    await site.post(f"/orders/{late['id']}/services", {"name": "Ремонт", "initial_price": "900"})
    await bays.book(late, at(10, days=-1), at(12, days=-1))
    offers = page.locator(".load-carry")
    await expect(offers).to_contain_text(late["number"])
    assert await barriers(page) == []
    await offers.get_by_label("Перенести на").fill(f"{at(0, days=2):%Y-%m-%d}")
    await offers.get_by_role("button", name="Перенести").click()
    await shows(page, "Перенесено: 1")
    await expect(offers).to_have_count(0)
    assert await bays.booking(late) == ("Подъёмник 1", at(9, days=2), at(11, days=2))


async def both_are_moved(
    page: Page, second: Page, bays: Bays, order: dict[str, Any], other: dict[str, Any]
) -> None:
    """Two bars one right after the other: neither move waits for the answer to the first."""
    sent: list[str] = []
    page.on("request", lambda each: sent.append(each.url) if each.method == "POST" else None)
    await bar(page, order).focus()
    await page.keyboard.press("ArrowLeft")
    await bar(page, other).focus()
    await page.keyboard.press("ArrowRight")
    await page.keyboard.press("Enter")
    await page.keyboard.press("Tab")  # whoever takes the hand off does not send it once more
    await expect(bar(second, order)).to_contain_text("12:15–14:30")
    await expect(bar(second, other)).to_contain_text("10:15–12:15")
    assert await bays.booking(order) == ("Подъёмник 2", at(12, 15), at(14, 30))
    assert await bays.booking(other) == ("Подъёмник 1", at(10, 15), at(12, 15))
    assert len(sent) == 2, sent


async def one_is_moved_again_before_the_answer(
    page: Page, bays: Bays, order: dict[str, Any]
) -> None:
    """What it is given last is what becomes of it: taken back by keys, dragged on by hand."""
    answers = asyncio.Event()

    async def later(route: Route) -> None:
        await answers.wait()
        await route.continue_()

    path = "**/load/bookings/*"
    await page.route(path, later)
    await bar(page, order).focus()
    async with page.expect_request(path):
        await page.keyboard.press("ArrowRight")
        await page.keyboard.press("Enter")
    await page.keyboard.press("ArrowLeft")
    await page.keyboard.press("Enter")
    async with page.expect_request(path) as again, page.expect_response(path):
        answers.set()
    await (await again.value).response()
    await expect(bar(page, order)).not_to_have_class(re.compile("load-moving"))
    await expect(bar(page, order)).to_contain_text("12:15–14:30")
    await eventually(lambda: is_booked(bays, order, at(12, 15), at(14, 30)))

    answers.clear()
    hour = await page.locator("thead .load-hour").first.bounding_box()
    assert hour
    async with page.expect_request(path):
        await drag_on(page, order, hour["width"])
    await expect(bar(page, order)).to_contain_text("13:15–15:30")
    await drag_on(page, order, -2 * hour["width"])
    await expect(bar(page, order)).to_contain_text("11:15–13:30")
    answers.set()
    await eventually(lambda: is_booked(bays, order, at(11, 15), at(13, 30)))
    await expect(bar(page, order)).to_contain_text("11:15–13:30")
    await drag_on(page, order, hour["width"])
    await eventually(lambda: is_booked(bays, order, at(12, 15), at(14, 30)))
    await page.unroute(path)


async def drag_on(page: Page, order: dict[str, Any], across: float) -> None:
    box = await bar(page, order).bounding_box()
    assert box
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    await page.mouse.move(x, y)
    await page.mouse.down()
    await page.mouse.move(x + across, y, steps=4)
    await page.mouse.up()


async def is_booked(bays: Bays, order: dict[str, Any], start: datetime, end: datetime) -> bool:
    return (await bays.booking(order))[1:] == (start, end)


async def one_waits_when_its_page_is_left(
    page: Page, bays: Bays, order: dict[str, Any], other: dict[str, Any]
) -> None:
    """It is not sent any more, and that is said."""
    panel, answers = page.url, asyncio.Event()

    async def later(route: Route) -> None:
        await answers.wait()
        await route.continue_()

    await page.route("**/load/bookings/*", later)
    async with page.expect_request("**/load/bookings/*"):
        await bar(page, order).focus()
        await page.keyboard.press("ArrowRight")
        await bar(page, other).focus()
        await page.keyboard.press("ArrowLeft")
        await page.keyboard.press("Enter")
    await page.locator('.side a[href^="/clients"]').first.click()
    await expect(page).to_have_url(re.compile("/clients"))
    answers.set()
    await expect(page.locator("#problems [data-unanswered]")).to_be_visible()
    await page.unroute("**/load/bookings/*")
    await page.goto(panel)
    assert await bays.booking(order) == ("Подъёмник 2", at(12, 30), at(14, 45))
    assert await bays.booking(other) == ("Подъёмник 1", at(10, 15), at(12, 15))


@pytest.mark.parametrize("scripts", [True, False])
async def test_the_panel_on_a_phone_in_english_in_the_dark(
    site: Site, browse: Open, bays: Bays, scripts: bool
) -> None:
    order = await bays.order()
    await bays.book(order, at(10), at(12), technician_id=bays.technician["id"])
    visitor = await browse(
        role="advisor", size=PHONE, language="en", scheme="dark", scripts=scripts
    )
    page = visitor.page
    day = f"{at(0):%Y-%m-%d}"

    async def fits() -> None:
        if scripts:
            assert await page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
            assert await barriers(page) == []

    await page.goto(f"{site.url}/load?day={day}")
    await expect(page.get_by_text("Nothing is booked")).to_be_visible()
    await fits()
    await bar(page, order).click()
    await page.get_by_label("Post", exact=True).select_option(label="Подъёмник 2")
    await fits()
    await page.get_by_role("button", name="Move", exact=True).click()
    await shows(page, "Moved")
    assert await bays.booking(order) == ("Подъёмник 2", at(10), at(12))

    await page.get_by_role("link", name="Week").click()
    await expect(page.get_by_role("link", name="22 %").first).to_be_visible()
    await fits()
    await page.get_by_role("link", name="22 %").first.click()
    await expect(page).to_have_url(
        f"{site.url}/load?day={day}&view=posts&section={bays.section['id']}"
    )


async def test_the_office_says_when_the_station_works(site: Site, browse: Open, bays: Bays) -> None:
    visitor = await browse(role="administrator", size=DESK)
    visitor.forgiven = ("422",)
    page = visitor.page
    await page.goto(site.url + "/load")
    await page.get_by_role("link", name="Часы работы").click()
    sunday = page.get_by_label("Воскресенье: с")
    await expect(sunday.first).to_have_value("09:00")
    assert await barriers(page) == []
    await page.get_by_label("Суббота: до").first.fill("13:00")
    await page.get_by_label("Суббота: с").last.fill("14:00")
    await page.get_by_label("Суббота: до").last.fill("24:00")
    await sunday.first.fill("")
    save = page.locator("section", has=page.get_by_role("heading", name="Станция работает"))
    await save.get_by_role("button", name="Сохранить").click()
    # Half of a pair is no time.
    await expect(page.locator("#problems")).to_contain_text("укажите и начало, и конец")
    await page.get_by_label("Воскресенье: до").first.fill("")
    await save.get_by_role("button", name="Сохранить").click()
    await shows(page, "Сохранено")
    week = (await site.get("/working-hours"))["week"]
    assert [(part["opens"], part["closes"]) for part in week if part["weekday"] == 6] == [
        ("09:00", "13:00"),
        ("14:00", "24:00"),
    ]
    assert [part for part in week if part["weekday"] == 7] == []

    await page.get_by_text("Добавить день").click()
    await page.get_by_label("День", exact=False).first.fill(f"{at(0).year}-12-31")
    await page.get_by_label("Что за день").fill("Канун Нового года")
    await page.get_by_role("button", name="Добавить").first.click()
    await expect(page.get_by_text("Канун Нового года")).to_be_visible()
    await page.get_by_text("Добавить отсутствие").click()
    await page.get_by_label("Кто или какой пост").select_option(label="Подъёмник 2")
    await page.get_by_label("Почему").select_option(label="Не работает")
    await page.get_by_role("textbox", name="С", exact=True).fill(f"{at(0):%Y-%m-%d}T09:00")
    await page.get_by_role("textbox", name="До", exact=True).fill(f"{at(0):%Y-%m-%d}T12:00")
    absences = page.locator("section", has=page.get_by_role("heading", name="Отсутствия"))
    await absences.get_by_role("button", name="Добавить").click()
    await expect(absences.get_by_role("listitem")).to_contain_text("Подъёмник 2")
    await page.get_by_role("link", name="Петров Иван").click()
    await page.wait_for_url("**/calendar/people/*")
    # Whoever types hours means a week of their own; whoever takes it back lets go of them.
    await page.get_by_label("Понедельник: с").first.fill("11:00")
    await expect(page.get_by_label("Свой график")).to_be_checked()
    await page.get_by_label("Работает по часам станции").check()
    await expect(page.get_by_label("Понедельник: с").first).to_have_value("09:00")
    await page.get_by_label("Понедельник: с").first.fill("12:00")
    await page.get_by_role("button", name="Сохранить").click()
    await shows(page, "Сохранено")
    own = await site.get(f"/employees/{bays.technician['id']}/schedule")
    assert own["week"][0] == {"weekday": 1, "opens": "12:00", "closes": "18:00"}
    await page.goto(f"{site.url}/load?day={at(0):%Y-%m-%d}")
    await expect(page.locator(".load-away")).to_contain_text("Не работает")
    # Without scripts hours that would be dropped are refused.
    without = await browse(role="administrator", size=DESK, scripts=False)
    without.forgiven = ("422",)
    plain = without.page
    await plain.goto(f"{site.url}/load/calendar/people/{bays.technician['id']}")
    await plain.get_by_label("Работает по часам станции").check()
    await plain.get_by_label("Понедельник: с").first.fill("13:00")
    await plain.get_by_role("button", name="Сохранить").click()
    await expect(plain.get_by_text("выберите свой график")).to_be_visible()
    await plain.goto(f"{site.url}/load/calendar/people/{bays.technician['id']}")
    await plain.get_by_label("Работает по часам станции").check()
    await plain.get_by_role("button", name="Сохранить").click()
    own = await site.get(f"/employees/{bays.technician['id']}/schedule")
    assert own["week"] is None


async def test_a_short_bar_tells_number_and_plate_whole(
    site: Site, browse: Open, bays: Bays
) -> None:
    car = await site.post(
        f"/clients/{bays.client['id']}/vehicles", {"vendor": "Lada", "plate": "А123ВС777"}
    )
    fields = {"client_id": bays.client["id"], "vehicle_id": car["id"]}
    fields |= {"section_id": bays.section["id"], "employee_id": bays.technician["id"]}
    order = await site.post("/orders", fields)
    await bays.book(order, at(10), at(11, 30))
    page = (await browse(role="advisor", size=DESK)).page
    await page.goto(f"{site.url}/load?day={at(1):%Y-%m-%d}")
    caption = bar(page, order).locator(".load-caption")
    await expect(caption).to_have_text(f"{order['number']} А123ВС777")
    assert await caption.evaluate(
        """caption => {
            const range = document.createRange();
            range.selectNodeContents(caption);
            const [words, bar] = [range, caption.parentElement].map(
                each => each.getBoundingClientRect());
            return caption.scrollWidth <= caption.clientWidth
                && words.right <= bar.right && words.bottom <= bar.bottom;
        }"""
    )
