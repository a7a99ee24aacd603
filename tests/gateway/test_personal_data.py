"""What is known of a person, as a page to hand over."""

from __future__ import annotations

import pytest

from shared.contracts.client_data import GetPersonalData
from tests.gateway.support import API, FakeServices, TestGateway

CLIENT = "01890000-0000-7000-8000-000000000001"


@pytest.mark.parametrize(
    ("language", "lines"),
    [
        ("ru", ("<dt>Фамилия</dt><dd>Смирнова</dd>", "<dt>given</dt><dd>Нет</dd>", "Договоры")),
        ("en", ("<dt>Last name</dt><dd>Смирнова</dd>", "<dt>given</dt><dd>No</dd>", "Contracts")),
    ],
)
async def test_page_calls_fields_as_people_do(
    language: str, lines: tuple[str, ...], gateway: TestGateway, services: FakeServices
) -> None:
    known = {"last_name": "Смирнова", "consents": {"sms": {"given": False}}}
    rest = ("orders", "balance", "bonuses", "payments", "messages", "journal")
    services.replies[GetPersonalData.subject] = {
        "client": known,
        "contracts": [],
        **dict.fromkeys(rest),
    }
    await services.start("clients")
    owner = await gateway.signed_in("owner")
    page = await owner.get(
        f"{API}/clients/{CLIENT}/personal-data?format=html", headers={"Accept-Language": language}
    )
    text = "".join(line.strip() for line in page.text.splitlines())
    assert [line for line in lines if line not in text] == []
