"""What each role is offered, it may do: the menu, what its pages lead to, and every button."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlsplit

import pytest
from playwright.async_api import APIResponse, Page, expect
from starlette.routing import compile_path

from services.gateway.pages import MODULES
from services.gateway.pages import routing as pages
from shared.permissions import may
from shared.roles import TECHNICIAN
from tests.browser.ordering import station_of
from tests.browser.test_board import a_visit
from tests.browser.visitors import DEMO_LOGINS, DESK, Open, Site
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")

LINKS = """text => [...new DOMParser().parseFromString(text, "text/html")
    .querySelectorAll("#page a[href], .bar a[href]")]
    .map(link => new URL(link.getAttribute("href"), location))
    .filter(at => at.origin === location.origin)
    .map(at => at.pathname + at.search)"""
FORMS = """text => [...new DOMParser().parseFromString(text, "text/html")
    .querySelectorAll("form[method=post]:not([hidden]), [formaction]")]
    .map(one => one.getAttribute("formaction") ?? one.getAttribute("action"))
    .map(action => new URL(action, location).pathname)"""
ACTS = [
    (compile_path(act.path)[0], act)
    for act in sorted(
        (page for module in MODULES for page in module.PAGES if page.method == "POST"),
        key=lambda page: page.path.replace("{", "~"),
    )
]


def act_at(path: str) -> pages.Page:
    """What a form with that action comes to."""
    found = [act for pattern, act in ACTS if pattern.match(path)]
    assert found, path
    act: pages.Page = found[0]
    return act


async def forbidden_forms(page: Page, role: str, text: str) -> list[str]:
    actions: list[str] = await page.evaluate(FORMS, text)
    return [each for each in actions if (needs := act_at(each).needs) and not may(role, needs)]


def of_each_kind(addresses: set[str]) -> list[str]:
    """One of those that differ in nothing but what they ask for: what a role may see goes by the
    page and its questions, not by the day, or the sort of event, that is looked for."""
    kinds: dict[tuple[str, tuple[str, ...]], str] = {}
    for address in sorted(addresses):
        at = urlsplit(address)
        kinds.setdefault((at.path, tuple(name for name, _ in parse_qsl(at.query))), address)
    return list(kinds.values())


def as_shown(path: str) -> str:
    """A paper is had as a page: whether one may have it is asked before it is laid out, and laying
    it out as PDF takes half a second each time."""
    return path.replace("format=pdf", "format=html")


async def a_station_at_work(site: Site) -> str:
    """The address of an order with works and parts; one to pay, and one in the bay."""
    station = await station_of(site)
    await site.post(f"{station.path}/services", {"name": "Колодки", "initial_price": "2500"})
    part = {"product_id": station.products["Фильтр масляный MANN"], "quantity": "1"}
    await site.post(f"{station.path}/parts", {"lines": [part]})
    (section, *_) = (await site.get("/sections"))["items"]
    technician = await site.post(
        "/employees",
        {
            "last_name": "Морозов",
            "first_name": "Сергей",
            "role": TECHNICIAN,
            "section_id": section["id"],
            "login": DEMO_LOGINS[TECHNICIAN],
        },
    )
    await a_visit(site, "Волкова", "К777КК50", employee_id=technician["id"])
    done = await a_visit(site, "Иванова", "В777ОР77")
    work = {"name": "Мойка", "initial_price": "800"}
    await site.post(f"/orders/{done['id']}/services", work)
    for status in ("in_progress", "done"):
        await site.post(f"/orders/{done['id']}/status", {"to": status})
    return station.path


async def answered(page: Page, address: str) -> APIResponse:
    """Whoever finds the printing busy comes again."""

    async def said() -> APIResponse | None:
        answer = await page.request.get(address)
        return answer if answer.status not in (422, 503) else None

    answer = await eventually(said, timeout_s=60)
    assert answer
    return answer


@pytest.mark.timeout(420)
async def test_what_is_offered_may_be_done(site: Site, browse: Open) -> None:
    order = await a_station_at_work(site)
    for role in DEMO_LOGINS:
        page = (await browse(size=DESK, role=role)).page
        await page.goto(site.url)
        menu = page.get_by_role("navigation", name="Главное меню").get_by_role("link")
        entries = [str(await link.get_attribute("href")) for link in await menu.all()]
        assert len(entries) >= 3, role
        onward: set[str] = set()
        for path in (*entries, order):
            response = await page.goto(site.url + path)
            assert response
            assert response.status == 200, (role, path)
            await expect(page.get_by_role("heading", level=1)).not_to_be_empty()
            if path != order:
                here = page.locator(".side [aria-current=page]")
                await expect(here).to_have_attribute("href", path)
            # As the station gave it: a parsed copy must keep to the page's rules, too, which what
            # its scripts have set does not.
            text = await response.text()
            assert await forbidden_forms(page, role, text) == [], (role, path)
            onward |= set(await page.evaluate(LINKS, text))
        for path in of_each_kind(onward - {*entries, order}):
            shown = as_shown(path)
            answer = await answered(page, site.url + shown)
            assert answer.status == 200, (role, path)
            # A paper leads nowhere.
            if shown == path and answer.headers["content-type"].startswith("text/html"):
                text = await answer.text()
                assert await forbidden_forms(page, role, text) == [], (role, path)
