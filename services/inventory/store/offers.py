"""Suppliers' offers and analogues in the database: kept aside, taken, searched."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Select,
    Text,
    Uuid,
    and_,
    any_,
    bindparam,
    delete,
    func,
    insert,
    literal,
    or_,
    select,
    true,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import distinct_on
from sqlalchemy.dialects.postgresql import insert as upsert
from sqlalchemy.ext.asyncio import AsyncConnection

from services.inventory.domain.catalogue import name_key, part_key
from services.inventory.domain.offers import Cross, Offer
from services.inventory.store.part_numbers import (
    Number,
    known_as,
    of_products,
    products_known_as,
    reach,
    with_analogues,
)
from services.inventory.store.tables import suppliers
from services.inventory.store.tables_offers import (
    cross_lists,
    crosses,
    offers,
    price_lists,
)
from shared.contracts.base import Page
from shared.contracts.price_lists import FindOffers, OfferView
from shared.imports.tables import ENDED, imports
from shared.pagination import cursor_after, keys_of
from shared.refusals import Refused
from shared.writing import inserting

SWEEP_ROWS = 20_000
"""Of lists that do not hold any more, so many rows go at a time: nobody waits for them."""
NO_DAYS = 10_000
_ADD_OFFERS = inserting(offers)
_ADD_CROSSES = inserting(crosses)
_NAMED = select(offers.c.number_key, offers.c.vendor_key).where(
    offers.c.list_id == bindparam("list_id", type_=Uuid),
    offers.c.number_key == any_(bindparam("keys", type_=ARRAY(Text))),
)


# --- lists ---------------------------------------------------------------------------------------


async def add_offers(
    connection: AsyncConnection, list_id: UUID, rows: Iterable[tuple[UUID, Offer]]
) -> None:
    await connection.execute(
        _ADD_OFFERS.statement,
        _ADD_OFFERS.arrays(
            [
                (
                    offer_id, list_id, offer.number, offer.number_key, offer.vendor,
                    offer.vendor_key, offer.name, offer.search_name, offer.price, offer.stock,
                    offer.multiplicity, offer.delivery_days,
                )
                for offer_id, offer in rows
            ],
        ),
    )  # fmt: skip


async def named(connection: AsyncConnection, list_id: UUID, some: Sequence[Offer]) -> set[Number]:
    """The numbers of these offers, with their makers' keys, that the list offers already."""
    keys = list({offer.number_key for offer in some})
    found = await connection.execute(_NAMED, {"list_id": list_id, "keys": keys})
    return {(row.number_key, row.vendor_key) for row in found}


async def add_crosses(
    connection: AsyncConnection, list_id: UUID, rows: Iterable[tuple[UUID, Cross]]
) -> None:
    await connection.execute(
        _ADD_CROSSES.statement,
        _ADD_CROSSES.arrays(
            [
                (
                    row_id, list_id, cross.number_key, cross.vendor_key, cross.cross_key,
                    cross.cross_vendor_key,
                )
                for row_id, cross in rows
            ],
        ),
    )  # fmt: skip


async def drop_offers(connection: AsyncConnection, list_id: UUID) -> None:
    await connection.execute(delete(offers).where(offers.c.list_id == list_id))


async def drop_crosses(connection: AsyncConnection, list_id: UUID) -> None:
    await connection.execute(delete(crosses).where(crosses.c.list_id == list_id))


async def set_price_list(
    connection: AsyncConnection,
    supplier_id: UUID,
    list_id: UUID,
    valid_from: date,
    today: date,
    now: datetime,
) -> None:
    """From its day on the supplier offers this list and no other; from a day that has come, also
    instead of one that is dated later."""
    if valid_from <= today:
        await connection.execute(
            delete(price_lists).where(
                price_lists.c.supplier_id == supplier_id, price_lists.c.valid_from <= today
            )
        )
    values = {"list_id": list_id, "applied_at": now}
    await connection.execute(
        upsert(price_lists)
        .values(supplier_id=supplier_id, valid_from=valid_from, **values)
        .on_conflict_do_update(index_elements=["supplier_id", "valid_from"], set_=values)
    )
    await drop_replaced(connection, supplier_id, today)


async def drop_waiting(connection: AsyncConnection, list_id: UUID, today: date) -> bool:
    """False: it does not wait for its day (any more)."""
    dropped = await connection.execute(
        delete(price_lists)
        .where(price_lists.c.list_id == list_id, price_lists.c.valid_from > today)
        .returning(price_lists.c.list_id)
    )
    return dropped.scalar_one_or_none() is not None


async def drop_replaced(connection: AsyncConnection, supplier_id: UUID, today: date) -> None:
    """Lists that another one has taken the place of, be it that its day has come: their files may
    be brought again."""
    theirs = price_lists.c.supplier_id == supplier_id
    await connection.execute(
        delete(price_lists).where(theirs, price_lists.c.valid_from <= today, ~_holds(today))
    )
    await connection.execute(
        update(imports)
        .where(
            imports.c.live,
            imports.c.kind == "price_list",
            imports.c.state == "applied",
            imports.c.supplier_id == supplier_id,
            imports.c.id.not_in(select(price_lists.c.list_id).where(theirs)),
        )
        .values(live=False)
    )


async def set_cross_list(connection: AsyncConnection, list_id: UUID, now: datetime) -> None:
    await connection.execute(insert(cross_lists).values(list_id=list_id, applied_at=now))


async def sweep_offers(connection: AsyncConnection) -> None:
    """Offers of lists that were dropped, or never applied."""
    ended = select(imports.c.id).where(
        imports.c.kind == "price_list",
        imports.c.state.in_(ENDED),
        imports.c.id.not_in(select(price_lists.c.list_id)),
    )
    some = select(offers.c.id).where(offers.c.list_id.in_(ended)).limit(SWEEP_ROWS)
    await connection.execute(delete(offers).where(offers.c.id.in_(some)))


async def sweep_crosses(connection: AsyncConnection) -> None:
    ended = select(imports.c.id).where(
        imports.c.kind == "crosses", imports.c.state.in_(("failed", "cancelled"))
    )
    some = select(crosses.c.id).where(crosses.c.list_id.in_(ended)).limit(SWEEP_ROWS)
    await connection.execute(delete(crosses).where(crosses.c.id.in_(some)))


# --- search --------------------------------------------------------------------------------------

_others = price_lists.alias("others")


def _holds(today: date) -> ColumnElement[bool]:
    """Of its supplier's lists it is the one of the latest day that has come."""
    latest = (
        select(func.max(_others.c.valid_from))
        .where(_others.c.supplier_id == price_lists.c.supplier_id, _others.c.valid_from <= today)
        .scalar_subquery()
    )
    return price_lists.c.valid_from == latest


_OFFERS: Select[Any] = (
    select(
        offers,
        price_lists.c.supplier_id,
        price_lists.c.valid_from,
        suppliers.c.name.label("supplier"),
    )
    .join(price_lists, price_lists.c.list_id == offers.c.list_id)
    .join(suppliers, suppliers.c.id == price_lists.c.supplier_id)
)


async def offer(connection: AsyncConnection, offer_id: UUID, today: date) -> Any:
    """A row of what is offered today. Refused: ``offer_not_found``."""
    query = _OFFERS.where(offers.c.id == offer_id, _holds(today))
    row = (await connection.execute(query)).one_or_none()
    if row is None:
        raise Refused("offer_not_found", id=offer_id)
    return row


async def cheapest(
    connection: AsyncConnection, product_ids: Collection[UUID], today: date
) -> dict[UUID, Any]:
    """By product, the row of the cheapest offer of its own numbers that is not sold out; what does
    the same is another product's."""
    known = of_products(product_ids)
    days = func.coalesce(offers.c.delivery_days, NO_DAYS)
    query = (
        _OFFERS.add_columns(known.c.product_id)
        .join(
            known,
            and_(
                known.c.number_key == offers.c.number_key,
                known.c.vendor_key == offers.c.vendor_key,
            ),
        )
        .where(_holds(today), or_(offers.c.stock.is_(None), offers.c.stock > 0))
        .ext(distinct_on(known.c.product_id))
        .order_by(known.c.product_id, offers.c.price, days, offers.c.id)
    )
    return {row.product_id: row for row in await connection.execute(query)}


async def find_offers(
    connection: AsyncConnection, question: FindOffers, today: date, *, with_cost: bool
) -> Page[OfferView]:
    """The cheapest first; without cost the soonest, so that the order does not tell it."""
    asked, others = await _numbers(connection, question)
    query = _OFFERS.where(_holds(today))
    if question.supplier_id:
        query = query.where(price_lists.c.supplier_id == question.supplier_id)
    if question.product_id:
        query = query.where(_is_one_of({*asked, *others}))
    elif question.q:
        query = query.where(or_(_matches(question.q), _is_one_of(others)))
    days = func.coalesce(offers.c.delivery_days, NO_DAYS)
    keys = (offers.c.price, days, offers.c.id) if with_cost else (days, offers.c.id)
    if question.cursor:
        query = query.where(tuple_(*keys) > tuple_(*_after(question.cursor, with_cost)))
    rows = (await connection.execute(query.order_by(*keys).limit(question.limit + 1))).all()
    items = await _views(connection, rows[: question.limit], others - asked, with_cost)
    if len(rows) <= question.limit:
        return Page(items=items)
    last = rows[question.limit - 1]
    place = (NO_DAYS if last.delivery_days is None else last.delivery_days, last.id)
    return Page(items=items, next=cursor_after(*((last.price, *place) if with_cost else place)))


async def _numbers(
    connection: AsyncConnection, question: FindOffers
) -> tuple[set[Number], set[Number]]:
    """The numbers that were asked for, and those that do the same."""
    if question.product_id:
        asked = await known_as(connection, question.product_id)
    elif key := part_key(question.q):
        asked = await reach(connection, key)
    else:
        return set(), set()
    return asked, await with_analogues(connection, asked)


def _matches(q: str) -> ColumnElement[bool]:
    """A part number or its beginning, or every word in the name."""
    by_name = [offers.c.search_name.contains(word, autoescape=True) for word in name_key(q).split()]
    key = part_key(q)
    by_number = [offers.c.number_key.startswith(key, autoescape=True)] if key else []
    return or_(and_(true(), *by_name), *by_number)


def _is_one_of(numbers: set[Number]) -> ColumnElement[bool]:
    """By number first, which an index finds; then by both."""
    keys, vendors = zip(*numbers, strict=True) if numbers else ((), ())
    asked = bindparam(None, list(keys), type_=ARRAY(Text))
    pairs = (
        func.unnest(asked, bindparam(None, list(vendors), type_=ARRAY(Text)))
        .table_valued("number_key", "vendor_key")
        .render_derived()
    )
    number = tuple_(offers.c.number_key, offers.c.vendor_key)
    return and_(
        offers.c.number_key == any_(asked),
        number.in_(select(pairs.c.number_key, pairs.c.vendor_key)),
    )


def _after(cursor: str, with_cost: bool) -> tuple[Any, ...]:
    if with_cost:
        price, days, offer_id = keys_of(cursor, tuple[Decimal, int, UUID])
        return (literal(price), literal(days), literal(offer_id, Uuid))
    days, offer_id = keys_of(cursor, tuple[int, UUID])
    return (literal(days), literal(offer_id, Uuid))


async def _views(
    connection: AsyncConnection, rows: Sequence[Any], others: set[Number], with_cost: bool
) -> tuple[OfferView, ...]:
    own = await products_known_as(connection, {(row.number_key, row.vendor_key) for row in rows})
    views = []
    for row in rows:
        number = (row.number_key, row.vendor_key)
        product = own.get(number)
        views.append(
            OfferView(
                id=row.id,
                supplier_id=row.supplier_id,
                supplier=row.supplier,
                number=row.number,
                vendor=row.vendor,
                name=row.name,
                price=row.price if with_cost else None,
                stock=row.stock,
                multiplicity=row.multiplicity,
                delivery_days=row.delivery_days,
                valid_from=row.valid_from,
                product_id=product and product.id,
                product=product and product.name,
                analogue=number in others,
            )
        )
    return tuple(views)
