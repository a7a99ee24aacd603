"""When a subscription counts: only once the server has it is anything heard."""

from __future__ import annotations

from nats.aio.client import Client


async def subscribed(connection: Client) -> None:
    """Returns when the server has every subscription that was made on the connection."""
    # The client's ping overtakes what it has not written yet: the answer to a second one is
    # the first that surely comes after the subscriptions.
    await connection.flush()
    await connection.flush()
