"""Who belongs to whom: which links can be, and how they end."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from uuid import UUID

from shared.contracts.client_links import LinkClient, LinkView
from shared.refusals import Refused

OF_CARS = frozenset({"driver", "payer"})


def new_link(
    command: LinkClient, known: Iterable[LinkView], link_id: UUID, today: date
) -> LinkView:
    """``known``: what the two have already. Raises ``Refused``: ``link_invalid``,
    ``period_invalid``, ``link_exists``."""
    has_one_end = (command.other_id is None) != (command.vehicle_id is None)
    of_car = command.vehicle_id is not None and command.role not in OF_CARS
    if not has_one_end or of_car or command.other_id == command.client_id:
        raise Refused("link_invalid")
    link = LinkView(
        id=link_id,
        client_id=command.client_id,
        role=command.role,
        other_id=command.other_id,
        vehicle_id=command.vehicle_id,
        since=command.since or today,
        until=command.until,
    )
    if link.until and link.until <= link.since:
        raise Refused("period_invalid")
    for other in known:
        if _says_the_same(link, other) and _overlap(link, other):
            raise Refused("link_exists", id=other.id)
    return link


def ended(link: LinkView, today: date) -> LinkView | None:
    """The link as it stays known; none of it if it has not begun before today."""
    if link.since >= today:
        return None
    if link.until and link.until <= today:
        return link
    return link.model_copy(update={"until": today})


def _says_the_same(one: LinkView, other: LinkView) -> bool:
    if one.role != other.role or one.vehicle_id != other.vehicle_id:
        return False
    mine, theirs = (one.client_id, one.other_id), (other.client_id, other.other_id)
    return mine == theirs or (one.role == "family" and mine == theirs[::-1])


def _overlap(one: LinkView, other: LinkView) -> bool:
    return (other.until is None or one.since < other.until) and (
        one.until is None or other.since < one.until
    )
