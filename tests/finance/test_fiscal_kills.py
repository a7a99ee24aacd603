"""The whole service, killed with SIGKILL while it takes money and prints: no receipt is lost, none
is printed twice, and the register's numbers have no gaps."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from random import Random

from shared.contracts.finance import TakePayment
from shared.contracts.fiscal import ListFiscalReceipts
from shared.ids import new_id
from shared.refusals import Refused
from tests.finance.at_work import in_turn
from tests.finance.builders import client_created, money
from tests.support.broker import TestNats
from tests.support.day import Station, running_station
from tests.support.waiting import eventually

SERVICE = """
from datetime import timedelta
from services.finance.domain import fiscal
from services.finance.handlers import fiscal_sending
from shared.service import service_named
fiscal.LEASE = timedelta(seconds=2)
fiscal_sending.INTERVAL_S = 0.05
service_named("finance").run()
"""
LIVES, PAYMENTS = 4, 12
"""Of the service, each of which is cut short; and of each life."""


async def _a_life(station: Station, folder: Path) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        SERVICE,
        env={
            **os.environ,
            "PITLANE_NATS_URL": station.nats.url("finance"),
            "PITLANE_FINANCE_DATABASE_URL": station.database_urls["finance"],
            "PITLANE_LOG_LEVEL": "ERROR",
            "PITLANE_FISCAL_ADAPTER": "file",
            "PITLANE_FISCAL_FOLDER": str(folder),
        },
    )


async def test_service_that_is_killed_again_and_again_prints_every_receipt_once(
    nats_server: TestNats, database: Callable[[str], str], tmp_path: Path
) -> None:
    folder, random, client = tmp_path / "fiscal", Random(7), new_id()
    async with running_station(nats_server, database, "finance") as station:
        await in_turn(station.running["finance"], client_created(client))
        await station.stop("finance")
        taken = []
        for life in range(LIVES):
            process = await _a_life(station, folder)
            try:
                for number in range(PAYMENTS):
                    taken.append(await _paid(station, client, f"{life}:{number}"))
                await asyncio.sleep(random.uniform(0, 0.3))
            finally:
                process.send_signal(signal.SIGKILL)
                await process.wait()
        process = await _a_life(station, folder)
        try:
            await _all_sent(station, LIVES * PAYMENTS)
        finally:
            process.kill()
            await process.wait()

    printed = [json.loads(line) for line in (folder / "journal.jsonl").read_text().splitlines()]
    assert [line["number"] for line in printed] == list(range(1, LIVES * PAYMENTS + 1))
    assert sorted(line["document_id"] for line in printed) == sorted(map(str, taken))
    assert len(list(folder.glob("*.json"))) == LIVES * PAYMENTS


async def _paid(station: Station, client: object, key: str) -> object:
    """However often it has to be asked for: the service may be starting."""
    command = TakePayment.model_validate(
        {"customer_id": client, "amount": money(10), "method": "card"}
    )

    async def answered() -> object | None:
        try:
            return (await station.send(command, key=key)).id
        except Refused as refusal:
            if refusal.code != "service_unavailable":
                raise
            return None

    return await eventually(answered, timeout_s=60)


async def _all_sent(station: Station, count: int) -> None:
    async def sent() -> bool:
        try:
            page = await station.ask(ListFiscalReceipts(limit=200))
        except Refused:
            return False
        return [one.state for one in page.items] == ["sent"] * count

    await eventually(sent, timeout_s=90)
