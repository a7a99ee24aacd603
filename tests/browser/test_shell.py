"""The frame of every page: sign-in, menu, language, theme, and what people see of a no."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from services.gateway.users import DEMO_PASSWORD
from tests.browser.visitors import DESK, PHONE, Open, Site, barriers


async def test_somebody_signs_in_and_out(site: Site, browse: Open) -> None:
    visitor = await browse(size=DESK)
    visitor.forgiven = ("401", "404")
    page = visitor.page
    await page.goto(site.url + "/")
    await expect(page).to_have_url(site.url + "/sign-in?next=/")
    await page.get_by_label("Логин").fill("admin")
    await page.get_by_label("Пароль").fill("wrong")
    await page.get_by_role("button", name="Войти").click()
    await expect(page.get_by_role("alert").filter(has_text="парол")).to_be_visible()
    await expect(page.get_by_label("Логин")).to_have_value("admin")
    assert await barriers(page) == []

    await page.get_by_label("Пароль").fill(DEMO_PASSWORD)
    await page.get_by_role("button", name="Войти").click()
    await expect(page).to_have_url(site.url + "/board")
    await page.get_by_text("Марина Кузнецова").click()
    await page.get_by_role("button", name="Выйти").click()
    await expect(page).to_have_url(site.url + "/sign-in")


@pytest.mark.parametrize("size", [DESK, PHONE])
@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_nobody_is_kept_out_of_the_frame(
    site: Site, browse: Open, size: tuple[int, int], scheme: str
) -> None:
    visitor = await browse(size=size, scheme=scheme, role="administrator")
    visitor.forgiven = ("404",)
    page = visitor.page
    await page.goto(site.url + "/no-such-page")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Такой страницы нет")
    assert await barriers(page) == []


async def test_language_and_theme_are_this_devices_own(site: Site, browse: Open) -> None:
    visitor = await browse(size=DESK, role="administrator")
    visitor.forgiven = ("404",)
    page = visitor.page
    await page.goto(site.url + "/no-such-page")
    await page.locator("details.person summary").click()
    await page.get_by_role("button", name="English").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("There is no such page")
    await page.locator("details.person summary").click()
    await page.get_by_role("button", name="Dark").click()
    await expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
    await page.reload()
    await expect(page.locator("html")).to_have_attribute("data-bs-theme", "dark")
