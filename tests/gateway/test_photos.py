"""Photos of an order, from the camera to the client's link, over HTTP and real services."""

from __future__ import annotations

import io
from typing import Any

import httpx
from PIL import Image

from tests.gateway.support import API, TestGateway, a_key
from tests.gateway.test_pictures import a_photo
from tests.gateway.test_working_day import Person
from tests.support.waiting import eventually


async def an_order(office: Person) -> dict[str, Any]:
    client = await office.post("/clients", {"last_name": "Сидорова", "first_name": "Анна"})
    section = await office.post("/sections", {"name": "Слесарный"})
    technician = await office.post(
        "/employees", {"last_name": "Петров", "first_name": "Пётр", "role": "technician"}
    )
    order = await office.post(
        "/orders",
        {
            "client_id": client["id"],
            "section_id": section["id"],
            "employee_id": technician["id"],
        },
    )
    work = {"name": "Замена пыльника", "initial_price": "1500"}
    order = await office.post(f"/orders/{order['id']}/services", work)
    assert isinstance(order, dict)
    return order


async def sent(
    person: httpx.AsyncClient, order_id: str, content: bytes, key: dict[str, str], **fields: str
) -> httpx.Response:
    return await person.post(
        f"{API}/orders/{order_id}/photos",
        content=content,
        params=fields,
        headers={**key, "Content-Type": "image/jpeg"},
    )


async def test_a_photo_comes_from_the_car_and_the_client_sees_what_is_meant_for_it(
    whole: TestGateway,
) -> None:
    office = Person(await whole.signed_in("administrator", "admin"))
    technician = await whole.signed_in("technician")
    order = await an_order(office)
    order_id, line_id = order["id"], order["services"][0]["id"]

    key = a_key()
    first = await sent(
        technician, order_id, a_photo((4000, 3000)), key, caption="Трещина", line_id=line_id
    )
    assert first.status_code == 201, first.text
    again = await sent(
        technician, order_id, a_photo((4000, 3000)), key, caption="Трещина", line_id=line_id
    )
    assert again.json() == first.json()
    photo = first.json()
    assert (photo["width"], photo["author"], photo["visible_to_client"]) == (
        1600, "technician", False,
    )  # fmt: skip
    by_form = await technician.post(
        f"{API}/orders/{order_id}/photos",
        files={"file": ("IMG_1.png", a_photo(kind="PNG"), "image/png")},
        data={"caption": "Сбоку"},
        headers=a_key(),
    )
    assert by_form.status_code == 201, by_form.text
    listed = await office.get(f"/orders/{order_id}/photos")
    assert [each["caption"] for each in listed["items"]] == ["Трещина", "Сбоку"]

    picture = await office.file(f"/photos/{photo['id']}")
    assert picture.headers["content-type"] == "image/jpeg"
    assert Image.open(io.BytesIO(picture.content)).size == (1600, 1200)
    small = await office.file(f"/photos/{photo['id']}/small")
    assert Image.open(io.BytesIO(small.content)).size == (320, 240)

    # The client's link: nothing before it is meant for it.
    await office.post(f"/orders/{order_id}/quote", {}, 200)
    path = (await office.get(f"/orders/{order_id}/estimate-link"))["path"]
    assert "/photos/" not in (await whole.anyone.get(path)).text
    assert (await whole.anyone.get(f"{path}/photos/{photo['id']}")).status_code == 404
    shown = await office.patch(
        f"/photos/{photo['id']}", {"visible_to_client": True}, if_match='"1"'
    )
    assert shown["revision"] == 2
    page = await whole.anyone.get(path)
    assert f"{path}/photos/{photo['id']}/small" in page.text
    assert "Трещина" in page.text
    assert "Сбоку" not in page.text
    seen = await whole.anyone.get(f"{path}/photos/{photo['id']}")
    assert seen.content == picture.content
    wrong = path[:-4] + "AAAA"
    assert (await whole.anyone.get(f"{wrong}/photos/{photo['id']}")).status_code == 404

    await office.delete(f"/photos/{photo['id']}")
    await office.delete(f"/photos/{photo['id']}")
    assert (await whole.anyone.get(f"{path}/photos/{photo['id']}")).status_code == 404
    await office.get(f"/photos/{photo['id']}", 404)
    listed = await office.get(f"/orders/{order_id}/photos")
    assert [each["caption"] for each in listed["items"]] == ["Сбоку"]

    async def told() -> bool:
        timeline = await office.get(f"/orders/{order_id}/timeline")
        types = [each["event"] for each in timeline["items"] if "photo" in each["event"]]
        return types == [
            f"evt.documents.photo_{fact}.v1" for fact in ("added", "added", "changed", "removed")
        ]

    await eventually(told)


async def test_who_and_what_is_refused(whole: TestGateway) -> None:
    office = Person(await whole.signed_in("administrator", "admin"))
    order = await an_order(office)
    technician = await whole.signed_in("technician")
    photo = (await sent(technician, order["id"], a_photo(), a_key())).json()
    storekeeper = await whole.signed_in("storekeeper")
    assert (await sent(storekeeper, order["id"], a_photo(), a_key())).status_code == 403
    for path in (f"/photos/{photo['id']}", f"/orders/{order['id']}/photos"):
        assert (await storekeeper.get(API + path)).status_code == 403
        assert (await whole.anyone.get(API + path)).status_code == 401
    for content, code in (
        (b"%PDF-1.7 nothing to see", "photo_invalid"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "photo_invalid"),
        (b"", "import_file_missing"),
    ):
        refused = await sent(technician, order["id"], content, a_key())
        assert refused.json()["code"] == code
    refused = await sent(technician, order["id"], a_photo(), a_key(), line_id=photo["id"])
    assert refused.json()["code"] == "line_not_found"
    refused = await sent(technician, photo["id"], a_photo(), a_key())
    assert refused.json()["code"] == "order_not_found"
    stale = await technician.patch(
        f"{API}/photos/{photo['id']}",
        json={"caption": "Новая"},
        headers={**a_key(), "If-Match": '"7"'},
    )
    assert stale.status_code == 412
