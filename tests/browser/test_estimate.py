"""A client answers an estimate on a phone."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import Any

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from tests.browser.visitors import DESK, PHONE, Open, Site
from tests.gateway.support import a_key
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")


@dataclass
class Quoted:
    """An order that the client was asked about: pads with goods, oil with a material, a wash."""

    order_id: str
    path: str
    lines: dict[str, str]


MATERIAL = "Ветошь секретная"


@pytest_asyncio.fixture(loop_scope="session")
async def quoted(site: Site) -> Quoted:
    client = await site.post(
        "/clients", {"last_name": "Сидорова", "first_name": "Анна", "discount_percent": "10"}
    )
    car = await site.post(
        f"/clients/{client['id']}/vehicles",
        {"vendor": "Lada", "model": "Vesta", "plate": "А123ВС77"},
    )
    section = await site.post("/sections", {"name": "Слесарный"})
    employee = await site.post(
        "/employees",
        {
            "last_name": "Петров",
            "first_name": "Пётр",
            "role": "technician",
            "section_id": section["id"],
        },
    )
    order = await site.post(
        "/orders",
        {
            "client_id": client["id"],
            "vehicle_id": car["id"],
            "section_id": section["id"],
            "employee_id": employee["id"],
        },
    )
    lines: dict[str, str] = {}
    for name, price in (
        ("Замена передних тормозных колодок", "2500"),
        ("Замена масла в двигателе", "1000"),
        ("Мойка двигателя", "800"),
    ):
        order = await site.post(
            f"/orders/{order['id']}/services", {"name": name, "initial_price": price}
        )
        lines[name.split()[-1]] = order["services"][-1]["id"]
    pads = await site.post("/products", {"name": "Колодки TRW GDB1445", "price": "3150"})
    rag = await site.post("/products", {"name": MATERIAL, "price": "40"})
    bulb = await site.post("/products", {"name": "Лампа H7", "price": "350"})
    await site.post(
        f"/orders/{order['id']}/parts",
        {
            "lines": [
                {"product_id": pads["id"], "quantity": "1", "service_line_id": lines["колодок"]},
                {
                    "product_id": rag["id"],
                    "quantity": "2",
                    "kind": "material",
                    "service_line_id": lines["двигателе"],
                },
                {"product_id": bulb["id"], "quantity": "2"},
            ]
        },
    )
    await _answered_by_the_warehouse(site, order["id"])
    await site.post(f"/orders/{order['id']}/quote", {})
    link = await site.get(f"/orders/{order['id']}/estimate-link")
    return Quoted(order["id"], link["path"], lines)


async def _answered_by_the_warehouse(site: Site, order_id: str) -> None:
    async def has_answered() -> bool:
        order = await site.get(f"/orders/{order_id}")
        return all(part["state"] == "short" for part in order["products"] + order["materials"])

    await eventually(has_answered)


def job(page: Page, name: str) -> Any:
    return page.locator("article", has_text=name)


async def states(site: Site, quoted: Quoted) -> dict[str, str]:
    order = await site.get(f"/orders/{quoted.order_id}")
    by_id = {line["id"]: line["approval"]["state"] for line in order["services"]}
    return {name: by_id[line_id] for name, line_id in quoted.lines.items()}


@pytest.mark.parametrize("scripts", [True, False])
async def test_a_client_accepts_one_job_and_declines_another(
    site: Site, quoted: Quoted, browse: Open, scripts: bool
) -> None:
    page = (await browse(scripts=scripts)).page
    await page.goto(site.url + quoted.path)
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Смета")
    await expect(page.get_by_text("Lada Vesta А123ВС77")).to_be_visible()
    shown = await page.content()
    assert MATERIAL not in shown
    assert "40,00" not in shown

    await job(page, "колодок").get_by_role("button", name="Согласиться").tap()
    await expect(page.get_by_role("status")).to_have_text("Согласовано. Спасибо!")
    await expect(job(page, "колодок")).to_contain_text("Вы согласились")
    await job(page, "Мойка").get_by_role("button", name="Отказаться").tap()
    await expect(job(page, "Мойка")).to_contain_text("Вы отказались")

    assert await states(site, quoted) == {
        "колодок": "approved",
        "двигателе": "quoted",
        "двигателя": "declined",
    }
    order = await site.get(f"/orders/{quoted.order_id}")
    approval = order["services"][0]["approval"]
    assert (approval["by"], approval["how"]) == ("Сидорова Анна", "link")
    # 2250 + 2835 for the pads, 900 + 72 for the oil, 630 for the bulbs; no wash.
    assert order["total"] == "6687.00"
    assert "waiting_for_approval" in order["flags"]


async def test_a_client_accepts_all_that_is_left_and_changes_their_mind(
    site: Site, quoted: Quoted, browse: Open
) -> None:
    page = (await browse()).page
    await page.goto(site.url + quoted.path)
    await job(page, "Мойка").get_by_role("button", name="Отказаться").tap()
    await expect(job(page, "Мойка")).to_contain_text("Вы отказались")
    await page.get_by_role("button", name="Согласиться со всем").tap()
    await expect(job(page, "колодок")).to_contain_text("Вы согласились")
    await expect(page.get_by_role("button", name="Согласиться со всем")).to_have_count(0)
    assert set((await states(site, quoted)).values()) == {"approved", "declined"}
    await job(page, "Мойка").get_by_text("Изменить ответ").tap()
    await job(page, "Мойка").get_by_role("button", name="Всё-таки согласиться").tap()
    await expect(job(page, "Мойка")).to_contain_text("Вы согласились")
    assert set((await states(site, quoted)).values()) == {"approved"}


async def test_whoever_looked_at_an_older_estimate_is_asked_to_look_again(
    site: Site, quoted: Quoted, browse: Open
) -> None:
    page = (await browse(language="en")).page
    await page.goto(site.url + quoted.path)
    line_id = quoted.lines["колодок"]
    response = await site.office.patch(
        f"/orders/{quoted.order_id}/lines/{line_id}",
        json={"initial_price": "2900"},
        headers=a_key(),
    )
    assert response.is_success
    await site.post(f"/orders/{quoted.order_id}/quote", {"lines": [line_id]})
    await job(page, "колодок").get_by_role("button", name="Accept").tap()
    await expect(page.get_by_role("status")).to_have_text(
        "The estimate has changed, please look again."
    )
    assert (await states(site, quoted))["колодок"] == "quoted"
    await expect(job(page, "колодок")).to_contain_text("5,445.00")


async def test_the_page_fits_every_screen_language_and_light(
    site: Site, quoted: Quoted, browse: Open
) -> None:
    for size, language, scheme in product((PHONE, DESK), ("ru", "en"), ("light", "dark")):
        page = (await browse(size=size, language=language, scheme=scheme)).page
        await page.goto(site.url + quoted.path)
        where = f"{size[0]}-{language}-{scheme}"
        assert await page.locator("html").get_attribute("lang") == language
        assert await page.evaluate("document.documentElement.scrollWidth") <= size[0], where
        for control in await page.locator("button:visible, a:visible, summary:visible").all():
            box = await control.bounding_box()
            assert box
            assert min(box["height"], box["width"]) >= 44, (where, await control.inner_text())
        # Words are found only where their language is spoken.
        await expect(page.get_by_role("button", name="Отказаться")).to_have_count(
            3 if language == "ru" else 0
        )
        ground = await page.evaluate("getComputedStyle(document.body).backgroundColor")
        is_light = sum(map(int, ground[4:-1].split(","))) > 3 * 128
        assert is_light is (scheme == "light"), where


async def test_the_language_is_switched_and_kept_while_answering(
    site: Site, quoted: Quoted, browse: Open
) -> None:
    page = (await browse(language="ru")).page
    await page.goto(site.url + quoted.path)
    await page.get_by_role("link", name="English").tap()
    await job(page, "Мойка").get_by_role("button", name="Decline", exact=True).tap()
    await expect(page.get_by_role("status")).to_have_text("Declined. We will not do it.")


async def test_a_link_that_was_revoked_is_no_longer_there(
    site: Site, quoted: Quoted, browse: Open
) -> None:
    visitor = await browse()
    response = await site.office.delete(f"/orders/{quoted.order_id}/estimate-link", headers=a_key())
    assert response.is_success
    answer = await visitor.page.goto(site.url + quoted.path)
    assert answer
    assert answer.status == 404
    await expect(visitor.page.get_by_role("heading")).to_have_text("Ссылка не работает")
    # Chromium itself reports the status of the page.
    assert [one for one in visitor.complaints if "404" not in one] == []
    visitor.complaints.clear()
