"""Lists of clients and cars over HTTP: who is new, who is known, what becomes of each."""

from __future__ import annotations

from typing import Any

import pytest

from tests.gateway.importing import Bringer
from tests.gateway.support import API, TestGateway, a_key
from tests.support.tables import csv_file, xlsx_file
from tests.support.waiting import eventually

IMPORTS = "/clients/imports"
HEADER = ("Фамилия", "Имя", "Отчество", "Телефон", "Email", "Скидка", "VIN", "Госномер",
          "Марка", "Модель", "Год", "Пробег", "Комментарий")  # fmt: skip
VIN = "XTA210990Y2766389"


def a_row(**cells: str) -> tuple[str, ...]:
    names = dict(zip(HEADER, [""] * len(HEADER), strict=True))
    return tuple({**names, **cells}.values())


IVANOV = a_row(
    Фамилия="Иванов", Имя="Иван", Телефон="8 (916) 123-45-67, 8 916 765 43 21", Скидка="5%",
    VIN=VIN, Госномер="А123ВС77", Марка="Lada", Модель="Vesta", Год="2021", Пробег="48 200",
)  # fmt: skip


@pytest.fixture
async def office(whole: TestGateway) -> Bringer:
    return await Bringer.of(whole, IMPORTS)


async def found(office: Bringer, q: str) -> list[Any]:
    items: list[Any] = (await office.get("/clients", q=q))["items"]
    return items


async def test_a_list_of_clients_is_taken_whole_with_its_cars(
    office: Bringer, whole: TestGateway
) -> None:
    many = [
        a_row(Фамилия=f"Петров{n}", Имя="Пётр", Телефон=f"+7905{n:07d}", Марка="Kia", Модель="Rio")
        for n in range(1200)
    ]
    rows = [HEADER, IVANOV, *many, a_row(Имя="Без", Телефон="12"), a_row(VIN="IOQ")]
    shown = await office.ready(csv_file(rows, encoding="cp1251"))
    assert (shown["rows_good"], shown["rows_bad"]) == (1201, 2)
    assert shown["actions"] == {"create": 1201}
    problems = (await office.get(f"{IMPORTS}/{shown['id']}/problems"))["items"]
    assert [(item["row"], item["field"], item["code"]) for item in problems] == [
        (1203, "phone", "phone_invalid"),
        (1204, "last_name", "client_name_missing"),
        (1204, "vin", "vin_invalid"),
    ]
    assert await found(office, "Иванов") == []
    await office.post(f"{IMPORTS}/{shown['id']}/apply", {}, 202)
    applied = await office.when(shown["id"], "applied", "failed", timeout_s=60.0)
    assert applied["state"] == "applied"
    (client,) = await found(office, "9161234567")
    assert client["phones"] == ["+79161234567", "+79167654321"]
    assert client["discount_percent"] == "5.00"
    assert {name: said["given"] for name, said in client["consents"].items()} == {
        "sms": False, "email": False, "marketing": False,
    }  # fmt: skip
    (car,) = client["vehicles"]
    assert (car["vin"], car["year"], car["mileage_km"]) == (VIN, 2021, 48200)
    assert len(await found(office, "Петров1199")) == 1

    async def all_told() -> bool:
        pending, _ = await whole.behind["clients"].relay.lag()
        return pending == 0

    await eventually(all_told, timeout_s=60.0)
    # The same file once more does nothing.
    again = await office.bring(csv_file(rows, encoding="cp1251"), 200)
    assert (again["id"], again["repeated"]) == (shown["id"], True)


async def test_who_is_known_is_asked_about_and_filled_in(office: Bringer) -> None:
    known = await office.post(
        "/clients", {"last_name": "Иванов", "phones": ["+79161234567"], "comment": "старый"}
    )
    new = a_row(Фамилия="Новый", Телефон="8 495 123-45-67, доб. 12; 0049 30 123456")
    shown = await office.ready(xlsx_file([HEADER, IVANOV, new]))
    assert shown["actions"] == {"ask": 1, "create": 1}
    undecided = await office.post(f"{IMPORTS}/{shown['id']}/apply", {}, 409)
    assert undecided["code"] == "import_undecided"
    (row,) = (await office.get(f"{IMPORTS}/{shown['id']}/rows", action="ask"))["items"]
    assert row["matches"] == [{"client_id": known["id"], "name": "Иванов", "by": ["phone"]}]
    assert (row["row"], row["car"], row["decided"]) == (2, f"Lada Vesta А123ВС77 {VIN}", False)
    changed = await office.client.patch(
        f"{API}{IMPORTS}/{shown['id']}", json={"on_duplicate": "update"}, headers=a_key()
    )
    assert changed.json()["actions"] == {"update": 1, "create": 1}
    await office.post(f"{IMPORTS}/{shown['id']}/apply", {}, 202)
    await office.when(shown["id"], "applied")
    (client,) = await found(office, "Иванов")
    assert client["id"] == known["id"]
    assert (client["first_name"], client["comment"], client["revision"]) == ("Иван", "старый", 2)
    assert client["phones"] == ["+79161234567", "+79167654321"]
    assert [car["vin"] for car in client["vehicles"]] == [VIN]
    (client,) = await found(office, "Новый")
    assert client["phones"] == ["+74951234567;ext=12", "+4930123456"]


async def test_rows_are_decided_one_by_one(office: Bringer) -> None:
    one = await office.post("/clients", {"last_name": "Один", "phones": ["+79160000001"]})
    other = await office.post("/clients", {"last_name": "Другой", "phones": ["+79160000002"]})
    rows = [
        HEADER,
        a_row(Фамилия="Один", Телефон="+79160000001"),
        a_row(Фамилия="Оба", Имя="Оба", Телефон="+79160000001, +79160000002"),
        a_row(Фамилия="Третий"),
    ]
    shown = await office.ready(csv_file(rows), on_duplicate="skip")
    # Whoever fits two is asked about, whatever the rule says.
    assert shown["actions"] == {"skip": 1, "ask": 1, "create": 1}
    path = f"{IMPORTS}/{shown['id']}"
    decided = await office.post(
        f"{path}/decisions", {"row": 3, "action": "update", "client_id": other["id"]}, 200
    )
    assert decided["actions"] == {"skip": 1, "update": 1, "create": 1}
    for body, status, code in (
        ({"row": 9, "action": "skip"}, 404, "import_row_not_found"),
        ({"row": 4, "action": "update"}, 422, "import_row_fits_nobody"),
        ({"row": 3, "action": "update", "client_id": shown["id"]}, 404, "client_not_found"),
    ):
        assert (await office.post(f"{path}/decisions", body, status))["code"] == code
    await office.post(f"{path}/apply", {}, 202)
    await office.when(shown["id"], "applied")
    filled = await office.get(f"/clients/{other['id']}")
    assert (filled["first_name"], filled["phones"]) == ("Оба", ["+79160000002", "+79160000001"])
    assert (await office.get(f"/clients/{one['id']}"))["revision"] == 1
    assert len(await found(office, "Третий")) == 1


async def test_of_one_who_stands_there_thrice_the_first_may_be_left_out(office: Bringer) -> None:
    """The others are one card still, and one car."""
    shown = await office.ready(csv_file([HEADER, IVANOV, IVANOV, IVANOV]), on_duplicate="update")
    path = f"{IMPORTS}/{shown['id']}"
    await office.post(f"{path}/decisions", {"row": 2, "action": "skip"}, 200)
    await office.post(f"{path}/apply", {}, 202)
    applied = await office.when(shown["id"], "applied", "failed")
    assert applied["state"] == "applied"
    (client,) = await found(office, "Иванов")
    assert [car["vin"] for car in client["vehicles"]] == [VIN]


async def test_who_was_merged_since_is_filled_in_as_who_remains_and_who_was_erased_is_new(
    office: Bringer, whole: TestGateway
) -> None:
    """A list may wait for days, and reception does not."""
    names = ("Остался", "Слит", "Слит давно", "Забыт")
    remains, merged, before, forgotten = [
        await office.post("/clients", {"last_name": name, "phones": [f"+7916000000{n}"]})
        for n, name in enumerate(names)
    ]
    await office.post(f"/clients/{merged['id']}/vehicles", {"plate": "А111АА77"})
    rows = [
        HEADER,
        a_row(Фамилия="Слит", Имя="Пётр", Телефон="+79160000001", Госномер="А111АА77", Год="2015"),
        a_row(Фамилия="Слит", Отчество="Ильич", Телефон="+79160000002"),
        a_row(Фамилия="Забыт", Телефон="+79160000003"),
        a_row(Фамилия="Забыт", Имя="Анна", Телефон="+79160000003"),
    ]
    shown = await office.ready(csv_file(rows), on_duplicate="update")
    assert shown["actions"] == {"update": 4}
    for client, other in ((merged, before), (remains, merged)):
        await office.post(f"/clients/{client['id']}/merge", {"other_id": other["id"]}, 200)
    await whole.settle_down()
    await office.post(f"/clients/{forgotten['id']}/erase", {"reason": "просит"}, 200)
    await office.post(f"{IMPORTS}/{shown['id']}/apply", {}, 202)
    applied = await office.when(shown["id"], "applied", "failed")
    assert applied["state"] == "applied"
    client = await office.get(f"/clients/{remains['id']}")
    assert (client["last_name"], client["first_name"], client["middle_name"]) == (
        "Остался", "Пётр", "Ильич",
    )  # fmt: skip
    assert [(car["plate"], car["year"]) for car in client["vehicles"]] == [("А111АА77", 2015)]
    (anew,) = await found(office, "9160000003")
    assert (anew["first_name"], anew["id"] == forgotten["id"]) == ("Анна", False)


async def test_rows_of_one_client_within_the_file_are_one_card(office: Bringer) -> None:
    rows = [
        HEADER,
        a_row(Фамилия="Мороз", Телефон="+79161112233", Марка="Kia", Госномер="А111АА77"),
        a_row(Фамилия="Мороз", Имя="Анна", Телефон="8 916 111 22 33", Марка="BMW",
              Госномер="В222ВВ77"),
        a_row(Фамилия="Мороз", Телефон="+79161112233", Госномер="a111aa77", Год="2015"),
    ]  # fmt: skip
    shown = await office.ready(csv_file(rows), on_duplicate="update")
    assert shown["actions"] == {"create": 1, "update": 2}
    listed = (await office.get(f"{IMPORTS}/{shown['id']}/rows"))["items"]
    assert [row["same_as_row"] for row in listed] == [None, 2, 2]
    await office.post(f"{IMPORTS}/{shown['id']}/apply", {}, 202)
    await office.when(shown["id"], "applied")
    (client,) = await found(office, "Мороз")
    assert client["first_name"] == "Анна"
    assert [(car["plate"], car["year"]) for car in client["vehicles"]] == [
        ("А111АА77", 2015),
        ("В222ВВ77", None),
    ]


async def test_a_known_car_stays_with_its_owner(office: Bringer) -> None:
    owner = await office.post("/clients", {"last_name": "Владелец"})
    await office.post(f"/clients/{owner['id']}/vehicles", {"vin": VIN})
    shown = await office.ready(csv_file([HEADER, IVANOV]), on_duplicate="create")
    (row,) = (await office.get(f"{IMPORTS}/{shown['id']}/rows"))["items"]
    assert row["matches"][0]["by"] == ["vin"]
    await office.post(f"{IMPORTS}/{shown['id']}/apply", {}, 202)
    await office.when(shown["id"], "applied")
    (client,) = await found(office, "Иванов")
    assert client["vehicles"] == []
    assert [car["vin"] for car in (await office.get(f"/clients/{owner['id']}"))["vehicles"]] == [
        VIN
    ]


async def test_whole_names_and_companies_are_told_apart(office: Bringer) -> None:
    rows = [
        ("Клиент", "Телефон"),
        ("Сидоров Сидор Петрович", "+79165550011"),
        ("ООО «Ромашка»", "+74951234567"),
    ]
    shown = await office.ready(csv_file(rows))
    await office.post(f"{IMPORTS}/{shown['id']}/apply", {}, 202)
    await office.when(shown["id"], "applied")
    (person,) = await found(office, "9165550011")
    assert (person["last_name"], person["first_name"], person["middle_name"]) == (
        "Сидоров", "Сидор", "Петрович",
    )  # fmt: skip
    (company,) = await found(office, "4951234567")
    assert (company["kind"], company["company_name"]) == ("company", "ООО «Ромашка»")


async def test_only_the_office_brings_clients(whole: TestGateway) -> None:
    advisor = await Bringer.of(whole, IMPORTS, "advisor")
    assert (await advisor.bring(b"a;b", 403))["code"] == "forbidden"
    assert (await advisor.get(IMPORTS, 403))["code"] == "forbidden"
