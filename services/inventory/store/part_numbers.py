"""By which numbers a product is known, and which products do the same."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ARRAY, Select, Subquery, Text, bindparam, delete, func, select, tuple_, union
from sqlalchemy.dialects.postgresql import insert as insert_or_not
from sqlalchemy.ext.asyncio import AsyncConnection

from services.inventory.domain.catalogue import part_key
from services.inventory.domain.offers import vendor_key
from services.inventory.store.tables import labels, products
from services.inventory.store.tables_offers import cross_lists, crosses, part_numbers
from shared.contracts.base import Page
from shared.contracts.part_numbers import AddPartNumber, ListPartNumbers, PartNumberView
from shared.pagination import by_id, page_of
from shared.refusals import Refused

MAX_REACH = 500
"""Numbers that a search follows; a table that calls everything the same leads nowhere."""

type Number = tuple[str, str]
"""The keys of a part number and of its vendor (empty: nobody's)."""

# --- cards ---------------------------------------------------------------------------------------


async def add(
    connection: AsyncConnection, command: AddPartNumber, number_id: UUID
) -> PartNumberView:
    """Refused: ``part_number_empty``, ``part_number_exists``."""
    key = part_key(command.number)
    if key is None:
        raise Refused("part_number_empty", number=command.number)
    made = await connection.execute(
        insert_or_not(part_numbers)
        .values(
            id=number_id,
            product_id=command.product_id,
            kind=command.kind,
            number=command.number,
            number_key=key,
            vendor=command.vendor,
            vendor_key=vendor_key(command.vendor),
        )
        .on_conflict_do_nothing()
        .returning(part_numbers.c.id)
    )
    if made.scalar_one_or_none() is None:
        raise Refused("part_number_exists", vendor=command.vendor or "", number=command.number)
    return PartNumberView(
        id=number_id,
        product_id=command.product_id,
        kind=command.kind,
        number=command.number,
        vendor=command.vendor,
    )


async def remove(connection: AsyncConnection, product_id: UUID, number_id: UUID) -> None:
    """Refused: ``part_number_not_found``."""
    gone = await connection.execute(
        delete(part_numbers)
        .where(part_numbers.c.id == number_id, part_numbers.c.product_id == product_id)
        .returning(part_numbers.c.id)
    )
    if gone.scalar_one_or_none() is None:
        raise Refused("part_number_not_found", id=number_id)


async def all_of(connection: AsyncConnection, product_id: UUID) -> tuple[PartNumberView, ...]:
    query = select(part_numbers).where(part_numbers.c.product_id == product_id)
    rows = await connection.execute(query.order_by(part_numbers.c.id))
    return tuple(map(_view, rows))


async def listed(connection: AsyncConnection, question: ListPartNumbers) -> Page[PartNumberView]:
    numbers = select(part_numbers).where(part_numbers.c.product_id == question.product_id)
    query = by_id(numbers, part_numbers.c.id, question.cursor, question.limit)
    rows = (await connection.execute(query)).all()
    return page_of(rows, question.limit, _view, lambda row: (row.id,))


def _view(row: Any) -> PartNumberView:
    return PartNumberView.model_validate(row, from_attributes=True)


# --- numbers -------------------------------------------------------------------------------------

_OWN = select(
    products.c.id.label("product_id"),
    products.c.oem_key.label("number_key"),
    func.coalesce(labels.c.key, "").label("vendor_key"),
).outerjoin(labels, labels.c.id == products.c.vendor_id)
_FURTHER = select(part_numbers.c.product_id, part_numbers.c.number_key, part_numbers.c.vendor_key)
_PAIRS = (
    func.unnest(
        bindparam("number_keys", type_=ARRAY(Text)), bindparam("vendor_keys", type_=ARRAY(Text))
    )
    .table_valued("number_key", "vendor_key")
    .render_derived()
)
_ASKED = select(_PAIRS.c.number_key, _PAIRS.c.vendor_key)


def _asked(numbers: Iterable[Number]) -> dict[str, list[str]]:
    pairs = list(numbers)
    return {
        "number_keys": [key for key, _ in pairs],
        "vendor_keys": [vendor for _, vendor in pairs],
    }


async def known_as(connection: AsyncConnection, *product_ids: UUID) -> set[Number]:
    """All numbers of these products."""
    known = union(
        _OWN.where(products.c.id.in_(product_ids), products.c.oem_key.is_not(None)),
        _FURTHER.where(part_numbers.c.product_id.in_(product_ids)),
    )
    return {(row.number_key, row.vendor_key) for row in await connection.execute(known)}


def of_products(product_ids: Collection[UUID]) -> Subquery:
    """``product_id, number_key, vendor_key``: what each is sold as, but not what does the same."""
    ids = list(product_ids)
    return union(
        _OWN.where(products.c.id.in_(ids), products.c.oem_key.is_not(None)),
        _FURTHER.where(part_numbers.c.product_id.in_(ids), part_numbers.c.kind == "oem"),
    ).subquery("sold_as")


async def reach(connection: AsyncConnection, key: str) -> set[Number]:
    """Whoever's part has this number, in our catalogue or in a table of analogues."""
    held = select(cross_lists.c.list_id)
    found = union(
        select(crosses.c.number_key, crosses.c.vendor_key).where(
            crosses.c.number_key == key, crosses.c.list_id.in_(held)
        ),
        select(crosses.c.cross_key, crosses.c.cross_vendor_key).where(
            crosses.c.cross_key == key, crosses.c.list_id.in_(held)
        ),
    )
    numbers = {(row[0], row[1]) for row in await connection.execute(found)}
    ids = union(
        select(products.c.id).where(products.c.oem_key == key),
        select(part_numbers.c.product_id).where(part_numbers.c.number_key == key),
    )
    own = [row[0] for row in await connection.execute(ids)]
    return numbers | (await known_as(connection, *own) if own else set())


async def with_analogues(connection: AsyncConnection, numbers: set[Number]) -> set[Number]:
    """These numbers, those that tables of analogues put beside them, and all the other numbers of
    our products that have any of these."""
    found = await beside(connection, numbers)
    cards = await _all_known_as(connection, found)
    return found | (await known_as(connection, *cards) if cards else set())


async def beside(connection: AsyncConnection, numbers: set[Number]) -> set[Number]:
    """These numbers, and those that tables of analogues name with them, on whichever side."""
    if not numbers:
        return set()
    held = select(cross_lists.c.list_id)
    there = tuple_(crosses.c.number_key, crosses.c.vendor_key)
    back = tuple_(crosses.c.cross_key, crosses.c.cross_vendor_key)
    query = union(
        select(crosses.c.cross_key, crosses.c.cross_vendor_key).where(
            there.in_(_ASKED), crosses.c.list_id.in_(held)
        ),
        select(crosses.c.number_key, crosses.c.vendor_key).where(
            back.in_(_ASKED), crosses.c.list_id.in_(held)
        ),
    ).limit(MAX_REACH)
    return numbers | {(row[0], row[1]) for row in await connection.execute(query, _asked(numbers))}


def with_number(key: str) -> Select[Any]:
    """Ids of the products that have a further number with this fragment."""
    return select(part_numbers.c.product_id).where(part_numbers.c.number_key.contains(key))


@dataclass(frozen=True, slots=True)
class OwnProduct:
    """A product of the catalogue, by name."""

    id: UUID
    name: str


async def products_known_as(
    connection: AsyncConnection, numbers: Iterable[Number]
) -> dict[Number, OwnProduct]:
    """The product of each number that has one: of its own number before a further one."""
    pairs = set(numbers)
    if not pairs:
        return {}
    own = _OWN.subquery()
    found: dict[Number, OwnProduct] = {}
    for source in (_FURTHER.subquery(), own):
        query = (
            select(source.c.number_key, source.c.vendor_key, products.c.id, products.c.name)
            .join(products, products.c.id == source.c.product_id)
            .where(tuple_(source.c.number_key, source.c.vendor_key).in_(_ASKED))
            .order_by(products.c.id.desc())
        )
        for row in await connection.execute(query, _asked(pairs)):
            found[row.number_key, row.vendor_key] = OwnProduct(row.id, row.name)
    return found


async def analogue_ids(connection: AsyncConnection, product_id: UUID) -> dict[UUID, int]:
    """Products that do the same, each with its distance: 1 or 2."""
    steps: dict[UUID, int] = {product_id: 0}
    numbers = await known_as(connection, product_id)
    for step in (1, 2):
        numbers = await beside(connection, numbers)
        found = await _all_known_as(connection, numbers)
        for other in found:
            steps.setdefault(other, step)
        if found:
            numbers |= await known_as(connection, *found)
    del steps[product_id]
    return steps


async def _all_known_as(connection: AsyncConnection, numbers: Iterable[Number]) -> Sequence[UUID]:
    own, further = _OWN.subquery(), _FURTHER.subquery()
    ids = union(
        *(
            select(source.c.product_id).where(
                tuple_(source.c.number_key, source.c.vendor_key).in_(_ASKED)
            )
            for source in (own, further)
        )
    )
    rows = await connection.execute(ids, _asked(numbers))
    return [row[0] for row in rows][:MAX_REACH]
