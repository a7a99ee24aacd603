"""What happens while nobody does anything: time passes, and sums of reports are kept."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, timedelta
from decimal import Decimal
from typing import Any

from services.finance.store import sums as of_finance
from services.inventory.store import sums as of_inventory
from services.orders.store import sums as of_orders
from shared.contracts.base import Period, Question
from shared.contracts.finance_reports import Margin, MarginBy, ProfitLoss
from shared.contracts.inventory import GetStock, StockBalances
from shared.contracts.purchase_orders import ListPurchaseOrders
from shared.contracts.purchasing import ListSupplierBalances, SupplierStatement
from shared.contracts.shelves import ListLots, ListWaiting
from shared.contracts.stock_reports import StockTurnover
from tests.flows.histories.station import Station
from tests.support.histories import action

SUMS: dict[str, Any] = {"finance": of_finance, "inventory": of_inventory, "orders": of_orders}
LONG = [timedelta(hours=hours) for hours in (1, 5, 13, 24, 24, 24, 100, 800)]
EACH_WAY: tuple[MarginBy, ...] = ("section", "client", "order_type")


class Nights(Station):
    """Sums are folded and reckoned anew at any moment, in the end at the latest."""

    def __init__(self, database: Callable[[str], str], seed: int) -> None:
        super().__init__(database, seed)
        self.stretches: list[Period] = [Period()]

    @action(4)
    async def time_passes(self) -> None:
        clock = self.business.clock
        before = clock.now(UTC)
        clock.ahead += self.one_of(LONG)
        self.stretches.append(Period(start=before, end=clock.now(UTC)))
        self.stretches.append(Period(end=clock.now(UTC)))

    @action(4)
    async def sums_are_kept(self) -> None:
        """Of all that is new, or of some of it."""
        await self._reckoned("fold", self.one_of((3, 20, 10_000)))

    @action(1)
    async def sums_are_reckoned_anew(self) -> None:
        await self._reckoned("reckon")

    async def _reckoned(self, how: str, *limit: int) -> None:
        service = self.one_of(list(SUMS))
        member = self.business.members[service]
        async with member.engine.begin() as connection:
            await getattr(SUMS[service], how)(connection, member.settings.zone, *limit)

    # --- what must hold --------------------------------------------------------------------------

    async def differences(self) -> list[str]:
        """Also where two reports say of the same stretch what cannot both be right."""
        wrong = await super().differences()
        for _ in range(2):
            await self._reckoned("fold", 20)
        found = await self._lies() + await self._owed()
        for stretch in {self.stretches[0], *self.stretches[-6:]}:
            found += await self._earned(stretch)
            found += await self._moved(stretch)
        return wrong + found

    async def _all(self, question: Question[Any]) -> tuple[Any, ...]:
        page = await self.business.ask(question)
        assert page.next is None
        items: tuple[Any, ...] = page.items
        return items

    async def _earned(self, stretch: Period) -> list[str]:
        """Revenue, cost, pay, VAT, however it is added up."""
        names = ("revenue", "cost", "pay", "vat")
        told = {
            by: _sums(await self._all(Margin(by=by, period=stretch)), names)
            for by in ("order", *EACH_WAY)
        } | {
            by: _sums(await self._all(ProfitLoss(by=by, period=stretch)), names)
            for by in ("day", "month")
        }
        if len(set(told.values())) > 1:
            return [f"margin of {stretch}: {told}"]
        return []

    async def _owed(self) -> list[str]:
        """To each supplier: by age, and in the account that tells every step."""
        wrong = []
        for owed in await self._all(ListSupplierBalances(limit=200)):
            ages = owed.days_0_30 + owed.days_31_60 + owed.days_61_90 + owed.days_over_90
            steps = await self._all(SupplierStatement(supplier_id=owed.supplier_id, limit=200))
            told = {owed.owed - owed.advance, ages - owed.advance, steps[0].balance}
            told.add(sum((step.amount for step in steps), Decimal(0)))
            if len(told) > 1:
                wrong.append(f"owed to a supplier: {told}")
        return wrong

    async def _moved(self, stretch: Period) -> list[str]:
        """What lay there in the end of it, by each who tells it."""
        rows = await self._all(StockTurnover(period=stretch))
        turned = {
            (row.product_id, row.warehouse_id): (row.closing_quantity, row.closing_value)
            for row in rows
        }
        told = {
            "turnover": turned,
            "balances": _lying(await self._all(StockBalances(period=stretch))),
            "stock": _lying(await self._all(GetStock(at=stretch.end, limit=200))),
        }
        told = {
            who: {key: lies for key, lies in told.items() if any(lies)}
            for who, told in told.items()
        }
        if not told["turnover"] == told["balances"] == told["stock"]:
            return [f"stock of {stretch}: {told}"]
        return []

    async def _lies(self) -> list[str]:
        """Lots, who waits, and what is still to come, against the stock itself."""
        found = []
        stock = await self._all(GetStock(limit=200))
        bought = await self._all(ListPurchaseOrders(limit=200))
        for product_id in self.products:
            here = [each for each in stock if each.product_id == product_id]
            lots = await self._all(ListLots(product_id=product_id, limit=200))
            await self._all(ListWaiting(product_id=product_id, limit=200))
            for each in here:
                lying = [lot for lot in lots if lot.warehouse_id == each.warehouse_id]
                remaining = sum((lot.remaining for lot in lying), Decimal(0))
                if each.on_hand >= 0 and remaining < each.on_hand:
                    found.append(f"lots have {remaining} of {each}")
                coming = sum(
                    (
                        line.incoming
                        for purchase in bought
                        for line in purchase.lines
                        if (line.product_id, purchase.warehouse_id)
                        == (product_id, each.warehouse_id)
                    ),
                    Decimal(0),
                )
                if coming != each.incoming:
                    found.append(f"{coming} is to come of {each}")
        return found


def _sums(rows: tuple[Any, ...], names: tuple[str, ...]) -> tuple[Decimal, ...]:
    return tuple(sum((getattr(row, name) for row in rows), Decimal(0)) for name in names)


def _lying(rows: tuple[Any, ...]) -> dict[Any, Any]:
    return {(row.product_id, row.warehouse_id): (row.on_hand, row.value) for row in rows}
