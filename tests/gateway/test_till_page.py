"""The till's page of a client: what its buttons say is what they do."""

from __future__ import annotations

import re
from uuid import UUID

from shared.contracts.clients import GetClient
from shared.contracts.finance import GetBalance
from shared.contracts.payment_documents import PayFromBalance
from shared.contracts.till import ListCashBoxes
from shared.contracts.till_summary import GetTillSummary
from shared.ids import new_id
from tests.gateway.support import FakeServices, TestGateway
from tests.orders.builders import NOW

FORM = re.compile(r'<form method="post" action="/till/from-balance">(.*?)</form>', re.DOTALL)
FIELD = re.compile(r'<input type="hidden" name="([^"]+)" value="([^"]*)">')


async def test_from_the_balance_goes_what_the_button_says(
    gateway: TestGateway, services: FakeServices
) -> None:
    client, order = new_id(), new_id()
    await services.start("clients", "finance")
    card = {"id": client, "name": "Сидорова", "last_name": "Сидорова", "revision": 1}
    services.replies |= {
        GetClient.subject: {**card, "created_at": NOW, "updated_at": NOW, "vehicles": []},
        ListCashBoxes.subject: {"items": [], "next": None},
        GetBalance.subject: {
            "client_id": client, "owes": "400", "debt": "1000", "deposit": "700", "free": "600.50"
        },
        GetTillSummary.subject: _to_pay(client, order),
        PayFromBalance.subject: {"order_id": order, "amount": "600.50", "payments": []},
    }  # fmt: skip
    cashier = await gateway.signed_in("cashier")
    page = await cashier.get("/till/pay", params={"client": str(client)})
    (form,) = FORM.findall(page.text)
    assert "pay 600.50" in form

    pressed = await cashier.post("/till/from-balance", data=dict(FIELD.findall(form)))

    assert pressed.status_code == 303, pressed.text
    (sent,) = [one for one in services.sent if one.subject == PayFromBalance.subject]
    assert sent.message == {"client_id": str(client), "order_id": str(order), "amount": "600.50"}


def _to_pay(client: UUID, order: UUID) -> dict[str, object]:
    due = {"order_id": order, "number": "A-000001", "client_id": client, "completed_at": NOW}
    return {
        "shift_required": False, "shifts": [], "orders_to_pay_count": 1, "due": "1000",
        "receipts": [], "documents": [], "documents_count": 0,
        "orders_to_pay": [{**due, "total": "1000", "paid": "0", "due": "1000"}],
    }  # fmt: skip
