"""What people do with goods besides the plain: packs, places, prices by cost, counts that take
their time, orders to suppliers that end otherwise than they began."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from operator import itemgetter
from typing import Any
from uuid import UUID

from services.inventory.domain.costing import kopecks
from services.inventory.domain.markup import Matrix
from shared.contracts.base import Command
from shared.contracts.costing import ChangeCell, CreateCell, SetHomeCell
from shared.contracts.inventory import (
    ChangeProduct,
    ChangeSupplier,
    ChangeWarehouse,
    CreateUnit,
    GetMarkupRules,
    GetStock,
    ListReceipts,
    MarkupRule,
    OtherUnit,
    ReceivedLine,
    ReceiveStock,
    SetMarkupRules,
)
from shared.contracts.orders import CreateOrder, PartRequest, RequestParts
from shared.contracts.part_numbers import (
    AddBarcode,
    AddPartNumber,
    MakeBarcode,
    RemoveBarcode,
    RemovePartNumber,
)
from shared.contracts.purchase_orders import (
    ArrivedLine,
    CancelPurchaseOrder,
    ChangePurchaseOrder,
    ClosePurchaseOrder,
    CreatePurchaseOrder,
    OrderSpecially,
    PurchaseLine,
    ReceivePurchase,
    SendPurchaseOrder,
    SetPrepayment,
    WaivePrepayment,
)
from shared.contracts.purchasing import CancelReceipt, ReturnedLine, ReturnToSupplier
from shared.contracts.reconciliation import TakeOverStock, TellIssueCost
from shared.contracts.shelves import FindStock
from shared.contracts.stock_counts import (
    CancelCount,
    PostCount,
    ScanCount,
    SetCounted,
    StartCount,
)
from shared.contracts.stock_documents import ArrivedLine as UnloadedLine
from shared.contracts.stock_documents import (
    CancelTransfer,
    ReceiveTransfer,
    SendTransfer,
    StockLine,
    WriteOffStock,
)
from tests.flows.histories.station import Station
from tests.flows.histories.store import VAT, Purchases, Store
from tests.support.histories import action

PACK = "упаковка"
FACTORS = ("5", "0.5", "2.50")
MEASURES = (None, None, PACK)
type Lying = dict[tuple[UUID, UUID], tuple[Decimal | None, ...]]
"""By product and warehouse: on hand, reserved, available, and what it is worth."""
CODES = ("4600000000017", "4600000000024", "PACK-1", "PACK-2")


class Places(Station):
    """How goods are known, counted, priced and laid out."""

    def __init__(self, database: Callable[[str], str], seed: int) -> None:
        super().__init__(database, seed)
        self.cells: list[UUID] = []
        self.numbers: list[tuple[UUID, UUID]] = []
        self.moments: list[tuple[datetime, Lying]] = []

    async def differences(self) -> list[str]:
        """Also where what lay there once is another thing today."""
        wrong = await super().differences()
        await self.somebody_looks_at_the_shelves()
        past = [(then, lay, await self._lying(then)) for then, lay in self.moments]
        moved = [f"of {then}: {lay} is {told}" for then, lay, told in past if lay != told]
        return wrong + moved + await self._priced_otherwise()

    async def _priced_otherwise(self) -> list[str]:
        """What a product was bought for last, and what follows from that by the rules of now."""
        receipts = (await self.business.ask(ListReceipts(limit=200))).items  # newest first
        matrix = Matrix((await self.business.ask(GetMarkupRules())).rules)
        wrong = []
        for product_id in self.products:
            found = await self.business.ask(FindStock(product_id=product_id))
            (shelf,) = found.items
            costs = [
                kopecks(line.stock_cost / line.main_quantity)
                for receipt in receipts
                if receipt.cancelled_at is None
                for line in reversed(receipt.lines)
                if line.product_id == product_id
            ]
            cost = costs[0] if costs else None
            if shelf.last_cost != cost:
                wrong.append(f"bought for {cost}: {shelf.last_cost}")
            price = matrix.price(cost, None, None) if cost is not None else None
            if shelf.product.pricing == "matrix" and price not in (None, shelf.product.price):
                wrong.append(f"price of what costs {cost} is {price}: {shelf.product.price}")
        return wrong

    async def _lying(self, at: datetime | None) -> Lying:
        listed = await self.business.ask(GetStock(at=at, limit=200))
        return {
            (line.product_id, line.warehouse_id): figures
            for line in listed.items
            if any(figures := (line.on_hand, line.reserved, line.available, line.value))
        }

    @action(2)
    async def somebody_looks_at_the_shelves(self) -> None:
        lay = await self._lying(None)
        self.moments.append((self.business.clock.now(UTC), lay))

    @action(2)
    async def goods_come_in_packs(self) -> None:
        """And are sold by the piece; or the pack has a code, which counts packs."""
        product_id = self.one_of(self.products)
        units = (OtherUnit(measure=PACK, factor=Decimal(self.one_of(FACTORS))),)
        await self.send(ChangeProduct(product_id=product_id, units=self.one_of((units, units, ()))))

    @action(2)
    async def a_code_is_stuck_on(self) -> None:
        product_id, code = self.one_of(self.products), self.one_of(CODES)
        if self.chance(0.3):
            await self.send(RemoveBarcode(product_id=product_id, code=code))
        elif self.chance(0.1):
            await self.send(MakeBarcode(product_id=product_id))
        else:
            measure = self.one_of(MEASURES)
            await self.send(AddBarcode(product_id=product_id, code=code, measure=measure))

    @action(1)
    async def a_number_is_noted(self) -> None:
        if self.numbers and self.chance(0.3):
            product_id, number_id = self.numbers.pop()
            await self.send(RemovePartNumber(product_id=product_id, part_number_id=number_id))
            return
        product_id, number = self.one_of(self.products), f"W 914/{self.random.randint(1, 9)}"
        if added := await self.send(AddPartNumber(product_id=product_id, number=number)):
            self.numbers.append((product_id, added.id))

    @action(1)
    async def goods_have_their_place(self) -> None:
        warehouse_id, name = self.one_of(self.warehouses), f"Б-{self.random.randint(1, 99)}"
        cell_id = self.recent(self.cells)
        if cell_id is None or self.chance(0.4):
            if cell := await self.send(CreateCell(warehouse_id=warehouse_id, name=name)):
                self.cells.append(cell.id)
            return
        await self.send(ChangeCell(cell_id=cell_id, name=name))
        home = self.one_of((None, cell_id))
        product_id = self.one_of(self.products)
        await self.send(SetHomeCell(product_id=product_id, warehouse_id=warehouse_id, cell_id=home))

    @action(1)
    async def things_have_other_names(self) -> None:
        name = f"{self.random.randint(1, 999)}"
        await self.send(CreateUnit(name=f"короб {name}", short_name=f"к{name}"))
        await self.send(ChangeSupplier(supplier_id=self.supplier, name=f"Автодок {name}"))

    @action(2)
    async def prices_follow_the_costs(self) -> None:
        """By other rules than before, or of something that had a price of its own."""
        percent = Decimal(self.random.randint(0, 9000)) / 100
        rule = MarkupRule(percent=percent, step=self.one_of((Decimal("0.01"), Decimal(5))))
        await self.send(SetMarkupRules(rules=self.one_of(((rule,), (rule,), ()))))
        pricing = self.one_of(("matrix", "matrix", "fixed"))
        await self.send(ChangeProduct(product_id=self.one_of(self.products), pricing=pricing))


class Counting(Store, Places):
    """Goods are counted, unloaded and thrown away while work goes on."""

    def __init__(self, database: Callable[[str], str], seed: int) -> None:
        super().__init__(database, seed)
        self.counts: list[UUID] = []

    def named(self) -> dict[str, Any]:
        """A product, as somebody says or scans it."""
        if self.chance(0.3):
            return {"barcode": self.one_of(CODES)}
        return {"product_id": self.one_of(self.products)}

    @action(4)
    async def goods_come_as_they_are_packed(self) -> None:
        lines = tuple(
            ReceivedLine(
                **self.named(),
                quantity=self.amount(),
                cost=self.money(),
                measure=self.one_of(MEASURES),
                vat_percent=self.one_of(VAT),
            )
            for _ in range(self.random.randint(1, 2))
        )
        place = self.one_of(self.warehouses)
        await self.receive(ReceiveStock(warehouse_id=place, supplier_id=self.supplier, lines=lines))

    @action(2)
    async def a_count_begins(self) -> None:
        some = self.one_of((None, tuple(self.products), (self.one_of(self.products),)))
        count = await self.send(
            StartCount(warehouse_id=self.one_of(self.warehouses), product_ids=some)
        )
        if count:
            self.counts.append(count.id)

    @action(4)
    async def somebody_counts(self) -> None:
        if count_id := self.recent(self.counts):
            if self.chance(0.5):
                await self.send(ScanCount(count_id=count_id, **self.named()))
            quantity = self.amount()
            await self.send(SetCounted(count_id=count_id, **self.named(), quantity=quantity))

    @action(2)
    async def a_count_ends(self) -> None:
        if count_id := self.recent(self.counts):
            if self.chance(0.7):
                uncounted = self.one_of(("keep", "zero"))
                await self.send(PostCount(count_id=count_id, uncounted=uncounted))
            else:
                await self.send(CancelCount(count_id=count_id))

    @action(2)
    async def much_is_sent_at_once(self) -> None:
        """The same thing twice, too."""
        start, end = self.random.sample(self.warehouses, 2)
        transfer = await self.send(
            SendTransfer(from_warehouse_id=start, to_warehouse_id=end, lines=self.goods())
        )
        if transfer:
            self.transfers.append(transfer.id)

    @action(2)
    async def a_part_of_it_arrives(self) -> None:
        if transfer_id := self.recent(self.transfers):
            places = self.random.sample((1, 2), self.random.randint(1, 2))
            lines = tuple(UnloadedLine(position=place, quantity=self.bit()) for place in places)
            await self.send(ReceiveTransfer(transfer_id=transfer_id, lines=lines))

    @action(2)
    async def much_is_thrown_away(self) -> None:
        place = self.one_of(self.warehouses)
        lost = await self.send(
            WriteOffStock(warehouse_id=place, reason="залило", lines=self.goods())
        )
        if lost:
            self.write_offs.append(lost.id)

    @action(2)
    async def a_bit_goes_back(self) -> None:
        if receipt_id := self.recent(self.receipts):
            places = self.random.sample((1, 2, 3), self.random.randint(1, 2))
            lines = tuple(ReturnedLine(position=place, quantity=self.bit()) for place in places)
            back = ReturnToSupplier(receipt_id=receipt_id, lines=lines, reason="течёт")
            await self.send(back)

    def goods(self) -> tuple[StockLine, ...]:
        return tuple(
            StockLine(
                product_id=self.one_of(self.products),
                quantity=self.bit(),
                measure=self.one_of(MEASURES),
            )
            for _ in range(self.random.randint(1, 3))
        )

    def bit(self) -> Decimal:
        return Decimal(self.random.randint(1, 1500)) / 1000


class Buying(Purchases, Counting):
    """Orders to suppliers are thought over, come in packs, or come to nothing."""

    @action(9)
    async def somebody_wants_parts(self) -> None:
        """More than there is, at times, and others wait for the same."""
        order = await self.send(
            CreateOrder(
                client_id=self.one_of(self.clients),
                section_id=self.section,
                employee_id=self.mechanic,
            )
        )
        if order:
            self.orders.append(order.id)
            lines = tuple(
                PartRequest(
                    product_id=self.one_of(self.products), quantity=self.amount(), kind="product"
                )
                for _ in range(self.random.randint(1, 3))
            )
            await self.send(RequestParts(order_id=order.id, lines=lines))

    @action(2)
    async def an_order_is_written_down(self) -> None:
        lines = self.wanted()
        purchase = await self.send(
            CreatePurchaseOrder(
                supplier_id=self.supplier, warehouse_id=self.one_of(self.warehouses), lines=lines
            )
        )
        if purchase:
            self.purchases.append(purchase.id)

    @action(2)
    async def an_order_is_thought_over(self) -> None:
        if purchase_id := self.recent(self.purchases):
            lines = self.one_of(({}, {"lines": self.wanted()}))
            comment = f"до {self.random.randint(9, 18)} часов"
            change = ChangePurchaseOrder(purchase_order_id=purchase_id, comment=comment, **lines)
            await self.send(change)

    @action(2)
    async def an_order_goes_out(self) -> None:
        if purchase_id := self.recent(self.purchases):
            if self.chance(0.3):
                await self.send(WaivePrepayment(purchase_order_id=purchase_id, reason="свои"))
            await self.send(SendPurchaseOrder(purchase_order_id=purchase_id))

    @action(2)
    async def no_more_is_awaited(self) -> None:
        if purchase_id := self.recent(self.purchases):
            end = self.one_of((CancelPurchaseOrder, ClosePurchaseOrder))
            await self.send(end(purchase_order_id=purchase_id, reason="не поставят"))

    @action(3)
    async def all_that_was_ordered_comes(self) -> None:
        if purchase_id := self.recent(self.purchases):
            await self.receive(ReceivePurchase(purchase_order_id=purchase_id))

    @action(3)
    async def something_ordered_comes_packed(self) -> None:
        if purchase_id := self.recent(self.purchases):
            lines = tuple(
                ArrivedLine(
                    **self.named(),
                    quantity=self.bit(),
                    measure=self.one_of(MEASURES),
                    cost=self.one_of((None, self.money())),
                )
                for _ in range(self.random.randint(1, 2))
            )
            await self.receive(ReceivePurchase(purchase_order_id=purchase_id, lines=lines))

    @action(2)
    async def the_client_is_to_pay_first(self) -> None:
        if order_id := self.recent(self.orders):
            if self.chance(0.5):
                await self.send(SetPrepayment(order_id=order_id, required=self.money()))
                return
            special = await self.send(
                OrderSpecially(
                    order_id=order_id,
                    supplier_id=self.supplier,
                    warehouse_id=self.one_of(self.warehouses),
                    prepayment_percent=Decimal(self.random.randint(0, 100)),
                )
            )
            if special:
                self.purchases.append(special.lines[-1].purchase_order_id)

    @action(1)
    async def an_operator_mends_what_is_right(self) -> None:
        """Nothing differs that either could explain: a history that it succeeds in is wrong."""
        reason = "на всякий случай"
        assert await self.send(TakeOverStock(amount=self.money(), reason=reason)) is None
        if order_id := self.recent(self.orders):
            tell = TellIssueCost(order_id=order_id, amount=self.money(), reason=reason)
            assert await self.send(tell) is None

    def wanted(self) -> tuple[PurchaseLine, ...]:
        return tuple(
            PurchaseLine(
                product_id=self.one_of(self.products),
                quantity=self.amount(),
                cost=self.one_of((None, self.money(), self.money())),
                measure=self.one_of(MEASURES),
            )
            for _ in range(self.random.randint(1, 2))
        )


class Crowd(Buying):
    """Several people at the same document at once: in one transaction, one after the other."""

    @action(2)
    async def a_receipt_is_fought_over(self) -> None:
        if receipt_id := self.recent(self.receipts):
            line = ReturnedLine(position=1, quantity=self.bit())
            back = ReturnToSupplier(receipt_id=receipt_id, lines=(line,), reason="брак")
            undo = CancelReceipt(receipt_id=receipt_id, reason="ошибка")
            await self.at_once(back, undo, back, undo)

    @action(2)
    async def a_purchase_is_fought_over(self) -> None:
        if purchase_id := self.recent(self.purchases):
            comes = ReceivePurchase(purchase_order_id=purchase_id)
            edit = ChangePurchaseOrder(purchase_order_id=purchase_id, lines=self.wanted())
            goes = SendPurchaseOrder(purchase_order_id=purchase_id)
            ends = ClosePurchaseOrder(purchase_order_id=purchase_id, reason="хватит")
            await self.at_once(edit, goes, comes, ends, comes)

    @action(2)
    async def a_transfer_is_fought_over(self) -> None:
        if transfer_id := self.recent(self.transfers):
            some = (UnloadedLine(position=1, quantity=self.bit()),)
            part = ReceiveTransfer(transfer_id=transfer_id, lines=some)
            back = CancelTransfer(transfer_id=transfer_id, reason="не туда")
            await self.at_once(part, back, ReceiveTransfer(transfer_id=transfer_id), part)

    @action(2)
    async def a_count_is_fought_over(self) -> None:
        if count_id := self.recent(self.counts):
            product_id = self.one_of(self.products)
            scan = ScanCount(count_id=count_id, product_id=product_id, quantity=self.bit())
            found = SetCounted(count_id=count_id, product_id=product_id, quantity=self.amount())
            await self.at_once(scan, found, scan, PostCount(count_id=count_id), scan)

    @action(3)
    async def a_shelf_is_fought_over(self) -> None:
        place, other = self.random.sample(self.warehouses, 2)
        line = ReceivedLine(
            product_id=self.one_of(self.products), quantity=self.amount(), cost=self.money()
        )
        goods = self.goods()
        receipt, transfer, lost, _ = await self.at_once(
            ReceiveStock(warehouse_id=place, supplier_id=self.supplier, lines=(line,)),
            SendTransfer(from_warehouse_id=place, to_warehouse_id=other, lines=goods),
            WriteOffStock(warehouse_id=place, reason="бой", lines=self.goods()),
            ChangeWarehouse(
                warehouse_id=place,
                costing=self.one_of(("fifo", "average")),
                may_be_negative=self.chance(0.5),
            ),
        )
        for made, kept in (
            (receipt, self.receipts),
            (transfer, self.transfers),
            (lost, self.write_offs),
        ):
            if made:
                kept.append(made.id)

    async def at_once(self, *commands: Command[Any]) -> list[Any]:
        """In a drawn order; the answers are in that of the commands."""
        drawn = list(enumerate(commands))
        self.random.shuffle(drawn)
        replies = await asyncio.gather(*(self.send(command) for _, command in drawn))
        places = [place for place, _ in drawn]
        return [reply for _, reply in sorted(zip(places, replies, strict=True), key=itemgetter(0))]
