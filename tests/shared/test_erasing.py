"""What tells of a person is found in packed messages, while the service goes on answering."""

from __future__ import annotations

import threading
from collections.abc import Callable
from uuid import UUID

import pytest
from sqlalchemy import insert, select

from shared import erasure
from shared.database import dead_letters, engine_for, outbox, replies
from shared.erasure import redact
from shared.ids import new_id
from shared.messaging.dead_letters import DeadLetters
from shared.messaging.outbox import Outgoing, write


def saying(text: str) -> Outgoing:
    body = f'{{"client_name": "Иванов", "of": "{text}"}}'.encode()
    return Outgoing(new_id(), "evt.orders.order_changed.v1", {}, body)


async def test_messages_are_looked_through_beside_the_loop_and_a_slice_at_a_time(
    database: Callable[[str], str], monkeypatch: pytest.MonkeyPatch
) -> None:
    slices: list[int] = []
    threads: set[threading.Thread] = set()
    naming = erasure._naming

    def noted(
        rows: list[tuple[UUID, bytes]], sought: dict[bytes, str], read: Callable[[bytes], bytes]
    ) -> list[tuple[UUID, str]]:
        slices.append(len(rows))
        threads.add(threading.current_thread())
        return naming(rows, sought, read)

    monkeypatch.setattr(erasure, "_naming", noted)
    monkeypatch.setattr(erasure, "AT_ONCE", 10)
    somebody, others = new_id(), [saying(str(new_id())) for _ in range(24)]
    told = saying(str(somebody))
    engine = engine_for(database("orders"), pool_size=1)
    async with engine.begin() as connection:
        await write(connection, [*others[:12], told, *others[12:]])

        await redact(connection, {somebody: "Клиент"})

        found = await connection.execute(select(outbox.c.event_id, outbox.c.body))
        bodies = {row.event_id: row.body for row in found}
    await engine.dispose()
    assert slices == [10, 10, 5]
    assert threading.main_thread() not in threads
    assert b'"client_name":"\xd0\x9a' in bodies.pop(told.event_id)
    assert bodies == {other.event_id: other.body for other in others}


async def test_a_letter_that_is_no_message_stops_nobody_from_being_forgotten(
    database: Callable[[str], str],
) -> None:
    somebody = new_id()
    body = f'{{"client_name": "Иванов", "id": "{somebody}", и тут обрыв'.encode()
    engine = engine_for(database("orders"), pool_size=1)
    await DeadLetters(engine).park_invalid(
        "evt.clients.client_changed.v1", {}, body, "not a valid event: input_value='Иванов'"
    )
    async with engine.begin() as connection:
        await redact(connection, {somebody: "Клиент"})
        (left,) = await connection.execute(select(dead_letters.c.body, dead_letters.c.reason))
    await engine.dispose()
    assert (left.body.decode(), left.reason) == ('"Клиент"', "not a valid event")


async def test_answers_keep_no_cells_of_files_when_anybody_is_forgotten(
    database: Callable[[str], str],
) -> None:
    answer = f'{{"id":"{new_id()}","state":"ready","sample":[["Иванов","+79161234567"]]}}'.encode()
    engine = engine_for(database("clients"))
    async with engine.begin() as connection:
        kept = {"key": "a", "fingerprint": b"", "reply": answer}
        await connection.execute(insert(replies), [kept])
        await redact(connection, {new_id(): "Клиент"})
        left = await connection.scalar(select(replies.c.reply))
    await engine.dispose()
    assert left == answer.replace(b'[["' + "Иванов".encode() + b'","+79161234567"]]', b"[]")
