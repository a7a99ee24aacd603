"""The other end of a round trip, as a process: ``python -m tests.bench.echo URL SUBJECT``.

It answers every request with the request, for as long as its stdin is open.
"""

from __future__ import annotations

import asyncio
import sys

import nats
from nats.aio.msg import Msg

from shared.messaging.subscriptions import subscribed


async def main(url: str, subject: str) -> None:
    service = subject.split(".")[1]
    connection = await nats.connect(url, inbox_prefix=f"_INBOX_{service}".encode())

    async def answer(message: Msg) -> None:
        await message.respond(message.data)

    await connection.subscribe(subject, queue=service, cb=answer)
    await subscribed(connection)
    print("ready", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    await connection.close()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
