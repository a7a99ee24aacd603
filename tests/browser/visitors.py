"""Somebody who looks at pages: with a phone or a desk, a language, in the light or in the dark."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import httpx
from playwright.async_api import Browser, Page

from tests.gateway.support import TestGateway, a_key

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


type Open = Callable[..., Awaitable[Visitor]]


async def opened(
    browser: Browser,
    site: Site,
    *,
    size: tuple[int, int] = PHONE,
    language: str = "ru",
    scheme: Literal["light", "dark"] = "light",
    scripts: bool = True,
) -> Visitor:
    context = await browser.new_context(
        viewport={"width": size[0], "height": size[1]},
        locale=language,
        color_scheme=scheme,
        java_script_enabled=scripts,
        device_scale_factor=2 if size == PHONE else 1,
        is_mobile=size == PHONE,
        has_touch=size == PHONE,
    )
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
