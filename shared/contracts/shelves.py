"""The stock as those who work with it look at it: owned by ``services/inventory``."""

from __future__ import annotations

from typing import ClassVar, Literal
from uuid import UUID

from shared.contracts.base import (
    Cursor,
    Instant,
    Limit,
    Money,
    Name,
    Page,
    Question,
    SearchText,
    SignedMoney,
    SignedQuantity,
    StockQuantity,
    View,
)
from shared.contracts.inventory import ProductView

ShelfFilter = Literal["all", "in_stock", "short", "below_minimum"]
"""``short``: orders wait for it; ``below_minimum``: less is available than should be."""
CatalogueList = Literal["group", "vendor"]


class ShelfPlace(View):
    """A product in one warehouse."""

    warehouse_id: UUID
    warehouse: str
    cell: str | None
    on_hand: SignedQuantity
    reserved: StockQuantity
    available: SignedQuantity
    incoming: StockQuantity
    value: SignedMoney | None
    """At cost. Null for roles that may not see cost."""


class ShelfView(View):
    """A product with all that is known of its stock, over the warehouses that were asked about."""

    product: ProductView
    places: tuple[ShelfPlace, ...]
    """Where it has ever lain, lies at home or is on its way to; the oldest warehouse first."""
    on_hand: SignedQuantity
    reserved: StockQuantity
    available: SignedQuantity
    incoming: StockQuantity
    waiting: StockQuantity
    """What orders want and have not got, wherever."""
    below_minimum: bool
    """Less is available in all warehouses together than its ``min_stock``."""
    last_cost: Money | None
    """Of one main unit, when it was bought last. Null for roles that may not see cost."""


class FindStock(Question[Page[ShelfView]]):
    """Products by name with their stock. ``q`` as in ``FindProducts``; of a ``warehouse_id`` only
    what has to do with it. Products that are no longer sold are shown while they lie somewhere.

    Refused: ``warehouse_not_found``.
    """

    subject: ClassVar[str] = "ask.inventory.find_stock.v1"

    q: SearchText = ""
    product_id: UUID | None = None
    warehouse_id: UUID | None = None
    group: Name | None = None
    show: ShelfFilter = "all"
    limit: Limit = 50
    cursor: Cursor | None = None


class LotView(View):
    """Goods of one delivery that still lie there."""

    id: UUID
    warehouse_id: UUID
    warehouse: str
    received_at: Instant
    receipt_id: UUID | None
    """Null: they came by a count, or from another warehouse."""
    receipt: str | None
    supplier: str | None
    quantity: StockQuantity
    remaining: StockQuantity
    unit_cost: Money
    value: Money
    """Of what remains."""


class ListLots(Question[Page[LotView]]):
    """What lies there, by delivery, the oldest first. Refused: ``product_not_found``."""

    subject: ClassVar[str] = "ask.inventory.lots.v1"

    product_id: UUID
    limit: Limit = 50
    cursor: Cursor | None = None


class WaitingView(View):
    """An order's line that has not all it wants of a product."""

    order_id: UUID
    line_id: UUID
    wanted: StockQuantity
    short: StockQuantity
    requested_at: Instant
    purchase_order: str | None
    """The number of the order to a supplier that buys it for this line."""


class ListWaiting(Question[Page[WaitingView]]):
    """Who waits for a product, the longest first: as they will be served. Refused:
    ``product_not_found``."""

    subject: ClassVar[str] = "ask.inventory.waiting.v1"

    product_id: UUID
    limit: Limit = 50
    cursor: Cursor | None = None


class CatalogueName(View):
    name: str


class ListCatalogueNames(Question[Page[CatalogueName]]):
    """Groups or vendors that products have, by name."""

    subject: ClassVar[str] = "ask.inventory.catalogue_names.v1"

    kind: CatalogueList = "group"
    limit: Limit = 50
    cursor: Cursor | None = None
