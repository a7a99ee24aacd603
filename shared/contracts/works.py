"""What the catalogue of works says beyond a single price: variants by vehicle, packages, how
computed prices are rounded, and what is still under warranty. Owned by ``services/orders``."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Annotated, ClassVar, Literal
from uuid import UUID

from pydantic import Field

from shared.contracts.base import (
    Command,
    Cursor,
    Done,
    Event,
    Hours,
    Instant,
    Limit,
    Minutes,
    Money,
    Name,
    Page,
    Percent,
    PriceStep,
    Question,
    Revision,
    RoundingMode,
    SearchText,
    Text,
    View,
)
from shared.contracts.clients import Mileage, Year
from shared.contracts.orders import OrderEvent, OrderView, ServiceView


class GetServices(Question[Page[ServiceView]]):
    """Works by their ids, many at once; of what does not exist there is none. The answer is one
    page, whatever is asked for."""

    subject: ClassVar[str] = "ask.orders.services_by_id.v1"

    service_ids: tuple[UUID, ...] = Field(min_length=1, max_length=500)


# --- price variants ------------------------------------------------------------------------------


class VariantFields(View):
    """Which cars a variant is for, and what the work costs and takes on them. Of make, model,
    class, engine and years any are named; all that are must fit (case and spaces do not count).
    A car whose year nobody knows fits no range of years.

    The price is said as a work's own: ``price``, or ``labor_hours`` with ``labor_rate``. Absent
    ``estimation_minutes``: those of the work."""

    vendor: Name | None = None
    model: Name | None = None
    vehicle_class: Name | None = None
    engine: Name | None = None
    year_from: Year | None = None
    year_to: Year | None = None
    price: Money | None = None
    labor_hours: Hours | None = None
    labor_rate: Money | None = None
    estimation_minutes: Minutes | None = None


class VariantView(VariantFields):
    id: UUID
    service_id: UUID
    revision: Revision


class CreateVariant(Command[VariantView], VariantFields):
    """Of the variants that fit a car the one with the most named facts is chosen; of several the
    one that names the model, then the engine, the make, the class, then the narrower range of
    years, then the older one.

    Refused: ``service_not_found``, ``variant_empty``, ``variant_exists`` (the same facts, in years
    that overlap), ``years_invalid``, ``price_missing``, ``price_ambiguous``.
    """

    subject: ClassVar[str] = "cmd.orders.create_variant.v1"
    model_config = {"extra": "forbid"}

    service_id: UUID


class ChangeVariant(Command[VariantView], VariantFields):
    """Fields that are not named stay; a null clears. Never alters the lines of existing orders.
    Refused also: ``variant_not_found``, ``revision_conflict``."""

    subject: ClassVar[str] = "cmd.orders.change_variant.v1"
    model_config = {"extra": "forbid"}

    service_id: UUID
    variant_id: UUID
    expected_revision: Revision | None = None


class RemoveVariant(Command[Done]):
    """Lines that were priced by it stay as they are. Refused: ``variant_not_found``,
    ``revision_conflict``."""

    subject: ClassVar[str] = "cmd.orders.remove_variant.v1"

    service_id: UUID
    variant_id: UUID
    expected_revision: Revision | None = None


class ListVariants(Question[Page[VariantView]]):
    """Of one work, in the order in which they were made. Refused: ``service_not_found``."""

    subject: ClassVar[str] = "ask.orders.variants.v1"

    service_id: UUID
    limit: Limit = 50
    cursor: Cursor | None = None


class VariantEvent(Event):
    """What every fact of a variant carries."""

    variant: VariantView

    def aggregate_id(self) -> UUID:
        return self.variant.service_id


class VariantSaved(VariantEvent):
    """A price variant was made or edited. Producer: orders. Consumer: audit."""

    subject: ClassVar[str] = "evt.orders.variant_saved.v1"

    created: bool


class VariantRemoved(VariantEvent):
    """A price variant is no more. Producer: orders. Consumer: audit."""

    subject: ClassVar[str] = "evt.orders.variant_removed.v1"


# --- offers --------------------------------------------------------------------------------------


class OfferedVariant(VariantView):
    """A variant with what it asks."""

    price_asked: Money
    """Per unit, rounded as the station rounds."""


class OfferedWork(View):
    """A work of the catalogue as an order would have it, before any discount."""

    service: ServiceView
    price: Money
    """Per unit: of the variant for the order's car, else the work's own."""
    variant_id: UUID | None
    """The variant for the order's car."""
    estimation_minutes: Minutes
    own_price: Money
    """As for a car that no variant is for."""
    variants: tuple[OfferedVariant, ...]
    """All prices by vehicle that it has."""


class OfferWorks(Question[Page[OfferedWork]]):
    """Works that may be put on an order, in the order in which they were made. ``q``: fragments of
    the name. Refused: ``order_not_found``, ``service_not_found``."""

    subject: ClassVar[str] = "ask.orders.offered_works.v1"

    order_id: UUID
    q: SearchText = ""
    service_id: UUID | None = None
    limit: Limit = 50
    cursor: Cursor | None = None


# --- packages ------------------------------------------------------------------------------------

PackageQuantity = Annotated[Decimal, Field(gt=0, le=9_999, decimal_places=3)]


class PackagePart(View):
    """Goods, or a material of the work that names it; in the product's main unit."""

    model_config = {"extra": "forbid"}

    product_id: UUID
    quantity: PackageQuantity


class PackageService(View):
    """A work, and the materials that its price carries."""

    model_config = {"extra": "forbid"}

    service_id: UUID
    quantity: PackageQuantity = Decimal(1)
    materials: tuple[PackagePart, ...] = Field(default=(), max_length=100)


class PackageView(View):
    """Works, materials and goods that are sold together."""

    id: UUID
    name: str
    comment: str | None
    services: tuple[PackageService, ...]
    goods: tuple[PackagePart, ...]
    discount_percent: Percent | None
    price: Money | None
    active: bool
    revision: Revision


class CreatePackage(Command[PackageView]):
    """``discount_percent`` takes the place of the client's own on every line that takes
    discounts. ``price`` is what all lines together come to, to the kopeck, however the catalogue
    prices them: it is spread over them in proportion, and what cannot be divided goes to a work of
    quantity 1, of which there must be one. Neither: every line at its own price.

    Refused: ``name_taken``, ``package_empty``, ``service_not_found``, ``product_not_found``,
    ``package_price_ambiguous``, ``package_price_indivisible``.
    """

    subject: ClassVar[str] = "cmd.orders.create_package.v1"

    name: Name
    comment: Text | None = None
    services: tuple[PackageService, ...] = Field(default=(), max_length=50)
    goods: tuple[PackagePart, ...] = Field(default=(), max_length=100)
    discount_percent: Percent | None = None
    price: Money | None = None


class ChangePackage(Command[PackageView]):
    """Fields that are not named stay; a null clears. Never alters the lines of existing orders.
    Refused also: ``package_not_found``, ``revision_conflict``, ``field_required``."""

    subject: ClassVar[str] = "cmd.orders.change_package.v1"

    package_id: UUID
    expected_revision: Revision | None = None
    name: Name | None = None
    comment: Text | None = None
    services: tuple[PackageService, ...] | None = Field(default=None, max_length=50)
    goods: tuple[PackagePart, ...] | None = Field(default=None, max_length=100)
    discount_percent: Percent | None = None
    price: Money | None = None
    active: bool | None = None


class GetPackage(Question[PackageView]):
    """Refused: ``package_not_found``."""

    subject: ClassVar[str] = "ask.orders.package.v1"

    package_id: UUID


class ListPackages(Question[Page[PackageView]]):
    """In the order in which they were made. ``q``: a fragment of the name."""

    subject: ClassVar[str] = "ask.orders.packages.v1"

    q: SearchText = ""
    limit: Limit = 50
    cursor: Cursor | None = None


class PackageSaved(Event):
    """A package was made or edited; carries all of it. Producer: orders. Consumer: audit."""

    subject: ClassVar[str] = "evt.orders.package_saved.v1"

    package: PackageView
    created: bool

    def aggregate_id(self) -> UUID:
        return self.package.id


class AddPackage(Command[OrderView]):
    """Puts ``quantity`` packages on the order: all of their works, materials and goods, or nothing.
    Works are priced as when they are added one by one, by the order's car.

    Refused: ``package_not_found``, ``package_inactive``, and as ``AddService`` and
    ``RequestParts``.
    """

    subject: ClassVar[str] = "cmd.orders.add_package.v1"

    order_id: UUID
    expected_revision: Revision | None = None
    package_id: UUID
    quantity: Annotated[int, Field(ge=1, le=99)] = 1


class PackageAdded(OrderEvent):
    """A package was put on the order; its lines are told by events of their own. Producer: orders.
    Consumer: audit."""

    subject: ClassVar[str] = "evt.orders.package_added.v1"

    package_id: UUID
    name: str
    quantity: int
    line_ids: tuple[UUID, ...]


# --- how computed prices are rounded -------------------------------------------------------------


class PriceRulesView(View):
    """Norm-hours times their rate are a multiple of ``step`` roubles, by ``mode``."""

    step: PriceStep
    mode: RoundingMode
    revision: Revision


class GetPriceRules(Question[PriceRulesView]):
    """The station's own; until somebody sets them, the configuration's step, half up."""

    subject: ClassVar[str] = "ask.orders.price_rules.v1"


class ChangePriceRules(Command[PriceRulesView]):
    """Never alters the lines of existing orders. Refused: ``revision_conflict``,
    ``field_required``."""

    subject: ClassVar[str] = "cmd.orders.change_price_rules.v1"

    expected_revision: Revision | None = None
    step: PriceStep | None = None
    mode: RoundingMode | None = None


class PriceRulesSaved(Event):
    """The station rounds otherwise now. Producer: orders. Consumer: audit."""

    subject: ClassVar[str] = "evt.orders.price_rules_saved.v1"

    station_id: UUID
    rules: PriceRulesView

    def aggregate_id(self) -> UUID:
        return self.station_id


# --- warranty ------------------------------------------------------------------------------------


class WarrantyLine(View):
    """A work or part that was done on the car, and how its warranty stands."""

    line_id: UUID
    kind: Literal["service", "product", "material"]
    name: str
    oem: str | None
    order_id: UUID
    order_number: str
    done_on: date
    """The station's calendar day on which the car was given back, or else the order done."""
    done_mileage_km: int | None
    warranty_days: int | None
    warranty_km: int | None
    expires_on: date | None
    """The last day. Null: no limit of days."""
    limit_km: int | None
    """Null: no limit of kilometres, or the mileage at the start is not known."""
    in_force: Literal["true", "false", "unknown"]
    remaining_days: int | None
    remaining_km: int | None


class VehicleWarranty(Question[Page[WarrantyLine]]):
    """What was done on the car, whoever owned it then; the latest first. A warranty ends by days
    or by kilometres, whichever comes first. ``unknown``: it is limited by kilometres and nobody
    says how many the car has run; an older reading can only say that the limit is passed.

    ``q``: a fragment of the name or of the part number. Refused: ``vehicle_not_found``.
    """

    subject: ClassVar[str] = "ask.orders.vehicle_warranty.v1"

    vehicle_id: UUID
    q: SearchText = ""
    mileage_km: Mileage | None = None
    at: Instant | None = None
    limit: Limit = 50
    cursor: Cursor | None = None
