"""What is packed comes back as it was, and what was packed once can always be read."""

from __future__ import annotations

import asyncio
import zlib
from hashlib import sha256

import asyncpg
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from shared.database import engine_for, migrate, outbox
from shared.packing import WORDS, pack, unpack

REPRICED = (
    b'{"changes":[],"order_id":"01a22023-6039-741f-8373-4c3a2e27bd2e","number":"A-000006",'
    b'"revision":8,"old_total":"3000.00","total":"3100.00","services_total":"3000.00",'
    b'"products_total":"100.00","materials_total":"0.00"}'
)


@given(st.binary() | st.text().map(str.encode))
def test_whatever_is_packed_comes_back(plain: bytes) -> None:
    packed = pack(plain)
    assert unpack(packed) == plain
    assert len(packed) <= len(plain) or plain.startswith(b"\x01")


def test_a_message_becomes_a_third_at_most() -> None:
    assert len(pack(REPRICED)) < len(REPRICED) / 3


@pytest.mark.parametrize("plain", [b"", b"{}", b'{"a": "\xd0\xb9"}', REPRICED])
def test_what_an_older_version_wrote_is_read_as_it_stands(plain: bytes) -> None:
    assert unpack(plain) == plain


def test_the_dictionary_is_what_stations_have_packed_with() -> None:
    """Another one leaves their events unreadable: it needs a mark and a file of its own."""
    assert (
        sha256(WORDS).hexdigest()
        == "a300d7da4038e8bba9604b437f984ef020a5d60df3959a8cd6d8da33240b0fbe"
    )


def test_a_message_packed_by_the_first_version_is_read() -> None:
    stored = bytes.fromhex(
        "01c3d72a4b3432323032d6353330b6d43537314cd3b5303637d63549364e344a35324f4a314ac568"
        "1e191898e16bba191ba0970bc686389b6f08c51879c790500b0e00"
    )
    assert unpack(stored) == REPRICED


def test_what_was_spoilt_is_no_message() -> None:
    with pytest.raises(zlib.error):
        unpack(pack(REPRICED)[:1] + b"\xff\xff\xff")
    packed = pack(REPRICED)
    for length in range(1, len(packed)):
        with pytest.raises(zlib.error):
            unpack(packed[:length])
    with pytest.raises(zlib.error):
        unpack(packed + packed[1:])


def test_the_last_versions_events_are_read_after_its_migration(bare_database: str) -> None:
    """Clients' outbox, as it was: sent headers as JSON, the body as it left."""
    asyncio.run(_execute(bare_database, "CREATE EXTENSION pg_trgm; CREATE EXTENSION btree_gin"))
    migrate("clients", bare_database, "0010")
    asyncio.run(
        _execute(
            bare_database,
            "INSERT INTO outbox (event_id, subject, headers, body)"
            " SELECT gen_random_uuid(), 'evt.a.b.v1', '{\"actor\": \"%D0%AF\"}', '{\"a\": 1}'",
        )
    )
    migrate("clients", bare_database)
    assert asyncio.run(_events(bare_database)) == [({"actor": "%D0%AF"}, b'{"a": 1}')]


async def _execute(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    await connection.execute(statement)
    await connection.close()


async def _events(url: str) -> list[tuple[dict[str, str], bytes]]:
    engine = engine_for(url)
    async with engine.connect() as connection:
        rows = (await connection.execute(select(outbox.c.headers, outbox.c.body))).all()
    await engine.dispose()
    return [(row.headers, row.body) for row in rows]
