"""When clients must pay, and what of their debt is late."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest

from shared.contracts.client_contracts import ContractSaved, ContractView
from shared.contracts.finance import GetBalance, TakePayment
from shared.database import engine_for
from shared.ids import new_id
from shared.settings import ServiceSettings
from tests.finance.at_work import answer, in_one_transaction, job
from tests.finance.builders import (
    NOON,
    client_created,
    money,
    order_completed,
    parts_issued,
    work,
)


def contract_saved(client_id: UUID, **fields: Any) -> ContractSaved:
    return ContractSaved(
        contract=ContractView(
            **{
                "id": new_id(),
                "client_id": client_id,
                "number": "1",
                "signed_on": date(2024, 1, 1),
                "revision": 1,
                "created_at": NOON,
                "updated_at": NOON,
                **fields,
            }
        )
    )


TEN_DAYS = {"payment_days": 10}


@pytest.mark.parametrize(
    ("contracts", "days_later", "overdue"),
    [
        ([], 0, 0),
        ([], 1, 70),
        ([TEN_DAYS], 10, 0),
        ([TEN_DAYS], 11, 70),
        ([TEN_DAYS, {"payment_days": 3}], 10, 0),
        ([{**TEN_DAYS, "valid_to": date(2024, 3, 3)}], 1, 70),
        ([{**TEN_DAYS, "valid_to": date(2024, 3, 4)}], 1, 0),
        ([{**TEN_DAYS, "valid_from": date(2024, 3, 5)}], 1, 70),
    ],
)
async def test_an_order_is_late_after_the_days_of_the_contract_that_was_valid_then(
    database: Callable[[str], str], contracts: list[dict[str, Any]], days_later: int, overdue: int
) -> None:
    url = database("finance")
    engine = engine_for(url)
    settings = ServiceSettings(service="finance", database_url=url, nats_url="nats://nowhere")
    client, order = new_id(), new_id()
    await in_one_transaction(
        engine,
        settings,
        job(client_created(client)),
        *(job(contract_saved(client, **fields)) for fields in contracts),
        job(order_completed(order, client, services=(work("100"),), completed_at=NOON)),
        job(parts_issued(order)),
        job(TakePayment(customer_id=client, amount=money(30), method="cash")),
    )
    balance = await answer(
        engine,
        settings,
        GetBalance(client_id=client),
        now=NOON + timedelta(days=days_later),
    )
    assert (balance.owes, balance.overdue) == (money(70), money(overdue))
    await engine.dispose()


async def test_an_older_word_on_a_contract_changes_nothing(
    database: Callable[[str], str],
) -> None:
    url = database("finance")
    engine = engine_for(url)
    settings = ServiceSettings(service="finance", database_url=url, nats_url="nats://nowhere")
    client, order, contract_id = new_id(), new_id(), new_id()
    newer = contract_saved(client, id=contract_id, payment_days=10, revision=2)
    older = contract_saved(client, id=contract_id, payment_days=0)
    await in_one_transaction(
        engine,
        settings,
        job(client_created(client)),
        job(order_completed(order, client, services=(work("100"),), completed_at=NOON)),
        job(parts_issued(order)),
        job(newer),
        job(older),
    )
    asked = GetBalance(client_id=client)
    balance = await answer(engine, settings, asked, now=NOON + timedelta(days=5))
    assert balance.overdue == 0
    await engine.dispose()
