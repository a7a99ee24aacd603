"""The reference of formulas, searched and tried out on a phone and at a desk."""

from __future__ import annotations

from itertools import product
from typing import Literal

import pytest
from playwright.async_api import Page, expect

from services.gateway import passwords
from tests.browser.visitors import DESK, PHONE, Open, Site, Visitor

pytestmark = pytest.mark.asyncio(loop_scope="session")

PAGE = "/docs/formulas"


async def signed_in(visitor: Visitor, site: Site, role: str) -> Page:
    cookie = {"name": "pitlane", "value": await site.gateway.token(role), "url": site.url}
    await visitor.page.context.add_cookies([cookie])  # type: ignore[list-item]
    await visitor.page.goto(site.url + PAGE)
    return visitor.page


async def shown_names(page: Page) -> list[str]:
    names = page.locator("section tbody tr:visible td:first-child > code")
    return await names.all_inner_texts()


async def test_a_name_is_found_by_what_it_means(site: Site, browse: Open) -> None:
    page = await signed_in(await browse(language="ru"), site, "advisor")
    await page.get_by_label("Поиск").fill("прописью")
    assert await shown_names(page) == ["in_words(x)"]
    await page.get_by_label("Поиск").fill("госномер")
    assert await shown_names(page) == ["Name", "Plate"]
    await page.get_by_label("Поиск").fill("такого нет")
    await expect(page.get_by_text("Ничего не нашлось.")).to_be_visible()
    await page.get_by_label("Поиск").fill("")
    assert len(await shown_names(page)) > 150


async def test_whoever_signs_in_on_the_page_sees_values_and_may_compute(
    site: Site, browse: Open
) -> None:
    hashed = passwords.hashed("garage door 7")
    await site.gateway.a_user("olga", role="advisor", password_hash=hashed)
    visitor = await browse(language="en")
    page = visitor.page
    await page.goto(site.url + PAGE)
    await page.get_by_label("Login").fill("olga")
    await page.get_by_label("Password").fill("wrong")
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.locator(".sign-in output")).to_contain_text("Wrong login or password")
    await page.get_by_label("Password").fill("garage door 7")
    await page.get_by_role("button", name="Sign in").click()
    await expect(page.locator(".sign-in")).to_have_count(0)
    await page.get_by_role("button", name="Compute").click()
    await expect(page.locator(".trial output")).to_have_text("3936.00")
    # The browser notes the refusal of the wrong password; that one was wanted.
    assert [said for said in visitor.complaints if "401" not in said] == []
    visitor.complaints.clear()


async def test_a_text_is_tried_out_as_its_reader_may_see_it(site: Site, browse: Open) -> None:
    visitor = await browse(language="ru", scheme="dark")
    page = await signed_in(visitor, site, "technician")
    text, answer = page.get_by_label("Попробовать"), page.locator(".trial output")
    await text.fill("in_words(TotalMoney)")
    await page.get_by_role("button", name="Вычислить").click()
    await expect(answer).to_have_text("Двенадцать тысяч пятьсот тридцать шесть рублей 00 копеек")
    await text.fill("Margin")
    await page.get_by_role("button", name="Вычислить").click()
    await expect(answer).to_have_text("—")
    await text.fill("{% for line in Services %}[{{ line.Quantity }}]{% endfor %}")
    await page.get_by_label("шаблон").check()
    await page.get_by_role("button", name="Вычислить").click()
    await expect(answer).to_have_text("[1][3][1]")
    await text.fill("{{ Custmer }}")
    await page.get_by_role("button", name="Вычислить").click()
    await expect(answer).to_contain_text("позиция 4: Здесь нет имени Custmer")
    await expect(answer).to_contain_text("возможно, имелось в виду Customer")
    # The browser notes every refusal; that one was wanted.
    assert [said for said in visitor.complaints if "422" not in said] == []
    visitor.complaints.clear()


async def test_the_page_fits_and_can_be_read(site: Site, browse: Open) -> None:
    schemes: tuple[Literal["light", "dark"], ...] = ("light", "dark")
    for size, scheme, scripts in product((PHONE, DESK), schemes, (True, False)):
        visitor = await browse(language="en", size=size, scheme=scheme, scripts=scripts)
        page = visitor.page
        await page.goto(site.url + PAGE)
        await expect(page.get_by_role("heading", level=1)).to_have_text("Formulas and templates")
        await expect(page.get_by_label("Search")).to_be_visible(visible=scripts)
        await expect(page.locator("#Order")).to_contain_text("What the client owes for it")
        assert await page.evaluate("document.documentElement.scrollWidth") <= size[0]
        ink, ground = await page.evaluate(
            "[getComputedStyle(document.querySelector('td')).color,"
            " getComputedStyle(document.body).backgroundColor]"
        )
        darker, lighter = sorted((lightness(ink), lightness(ground)))
        assert lighter - darker > 150
        assert (lightness(ground) == darker) == (scheme == "dark")


def lightness(colour: str) -> float:
    """Of ``rgb(r, g, b)``: 0 to 255."""
    parts = [float(part) for part in colour.removeprefix("rgb(").rstrip(")").split(",")]
    return sum(parts) / 3
