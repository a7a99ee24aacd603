"""What people do among the shelves, and with those who fill them."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from uuid import UUID

from shared.contracts.inventory import ChangeWarehouse, ExtraCost, ReceivedLine, ReceiveStock
from shared.contracts.purchase_orders import (
    ArrivedLine,
    CreatePurchaseOrder,
    OrderProposal,
    OrderSpecially,
    PurchaseLine,
    ReceivePurchase,
    SendPurchaseOrder,
)
from shared.contracts.purchasing import (
    CancelReceipt,
    PaySupplier,
    RefundSupplierPayment,
    ReturnedLine,
    ReturnToSupplier,
)
from shared.contracts.stock_counts import PostCount, SetCounted, StartCount
from shared.contracts.stock_documents import (
    CancelTransfer,
    CancelWriteOff,
    ReceiveTransfer,
    SendTransfer,
    StockLine,
    WriteOffStock,
)
from tests.flows.histories.counter import Counter
from tests.flows.histories.station import Station
from tests.support.histories import action

VAT = (None, Decimal(10), Decimal(20))


class Shelves(Station):
    """Goods are there."""

    def __init__(self, database: Callable[[str], str], seed: int) -> None:
        super().__init__(database, seed)
        self.receipts: list[UUID] = []

    @action(6)
    async def goods_come(self) -> None:
        product_id = self.one_of(self.products)
        line = ReceivedLine(product_id=product_id, quantity=self.amount(), cost=self.money())
        warehouse_id = self.one_of(self.warehouses)
        await self.receive(
            ReceiveStock(warehouse_id=warehouse_id, supplier_id=self.supplier, lines=(line,))
        )

    async def receive(self, command: ReceiveStock | ReceivePurchase) -> None:
        if receipt := await self.send(command):
            self.receipts.append(receipt.id)


class Store(Shelves):
    """Goods go back, elsewhere, or are lost and found."""

    def __init__(self, database: Callable[[str], str], seed: int) -> None:
        super().__init__(database, seed)
        self.transfers: list[UUID] = []
        self.write_offs: list[UUID] = []

    @action(4)
    async def goods_come_with_vat_and_delivery(self) -> None:
        extra = ExtraCost(
            name="Доставка",
            amount=self.money(),
            vat_percent=self.one_of(VAT),
            supplier_id=self.carrier,
        )
        await self.receive(
            ReceiveStock(
                warehouse_id=self.one_of(self.warehouses),
                supplier_id=self.supplier,
                prices_include_vat=self.chance(0.5),
                vat_in_cost=self.chance(0.5),
                extra_costs=(extra,),
                extra_spread=self.one_of(("by_value", "by_quantity")),
                lines=tuple(
                    ReceivedLine(
                        product_id=self.one_of(self.products),
                        quantity=self.amount(),
                        cost=self.money(),
                        vat_percent=self.one_of(VAT),
                    )
                    for _ in range(self.random.randint(1, 3))
                ),
            )
        )

    @action(3)
    async def goods_go_back(self) -> None:
        if receipt_id := self.recent(self.receipts):
            line = ReturnedLine(position=self.one_of((1, 1, 2)), quantity=self.amount())
            back = ReturnToSupplier(receipt_id=receipt_id, lines=(line,), reason="брак")
            await self.send(back)

    @action(2)
    async def a_receipt_is_undone(self) -> None:
        if receipt_id := self.recent(self.receipts):
            await self.send(CancelReceipt(receipt_id=receipt_id, reason="не то"))

    @action(1)
    async def a_warehouse_keeps_its_books_anew(self) -> None:
        warehouse_id, method = self.one_of(self.warehouses), self.one_of(("fifo", "average"))
        await self.made(ChangeWarehouse(warehouse_id=warehouse_id, costing=method))

    @action(3)
    async def goods_are_sent(self) -> None:
        start, end = self.random.sample(self.warehouses, 2)
        line = StockLine(product_id=self.one_of(self.products), quantity=self.amount())
        transfer = await self.send(
            SendTransfer(from_warehouse_id=start, to_warehouse_id=end, lines=(line,))
        )
        if transfer:
            self.transfers.append(transfer.id)

    @action(3)
    async def a_transfer_ends(self) -> None:
        if transfer_id := self.recent(self.transfers):
            if self.chance(0.7):
                await self.send(ReceiveTransfer(transfer_id=transfer_id))
            else:
                await self.send(CancelTransfer(transfer_id=transfer_id, reason="не надо"))

    @action(2)
    async def goods_are_written_off(self) -> None:
        line = StockLine(product_id=self.one_of(self.products), quantity=self.amount())
        warehouse_id = self.one_of(self.warehouses)
        document = await self.send(
            WriteOffStock(warehouse_id=warehouse_id, reason="бой", lines=(line,))
        )
        if document:
            self.write_offs.append(document.id)

    @action(1)
    async def a_write_off_is_cancelled(self) -> None:
        if write_off_id := self.recent(self.write_offs):
            await self.send(CancelWriteOff(write_off_id=write_off_id, reason="нашлось"))

    @action(2)
    async def a_shelf_is_counted(self) -> None:
        product_id = self.one_of(self.products)
        warehouse_id = self.one_of(self.warehouses)
        start = StartCount(warehouse_id=warehouse_id, product_ids=(product_id,))
        if count := await self.send(start):  # none while another one is under way there
            found = SetCounted(count_id=count.id, product_id=product_id, quantity=self.amount())
            await self.send(found)
            assert await self.send(PostCount(count_id=count.id))


class Purchases(Shelves, Counter):
    """Goods are ordered from suppliers, and paid for."""

    def __init__(self, database: Callable[[str], str], seed: int) -> None:
        super().__init__(database, seed)
        self.purchases: list[UUID] = []
        self.supplier_payments: list[UUID] = []

    @action(2)
    async def goods_are_ordered(self) -> None:
        product_id = self.one_of(self.products)
        line = PurchaseLine(product_id=product_id, quantity=self.amount(), cost=self.money())
        place = self.one_of(self.warehouses)
        await self._sent(
            await self.made(
                CreatePurchaseOrder(supplier_id=self.supplier, warehouse_id=place, lines=(line,))
            )
        )

    @action(2)
    async def what_an_order_lacks_is_ordered(self) -> None:
        if order_id := self.recent(self.orders):
            place = self.one_of(self.warehouses)
            special = await self.send(
                OrderSpecially(order_id=order_id, supplier_id=self.supplier, warehouse_id=place)
            )
            if special:
                await self._sent(special.lines[-1].purchase_order_id)

    @action(2)
    async def what_lacks_is_ordered(self) -> None:
        first = self.random.randint(0, 2)
        await self.send(
            OrderProposal(
                supplier_id=self.supplier,
                warehouse_id=self.one_of(self.warehouses),
                product_ids=tuple(self.products[first : first + 1]),
            )
        )

    @action(4)
    async def something_ordered_comes(self) -> None:
        if purchase_id := self.recent(self.purchases):
            line = ArrivedLine(
                product_id=self.one_of(self.products),
                quantity=self.amount(),
                cost=self.money(),
                vat_percent=self.one_of(VAT),
            )
            await self.receive(ReceivePurchase(purchase_order_id=purchase_id, lines=(line,)))

    @action(2)
    async def a_supplier_is_paid(self) -> None:
        payee = self.one_of((self.carrier, self.supplier))
        method = self.one_of(("cash", "transfer"))
        payment = await self.send(
            PaySupplier(supplier_id=payee, amount=self.money(), method=method)
        )
        if payment:
            self.supplier_payments.append(payment.id)

    @action(1)
    async def a_supplier_gives_back(self) -> None:
        if payment_id := self.recent(self.supplier_payments):
            amount = self.one_of((None, self.money()))
            await self.send(RefundSupplierPayment(payment_id=payment_id, amount=amount))

    async def _sent(self, purchase_id: UUID) -> None:
        await self.send(SendPurchaseOrder(purchase_order_id=purchase_id))
        self.purchases.append(purchase_id)
