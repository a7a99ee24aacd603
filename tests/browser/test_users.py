"""Users, roles and one's own profile, as people see them."""

from __future__ import annotations

import re

import pyotp
import pytest
from playwright.async_api import Page, expect

from services.gateway.users import DEMO_PASSWORD
from tests.browser.visitors import DESK, PHONE, Open, Site, barriers
from tests.support.waiting import eventually

pytestmark = pytest.mark.asyncio(loop_scope="session")

CHOSEN = "a password of my own"


async def sign_in(page: Page, site: Site, login: str, password: str) -> None:
    await page.goto(site.url + "/sign-in")
    await page.get_by_label("Логин").fill(login)
    await page.get_by_label("Пароль").fill(password)
    await page.get_by_role("button", name="Войти", exact=True).click()


async def test_a_user_is_added_and_chooses_a_password_at_the_first_sign_in(
    site: Site, browse: Open
) -> None:
    office = (await browse(size=DESK, role="administrator")).page
    await office.goto(site.url + "/users")
    await expect(office.get_by_role("heading", level=1)).to_have_text("Пользователи")
    await expect(office.locator("tbody tr")).to_have_count(6)
    await office.get_by_role("button", name="Добавить пользователя").click()
    dialog = office.get_by_role("dialog")
    await dialog.get_by_label("Логин").fill("petrov")
    await dialog.get_by_label("Имя").fill("Пётр Петров")
    await dialog.get_by_label("Роль").select_option("Механик")
    await dialog.get_by_role("button", name="Добавить", exact=True).click()
    await expect(office.get_by_role("heading", level=1)).to_have_text("Одноразовый пароль")
    password = await office.locator("[data-secret]").inner_text()

    visitor = await browse(size=PHONE)
    visitor.forgiven = ("404",)
    phone = visitor.page
    await sign_in(phone, site, "petrov", password)
    await expect(phone).to_have_url(site.url + "/profile/password")
    await expect(phone.get_by_text("Ваш пароль одноразовый")).to_be_visible()
    assert await barriers(phone) == []
    # Nothing else is open yet.
    await phone.goto(site.url + "/profile")
    await expect(phone).to_have_url(site.url + "/profile/password")
    await phone.get_by_label("Нынешний пароль").fill(password)
    await phone.get_by_label("Новый пароль *", exact=True).fill(CHOSEN)
    await phone.get_by_label("Новый пароль ещё раз").fill(CHOSEN)
    await phone.get_by_role("button", name="Сохранить").click()
    await expect(phone.get_by_text("Пароль изменён")).to_be_visible()
    await phone.goto(site.url + "/profile")
    await expect(phone.get_by_text("petrov · Механик")).to_be_visible()


async def test_a_password_that_is_typed_twice_differently_is_said_beside_it(
    site: Site, browse: Open
) -> None:
    visitor = await browse(size=DESK, role="cashier")
    visitor.forgiven = ("422",)
    page = visitor.page
    await page.goto(site.url + "/profile/password")
    await page.get_by_label("Нынешний пароль").fill(DEMO_PASSWORD)
    await page.get_by_label("Новый пароль *", exact=True).fill(CHOSEN)
    await page.get_by_label("Новый пароль ещё раз").fill("something else")
    await page.get_by_role("button", name="Сохранить").click()
    await expect(page.locator("[data-field=again]")).to_contain_text("не совпадает")
    await expect(page.get_by_label("Новый пароль ещё раз")).to_have_attribute(
        "aria-invalid", "true"
    )


async def test_a_user_is_edited_linked_and_locked_out(site: Site, browse: Open) -> None:
    section = await site.post("/sections", {"name": "Слесарный"})
    people = {"last_name": "Петров", "first_name": "Пётр", "section_id": section["id"]}
    await site.post("/employees", {**people, "role": "technician"})
    page = (await browse(size=DESK, role="owner")).page
    await page.goto(site.url + "/users?q=technician")
    await page.get_by_role("link", name="technician").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Сергей Морозов")
    await page.get_by_label("Роль", exact=True).select_option("Кладовщик")
    await page.get_by_label("Станции").fill("station-1, station-2")
    await page.get_by_role("button", name="Сохранить").first.click()
    await expect(page.get_by_text("Сохранено")).to_be_visible()
    await expect(page.get_by_label("Станции")).to_have_value("station-1, station-2")
    for chosen, login in (("Петров Пётр", "technician"), ("Никто", None)):
        region = page.get_by_role("region", name="Сотрудник")
        await region.get_by_role("combobox").select_option(label=chosen)
        await region.get_by_role("button", name="Сохранить").click()
        # It is sent no second time until the answer is there.
        await expect(region.get_by_role("button", name="Сохранить")).to_be_enabled()

        async def linked(login: str | None = login) -> bool:
            (employee,) = (await site.get("/employees"))["items"]
            return bool(employee["login"] == login)

        await eventually(linked)
    await page.get_by_label("Может входить").uncheck()
    await page.get_by_role("button", name="Сохранить").first.click()

    async def locked_out() -> bool:
        (user,) = (await site.get("/users?q=technician"))["items"]
        return (user["role"], user["active"]) == ("storekeeper", False)

    await eventually(locked_out)
    await page.goto(site.url + "/users?q=technician")
    await expect(page.get_by_text("Вход закрыт")).to_be_visible()


async def test_a_second_factor_is_set_up_and_asked_for(site: Site, browse: Open) -> None:
    visitor = await browse(size=PHONE, role="advisor")
    page = visitor.page
    await page.goto(site.url + "/profile")
    await page.get_by_label("Пароль", exact=False).last.fill(DEMO_PASSWORD)
    await page.get_by_role("button", name="Настроить").click()
    await expect(page.get_by_role("img", name="Ключ в виде QR-кода")).to_be_visible()
    assert await barriers(page) == []
    app = pyotp.TOTP(await page.locator("[data-secret]").inner_text())
    await page.get_by_label("Код").fill(app.now())
    await page.get_by_role("button", name="Включить").click()
    await expect(page.locator(".recovery-codes li")).to_have_count(10)
    recovery = await page.locator(".recovery-codes li").first.inner_text()
    assert await barriers(page) == []

    other = await browse(size=PHONE)
    other.forgiven = ("401", "404")
    await sign_in(other.page, site, "advisor", DEMO_PASSWORD)
    await expect(other.page.get_by_role("button", name="Подтвердить")).to_be_visible()
    await expect(other.page.get_by_role("alert").filter(has_text=re.compile("."))).to_have_count(0)
    assert await barriers(other.page) == []
    await other.page.get_by_label("Код").fill("000000")
    await other.page.get_by_role("button", name="Подтвердить").click()
    await expect(other.page.get_by_text("Код неверен")).to_be_visible()
    await other.page.get_by_label("Код").fill(recovery)
    await other.page.get_by_role("button", name="Подтвердить").click()
    await expect(other.page).to_have_url(site.url + "/board")


async def test_a_token_is_made_and_revoked_and_a_session_ended(site: Site, browse: Open) -> None:
    page = (await browse(size=DESK, role="cashier")).page
    await browse(size=PHONE, role="cashier")
    await page.goto(site.url + "/profile")
    await page.get_by_role("button", name="Завершить").click()
    await expect(page.get_by_text("Сеанс завершён")).to_be_visible()
    await page.get_by_role("button", name="Создать токен").click()
    dialog = page.get_by_role("dialog")
    await dialog.get_by_label("Для чего").fill("Выгрузка")
    await dialog.get_by_role("button", name="Создать", exact=True).click()
    token = await page.locator("[data-secret]").inner_text()
    bot = site.gateway.client({"Authorization": f"Bearer {token}"})
    assert (await bot.get("/api/v1/payments")).status_code == 200
    await page.get_by_role("link", name="В мой профиль").click()
    page.on("dialog", lambda dialog: dialog.accept())
    await page.get_by_role("button", name="Отозвать").click()
    await expect(page.get_by_text("Отозван", exact=True)).to_be_visible()
    assert (await bot.get("/api/v1/payments")).status_code == 401


async def test_others_do_not_get_to_the_users(site: Site, browse: Open) -> None:
    visitor = await browse(size=DESK, role="technician")
    visitor.forgiven = ("403",)
    for path in ("/users", "/users/roles"):
        await visitor.page.goto(site.url + path)
        await expect(visitor.page.get_by_role("heading", level=1)).to_have_text(
            "Это не для вашей роли"
        )


@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("size", "scheme", "language"),
    [
        (DESK, "light", "ru"),
        (PHONE, "dark", "ru"),
        (DESK, "dark", "en"),
        (PHONE, "light", "en"),
    ],
)
async def test_nobody_is_kept_out_of_these_pages(
    site: Site, browse: Open, size: tuple[int, int], scheme: str, language: str
) -> None:
    visitor = await browse(size=size, scheme=scheme, language=language, role="administrator")
    page = visitor.page
    (user,) = (await site.get("/users?q=technician"))["items"]
    for path in ("/users", f"/users/{user['id']}", "/users/roles", "/profile"):
        await page.goto(site.url + path)
        assert await barriers(page) == [], path
        wider = await page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )
        assert wider <= 0, path
