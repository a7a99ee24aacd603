"""Waiting until nothing is on its way between services any more."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import nats
from nats.js import JetStreamContext

from shared.messaging.connection import leave
from shared.messaging.outbox import STREAM
from shared.service import Running, consumed_subjects
from tests.support.broker import TestNats
from tests.support.waiting import PATIENCE_S, eventually


async def settle_down(
    server: TestNats, running: Mapping[str, Running], *, timeout_s: float = PATIENCE_S
) -> None:
    """Waits until every outbox is empty and every consumer has handled all there is."""
    connection = await nats.connect(
        server.url("ops"), inbox_prefix=b"_INBOX_ops", max_reconnect_attempts=-1
    )
    js = connection.jetstream()

    async def is_quiet() -> bool:
        # Handlers commit before they acknowledge, and relays mark after they publish: what
        # anybody has set in motion meanwhile is on its way out, or has come into the stream.
        before = await _last_event(js)
        if not await _have_consumed(js, running):
            return False
        lags = [(await each.relay.lag())[0] for each in running.values()]
        return not any(lags) and await _last_event(js) == before

    try:
        # Twice: a consumer is told of what is in the stream a moment after whoever published it.
        await eventually(is_quiet, timeout_s=timeout_s)
        await asyncio.sleep(0.02)
        await eventually(is_quiet, timeout_s=timeout_s)
    finally:
        await leave(connection)


async def _last_event(js: JetStreamContext) -> int:
    last: int = (await js.stream_info(STREAM)).state.last_seq
    return last


async def _have_consumed(js: JetStreamContext, names: Mapping[str, Running]) -> bool:
    """Whether these services have acknowledged all that the stream has for them."""
    for name in names:
        if not consumed_subjects(name):
            continue
        info = await js.consumer_info(STREAM, name)
        if info.num_pending or info.num_ack_pending:
            return False
    return True
