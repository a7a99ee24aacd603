"""What is dragged on the load panel, or chosen in its calendar, goes on as the command that it
means; a no is told there."""

from __future__ import annotations

import re
from typing import Any

import httpx

from shared.contracts.load import GetSchedule, GetWorkingHours, MoveBooking, SetSchedule
from shared.contracts.orders import ListEmployees
from shared.ids import new_id
from shared.refusals import Refused
from tests.gateway.support import FakeServices, TestGateway

BOOKING = {
    "id": new_id(), "order_id": new_id(), "post_id": new_id(), "start": "2026-12-01T09:00:00Z",
    "end": "2026-12-01T10:00:00Z", "state": "planned", "carried_from": None,
    "line_id": None, "technician_id": None, "overtime": False, "revision": 4,
}  # fmt: skip


async def test_a_booking_is_dragged_to_nobody(gateway: TestGateway, services: FakeServices) -> None:
    """Without a technician it may be; to one who is not there it is not moved."""
    await services.start("orders")
    advisor = await gateway.signed_in("advisor")
    address, nobody = f"/load/bookings/{new_id()}", new_id()
    services.replies[MoveBooking.subject] = BOOKING
    dragged = {"back": "/load?view=people", "expected_revision": "3"}

    answer = await advisor.post(address, data={**dragged, "technician_id": ""})

    assert (answer.status_code, answer.headers["location"]) == (303, dragged["back"])
    told = {"booking_id": address.rpartition("/")[2], "expected_revision": 3}
    assert services.last.message == {**told, "technician_id": None}

    services.replies[MoveBooking.subject] = Refused("employee_not_found", id=nobody)
    answer = await advisor.post(
        address,
        data={**dragged, "technician_id": str(nobody)},
        headers={"Accept": "text/html", "Accept-Language": "ru"},
    )
    assert services.last.message == {**told, "technician_id": str(nobody)}
    assert answer.status_code == 404
    assert Refused("employee_not_found", id=nobody).words("ru") in answer.text


async def test_the_stations_hours_are_chosen_for_what_the_form_showed(
    gateway: TestGateway, services: FakeServices
) -> None:
    """Hours that were typed would be dropped. What others have made of the station's, or of this
    person's, since the form was opened was typed by nobody: whoever was slower is told that."""
    await services.start("orders")
    office = await gateway.signed_in("administrator")
    employee_id = new_id()
    address = f"/load/calendar/people/{employee_id}"
    monday = {"weekday": 1, "opens": "09:00", "closes": "18:00"}
    hours = {"time_zone": "Europe/Moscow", "week": [monday], "revision": 1}
    theirs: dict[str, Any] = {"employee_id": employee_id, "week": None, "revision": 3}
    person = {
        "id": employee_id, "last_name": "Петров", "first_name": "Пётр", "revision": 1,
        "name": "Петров П.", "role": "technician", "section_id": None, "active": True,
    }  # fmt: skip
    services.replies[ListEmployees.subject] = {"items": [person], "next": None}
    services.replies[GetWorkingHours.subject] = hours
    services.replies[GetSchedule.subject] = theirs
    page = await office.get(address, headers={"Accept": "text/html"})
    (shown,) = re.findall(r'name="shown" value="([^"]*)"', page.text)
    form = {"own": "false", "shown": shown, "expected_revision": "3"}
    form |= {"day.1.0.opens": "09:00", "day.1.0.closes": "18:00"}

    async def sent(reply: Any, **typed: str) -> httpx.Response:
        services.replies[SetSchedule.subject] = reply
        headers = {"Accept": "text/html", "HX-Request": "true"}
        return await office.post(address, data={**form, **typed}, headers=headers)

    refused = await sent(theirs, **{"day.1.0.opens": "12:00"})
    assert 'data-code="request_invalid"' in refused.text
    assert SetSchedule.subject not in {each.subject for each in services.sent}
    services.replies[GetWorkingHours.subject] = {**hours, "week": [{**monday, "opens": "10:00"}]}
    assert (await sent(theirs)).status_code == 303
    assert services.last.message == {
        "employee_id": str(employee_id), "week": None, "expected_revision": 3,
    }  # fmt: skip
    conflict = await sent(Refused("revision_conflict", expected=3, actual=4))
    assert 'data-code="revision_conflict"' in conflict.text
