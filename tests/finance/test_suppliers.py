"""What receipts, returns and payments of suppliers write in the ledger; no server needed."""

from __future__ import annotations

from decimal import Decimal

import pytest

from services.finance.domain.decision import Decision
from services.finance.domain.ledger import Entry
from services.finance.domain.suppliers import (
    SupplierPayment,
    pay,
    receive_stock,
    refund,
    send_back,
)
from shared.contracts.inventory import SupplierCharge
from shared.contracts.purchasing import SupplierPaid, SupplierReturnView
from shared.ids import new_id
from shared.refusals import Refused
from tests.finance.builders import CASHIER, NOON, money, stock_received

SUPPLIER = new_id()


def lines(entry: Entry) -> list[tuple[str, str, Decimal]]:
    return [(each.debit, each.credit, each.amount) for each in entry.postings]


def a_return(cost: str, credited: str, vat: str = "0") -> SupplierReturnView:
    return SupplierReturnView(
        id=new_id(),
        number="A-000001",
        at=NOON,
        kind="return",
        receipt_id=new_id(),
        receipt_number="A-000007",
        supplier_id=SUPPLIER,
        warehouse_id=new_id(),
        reason="брак",
        lines=(),
        cost=money(cost),
        charges=(SupplierCharge(supplier_id=SUPPLIER, cost=money(credited), vat=money(vat)),),
    )


def a_payment(amount: str) -> SupplierPayment:
    return SupplierPayment(new_id(), NOON, SUPPLIER, money(amount), "cash", None, None, "cashier")


def test_a_receipt_of_an_older_version_is_owed_to_its_supplier() -> None:
    receipt = stock_received("10", "60").receipt
    (entry,) = receive_stock(receipt, CASHIER, new_id()).entries
    assert lines(entry) == [("inventory", "payables", money("600"))]
    assert entry.postings[0].supplier_id == receipt.supplier_id
    assert entry.document_id == receipt.id


def test_goods_received_for_nothing_are_not_written() -> None:
    assert receive_stock(stock_received("10", "0").receipt, CASHIER, new_id()) == Decision()


def test_what_a_return_does_not_bring_back_is_lost() -> None:
    returned = a_return("110", "100", "20")
    (entry,) = send_back(returned, CASHIER, new_id()).entries
    assert lines(entry) == [
        ("payables", "inventory", money("100")),
        ("payables", "vat.input", money("20")),
        ("expense.purchases", "inventory", money("10")),
    ]
    assert entry.document_id == returned.receipt_id


def test_what_a_return_brings_beyond_its_cost_is_no_loss() -> None:
    (entry,) = send_back(a_return("90", "100"), CASHIER, new_id()).entries
    assert lines(entry) == [
        ("payables", "inventory", money("100")),
        ("inventory", "expense.purchases", money("10")),
    ]


def test_a_payment_lowers_what_the_supplier_is_owed() -> None:
    payment = a_payment("100")
    decision = pay(payment, CASHIER, new_id())
    assert lines(decision.entries[0]) == [("payables", "cash", money("100"))]
    assert decision.events == (SupplierPaid(payment=payment.view()),)


@pytest.mark.parametrize("amount", ["100.01", "0.001"])
def test_no_more_comes_back_than_went(amount: str) -> None:
    with pytest.raises(Refused, match="refund_exceeds_payment"):
        refund(a_payment("100"), Decimal(amount), None, CASHIER, new_id())


def test_what_comes_back_is_owed_again() -> None:
    after, decision = refund(a_payment("100"), money("30"), "переплата", CASHIER, new_id())
    assert after.left == money("70")
    assert lines(decision.entries[0]) == [("cash", "payables", money("30"))]
