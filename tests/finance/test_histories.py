"""Whatever happens, in whatever order and however often: what is always true of the books."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.finance.domain.advances import with_vat
from services.finance.domain.decision import Decision
from services.finance.domain.ledger import REVENUE, Account, ClientAccount, Entry, Posting, Stamp
from services.finance.domain.payment import Payment
from services.finance.domain.settlement import (
    Completed,
    Issued,
    News,
    Reopened,
    Settlement,
    State,
    learn,
    standing,
)
from services.finance.domain.settling import release, reverse, settle
from services.finance.domain.till import refund_payment, take_payment
from shared.ids import id_of, new_id
from shared.refusals import Refused
from tests.finance.builders import NOON, STATION, order_completed, payment, work

CLIENTS = [id_of("client 0"), id_of("client 1")]
OWNERS = {id_of(f"order {number}"): CLIENTS[number // 2] for number in range(3)}
"""Two orders of one client and one of another: few, so that histories become dense."""

PERCENTS = (Decimal(22), Decimal(5), None)

amounts = st.decimals("0.01", "300", places=2)
orders = st.sampled_from(list(OWNERS))
completions = st.integers(1, 2)
percents = st.decimals(0, 100, places=2)


@dataclass
class Books:
    """The books of two clients, moved by the decisions alone."""

    entries: list[Entry] = field(default_factory=list)
    settlements: dict[tuple[UUID, int], Settlement] = field(default_factory=dict)
    payments: dict[UUID, Payment] = field(default_factory=dict)
    accounts: dict[UUID, ClientAccount] = field(
        default_factory=lambda: {client: ClientAccount(client) for client in CLIENTS}
    )
    completed: set[tuple[UUID, int]] = field(default_factory=set)
    issued: set[tuple[UUID, int]] = field(default_factory=set)
    reopened: set[tuple[UUID, int]] = field(default_factory=set)
    minutes: int = 0

    def stamp(self) -> Stamp:
        self.minutes += 1
        return Stamp(NOON + timedelta(minutes=self.minutes), STATION, "cashier")

    def history(self, order_id: UUID) -> list[Settlement]:
        return [known for (order, _), known in self.settlements.items() if order == order_id]

    def keep(self, decision: Decision) -> None:
        decision = with_vat(decision, self.payments.get, new_id())
        self.entries += decision.entries
        for entry in decision.entries:
            for posting in entry.postings:
                if posting.client_id:
                    account = self.accounts[posting.client_id]
                    self.accounts[posting.client_id] = account.after(posting)
        self.payments |= {paid.id: paid for paid in decision.payments}
        for settlement in decision.settlements:
            self.settlements[settlement.order_id, settlement.completion] = settlement

    def hear(self, order_id: UUID, completion: int, news: News) -> None:
        for settlement in learn(self.history(order_id), order_id, completion, news):
            paid = list(self.payments.values())
            if settlement.state is State.SETTLED:
                owners = [one for one in paid if one.customer_id == OWNERS[order_id]]
                self.keep(settle(settlement, owners, self.stamp(), new_id(), new_id()))
            elif settlement.state is State.REVERSED:
                (entry,) = (one for one in self.entries if one.id == settlement.entry_id)
                named = [one for one in paid if one.order_id == order_id or one.on(order_id)]
                self.keep(reverse(settlement, entry, named, self.stamp(), new_id(), new_id(), None))
            else:
                self.settlements[order_id, settlement.completion] = settlement

    # --- what happens ---

    def complete(self, order_id: UUID, completion: int, total: Decimal, share: Decimal) -> None:
        self.completed.add((order_id, completion))
        event = order_completed(
            order_id, OWNERS[order_id], completion, services=(work(total, share),), products=total
        )
        self.hear(order_id, completion, Completed.of(event))

    def issue(self, order_id: UUID, completion: int, cost: Decimal) -> None:
        self.issued.add((order_id, completion))
        self.hear(order_id, completion, Issued(cost))

    def reopen(self, order_id: UUID, completion: int) -> None:
        self.reopened.add((order_id, completion))
        self.hear(order_id, completion, Reopened())

    def cancel(self, order_id: UUID) -> None:
        self.keep(release(order_id, list(self.payments.values())))

    def pay(self, order_id: UUID, names_it: bool, amount: Decimal) -> None:
        client = OWNERS[order_id]
        stands = standing(self.history(order_id))
        if names_it:
            dues = [stands] if stands else []
        else:
            dues = [
                known for known in self.settlements.values()
                if known.due and known.order.client_id == client
            ]  # fmt: skip
        stamp = self.stamp()
        paid = payment(
            amount,
            client,
            order_id if names_it else None,
            at=stamp.at,
            reserved_for=order_id if names_it and not stands else None,
            vat_percent=PERCENTS[len(self.payments) % 3],
        )
        self.keep(take_payment(paid, dues, self.accounts[client], [], stamp, new_id()))

    def refund(self, which: int, amount: Decimal) -> None:
        if not self.payments:
            return
        paid = list(self.payments.values())[which % len(self.payments)]
        stands = {order: standing(self.history(order)) for order in paid.applied}
        covered = {order: known for order, known in stands.items() if known}
        asked = (paid, covered, amount, None, self.stamp(), new_id())
        if amount > paid.left:
            with pytest.raises(Refused, match="refund_exceeds_payment"):
                refund_payment(*asked)
        else:
            self.keep(refund_payment(*asked))


happenings = st.lists(
    st.one_of(
        st.tuples(st.just(Books.complete), orders, completions, amounts, percents),
        st.tuples(st.just(Books.issue), orders, completions, st.decimals(0, 300, places=2)),
        st.tuples(st.just(Books.reopen), orders, completions),
        st.tuples(st.just(Books.cancel), orders),
        st.tuples(st.just(Books.pay), orders, st.booleans(), amounts),
        st.tuples(st.just(Books.refund), st.integers(0, 20), amounts),
    ),
    min_size=10,
    max_size=50,
)  # fmt: skip


@given(happenings)
@settings(max_examples=300, deadline=None)
def test_the_books_are_true_after_any_history(happened: list[tuple]) -> None:  # type: ignore[type-arg]
    books = Books()
    for act, *arguments in happened:
        act(books, *arguments)
        accounts_are_the_sum_of_their_postings(books)
        payments_stand_where_the_ledger_says(books)
        orders_are_settled_once(books)
        nothing_is_reversed_twice(books)


def accounts_are_the_sum_of_their_postings(books: Books) -> None:
    for client in CLIENTS:
        postings = [
            posting for entry in books.entries for posting in entry.postings
            if posting.client_id == client
        ]  # fmt: skip
        account = books.accounts[client]
        assert account.receivable == on_account(postings, Account.RECEIVABLE) >= 0
        assert account.deposits == -on_account(postings, Account.DEPOSITS) >= 0
        assert account.receivable == sum(
            known.due
            for known in books.settlements.values()
            if known.due and known.order.client_id == client
        )


def payments_stand_where_the_ledger_says(books: Books) -> None:
    for paid in books.payments.values():
        postings = [
            posting
            for entry in books.entries
            for posting in entry.postings
            if posting.payment_id == paid.id
        ]
        assert paid.held == -on_account(postings, Account.DEPOSITS) >= 0
        assert paid.held_vat == on_account(postings, Account.VAT_ADVANCES) >= 0
        on_orders: dict[UUID, Decimal] = defaultdict(Decimal)
        for posting in postings:
            if Account.RECEIVABLE in (posting.debit, posting.credit):
                assert posting.order_id
                on_orders[posting.order_id] -= on_account([posting], Account.RECEIVABLE)
        assert {order: share for order, share in on_orders.items() if share} == paid.applied
        assert 0 <= paid.left == paid.held + sum(paid.applied.values())


def orders_are_settled_once(books: Books) -> None:
    for order_id in OWNERS:
        heard = [
            completion for (order, completion) in books.completed | books.issued | books.reopened
            if order == order_id
        ]  # fmt: skip
        newest = (order_id, max(heard, default=0))
        settled = newest in books.completed & books.issued - books.reopened
        stands = [known for known in books.history(order_id) if known.state is State.SETTLED]
        assert [known.completion for known in stands] == ([newest[1]] if settled else [])
        postings = [
            posting for entry in books.entries for posting in entry.postings
            if posting.order_id == order_id
        ]  # fmt: skip
        assert -on_account(postings, *REVENUE) == sum(known.order.revenue for known in stands)
        for known in stands:
            covered = sum(paid.on(order_id) for paid in books.payments.values())
            assert known.paid == covered
            assert known.paid + known.due == known.order.revenue
            assert known.margin == known.order.revenue - (known.cost or 0) - known.order.pay


def nothing_is_reversed_twice(books: Books) -> None:
    reversals = Counter(entry.reverses for entry in books.entries if entry.reverses)
    assert all(times == 1 for times in reversals.values())


def on_account(postings: list[Posting], *accounts: Account) -> Decimal:
    """Debits less credits of these accounts."""
    return sum(
        (
            posting.amount * ((posting.debit in accounts) - (posting.credit in accounts))
            for posting in postings
        ),
        Decimal(0),
    )
