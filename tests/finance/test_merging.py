"""Two clients were one: their money is one client's, whatever happened before and comes after."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest

from services.finance.domain.ledger import Account, ClientAccount, EntryKind
from services.finance.domain.merging import merge
from services.finance.store.schema import accounts, payments, settlements
from shared.contracts.bonuses import AdjustBonuses, ExpireBonuses, GetBonuses
from shared.contracts.client_merge import ClientMerged
from shared.contracts.clients import ClientView
from shared.contracts.finance import (
    GetBalance,
    ListPayments,
    ListRecords,
    OrderProfits,
    RefundPayment,
    TakePayment,
)
from shared.contracts.finance_reports import Margin
from shared.ids import id_of, new_id
from shared.refusals import Refused
from tests.finance.at_work import check_books, in_turn, rows_of, together
from tests.finance.bonus_work import check_bonuses
from tests.finance.builders import (
    CASHIER,
    NOON,
    client_created,
    money,
    order_completed,
    order_created,
    order_reopened,
    parts_issued,
    payment,
    work,
)
from tests.finance.test_bonus_histories import Garage
from tests.support.day import Station
from tests.support.histories import action, seeds


def client_merged(merged_id: UUID, survivor_id: UUID) -> ClientMerged:
    def card(client_id: UUID, **fields: Any) -> ClientView:
        return ClientView(
            id=client_id, name="Иванов", revision=2, created_at=NOON, updated_at=NOON, **fields
        )

    return ClientMerged(
        client=card(survivor_id),
        merged=card(merged_id, merged_into=survivor_id),
        vehicle_ids=(),
    )


# --- the entry ---------------------------------------------------------------------------------


def test_each_account_goes_over_in_two_postings_and_nothing_is_left_on_the_way() -> None:
    merged, survivor = id_of("merged"), id_of("survivor")
    held = payment("70", merged)
    account = ClientAccount(merged, money(100), money(70), money(-5))
    decision = merge(account, survivor, [], [held], [], CASHIER, new_id())
    (entry,) = decision.entries
    assert entry.kind is EntryKind.CLIENT_MERGE
    after = {merged: account, survivor: ClientAccount(survivor)}
    on_the_way = Decimal(0)
    for posting in entry.postings:
        assert posting.client_id
        after[posting.client_id] = after[posting.client_id].after(posting)
        on_the_way += posting.amount * (
            (posting.debit is Account.TRANSFERS) - (posting.credit is Account.TRANSFERS)
        )
    assert after[merged] == ClientAccount(merged)
    assert after[survivor] == ClientAccount(survivor, money(100), money(70), money(-5))
    assert on_the_way == 0
    assert decision.payments == (replace(held, customer_id=survivor, payer_id=survivor),)


def test_a_client_without_money_goes_over_without_an_entry() -> None:
    account = ClientAccount(id_of("merged"))
    assert merge(account, id_of("survivor"), [], [], [], CASHIER, new_id()).entries == ()


# --- the service -------------------------------------------------------------------------------


async def test_margin_is_the_survivors_by_whichever_name_it_was_earned(station: Station) -> None:
    running = station.running["finance"]
    one, other = new_id(), new_id()
    orders = {new_id(): one, new_id(): other}
    await in_turn(running, client_created(one), client_created(other))
    for order, client in orders.items():
        done = order_completed(order, client, services=(work("1000"),))
        await in_turn(running, order_created(order, client), done, parts_issued(order))

    await in_turn(running, client_merged(other, one))

    for asked in (Margin(by="client"), Margin(by="client", client_id=other)):
        (row,) = (await station.ask(asked)).items
        assert (row.id, row.orders, row.revenue) == (one, 2, money(2000))
    profits = (await station.ask(OrderProfits(client_id=one))).items
    assert {row.order_id for row in profits} == set(orders)


async def test_debt_deposit_and_bonuses_are_the_survivors_and_so_is_their_history(
    station: Station,
) -> None:
    running = station.running["finance"]
    one, other, order = new_id(), new_id(), new_id()
    await in_turn(
        running,
        client_created(one),
        client_created(other),
        order_created(order, other),
        order_completed(order, other, services=(work("1000"),)),
        parts_issued(order),
    )
    paid = await station.send(
        TakePayment(order_id=order, customer_id=other, amount=money(400), method="cash")
    )
    await station.send(AdjustBonuses(client_id=other, amount=money(50), reason="Подарок"))
    await station.send(AdjustBonuses(client_id=one, amount=money(7), reason="Подарок"))

    event = client_merged(other, one)
    await in_turn(running, event, event)

    for asked in (one, other):
        assert (await station.ask(GetBalance(client_id=asked))).owes == money(600)
        bonuses = await station.ask(GetBonuses(client_id=asked))
        assert (bonuses.client_id, bonuses.balance) == (one, money(57))
        assert [item.amount for item in bonuses.items] == [money(7), money(50)]
        listed = await station.ask(ListPayments(customer_id=asked))
        assert [(each.id, each.customer_id, each.payer_id) for each in listed.items] == [
            (paid.id, one, one)
        ]
        records = await station.ask(ListRecords(client_id=asked))
        assert [(each.order_id, each.amount) for each in records.items] == [(order, money(1000))]
    for command in (
        TakePayment(customer_id=other, amount=money(1), method="cash"),
        TakePayment(customer_id=one, payer_id=other, amount=money(1), method="cash"),
        AdjustBonuses(client_id=other, amount=money(1), reason="Подарок"),
    ):
        with pytest.raises(Refused, match="client_merged"):
            await station.send(command)

    # What happened under the old name is undone and paid under the new one.
    await station.send(RefundPayment(payment_id=paid.id, amount=money(100)))
    assert (await station.ask(GetBalance(client_id=one))).owes == money(700)
    await in_turn(running, order_reopened(order))
    assert (await station.ask(GetBalance(client_id=one))).owes == money(-300)
    await in_turn(
        running,
        order_completed(order, other, 2, services=(work("900"),)),
        parts_issued(order, completion=2),
    )
    assert (await station.ask(GetBalance(client_id=one))).owes == money(600)
    await station.send(
        TakePayment(order_id=order, customer_id=one, amount=money(600), method="card")
    )
    assert (await station.ask(GetBalance(client_id=one))).owes == 0
    await check_books(running.engine)
    await check_bonuses(running.engine)


async def test_whatever_shares_the_transaction_with_the_merger_ends_with_the_survivor(
    station: Station,
) -> None:
    running = station.running["finance"]
    one, other = new_id(), new_id()
    orders = [new_id() for _ in range(2)]
    await in_turn(running, client_created(one), client_created(other))
    before, after = (
        (
            order_created(order, other),
            order_completed(order, other, services=(work("100"),)),
            parts_issued(order),
        )
        for order in orders
    )
    paying = TakePayment(customer_id=other, amount=money(30), method="cash")
    await together(running, paying, *before, client_merged(other, one), *after)
    assert (await station.ask(GetBalance(client_id=one))).owes == money(170)
    owners = {row.client_id for row in await rows_of(running.engine, settlements)}
    assert owners == {one}
    assert {row.customer_id for row in await rows_of(running.engine, payments)} == {one}
    await check_books(running.engine)


async def test_mergers_may_be_heard_in_any_order_and_are_followed_to_the_end(
    station: Station,
) -> None:
    running = station.running["finance"]
    for turned in (False, True):
        first, second, third = new_id(), new_id(), new_id()
        for client_id in (first, second, third):
            await in_turn(
                running,
                client_created(client_id),
                AdjustBonuses(client_id=client_id, amount=money(10), reason="Подарок"),
            )
        events = [client_merged(first, second), client_merged(second, third)]
        await in_turn(running, *(reversed(events) if turned else events))
        for client_id in (first, second, third):
            bonuses = await station.ask(GetBonuses(client_id=client_id))
            assert (bonuses.client_id, bonuses.balance) == (third, money(30))
            assert len(bonuses.items) == 3


# --- any history -------------------------------------------------------------------------------


class MergingGarage(Garage):
    """The second client turns out to be the first one. What orders tells goes on naming the
    merged client; people name the one that remains."""

    is_merged = False

    async def do(self, *messages: Any) -> None:
        if self.is_merged:
            merged, survivor = self.clients[1], self.clients[0]
            messages = tuple(
                message.model_copy(
                    update={
                        name: survivor
                        for name in ("client_id", "customer_id")
                        if getattr(message, name, None) == merged
                    }
                )
                if isinstance(message, TakePayment | AdjustBonuses)
                else message
                for message in messages
            )
        await super().do(*messages)

    @action(2)
    async def two_clients_were_one(self) -> None:
        """Told once, or again."""
        await self.do(ExpireBonuses())
        before = await self._sums()
        await self.do(client_merged(self.clients[1], self.clients[0]))
        self.is_merged = True
        assert await self._sums() == before
        (emptied,) = [
            row for row in await rows_of(self.engine, accounts) if row.client_id == self.clients[1]
        ]
        assert (emptied.receivable, emptied.deposits, emptied.bonuses) == (0, 0, 0)

    async def holds(self) -> None:
        await check_books(self.engine)
        await super().holds()

    async def ends(self) -> None:
        if not self.is_merged:
            await self.two_clients_were_one()
        survivor = await self.ask(GetBalance(client_id=self.clients[1]))
        assert survivor.client_id == self.clients[0]
        await super().ends()

    async def _sums(self) -> tuple[Decimal, ...]:
        found = await rows_of(self.engine, accounts)
        return tuple(
            sum((getattr(row, name) for row in found), Decimal(0))
            for name in ("receivable", "deposits", "bonuses")
        )


@pytest.mark.parametrize("seed", seeds(4))
async def test_books_and_purses_are_true_however_late_clients_are_merged(
    seed: int, database: Callable[[str], str]
) -> None:
    await MergingGarage(database, seed).history(steps=40)
