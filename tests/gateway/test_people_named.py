"""Lists of documents say who made them by name, never by login."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from shared.contracts.stock_documents import ListTransfers, TransferView
from shared.ids import new_id
from tests.gateway.support import FakeServices, TestGateway


async def test_who_sent_goods_is_called_by_name(
    gateway: TestGateway, services: FakeServices
) -> None:
    await services.start("inventory", "orders")
    await gateway.a_user("anna.l", name="Анна Лебедева", role="storekeeper")
    keeper = await gateway.signed_in("storekeeper", "anna.l")
    nothing: dict[str, Any] = {"items": [], "next": None}
    sent = TransferView(
        id=new_id(),
        number="T-1",
        at=datetime.now(UTC),
        from_warehouse_id=new_id(),
        to_warehouse_id=new_id(),
        state="in_transit",
        comment=None,
        lines=(),
        actor="anna.l",
        revision=1,
    )
    services.replies["ask.inventory.warehouses.v1"] = nothing
    services.replies[ListTransfers.subject] = {**nothing, "items": [sent.model_dump(mode="json")]}
    page = await keeper.get("/stock/transfers")
    assert page.status_code == 200
    row = page.text.split("<tbody>")[1]
    assert "Анна Лебедева" in row
    assert "anna.l" not in row
