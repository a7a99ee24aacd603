"""The page of income and expenses: what a record says that nobody has typed."""

from __future__ import annotations

import re
from typing import Any

from shared.contracts.finance import ListRecords
from shared.ids import new_id
from tests.gateway.support import FakeServices, TestGateway
from tests.orders.builders import NOW


def a_record(**fields: Any) -> dict[str, Any]:
    return {
        "id": new_id(), "type": "income", "amount": "100.00", "client_id": None, "order_id": None,
        "category": "orders", "at": NOW, "comment": None, "actor": "owner", **fields,
    }  # fmt: skip


async def test_what_was_undone_and_lost_is_told_in_words(
    gateway: TestGateway, services: FakeServices
) -> None:
    await services.start("finance")
    receipt = new_id()
    services.replies[ListRecords.subject] = {
        "items": [
            a_record(amount="-100.00", reverses=new_id(), reversed_at=NOW),
            a_record(amount="-70.00", comment="Другая деталь", reverses=new_id(), reversed_at=NOW),
            a_record(type="expense", category="purchases", comment="A-000004", document_id=receipt),
        ],
        "next": None,
    }
    owner = await gateway.signed_in("owner")

    page = (await owner.get("/money/records")).text

    told = re.findall(
        r"<td>Order reopened: the settlement of 2 Mar, ..:00 is taken back(.*)</td>", page
    )
    assert told == ["", " (Другая деталь)"]
    assert "<td>Price differences of purchases</td>" in page
    assert f'href="/stock/receipts/{receipt}">A-000004</a>' in page
