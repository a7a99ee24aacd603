"""Who does a work: one mechanic, or several who share it."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from services.orders.domain.order import WHOLE, Performer
from shared.refusals import Refused


def shared_by(performers: Sequence[Performer], mechanic_id: UUID | None) -> tuple[Performer, ...]:
    """As a work keeps them: none, where one does it alone. ``mechanic_id``: named besides.

    Refused: ``shares_invalid``, ``performers_ambiguous``.
    """
    if not performers:
        return ()
    people = {performer.employee_id for performer in performers}
    total = sum(performer.share for performer in performers)
    if total != WHOLE or len(people) < len(performers):
        raise Refused("shares_invalid", total=total)
    if mechanic_id not in (None, performers[0].employee_id):
        raise Refused("performers_ambiguous")
    return tuple(performers) if len(performers) > 1 else ()
