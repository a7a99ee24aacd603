"""Products, warehouses and every movement of a part: owned by ``services/inventory``."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from shared.contracts.base import (
    Command,
    CommandRefused,
    Cursor,
    Event,
    Instant,
    Limit,
    Money,
    Name,
    Page,
    Period,
    Quantity,
    Question,
    Revision,
    SearchText,
    SignedQuantity,
    StockQuantity,
    Text,
    View,
)

PartNumber = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=80, pattern=r"^[^\x00-\x1f]*$"
    ),
]
MovementKind = Literal[
    "receipt", "reserve", "release", "issue", "return", "write_off", "transfer_out", "transfer_in",
    "count_difference",
]  # fmt: skip


Factor = Annotated[Decimal, Field(gt=0, le=1_000_000, decimal_places=6)]
Pricing = Literal["fixed", "matrix"]
WarrantyDays = Annotated[int, Field(ge=0, le=36_500)]


class ProductUnit(View):
    """A unit that a product is counted in: ``factor`` main units make one of it (a pack of 5 l:
    5). The main unit itself has factor 1 and comes first."""

    name: str
    short_name: str
    factor: Factor


class ProductView(View):
    """A part of the catalogue. ``price`` is what the client is asked, never what it cost."""

    id: UUID
    name: str
    oem: str | None
    vendor: str | None
    group: str | None
    measure: str
    price: Money
    barcode: str | None
    min_stock: StockQuantity | None
    comment: str | None
    active: bool
    available: StockQuantity = Decimal(0)
    """Over all warehouses, at the moment of the answer."""
    revision: Revision
    units: tuple[ProductUnit, ...] = ()
    """The main unit first, with factor 1. Empty only in events older than this field."""
    warranty_days: int | None = None
    warranty_km: int | None = None
    pricing: Pricing = "fixed"
    """``matrix``: the price follows the cost of the last purchase by the markup rules."""
    no_discount: bool = False
    """A client's own discount does not count for it."""


class WarehouseView(View):
    id: UUID
    name: str
    revision: Revision


class SupplierView(View):
    id: UUID
    name: str
    revision: Revision


class StockView(View):
    product_id: UUID
    warehouse_id: UUID
    on_hand: StockQuantity
    reserved: StockQuantity
    available: StockQuantity


class MovementView(View):
    """One line of a part's history; never edited."""

    id: UUID
    at: Instant
    kind: MovementKind
    product_id: UUID
    warehouse_id: UUID
    quantity: SignedQuantity
    """Of ``on_hand`` for receipt, issue, return …; of ``reserved`` for reserve and release."""
    order_id: UUID | None
    line_id: UUID | None
    document_id: UUID | None
    actor: str
    reason: str | None = None


class CreateProduct(Command[ProductView]):
    """Vendor, group and measure are named, and made when new. Refused: ``barcode_taken``,
    ``product_exists`` (same vendor and OEM number)."""

    subject: ClassVar[str] = "cmd.inventory.create_product.v1"

    name: Name
    oem: PartNumber | None = None
    vendor: Name | None = None
    group: Name | None = None
    measure: Name = "шт"
    price: Money
    barcode: PartNumber | None = None
    min_stock: StockQuantity | None = None
    comment: Text | None = None


class ChangeProduct(Command[ProductView]):
    subject: ClassVar[str] = "cmd.inventory.change_product.v1"

    product_id: UUID
    expected_revision: Revision | None = None
    name: Name | None = None
    oem: PartNumber | None = None
    vendor: Name | None = None
    group: Name | None = None
    measure: Name | None = None
    price: Money | None = None
    barcode: PartNumber | None = None
    min_stock: StockQuantity | None = None
    comment: Text | None = None
    active: bool | None = None


class GetProduct(Question[ProductView]):
    subject: ClassVar[str] = "ask.inventory.product.v1"

    product_id: UUID


class FindProducts(Question[Page[ProductView]]):
    """By name fragment, part number (dashes and spaces do not count) or barcode."""

    subject: ClassVar[str] = "ask.inventory.find_products.v1"

    q: SearchText = ""
    limit: Limit = 50
    cursor: Cursor | None = None


class CreateWarehouse(Command[WarehouseView]):
    """Refused: ``name_taken``. The oldest warehouse is drawn from first."""

    subject: ClassVar[str] = "cmd.inventory.create_warehouse.v1"

    name: Name


class ChangeWarehouse(Command[WarehouseView]):
    subject: ClassVar[str] = "cmd.inventory.change_warehouse.v1"

    warehouse_id: UUID
    expected_revision: Revision | None = None
    name: Name | None = None


class ListWarehouses(Question[Page[WarehouseView]]):
    subject: ClassVar[str] = "ask.inventory.warehouses.v1"

    limit: Limit = 50
    cursor: Cursor | None = None


class CreateSupplier(Command[SupplierView]):
    """Refused: ``name_taken``."""

    subject: ClassVar[str] = "cmd.inventory.create_supplier.v1"

    name: Name


class ChangeSupplier(Command[SupplierView]):
    subject: ClassVar[str] = "cmd.inventory.change_supplier.v1"

    supplier_id: UUID
    expected_revision: Revision | None = None
    name: Name | None = None


class ListSuppliers(Question[Page[SupplierView]]):
    subject: ClassVar[str] = "ask.inventory.suppliers.v1"

    limit: Limit = 50
    cursor: Cursor | None = None


class ReceiptLine(View):
    model_config = {"extra": "forbid"}

    product_id: UUID
    quantity: Quantity
    cost: Money
    """Of one unit."""


class ReceiptView(View):
    id: UUID
    number: str
    at: Instant
    warehouse_id: UUID
    supplier_id: UUID
    lines: tuple[ReceiptLine, ...]
    total_cost: Money


class ReceiveStock(Command[ReceiptView]):
    """Goods have come. Back-orders are filled in the same breath, oldest first.

    Refused: ``warehouse_not_found``, ``supplier_not_found``, ``product_not_found``.
    """

    subject: ClassVar[str] = "cmd.inventory.receive_stock.v1"

    warehouse_id: UUID
    supplier_id: UUID
    supplier_document: Name | None = None
    lines: tuple[ReceiptLine, ...] = Field(min_length=1, max_length=500)


class ListReceipts(Question[Page[ReceiptView]]):
    """Newest first."""

    subject: ClassVar[str] = "ask.inventory.receipts.v1"

    supplier_id: UUID | None = None
    limit: Limit = 50
    cursor: Cursor | None = None


class GetStock(Question[Page[StockView]]):
    """One row per product and warehouse; a product that never moved has a row of zeros when it
    is asked for by id together with a warehouse."""

    subject: ClassVar[str] = "ask.inventory.stock.v1"

    product_id: UUID | None = None
    warehouse_id: UUID | None = None
    limit: Limit = 50
    cursor: Cursor | None = None


class ListMovements(Question[Page[MovementView]]):
    """Newest first."""

    subject: ClassVar[str] = "ask.inventory.movements.v1"

    product_id: UUID | None = None
    warehouse_id: UUID | None = None
    order_id: UUID | None = None
    limit: Limit = 50
    cursor: Cursor | None = None


class StockBalance(View):
    product_id: UUID
    product: str
    oem: str | None
    warehouse_id: UUID
    warehouse: str
    measure: str
    on_hand: StockQuantity
    reserved: StockQuantity
    available: StockQuantity
    value: Money | None
    """At cost. Null for roles that may not see cost."""


class StockBalances(Question[Page[StockBalance]]):
    """What lies in the warehouses at the period's end (now, when it has none)."""

    subject: ClassVar[str] = "ask.inventory.stock_balances.v1"

    period: Period = Period()
    station_id: UUID | None = None
    warehouse_id: UUID | None = None


class ProductSaved(Event):
    """A product was made or edited; carries all of it. Producer: inventory.
    Consumers: orders (names and prices on its documents), audit."""

    subject: ClassVar[str] = "evt.inventory.product_saved.v1"

    product: ProductView
    created: bool

    def aggregate_id(self) -> UUID:
        return self.product.id


class PlaceSaved(Event):
    """A warehouse or supplier was made or edited. Producer: inventory. Consumer: audit."""

    subject: ClassVar[str] = "evt.inventory.place_saved.v1"

    kind: Literal["warehouse", "supplier"]
    id: UUID
    name: str
    created: bool

    def aggregate_id(self) -> UUID:
        return self.id


class StockReceived(Event):
    """Goods came in. Producer: inventory. Consumers: finance (stock against supplier), audit."""

    subject: ClassVar[str] = "evt.inventory.stock_received.v1"

    receipt: ReceiptView

    def aggregate_id(self) -> UUID:
        return self.receipt.id


class StockAnswer(View):
    """What a line has now. ``answer`` counts up per line: an older one that comes late is
    dropped. ``price`` is the catalogue's at that moment: the line is priced by it."""

    line_id: UUID
    line_version: int
    answer: int
    product_id: UUID
    wanted: StockQuantity
    reserved: StockQuantity
    short: StockQuantity
    price: Money


class StockAnswered(Event):
    """What both answers of inventory carry."""

    order_id: UUID
    lines: tuple[StockAnswer, ...]

    def aggregate_id(self) -> UUID:
        return self.order_id


class PartsReserved(StockAnswered):
    """Every named line has all it wants. Producer: inventory. Consumers: orders, audit."""

    subject: ClassVar[str] = "evt.inventory.parts_reserved.v1"


class PartsUnavailable(StockAnswered):
    """The named lines are short; what there was is reserved, the rest is back-ordered.
    Producer: inventory. Consumers: orders, audit."""

    subject: ClassVar[str] = "evt.inventory.parts_unavailable.v1"


class ReservationReleased(Event):
    """What lines of an order had held is free again. Producer: inventory. Consumer: audit."""

    subject: ClassVar[str] = "evt.inventory.reservation_released.v1"

    order_id: UUID
    lines: tuple[StockAnswer, ...]

    def aggregate_id(self) -> UUID:
        return self.order_id


class IssuedPart(View):
    line_id: UUID
    product_id: UUID
    quantity: Quantity
    cost: Money
    """Of the whole line; frozen at this moment."""


class PartsIssued(Event):
    """The parts of a done order left the warehouse (an order without parts: no lines). Producer:
    inventory. Consumers: orders, finance, audit."""

    subject: ClassVar[str] = "evt.inventory.parts_issued.v1"

    order_id: UUID
    completion: int
    lines: tuple[IssuedPart, ...]
    cost: Money

    def aggregate_id(self) -> UUID:
        return self.order_id


class PartsReturned(Event):
    """A reopened order's parts are back in its reservation, at the cost of their issue. Producer:
    inventory. Consumers: orders, finance, audit."""

    subject: ClassVar[str] = "evt.inventory.parts_returned.v1"

    order_id: UUID
    completion: int
    lines: tuple[IssuedPart, ...]
    cost: Money

    def aggregate_id(self) -> UUID:
        return self.order_id


class InventoryCommandRefused(CommandRefused):
    """Producer: inventory. Consumer: audit."""

    subject: ClassVar[str] = "evt.inventory.command_refused.v1"
