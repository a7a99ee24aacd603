"""What moves stock without a supplier or a client: transfers and write-offs. Owned by
``services/inventory``."""

from __future__ import annotations

from decimal import Decimal
from typing import ClassVar, Literal
from uuid import UUID

from pydantic import Field

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
    StockQuantity,
    Text,
    View,
)

TransferState = Literal["in_transit", "received", "received_in_part", "cancelled"]
"""``received_in_part``: the rest was called back."""
WriteOffState = Literal["posted", "cancelled"]


class StockLine(View):
    """So much of a product; in its main unit, or in the ``measure`` that is named."""

    model_config = {"extra": "forbid"}

    product_id: UUID
    quantity: Quantity
    measure: Name | None = None


# --- transfers -----------------------------------------------------------------------------------


class TransferLine(View):
    """All quantities are in the product's main unit: ``quantity = received + returned + on its
    way``. ``value`` is what was sent at cost; null for roles that may not see cost."""

    position: int
    product_id: UUID
    product: str
    quantity: Quantity
    received: StockQuantity
    returned: StockQuantity
    value: Money | None = None

    @property
    def in_transit(self) -> Decimal:
        return self.quantity - self.received - self.returned


class TransferView(View):
    id: UUID
    number: str
    at: Instant
    from_warehouse_id: UUID
    to_warehouse_id: UUID
    state: TransferState
    comment: str | None
    lines: tuple[TransferLine, ...]
    actor: str
    closed_at: Instant | None = None
    revision: Revision


class SendTransfer(Command[TransferView]):
    """Goods leave a warehouse for another one. They are in transit, at their cost, until they are
    received or called back; nobody can reserve them meanwhile. Only what is available goes.

    Refused: ``warehouse_not_found``, ``transfer_to_itself``, ``product_not_found``,
    ``unit_unknown``, ``quantity_not_exact``, ``stock_lacking``.
    """

    subject: ClassVar[str] = "cmd.inventory.send_transfer.v1"

    from_warehouse_id: UUID
    to_warehouse_id: UUID
    comment: Text | None = None
    lines: tuple[StockLine, ...] = Field(min_length=1, max_length=500)


class ArrivedLine(View):
    model_config = {"extra": "forbid"}

    position: int
    quantity: Quantity
    """In the product's main unit."""


class ReceiveTransfer(Command[TransferView]):
    """Goods have arrived: the named quantities, or without ``lines`` all that is on its way. They
    keep their cost and their age; whoever waits for them is served at once.

    Refused: ``transfer_not_found``, ``transfer_closed``, ``transfer_line_not_found``,
    ``transfer_exceeded`` (more than is on its way).
    """

    subject: ClassVar[str] = "cmd.inventory.receive_transfer.v1"

    transfer_id: UUID
    lines: tuple[ArrivedLine, ...] | None = Field(default=None, min_length=1, max_length=500)


class CancelTransfer(Command[TransferView]):
    """What is still on its way goes back to where it came from, at its cost.

    Refused: ``transfer_not_found``, ``transfer_closed``.
    """

    subject: ClassVar[str] = "cmd.inventory.cancel_transfer.v1"

    transfer_id: UUID
    reason: Name


class GetTransfer(Question[TransferView]):
    subject: ClassVar[str] = "ask.inventory.transfer.v1"

    transfer_id: UUID


class ListTransfers(Question[Page[TransferView]]):
    """Newest first."""

    subject: ClassVar[str] = "ask.inventory.transfers.v1"

    state: TransferState | None = None
    warehouse_id: UUID | None = None
    """It came from there or goes there."""
    limit: Limit = 50
    cursor: Cursor | None = None


# --- write-offs ----------------------------------------------------------------------------------


class WriteOffLine(View):
    """``quantity`` is in the product's main unit, ``value`` at cost."""

    position: int
    product_id: UUID
    product: str
    quantity: Quantity
    value: Money


class WriteOffView(View):
    id: UUID
    number: str
    at: Instant
    warehouse_id: UUID
    state: WriteOffState
    reason: str
    lines: tuple[WriteOffLine, ...]
    value: Money
    """At cost, of all lines."""
    actor: str
    cancelled_at: Instant | None = None
    cancel_reason: str | None = None
    revision: Revision


class WriteOffStock(Command[WriteOffView]):
    """Goods are broken, spoilt or used up: they leave the stock at their cost, which becomes an
    expense of the station. What orders hold stays theirs: only what is available goes.

    Refused: ``warehouse_not_found``, ``product_not_found``, ``unit_unknown``,
    ``quantity_not_exact``, ``stock_lacking``.
    """

    subject: ClassVar[str] = "cmd.inventory.write_off_stock.v1"

    warehouse_id: UUID
    reason: Name
    lines: tuple[StockLine, ...] = Field(min_length=1, max_length=500)


class CancelWriteOff(Command[WriteOffView]):
    """It was a mistake: the goods are back at the cost at which they left.

    Refused: ``write_off_not_found``, ``write_off_cancelled``.
    """

    subject: ClassVar[str] = "cmd.inventory.cancel_write_off.v1"

    write_off_id: UUID
    reason: Name


class GetWriteOff(Question[WriteOffView]):
    subject: ClassVar[str] = "ask.inventory.write_off.v1"

    write_off_id: UUID


class ListWriteOffs(Question[Page[WriteOffView]]):
    """Newest first."""

    subject: ClassVar[str] = "ask.inventory.write_offs.v1"

    warehouse_id: UUID | None = None
    limit: Limit = 50
    cursor: Cursor | None = None


# --- events --------------------------------------------------------------------------------------


class TransferEvent(Event):
    """What every fact of a transfer carries: all of it, as it is now."""

    transfer: TransferView

    def aggregate_id(self) -> UUID:
        return self.transfer.id


class TransferSent(TransferEvent):
    """Goods are on their way. Producer: inventory. Consumer: audit."""

    subject: ClassVar[str] = "evt.inventory.transfer_sent.v1"


class TransferReceived(TransferEvent):
    """The named quantities arrived. Producer: inventory. Consumer: audit."""

    subject: ClassVar[str] = "evt.inventory.transfer_received.v1"

    arrived: tuple[ArrivedLine, ...]


class TransferCancelled(TransferEvent):
    """What was on its way is back. Producer: inventory. Consumer: audit."""

    subject: ClassVar[str] = "evt.inventory.transfer_cancelled.v1"

    reason: str


class StockWrittenOff(Event):
    """Producer: inventory. Consumers: finance (an expense), audit."""

    subject: ClassVar[str] = "evt.inventory.stock_written_off.v1"

    write_off: WriteOffView

    def aggregate_id(self) -> UUID:
        return self.write_off.id


class WriteOffCancelled(Event):
    """Producer: inventory. Consumers: finance (reverses the expense), audit."""

    subject: ClassVar[str] = "evt.inventory.write_off_cancelled.v1"

    write_off: WriteOffView

    def aggregate_id(self) -> UUID:
        return self.write_off.id
