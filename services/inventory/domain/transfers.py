"""A transfer: goods that left one warehouse for another, and where each portion is by now. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from services.inventory.domain.costing import share
from services.inventory.domain.stock import ZERO
from services.inventory.domain.storekeeping import Portion, worth
from shared.contracts.stock_documents import ArrivedLine, TransferState
from shared.refusals import Refused


@dataclass(frozen=True, slots=True)
class Parcel:
    """One portion of a line: ``left`` of it is on its way, worth ``left_value``; the oldest arrive
    first."""

    position: int
    part: int
    product_id: UUID
    portion: Portion
    left_value: Decimal
    received: Decimal = ZERO
    returned: Decimal = ZERO

    @property
    def left(self) -> Decimal:
        return self.portion.quantity - self.received - self.returned


@dataclass(frozen=True, slots=True)
class Transfer:
    """Goods on their way. Nothing of it is in any warehouse's stock until it arrives."""

    id: UUID
    number: str
    at: datetime
    from_warehouse_id: UUID
    to_warehouse_id: UUID
    comment: str | None
    actor: str
    parcels: tuple[Parcel, ...]
    state: TransferState = "in_transit"
    closed_at: datetime | None = None
    revision: int = 1

    @property
    def product_ids(self) -> set[UUID]:
        return {parcel.product_id for parcel in self.parcels}

    @property
    def in_transit(self) -> dict[int, Decimal]:
        """By line, what is on its way."""
        left: defaultdict[int, Decimal] = defaultdict(Decimal)
        for parcel in self.parcels:
            left[parcel.position] += parcel.left
        return dict(left)


type Arrival = tuple[tuple[UUID, Sequence[Portion]], ...]
"""Portions of products, to be brought in."""


def parcels_of(
    goods: Sequence[tuple[UUID, tuple[Portion, ...]]],
) -> tuple[Parcel, ...]:
    """What was taken for each line, in the order of the lines."""
    return tuple(
        Parcel(position, part, product_id, portion, portion.value)
        for position, (product_id, portions) in enumerate(goods, start=1)
        for part, portion in enumerate(portions, start=1)
    )


def arrive(
    transfer: Transfer, lines: Sequence[ArrivedLine] | None, at: datetime
) -> tuple[Transfer, Arrival]:
    """The named quantities arrived; without any, all that is on its way.

    Refused: ``transfer_closed``, ``transfer_line_not_found``, ``transfer_exceeded``.
    """
    _ensure_open(transfer)
    left = transfer.in_transit
    arrived = _asked(lines, left) if lines else left
    parcels, portions = _drawn(transfer.parcels, arrived)
    after = replace(
        transfer,
        parcels=tuple(
            replace(_without(parcel, value), received=parcel.received + part)
            for parcel, part, value in parcels
        ),
        revision=transfer.revision + 1,
    )
    if not any(after.in_transit.values()):
        after = replace(after, state="received", closed_at=at)
    return after, portions


def call_back(transfer: Transfer, at: datetime) -> tuple[Transfer, Arrival]:
    """What is on its way goes back. Refused: ``transfer_closed``."""
    _ensure_open(transfer)
    parcels, portions = _drawn(transfer.parcels, transfer.in_transit)
    arrived = any(parcel.received for parcel in transfer.parcels)
    after = replace(
        transfer,
        parcels=tuple(
            replace(_without(parcel, value), returned=parcel.returned + part)
            for parcel, part, value in parcels
        ),
        state="received_in_part" if arrived else "cancelled",
        closed_at=at,
        revision=transfer.revision + 1,
    )
    return after, portions


def value_of(transfer: Transfer, position: int) -> Decimal:
    """What a line was sent at."""
    return worth(parcel.portion for parcel in transfer.parcels if parcel.position == position)


def _without(parcel: Parcel, value: Decimal) -> Parcel:
    return replace(parcel, left_value=parcel.left_value - value)


def _ensure_open(transfer: Transfer) -> None:
    if transfer.state != "in_transit":
        raise Refused("transfer_closed", number=transfer.number)


def _asked(lines: Sequence[ArrivedLine], left: Mapping[int, Decimal]) -> dict[int, Decimal]:
    asked: defaultdict[int, Decimal] = defaultdict(Decimal)
    for line in lines:
        if line.position not in left:
            raise Refused("transfer_line_not_found", position=line.position)
        asked[line.position] += line.quantity
        if asked[line.position] > left[line.position]:
            raise Refused("transfer_exceeded", position=line.position, left=left[line.position])
    return dict(asked)


def _drawn(
    parcels: Sequence[Parcel], wanted: Mapping[int, Decimal]
) -> tuple[list[tuple[Parcel, Decimal, Decimal]], Arrival]:
    """How much of each parcel, and at what value, the wanted quantities of the lines take; and
    that as portions."""
    rest = dict(wanted)
    drawn: list[tuple[Parcel, Decimal, Decimal]] = []
    portions: defaultdict[int, list[Portion]] = defaultdict(list)
    products: dict[int, UUID] = {}
    for parcel in parcels:
        part = min(parcel.left, rest.get(parcel.position, ZERO))
        value = share(parcel.left_value, part, parcel.left) if part else ZERO
        drawn.append((parcel, part, value))
        if part > 0:
            rest[parcel.position] -= part
            portions[parcel.position].append(replace(parcel.portion, quantity=part, value=value))
            products[parcel.position] = parcel.product_id
    return drawn, tuple((products[position], parts) for position, parts in portions.items())
