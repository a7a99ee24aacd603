"""Products, warehouses and suppliers as the catalogue keeps them: names, keys, edits. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

import pydantic_core

from shared.contracts.base import Change
from shared.contracts.costing import CostingMethod
from shared.contracts.inventory import Pricing, ProductUnit
from shared.edits import ensure_filled
from shared.refusals import ensure_revision

type LabelKind = Literal["vendor", "group", "measure"]
type PlaceKind = Literal["warehouse", "supplier"]

LABEL_KINDS: tuple[LabelKind, ...] = ("vendor", "group", "measure")
_NEVER_EMPTY = frozenset(
    {
        "name",
        "measure",
        "price",
        "active",
        "units",
        "pricing",
        "no_discount",
        "costing",
        "may_be_negative",
    }
)


@dataclass(frozen=True, slots=True)
class Product:
    """A part of the catalogue; vendor, group and measure by name."""

    id: UUID
    name: str
    oem: str | None
    vendor: str | None
    group: str | None
    measure: str
    price: Decimal
    barcode: str | None
    min_stock: Decimal | None
    comment: str | None
    active: bool = True
    revision: int = 1
    units: tuple[ProductUnit, ...] = ()
    """The main one first; ``measure`` is its short name."""
    warranty_days: int | None = None
    warranty_km: int | None = None
    pricing: Pricing = "fixed"
    no_discount: bool = False


@dataclass(frozen=True, slots=True)
class Place:
    """A warehouse or a supplier."""

    id: UUID
    name: str
    revision: int = 1


@dataclass(frozen=True, slots=True)
class Warehouse(Place):
    """``may_be_negative``: an order may take what is not there."""

    costing: CostingMethod = "fifo"
    may_be_negative: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """A storage place of a warehouse."""

    id: UUID
    warehouse_id: UUID
    name: str
    barcode: str | None = None
    revision: int = 1


def name_key(name: str) -> str:
    """What two spellings of one name share: case, ё and spaces do not count."""
    return " ".join(name.casefold().replace("ё", "е").split())


def part_key(number: str) -> str | None:
    """A part number by its letters and digits only; ``None`` when it has none."""
    return "".join(filter(str.isalnum, number.upper())) or None


def edited[ItemT: (Product, Place, Cell)](
    item: ItemT, values: Mapping[str, Any], expected_revision: int | None
) -> tuple[ItemT, tuple[Change, ...]]:
    """The item with the values that the edit names, one revision on, and what that changed.

    An edit that changes nothing gives the same item. Refused: ``revision_conflict``,
    ``field_required``.
    """
    ensure_revision(expected_revision, item.revision)
    ensure_filled(values, _NEVER_EMPTY)
    changes = tuple(
        Change(field=field, old=_as_json(getattr(item, field)), new=_as_json(value))
        for field, value in values.items()
        if getattr(item, field) != value
    )
    if not changes:
        return item, ()
    return replace(item, **values, revision=item.revision + 1), changes


def _as_json(value: Any) -> Any:
    return pydantic_core.to_jsonable_python(value)
