"""Companies: requisites that check digits agree with, and contracts."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from services.clients.domain.requisites import checked
from shared.contracts.client_contracts import (
    ChangeContract,
    ContractSaved,
    CreateContract,
    ListContracts,
)
from shared.contracts.client_merge import MergeClients
from shared.contracts.clients import ChangeClient, GetClient
from shared.contracts.requisites import Requisites
from shared.ids import new_id
from shared.messaging.envelope import Actor
from shared.refusals import Refused
from tests.clients.test_handlers import published
from tests.support.day import Station

SBERBANK = Requisites(
    tax_number="7707083893",
    tax_reason_code="773601001",
    registration_number="1027700132195",
    legal_address="Москва, ул. Вавилова, 19",
    bank_name="ПАО Сбербанк",
    bank_code="044525225",
    bank_account="40702810938000060478",
    correspondent_account="30101810400000000225",
)


def test_requisites_whose_digits_fit_stay_as_they_are() -> None:
    assert checked(SBERBANK) == SBERBANK
    entrepreneur = Requisites(tax_number="500100732259", registration_number="304500116000157")
    assert checked(entrepreneur) == entrepreneur


def test_requisites_without_anything_are_none() -> None:
    assert checked(Requisites(tax_number="", bank_name=None)) is None


@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("tax_number", "7707083894", "tax_number_invalid"),
        ("tax_number", "77070838", "tax_number_invalid"),
        ("tax_reason_code", "77360100", "tax_reason_code_invalid"),
        ("registration_number", "1027700132196", "registration_number_invalid"),
        ("registration_number", "304500116000158", "registration_number_invalid"),
        ("registration_number", "10277001321９5", "registration_number_invalid"),
        ("bank_code", "14452522", "bank_code_invalid"),
        ("bank_account", "40702810938000060479", "bank_account_invalid"),
        ("bank_account", "4070281093800006047", "bank_account_invalid"),
        ("correspondent_account", "30101810400000000226", "bank_account_invalid"),
        ("bank_code", None, "bank_code_missing"),
    ],
)
def test_requisites_that_cannot_be_are_refused(field: str, value: Any, code: str) -> None:
    with pytest.raises(Refused, match=code):
        checked(SBERBANK.model_copy(update={field: value}))


async def test_requisites_are_kept_told_and_cleared(station: Station) -> None:
    company = await station.a_client(
        kind="company", company_name="ПАО Сбербанк", requisites=SBERBANK
    )
    assert (await station.ask(GetClient(client_id=company.id))).requisites == SBERBANK
    cleared = await station.send(ChangeClient(client_id=company.id, requisites=None))
    assert (cleared.requisites, cleared.revision) == (None, 2)
    with pytest.raises(Refused, match="bank_code_missing"):
        await station.send(
            ChangeClient(client_id=company.id, requisites=Requisites(bank_account="1"))
        )


async def test_a_contract_is_written_edited_and_listed(station: Station) -> None:
    client = await station.a_client()
    first = await station.send(
        CreateContract(client_id=client.id, number="1", signed_on=date(2026, 1, 1))
    )
    second = await station.send(
        CreateContract(
            client_id=client.id,
            number="2",
            signed_on=date(2026, 2, 1),
            payment_days=14,
            credit_limit=Decimal(50000),
        )
    )
    edited = await station.send(
        ChangeContract(contract_id=second.id, credit_limit=None, valid_to=date(2026, 12, 31))
    )
    assert (edited.credit_limit, edited.valid_to, edited.revision) == (None, date(2026, 12, 31), 2)
    unchanged = await station.send(ChangeContract(contract_id=second.id, number="2"))
    assert unchanged == edited

    page = await station.ask(ListContracts(client_id=client.id, limit=1))
    rest = await station.ask(ListContracts(client_id=client.id, limit=1, cursor=page.next))
    assert [*page.items, *rest.items] == [edited, first]
    assert rest.next is None
    told = await published(station, ContractSaved)
    assert [event.contract for event in told] == [first, second, edited]
    assert [change.field for change in told[-1].changes] == ["valid_to", "credit_limit"]


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"valid_from": date(2026, 2, 1), "valid_to": date(2026, 1, 31)}, "period_invalid"),
        ({"number": None}, "field_required"),
        ({"expected_revision": 7, "number": "3"}, "revision_conflict"),
    ],
)
async def test_a_contract_that_cannot_be_is_refused(
    station: Station, fields: dict[str, Any], code: str
) -> None:
    client = await station.a_client()
    contract = await station.send(
        CreateContract(client_id=client.id, number="1", signed_on=date(2026, 1, 1))
    )
    with pytest.raises(Refused, match=code):
        await station.send(ChangeContract(contract_id=contract.id, **fields))
    with pytest.raises(Refused, match="contract_not_found"):
        await station.send(ChangeContract(contract_id=new_id(), number="1"))
    with pytest.raises(Refused, match="forbidden"):
        await station.send(
            ChangeContract(contract_id=contract.id, credit_limit=Decimal(10**6)),
            actor=Actor("anna", "advisor", new_id()),
        )


async def test_contracts_of_a_merged_card_are_the_survivors(station: Station) -> None:
    client, other = await station.a_client(), await station.a_client()
    contract = await station.send(
        CreateContract(client_id=other.id, number="1", signed_on=date(2026, 1, 1))
    )
    await station.send(MergeClients(client_id=client.id, other_id=other.id))
    (kept,) = (await station.ask(ListContracts(client_id=other.id))).items
    assert (kept.id, kept.client_id, kept.revision) == (contract.id, client.id, 2)
