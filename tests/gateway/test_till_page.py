"""The till's page of a client: what its buttons say is what they do."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from shared.contracts.clients import GetCards, GetClient
from shared.contracts.finance import GetBalance, GetPayment
from shared.contracts.fiscal import (
    CorrectPayment,
    ListFiscalReceipts,
    LookUpFiscalReceipt,
    RetryFiscalReceipt,
)
from shared.contracts.payment_documents import PayFromBalance
from shared.contracts.till import GetShift, GetZReport, ListCashBoxes
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


LOOK_UP = re.compile(r'<form [^>]*action="(/till/payments/[^"]+/receipts/[^"]+)"(.*?)</form>', re.S)


async def test_of_a_receipt_that_is_perhaps_printed_people_say_what_the_register_shows(
    gateway: TestGateway, services: FakeServices
) -> None:
    await services.start("clients", "finance")
    taken, told = _taken_and_told(correctable=False)
    told |= {"state": "undetermined", "perhaps_printed": True}
    services.replies |= _shown(taken, told)
    services.replies[LookUpFiscalReceipt.subject] = told
    cashier = await gateway.signed_in("cashier")
    page = (await cashier.get(f"/till/payments/{taken['id']}")).text
    assert "Perhaps printed: look at the register" in page
    assert "/retry" not in page
    (there, of_there), (gone, of_gone) = LOOK_UP.findall(page)

    await cashier.post(there, data={**dict(FIELD.findall(of_there)), "number": "17"})
    await cashier.post(gone, data=dict(FIELD.findall(of_gone)))

    sent = [one.message for one in services.sent if one.subject == LookUpFiscalReceipt.subject]
    about = {"receipt_id": str(told["id"])}
    assert sent == [{**about, "printed": True, "number": 17}, {**about, "printed": False}]


OF_SHIFT = re.compile(r'<form [^>]*action="(/till/shifts/[^"]+/receipts/[^"]+)"(.*?)</form>', re.S)


async def test_what_a_shift_left_with_the_register_is_seen_to_on_its_page(
    gateway: TestGateway, services: FakeServices
) -> None:
    await services.start("finance")
    shift = new_id()
    _, told = _taken_and_told(correctable=False)
    opening = {**told, "kind": "shift_open", "state": "undetermined", "document_id": shift}
    closing = {**told, "id": new_id(), "kind": "shift_close", "document_id": shift}
    sale = {**told, "id": new_id(), "document_id": new_id()}
    corrected = {**told, "id": new_id(), "document_id": new_id()}
    correction = {**corrected, "id": new_id(), "kind": "correction", "state": "sent"}
    all_of = [opening, closing, sale, corrected, correction]

    def receipts(asked: dict[str, Any]) -> dict[str, Any]:
        of_shift = asked.get("shift_id") is not None
        found = [
            each
            for each in all_of
            if (each["state"] == asked["state"] if of_shift
                else str(each["document_id"]) == asked["document_id"])
        ]  # fmt: skip
        return {"items": found, "next": None}

    services.replies |= {
        GetShift.subject: _a_shift(shift),
        GetZReport.subject: _a_report(shift),
        ListFiscalReceipts.subject: receipts,
        LookUpFiscalReceipt.subject: opening,
        RetryFiscalReceipt.subject: closing,
    }
    cashier = await gateway.signed_in("cashier")
    address = f"/till/shifts/{shift}"
    page = (await cashier.get(address)).text
    forms = OF_SHIFT.findall(page)
    own = f"{address}/receipts/{opening['id']}"
    assert [action for action, _ in forms] == [
        own,
        own,
        f"{address}/receipts/{closing['id']}/retry",
        f"{address}/receipts/{sale['id']}/retry",
    ], "what a correction has told is not printed again"
    assert "Pay" in re.findall(r'class="till-part-name">([^<]+)<', page)

    (there, of_there), (gone, of_gone), (again, of_again), _ = forms
    number = {"number": "17"}
    for action, data in (
        (there, {**dict(FIELD.findall(of_there)), **number}),
        (gone, dict(FIELD.findall(of_gone))),
        (again, dict(FIELD.findall(of_again))),
    ):
        pressed = await cashier.post(action, data=data)
        assert (pressed.status_code, pressed.headers["location"]) == (303, address)
    about = {"receipt_id": str(opening["id"])}
    sent = [one.message for one in services.sent if one.subject == LookUpFiscalReceipt.subject]
    assert sent == [{**about, "printed": True, "number": 17}, {**about, "printed": False}]
    (sent_again,) = [one for one in services.sent if one.subject == RetryFiscalReceipt.subject]
    assert sent_again.message == {"receipt_id": str(closing["id"])}


def _a_shift(shift: UUID) -> dict[str, Any]:
    return {
        "id": shift, "cash_box_id": new_id(), "number": 7, "opened_at": NOW, "opened_by": "owner",
        "opening": "0", "opening_difference": "0", "closed_at": NOW, "closed_by": "owner",
        "expected": "0", "counted": "0", "difference": "0",
    }  # fmt: skip


def _a_report(shift: UUID) -> dict[str, Any]:
    paid = {"method": "cash", "amount": "100.00", "documents": 1}
    return {
        "kind": "z", "shift_id": shift, "cash_box_id": new_id(), "cash_box": "Основная",
        "number": 7, "at": NOW, "opened_at": NOW, "opened_by": "owner", "closed_by": "owner",
        "receipts": [], "refunds": [], "expenses": [], "cash_in": "0", "cash_out": "0",
        "opening": "0", "opening_difference": "0", "movements": "0", "expected": "0",
        "counted": "0", "difference": "0", "banknotes": [], "documents": 1, "payroll": [paid],
    }  # fmt: skip


async def test_a_correction_is_offered_for_money_that_the_register_knows_nothing_of(
    gateway: TestGateway, services: FakeServices
) -> None:
    await services.start("clients", "finance")
    taken, told = _taken_and_told(correctable=True)
    payment = taken["id"]
    services.replies |= _shown(taken, told)
    services.replies[CorrectPayment.subject] = told | {"kind": "correction", "state": "queued"}
    address = f"/till/payments/{payment}"
    form = f'action="{address}/correction"'
    owner = await gateway.signed_in("owner")
    assert form in (await owner.get(address)).text

    said = {"reason": "Касса была без бумаги"}
    pressed = await owner.post(f"{address}/correction", data=said)
    assert (pressed.status_code, pressed.headers["location"]) == (303, address)
    (sent,) = [one for one in services.sent if one.subject == CorrectPayment.subject]
    assert sent.message == {"payment_id": str(payment), "reason": "Касса была без бумаги"}

    # It is a matter of the office, and finance knows whether there is something to tell.
    cashier = await gateway.signed_in("cashier")
    assert form not in (await cashier.get(address)).text
    services.replies[GetPayment.subject] = taken | {"correctable": False}
    assert form not in (await owner.get(address)).text


def _taken_and_told(*, correctable: bool) -> tuple[dict[str, Any], dict[str, Any]]:
    """A payment and its receipt, which has failed."""
    payment, receipt = new_id(), new_id()
    taken = {
        "id": payment, "at": NOW, "order_id": None, "customer_id": new_id(), "payer_id": new_id(),
        "amount": "100.00", "method": "card", "refunded": "0.00", "comment": None,
        "actor": "owner", "correctable": correctable,
    }  # fmt: skip
    told = {
        "id": receipt, "kind": "sale", "state": "failed", "document_id": payment, "shift_id": None,
        "cash_box_id": None, "cashier": "owner", "total": "100.00", "created_at": NOW,
        "number": None, "tenders": [], "lines": [], "reason": None, "attempts": 1, "next_at": None,
        "detail": None, "sent_at": None, "revision": 2,
    }  # fmt: skip
    return taken, told


def _shown(taken: dict[str, Any], told: dict[str, Any]) -> dict[str, Any]:
    """What the services answer the page of a payment."""
    return {
        GetPayment.subject: taken,
        GetCards.subject: {"clients": [], "vehicles": []},
        ListCashBoxes.subject: {"items": [], "next": None},
        ListFiscalReceipts.subject: {"items": [told], "next": None},
    }
