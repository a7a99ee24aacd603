"""What each role may do, area by area, as people read it: made from the tables of permissions and
addresses, so that it cannot say anything else than what holds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from services.gateway.routes import AREAS
from shared.contracts.base import Command
from shared.permissions import may
from shared.roles import (
    MAY_CALL_OFF,
    MAY_DATE,
    MAY_GIVE_CAR,
    MAY_PRICE,
    MAY_SEE_COST,
    MAY_SET_COSTING,
    MAY_WAIVE,
    ROLES,
)

type HowMuch = Literal["nothing", "some", "all"]


@dataclass(frozen=True, slots=True)
class AreaRights:
    """Of one area: by role, how much of it they look at, and how much they change."""

    area: str
    looks: dict[str, HowMuch]
    changes: dict[str, HowMuch]


PARTICULARS = {
    "see_cost": MAY_SEE_COST,
    "set_costing": MAY_SET_COSTING,
    "date": MAY_DATE,
    "waive": MAY_WAIVE,
    "give_car": MAY_GIVE_CAR,
    "price": MAY_PRICE,
    "call_off": MAY_CALL_OFF,
}
"""What goes across areas, and the roles that may."""


def rights_by_area() -> list[AreaRights]:
    rights = []
    for area in AREAS:
        messages: list[Any] = [each.message for each in area.endpoints if each.message]
        commands = [message for message in messages if issubclass(message, Command)]
        questions = [message for message in messages if message not in commands]
        if messages:
            looks, changes = _by_role(questions), _by_role(commands)
            rights.append(AreaRights(area.name, looks, changes))
    return rights


def _by_role(messages: Sequence[Any]) -> dict[str, HowMuch]:
    return {role: _how_much(role, messages) for role in ROLES}


def _how_much(role: str, messages: Sequence[Any]) -> HowMuch:
    let = sum(may(role, message) for message in messages)
    if not let:
        return "nothing"
    return "all" if let == len(messages) else "some"
