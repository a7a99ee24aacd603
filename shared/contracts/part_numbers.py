"""The further numbers and barcodes of a product, and what does the same as it."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import StringConstraints

from shared.contracts.base import (
    Command,
    Cursor,
    Done,
    Event,
    Limit,
    Name,
    Page,
    Question,
    View,
)
from shared.contracts.inventory import Factor, PartNumber, ProductUnit, ProductView

NumberKind = Literal["oem", "analogue", "superseded_by"]
Barcode = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, pattern=r"^[\x21-\x7e]([\x20-\x7e]{0,78}[\x21-\x7e])?$"
    ),
]
"""What a scanner types: printable ASCII (Code 128), digits of an EAN or UPC."""
BarcodeWarning = Literal["check_digit"]


class PartNumberView(View):
    """A number by which a product is known: ``oem`` the car maker's, ``analogue`` another maker's
    part that does the same, ``superseded_by`` the number that takes its place."""

    id: UUID
    product_id: UUID
    kind: NumberKind
    number: str
    vendor: str | None


class AddPartNumber(Command[PartNumberView]):
    """Refused: ``product_not_found``, ``part_number_empty``, ``part_number_exists``."""

    subject: ClassVar[str] = "cmd.inventory.add_part_number.v1"

    product_id: UUID
    kind: NumberKind = "analogue"
    number: PartNumber
    vendor: Name | None = None


class RemovePartNumber(Command[Done]):
    """Refused: ``part_number_not_found``."""

    subject: ClassVar[str] = "cmd.inventory.remove_part_number.v1"

    product_id: UUID
    part_number_id: UUID


class ListPartNumbers(Question[Page[PartNumberView]]):
    """In the order in which they were entered. Refused: ``product_not_found``."""

    subject: ClassVar[str] = "ask.inventory.part_numbers.v1"

    product_id: UUID
    limit: Limit = 50
    cursor: Cursor | None = None


class AnalogueView(View):
    """Another product that does the same, with its price and what is available of it."""

    product: ProductView
    step: Literal[1, 2]
    """1: one table or card names both; 2: an analogue of an analogue."""


class ListAnalogues(Question[Page[AnalogueView]]):
    """Whichever side a table names first. What is available comes first, then the closest.
    Refused: ``product_not_found``."""

    subject: ClassVar[str] = "ask.inventory.analogues.v1"

    product_id: UUID
    limit: Limit = 50
    cursor: Cursor | None = None


class BarcodeView(View):
    """A code, and what one scan of it counts: ``factor`` main units."""

    code: str
    product_id: UUID
    measure: str
    factor: Factor
    warnings: tuple[BarcodeWarning, ...] = ()
    """``check_digit``: so many digits make an EAN or UPC, but the last one does not fit."""
    dropped: bool = False
    """The product is not counted in ``measure`` any more: ``factor`` says nothing, and nothing is
    counted by the code (``unit_unknown``) until it is again, or the code is added on another
    unit."""


class AddBarcode(Command[BarcodeView]):
    """``measure`` is the unit that the code stands on: a pack's code counts a pack. The first one
    of a product is also its ``barcode``.

    Refused: ``product_not_found``, ``barcode_taken``, ``unit_unknown``.
    """

    subject: ClassVar[str] = "cmd.inventory.add_barcode.v1"

    product_id: UUID
    code: Barcode
    measure: Name | None = None


class MakeBarcode(Command[BarcodeView]):
    """An EAN-13 of the station's own (they begin with 2). Refused: ``product_not_found``,
    ``barcode_exists`` (the product has one)."""

    subject: ClassVar[str] = "cmd.inventory.make_barcode.v1"

    product_id: UUID


class RemoveBarcode(Command[Done]):
    """Refused: ``product_not_found``, ``barcode_not_found``."""

    subject: ClassVar[str] = "cmd.inventory.remove_barcode.v1"

    product_id: UUID
    code: Barcode


class ListBarcodes(Question[Page[BarcodeView]]):
    """The first one first. Refused: ``product_not_found``."""

    subject: ClassVar[str] = "ask.inventory.barcodes.v1"

    product_id: UUID
    limit: Limit = 50
    cursor: Cursor | None = None


class ScannedView(View):
    """The product that a code stands on, and the unit that it counts."""

    code: str
    product: ProductView
    unit: ProductUnit


class GetByBarcode(Question[ScannedView]):
    """Refused: ``barcode_not_found``, ``unit_unknown`` (the product is not counted in the unit that
    the code stands on any more)."""

    subject: ClassVar[str] = "ask.inventory.by_barcode.v1"

    code: Barcode


class PartNumbersSaved(Event):
    """The further numbers of a product are others; carries all. Producer: inventory.
    Consumer: audit."""

    subject: ClassVar[str] = "evt.inventory.part_numbers_saved.v1"

    product_id: UUID
    numbers: tuple[PartNumberView, ...]

    def aggregate_id(self) -> UUID:
        return self.product_id


class BarcodesSaved(Event):
    """The barcodes of a product are others; carries all. Producer: inventory.
    Consumer: audit."""

    subject: ClassVar[str] = "evt.inventory.barcodes_saved.v1"

    product_id: UUID
    barcodes: tuple[BarcodeView, ...]

    def aggregate_id(self) -> UUID:
        return self.product_id
