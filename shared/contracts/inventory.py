"""Products, warehouses and every movement of a part: owned by ``services/inventory``."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field, StringConstraints

from shared.contracts.base import (
    Command,
    CommandRefused,
    Cursor,
    Day,
    Event,
    Instant,
    Limit,
    Money,
    Name,
    Page,
    Percent,
    Period,
    PositiveMoney,
    PriceStep,
    Quantity,
    Question,
    ReportLimit,
    Revision,
    RoundingMode,
    SearchText,
    SignedMoney,
    SignedQuantity,
    StockQuantity,
    Text,
    View,
    WarrantyDays,
)
from shared.contracts.clients import Mileage
from shared.contracts.costing import CostingMethod

PartNumber = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, min_length=1, max_length=80, pattern=r"^[^\x00-\x1f]*$"
    ),
]
MARKUP_MATRIX = UUID("00000000-0000-4000-8000-6d61726b7570")
"""There is one matrix; its events are about it."""
MovementKind = Literal[
    "receipt", "reserve", "release", "issue", "return", "write_off", "transfer_out", "transfer_in",
    "count_difference", "issue_short", "correction", "supplier_return",
]  # fmt: skip


Factor = Annotated[Decimal, Field(gt=0, le=1_000_000, decimal_places=6)]
Pricing = Literal["fixed", "matrix"]


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
    costing: CostingMethod = "fifo"
    may_be_negative: bool = False
    """A done order may take what is not there; its cost is provisional until it comes."""


class SupplierView(View):
    id: UUID
    name: str
    revision: Revision


class StockView(View):
    product_id: UUID
    warehouse_id: UUID
    on_hand: SignedQuantity
    reserved: StockQuantity
    available: SignedQuantity
    """Below zero, where a warehouse allows it: so much was issued and has not come yet."""
    value: SignedMoney | None = None
    """At cost. Null for roles that may not see cost."""
    cell: str | None = None
    """The product's home in this warehouse, today."""
    incoming: StockQuantity = Decimal(0)
    """Ordered from suppliers, and still to come; none at a moment of the past."""


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
    document: str | None = None
    """The number of that document: a receipt, a return, a transfer, a write-off, a count."""
    warehouse: str | None = None


class UnitView(View):
    """A unit of measure of the reference: ``литр``, ``л``."""

    id: UUID
    name: str
    short_name: str


class CreateUnit(Command[UnitView]):
    """Refused: ``name_taken``; either name is enough to say a unit."""

    subject: ClassVar[str] = "cmd.inventory.create_unit.v1"

    name: Name
    short_name: Name


class ListUnits(Question[Page[UnitView]]):
    """In the order of their names."""

    subject: ClassVar[str] = "ask.inventory.units.v1"

    limit: Limit = 50
    cursor: Cursor | None = None


class OtherUnit(View):
    """A further unit of a product: ``factor`` main units make one of it."""

    model_config = {"extra": "forbid"}

    measure: Name
    factor: Factor


class CreateProduct(Command[ProductView]):
    """Vendor, group and measures are named, and made when new. Without a ``price`` the product
    must be priced by the matrix: then its price is zero until its first purchase, and it cannot
    go onto an order unless somebody quotes one.

    Refused: ``price_missing``, ``barcode_taken``, ``product_exists`` (same vendor and OEM number),
    ``unit_repeated``.
    """

    subject: ClassVar[str] = "cmd.inventory.create_product.v1"

    name: Name
    oem: PartNumber | None = None
    vendor: Name | None = None
    group: Name | None = None
    measure: Name = "шт"
    price: Money | None = None
    barcode: PartNumber | None = None
    min_stock: StockQuantity | None = None
    comment: Text | None = None
    units: tuple[OtherUnit, ...] = Field(default=(), max_length=20)
    warranty_days: WarrantyDays | None = None
    warranty_km: Mileage | None = None
    pricing: Pricing = "fixed"
    no_discount: bool = False


class ChangeProduct(Command[ProductView]):
    """Lines of existing orders stay as they are. ``units`` replaces all units but the main one.

    Refused also: ``price_by_matrix`` (a price for a product whose price the matrix computes).
    """

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
    units: tuple[OtherUnit, ...] | None = Field(default=None, max_length=20)
    warranty_days: WarrantyDays | None = None
    warranty_km: Mileage | None = None
    pricing: Pricing | None = None
    no_discount: bool | None = None


class GetProduct(Question[ProductView]):
    subject: ClassVar[str] = "ask.inventory.product.v1"

    product_id: UUID


class GetProducts(Question[Page[ProductView]]):
    """Many at once, for services whose copies lack something; of what does not exist there is
    none. The answer is one page, whatever is asked for."""

    subject: ClassVar[str] = "ask.inventory.products_by_id.v1"

    product_ids: tuple[UUID, ...] = Field(min_length=1, max_length=500)


class FindProducts(Question[Page[ProductView]]):
    """By name fragment, part number (dashes and spaces do not count) or barcode."""

    subject: ClassVar[str] = "ask.inventory.find_products.v1"

    q: SearchText = ""
    limit: Limit = 50
    cursor: Cursor | None = None


class CreateWarehouse(Command[WarehouseView]):
    """Refused: ``name_taken``. The oldest warehouse is drawn from first. How it keeps its books
    is the office's to say (``forbidden``)."""

    subject: ClassVar[str] = "cmd.inventory.create_warehouse.v1"

    name: Name
    costing: CostingMethod = "fifo"
    may_be_negative: bool = False


class ChangeWarehouse(Command[WarehouseView]):
    """Another ``costing`` changes no value: it counts from the next thing on that happens to a
    product there. Going over to ``average`` pools its lots; going back leaves all at one price.
    Where ``may_be_negative`` is taken back, what is missing stays so until it comes."""

    subject: ClassVar[str] = "cmd.inventory.change_warehouse.v1"

    warehouse_id: UUID
    expected_revision: Revision | None = None
    name: Name | None = None
    costing: CostingMethod | None = None
    may_be_negative: bool | None = None


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


class ReceivedLine(View):
    """What came, by the supplier's paper. The product is named by its id or by its barcode."""

    model_config = {"extra": "forbid"}

    product_id: UUID | None = None
    barcode: PartNumber | None = None
    quantity: Quantity
    cost: Money
    """Of one unit."""
    measure: Name | None = None
    """The unit that quantity and cost are of: one of the product's; absent: its main one."""
    vat_percent: Percent | None = None
    """Absent: the supplier charges none."""


class ReceiptLine(ReceivedLine):
    """A line as it was received, and what became of its price. What is null here only older
    events lack."""

    product_id: UUID
    main_quantity: StockQuantity | None = None
    """The same in the product's main unit."""
    total_without_vat: Money | None = None
    vat: Money = Decimal(0)
    total_with_vat: Money | None = None
    extra_cost: Money = Decimal(0)
    """Its share of the receipt's extra costs."""
    stock_cost: Money | None = None
    """What its goods lie in stock for, exactly."""
    sent_back: StockQuantity = Decimal(0)
    """Of ``main_quantity``, as much as went back to the supplier since."""


ExtraSpread = Literal["by_value", "by_quantity"]
"""Extra costs are spread over a receipt's lines by what they cost, or by their main units."""


class ExtraCost(View):
    """Delivery, customs and the like: part of what the goods cost. With VAT or without it, as the
    receipt's other prices are."""

    model_config = {"extra": "forbid"}

    name: Name
    amount: PositiveMoney
    vat_percent: Percent | None = None
    supplier_id: UUID | None = None
    """Who is to be paid for it; absent: the supplier of the goods."""


class SupplierCharge(View):
    """What a document makes the station owe one supplier: ``cost`` is stock's, ``vat`` is to be
    deducted."""

    supplier_id: UUID
    cost: Money
    vat: Money


class OverDelivered(View):
    """Goods of a purchase order that came beyond what was ordered, in the product's main unit."""

    product_id: UUID
    quantity: StockQuantity


class ReceiptView(View):
    """``total_cost`` is what stock is worth more. What is null here only older events lack."""

    id: UUID
    number: str
    at: Instant
    warehouse_id: UUID
    supplier_id: UUID
    lines: tuple[ReceiptLine, ...]
    total_cost: Money
    supplier_document: str | None = None
    supplier_document_date: date | None = None
    prices_include_vat: bool = False
    vat_in_cost: bool = False
    total_without_vat: Money | None = None
    """Of the goods, as the next two are; extra costs stand for themselves."""
    vat: Money = Decimal(0)
    total_with_vat: Money | None = None
    extra_costs: tuple[ExtraCost, ...] = ()
    extra_spread: ExtraSpread = "by_value"
    charges: tuple[SupplierCharge, ...] = ()
    """What each supplier is owed for it."""
    purchase_order_id: UUID | None = None
    over_delivered: tuple[OverDelivered, ...] = ()
    """What of it came beyond what its purchase order orders: received as all else, and told."""
    cancelled_at: Instant | None = None

    @property
    def to_pay(self) -> Decimal:
        """All of it, to whomever: goods and extra costs with their VAT."""
        return sum((each.cost + each.vat for each in self.charges), Decimal(0))


class ReceiveStock(Command[ReceiptView]):
    """Goods have come. Back-orders are filled in the same breath, oldest first.

    What is bought in packs lies in stock in main units: the line's total is kept to the kopeck.
    Lots are worth the goods and their extra costs to the kopeck. Products priced by the matrix
    have a new price.

    Refused: ``warehouse_not_found``, ``supplier_not_found``, ``product_not_found``,
    ``product_not_named``, ``barcode_not_found``, ``unit_unknown``, ``quantity_not_exact`` (less
    than a thousandth of a main unit would be left over), ``amount_too_large``.
    """

    subject: ClassVar[str] = "cmd.inventory.receive_stock.v1"

    warehouse_id: UUID
    supplier_id: UUID
    supplier_document: Name | None = None
    supplier_document_date: Day | None = None
    prices_include_vat: bool = False
    """Whether costs of lines and extra costs have their VAT in them."""
    vat_in_cost: bool = False
    """VAT is a part of what the goods cost, instead of being deducted."""
    extra_costs: tuple[ExtraCost, ...] = Field(default=(), max_length=50)
    extra_spread: ExtraSpread = "by_value"
    lines: tuple[ReceivedLine, ...] = Field(min_length=1, max_length=500)


class ListReceipts(Question[Page[ReceiptView]]):
    """Newest first, by when they were posted. Refused: ``period_invalid``."""

    subject: ClassVar[str] = "ask.inventory.receipts.v1"

    supplier_id: UUID | None = None
    start: Instant | None = None
    end: Instant | None = None
    limit: Limit = 50
    cursor: Cursor | None = None


class GetStock(Question[Page[StockView]]):
    """One row per product and warehouse; a product that never moved has a row of zeros when it
    is asked for by id together with a warehouse. ``at``: as it was just before that instant, of
    all that had ever lain there by then."""

    subject: ClassVar[str] = "ask.inventory.stock.v1"

    product_id: UUID | None = None
    warehouse_id: UUID | None = None
    at: Instant | None = None
    limit: Limit = 50
    cursor: Cursor | None = None


class ListMovements(Question[Page[MovementView]]):
    """Newest first. Refused: ``period_invalid``."""

    subject: ClassVar[str] = "ask.inventory.movements.v1"

    product_id: UUID | None = None
    warehouse_id: UUID | None = None
    order_id: UUID | None = None
    start: Instant | None = None
    end: Instant | None = None
    limit: Limit = 50
    cursor: Cursor | None = None


class StockBalance(View):
    product_id: UUID
    product: str
    oem: str | None
    warehouse_id: UUID
    warehouse: str
    measure: str
    on_hand: SignedQuantity
    reserved: StockQuantity
    available: SignedQuantity
    value: SignedMoney | None
    """At cost; what was issued before it was there at its provisional one, below zero. Null for
    roles that may not see cost."""


class StockBalances(Question[Page[StockBalance]]):
    """What lies in the warehouses ``at`` an instant, or else at the period's end (now, when it has
    none)."""

    subject: ClassVar[str] = "ask.inventory.stock_balances.v1"

    period: Period = Period()
    station_id: UUID | None = None
    warehouse_id: UUID | None = None
    at: Instant | None = None
    limit: ReportLimit = 1000
    cursor: Cursor | None = None


class MarkupRule(View):
    """What is put on the cost of goods bought for ``cost_from`` up to, not including, ``cost_to``
    (null: without end). Either ``percent`` or ``fixed`` (roubles); the price is a multiple of
    ``step``, and never below the cost."""

    model_config = {"extra": "forbid"}

    group: Name | None = None
    vendor: Name | None = None
    cost_from: Money = Decimal(0)
    cost_to: Money | None = None
    percent: Annotated[Decimal, Field(ge=0, le=100_000, decimal_places=2)] | None = None
    fixed: Money | None = None
    step: PriceStep = Decimal("0.01")
    mode: RoundingMode = "half_up"


class MarkupMatrix(View):
    rules: tuple[MarkupRule, ...]
    revision: Revision


class GetMarkupRules(Question[MarkupMatrix]):
    """For roles that may see cost: with the rules, a price tells it."""

    subject: ClassVar[str] = "ask.inventory.markup_rules.v1"


class SetMarkupRules(Command[MarkupMatrix]):
    """Replaces the whole matrix. Of the rules for a product those of its group and vendor count,
    else of its group, else of its vendor, else of neither. The bands of each such set begin at
    zero, follow one another without a gap and have no end. Prices follow in the background.

    Refused: ``markup_ambiguous``, ``markup_overlap``, ``markup_gap``, ``revision_conflict``.
    """

    subject: ClassVar[str] = "cmd.inventory.set_markup_rules.v1"

    expected_revision: Revision | None = None
    rules: tuple[MarkupRule, ...] = Field(max_length=500)


class MarkupEvent(Event):
    """What both facts of the matrix carry."""

    revision: Revision

    def aggregate_id(self) -> UUID:
        return MARKUP_MATRIX


class MarkupRulesSaved(MarkupEvent):
    """The matrix was replaced; carries all of it. Producer: inventory. Consumer: audit."""

    subject: ClassVar[str] = "evt.inventory.markup_rules_saved.v1"

    rules: tuple[MarkupRule, ...]


class RepricingDue(MarkupEvent):
    """The prices of these products follow the new matrix; a matrix makes as many of these as it
    takes. Producer: inventory. Consumers: inventory (computes them), audit."""

    subject: ClassVar[str] = "evt.inventory.repricing_due.v1"

    product_ids: tuple[UUID, ...]


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


class UnitSaved(Event):
    """A unit of measure was made. Producer: inventory. Consumer: audit."""

    subject: ClassVar[str] = "evt.inventory.unit_saved.v1"

    unit: UnitView

    def aggregate_id(self) -> UUID:
        return self.unit.id


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
    cost: Money | None = None
    """What all that is wanted is expected to cost, by what lies in the warehouses on average;
    null: nothing lies there. People who may not see cost are not shown it."""


class StockAnswered(Event):
    """What both answers of inventory carry."""

    order_id: UUID
    lines: tuple[StockAnswer, ...]

    def aggregate_id(self) -> UUID:
        return self.order_id


class PartsReserved(StockAnswered):
    """Every named line has all it wants. Producer: inventory. Consumers: orders, documents,
    audit."""

    subject: ClassVar[str] = "evt.inventory.parts_reserved.v1"

    returned: bool = False
    """They came back with their reopened order: nothing has arrived."""


class PartsUnavailable(StockAnswered):
    """The named lines are short; what there was is reserved, the rest is back-ordered.
    Producer: inventory. Consumers: orders, documents, audit."""

    subject: ClassVar[str] = "evt.inventory.parts_unavailable.v1"


class ReservationReleased(Event):
    """What lines of an order had held is free again. Producer: inventory. Consumers: documents,
    audit."""

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
    provisional: StockQuantity = Decimal(0)
    """So much of the quantity was not there: its cost is what is known until it comes, and is
    corrected then (``IssueCostCorrected``)."""


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
