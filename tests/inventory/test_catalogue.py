"""Names, part numbers and edits of the catalogue; no server needed."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from services.inventory.domain.catalogue import Place, Product, edited, name_key, part_key
from shared.contracts.base import Change
from shared.ids import new_id
from shared.refusals import Refused

FILTER = Product(
    id=new_id(),
    name="Фильтр масляный",
    oem="W 914/2",
    vendor="MANN",
    group=None,
    measure="шт",
    price=Decimal("450.00"),
    barcode=None,
    min_stock=None,
    comment=None,
    revision=3,
)


@pytest.mark.parametrize(
    ("number", "key"),
    [("W 914/2", "W9142"), ("06a-115-561b", "06A115561B"), ("  а.1 ", "А1"), ("--", None)],
)
def test_a_part_number_is_known_by_its_letters_and_digits(number: str, key: str | None) -> None:
    assert part_key(number) == key


@pytest.mark.parametrize("spelling", ["Щётка  передняя", "щетка передняя", "ЩЁТКА ПЕРЕДНЯЯ"])
def test_spellings_of_a_name_share_a_key(spelling: str) -> None:
    assert name_key(spelling) == "щетка передняя"


def test_an_edit_changes_what_it_names_and_tells_old_and_new() -> None:
    product, changes = edited(FILTER, {"price": Decimal("500.00"), "vendor": None}, 3)
    assert product == replace(FILTER, price=Decimal("500.00"), vendor=None, revision=4)
    assert changes == (
        Change(field="price", old="450.00", new="500.00"),
        Change(field="vendor", old="MANN", new=None),
    )


@pytest.mark.parametrize("values", [{}, {"price": Decimal(450)}, {"name": FILTER.name}])
def test_an_edit_that_changes_nothing_keeps_the_revision(values: dict[str, Any]) -> None:
    assert edited(FILTER, values, None) == (FILTER, ())


def test_an_edit_of_an_older_revision_is_refused() -> None:
    with pytest.raises(Refused) as refused:
        edited(FILTER, {"name": "Фильтр"}, 2)
    assert (refused.value.code, refused.value.params) == (
        "revision_conflict",
        {"expected": "2", "actual": "3"},
    )


@pytest.mark.parametrize("field", ["name", "measure", "price", "active"])
def test_what_a_product_must_have_cannot_be_cleared(field: str) -> None:
    with pytest.raises(Refused) as refused:
        edited(FILTER, {field: None}, None)
    assert (refused.value.code, refused.value.params) == ("field_required", {"field": field})


def test_a_warehouse_is_renamed_the_same_way() -> None:
    place, changes = edited(Place(new_id(), "Основной"), {"name": "Центральный"}, 1)
    assert (place.name, place.revision) == ("Центральный", 2)
    assert changes == (Change(field="name", old="Основной", new="Центральный"),)
