"""What is dragged on the load panel goes on as the command that it means; a no is told there."""

from __future__ import annotations

from shared.contracts.load import MoveBooking
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
