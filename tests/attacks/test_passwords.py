"""One's own password, changed twice at once: between its check and its writing there is a tenth of
a second, in which the other comes."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from services.gateway.passwords import hashed
from shared.ids import new_id
from tests.gateway.support import API, TestGateway

pytestmark = pytest.mark.usefixtures("slow_passwords")


async def test_a_password_is_changed_once_however_often_it_is_sent(gateway: TestGateway) -> None:
    token = await gateway.token("cashier", password_hash=hashed("an older secret"))
    client = gateway.client({"Authorization": f"Bearer {token}"})
    body: dict[str, Any] = {"old": "an older secret", "new": "a longer secret"}
    key = {"Idempotency-Key": str(new_id())}
    answers = await asyncio.gather(
        *(client.post(f"{API}/session/password", json=body, headers=key) for _ in range(2))
    )
    assert [answer.status_code for answer in answers] == [204, 204]
    assert len(await gateway.told("evt.gateway.password_changed.v1")) == 1


async def test_of_two_new_passwords_at_once_one_is_in_force(gateway: TestGateway) -> None:
    token = await gateway.token("cashier", password_hash=hashed("an older secret"))
    client = gateway.client({"Authorization": f"Bearer {token}"})
    answers = await asyncio.gather(
        *(
            client.post(
                f"{API}/session/password",
                json={"old": "an older secret", "new": new},
                headers={"Idempotency-Key": str(new_id())},
            )
            for new in ("the first secret", "the second secret")
        )
    )
    assert sorted(answer.status_code for answer in answers) == [204, 403]
    assert len(await gateway.told("evt.gateway.password_changed.v1")) == 1
