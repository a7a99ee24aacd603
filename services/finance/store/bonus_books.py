"""Bonuses during one transaction: rules, accruals and lots beside the books that they move.

A client's lots are loaded with the client's account locked.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import asdict, replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncConnection

from services.finance.domain.bonus_lots import Accrual, Lot
from services.finance.domain.bonus_rules import BonusRule
from services.finance.domain.decision import Decision
from services.finance.domain.ledger import ZERO
from services.finance.domain.settlement import Settlement
from services.finance.store import loads, rows
from services.finance.store.books import Books, Kept, Load
from services.finance.store.loads import Wanted
from services.finance.store.rows import accrual_of, lot_of, rule_of
from services.finance.store.schema import bonus_settings
from shared.contracts.bonus_rules import BonusSettingsView
from shared.reading import Rows


class BonusBooks(Books):
    """The books, and the bonuses that follow from them."""

    def __init__(self, connection: AsyncConnection) -> None:
        super().__init__(connection)
        self._rules: Kept[UUID, BonusRule] = Kept()
        self._lots: Kept[UUID, Lot] = Kept()
        self._accruals: Kept[tuple[UUID, int], Accrual] = Kept()
        self._knows_rules = False
        self._known_purses: set[UUID] = set()
        self._known_lots_of: set[UUID] = set()
        self._known_accruals: set[UUID] = set()

    def _guards(self, wanted: Wanted) -> list[Load]:
        return [*super()._guards(wanted), *([self._rules_load()] if wanted.paid else ())]

    def _guarded(self, wanted: Wanted) -> list[Load]:
        if not self._rules.values:  # nothing is earned
            wanted = replace(wanted, paid=set(), buyers=set())
        earned = wanted.paid | wanted.earning
        return [
            *super()._guarded(wanted),
            self._accruals_load(earned),
            self._lots_load(wanted.buyers, earned, ()),
        ]

    # --- what handlers ask for ---

    async def rules(self) -> list[BonusRule]:
        if not self._knows_rules:
            await self._load(self._rules_load())
        return list(self._rules.values.values())

    async def rule(self, rule_id: UUID) -> BonusRule | None:
        """Locked until the transaction ends, to be changed."""
        self._found_rules(await self._rows(loads.RULE, ids={rule_id}))
        return self._rules.values.get(rule_id)

    async def bonus_settings(self, *, lock: bool = False) -> BonusSettingsView:
        """``lock``: to be changed."""
        statement = loads.SETTINGS.with_for_update() if lock else loads.SETTINGS
        row = (await self.connection.execute(statement)).one()
        return BonusSettingsView.model_validate(row, from_attributes=True)

    async def accrual(self, order_id: UUID, completion: int) -> Accrual | None:
        if order_id not in self._known_accruals:
            await self._load(self._accruals_load({order_id}))
        return self._accruals.values.get((order_id, completion))

    async def dues(self, client_id: UUID) -> list[Settlement]:
        dues = await super().dues(client_id)
        # One payment may cover many: what they have earned is looked up at once.
        unknown = {due.order_id for due in dues} - self._known_accruals
        await self._load(self._accruals_load(unknown))
        return dues

    async def lots(
        self, client_id: UUID, order_id: UUID | None = None, ids: Collection[UUID] = ()
    ) -> list[Lot]:
        """A client's lots: those that are not empty, those of one order, and those of the ids."""
        clients = {client_id} - self._known_purses
        orders = {order_id} - self._known_lots_of if order_id else set()
        unknown = set(ids) - self._lots.values.keys()
        await self._load(self._lots_load(clients, orders, unknown))
        return [lot for lot in self._lots.values.values() if lot.client_id == client_id]

    async def given(self, client_id: UUID, start: datetime, end: datetime) -> dict[UUID, Decimal]:
        """By rule, what orders that were paid in the period have earned a client, less what
        was taken back."""
        parameters = {"client_id": client_id, "start": start, "end": end}
        for row in await self.connection.execute(loads.GIVEN, parameters):
            self._lots.find(row.id, lot_of(row))
        given: dict[UUID, Decimal] = {}
        for lot in self._lots.values.values():
            if lot.client_id == client_id and lot.completion and start <= lot.at < end:
                assert lot.rule_id is not None
                given[lot.rule_id] = given.get(lot.rule_id, ZERO) + lot.kept
        return given

    async def lock_purses(self, clients: Collection[UUID]) -> None:
        """Loads many clients' accounts and lots at once."""
        await self._load(self._accounts_load(clients))
        await self._load(self._lots_load(clients, (), ()))

    async def expiring(self, at: datetime, limit: int) -> list[UUID]:
        """Clients with bonuses that have expired by then and are not posted, the longest first."""
        result = await self.connection.execute(loads.EXPIRING, {"at": at, "limit": limit})
        return list(result.scalars())

    # --- what they save ---

    def save_rule(self, rule: BonusRule) -> None:
        self._rules.put(rule.id, rule)

    async def save_bonus_settings(self, settings: BonusSettingsView) -> None:
        await self.connection.execute(update(bonus_settings).values(**settings.model_dump()))

    async def keep(self, decision: Decision) -> None:
        await super().keep(decision)
        for lot in decision.lots:
            self._lots.put(lot.id, lot)
        for accrual in decision.accruals:
            self._accruals.put((accrual.order_id, accrual.completion), accrual)

    async def flush(self) -> None:
        await self._execute(rows.INSERT_RULE, map(rows.rule_row, self._rules.new()))
        await self._execute(rows.UPDATE_RULE, map(rows.rule_row, self._rules.changed()))
        self.pending.add(rows.NEW_ACCRUALS, map(asdict, self._accruals.new()))
        self.pending.add(rows.NEW_LOTS, map(asdict, self._lots.new()))
        self.pending.add(rows.SAVED_LOTS, map(asdict, self._lots.changed()))
        await super().flush()

    # --- loading ---

    def _rules_load(self) -> Load:
        self._knows_rules = True
        return Load(self._found_rules, [(loads.RULES, {})])

    def _found_rules(self, found: Rows) -> None:
        for row in found:
            self._rules.find(row.id, rule_of(row))

    def _accruals_load(self, ids: Collection[UUID]) -> Load:
        self._known_accruals.update(ids)
        return Load(self._found_accruals, [(loads.ACCRUALS, {"ids": list(ids)})])

    def _found_accruals(self, found: Rows) -> None:
        for row in found:
            self._accruals.find((row.order_id, row.completion), accrual_of(row))

    def _lots_load(
        self, clients: Collection[UUID], orders: Collection[UUID], ids: Collection[UUID]
    ) -> Load:
        self._known_purses.update(clients)
        self._known_lots_of.update(orders)
        wanted = {"clients": list(clients), "orders": list(orders), "ids": list(ids)}
        return Load(self._found_lots, [(loads.LOTS, wanted)])

    def _found_lots(self, found: Rows) -> None:
        for row in found:
            self._lots.find(row.id, lot_of(row))
