"""Suppliers' price lists and tables of analogues: brought as files, searched as offers."""

from __future__ import annotations

from datetime import date
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field

from shared.contracts.base import (
    Command,
    Cursor,
    Day,
    Done,
    Limit,
    Money,
    Name,
    Page,
    Question,
    Revision,
    SearchText,
    StockQuantity,
    View,
)
from shared.contracts.imports import (
    BeginFields,
    Columns,
    ImportMoved,
    ImportView,
    OneImport,
    ProblemsFields,
    RowProblem,
    RowsFields,
    UploadEndFields,
)
from shared.contracts.inventory import PartNumber, ProductView

StockImportKind = Literal["price_list", "crosses"]
DeliveryDays = Annotated[int, Field(ge=0, le=365)]


class BeginStockImport(Command[ImportView], BeginFields):
    """A supplier's price list, or a table of analogues. The same file of the same supplier once
    more is answered with the import that it has, ``repeated``.

    Refused: ``supplier_not_found``, ``import_supplier_missing``.
    """

    subject: ClassVar[str] = "cmd.inventory.begin_import.v1"
    model_config = {"extra": "forbid"}

    kind: StockImportKind
    supplier_id: UUID | None = None
    """Of a price list: whose it is."""
    valid_from: Day | None = None
    """Of a price list: the day, of the station's, from which on it holds; until then the last one
    does. Absent: the day on which it is taken."""


class AddStockImportRows(Command[Done], RowsFields):
    """Refused: ``import_not_found``, ``import_not_uploading``, ``import_too_many_rows``."""

    subject: ClassVar[str] = "cmd.inventory.add_import_rows.v1"
    model_config = {"extra": "forbid"}
    secret_fields: ClassVar[frozenset[str]] = frozenset({"rows"})


class EndStockImportUpload(Command[ImportView], UploadEndFields):
    """Refused: ``import_not_found``."""

    subject: ClassVar[str] = "cmd.inventory.end_import_upload.v1"
    model_config = {"extra": "forbid"}


class ChangeStockImport(Command[ImportView]):
    """Other columns: every row is checked anew. Refused: ``import_not_found``,
    ``import_state`` (it is not ready), ``import_column_unknown``, ``revision_conflict``."""

    subject: ClassVar[str] = "cmd.inventory.change_import.v1"

    import_id: UUID
    expected_revision: Revision | None = None
    columns: Columns


class ApplyStockImport(Command[ImportView], OneImport):
    """Takes the good rows, all at once. A price list replaces its supplier's last one, at once or
    on its day; a table of analogues adds to those there are.

    Refused: ``import_not_found``, ``import_state``, ``import_columns_missing``, ``import_empty``.
    """

    subject: ClassVar[str] = "cmd.inventory.apply_import.v1"
    model_config = {"extra": "forbid"}


class CancelStockImport(Command[ImportView], OneImport):
    """An applied price list, too, as long as it waits for its day and no other has taken its place.

    Refused: ``import_not_found``, ``import_state`` (it is applied, or about to be; it has failed).
    """

    subject: ClassVar[str] = "cmd.inventory.cancel_import.v1"
    model_config = {"extra": "forbid"}


class GetStockImport(Question[ImportView], OneImport):
    """Refused: ``import_not_found``."""

    subject: ClassVar[str] = "ask.inventory.import.v1"


class ListStockImports(Question[Page[ImportView]]):
    """Newest first; without their samples."""

    subject: ClassVar[str] = "ask.inventory.imports.v1"

    kind: StockImportKind | None = None
    supplier_id: UUID | None = None
    limit: Limit = 50
    cursor: Cursor | None = None


class ListStockImportProblems(Question[Page[RowProblem]], ProblemsFields):
    """Refused: ``import_not_found``."""

    subject: ClassVar[str] = "ask.inventory.import_problems.v1"


class OfferView(View):
    """What a supplier offers today. ``price`` is what the station pays; null for roles that may
    not see cost."""

    id: UUID
    supplier_id: UUID
    supplier: str
    number: str
    vendor: str | None
    name: str | None
    price: Money | None
    stock: StockQuantity | None
    """At the supplier; null: the list does not say how many, but they are there."""
    multiplicity: StockQuantity
    """How many are sold together."""
    delivery_days: DeliveryDays | None
    valid_from: date
    product_id: UUID | None
    """Our own product of the same vendor and number."""
    product: str | None
    analogue: bool = False
    """It is not what was asked for, but does the same."""


class FindOffers(Question[Page[OfferView]]):
    """By part number (its analogues too), a fragment of the name, or for one of our products and
    its analogues. The cheapest first; for roles that may not see cost, the soonest first.

    Refused: ``product_not_found``.
    """

    subject: ClassVar[str] = "ask.inventory.offers.v1"

    q: SearchText = ""
    product_id: UUID | None = None
    supplier_id: UUID | None = None
    limit: Limit = 50
    cursor: Cursor | None = None


class CreateProductFromOffer(Command[ProductView]):
    """A product with the offer's number, vendor and name. Without a ``price`` it must be priced by
    the matrix. Refused: ``offer_not_found``, and as ``CreateProduct``."""

    subject: ClassVar[str] = "cmd.inventory.create_product_from_offer.v1"

    offer_id: UUID
    name: Name | None = None
    group: Name | None = None
    measure: Name = "шт"
    price: Money | None = None
    barcode: PartNumber | None = None


class StockImportMoved(ImportMoved):
    """A price list or a table of analogues has come a step further. Producer: inventory.
    Consumer: audit."""

    subject: ClassVar[str] = "evt.inventory.import_moved.v1"
