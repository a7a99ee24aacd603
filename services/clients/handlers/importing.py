"""Client lists on their way in; ``shared.imports`` says how."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from services.clients.domain.cards import Client, changed_client, client_view, new_client
from services.clients.domain.importing import FIELDS, Known, filled, known_from, same_car
from services.clients.domain.vehicles import (
    Vehicle,
    changed_vehicle,
    new_facts,
    new_vehicle,
    vehicle_view,
)
from services.clients.handlers.table import handlers
from services.clients.store import ClientsStore, importing
from shared.contracts.base import Done, Page
from shared.contracts.client_imports import (
    AddClientImportRows,
    ApplyClientImport,
    BeginClientImport,
    CancelClientImport,
    ChangeClientImport,
    ClientImportMoved,
    ClientRowView,
    DecideClientRow,
    EndClientImportUpload,
    GetClientImport,
    ListClientImportProblems,
    ListClientImportRows,
    ListClientImports,
)
from shared.contracts.clients import (
    AddVehicle,
    ChangeClient,
    ChangeVehicle,
    ClientChanged,
    ClientCreated,
    CreateClient,
    VehicleAdded,
    VehicleChanged,
)
from shared.contracts.imports import ImportView, RowProblem
from shared.handlers import Work
from shared.imports.desk import Desk
from shared.imports.rows import Checked, FileRow
from shared.imports.taking import Import, Taking, in_turns
from shared.messaging.errand import put_down
from shared.refusals import Refused

BATCH = 500
"""Cards that are in memory at once while a list is taken."""


class ClientLists(Taking[ClientsStore]):
    """Good rows wait with whom they fit. All are taken in one transaction, past the lane: new
    cards first, which nobody can wait for; then those that are filled in, locked together and
    last, so that the counter waits for these only, and not for long."""

    kind = "clients"
    fields = FIELDS

    async def check(
        self, store: ClientsStore, job: Import, rows: Sequence[FileRow], work: Work
    ) -> Checked:
        checked, good = Checked(), dict[int, Known]()
        nobody = work.new_id()
        async for row in in_turns(rows):
            known = known_from(row, nobody, work.now)
            if isinstance(known, Known):
                good[row.number] = known
            else:
                checked.problems += known
        await importing.add(store.connection, job, good)
        checked.good = len(good)
        return checked

    async def forget(self, store: ClientsStore, import_id: UUID) -> None:
        await importing.forget(store.connection, import_id)

    async def sweep(self, store: ClientsStore, work: Work) -> None:
        await importing.sweep(store.connection, work.now)

    async def refuse_to_apply(self, store: ClientsStore, job: Import) -> None:
        found = await self.actions(store, job)
        if undecided := found.get("ask"):
            raise Refused("import_undecided", rows=undecided)

    async def actions(self, store: ClientsStore, job: Import) -> dict[str, int]:
        return await importing.actions(store.connection, job.id, job.on_duplicate)

    async def apply(self, store: ClientsStore, job: Import, work: Work) -> None:
        taken = _Taken(job, work)
        await taken.create(store)
        await taken.update(store)


class _Taken:
    """The taking of one list: whose card each row has come to, in batches."""

    def __init__(self, job: Import, work: Work) -> None:
        self._job = job
        self._work = work
        self._card_of: dict[int, UUID] = {}
        self._meant: dict[UUID, Client] = {}
        """Whose cards the rows of this batch fitted when they were checked, and what has become of
        those since."""
        self._cars: dict[UUID, list[Vehicle]] = {}
        """Of the clients of this batch."""

    async def create(self, store: ClientsStore) -> None:
        async for batch, rows in self._batches(store, "create"):
            known = await importing.vins_known(
                batch.connection, [row.vehicle["vin"] for row in rows if _vin(row)]
            )
            async for row in in_turns(rows):
                self._create(row, batch, known)
            self._cars.clear()
            await put_down(batch, self._work)

    async def update(self, store: ClientsStore) -> None:
        await importing.lock_clients_to_update(store.connection, self._job)
        async for batch, rows in self._batches(store, "update"):
            await self._look_up(rows, batch)
            async for row in in_turns(rows):
                await self._update(row, batch)
            await put_down(batch, self._work)

    async def _look_up(self, rows: Sequence[Any], store: ClientsStore) -> None:
        """Cards, cars and whoever has the VINs, in as many statements as for one row."""
        fitted = {each for row in rows if (each := _card_fitted(row))}
        self._meant = await store.cards_meant(fitted)
        cards = {each for row in rows if (each := self._card_to_update(row))}
        nobody = self._work.new_id()
        cars = [AddVehicle(client_id=nobody, vin=vin) for row in rows if (vin := _vin(row))]
        await store.prefetch([*(ChangeClient(client_id=each) for each in sorted(cards)), *cars])
        self._cars = await store.vehicles_of(sorted(cards))

    async def _batches(self, store: ClientsStore, action: Any) -> Any:
        """Each with a store of its own, so that memory does not grow with the list."""
        after = 0
        while rows := await importing.rows_to(store.connection, self._job, action, after, BATCH):
            yield ClientsStore(store.connection), rows
            after = rows[-1].row

    def _create(self, row: Any, store: ClientsStore, known_vins: set[str]) -> UUID:
        """The new card."""
        work = self._work
        command = CreateClient.model_validate(_said(row.client))
        client = new_client(command, work.new_id(), work.now, work.actor.login)
        store.save_client(client)
        work.publish(ClientCreated(client=client_view(client)))
        self._card_of[row.row] = client.id
        # A car has one identity: one that is known stays with the owner it has.
        if row.vehicle and not (_vin(row) and _vin(row) in known_vins):
            self._add_car(row, client.id, store)
            if vin := _vin(row):
                known_vins.add(vin)
        return client.id

    def _add_car(self, row: Any, client_id: UUID, store: ClientsStore) -> None:
        work = self._work
        command = AddVehicle.model_validate({**_said(row.vehicle), "client_id": client_id})
        vehicle = new_vehicle(command, work.new_id(), work.now)
        store.save_vehicle(vehicle, new_facts(None, vehicle, work.now))
        self._cars.setdefault(client_id, []).append(vehicle)
        work.publish(VehicleAdded(vehicle=vehicle_view(vehicle)))

    async def _update(self, row: Any, store: ClientsStore) -> None:
        work = self._work
        client_id = self._card_to_update(row)
        if client_id is None:  # the row that it repeats was skipped, or whom it fitted is erased
            known = await importing.vins_known(store.connection, filter(None, [_vin(row)]))
            self._card_of[row.same_as] = self._create(row, store, known)
            return
        self._card_of[row.row] = client_id
        before = await store.client(client_id)
        if news := filled(before, {**row.client, "kind": None}):
            command = ChangeClient.model_validate({"client_id": client_id, **_said(news)})
            client, changes = changed_client(before, command, work.now, work.actor.login)
            if changes:
                store.save_client(client)
                work.publish(ClientChanged(client=client_view(client), changes=changes))
        if row.vehicle:
            await self._update_car(row, client_id, store)

    def _card_to_update(self, row: Any) -> UUID | None:
        fitted = _card_fitted(row)
        if fitted and (meant := self._meant.get(fitted)):
            return meant.id
        return self._card_of.get(row.same_as)

    async def _update_car(self, row: Any, client_id: UUID, store: ClientsStore) -> None:
        work = self._work
        holder = await store.holder_of(_vin(row))
        if holder and holder.client_id != client_id:
            return  # it stays with the owner it has
        car = holder or same_car(self._cars.get(client_id, []), row.vehicle)
        if car is None:
            self._add_car(row, client_id, store)
            return
        before = await store.vehicle(car.id)
        if news := filled(before, row.vehicle):
            command = ChangeVehicle.model_validate({"vehicle_id": car.id, **news})
            vehicle, changes = changed_vehicle(before, command, work.now)
            if changes:
                store.save_vehicle(vehicle, new_facts(before, vehicle, work.now))
                work.publish(VehicleChanged(vehicle=vehicle_view(vehicle), changes=changes))


def _card_fitted(row: Any) -> UUID | None:
    """Chosen by a person, or found when the row was checked."""
    if row.client_id:
        chosen: UUID = row.client_id
        return chosen
    return UUID(row.matches[0]["client_id"]) if row.matches else None


def _vin(row: Any) -> str | None:
    vin: str | None = row.vehicle and row.vehicle.get("vin")
    return vin


def _said(fields: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


desk = Desk({"clients": ClientLists()}, ClientImportMoved)


@handlers.command(BeginClientImport)
async def begin(command: BeginClientImport, store: ClientsStore, work: Work) -> ImportView:
    return await desk.take_in(
        command, store, work, kind="clients", on_duplicate=command.on_duplicate
    )


@handlers.command(AddClientImportRows)
async def add_rows(command: AddClientImportRows, store: ClientsStore, work: Work) -> Done:
    return await desk.add_rows(command, store, work)


@handlers.command(EndClientImportUpload)
async def end_upload(command: EndClientImportUpload, store: ClientsStore, work: Work) -> ImportView:
    return await desk.end_upload(command, store, work)


@handlers.command(ChangeClientImport)
async def change(command: ChangeClientImport, store: ClientsStore, work: Work) -> ImportView:
    return await desk.change(
        command.import_id,
        command.expected_revision,
        store,
        work,
        columns=command.columns,
        on_duplicate=command.on_duplicate,
    )


@handlers.command(DecideClientRow)
async def decide_row(command: DecideClientRow, store: ClientsStore, work: Work) -> ImportView:
    job = await desk.in_state(command.import_id, store, "ready")
    if command.client_id:
        await store.look_at_client(command.client_id)
    await importing.decide(store.connection, job.id, command.row, command.action, command.client_id)
    return await desk.shown(job, store)


@handlers.command(ApplyClientImport)
async def apply(command: ApplyClientImport, store: ClientsStore, work: Work) -> ImportView:
    return await desk.apply(command, store, work)


@handlers.command(CancelClientImport)
async def cancel(command: CancelClientImport, store: ClientsStore, work: Work) -> ImportView:
    return await desk.cancel(command, store, work)


@handlers.question(GetClientImport)
async def get(question: GetClientImport, store: ClientsStore, work: Work) -> ImportView:
    return await desk.get(question, store)


@handlers.question(ListClientImports)
async def list_imports(
    question: ListClientImports, store: ClientsStore, work: Work
) -> Page[ImportView]:
    return await desk.listed({}, question.limit, question.cursor, store)


@handlers.question(ListClientImportRows)
async def list_rows(
    question: ListClientImportRows, store: ClientsStore, work: Work
) -> Page[ClientRowView]:
    job = await desk.found(question.import_id, store)
    return await importing.listed(store.connection, question, job.on_duplicate)


@handlers.question(ListClientImportProblems)
async def list_problems(
    question: ListClientImportProblems, store: ClientsStore, work: Work
) -> Page[RowProblem]:
    return await desk.list_problems(question, store)
