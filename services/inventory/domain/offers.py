"""What a supplier's price list and a table of analogues say, row by row. Pure."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal

from services.inventory.domain.catalogue import name_key, part_key
from services.inventory.domain.costing import kopecks
from services.inventory.domain.stock import THOUSANDTH, ZERO
from shared.contracts.base import MAX_MONEY, MAX_QUANTITY
from shared.imports.columns import Field, number, shown, squeezed, text_of, within
from shared.imports.rows import FileRow, Problem
from shared.refusals import Refused

PRICE_LIST_FIELDS = (
    Field(
        "number",
        ("артикул", "номер", "номер детали", "код детали", "каталожный номер", "oem", "sku",
         "part number", "number", "article", "part no", "код товара", "код"),
        required=True,
    ),
    Field(
        "vendor",
        ("бренд", "производитель", "марка", "фирма", "изготовитель", "brand", "vendor",
         "manufacturer", "maker"),
    ),
    Field(
        "name",
        ("наименование", "название", "описание", "товар", "номенклатура", "name", "description",
         "title", "product"),
    ),
    Field(
        "price",
        ("цена", "цена руб", "стоимость", "цена закупки", "закупочная цена", "опт", "price",
         "cost", "price rub"),
        required=True,
    ),
    Field(
        "stock",
        ("наличие", "остаток", "остатки", "количество", "кол во", "склад", "stock", "quantity",
         "qty", "available", "in stock"),
    ),
    Field(
        "multiplicity",
        ("кратность", "мин партия", "минимальная партия", "упаковка", "multiplicity", "pack",
         "min order", "moq", "lot"),
    ),
    Field(
        "delivery_days",
        ("срок", "срок поставки", "срок доставки", "дней", "дни", "доставка", "delivery days",
         "delivery", "lead time", "days"),
    ),
)  # fmt: skip
CROSS_FIELDS = (
    Field(
        "number",
        ("артикул", "номер", "номер детали", "number", "part number", "article", "oem"),
        required=True,
    ),
    Field("vendor", ("бренд", "производитель", "марка", "vendor", "brand", "manufacturer")),
    Field(
        "cross_number",
        ("кросс номер", "номер кросса", "номер аналога", "артикул аналога", "кросс", "аналог",
         "заменитель", "замена", "cross number", "analogue number", "analog number", "cross",
         "analogue", "analog", "replacement"),
        required=True,
    ),
    Field(
        "cross_vendor",
        ("бренд кросса", "производитель кросса", "бренд аналога", "производитель аналога",
         "марка аналога", "cross vendor", "cross brand", "analogue vendor", "analogue brand",
         "analog brand", "analog vendor"),
    ),
)  # fmt: skip

MAX_NUMBER = 80
MAX_NAME = 200
_SOME = frozenset({"+", "++", "+++", "да", "есть", "много", "в наличии", "yes", "y", "in stock"})
_NONE = frozenset({"", "-", "нет", "0", "no", "n", "нет в наличии", "под заказ", "out of stock"})
_NOW = frozenset({"сегодня", "в наличии", "есть", "склад", "today", "in stock"})
_DAYS = re.compile(r"\d{1,3}")


@dataclass(frozen=True, slots=True)
class Offer:
    """A good row of a price list. ``stock`` is null where it is there, but nobody says how
    many."""

    number: str
    number_key: str
    vendor: str | None
    vendor_key: str
    name: str | None
    search_name: str
    price: Decimal
    stock: Decimal | None
    multiplicity: Decimal
    delivery_days: int | None

    @property
    def part(self) -> tuple[str, str]:
        """What a list offers once."""
        return self.number_key, self.vendor_key


@dataclass(frozen=True, slots=True)
class Cross:
    """Two numbers, as keys, that do the same."""

    number_key: str
    vendor_key: str
    cross_key: str
    cross_vendor_key: str


def vendor_key(vendor: str | None) -> str:
    return name_key(vendor) if vendor else ""


def offer_of(row: FileRow) -> Offer | list[Problem]:
    """The offer, or all that is wrong with the row."""
    read = _Reading(row)
    number_text, key = read("number", _part) or ("", "")
    vendor = read("vendor", lambda cell: text_of(cell, MAX_NAME))
    name = read("name", lambda cell: text_of(cell, MAX_NAME * 5))
    price = read("price", _price)
    stock = read("stock", _stock) if "stock" in row.cells else None
    multiplicity = read("multiplicity", _multiplicity)
    days = read("delivery_days", _days)
    if read.problems:
        return read.problems
    assert price is not None
    return Offer(
        number=number_text,
        number_key=key,
        vendor=vendor,
        vendor_key=vendor_key(vendor),
        name=name and name[:MAX_NAME],
        search_name=name_key(f"{name or ''} {vendor or ''}"),
        price=price,
        stock=stock,
        multiplicity=multiplicity or Decimal(1),
        delivery_days=days,
    )


def repeated(row: FileRow) -> Problem:
    """An earlier row of the list names the same number of the same maker."""
    return Problem(row.number, "number", row.get("number"), Refused("import_offer_repeated"))


def cross_of(row: FileRow) -> Cross | list[Problem]:
    """The pair, or all that is wrong with the row."""
    read = _Reading(row)
    _, key = read("number", _part) or ("", "")
    _, cross_key = read("cross_number", _part) or ("", "")
    vendor = vendor_key(read("vendor", lambda cell: text_of(cell, MAX_NAME)))
    cross_vendor = vendor_key(read("cross_vendor", lambda cell: text_of(cell, MAX_NAME)))
    if not read.problems and (key, vendor) == (cross_key, cross_vendor):
        read.note("cross_number", Refused("import_cross_of_itself"))
    return read.problems or Cross(key, vendor, cross_key, cross_vendor)


class _Reading:
    """Reads one row's cells, and remembers what is wrong with them."""

    def __init__(self, row: FileRow) -> None:
        self._row = row
        self.problems: list[Problem] = []

    def __call__[ValueT](self, field: str, read: Callable[[str], ValueT]) -> ValueT | None:
        try:
            return read(self._row.get(field))
        except Refused as refusal:
            self.note(field, refusal)
            return None

    def note(self, field: str, refusal: Refused) -> None:
        self.problems.append(Problem(self._row.number, field, self._row.get(field), refusal))


def _part(cell: str) -> tuple[str, str]:
    text = text_of(cell, MAX_NUMBER)
    key = part_key(text) if text else None
    if text is None or key is None:
        raise Refused("import_value_missing")
    return text, key


def _price(cell: str) -> Decimal:
    if not squeezed(cell):
        raise Refused("import_value_missing")
    price = kopecks(number(cell))
    return within(price, Decimal("0.01"), MAX_MONEY, cell)


def _stock(cell: str) -> Decimal | None:
    """``>10`` are ten at least; ``+`` are some."""
    plain = squeezed(cell).casefold()
    if plain in _SOME:
        return None
    if plain in _NONE:
        return ZERO
    amount = number(plain.lstrip("<>≥≤~=+ "))
    return within(amount.quantize(THOUSANDTH), 0, MAX_QUANTITY, cell)


def _multiplicity(cell: str) -> Decimal:
    if not squeezed(cell):
        return Decimal(1)
    return within(number(cell).quantize(THOUSANDTH), THOUSANDTH, MAX_QUANTITY, cell)


def _days(cell: str) -> int | None:
    """Of ``2-3 дня`` the later one is promised."""
    plain = squeezed(cell).casefold()
    if not plain or plain == "-":
        return None
    if plain in _NOW:
        return 0
    days = [int(found) for found in _DAYS.findall(plain)]
    if not days or len(days) > 2:
        raise Refused("import_number_invalid", value=shown(cell))
    return int(within(Decimal(max(days)), 0, 365, cell))
