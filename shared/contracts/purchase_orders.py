"""What is ordered from suppliers, for stock and for clients' orders: owned by
``services/inventory``."""

from __future__ import annotations

from datetime import date
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

from shared.contracts.base import (
    Command,
    Cursor,
    Day,
    Event,
    Instant,
    Limit,
    Money,
    Name,
    Page,
    Percent,
    Quantity,
    Question,
    Revision,
    SignedQuantity,
    StockQuantity,
    Text,
    View,
)
from shared.contracts.inventory import ExtraCost, ExtraSpread, PartNumber, ReceiptView

PurchaseState = Literal["draft", "sent", "partly_received", "received", "cancelled"]
MOST_LINES = 500
"""Of one purchase order."""


class PurchaseLine(View):
    """So much of a product, and for which line of which client's order, if for one."""

    model_config = {"extra": "forbid"}

    product_id: UUID
    quantity: Quantity
    measure: Name | None = None
    """The unit that quantity and cost are of; absent: the product's main one."""
    cost: Money | None = None
    """Of one unit, as it is expected."""
    order_id: UUID | None = None
    line_id: UUID | None = None


class PurchaseLineView(View):
    product_id: UUID
    quantity: Quantity
    measure: str | None
    cost: Money | None
    order_id: UUID | None
    line_id: UUID | None
    main_quantity: StockQuantity
    """In the product's main unit, as the next two are."""
    received: StockQuantity
    """Above ``main_quantity``: more came than was ordered."""
    incoming: StockQuantity
    """What is still to come."""


class PurchaseOrderView(View):
    id: UUID
    number: str
    state: PurchaseState
    supplier_id: UUID
    warehouse_id: UUID
    expected_on: date | None
    comment: str | None
    lines: tuple[PurchaseLineView, ...]
    total_cost: Money
    """As far as costs are expected."""
    created_at: Instant
    sent_at: Instant | None
    closed_reason: str | None
    """Why nothing more is awaited, though not all has come; or why it was cancelled."""
    prepayment_waiver: str | None
    """Why it may be sent before clients have paid in advance."""
    revision: Revision


class CreatePurchaseOrder(Command[PurchaseOrderView]):
    """A draft. Refused: ``supplier_not_found``, ``warehouse_not_found``, ``product_not_found``,
    ``unit_unknown``, ``quantity_not_exact``, ``amount_too_large``, ``line_not_found`` (the order
    has asked for no such product on that line), ``order_not_found``."""

    subject: ClassVar[str] = "cmd.inventory.create_purchase_order.v1"

    supplier_id: UUID
    warehouse_id: UUID
    expected_on: Day | None = None
    comment: Text | None = None
    lines: tuple[PurchaseLine, ...] = Field(min_length=1, max_length=MOST_LINES)


class ChangePurchaseOrder(Command[PurchaseOrderView]):
    """``lines`` replaces all of them, while it is a draft; when it is expected, and a comment, may
    change until it is received. Refused: as at its making, ``purchase_order_not_found``,
    ``purchase_order_step``, ``revision_conflict``."""

    subject: ClassVar[str] = "cmd.inventory.change_purchase_order.v1"

    purchase_order_id: UUID
    expected_revision: Revision | None = None
    expected_on: Day | None = None
    comment: Text | None = None
    lines: tuple[PurchaseLine, ...] | None = Field(
        default=None, min_length=1, max_length=MOST_LINES
    )


class SendPurchaseOrder(Command[PurchaseOrderView]):
    """It is with the supplier: what it names is incoming. Refused: ``purchase_order_not_found``,
    ``purchase_order_step``, ``prepayment_missing`` (of an order that a line is bought for)."""

    subject: ClassVar[str] = "cmd.inventory.send_purchase_order.v1"

    purchase_order_id: UUID


class CancelPurchaseOrder(Command[PurchaseOrderView]):
    """While nothing has come of it. Refused: ``purchase_order_not_found``,
    ``purchase_order_step``."""

    subject: ClassVar[str] = "cmd.inventory.cancel_purchase_order.v1"

    purchase_order_id: UUID
    reason: Text = Field(min_length=1)


class ClosePurchaseOrder(Command[PurchaseOrderView]):
    """The rest of what came in part is awaited no more. Refused: ``purchase_order_not_found``,
    ``purchase_order_step``."""

    subject: ClassVar[str] = "cmd.inventory.close_purchase_order.v1"

    purchase_order_id: UUID
    reason: Text = Field(min_length=1)


class ArrivedLine(View):
    """What came of a purchase order. The product is named by its id or by its barcode: a pack's
    counts packs, unless ``measure`` says otherwise."""

    model_config = {"extra": "forbid"}

    product_id: UUID | None = None
    barcode: PartNumber | None = None
    quantity: Quantity
    measure: Name | None = None
    cost: Money | None = None
    """Of one unit; absent: as it was expected."""
    vat_percent: Percent | None = None


class ReceivePurchase(Command[ReceiptView]):
    """Goods of a purchase order have come: a receipt. Without lines, all that is still to come. A
    product's goods count for its lines that are bought for clients first, then in their order; more
    than was ordered is received too. Goods that are bought for a client's line are reserved for it
    before anybody else's.

    Refused: as ``ReceiveStock``; ``purchase_order_not_found``, ``purchase_order_step``,
    ``product_not_ordered``, ``cost_missing``, ``nothing_to_receive``.
    """

    subject: ClassVar[str] = "cmd.inventory.receive_purchase.v1"

    purchase_order_id: UUID
    supplier_document: Name | None = None
    supplier_document_date: Day | None = None
    prices_include_vat: bool = False
    vat_in_cost: bool = False
    extra_costs: tuple[ExtraCost, ...] = Field(default=(), max_length=50)
    extra_spread: ExtraSpread = "by_value"
    lines: tuple[ArrivedLine, ...] = Field(default=(), max_length=500)


class GetPurchaseOrder(Question[PurchaseOrderView]):
    """Refused: ``purchase_order_not_found``."""

    subject: ClassVar[str] = "ask.inventory.purchase_order.v1"

    purchase_order_id: UUID


class ListPurchaseOrders(Question[Page[PurchaseOrderView]]):
    """Newest first."""

    subject: ClassVar[str] = "ask.inventory.purchase_orders.v1"

    state: PurchaseState | None = None
    supplier_id: UUID | None = None
    limit: Limit = 50
    cursor: Cursor | None = None


# --- what to buy ---------------------------------------------------------------------------------


class ProposedFor(View):
    """An order's line that waits for the product."""

    order_id: UUID
    line_id: UUID
    short: StockQuantity


class ProposedLine(View):
    """``quantity = short + what min_stock lacks - on_order``, in the product's main unit."""

    product_id: UUID
    product: str
    oem: str | None
    measure: str
    short: StockQuantity
    """What orders wait for."""
    min_stock: StockQuantity | None
    available: SignedQuantity
    """Below zero: so much was issued before it was there."""
    on_order: StockQuantity
    """Of purchase orders that are not received, drafts among them."""
    quantity: StockQuantity
    cost: Money | None
    """Of one main unit: as it is offered, or else without VAT, when it was delivered last."""
    waiting: tuple[ProposedFor, ...]
    offer_id: UUID | None = None
    """The supplier's offer; null: no price list that holds today has it."""
    multiplicity: StockQuantity | None = None
    """How many the supplier sells together; null without an offer."""
    delivery_days: int | None = None


class Proposal(View):
    """What to buy from one supplier: the one whose price list offers the goods cheapest today; of
    what nobody offers, the one of whom it came last."""

    supplier_id: UUID | None
    """Null: nobody offers these, and they were never bought before."""
    supplier: str | None
    lines: tuple[ProposedLine, ...]


class GetPurchaseProposal(Question[Page[Proposal]]):
    """By supplier; what nobody offers and was never bought comes first."""

    subject: ClassVar[str] = "ask.inventory.purchase_proposal.v1"

    limit: Limit = 50
    cursor: Cursor | None = None


class OrderProposal(Command[PurchaseOrderView]):
    """A draft of all that is proposed to buy from a supplier, or of the named products only, also
    of those that another one is proposed for: at what they were delivered for last. An offer's
    goods are ordered in the numbers in which they are sold together; of more lines than one order
    has room for, the rest stays proposed. Refused: ``supplier_not_found``, ``warehouse_not_found``,
    ``nothing_to_order``, ``amount_too_large``."""

    subject: ClassVar[str] = "cmd.inventory.order_proposal.v1"

    supplier_id: UUID
    warehouse_id: UUID
    expected_on: Day | None = None
    product_ids: tuple[UUID, ...] = Field(default=(), max_length=500)


# --- for clients ---------------------------------------------------------------------------------


class PrepaymentView(View):
    """What an order's client pays before parts are bought for it."""

    order_id: UUID
    required: Money
    held: Money
    """Of the client's money, for this order."""
    missing: Money


class GetPrepayment(Question[PrepaymentView]):
    subject: ClassVar[str] = "ask.inventory.prepayment.v1"

    order_id: UUID


class SetPrepayment(Command[PrepaymentView]):
    """How much in all. Less than was required before is the office's to say."""

    subject: ClassVar[str] = "cmd.inventory.set_prepayment.v1"

    order_id: UUID
    required: Money


class SpecialOrderLine(View):
    """What is bought for an order, mostly for one line of it. Says no cost: the counter reads
    it."""

    order_id: UUID
    line_id: UUID | None
    product_id: UUID
    purchase_order_id: UUID
    number: str
    state: PurchaseState
    supplier_id: UUID
    expected_on: date | None
    main_quantity: StockQuantity
    received: StockQuantity


class SpecialOrderView(View):
    lines: tuple[SpecialOrderLine, ...]
    prepayment: PrepaymentView


class OrderSpecially(Command[SpecialOrderView]):
    """Parts that an order waits for are bought for it: a draft to the supplier, of all that the
    named lines (absent: all lines) are short of and nobody buys for them yet.

    A prepayment is a sum, or a percent of the price of what is bought; it comes on top of what was
    required of the order before. Refused: ``order_not_found``, ``supplier_not_found``,
    ``warehouse_not_found``, ``line_not_found``, ``nothing_to_order``, ``prepayment_ambiguous``,
    ``amount_too_large``.
    """

    subject: ClassVar[str] = "cmd.inventory.order_specially.v1"

    order_id: UUID
    supplier_id: UUID
    warehouse_id: UUID
    line_ids: tuple[UUID, ...] = Field(default=(), max_length=200)
    expected_on: Day | None = None
    prepayment: Money | None = None
    prepayment_percent: Percent | None = None


class ListSpecialOrders(Question[Page[SpecialOrderLine]]):
    """What is or was bought for an order, oldest first; one page. Refused: ``order_not_found``."""

    subject: ClassVar[str] = "ask.inventory.special_orders.v1"

    order_id: UUID


class WaivePrepayment(Command[PurchaseOrderView]):
    """The office lets a purchase order go before its clients have paid in advance. Refused:
    ``purchase_order_not_found``, ``purchase_order_step``."""

    subject: ClassVar[str] = "cmd.inventory.waive_prepayment.v1"

    purchase_order_id: UUID
    reason: Text = Field(min_length=1)


class DepositView(View):
    order_id: UUID
    held: Money


class GetDeposit(Question[DepositView]):
    """The client's money that is held for an order, or stands on it since it is settled."""

    subject: ClassVar[str] = "ask.finance.deposit.v1"

    order_id: UUID


# --- events --------------------------------------------------------------------------------------


class PurchaseOrderSaved(Event):
    """A purchase order was made, edited, or has taken a step; carries all of it. Producer:
    inventory. Consumer: audit."""

    subject: ClassVar[str] = "evt.inventory.purchase_order_saved.v1"

    purchase_order: PurchaseOrderView
    created: bool

    def aggregate_id(self) -> UUID:
        return self.purchase_order.id


class PrepaymentSet(Event):
    """An order's client is to pay so much before parts are bought for it. Producer: inventory.
    Consumer: audit."""

    subject: ClassVar[str] = "evt.inventory.prepayment_set.v1"

    order_id: UUID
    required: Money

    def aggregate_id(self) -> UUID:
        return self.order_id
