"""Stocktaking: the stock of a warehouse is frozen on paper, counted, compared and put right.
Owned by ``services/inventory``."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field, model_validator

from shared.contracts.base import (
    Command,
    Cursor,
    Event,
    Instant,
    Limit,
    Money,
    Name,
    Page,
    Quantity,
    Question,
    Revision,
    SignedMoney,
    SignedQuantity,
    StockQuantity,
    Text,
    View,
)
from shared.contracts.inventory import PartNumber

CountState = Literal["open", "posted", "cancelled"]
Uncounted = Literal["keep", "zero"]
"""What becomes of products that nobody counted: they stay, or they are not there."""
Shown = Literal["all", "uncounted", "differing"]


class CountView(View):
    """Values at cost; null while it is open."""

    id: UUID
    number: str
    warehouse_id: UUID
    state: CountState
    started_at: Instant
    closed_at: Instant | None
    comment: str | None
    products: int
    counted: int
    differing: int
    """Of the counted: those of which there is more or less than the books say."""
    surplus: Money | None
    shortage: Money | None
    actor: str
    revision: Revision


class CountLine(View):
    """``expected`` is what the books said when the count began, or when the product was last
    touched by it; ``counted`` is null until somebody counts. All in the main unit."""

    product_id: UUID
    product: str
    oem: str | None
    measure: str
    expected: SignedQuantity
    counted: StockQuantity | None

    @property
    def difference(self) -> Decimal | None:
        return None if self.counted is None else self.counted - self.expected


class StartCount(Command[CountView]):
    """Freezes on paper what the books say: of the named products, of a group, or of everything
    that lies in the warehouse. Work goes on: goods may move until they are counted. A warehouse
    has one open count at most; several people may scan for it.

    Refused: ``warehouse_not_found``, ``product_not_found``, ``count_open`` , ``count_empty``.
    """

    subject: ClassVar[str] = "cmd.inventory.start_count.v1"

    warehouse_id: UUID
    product_ids: tuple[UUID, ...] | None = Field(default=None, min_length=1, max_length=5000)
    group: Name | None = None
    comment: Text | None = None


class OfProduct(Command[CountLine]):
    """What names a product: its id, or the barcode that was scanned; a pack's counts packs."""

    count_id: UUID
    product_id: UUID | None = None
    barcode: PartNumber | None = None

    @model_validator(mode="after")
    def _one_name(self) -> OfProduct:
        if (self.product_id is None) == (self.barcode is None):
            raise ValueError("either product_id or barcode")
        return self


class ScanCount(OfProduct):
    """So many more of it are there; what the list does not have is added to it.

    Refused: ``count_not_found``, ``count_closed``, ``product_not_found``, ``barcode_not_found``,
    ``count_moved`` (it moved since its first scan: count it again as a whole).
    """

    subject: ClassVar[str] = "cmd.inventory.scan_count.v1"

    quantity: Quantity = Decimal(1)


class SetCounted(OfProduct):
    """So many of it are there in all, whatever was counted before. Refused as ``ScanCount``."""

    subject: ClassVar[str] = "cmd.inventory.set_counted.v1"

    quantity: StockQuantity


class PostCount(Command[CountView]):
    """The books follow what was counted. What is missing leaves at its cost; if orders held it,
    the youngest of them are short of it now. What is over comes in at the average cost of what
    lies there, else at the product's last purchase.

    Refused: ``count_not_found``, ``count_closed``, ``count_moved`` (less is left now than is
    missing: count that product again).
    """

    subject: ClassVar[str] = "cmd.inventory.post_count.v1"

    count_id: UUID
    expected_revision: Revision | None = None
    uncounted: Uncounted = "keep"


class CancelCount(Command[CountView]):
    """Nothing changes. Refused: ``count_not_found``, ``count_closed``."""

    subject: ClassVar[str] = "cmd.inventory.cancel_count.v1"

    count_id: UUID


class GetCount(Question[CountView]):
    subject: ClassVar[str] = "ask.inventory.count.v1"

    count_id: UUID


class ListCounts(Question[Page[CountView]]):
    """Newest first."""

    subject: ClassVar[str] = "ask.inventory.counts.v1"

    warehouse_id: UUID | None = None
    state: CountState | None = None
    limit: Limit = 50
    cursor: Cursor | None = None


class ListCountLines(Question[Page[CountLine]]):
    """By the products' names."""

    subject: ClassVar[str] = "ask.inventory.count_lines.v1"

    count_id: UUID
    show: Shown = "all"
    limit: Limit = 50
    cursor: Cursor | None = None


# --- events --------------------------------------------------------------------------------------


class CountEvent(Event):
    """What every fact of a count carries."""

    count: CountView

    def aggregate_id(self) -> UUID:
        return self.count.id


class CountStarted(CountEvent):
    """Producer: inventory. Consumer: audit."""

    subject: ClassVar[str] = "evt.inventory.count_started.v1"


class CountCancelled(CountEvent):
    """Producer: inventory. Consumer: audit."""

    subject: ClassVar[str] = "evt.inventory.count_cancelled.v1"


class ProductCounted(Event):
    """Somebody counted a product; ``changes`` has old and new. Producer: inventory. Consumer:
    audit."""

    subject: ClassVar[str] = "evt.inventory.product_counted.v1"

    count_id: UUID
    line: CountLine

    def aggregate_id(self) -> UUID:
        return self.count_id


class CountPosted(CountEvent):
    """The books follow the count. Producer: inventory. Consumer: audit."""

    subject: ClassVar[str] = "evt.inventory.count_posted.v1"


class Difference(View):
    """``quantity`` and ``value`` (at cost): above zero is surplus, below zero shortage."""

    product_id: UUID
    quantity: SignedQuantity
    value: SignedMoney


class StockCorrected(Event):
    """A count has put so much right; a large one makes several of these. Producer: inventory.
    Consumers: finance (surplus and shortage), audit."""

    subject: ClassVar[str] = "evt.inventory.stock_corrected.v1"

    count_id: UUID
    number: str
    warehouse_id: UUID
    at: Instant
    part: int
    differences: tuple[Difference, ...]
    surplus: Money
    shortage: Money

    def aggregate_id(self) -> UUID:
        return self.count_id
