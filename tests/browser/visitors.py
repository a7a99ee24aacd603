"""Somebody who looks at pages: with a phone or a desk, a language, in the light or in the dark."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urljoin

import httpx
from playwright.async_api import Browser, Locator, Page

from services.gateway.users import DEMO_USERS
from tests.gateway.support import TestGateway, a_key
from tests.support.waiting import eventually

DEMO_LOGINS = {role: login for login, _, role in DEMO_USERS}
PHONE = (390, 844)
DESK = (1280, 800)


@dataclass
class Site:
    """The station's address, and somebody in its office who uses the API."""

    url: str
    gateway: TestGateway
    office: httpx.AsyncClient

    async def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        response = await self.office.post(path, json=body, headers=a_key())
        assert response.is_success, (path, response.text)
        answer: dict[str, Any] = response.json()
        return answer

    async def get(self, path: str) -> dict[str, Any]:
        response = await self.office.get(path)
        assert response.is_success, (path, response.text)
        answer: dict[str, Any] = response.json()
        return answer


@dataclass
class Visitor:
    """A page, and what went wrong on it."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)
    """Requests to anybody but the station."""
    forgiven: tuple[str, ...] = ()
    """Complaints that a test provokes, by a part of their text."""


type Open = Callable[..., Awaitable[Visitor]]


AXE = (Path(__file__).parent / "vendor" / "axe-core" / "axe.min.js").read_text()
_RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "best-practice"]
_CHECK = """async rules => {
    const { violations } = await axe.run(
        document, { runOnly: rules, resultTypes: ["violations"] });
    return violations.flatMap(({ id, help, nodes }) => nodes.map(
        ({ html, failureSummary }) => `${id}: ${help} | ${html} | ${failureSummary}`));
}"""


async def barriers(page: Page) -> list[str]:
    """What keeps somebody from using the page as it stands: axe-core's violations."""
    await page.evaluate(AXE)
    found: list[str] = await page.evaluate(_CHECK, _RULES)
    return found


async def paper(page: Page, link: Locator) -> bytes:
    """The PDF that a link leads to. Papers are made by a process of their own, which is given few
    seconds for each: whoever finds it busy comes again."""
    href = await link.get_attribute("href")
    assert href
    address = urljoin(page.url, href)

    async def made() -> bytes:
        answer = await page.context.request.get(address)
        assert answer.ok, await answer.text()
        return await answer.body()

    printed = await eventually(made, timeout_s=60)
    assert printed.startswith(b"%PDF-")
    return printed


_TOO_WIDE = """() => [...document.querySelectorAll("#page *")]
    .filter(one => one.getBoundingClientRect().right > screen.width + 1
        && !one.closest(".table-frame"))
    .map(one => `${one.tagName} ${one.className} ${one.textContent.slice(0, 40)}`)"""


async def too_wide(page: Page) -> list[str]:
    """What stands out of the screen at the right, and is not a table that scrolls by itself."""
    found: list[str] = await page.evaluate(_TOO_WIDE)
    return found


async def opened(
    browser: Browser,
    site: Site,
    *,
    size: tuple[int, int] = PHONE,
    language: str = "ru",
    scheme: Literal["light", "dark"] = "light",
    scripts: bool = True,
    role: str | None = None,
    login: str | None = None,
) -> Visitor:
    """``role``: signed in already, as the demo's user of that role, or as another ``login``."""
    context = await browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        locale=language,
        color_scheme=scheme,
        # A colour on its way to another one is no colour to judge by.
        reduced_motion="reduce",
        java_script_enabled=scripts,
        device_scale_factor=2 if size == PHONE else 1,
        is_mobile=size == PHONE,
        has_touch=size == PHONE,
    )
    if role:
        token = await site.gateway.token(role, login or DEMO_LOGINS[role])
        await context.add_cookies([{"name": "pitlane", "value": token, "url": site.url}])
    visitor = Visitor(await context.new_page())
    visitor.page.on(
        "console",
        lambda said: visitor.complaints.append(said.text) if said.type == "error" else None,
    )
    visitor.page.on("pageerror", lambda error: visitor.complaints.append(str(error)))
    visitor.page.on(
        "request",
        lambda request: (
            None
            if request.url.startswith((site.url, "data:"))
            else visitor.strangers.append(request.url)
        ),
    )
    return visitor
