"""What was agreed on with a client: terms of payment, credit, discount."""

from __future__ import annotations

from services.clients.domain.contracts import changed_contract, new_contract
from services.clients.handlers.table import handlers
from services.clients.store import ClientsStore
from shared.contracts.base import Page
from shared.contracts.client_contracts import (
    ChangeContract,
    ContractSaved,
    ContractView,
    CreateContract,
    ListContracts,
)
from shared.handlers import Work


@handlers.command(CreateContract)
async def create_contract(command: CreateContract, store: ClientsStore, work: Work) -> ContractView:
    await store.client(command.client_id)
    contract = new_contract(command, work.new_id(), work.now)
    await store.contracts.save(contract)
    work.publish(ContractSaved(contract=contract))
    return contract


@handlers.command(ChangeContract)
async def change_contract(command: ChangeContract, store: ClientsStore, work: Work) -> ContractView:
    before = await store.contracts.one(command.contract_id)
    contract, changes = changed_contract(before, command, work.now)
    if changes:
        await store.contracts.save(contract)
        work.publish(ContractSaved(contract=contract, changes=changes))
    return contract


@handlers.question(ListContracts)
async def list_contracts(
    question: ListContracts, store: ClientsStore, work: Work
) -> Page[ContractView]:
    client = await store.look_at_client(question.client_id)
    return await store.contracts.page(client.id, question.limit, question.cursor)
