"""What somebody else does is seen, whenever it comes: while a page is on its way, while a dialog is
open, in a second window; and what is on its way never takes the place of what was asked for later.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest
from playwright.async_api import BrowserContext, Locator, Page, Route, expect

from tests.browser.ordering import station_of
from tests.browser.visitors import DESK, Open, Site
from tests.gateway.support import a_key
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")


class Held:
    """Answers to one address: made by the station, kept on their way until they are let through."""

    def __init__(self) -> None:
        self.made = asyncio.Event()
        self._let = asyncio.Event()
        self._through: set[asyncio.Task[None]] = set()

    async def hold(self, route: Route) -> None:
        response = await route.fetch()
        self.made.set()
        await self._let.wait()
        await route.fulfill(response=response)

    def let_through(self) -> None:
        self._let.set()


async def held(where: Page | BrowserContext, address: str) -> Held:
    answers = Held()
    await where.route(address, answers.hold)
    return answers


class People:
    """Clients, each with a name that nobody else has."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._count = 0

    async def comes(self) -> str:
        """Somebody is written down elsewhere, and every screen has been told of it."""
        self._count += 1
        name = f"Новиков{'ск' * self._count}ий"
        changes = self._site.gateway.app.state.gateway.changes
        before = await changes.place()
        await self._site.post("/clients", {"last_name": name, "first_name": "Иван"})

        async def is_heard() -> bool:
            return bool(await changes.place() != before)

        await eventually(is_heard)
        return name


def listed(page: Page, name: str) -> Locator:
    return page.locator("#page").get_by_role("link", name=name)


async def test_a_change_is_seen_whenever_it_comes(site: Site, browse: Open) -> None:
    people = People(site)
    page = (await browse(size=DESK, role="administrator")).page

    # Between the making of a page and the opening of its stream.
    stream = asyncio.Event()

    async def later(route: Route) -> None:
        await stream.wait()
        await route.continue_()

    await page.route("**/api/v1/events**", later)
    await page.goto(site.url + "/clients")
    early = await people.comes()
    await expect(listed(page, early)).to_have_count(0)
    stream.set()
    await expect(listed(page, early)).to_be_visible()
    await page.unroute("**/api/v1/events**")

    # While the page is on its way into another one.
    await page.get_by_role("link", name="Доска").click()
    await page.wait_for_url("**/board")
    answer = await held(page, "**/clients")
    await page.get_by_role("link", name="Клиенты").click()
    await answer.made.wait()
    under_way = await people.comes()
    answer.let_through()
    await expect(listed(page, early)).to_be_visible()
    await expect(listed(page, under_way)).to_be_visible()
    await page.unroute("**/clients")

    # In a second window, which is told by the first one.
    second = await page.context.new_page()
    answer = await held(second, "**/clients")
    opening = asyncio.create_task(second.goto(site.url + "/clients"))
    await answer.made.wait()
    third = await people.comes()
    answer.let_through()
    await opening
    for window in (second, page):
        await expect(listed(window, third)).to_be_visible()
    # The first one is closed: the second listens itself, from where it was.
    await page.close()
    fourth = await people.comes()
    await expect(listed(second, fourth)).to_be_visible()


async def test_what_is_in_hand_stays_and_is_renewed_when_it_is_let_go(
    site: Site, browse: Open
) -> None:
    people = People(site)
    page = (await browse(size=DESK, role="administrator")).page
    await page.goto(site.url + "/clients")
    await page.locator("[data-opens='#new-client']").first.click()
    await page.get_by_label("Фамилия").fill("Петров")
    asked = await asked_for(page, "/clients")
    name = await people.comes()
    await a_moment(page)
    assert asked == []
    await expect(page.get_by_label("Фамилия")).to_have_value("Петров")
    await page.keyboard.press("Escape")
    await expect(listed(page, name)).to_be_visible()

    # A button that is pressed down is still the same one when the finger is lifted.
    button = page.locator("[data-opens='#new-client']").first
    await button.hover()
    await page.mouse.down()
    asked.clear()
    name = await people.comes()
    await a_moment(page)
    assert asked == []
    await page.mouse.up()
    await expect(page.locator("#new-client")).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(listed(page, name)).to_be_visible()


async def test_what_was_asked_for_last_is_what_is_shown(site: Site, browse: Open) -> None:
    people = People(site)
    first = await people.comes()
    page = (await browse(size=DESK, role="administrator")).page

    # A second link is followed while the first one's page is on its way.
    await page.goto(site.url + "/profile")
    answer = await held(page, "**/board")
    await page.get_by_role("link", name="Доска").click()
    await answer.made.wait()
    await page.get_by_role("link", name="Клиенты").click()
    await expect(listed(page, first)).to_be_visible()
    answer.let_through()
    await a_moment(page)
    await expect(page).to_have_url(site.url + "/clients")
    await expect(listed(page, first)).to_be_visible()
    await page.unroute("**/board")

    # A page is renewed, and left before the answer is there.
    answer = await held(page, "**/clients")
    await people.comes()
    await answer.made.wait()
    await page.get_by_role("link", name="Доска").click()
    await expect(page.locator("#board")).to_be_visible()
    answer.let_through()
    await a_moment(page)
    await expect(page.locator("#board")).to_be_visible()
    await expect(page).to_have_url(site.url + "/board")
    await page.unroute("**/clients")

    # Until an answer is there, nothing else is sent; afterwards it may be.
    await page.get_by_role("link", name="Клиенты").click()
    await expect(listed(page, first)).to_be_visible()
    sends = page.locator("#new-client button[type=submit], #new-client form button").last
    answer = await held(page, "**/board")
    await page.get_by_role("link", name="Доска").click()
    await answer.made.wait()
    await expect(sends).to_be_disabled()
    # Enter is not either, and says so.
    await page.evaluate("document.querySelector('#new-client').showModal()")
    await page.get_by_label("Фамилия").press("Enter")
    waits = page.get_by_text("ещё в пути")
    await expect(waits).to_be_visible()
    await page.keyboard.press("Escape")
    await page.route("**/profile", lambda route: route.abort())
    await page.get_by_role("link", name="Клиенты").click()
    await expect(sends).to_be_enabled()
    await expect(waits).to_have_count(0)
    answer.let_through()
    await expect(sends).to_be_enabled()


async def test_enter_in_a_sheet_is_told_that_something_else_is_under_way(
    site: Site, browse: Open
) -> None:
    station = await station_of(site)
    page = (await browse(size=DESK, role="administrator")).page
    await page.goto(site.url + station.path)
    await page.keyboard.press("e")
    field = page.locator("#sheet[open] form[method=post] input:not([type=hidden])").first
    await field.wait_for()
    answer = await held(page, "**/board")
    await page.evaluate("document.querySelector('a[href=\"/board\"]').click()")
    await answer.made.wait()
    await field.press("Enter")
    waits = page.locator("#sheet .dialog-head + .problem", has_text="ещё в пути")
    await expect(waits).to_be_visible()
    await expect(waits).to_have_attribute("data-unanswered", "")
    answer.let_through()
    await expect(page.locator("#board")).to_be_visible()
    await expect(page.locator("[data-unanswered]")).to_have_count(0)


async def test_what_is_not_answered_is_said_and_what_was_typed_stays(
    site: Site, browse: Open
) -> None:
    people = People(site)
    visitor = await browse(size=DESK, role="administrator")
    visitor.forgiven = ("502", "ERR_FAILED", "Failed to fetch")
    page = visitor.page
    await page.goto(site.url + "/clients")
    silent = page.get_by_text("Станция не ответила")
    await page.locator("[data-opens='#new-client']").first.click()
    dialog = page.locator("#new-client")
    await page.get_by_label("Фамилия").fill("Петров")

    async def from_a_proxy(route: Route) -> None:
        await route.fulfill(status=502, content_type="text/html", body="<h1>Bad Gateway</h1>")

    async def lost(route: Route) -> None:
        await route.abort()

    for answer in (from_a_proxy, lost):
        await page.route("**/clients", answer)
        await page.get_by_label("Фамилия").press("Enter")
        await expect(dialog.get_by_text("Станция не ответила")).to_be_visible()
        await expect(silent).to_have_count(1)
        await expect(page.get_by_label("Фамилия")).to_have_value("Петров")
        await dialog.locator("[data-dismiss]").click()
        await expect(silent).to_have_count(0)
        await page.unroute("**/clients", answer)
    await page.get_by_label("Фамилия").press("Enter")
    await expect(page.get_by_text("Петров").first).to_be_visible()
    await expect(silent).to_have_count(0)

    # A link that leads nowhere now: the page stays, and so does its address; then it leads there.
    here = page.url
    await page.route("**/board", from_a_proxy)
    await page.get_by_role("link", name="Доска").click()
    await expect(silent).to_be_visible()
    await expect(page).to_have_url(here)
    await page.unroute("**/board")
    await page.get_by_role("link", name="Доска").click()
    await expect(page.locator("#board")).to_be_visible()
    await expect(silent).to_have_count(0)

    # What is renewed by itself is asked for again, later each time, until a page of ours comes.
    await page.get_by_role("link", name="Клиенты").click()
    await page.wait_for_url("**/clients")
    asked: list[float] = []

    async def away_twice(route: Route) -> None:
        asked.append(time.monotonic())
        if len(asked) > 2:
            return await route.continue_()
        body = "<h1>Please sign in to the network</h1>"
        await route.fulfill(content_type="text/html", body=body)

    await page.route("**/clients", away_twice)
    name = await people.comes()
    await expect(listed(page, name)).to_be_visible()
    assert asked[1] - asked[0] > 1.5
    assert asked[2] - asked[1] > 3


async def asked_for(page: Page, path: str) -> list[Any]:
    asked: list[Any] = []
    page.on("request", lambda one: asked.append(one) if one.url.endswith(path) else None)
    return asked


async def a_moment(page: Page) -> None:
    """Long enough for whatever is due to begin: longer than changes wait to be fetched together."""
    await page.evaluate("new Promise(then => setTimeout(then, 300))")


async def test_a_form_in_hand_is_the_same_one_after_a_renewal(site: Site, browse: Open) -> None:
    station = await station_of(site)
    visitor = await browse(size=DESK, role="administrator")
    visitor.forgiven = ("ERR_FAILED", "Failed to fetch", "412")
    page = visitor.page

    # It is taken, the answer is lost, and the page is renewed with what was taken: pressed again,
    # it is not taken a second time.
    async def taken_and_lost(route: Route) -> None:
        await route.fetch(max_redirects=0)
        await route.abort()

    await page.goto(site.url + station.path)
    await page.route("**/comments", taken_and_lost)
    await page.locator(".comment-form textarea").fill("Клиент ждёт в зале")
    said = page.locator("#order").get_by_text("Клиент ждёт в зале", exact=True)
    await page.locator(".comment-form button").click()
    await expect(page.get_by_text("Станция не ответила")).to_be_visible()
    await expect(said).to_have_count(1)
    await page.unroute("**/comments")
    await page.locator(".comment-form button").click()
    await expect(page.locator(".comment-form textarea")).to_have_value("")
    await expect(said).to_have_count(1)
    # The next one is another one.
    await page.locator(".comment-form textarea").fill("Кофе налили")
    await page.locator(".comment-form button").click()
    await expect(page.locator("#order").get_by_text("Кофе налили", exact=True)).to_have_count(1)

    # What is typed counts against what was shown when it was begun.
    box = await site.post("/cash-boxes", {"name": "Касса"})
    await page.goto(site.url + "/till/shifts")
    form = page.locator(f"form[action='/till/boxes/{box['id']}']")
    await form.get_by_label("Название").fill("Касса у входа")
    shown = form.locator("input[type=checkbox]")
    await expect(shown).to_be_checked()
    own = {"name": "Касса", "active": False}
    answer = await site.office.patch(f"/cash-boxes/{box['id']}", json=own, headers=a_key())
    assert answer.is_success, answer.text
    await expect(shown).not_to_be_checked()
    await form.get_by_role("button").click()
    await expect(page.locator('[data-code="revision_conflict"]')).to_be_visible()
    await form.get_by_label("Название").fill("Касса у входа")
    await page.get_by_role("link", name="Показать, как сейчас").click()
    await expect(page.locator('[data-code="revision_conflict"]')).to_have_count(0)
    await expect(form.get_by_label("Название")).to_have_value("Касса у входа")
    await form.get_by_role("button").click()
    await expect(page.get_by_role("status").first).to_be_visible()
    boxes = {each["id"]: each for each in (await site.get("/cash-boxes"))["items"]}
    assert (boxes[box["id"]]["name"], boxes[box["id"]]["active"]) == ("Касса у входа", False)


async def test_a_dialog_that_was_left_begins_anew_on_what_others_have_changed(
    site: Site, browse: Open
) -> None:
    card = {"last_name": "Листов", "first_name": "Иван", "phones": ["+7 916 100-20-30"]}
    client = await site.post("/clients", card)
    visitor = await browse(size=DESK, role="administrator")
    visitor.forgiven = ("ERR_FAILED", "Failed to fetch", "422")
    page = visitor.page
    await page.goto(f"{site.url}/clients/{client['id']}")
    dialog, save = page.locator("#edit-client"), page.locator("#edit-client .btn-primary")
    first, middle = (dialog.locator(f"input[name={name}_name]") for name in ("first", "middle"))
    discount = dialog.locator("input[name=discount_percent]")
    title = page.locator("#page h1")

    async def opened() -> None:
        await page.locator("[data-opens='#edit-client']").first.click()

    async def changed(**fields: str) -> None:
        answer = await site.office.patch(f"/clients/{client['id']}", json=fields, headers=a_key())
        assert answer.is_success, answer.text
        await expect(title).to_contain_text(fields["first_name"])

    async def refused(name: str) -> None:
        await opened()
        await first.fill(name)
        await discount.fill("200")
        await save.click()
        await expect(dialog.locator(".problem")).to_be_visible()
        await page.keyboard.press("Escape")

    # Nobody has changed anything: what was typed is still there.
    await refused("Пётр")
    await opened()
    await expect(first).to_have_value("Пётр")
    await page.keyboard.press("Escape")
    await changed(first_name="Олег", middle_name="Ильич")
    await opened()
    await expect(first).to_have_value("Олег")
    await expect(middle).to_have_value("Ильич")
    await expect(discount).to_have_value("")
    await first.fill("Игорь")
    await save.click()
    await expect(title).to_contain_text("Игорь")

    # What may have been taken is sent as it was: it takes effect once.
    async def taken_and_lost(route: Route) -> None:
        await route.fetch(max_redirects=0)
        await route.abort()

    address = f"**/clients/{client['id']}"
    await opened()
    await first.fill("Павел")
    await page.route(address, taken_and_lost)
    await save.click()
    await expect(page.get_by_text("Станция не ответила")).to_be_visible()
    await page.unroute(address)
    await page.keyboard.press("Escape")
    await expect(title).to_contain_text("Павел")
    await opened()
    await save.click()
    await expect(page.get_by_role("status").first).to_be_visible()
    now = await site.get(f"/clients/{client['id']}")
    assert (now["first_name"], now["middle_name"]) == ("Павел", "Ильич")
