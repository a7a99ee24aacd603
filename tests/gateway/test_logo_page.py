"""A logo is chosen on the page of forms; nothing of it needs scripts."""

from __future__ import annotations

from base64 import b64encode

from services.gateway.pages.forms import KEY
from shared.contracts.forms import ChangeFormLook
from shared.ids import new_id
from tests.gateway.support import FakeServices, TestGateway

PICTURE = b"\x89PNG of a wheel"


async def test_a_logo_goes_on_as_it_was_chosen(
    gateway: TestGateway, services: FakeServices
) -> None:
    await services.start("documents")
    look = {"revision": 4, "accent": "#206bc4", "logo": None}
    services.replies[ChangeFormLook.subject] = look
    office = await gateway.signed_in("administrator")

    response = await office.post(
        "/settings/forms/logo",
        data={KEY: str(new_id()), "expected_revision": "3"},
        files={"file": ("wheel.png", PICTURE, "image/png")},
    )

    assert (response.status_code, response.headers["location"]) == (303, "/settings/forms")
    assert services.last.message == {
        "logo": b64encode(PICTURE).decode(),
        "expected_revision": 3,
    }
    advisor = await gateway.signed_in("advisor")
    response = await advisor.post("/settings/forms/logo", files={"file": ("a.png", PICTURE)})
    assert response.status_code == 403
