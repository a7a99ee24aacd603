"""Decisions about money, one by one: what they write in the ledger and what they leave behind."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest

from services.finance.domain.decision import Decision
from services.finance.domain.ledger import Account, ClientAccount, Entry, EntryKind, Posting
from services.finance.domain.payment import Payment
from services.finance.domain.settlement import Completed, Issued, Settlement, State, learn
from services.finance.domain.settling import release, reverse, settle
from services.finance.domain.till import (
    expense_record,
    record_expense,
    refund_payment,
    take_payment,
)
from shared.contracts.base import MAX_MONEY
from shared.contracts.finance import (
    ExpenseRecorded,
    OrderSettled,
    PaymentMethod,
    PaymentRefunded,
    PaymentTaken,
    RecordExpense,
    SettlementReversed,
)
from shared.contracts.orders import OrderCompleted
from shared.ids import id_of, new_id
from shared.refusals import Refused
from tests.finance.builders import (
    CASHIER,
    NOON,
    SECTION,
    at,
    money,
    order_completed,
    payment,
    work,
)

ORDER, OTHER = id_of("order"), id_of("other order")
CLIENT = id_of("client")


def ready(event: OrderCompleted, cost: str = "0") -> Settlement:
    """A completion of which everything is known, not yet in the books."""
    (waiting,) = learn([], event.order_id, 1, Completed.of(event))
    (settlement,) = learn([waiting], event.order_id, 1, Issued(money(cost)))
    return settlement


def owed(amount: str, order_id: UUID = ORDER) -> Settlement:
    """A settled order for which the client owes so much."""
    event = order_completed(order_id, CLIENT, services=(work(amount),))
    (settlement,) = settle(ready(event), [], CASHIER, new_id(), new_id()).settlements
    return settlement


def taken(paid: Payment, *dues: Settlement) -> Decision:
    return take_payment(paid, dues, ClientAccount(CLIENT), [], CASHIER, new_id())


def lines(entry: Entry) -> list[tuple[str, str, Decimal]]:
    return [(posting.debit, posting.credit, posting.amount) for posting in entry.postings]


# --- settling ----------------------------------------------------------------------------------


def test_settling_writes_revenue_and_cost() -> None:
    event = order_completed(
        ORDER,
        CLIENT,
        services=(work("600", "40"), work("400", "25")),
        products="500",
        materials="40",
        completed_at=at(-5),
    )
    settlement = ready(event, cost="310")
    entry_id = new_id()

    decision = settle(settlement, [], CASHIER, entry_id, new_id())

    (entry,) = decision.entries
    assert lines(entry) == [
        ("receivable", "revenue.services", money("1000")),
        ("receivable", "revenue.products", money("500")),
        ("receivable", "revenue.materials", money("40")),
        ("cost.goods", "inventory", money("310")),
    ]
    assert [posting.category for posting in entry.postings] == [
        "orders", "orders", "orders", "cost_of_goods",
    ]  # fmt: skip
    assert entry.stamp == replace(CASHIER, at=at(-5))
    assert (entry.kind, entry.order_id, entry.client_id) == (EntryKind.SETTLEMENT, ORDER, CLIENT)
    assert decision.settlements == (replace(settlement, entry_id=entry_id),)
    assert decision.events == (
        OrderSettled(
            order_id=ORDER,
            number="A-000001",
            completion=1,
            client_id=CLIENT,
            revenue=money("1540"),
            cost=money("310"),
            pay=money("0"),
            margin=money("1230"),
            deposits_applied=money("0"),
            section_id=SECTION,
            completed_at=at(-5),
        ),
    )


def test_an_order_that_comes_to_nothing_is_settled_without_postings() -> None:
    decision = settle(ready(order_completed(ORDER, CLIENT)), [], CASHIER, new_id(), new_id())

    (entry,) = decision.entries
    assert entry.postings == ()
    assert decision.settlements[0].state is State.SETTLED


def test_a_posting_of_nothing_cannot_be_made() -> None:
    for amount in ("0", "-1"):
        with pytest.raises(ValueError, match="not a posting"):
            Posting(Account.CASH, Account.DEPOSITS, money(amount))
    with pytest.raises(ValueError, match="not a posting"):
        Posting(Account.CASH, Account.CASH, money("1"))


def test_the_orders_own_deposits_pay_first_then_unbound_ones_oldest_first() -> None:
    free_late = payment("100", CLIENT, at=at(3))
    free_early = payment("100", CLIENT, at=at(1))
    own = payment("100", CLIENT, ORDER, at=at(5), reserved_for=ORDER)
    of_other_order = payment("100", CLIENT, OTHER, at=at(0), reserved_for=OTHER)
    event = order_completed(ORDER, CLIENT, services=(work("250"),))

    decision = settle(
        ready(event),
        [free_late, of_other_order, free_early, own],
        CASHIER,
        new_id(),
        new_id(),
    )

    applied = decision.entries[1]
    assert applied.kind is EntryKind.DEPOSITS_APPLIED
    assert [(posting.payment_id, posting.amount) for posting in applied.postings] == [
        (own.id, money("100")),
        (free_early.id, money("100")),
        (free_late.id, money("50")),
    ]
    assert {(posting.debit, posting.credit) for posting in applied.postings} == {
        (Account.DEPOSITS, Account.RECEIVABLE)
    }
    assert [paid.held for paid in decision.payments] == [0, 0, money("50")]
    (settlement,) = decision.settlements
    assert (settlement.paid, settlement.due) == (money("250"), money("0"))


def test_what_an_order_leaves_of_its_deposit_is_free_for_other_orders() -> None:
    own = payment("100", CLIENT, ORDER, reserved_for=ORDER)
    event = order_completed(ORDER, CLIENT, services=(work("30"),))

    (left,) = settle(ready(event), [own], CASHIER, new_id(), new_id()).payments

    assert (left.held, left.reserved_for) == (money("70"), None)


def test_reversing_swaps_every_posting_and_makes_paid_money_a_deposit_again() -> None:
    event = order_completed(ORDER, CLIENT, services=(work("1000", "40"),))
    own = payment("300", CLIENT, ORDER, reserved_for=ORDER)
    done = settle(ready(event, cost="200"), [own], CASHIER, new_id(), new_id())
    later = taken(payment("500", CLIENT, ORDER), *done.settlements)
    (standing,) = later.settlements
    reopened = replace(standing, state=State.REVERSED)

    decision = reverse(
        reopened,
        done.entries[0],
        [*done.payments, *later.payments],
        replace(CASHIER, at=at(60)),
        new_id(),
        new_id(),
        "Стучит",
    )

    reversal, restored = decision.entries
    assert reversal.reverses == done.entries[0].id
    assert (reversal.kind, reversal.stamp.at, reversal.comment) == (
        EntryKind.SETTLEMENT_REVERSAL,
        at(60),
        "Стучит",
    )
    assert lines(reversal) == [
        ("revenue.services", "receivable", money("1000")),
        ("inventory", "cost.goods", money("200")),
    ]
    assert lines(restored) == [
        ("receivable", "deposits", money("300")),
        ("receivable", "deposits", money("500")),
    ]
    assert [(paid.held, paid.reserved_for) for paid in decision.payments] == [
        (money("300"), ORDER),
        (money("500"), ORDER),
    ]
    assert decision.settlements == (replace(reopened, paid=money("0")),)
    assert decision.events == (
        SettlementReversed(order_id=ORDER, completion=1, revenue=money("1000"), client_id=CLIENT),
    )


def test_a_cancelled_orders_deposit_is_free_for_other_orders() -> None:
    own = payment("100", CLIENT, ORDER, reserved_for=ORDER)
    of_other_order = payment("100", CLIENT, OTHER, reserved_for=OTHER)

    decision = release(ORDER, [own, of_other_order])

    assert decision == Decision(payments=(own.reserved(None),))


# --- payments ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("method", "account"), [("cash", "cash"), ("card", "card"), ("transfer", "bank")]
)
def test_a_payment_before_the_order_is_settled_is_a_deposit(
    method: PaymentMethod, account: str
) -> None:
    paid = payment("100", CLIENT, ORDER, method=method, reserved_for=ORDER)

    decision = taken(paid)

    (entry,) = decision.entries
    assert lines(entry) == [(account, "deposits", money("100"))]
    assert (entry.kind, entry.document_id) == (EntryKind.PAYMENT, paid.id)
    assert decision.events == (PaymentTaken(payment=paid.view(), order_id=ORDER),)


def test_more_than_an_order_needs_stays_on_the_balance_bound_to_nothing() -> None:
    decision = taken(payment("150", CLIENT, ORDER), owed("100"))

    assert lines(decision.entries[0]) == [
        ("cash", "receivable", money("100")),
        ("cash", "deposits", money("50")),
    ]
    (paid,) = decision.payments
    assert (paid.held, paid.reserved_for) == (money("50"), None)
    assert decision.settlements[0].due == 0


def test_a_payment_without_an_order_pays_the_oldest_debts_first() -> None:
    older, newer = owed("100", ORDER), owed("100", OTHER)

    decision = taken(payment("130", CLIENT), older, newer)

    assert [(posting.order_id, posting.amount) for posting in decision.entries[0].postings] == [
        (ORDER, money("100")),
        (OTHER, money("30")),
    ]
    assert [settlement.due for settlement in decision.settlements] == [0, money("70")]


def test_the_payer_is_named_but_the_customers_balance_moves() -> None:
    paid = payment("100", CLIENT, ORDER, payer_id=id_of("insurer"), reserved_for=ORDER)

    decision = taken(paid)

    assert decision.entries[0].postings[0].client_id == CLIENT
    assert decision.payments[0].view().payer_id == id_of("insurer")


def test_deposits_that_the_books_cannot_hold_are_refused() -> None:
    rich = ClientAccount(CLIENT, deposits=MAX_MONEY - 1)
    take_payment(payment("1", CLIENT), [], rich, [], CASHIER, new_id())
    with pytest.raises(Refused, match="amount_too_large"):
        take_payment(payment("1.01", CLIENT), [], rich, [], CASHIER, new_id())


def test_payments_of_one_order_stay_within_what_an_amount_can_be() -> None:
    before = [payment(MAX_MONEY - 1, CLIENT, ORDER)]
    due = owed("1.01")
    account = ClientAccount(CLIENT)
    take_payment(payment("1", CLIENT, ORDER), [due], account, before, CASHIER, new_id())
    with pytest.raises(Refused, match="amount_too_large"):
        take_payment(payment("1.01", CLIENT, ORDER), [due], account, before, CASHIER, new_id())


# --- refunds -----------------------------------------------------------------------------------


def refunded(
    paid: Payment, amount: str | None, *settlements: Settlement, reason: str | None = None
) -> Decision:
    by_order = {settlement.order_id: settlement for settlement in settlements}
    asked = None if amount is None else Decimal(amount)
    return refund_payment(paid, by_order, asked, reason, CASHIER, new_id())


def test_a_refund_goes_back_by_the_method_it_came_by() -> None:
    (paid,) = taken(payment("100", CLIENT, method="card")).payments

    decision = refunded(paid, "40", reason="Передумал")

    (entry,) = decision.entries
    assert lines(entry) == [("deposits", "card", money("40"))]
    (left,) = decision.payments
    assert (left.refunded, left.left, left.held) == (money("40"), money("60"), money("60"))
    assert decision.events == (
        PaymentRefunded(payment=left.view(), order_id=None, amount=money("40"), reason="Передумал"),
    )


def test_a_refund_takes_the_deposit_first_and_then_the_client_owes_again() -> None:
    paying = taken(payment("150", CLIENT, ORDER), owed("100"))

    decision = refunded(paying.payments[0], "80", *paying.settlements)

    assert lines(decision.entries[0]) == [
        ("deposits", "cash", money("50")),
        ("receivable", "cash", money("30")),
    ]
    assert decision.settlements[0].due == money("30")


def test_a_refund_takes_from_the_newest_order_first() -> None:
    older, newer = id_of("a"), id_of("b")
    older, newer = min(older, newer), max(older, newer)
    paying = taken(payment("200", CLIENT), owed("100", older), owed("100", newer))

    decision = refunded(paying.payments[0], "120", *paying.settlements)

    assert [(posting.order_id, posting.amount) for posting in decision.entries[0].postings] == [
        (newer, money("100")),
        (older, money("20")),
    ]


def test_a_refund_without_an_amount_gives_back_all_that_is_left() -> None:
    (paid,) = taken(payment("100", CLIENT)).payments
    (partly,) = refunded(paid, "30").payments

    (gone,) = refunded(partly, None).payments

    assert (gone.refunded, gone.held) == (money("100"), money("0"))


@pytest.mark.parametrize("amount", ["70.01", "100"])
def test_never_more_is_refunded_than_is_left(amount: str) -> None:
    (paid,) = taken(payment("100", CLIENT)).payments
    (partly,) = refunded(paid, "30").payments

    with pytest.raises(Refused) as refusal:
        refunded(partly, amount)

    assert (refusal.value.code, refusal.value.params) == (
        "refund_exceeds_payment",
        {"left": "70.00"},
    )


def test_a_payment_given_back_in_full_has_nothing_left_to_refund() -> None:
    (paid,) = taken(payment("100", CLIENT)).payments
    (gone,) = refunded(paid, None).payments
    with pytest.raises(Refused, match="refund_exceeds_payment"):
        refunded(gone, None)


# --- expenses and receipts ---------------------------------------------------------------------


def test_an_expense_is_written_at_its_own_time_under_its_own_category() -> None:
    command = RecordExpense(
        amount=Decimal("99.9"), category="Аренда", method="transfer", at=at(-600), comment="Ноябрь"
    )

    decision = record_expense(command, None, CASHIER, new_id())

    (entry,) = decision.entries
    assert lines(entry) == [("expense", "bank", money("99.90"))]
    assert entry.postings[0].category == "Аренда"
    assert entry.stamp == replace(CASHIER, at=at(-600))
    record = expense_record(entry)
    assert (record.type, str(record.amount), record.category) == ("expense", "99.90", "Аренда")
    assert decision.events == (ExpenseRecorded(record=record, order_id=None),)


def test_an_expense_in_the_future_is_refused() -> None:
    command = RecordExpense(
        amount=Decimal(1), category="Аренда", at=NOON + timedelta(microseconds=1)
    )
    with pytest.raises(Refused, match="expense_in_future"):
        record_expense(command, None, CASHIER, new_id())


@pytest.mark.parametrize("category", ["pay", "cost_of_goods"])
def test_what_settlements_write_cannot_be_mixed_with_expenses_by_hand(category: str) -> None:
    command = RecordExpense(amount=Decimal(1), category=category)
    with pytest.raises(Refused, match="category_reserved"):
        record_expense(command, None, CASHIER, new_id())
