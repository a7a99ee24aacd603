"""The frame of every page: sign-in, menu, language, theme, and what people see of a no."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from services.gateway.users import DEMO_PASSWORD
from tests.browser.visitors import DESK, PHONE, Open, Site, barriers

pytestmark = pytest.mark.asyncio(loop_scope="session")


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
    await expect(page.get_by_label("Пароль")).to_be_focused()
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


async def test_what_was_typed_outlives_the_session(site: Site, browse: Open) -> None:
    """Whoever's session ends while a form is open signs in beside it, and sends it then: once."""
    visitor = await browse(size=DESK, role="advisor")
    visitor.forgiven = ("401", "403")
    page = visitor.page
    await page.goto(site.url + "/clients")
    await page.get_by_role("button", name="Новый клиент").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Фамилия").fill("Забытова")
    await page.context.clear_cookies()
    save = dialog.get_by_role("button", name="Записать клиента")
    await save.click()
    await expect(dialog.get_by_text("Вход больше не действует")).to_be_visible()
    await expect(dialog.get_by_label("Фамилия")).to_have_value("Забытова")

    async with page.context.expect_page() as opening:
        await dialog.get_by_role("link", name="Войти").click()
    beside = await opening.value
    await beside.get_by_label("Логин").fill("advisor")
    await beside.get_by_label("Пароль").fill(DEMO_PASSWORD)
    await beside.get_by_role("button", name="Войти").click()
    await expect(beside).to_have_url(site.url + "/board")

    await save.click()
    await expect(dialog.get_by_text("здесь вошли заново: Андрей Соколов")).to_be_visible()
    await expect(dialog.locator(".problem")).to_have_count(1)
    await save.click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Забытова")
    assert len((await site.get("/clients?q=Забытова"))["items"]) == 1


async def test_whoever_has_to_sign_in_goes_on_to_where_they_were(site: Site, browse: Open) -> None:
    page = (await browse(size=DESK)).page
    await page.goto(site.url + "/clients?q=7+000")
    await page.get_by_label("Логин").fill("advisor")
    await page.get_by_label("Пароль").fill(DEMO_PASSWORD)
    await page.get_by_role("button", name="Войти").click()
    await expect(page).to_have_url(site.url + "/clients?q=7+000")


_LOOKS = """() => [...document.styleSheets]
    .filter(({ href, disabled }) => href && !disabled).map(({ href }) => href).sort()"""


async def test_a_page_looks_the_same_whichever_page_led_to_it(site: Site, browse: Open) -> None:
    page = (await browse(size=DESK, role="administrator")).page
    await page.goto(site.url + "/board")
    looks = {}
    for name in ("Долгие дела", "Клиенты", "Склад", "Доска"):
        await (
            page.get_by_role("navigation", name="Главное меню")
            .get_by_role("link", name=name, exact=True)
            .click()
        )
        await expect(page.get_by_role("heading", level=1)).to_contain_text(name)
        looks[page.url] = await page.evaluate(_LOOKS)
    await page.go_back()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Склад")
    looks[page.url + "#back"] = await page.evaluate(_LOOKS)
    for url, seen in looks.items():
        await page.goto("about:blank")
        await page.goto(url)
        assert await page.evaluate(_LOOKS) == seen, url
