"""What a batch of messages will look for in the stock book, so that it is loaded at once. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Self
from uuid import UUID

from shared.contracts.base import Message
from shared.contracts.inventory import ChangeProduct, ReceiveStock, RepricingDue
from shared.contracts.orders import (
    CompletedPart,
    OrderCancelled,
    OrderCompleted,
    OrderReopened,
    PartsReleased,
    PartsRequested,
    ReleasedPart,
    RequestedPart,
)
from shared.contracts.part_numbers import AddBarcode, MakeBarcode, RemoveBarcode
from shared.contracts.purchase_orders import (
    CancelPurchaseOrder,
    ChangePurchaseOrder,
    ClosePurchaseOrder,
    OrderSpecially,
    ReceivePurchase,
    SendPurchaseOrder,
    SetPrepayment,
    WaivePrepayment,
)
from shared.contracts.purchasing import CancelReceipt, ReturnToSupplier
from shared.contracts.stock_counts import PostCount
from shared.contracts.stock_documents import (
    CancelTransfer,
    CancelWriteOff,
    ReceiveTransfer,
    SendTransfer,
    WriteOffStock,
)


@dataclass(slots=True)
class Needs:
    """Ids of what the messages name; the store adds what it finds on the way."""

    orders: set[UUID] = field(default_factory=set)
    cancelled: set[UUID] = field(default_factory=set)
    """Orders of which every line is wanted."""
    completing: set[UUID] = field(default_factory=set)
    reopened: set[UUID] = field(default_factory=set)
    lines: dict[UUID, UUID] = field(default_factory=dict)
    """The order of each line."""
    requested: set[UUID] = field(default_factory=set)
    """Lines that want something; one that is known already may want less, and free the rest."""
    products: set[UUID] = field(default_factory=set)
    issuing: set[UUID] = field(default_factory=set)
    """Products whose lots will be used up."""
    lost: set[UUID] = field(default_factory=set)
    """Lines that write off some of what they hold."""
    freeing: set[UUID] = field(default_factory=set)
    """Products of which something may become free: whoever waits for them is wanted too."""
    receiving: bool = False
    bringing: set[UUID] = field(default_factory=set)
    """Products that come into their lots."""
    transfers: set[UUID] = field(default_factory=set)
    """Their goods come in somewhere."""
    write_offs: set[UUID] = field(default_factory=set)
    """Their goods come back."""
    counts: set[UUID] = field(default_factory=set)
    """Their products may turn out to be more or less, whoever holds them."""
    held: set[UUID] = field(default_factory=set)
    """Products of which every line that holds some is wanted."""
    barcodes: set[str] = field(default_factory=set)
    """Of products that goods came of."""
    receipts: set[UUID] = field(default_factory=set)
    """Of which goods go back."""
    purchases: set[UUID] = field(default_factory=set)
    """Purchase orders that are worked on."""
    arriving: set[UUID] = field(default_factory=set)
    """Those of them of which goods came."""

    @property
    def looks_further(self) -> bool:
        """Some messages do not say which products they are about."""
        orders = self.cancelled or self.reopened
        documents = self.transfers or self.write_offs or self.counts
        purchases = self.barcodes or self.receipts or self.purchases or self.arriving
        return bool(orders or documents or purchases)

    @property
    def moves_goods(self) -> bool:
        """Something leaves its lots or comes into them: how is the warehouses' to say."""
        return self.receiving or bool(self.issuing or self.reopened or self.bringing)

    @classmethod
    def of(cls, messages: Sequence[Message]) -> Self:
        """Of all that the messages say. A first request frees nothing that anybody could wait
        for, and is the commonest message: it needs no queue."""
        needs = cls()
        for message in messages:
            needs._add(message)
        return needs

    def _add(self, message: Message) -> None:
        match message:
            case PartsRequested():
                self.orders.add(message.order_id)
                self._name_lines(message.order_id, message.lines)
                self.requested.update(line.line_id for line in message.lines)
                self.products.update(line.product_id for line in message.lines)
                self._lose(message.order_id, message.lines)
            case PartsReleased():
                self.orders.add(message.order_id)
                self._name_lines(message.order_id, message.lines)
                self._free(line.product_id for line in message.lines)
                self._lose(message.order_id, message.lines)
            case OrderCancelled():
                self.orders.add(message.order_id)
                self.cancelled.add(message.order_id)
            case OrderCompleted():
                self.orders.add(message.order_id)
                self.completing.add(message.order_id)
                self._name_lines(message.order_id, message.parts)
                self.products.update(part.product_id for part in message.parts)
                self.issuing.update(part.product_id for part in message.parts)
            case OrderReopened():
                self.orders.add(message.order_id)
                self.completing.add(message.order_id)
                self.reopened.add(message.order_id)
            case _:
                self._add_document(message)

    def _add_document(self, message: Message) -> None:
        """What the storekeeper says."""
        match message:
            case ReceiveStock():
                self.receiving = True
                self.bring(line.product_id for line in message.lines if line.product_id)
                self.barcodes.update(line.barcode for line in message.lines if line.barcode)
            case SendTransfer() | WriteOffStock():
                self.take(line.product_id for line in message.lines)
            case ReceiveTransfer() | CancelTransfer():
                self.transfers.add(message.transfer_id)
            case CancelWriteOff():
                self.write_offs.add(message.write_off_id)
            case PostCount():
                self.counts.add(message.count_id)
            case ChangeProduct() | AddBarcode() | MakeBarcode() | RemoveBarcode():
                self.products.add(message.product_id)
            case RepricingDue():
                self.products.update(message.product_ids)
            case _:
                self._add_purchase(message)

    def _add_purchase(self, message: Message) -> None:
        match message:
            case ReceivePurchase():
                self.receiving = True
                self.arriving.add(message.purchase_order_id)
                self.purchases.add(message.purchase_order_id)
                # Also what was never ordered, so that it is not said to be unknown.
                self.bring(line.product_id for line in message.lines if line.product_id)
                self.barcodes.update(line.barcode for line in message.lines if line.barcode)
            case (
                ChangePurchaseOrder()
                | SendPurchaseOrder()
                | CancelPurchaseOrder()
                | ClosePurchaseOrder()
                | WaivePrepayment()
            ):
                self.purchases.add(message.purchase_order_id)
            case OrderSpecially() | SetPrepayment():
                self.orders.add(message.order_id)
            case ReturnToSupplier() | CancelReceipt():
                self.receipts.add(message.receipt_id)
            case _:
                pass

    def add_line(self, line_id: UUID, order_id: UUID, product_id: UUID) -> None:
        """A line of which something may become free."""
        self.lines[line_id] = order_id
        self._free([product_id])

    def take(self, product_ids: Iterable[UUID]) -> None:
        """Products that leave the shelves."""
        for product_id in product_ids:
            self.products.add(product_id)
            self.issuing.add(product_id)

    def bring(self, product_ids: Iterable[UUID]) -> None:
        """Products that come in: whoever waits for them is served."""
        product_ids = set(product_ids)
        self.bringing |= product_ids
        self._free(product_ids)

    def correct(self, product_ids: Iterable[UUID]) -> None:
        """Products that were counted."""
        product_ids = set(product_ids)
        self.take(product_ids)
        self.bring(product_ids)
        self.held |= product_ids

    def _name_lines(
        self, order_id: UUID, lines: Iterable[RequestedPart | ReleasedPart | CompletedPart]
    ) -> None:
        self.lines.update((line.line_id, order_id) for line in lines)

    def _lose(self, order_id: UUID, lines: Iterable[RequestedPart | ReleasedPart]) -> None:
        for line in lines:
            if line.write_off:
                self.lost.add(line.line_id)
                self.completing.add(order_id)
                self.issuing.add(line.product_id)
                self.held.add(line.product_id)

    def _free(self, product_ids: Iterable[UUID]) -> None:
        for product_id in product_ids:
            self.products.add(product_id)
            self.freeing.add(product_id)
