"""One idempotency key, one request."""

from __future__ import annotations

import asyncio
import contextlib

import pytest
from sqlalchemy import text

from services.gateway.keys import Keys
from services.gateway.pruning import prune
from shared.ids import new_id
from shared.refusals import Refused
from tests.gateway.support import API, FakeServices, TestGateway, a_key
from tests.support.proxy import line_to
from tests.support.waiting import eventually


async def test_a_write_needs_a_key_of_visible_ascii(
    gateway: TestGateway, services: FakeServices
) -> None:
    await services.start("clients", "orders")
    admin = await gateway.signed_in("administrator")
    order = f"{API}/orders/{new_id()}"
    for method, path in (
        ("POST", f"{API}/clients"),
        ("PATCH", order),
        ("DELETE", f"{order}/lines/{new_id()}"),
        ("POST", f"{API}/session/password"),
    ):
        response = await admin.request(method, path, json={})
        assert (response.status_code, response.json()["code"]) == (400, "idempotency_key_missing")
        for key in ("", "with space", "ключ", "x" * 129, "tab\there"):
            header = (b"idempotency-key", key.encode())
            response = await admin.request(method, path, json={}, headers=[header])
            assert response.status_code == 400, key
            assert response.json()["code"] == "idempotency_key_invalid"
    assert services.sent == []


async def test_the_same_request_with_the_same_key_is_sent_on_again(
    gateway: TestGateway, services: FakeServices
) -> None:
    """The service knows the key and answers as the first time."""
    await services.start("clients")
    admin = await gateway.signed_in("administrator")
    key = a_key()
    for body in (b'{"last_name":"A"}', b'{ "last_name" : "A" }'):
        response = await admin.post(
            f"{API}/clients", content=body, headers={**key, "Content-Type": "application/json"}
        )
        assert response.status_code == 201
    first, second = services.sent
    assert first.envelope.idempotency_key == second.envelope.idempotency_key
    assert first.message == second.message


async def test_a_key_that_comes_back_with_another_request_is_refused(
    gateway: TestGateway, services: FakeServices
) -> None:
    await services.start("clients", "orders")
    admin = await gateway.signed_in("administrator")
    key = a_key()
    client_id = new_id()
    assert (await admin.post(f"{API}/clients", json={}, headers=key)).status_code == 201
    others = [
        admin.post(f"{API}/clients", json={"last_name": "B"}, headers=key),
        admin.patch(f"{API}/clients/{client_id}", json={}, headers=key),
        admin.post(f"{API}/sections", json={"name": "Шины"}, headers=key),
    ]
    for other in others:
        response = await other
        assert (response.status_code, response.json()["code"]) == (422, "idempotency_key_reused")
    assert len(services.sent) == 1

    # Another revision is another request, and another person has other keys.
    line = f"{API}/orders/{client_id}/lines/{client_id}"
    key = a_key()
    for revision, status in (("1", 200), ("2", 422)):
        response = await admin.request("DELETE", line, headers={**key, "If-Match": revision})
        assert response.status_code == status
    owner = await gateway.signed_in("owner")
    assert (await owner.request("DELETE", line, headers=key)).status_code == 200


async def test_a_request_that_was_refused_here_does_not_use_up_its_key(
    gateway: TestGateway, services: FakeServices
) -> None:
    await services.start("clients")
    admin = await gateway.signed_in("administrator")
    key = a_key()
    assert (await admin.post(f"{API}/clients", json={"x": 1}, headers=key)).status_code == 422
    assert (await admin.post(f"{API}/clients", json={}, headers=key)).status_code == 201


async def test_a_claim_between_the_last_word_of_the_database_and_its_end_is_refused(
    gateway: TestGateway,
) -> None:
    async with line_to(gateway.settings.database_url) as (line, url):
        keys, user_id = Keys(url), new_id()
        await keys.claim(user_id, "first", b"x")
        line.hides_ends = True
        async with gateway.service.engine.begin() as connection:
            ended = await connection.scalar(
                text(
                    "SELECT count(pg_terminate_backend(pid, 5000)) FROM pg_stat_activity"
                    " WHERE datname = current_database() AND query LIKE '%idempotency_keys%'"
                    " AND pid <> pg_backend_pid()"
                )
            )
        assert ended == 1
        await asyncio.sleep(0.05)  # until its last word was heard

        with pytest.raises(Refused) as refused:
            await keys.claim(user_id, "second", b"x")
        assert refused.value.code == "service_unavailable"
        await keys.claim(user_id, "second", b"x")
        keys.stop()


async def test_of_many_claims_of_one_key_at_once_only_those_like_the_first_agree(
    gateway: TestGateway,
) -> None:
    """In one process they share a statement; two processes meet in the table."""
    here, there = Keys(gateway.settings.database_url), Keys(gateway.settings.database_url)
    user_id = new_id()

    async def claim(keys: Keys, key: str, fingerprint: bytes) -> bytes | None:
        with contextlib.suppress(Refused):
            await keys.claim(user_id, key, fingerprint)
            return fingerprint
        return None

    for round_number in range(20):
        key = f"key-{round_number}"
        agreed = await asyncio.gather(
            *(
                claim(keys, key, bytes([number % 2]))
                for number in range(10)
                for keys in (here, there)
            )
        )
        winners = {fingerprint for fingerprint in agreed if fingerprint is not None}
        assert len(winners) == 1
        assert sum(fingerprint is not None for fingerprint in agreed) == 10
    different = await asyncio.gather(*(claim(here, f"other-{n}", b"x") for n in range(100)))
    assert different == [b"x"] * 100
    here.stop()
    there.stop()


async def test_a_connection_that_is_lost_fails_what_it_had_to_do_and_not_the_next(
    gateway: TestGateway,
) -> None:
    keys = gateway.app.state.gateway.keys
    engine = gateway.service.engine
    user_id = new_id()
    await keys.claim(user_id, "first", b"x")
    async with engine.connect() as elsewhere:
        # Somebody else holds the same key and does not say what for: the claim must wait.
        await elsewhere.execute(_INSERT, {"user_id": user_id})
        waiting = asyncio.gather(
            *(keys.claim(user_id, key, b"x") for key in ("held", "other")), return_exceptions=True
        )

        async def cut_off() -> bool:
            async with engine.begin() as connection:
                return bool((await connection.execute(_TERMINATE_WAITING)).rowcount)

        await eventually(cut_off)
        ends = await waiting
        await elsewhere.rollback()
    assert [getattr(end, "code", end) for end in ends] == ["service_unavailable"] * 2
    await keys.claim(user_id, "held", b"y")
    with pytest.raises(Refused, match="idempotency_key_reused"):
        await keys.claim(user_id, "first", b"y")


_INSERT = text(
    "INSERT INTO idempotency_keys (user_id, key, fingerprint) VALUES (:user_id, 'held', 'z')"
)
_TERMINATE_WAITING = text(
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
    " AND datname = current_database() AND query LIKE '%INTO idempotency_keys%'"
)


async def test_what_has_run_out_is_pruned(gateway: TestGateway) -> None:
    engine = gateway.service.engine
    keys = gateway.app.state.gateway.keys
    user_id = new_id()
    await keys.claim(user_id, "old", b"x")
    await keys.claim(user_id, "new", b"x")
    await gateway.token("advisor")
    await gateway.token("owner")
    async with engine.begin() as connection:
        for statement in (
            "UPDATE idempotency_keys SET created_at = now() - interval '31 days' WHERE key = 'old'",
            "UPDATE sessions SET expires_at = now() WHERE user_id ="
            " (SELECT id FROM users WHERE login = 'owner')",
            "INSERT INTO sign_in_failures VALUES ('place:a@b', 3, now() - interval '2 days'),"
            " ('place:b@b', 3, now())",
        ):
            await connection.execute(text(statement))
    assert await prune(engine) == {"sessions": 1, "sign_in_failures": 1, "idempotency_keys": 1}
    assert await prune(engine) == {"sessions": 0, "sign_in_failures": 0, "idempotency_keys": 0}
