"""Price lists that are interrupted, cancelled, brought twice: what holds is the old list or the
new one, never a part."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import text, update

from shared.contracts.price_lists import (
    AddStockImportRows,
    ApplyStockImport,
    CancelStockImport,
    ChangeStockImport,
    FindOffers,
    ListStockImportProblems,
    StockImportMoved,
)
from shared.database import engine_for
from shared.handlers import Work
from shared.imports import worker
from shared.imports.tables import imports
from shared.messaging.envelope import opening
from shared.refusals import Refused
from tests.inventory.at_work import published
from tests.inventory.importing import CHUNK, bring, doomed, when
from tests.support.crashing import EXIT_CODE
from tests.support.day import ADMIN, Station
from tests.support.tables import price_rows
from tests.support.waiting import eventually

DAYS = (date(2026, 3, 2), date(2026, 3, 3), date(2026, 3, 4))


async def offered(station: Station, supplier_id: UUID) -> set[str]:
    page = await station.ask(FindOffers(supplier_id=supplier_id, limit=200))
    return {offer.number for offer in page.items}


def numbers(count: int, start: int = 0) -> set[str]:
    return {f"A-{number:06d}" for number in range(start, start + count)}


async def rows_left(station: Station, table: str) -> int:
    async with station.running["inventory"].engine.connect() as connection:
        count: int = await connection.scalar(text(f"SELECT count(*) FROM {table}")) or 0
        return count


async def apply(station: Station, import_id: UUID) -> None:
    await station.send(ApplyStockImport(import_id=import_id))
    await when(station, import_id, "applied")


async def test_a_crash_while_rows_are_checked_costs_nothing(station: Station) -> None:
    supplier = await station.a_supplier()
    await station.stop("inventory")
    async with doomed(station, "inventory", "in_import_check") as process:
        job = await _brought_to(station, supplier.id)
        assert await process.wait() == EXIT_CODE
    await station.start("inventory")
    ready = await when(station, job.id, "ready")
    assert (ready.rows_checked, ready.rows_good, ready.rows_bad) == (5 * CHUNK, 5 * CHUNK, 0)
    assert await rows_left(station, "offers") == 5 * CHUNK
    assert await offered(station, supplier.id) == set()


async def _brought_to(station: Station, supplier_id: UUID) -> Any:
    async def serving() -> Any:
        try:
            return await bring(station, price_rows(5 * CHUNK), supplier_id=supplier_id)
        except Refused:  # it has not started yet
            return None

    return await eventually(serving, timeout_s=60.0)


async def test_a_crash_in_the_midst_of_applying_leaves_the_old_list(station: Station) -> None:
    supplier = await station.a_supplier()
    old = await bring(station, price_rows(20), supplier_id=supplier.id)
    await when(station, old.id, "ready")
    await apply(station, old.id)
    new = await bring(station, price_rows(30, start=100), supplier_id=supplier.id)
    await when(station, new.id, "ready")
    await station.stop("inventory")
    async with doomed(station, "inventory", "in_import_apply") as process:

        async def asked() -> bool:
            try:
                applying = await station.send(ApplyStockImport(import_id=new.id))
            except Refused:
                return process.returncode is not None
            return applying.state == "applying"

        await eventually(asked, timeout_s=60.0)
        assert await process.wait() == EXIT_CODE
    assert await _found(station) == (old.id, "applying")
    await station.start("inventory")
    await when(station, new.id, "applied")
    assert await offered(station, supplier.id) == numbers(30, 100)
    told = [each.state for each in await published(station.running["inventory"], StockImportMoved)
            if each.import_id == new.id]  # fmt: skip
    assert told == ["uploading", "checking", "ready", "applying", "applied"]


async def _found(station: Station) -> tuple[UUID, str]:
    """Which list holds, and the state of the newest import, while no service runs."""
    engine = engine_for(station.database_urls["inventory"])
    async with engine.connect() as connection:
        holding = await connection.scalar(text("SELECT list_id FROM price_lists"))
        state = await connection.scalar(text("SELECT state FROM imports ORDER BY id DESC LIMIT 1"))
    await engine.dispose()
    return holding, state


async def test_the_same_rows_once_more_change_nothing(station: Station) -> None:
    supplier = await station.a_supplier()
    job = await bring(station, price_rows(300), supplier_id=supplier.id, end=False)
    again = await bring(station, price_rows(300), supplier_id=supplier.id)
    assert again.id == job.id
    ready = await when(station, job.id, "ready")
    assert (ready.rows_read, ready.rows_good) == (301, 300)
    with pytest.raises(Refused, match="import_not_uploading"):
        await station.send(AddStockImportRows(import_id=job.id, first_row=1, rows=(("a",),)))


async def test_a_list_offers_a_part_once_however_often_it_names_it(station: Station) -> None:
    """The first row holds, in the same chunk or in another; the others are named."""
    supplier = await station.a_supplier()
    header, *rows = price_rows(CHUNK)
    number, vendor, name, _, *rest = rows[0]
    again = (f" {number.lower()} ", vendor.upper(), name, "1,00", *rest)
    other_vendor = (number, f"{vendor} Plus", name, "2,00", *rest)
    job = await bring(
        station, [header, rows[0], again, *rows[1:], again, other_vendor], supplier_id=supplier.id
    )
    ready = await when(station, job.id, "ready")
    assert (ready.rows_good, ready.rows_bad) == (CHUNK + 1, 2)
    wrong = (await station.ask(ListStockImportProblems(import_id=job.id))).items
    assert [(each.row, each.field, each.code) for each in wrong] == [
        (3, "number", "import_offer_repeated"),
        (CHUNK + 3, "number", "import_offer_repeated"),
    ]
    await apply(station, job.id)
    found = await station.ask(FindOffers(supplier_id=supplier.id, q=number))
    assert {offer.vendor for offer in found.items} == {vendor, f"{vendor} Plus"}
    assert min(offer.price for offer in found.items if offer.price) == 2


async def test_a_cancelled_import_leaves_nothing_behind(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "SWEEP_S", 0.0)
    supplier = await station.a_supplier()
    job = await bring(station, price_rows(300), supplier_id=supplier.id)
    await when(station, job.id, "ready")
    cancelled = await station.send(CancelStockImport(import_id=job.id))
    assert cancelled.state == "cancelled"
    with pytest.raises(Refused, match="import_state"):
        await station.send(ApplyStockImport(import_id=job.id))

    async def swept() -> bool:
        left = [await rows_left(station, table) for table in ("offers", "import_chunks")]
        return left == [0, 0]

    await eventually(swept)


async def test_other_columns_check_every_row_anew_and_keep_nothing_twice(
    station: Station,
) -> None:
    supplier = await station.a_supplier()
    rows = [("Артикул", "Цена", "Опт"), *((f"A-{n}", "дорого", "5") for n in range(300))]
    job = await bring(station, rows, supplier_id=supplier.id)
    assert (await when(station, job.id, "ready")).rows_bad == 300
    for column, good in (("Опт", 300), ("Цена", 0), (3, 300)):
        command = ChangeStockImport(import_id=job.id, columns={"price": column})
        assert (await station.send(command)).state == "checking"
        ready = await when(station, job.id, "ready")
        assert (ready.rows_good, ready.rows_bad) == (good, 300 - good)
        assert await rows_left(station, "offers") == good
        assert await rows_left(station, "import_problems") == 300 - good


async def test_an_abandoned_upload_fails_and_may_be_brought_again(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "SWEEP_S", 0.0)
    supplier = await station.a_supplier()
    job = await bring(station, price_rows(300), supplier_id=supplier.id, end=False)
    async with station.running["inventory"].engine.begin() as connection:
        await connection.execute(
            update(imports).values(updated_at=datetime.now(UTC) - timedelta(minutes=11))
        )
    failed = await when(station, job.id, "failed")
    assert failed.failure == "import_abandoned"
    again = await bring(station, price_rows(300), supplier_id=supplier.id)
    assert again.id != job.id
    assert (await when(station, again.id, "ready")).rows_good == 300


async def test_a_replaced_list_is_swept(station: Station, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(worker, "SWEEP_S", 0.0)
    supplier = await station.a_supplier()
    for start in (0, 50):
        job = await bring(station, price_rows(50, start=start), supplier_id=supplier.id)
        await when(station, job.id, "ready")
        await apply(station, job.id)

    async def swept() -> bool:
        return await rows_left(station, "offers") == 50

    await eventually(swept)
    assert await offered(station, supplier.id) == numbers(50, 50)


async def test_a_list_holds_from_its_day_on(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Until then the last one does, whose file may be brought again when it has been replaced."""
    supplier = await station.a_supplier()
    today, tomorrow, later = DAYS
    monkeypatch.setattr(Work, "today", today)
    await _taken(station, supplier.id, 0)
    await _taken(station, supplier.id, 50, tomorrow)
    await _taken(station, supplier.id, 100, tomorrow)  # instead of the other of that day
    await _taken(station, supplier.id, 150, later)
    assert await offered(station, supplier.id) == numbers(5)
    with pytest.raises(Refused, match="import_not_uploading"):  # it is the one that holds
        await _taken(station, supplier.id, 0)

    monkeypatch.setattr(Work, "today", tomorrow)
    assert await offered(station, supplier.id) == numbers(5, 100)
    await _taken(station, supplier.id, 0)
    assert await offered(station, supplier.id) == numbers(5)

    monkeypatch.setattr(Work, "today", later)
    assert await offered(station, supplier.id) == numbers(5, 150)


async def test_a_list_that_waits_for_its_day_can_be_taken_back(
    station: Station, monkeypatch: pytest.MonkeyPatch
) -> None:
    supplier = await station.a_supplier()
    today, tomorrow, later = DAYS
    monkeypatch.setattr(Work, "today", today)
    holds = await _taken(station, supplier.id, 0)
    mistaken = await _taken(station, supplier.id, 50, tomorrow)
    dropped = await station.send(CancelStockImport(import_id=mistaken))
    assert (dropped.state, dropped.live) == ("cancelled", False)
    assert await station.send(CancelStockImport(import_id=mistaken)) == dropped
    moved = await _taken(station, supplier.id, 50, later)  # the same file, and another import
    instead = await _taken(station, supplier.id, 100, later)

    async def cannot_be_dropped(import_id: UUID) -> None:
        with pytest.raises(Refused, match="import_state"):
            await station.send(CancelStockImport(import_id=import_id))

    await cannot_be_dropped(holds)
    await cannot_be_dropped(moved)  # another has taken its place
    monkeypatch.setattr(Work, "today", tomorrow)
    assert await offered(station, supplier.id) == numbers(5)
    monkeypatch.setattr(Work, "today", later)
    await cannot_be_dropped(instead)
    assert await offered(station, supplier.id) == numbers(5, 100)
    told = [each.state for each in await published(station.running["inventory"], StockImportMoved)
            if each.import_id == mistaken]  # fmt: skip
    assert told[-2:] == ["applied", "cancelled"]


async def _taken(
    station: Station, supplier_id: UUID, start: int, valid_from: date | None = None
) -> UUID:
    """Five rows from ``start`` on."""
    job = await bring(
        station, price_rows(5, start=start), supplier_id=supplier_id, valid_from=valid_from
    )
    await when(station, job.id, "ready")
    await apply(station, job.id)
    return job.id


async def test_a_day_is_the_stations_own(station: Station) -> None:
    late = datetime(2026, 11, 30, 21, 30, tzinfo=UTC)
    running = station.running["inventory"]
    envelope = opening("/station-1/gateway", ApplyStockImport.subject, ADMIN)
    work = Work(envelope, late, running.settings, running.client)
    assert work.today == date(2026, 12, 1)
