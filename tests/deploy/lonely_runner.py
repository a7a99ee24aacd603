"""Starts both servers, prints their process ids, and waits to be killed."""

import asyncio
import sys
from pathlib import Path

from deploy.local.nats import Nats
from deploy.local.postgres import Postgres
from tests.support.broker import PASSWORDS


async def main(folder: Path) -> None:
    postgres = Postgres(folder / "pg", folder, "secret", lambda _: None, durable=False)
    nats = Nats(folder / "nats", folder / "run", PASSWORDS, lambda _: None)
    await postgres.start()
    await nats.start()
    assert postgres.child
    assert nats.child
    print(postgres.child.pid, nats.child.pid, flush=True)
    await asyncio.Event().wait()


asyncio.run(main(Path(sys.argv[1])))
