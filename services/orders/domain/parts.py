"""Parts are asked for and edited; what the warehouse tells of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from services.orders.domain.decision import (
    Decision,
    ensure_editable,
    ensure_free_if_invisible,
    naming,
    repriced,
    revised,
)
from services.orders.domain.order import (
    EDITABLE,
    NONE,
    Order,
    PartLine,
    changes_between,
    with_line,
)
from services.orders.domain.pricing import checked
from shared.contracts.base import Event
from shared.contracts.inventory import StockAnswer
from shared.contracts.orders import (
    LineChanged,
    OnRemoval,
    PartsRequested,
    ReleasedPart,
    RequestedPart,
)
from shared.refusals import Refused


@dataclass(frozen=True, slots=True)
class Removal:
    """What becomes of parts that were issued and are taken off the order when it is open again."""

    on_removal: OnRemoval = "return"
    reason: str | None = None


RETURNED = Removal()


def request_parts(order: Order, parts: Sequence[PartLine], now: datetime) -> Decision:
    """Puts parts on the order; their price counts when the warehouse has answered."""
    ensure_editable(order)
    for part in parts:
        _ensure_carried(order, part)
        checked(part.total)
    changed = revised(order, now, parts=(*order.parts, *parts))
    ensure_free_if_invisible(changed)
    requested = PartsRequested(**naming(changed), lines=tuple(map(requested_part, parts)))
    return repriced(order, changed, requested)


def change_part_line(
    order: Order,
    line: PartLine,
    changed_line: PartLine,
    now: datetime,
    removal: Removal = RETURNED,
) -> Decision:
    """A new quantity asks the warehouse anew, unless nothing is wanted of it."""
    ensure_editable(order)
    ensure_not_issued(line)
    lost = _lost(order, line, line.quantity - changed_line.quantity, removal)
    changes = changes_between(line, changed_line)
    if not changes:
        return Decision(order, ())
    left = line.came_back - lost.get("write_off", NONE)
    changed_line = replace(changed_line, came_back=min(left, changed_line.quantity))
    asks_anew = changed_line.quantity != line.quantity and line.state != "released"
    if asks_anew:
        # What the new quantity costs, the warehouse will say.
        changed_line = replace(changed_line, version=line.version + 1, state="requested", cost=None)
    changed = revised(order, now, parts=with_line(order.parts, changed_line))
    ensure_free_if_invisible(changed)
    events: list[Event] = [
        LineChanged(**naming(changed), line_id=line.id, name=line.name, changes=changes)
    ]
    if asks_anew:
        asked = requested_part(changed_line).model_copy(update=lost)
        events.append(PartsRequested(**naming(changed), lines=(asked,), reason=removal.reason))
    return repriced(order, changed, *events)


def stock_answered(order: Order, answers: Sequence[StockAnswer], now: datetime) -> Decision:
    """The warehouse says what its lines have: states, and with the first answer the price. Of a
    done order only those lines count that it was done without, and that have not left yet."""
    if order.status not in (*EDITABLE, "done"):
        return Decision(order, ())
    by_line = {answer.line_id: answer for answer in answers}
    parts = tuple(
        _answered(part, by_line[part.id])
        if part.id in by_line and (order.status != "done" or part.state == "short")
        else part
        for part in order.parts
    )
    if parts == order.parts:
        return Decision(order, ())
    return repriced(order, revised(order, now, parts=parts))


def _answered(part: PartLine, answer: StockAnswer) -> PartLine:
    if answer.answer <= part.answer or part.state == "released":
        return part
    price = part.price
    if not part.counts and not price.quoted:
        # The catalogue's price at the moment of the reservation is the one that holds; what was
        # suggested when the line was added stays what it was.
        price = replace(price, initial=answer.price)
    state, cost = part.state, part.cost
    if answer.line_version == part.version:
        state, cost = "short" if answer.short else "reserved", answer.cost
    return replace(
        part,
        price=price,
        warehouse_price=part.warehouse_price if part.counts else answer.price,
        cost=cost,
        state=state,
        answer=answer.answer,
        reserved=answer.reserved,
        short=answer.short,
    )


@dataclass(frozen=True, slots=True)
class Issue:
    """What a line was issued at, as a whole. ``provisional`` of its quantity was not there, and is
    still to come: until then its cost is not the true one."""

    cost: Decimal
    provisional: Decimal = NONE


def parts_issued(
    order: Order, completion: int, issues: Mapping[UUID, Issue], now: datetime
) -> Order:
    """Their costs are frozen from now on. Late news of a completion that was undone meanwhile
    changes nothing."""
    if order.status != "done" or completion != order.completion or not issues:
        return order
    return revised(order, now, parts=_issued(order, issues))


def cost_corrected(
    order: Order, completion: int, issues: Mapping[UUID, Issue], now: datetime
) -> Order:
    """What was issued before it was there has come. What is still to come only grows less, so that
    older news that comes late is known by saying more of it. Raises ``LookupError`` while the issue
    itself has not been heard of here."""
    if order.status != "done" or completion != order.completion:
        return order
    corrected = [part for part in order.parts if part.id in issues]
    if waiting := [part.id for part in corrected if part.state != "issued"]:
        raise LookupError(f"lines {waiting} are corrected before they are issued here")
    news = {
        part.id: issues[part.id] for part in corrected if issues[part.id].provisional < part.short
    }
    return revised(order, now, parts=_issued(order, news)) if news else order


def _issued(order: Order, issues: Mapping[UUID, Issue]) -> tuple[PartLine, ...]:
    return tuple(
        replace(
            part,
            state="issued",
            cost=issues[part.id].cost,
            reserved=part.quantity - issues[part.id].provisional,
            short=issues[part.id].provisional,
        )
        if part.id in issues
        else part
        for part in order.parts
    )


def parts_returned(order: Order, completion: int, now: datetime) -> Order:
    """What is issued is of the newest completion: late news of an older one changes nothing."""
    if completion <= order.returned_completion or completion < order.completion:
        return order
    parts = tuple(
        replace(part, state="reserved") if part.state == "issued" else part for part in order.parts
    )
    return revised(order, now, parts=parts, returned_completion=completion)


def requested_part(part: PartLine) -> RequestedPart:
    return RequestedPart(
        line_id=part.id,
        line_version=part.version,
        product_id=part.product_id,
        quantity=part.quantity,
    )


def removed_part(order: Order, part: PartLine, removal: Removal) -> ReleasedPart:
    """What the warehouse is told of a line that is taken off."""
    _, released = released_part(part)
    lost = _lost(order, part, part.quantity, removal)
    return released.model_copy(update=lost)


def _lost(order: Order, part: PartLine, less: Decimal, removal: Removal) -> dict[str, Any]:
    """What the warehouse is told when what the line gives up is lost.

    Refused: ``nothing_to_write_off`` (so much of it was never issued, or no less is wanted),
    ``field_required`` (nobody says why).
    """
    if removal.on_removal == "return":
        return {}
    if not 0 < less <= part.came_back:
        raise Refused("nothing_to_write_off", name=part.name)
    if not removal.reason:
        raise Refused("field_required", field="reason")
    return {"write_off": less, "lost_completion": order.completion}


def released_part(part: PartLine) -> tuple[PartLine, ReleasedPart]:
    """The line with nothing wanted of the warehouse, and what the warehouse is told."""
    released = replace(
        part,
        version=part.version + 1,
        state="released",
        reserved=NONE,
        short=NONE,
        came_back=NONE,
    )
    return released, ReleasedPart(
        line_id=part.id, line_version=released.version, product_id=part.product_id
    )


def _ensure_carried(order: Order, part: PartLine) -> None:
    if part.kind == "product" and part.service_line_id is None:
        return
    if part.service_line_id is None:
        raise Refused("material_without_service")
    work = next((line for line in order.services if line.id == part.service_line_id), None)
    if work is None:
        raise Refused("line_not_found", id=part.service_line_id)
    if work.is_declined:
        raise Refused("work_declined", name=work.name)


def ensure_not_issued(part: PartLine) -> None:
    if part.state == "issued":
        raise Refused("line_issued")
