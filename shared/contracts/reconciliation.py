"""What services must agree on, each in its own words: ``pitlane reconcile`` asks all of them and
compares. Every service answers for its own books; nobody reads another's. What a service recounts
by itself, in two ways, it answers as ``Difference``, too."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, ClassVar
from uuid import UUID

from pydantic import Field

from shared.contracts.base import (
    Command,
    Cursor,
    Event,
    Instant,
    Page,
    Question,
    SignedMoney,
    Text,
    View,
)
from shared.contracts.orders import OrderStatus, PartState

Figures = Annotated[int, Field(ge=1, le=500)]
"""Orders, or receipts, of one answer."""
Named = Annotated[tuple[UUID, ...], Field(max_length=500)]
"""Only these; none are named: all, by id."""


class Difference(View):
    """Two figures that must be the same and are not. ``what`` names the rule, ``expected`` is what
    everything that ``actual`` is made of comes to; the ids, as far as there are any, name what it
    is about, and ``key`` does for a sum of a report."""

    what: str
    expected: str
    actual: str
    key: str | None = None
    order_id: UUID | None = None
    number: str | None = None
    client_id: UUID | None = None
    product_id: UUID | None = None
    warehouse_id: UUID | None = None
    line_id: UUID | None = None
    document_id: UUID | None = None
    supplier_id: UUID | None = None
    vehicle_id: UUID | None = None


# --- orders -------------------------------------------------------------------------------------


class WantedPart(View):
    """A line as the order has it. ``reserved`` counts what was issued, too, but for what of that
    is still to come. ``cost``: what that cost, as it was told."""

    line_id: UUID
    product_id: UUID
    quantity: Decimal
    reserved: Decimal
    state: PartState
    cost: Decimal | None = None


class OrderFigures(View):
    """``completion``: the one that stands; zero when the order is not done. ``lines_total``: the
    sum of what its lines come to. ``due``, ``pay`` and ``vat``: what it believes to be so of what
    is settled; ``None`` when nothing is, or an older version was told. ``paid``: by payments that
    name it."""

    order_id: UUID
    number: str
    status: OrderStatus
    completion: int
    total: SignedMoney
    lines_total: SignedMoney
    parts: tuple[WantedPart, ...]
    due: SignedMoney | None = None
    client_id: UUID | None = None
    paid: SignedMoney = Decimal(0)
    pay: SignedMoney | None = None
    vat: SignedMoney | None = None


class GetOrderFigures(Question[Page[OrderFigures]]):
    subject: ClassVar[str] = "ask.orders.figures.v1"

    order_ids: Named = ()
    limit: Figures = 500
    cursor: Cursor | None = None


# --- inventory ----------------------------------------------------------------------------------


class HeldPart(View):
    """A line as the warehouse has it. ``missing`` of what is ``issued`` was not there, and is still
    to come. ``cost``: what it was issued at; ``None``: nothing is out."""

    line_id: UUID
    product_id: UUID
    wanted: Decimal
    held: Decimal
    issued: Decimal
    missing: Decimal = Decimal(0)
    cost: Decimal | None = None


class StockFigures(View):
    """``completion``: the one whose parts are out; zero when none is. ``cost``: what they were
    issued at, as its lines were told. ``cancelled``: nothing will be held for it again."""

    order_id: UUID
    completion: int
    cost: SignedMoney
    parts: tuple[HeldPart, ...]
    cancelled: bool = False


class GetStockFigures(Question[Page[StockFigures]]):
    subject: ClassVar[str] = "ask.inventory.figures.v1"

    order_ids: Named = ()
    limit: Figures = 500
    cursor: Cursor | None = None


class SupplierDebt(View):
    """``amount``: owed for a receipt, with its VAT, less what went back of it; below zero, more
    went back. ``supplier_id``: ``None`` in books that an older version kept."""

    supplier_id: UUID | None
    amount: SignedMoney


class ReceiptFigures(View):
    """``owed``: to each supplier whom the receipt or what came on top of it is of. ``number``: the
    warehouse's."""

    receipt_id: UUID
    number: str | None = None
    owed: tuple[SupplierDebt, ...]


class GetReceiptFigures(Question[Page[ReceiptFigures]]):
    """As the warehouse has them."""

    subject: ClassVar[str] = "ask.inventory.receipt_figures.v1"

    receipt_ids: Named = ()
    limit: Figures = 500
    cursor: Cursor | None = None


class StockWorth(View):
    """``value``: of all that lies in the warehouses and is on its way between them, at cost."""

    value: Decimal


class GetStockWorth(Question[StockWorth]):
    subject: ClassVar[str] = "ask.inventory.worth.v1"


# --- finance ------------------------------------------------------------------------------------


class BooksFigures(View):
    """``completion``: the settlement that stands; zero when none does. The ``posted`` figures are
    what the ledger's entries of the order come to. ``due``: what no money and no bonuses cover.
    ``client_id``, ``completed_at``, ``section_id`` and ``vat`` are of the settlement that stands.
    ``ordered_by``: whose order it is, by the name that is left of those who were merged; ``paid``:
    by payments that name it."""

    order_id: UUID
    number: str | None
    completion: int
    revenue: SignedMoney
    cost: SignedMoney
    pay: SignedMoney
    posted_revenue: SignedMoney
    posted_cost: SignedMoney
    posted_pay: SignedMoney
    due: SignedMoney | None = None
    client_id: UUID | None = None
    completed_at: Instant | None = None
    section_id: UUID | None = None
    vat: SignedMoney = Decimal(0)
    ordered_by: UUID | None = None
    cancelled: bool = False
    paid: SignedMoney = Decimal(0)


class GetBooksFigures(Question[Page[BooksFigures]]):
    subject: ClassVar[str] = "ask.finance.figures.v1"

    order_ids: Named = ()
    limit: Figures = 500
    cursor: Cursor | None = None


class GetReceiptDebts(Question[Page[ReceiptFigures]]):
    """What the ledger's entries of a receipt and of its returns come to."""

    subject: ClassVar[str] = "ask.finance.receipt_debts.v1"

    receipt_ids: Named = ()
    limit: Figures = 500
    cursor: Cursor | None = None


class AccountBalance(View):
    """``amount``: debits less credits."""

    account: str
    amount: Decimal


class GetAccountBalances(Question[Page[AccountBalance]]):
    """Every account of the ledger that anything was posted to, in one page."""

    subject: ClassVar[str] = "ask.finance.account_balances.v1"


# --- clients ------------------------------------------------------------------------------------


class VisitFigures(View):
    """An order as visits of its client: ``completions`` that are counted, what they brought, when
    the work was done, and in which section; ``at`` is ``None`` where an older version was told
    neither."""

    order_id: UUID
    client_id: UUID
    completions: tuple[int, ...]
    revenue: Decimal
    at: Instant | None = None
    section_id: UUID | None = None


class GetVisitFigures(Question[Page[VisitFigures]]):
    """Orders with a visit that counts."""

    subject: ClassVar[str] = "ask.clients.figures.v1"

    order_ids: Named = ()
    limit: Figures = 500
    cursor: Cursor | None = None


# --- what older versions rounded apart ------------------------------------------------------------

STOCK_AGREES = "stock account = worth of the stock"
"""The rule that ``TakeOverStock`` makes true."""


class StockTakeOver(View):
    """``amount``: what the stock was worth above what its account said; below zero, less. It made
    the station's expenses of ``category`` less, or more."""

    entry_id: UUID
    at: Instant
    worth: SignedMoney
    booked: SignedMoney
    amount: SignedMoney
    category: str
    reason: str
    actor: str


class TakeOverStock(Command[StockTakeOver]):
    """Older versions rounded what stock is worth and what the ledger says of it apart. This posts
    the difference to an expense category of its own, once for a station: what differs later is
    a fault to be found. ``amount``: worth less the account's balance, as ``pitlane reconcile``
    found it.

    Refused: ``stock_taken_over`` (it was done before), ``stock_differs_otherwise`` (the difference
    is another one by now, or none).
    """

    subject: ClassVar[str] = "cmd.finance.take_over_stock.v1"

    amount: SignedMoney
    reason: Annotated[Text, Field(min_length=1)]


COST_AGREES = "cost settled = cost issued"
ISSUED_AGREES = "reserved or issued for the order"
"""The rules that ``TellIssueCost`` makes true."""


class IssueCostTold(View):
    """``amount``: what the parts cost above what the books had; below zero, less."""

    order_id: UUID
    completion: int
    amount: SignedMoney


class TellIssueCost(Command[IssueCostTold]):
    """Older versions told nobody that a count found parts that had been issued below zero, and
    what they cost. This tells it as it would have been told then (``IssueCostCorrected``, with the
    reason), once for a completion. ``amount``: the cost issued less the cost settled, as
    ``pitlane reconcile`` found it; zero, where they cost what was supposed.

    Refused: ``issue_cost_told`` (it was done before), ``issue_cost_differs_otherwise`` (the
    difference is another one by now, or none, or no count explains it)."""

    subject: ClassVar[str] = "cmd.inventory.tell_issue_cost.v1"

    order_id: UUID
    amount: SignedMoney
    reason: Annotated[Text, Field(min_length=1)]


KNOWN_TO_BOOKS = "known to the books"
CANCELLED_IN_BOOKS = "cancelled in the books = cancelled"
"""The rules that ``ReadOrderAgain`` makes true."""


class OrderRead(View):
    """An order as the books know it now."""

    order_id: UUID
    number: str
    cancelled: bool


class ReadOrderAgain(Command[OrderRead]):
    """Older versions kept no note in the books that an order was cancelled. This asks the order
    itself; what has been settled of it stays as it is. Refused: ``order_not_found``."""

    subject: ClassVar[str] = "cmd.finance.read_order_again.v1"

    order_id: UUID


class StockTakenOver(Event):
    """The stock's account says what the stock is worth. Producer: finance. Consumer: audit."""

    subject: ClassVar[str] = "evt.finance.stock_taken_over.v1"

    take_over: StockTakeOver

    def aggregate_id(self) -> UUID:
        return self.take_over.entry_id
