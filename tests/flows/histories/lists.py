"""Lists of clients that are brought as files, and suppliers' price lists."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import Any, cast
from uuid import UUID

from services.clients.handlers import handlers as of_clients
from services.clients.handlers.importing import desk as clients_desk
from services.inventory.handlers import handlers as of_inventory
from services.inventory.handlers.imports import desk as inventory_desk
from shared.contracts.base import Command
from shared.contracts.client_imports import (
    AddClientImportRows,
    ApplyClientImport,
    BeginClientImport,
    CancelClientImport,
    ChangeClientImport,
    DecideClientRow,
    EndClientImportUpload,
    GetClientImport,
    ListClientImportRows,
    ListClientImports,
)
from shared.contracts.clients import FindClients
from shared.contracts.imports import Choice
from shared.contracts.price_lists import (
    AddStockImportRows,
    ApplyStockImport,
    BeginStockImport,
    CancelStockImport,
    CreateProductFromOffer,
    EndStockImportUpload,
    FindOffers,
    GetStockImport,
    ListStockImports,
)
from shared.imports import worker
from shared.imports.worker import ImportWorker
from shared.service import Running
from tests.flows.histories.segments import Segments
from tests.flows.histories.station import Station
from tests.support.histories import action

HEADER = ("Фамилия", "Имя", "Телефон", "VIN", "Марка", "Пробег")
VINS = ("XTA21099043576182", "XTA21099043576183", "")
CHOICES: tuple[Choice, ...] = ("update", "update", "skip", "create", "ask")
PRICES = ("Артикул", "Бренд", "Цена", "Остаток")
type Rows = tuple[tuple[str, ...], ...]


class Files(Station):
    """They are looked through and taken beside the lane."""

    def __init__(self, database: Callable[[str], str], seed: int) -> None:
        super().__init__(database, seed)
        self.workers = {
            "clients": ImportWorker(clients_desk, of_clients),
            "inventory": ImportWorker(inventory_desk, of_inventory),
        }

    async def open(self) -> None:
        self.business.tell_the_time(worker)
        await super().open()

    @action(8)
    async def files_are_looked_through(self) -> None:
        """While the service hears something, too."""
        service = self.one_of(sorted(self.workers))
        steps = self.random.randint(1, 3)
        hears = self.business.deliver_together(service, self.random)
        await asyncio.gather(hears, self._worked(service, steps))

    async def _worked(self, service: str, steps: int) -> bool:
        """Whether there may be more to do."""
        running = cast(Running, self.business.members[service])
        for _ in range(steps):
            if not await self.workers[service]._step(running):
                return False
            await self.business.sweep(service)
        return True

    async def all_worked(self) -> None:
        for service in self.workers:
            while await self._worked(service, 99):
                pass

    async def differences(self) -> list[str]:
        """No file fails for a reason of ours."""
        await self.all_worked()
        for service, each in self.workers.items():
            running = cast(Running, self.business.members[service])
            await each._sweep(running, self.business.clock.now(UTC))
        wrong = await super().differences()
        for asked in (ListClientImports(limit=200), ListStockImports(limit=200)):
            imports = (await self.business.ask(asked)).items
            wrong += [f"{each.kind} failed" for each in imports if each.failure]
        return wrong

    def digest(self, rows: Rows) -> str:
        """Of a file that is no other."""
        return sha256(f"{rows} {self.random.random()}".encode()).hexdigest()


class ClientLists(Files, Segments):
    """Among those of a file are some who are known, and some who stand there twice."""

    def __init__(self, database: Callable[[str], str], seed: int) -> None:
        super().__init__(database, seed)
        self.lists: list[UUID] = []
        self.brought: dict[UUID, Rows] = {}

    @action(3)
    async def a_list_of_clients_comes(self) -> None:
        rows = tuple(self._row() for _ in range(self.random.randint(1, 5)))
        rows += tuple(self.random.sample(rows, self.random.randint(0, len(rows))))
        begin = BeginClientImport(
            file_name="list.csv", digest=self.digest(rows), on_duplicate=self.one_of(CHOICES)
        )
        if job := await self.send(begin):
            whole = (HEADER, *rows)
            await self.send(AddClientImportRows(import_id=job.id, first_row=1, rows=whole))
            await self.send(EndClientImportUpload(import_id=job.id))
            self.lists.append(job.id)
            self.brought[job.id] = rows

    @action(5)
    async def it_is_decided_what_becomes_of_a_row(self) -> None:
        if not (job_id := self.recent(self.lists)):
            return
        if self.chance(0.2):
            rule = self.one_of(CHOICES)
            await self.send(ChangeClientImport(import_id=job_id, on_duplicate=rule))
        asked = ListClientImportRows(import_id=job_id)
        for row in (await self.business.ask(asked)).items:
            if row.action == "ask" or self.chance(0.3):
                whose = self.one_of((None, None, *self.clients, *self.former[-1:]))
                decide = DecideClientRow(
                    import_id=job_id,
                    row=row.row,
                    action=self.one_of(CHOICES[:-1]),
                    client_id=whose,
                )
                await self.send(decide)

    @action(4)
    async def a_list_of_clients_is_taken(self) -> None:
        if job_id := self.recent(self.lists):
            said: tuple[Command[Any], ...] = (
                ApplyClientImport(import_id=job_id),
                CancelClientImport(import_id=job_id),
            )
            await self.send(said[self.chance(0.15)])

    def _row(self) -> tuple[str, ...]:
        """Of somebody who is here, who was, or who is new; with a car, or that of another."""
        known = self.one_of((*self.clients, *self.former[-1:]))
        words = self.words.get(known, [])
        if not words or self.chance(0.5):
            number = str(self.random.randint(1_000_000, 9_999_999))
            words = [f"Хрюндель{number}", f"+7916{number}"]
        vin = self.one_of(VINS)
        car = (vin, "Lada", str(self.random.randint(1, 99_999))) if self.chance(0.6) else ("",) * 3
        return (words[0], "Иван", words[1], *car)

    async def differences(self) -> list[str]:
        """Whom nobody knew is found when a list was taken, unless left out or forgotten."""
        forgotten = super().unspoken()
        await self.all_worked()
        wrong = []
        for job_id in self.lists:
            if (await self.business.ask(GetClientImport(import_id=job_id))).state != "applied":
                continue
            asked = ListClientImportRows(import_id=job_id)
            for row in (await self.business.ask(asked)).items:
                if row.matches or row.client_id or row.action == "skip":
                    continue
                if set(row.phones) & forgotten:
                    continue
                known = (await self.business.ask(FindClients(q=row.phones[0], limit=200))).items
                if not any(row.phones[0] in card.phones for card in known):
                    wrong.append(f"nobody has come of {row}")
        for job_id in self.lists:
            await self.send(CancelClientImport(import_id=job_id))
        return wrong + await super().differences()

    def unspoken(self) -> set[str]:
        """Whom a list names may be here once more."""
        named = {word for rows in self.brought.values() for row in rows for word in row}
        return super().unspoken() - named


class PriceLists(Files):
    """Of each supplier the one holds that is dated last, of those whose day has come."""

    def __init__(self, database: Callable[[str], str], seed: int) -> None:
        super().__init__(database, seed)
        self.price_lists: list[UUID] = []
        self.priced: dict[UUID, list[Decimal]] = {}

    @action(2)
    async def a_price_list_comes(self) -> None:
        prices = [self.money() for _ in range(self.random.randint(1, 3))]
        rows = tuple((f"W 91{at}/2", "MANN", f"{each}", "5") for at, each in enumerate(prices))
        today = self.business.clock.now(self.zone).date()
        dated = today + timedelta(days=self.one_of((-1, 0, 1, 3)))
        begin = BeginStockImport(
            kind="price_list",
            supplier_id=self.one_of((self.supplier, self.carrier)),
            valid_from=self.one_of((None, dated)),
            file_name="price.csv",
            digest=self.digest(rows),
        )
        if job := await self.send(begin):
            whole = (PRICES, *rows)
            await self.send(AddStockImportRows(import_id=job.id, first_row=1, rows=whole))
            await self.send(EndStockImportUpload(import_id=job.id))
            self.price_lists.append(job.id)
            self.priced[job.id] = prices

    @action(4)
    async def a_price_list_is_taken(self) -> None:
        if job_id := self.recent(self.price_lists):
            said: tuple[Command[Any], ...] = (
                ApplyStockImport(import_id=job_id),
                CancelStockImport(import_id=job_id),
            )
            await self.send(said[self.chance(0.2)])

    @action(1)
    async def an_offer_becomes_a_product(self) -> None:
        if len(self.products) < 4 and (
            offers := (await self.business.ask(FindOffers(q="W 91"))).items
        ):
            price = self.money()
            made = await self.send(
                CreateProductFromOffer(offer_id=self.one_of(offers).id, price=price)
            )
            if made:
                self.products.append(made.id)

    async def differences(self) -> list[str]:
        """A list that holds is offered whole, and no other is."""
        wrong = await super().differences()
        offers = (await self.business.ask(FindOffers(q="W 91", limit=200))).items
        for supplier_id in (self.supplier, self.carrier):
            told = sorted(each.price for each in offers if each.supplier_id == supplier_id)
            jobs = [
                job
                for job_id in self.price_lists
                if (job := await self.business.ask(GetStockImport(import_id=job_id))).live
                and (job.state, job.supplier_id) == ("applied", supplier_id)
            ]
            if told not in ([], *(sorted(self.priced[job.id]) for job in jobs)):
                wrong.append(f"{told} is none of {jobs}")
            today = self.business.clock.now(self.zone).date()
            if not told and any((job.valid_from or today) <= today for job in jobs):
                wrong.append(f"nothing is offered of {jobs}")
        return wrong
