"""The books during one transaction: an identity map over finance's tables.

Several messages share the transaction. ``prefetch`` loads what they will ask for with two
statements: one takes the locks that guard the rest (clients' accounts by id, payroll), the next
sees what their last holders have committed. Decisions are kept in memory, ``flush`` writes all
tables at once. Locks are taken in one order everywhere (those, settlements, payments, shifts), so
that two processes rarely wait for each other in a circle; the lane does a batch again when they do.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import Executable, Row, Select, case, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from services.finance.domain.decision import Decision
from services.finance.domain.ledger import ZERO, Account, ClientAccount, Entry, EntryKind
from services.finance.domain.payment import Order, Payment
from services.finance.domain.settlement import Settlement
from services.finance.store import loads, rows
from services.finance.store.counting import Counted
from services.finance.store.loads import Wanted
from services.finance.store.rows import account_of, entry_of, payment_of, settlement_of
from services.finance.store.schema import entries, postings
from shared.contracts.base import Message
from shared.handlers import Store
from shared.reading import Asked, Rows, read_together


class Kept[KeyT, ValueT]:
    """One table in memory: rows as they were found, then as they were put."""

    def __init__(self) -> None:
        self.puts = 0
        self.values: dict[KeyT, ValueT] = {}
        self._found: dict[KeyT, ValueT] = {}
        self._put: dict[KeyT, None] = {}

    def find(self, key: KeyT, value: ValueT) -> None:
        """From the database; what is in memory already is newer."""
        if key not in self.values:
            self.values[key] = value
            self._found[key] = value

    def put(self, key: KeyT, value: ValueT) -> None:
        self.puts += 1
        self.values[key] = value
        self._put[key] = None

    def before(self, key: KeyT) -> ValueT | None:
        """As it was found; none of what is new."""
        return self._found.get(key)

    def new(self) -> list[ValueT]:
        return [self.values[key] for key in self._put if key not in self._found]

    def changed(self) -> list[ValueT]:
        return [self.values[key] for key in self._put if key in self._found]


class Load(NamedTuple):
    """What is read from some tables, together with other loads, and who is given the rows."""

    receive: Callable[..., None]
    asked: Sequence[Asked]


class Books(Store):
    """Orders, clients' accounts, settlements, payments and new entries of one transaction."""

    def __init__(self, connection: AsyncConnection) -> None:
        super().__init__(connection)
        self._orders: Kept[UUID, Order] = Kept()
        self._accounts: Kept[UUID, ClientAccount] = Kept()
        self._settlements: Kept[tuple[UUID, int], Settlement] = Kept()
        self._completions: dict[UUID, set[int]] = {}
        self._payments: Kept[UUID, Payment] = Kept()
        self._bare_payments: list[Row[Any]] = []
        self._entries: Kept[UUID, Entry] = Kept()
        self._opened: set[UUID] = set()
        self._counted = Counted()
        # What has been looked for, found or not.
        self._known_orders: set[UUID] = set()
        self._known_accounts: set[UUID] = set()
        self._known_histories: set[UUID] = set()
        self._known_deposits: set[UUID] = set()
        self._known_payments_of: set[UUID] = set()

    async def prefetch(self, messages: Sequence[Message]) -> None:
        wanted = loads.wanted(messages)
        await self._load(*self._guards(wanted))
        await self._load(*self._guarded(wanted))
        await self._load_parts()
        await self._load_entries(
            {
                entry_id
                for settlement in self._settlements.values.values()
                for entry_id in (settlement.entry_id, settlement.pay_entry_id)
                if settlement.order_id in wanted.reopened and entry_id
            }
        )

    def _guards(self, wanted: Wanted) -> list[Load]:
        """What is locked before anything else is read."""
        return [self._accounts_of(wanted.clients, wanted.orders, wanted.payments)]

    def _guarded(self, wanted: Wanted) -> list[Load]:
        """What is read when that is locked."""
        # Only an order that is settled looks for its client's deposits.
        clients = self._known_accounts if wanted.orders else ()
        return [
            self._orders_load(wanted.copies),
            self._histories_load(wanted.orders | wanted.paid),
            self._payments_load(wanted.orders, clients, wanted.payments),
        ]

    # --- what handlers ask for ---

    async def order(self, order_id: UUID) -> Order | None:
        if order_id not in self._known_orders:
            await self._load(self._orders_load({order_id}))
        return self._orders.values.get(order_id)

    async def owners_of(self, order_ids: Collection[UUID]) -> dict[UUID, UUID]:
        """Whose the orders are that finance has heard of; nothing is locked, nor kept."""
        return {row.id: row.client_id for row in await self._rows(loads.ORDERS, ids=order_ids)}

    async def accounts_among(self, client_ids: Collection[UUID]) -> set[UUID]:
        """The clients that finance has heard of; nothing is locked, nor kept."""
        return {row.client_id for row in await self._rows(loads.CLIENTS, ids=client_ids)}

    async def account(self, client_id: UUID) -> ClientAccount | None:
        """Locked until the transaction ends; none for a client that finance has not heard of."""
        if client_id not in self._known_accounts:
            await self._load(self._accounts_load({client_id}))
        if client_id in self._opened and client_id not in self._accounts.values:
            self.add_client(client_id)
        return self._accounts.values.get(client_id)

    async def history(self, order_id: UUID) -> list[Settlement]:
        """All completions of an order that are known, in no order."""
        if order_id not in self._known_histories:
            await self._load(self._histories_load({order_id}))
        numbers = self._completions.get(order_id, ())
        return [self._settlements.values[order_id, number] for number in numbers]

    async def dues(self, client_id: UUID) -> list[Settlement]:
        """Settled orders that the client still owes for, the oldest first."""
        self._found_settlements(await self._rows(loads.DUES, ids={client_id}))
        owed = [
            known
            for known in self._settlements.values.values()
            if known.due and known.order.client_id == client_id
        ]
        return sorted(owed, key=lambda due: (due.order.completed_at, due.order_id))

    async def deposits(self, client_id: UUID) -> list[Payment]:
        """The client's payments that hold a deposit or are reserved for an order."""
        if client_id not in self._known_deposits:
            await self._load_payments((), {client_id}, ())
        return [
            payment
            for payment in self._payments.values.values()
            if payment.customer_id == client_id and (payment.held or payment.reserved_for)
        ]

    async def payments_of(self, order_id: UUID) -> list[Payment]:
        """The payments that name an order, and those that stand on it."""
        if order_id not in self._known_payments_of:
            await self._load_payments({order_id}, (), ())
        return [
            payment
            for payment in self._payments.values.values()
            if payment.order_id == order_id or order_id in payment.applied
        ]

    async def payment(self, payment_id: UUID) -> Payment | None:
        if payment_id not in self._payments.values:
            await self._load_payments((), (), {payment_id})
        return self._payments.values.get(payment_id)

    def known_payment(self, payment_id: UUID) -> Payment | None:
        """As this transaction has it until now, without reading; none where it has none."""
        return self._payments.values.get(payment_id)

    async def entry(self, entry_id: UUID) -> Entry:
        if entry_id not in self._entries.values:
            await self._load_entries((entry_id,))
        return self._entries.values[entry_id]

    async def first_of_kind(self, kind: EntryKind) -> datetime | None:
        """When an entry of this kind was written first, in this transaction too."""
        new = [entry.stamp.at for entry in self._entries.new() if entry.kind is kind]
        first = select(func.min(entries.c.at)).where(entries.c.kind == kind)
        written: datetime | None = await self.connection.scalar(first)
        return min((at for at in (written, *new) if at), default=None)

    async def account_balance(self, account: Account) -> Decimal:
        """Debits less credits, with what this transaction has posted."""
        signed = case((postings.c.debit == account, postings.c.amount), else_=-postings.c.amount)
        total = select(func.coalesce(func.sum(signed), 0)).where(
            or_(postings.c.debit == account, postings.c.credit == account)
        )
        written = Decimal(await self.connection.scalar(total) or 0)
        new = [one for entry in self._entries.new() for one in entry.postings]
        debits = sum((one.amount for one in new if one.debit is account), ZERO)
        return written + debits - sum((one.amount for one in new if one.credit is account), ZERO)

    # --- what they save ---

    def add_order(self, order: Order) -> None:
        """Unless it is known."""
        self._known_orders.add(order.id)
        if order.id not in self._orders.values:
            self._orders.put(order.id, order)

    def cancel_order(self, order: Order) -> None:
        self._orders.put(order.id, replace(order, cancelled=True))

    def open_account(self, client_id: UUID) -> None:
        """Unless the client has one."""
        self._opened.add(client_id)

    def add_client(self, client_id: UUID) -> ClientAccount:
        account = ClientAccount(client_id)
        self._known_accounts.add(client_id)
        self._accounts.put(client_id, account)
        return account

    def add_settlement(self, settlement: Settlement) -> None:
        self._settlements.put((settlement.order_id, settlement.completion), settlement)
        self._completions.setdefault(settlement.order_id, set()).add(settlement.completion)

    async def keep(self, decision: Decision) -> None:
        """Everything that was decided; clients' accounts and sales follow from the entries."""
        self._counted.count(decision)
        for entry in decision.entries:
            self._entries.put(entry.id, entry)
            for posting in entry.postings:
                if posting.client_id:
                    account = await self.account(posting.client_id)
                    account = account or self.add_client(posting.client_id)
                    self._accounts.put(posting.client_id, account.after(posting))
        for payment in decision.payments:
            self._payments.put(payment.id, payment)
        for settlement in decision.settlements:
            self.add_settlement(settlement)

    async def flush(self) -> None:
        """All tables at once. A row that another process inserted meanwhile makes this fail."""
        entries = self._entries.new()
        orders = (*self._orders.new(), *self._orders.changed())
        self.pending.add(rows.SAVED_ORDERS, map(rows.order_row, orders))
        self.pending.add(rows.NEW_ENTRIES, map(rows.entry_row, entries))
        self.pending.add(
            rows.NEW_POSTINGS, (row for entry in entries for row in rows.posting_rows(entry))
        )
        await self._counted.write(self.connection, self.pending, entries)
        opened = self._opened - self._accounts.values.keys()
        self.pending.add(rows.OPENED_ACCOUNTS, ((one, ZERO, ZERO) for one in sorted(opened)))
        self.pending.add(rows.NEW_ACCOUNTS, map(rows.account_row, self._accounts.new()))
        self.pending.add(rows.SAVED_ACCOUNTS, map(rows.account_row, self._accounts.changed()))
        changed, new = (
            sorted(some, key=lambda settlement: settlement.completion)
            for some in (self._settlements.changed(), self._settlements.new())
        )
        self.pending.add(rows.SAVED_SETTLEMENTS, map(rows.settlement_row, changed))
        if changed and new:
            # An order has one standing settlement: the one that is undone has to be written first.
            await self.pending.send(self.connection)
        self.pending.add(rows.NEW_SETTLEMENTS, map(rows.settlement_row, new))
        self._flush_payments()

    def _flush_payments(self) -> None:
        new, changed = self._payments.new(), self._payments.changed()
        self.pending.add(rows.NEW_PAYMENTS, map(rows.payment_row, new))
        self.pending.add(rows.SAVED_PAYMENTS, map(rows.payment_row, changed))
        for payment in (*new, *changed):
            before = self._payments.before(payment.id)
            rows.APPLICATIONS.put(self.pending, before, payment)
            rows.SPENDS.put(self.pending, before, payment)

    def unsaved(self) -> int:
        puts = sum(kept.puts for kept in vars(self).values() if isinstance(kept, Kept))
        return puts + len(self._opened)

    # --- loading ---

    async def _load(self, *wanted: Load) -> None:
        """One statement for all of them; none when there is nothing to ask for."""
        asked = [each for load in wanted for each in load.asked]
        found = iter(await read_together(self.connection, *asked))
        for load in wanted:
            load.receive(*(next(found) for _ in load.asked))

    def _orders_load(self, ids: Collection[UUID]) -> Load:
        self._known_orders.update(ids)
        return Load(self._found_orders, [(loads.ORDERS, {"ids": list(ids)})])

    def _found_orders(self, found: Rows) -> None:
        for row in found:
            order = Order(row.id, row.number, row.client_id, row.cancelled)
            self._orders.find(row.id, order)

    def _accounts_load(self, ids: Collection[UUID]) -> Load:
        self._known_accounts.update(ids)
        return Load(self._found_accounts, [(loads.ACCOUNTS, {"ids": list(ids)})])

    def _accounts_of(
        self, ids: Collection[UUID], orders: Collection[UUID], payments: Collection[UUID]
    ) -> Load:
        """Of these clients, and of those of orders and payments."""
        if not orders and not payments:
            return self._accounts_load(ids)
        self._known_accounts.update(ids)
        parameters = {"ids": list(ids), "orders": list(orders), "payments": list(payments)}
        return Load(self._found_accounts, [(loads.ACCOUNTS_OF, parameters)])

    def _found_accounts(self, found: Rows) -> None:
        for row in found:
            self._known_accounts.add(row.client_id)
            self._accounts.find(row.client_id, account_of(row))

    def _histories_load(self, ids: Collection[UUID]) -> Load:
        self._known_histories.update(ids)
        return Load(self._found_settlements, [(loads.HISTORIES, {"ids": list(ids)})])

    def _found_settlements(self, found: Rows) -> None:
        for row in found:
            self._settlements.find((row.order_id, row.completion), settlement_of(row))
            self._completions.setdefault(row.order_id, set()).add(row.completion)

    async def _load_payments(
        self, orders: Collection[UUID], clients: Collection[UUID], ids: Collection[UUID]
    ) -> None:
        await self._load(self._payments_load(orders, clients, ids))
        await self._load_parts()

    def _payments_load(
        self, orders: Collection[UUID], clients: Collection[UUID], ids: Collection[UUID]
    ) -> Load:
        """Those that name or stand on the orders, the clients' open ones, and those of the ids.
        ``_load_parts`` comes after it."""
        self._known_payments_of.update(orders)
        self._known_deposits.update(clients)
        wanted = {"orders": list(orders), "clients": list(clients), "ids": list(ids)}
        return Load(self._bare_payments.extend, [(loads.PAYMENTS, wanted)])

    async def _load_parts(self) -> None:
        """Where the money of the payments stands that were found: read when they are locked."""
        found, self._bare_payments = self._bare_payments, []
        parts: dict[UUID, tuple[dict[UUID, Decimal], dict[UUID, Decimal]]] = {
            row.id: ({}, {}) for row in found
        }
        on_orders = [row.id for row in found if row.held + row.refunded < row.amount]
        spent = [row.id for row in found if row.method == "bonus"]
        applied, taken = await read_together(
            self.connection,
            (loads.APPLICATIONS, {"ids": on_orders}),
            (loads.SPENDS, {"ids": spent}),
        )
        for row in applied:
            parts[row.payment_id][0][row.order_id] = row.amount
        for row in taken:
            parts[row.payment_id][1][row.lot_id] = row.amount
        for row in found:
            self._payments.find(row.id, payment_of(row, *parts[row.id]))

    async def _load_entries(self, ids: Collection[UUID]) -> None:
        found = await self._rows(loads.ENTRIES, ids=ids)
        lines: dict[UUID, list[Row[Any]]] = {row.id: [] for row in found}
        for line in await self._rows(loads.POSTINGS, ids=lines):
            lines[line.entry_id].append(line)
        for row in found:
            self._entries.find(row.id, entry_of(row, lines[row.id]))

    async def _rows(self, statement: Select[Any], **ids: Collection[UUID]) -> Rows:
        """Rows found by ids; asks nothing when there are none to ask for."""
        asked = (statement, {name: list(some) for name, some in ids.items()})
        (found,) = await read_together(self.connection, asked)
        return found

    async def _execute(self, statement: Executable, values: Iterable[dict[str, Any]]) -> None:
        """One statement for all rows; none when there are none."""
        if many := list(values):
            await self.connection.execute(statement, many)
