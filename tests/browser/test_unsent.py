"""What somebody has typed and not sent is not lost to a slip of the hand; and what is wrong with it
is told beside it."""

from __future__ import annotations

import pytest
from playwright.async_api import Dialog, Page, expect

from tests.browser.ordering import station_of
from tests.browser.visitors import DESK, Open, Site, barriers
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")

TOLD = "Стук слева спереди, на кочках"


class Asked:
    """Somebody whom the page asks whether to leave: says no, until it ``says`` yes."""

    def __init__(self, page: Page) -> None:
        self.says = False
        self.times = 0
        page.on("dialog", self._answer)

    async def often(self, times: int) -> None:
        async def so() -> bool:
            return self.times == times

        await eventually(so)

    async def _answer(self, dialog: Dialog) -> None:
        self.times += 1
        await (dialog.accept() if self.says else dialog.dismiss())


async def test_a_document_is_left_only_by_a_word(site: Site, browse: Open) -> None:
    await station_of(site)
    page = (await browse(size=DESK, role="storekeeper")).page
    asked = Asked(page)
    await page.goto(site.url + "/stock/receipts")
    await page.get_by_role("link", name="Новое поступление").first.click()
    await page.wait_for_url("**/stock/receipts/new")
    # Nothing is typed yet: nobody is asked.
    await page.get_by_role("navigation", name="Главное меню").get_by_text("Клиенты").click()
    await page.wait_for_url("**/clients")
    await page.go_back()
    await page.wait_for_url("**/stock/receipts/new")
    assert asked.times == 0

    number = page.get_by_label("Номер документа")
    await number.fill("УПД 77")
    await page.get_by_role("navigation", name="Главное меню").get_by_text("Клиенты").click()
    await expect(number).to_have_value("УПД 77")
    assert asked.times == 1
    await page.evaluate("history.back()")
    await asked.often(2)
    await expect(number).to_have_value("УПД 77")
    assert page.url.endswith("/stock/receipts/new")
    # What was kept is the page that there was, not another one at its address.
    await page.get_by_role("navigation", name="Главное меню").get_by_text("Клиенты").click()
    await expect(number).to_have_value("УПД 77")
    assert asked.times == 3
    asked.says = True
    await page.evaluate("history.back()")
    await page.wait_for_url("**/stock/receipts")
    assert asked.times == 4
    await page.go_forward()
    await number.fill("УПД 78")
    await page.get_by_role("link", name="Отмена").click()
    await page.wait_for_url("**/stock/receipts")
    assert asked.times == 4


async def test_what_was_sent_is_left_without_a_question(site: Site, browse: Open) -> None:
    station = await station_of(site)
    page = (await browse(size=DESK, role="advisor")).page
    asked = Asked(page)
    await page.goto(site.url + station.path)
    await page.get_by_label("Комментарий", exact=True).fill(TOLD)
    await page.get_by_role("button", name="Добавить", exact=True).click()
    await expect(page.locator(".comment-text")).to_have_text(TOLD)
    await page.get_by_role("navigation", name="Главное меню").get_by_text("Клиенты").click()
    await page.wait_for_url("**/clients")
    assert asked.times == 0


async def test_a_selection_that_ends_beside_a_dialog_leaves_it_open(
    site: Site, browse: Open
) -> None:
    station = await station_of(site)
    page = (await browse(size=DESK, role="advisor")).page
    asked = Asked(page)
    await page.goto(site.url + station.path)
    await page.get_by_role("link", name="Изменить", exact=True).first.click()
    reason = page.get_by_role("dialog").get_by_label("Причина обращения")
    await reason.fill(TOLD)
    box = await reason.bounding_box()
    assert box
    await page.mouse.move(box["x"] + 40, box["y"] + 12)
    await page.mouse.down()
    await page.mouse.move(20, box["y"] + 12, steps=4)
    await page.mouse.up()
    await expect(reason).to_have_value(TOLD)
    # A click on the dialog's own edge is one into it.
    edge = await page.get_by_role("dialog").bounding_box()
    assert edge
    await page.mouse.click(edge["x"] + 8, edge["y"] + 200)
    await expect(reason).to_have_value(TOLD)
    assert asked.times == 0

    await page.mouse.click(20, 400)
    await expect(reason).to_have_value(TOLD)
    await page.keyboard.press("Escape")
    await expect(reason).to_have_value(TOLD)
    assert asked.times == 2
    asked.says = True
    await page.mouse.click(20, 400)
    await expect(page.get_by_role("dialog")).to_have_count(0)
    assert asked.times == 3
    # What was typed on the page before is not forgotten for what was typed over it, nor asked about
    # with it.
    await page.get_by_label("Комментарий", exact=True).fill(TOLD)
    await page.get_by_role("link", name="Изменить", exact=True).first.click()
    await expect(reason).to_be_visible()
    await page.keyboard.press("Escape")
    await expect(page.get_by_role("dialog")).to_have_count(0)
    assert asked.times == 3
    asked.says = False
    await page.get_by_role("navigation", name="Главное меню").get_by_text("Клиенты").click()
    await asked.often(4)
    await expect(page.get_by_label("Комментарий", exact=True)).to_have_value(TOLD)


async def test_what_is_wrong_is_told_beside_its_field(site: Site, browse: Open) -> None:
    station = await station_of(site)
    visitor = await browse(size=DESK, role="storekeeper")
    visitor.forgiven = ("422",)
    page = visitor.page
    await page.goto(f"{site.url}/stock/receipts/new")
    await page.get_by_role("combobox", name="Поставщик").select_option(label="Автодок")
    await page.get_by_role("combobox", name="Склад").select_option(label="Основной склад")
    product = page.get_by_role("combobox", name="Товар")
    await product.first.fill(next(iter(station.products)))
    await expect(page.get_by_role("listbox").get_by_role("option").first).to_be_visible()
    await page.keyboard.press("Enter")
    await page.keyboard.type("много")
    await page.keyboard.press("Enter")
    await page.keyboard.type("400")
    await page.keyboard.press("Control+Enter")

    quantity = page.get_by_role("textbox", name="Количество").first
    await expect(quantity).to_be_focused()
    await expect(quantity).to_have_accessible_description("должно быть десятичное число")
    beside = page.locator(".field-problem")
    await expect(beside).to_have_count(1)
    own, words = await quantity.bounding_box(), await beside.bounding_box()
    assert own
    assert words
    assert 0 <= words["y"] - own["y"] - own["height"] < 20
    assert await barriers(page) == []
    await quantity.fill("5")
    await expect(beside).to_have_count(0)
    await expect(quantity).to_have_accessible_description("")
    await page.keyboard.press("Control+Enter")
    await page.wait_for_url("**/stock/receipts/0*")


async def test_a_no_to_one_of_several_phones_is_told_beside_that_one(
    site: Site, browse: Open
) -> None:
    client = await site.post("/clients", {"last_name": "Волков", "phones": ["+79161234567"]})
    visitor = await browse(size=DESK, role="advisor")
    visitor.forgiven = ("422",)
    page = visitor.page
    await page.goto(f"{site.url}/clients/{client['id']}")
    await page.get_by_role("button", name="Изменить", exact=True).click()
    wrong = page.get_by_role("dialog").get_by_label("Ещё телефон")
    await wrong.fill("12345")
    await page.keyboard.press("Enter")
    await expect(wrong).to_be_focused()
    await expect(wrong).to_have_accessible_description("12345 — не номер телефона")
    await expect(page.locator(".field-problem")).to_have_count(1)
    told = page.get_by_role("dialog").get_by_role("alert")
    await expect(told).to_have_text("12345 — не номер телефона")
    await wrong.fill("89035551234")
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("dialog")).to_have_count(0)
