"""What is dragged on the load panel, or chosen in its calendar, goes on as the command that it
means; a no is told there."""

from __future__ import annotations

from shared.contracts.load import GetSchedule, GetWorkingHours, MoveBooking, SetSchedule
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
    """Whoever was slower is told that; who sends it once more, its first answer."""
    await services.start("orders")
    advisor = await gateway.signed_in("administrator")
    employee_id = new_id()
    monday = {"weekday": 1, "opens": "09:00", "closes": "18:00"}
    form = {"own": "false", "day.1.0.opens": "09:00", "day.1.0.closes": "18:00"}
    hours = {"time_zone": "Europe/Moscow", "week": [monday], "revision": 1}
    theirs = {"employee_id": employee_id, "week": [{**monday, "opens": "12:00"}], "revision": 4}
    services.replies[GetWorkingHours.subject] = hours
    services.replies[GetSchedule.subject] = theirs
    services.replies[SetSchedule.subject] = Refused("revision_conflict", expected=3, actual=4)
    for seen, code in (("3", "revision_conflict"), ("4", "request_invalid")):
        answer = await advisor.post(
            f"/load/calendar/people/{employee_id}",
            data={**form, "expected_revision": seen},
            headers={"Accept": "text/html", "HX-Request": "true"},
        )
        assert f'data-code="{code}"' in answer.text
    (sent,) = [each.message for each in services.sent if each.subject == SetSchedule.subject]
    assert sent == {"employee_id": str(employee_id), "week": None, "expected_revision": 3}
