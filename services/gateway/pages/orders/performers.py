"""Several share a work: its mechanic has what the others leave of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import count
from typing import Any
from uuid import UUID

from services.gateway.pages.forms import Form
from services.gateway.problems import field_invalid
from shared.contracts.orders import (
    ChangeLine,
    EmployeeView,
    NamedPerformer,
    OrderView,
    Performer,
)

WHOLE = Decimal(100)


def who_does(form: Form) -> tuple[Form, tuple[NamedPerformer, ...]]:
    """The form without what it says of the others (``performers.1.employee_id`` and ``.share``, in
    percent, and so on), and all who share the work, the mechanic first; none: the mechanic alone.
    Raises ``request_invalid``."""
    others: list[dict[str, Any]] = []
    for number in count(1):
        row = f"performers.{number}"
        if not any(name == f"{row}.employee_id" for name, _ in form.pairs):
            break
        if employee_id := form.get(f"{row}.employee_id"):
            others.append({"employee_id": employee_id, "share": form.amount(f"{row}.share")})
    pairs = tuple(pair for pair in form.pairs if not pair[0].startswith("performers."))
    if not others:
        return replace(form, pairs=pairs), ()
    if not form.get("mechanic_id"):
        raise field_invalid("mechanic_id", "shared_with_nobody")
    rest = WHOLE - sum((each["share"] for each in others), Decimal(0))
    if rest <= 0 or not all(each["share"] for each in others):
        raise field_invalid("performers.1.share", "shares_wrong")
    everybody = [{"employee_id": form.get("mechanic_id"), "share": rest}, *others]
    alone = tuple(pair for pair in pairs if pair[0] != "mechanic_id")
    return replace(form, pairs=alone), tuple(map(NamedPerformer.model_validate, everybody))


def with_performers(
    command: ChangeLine, said: Sequence[Performer], before: Sequence[Performer]
) -> ChangeLine:
    """The edit of a work, with who shares it now, if that is somebody else."""

    def plain(some: Sequence[Performer]) -> list[tuple[UUID, Decimal]]:
        return [(each.employee_id, each.share) for each in some]

    # Another mechanic does it alone by being named.
    is_alone = not said and "mechanic_id" in command.model_fields_set
    if is_alone or plain(said) == plain(before):
        return command
    return command.model_copy(update={"performers": said})


def nameable(people: Iterable[EmployeeView], order: OrderView) -> list[tuple[UUID, str]]:
    """Who can be chosen on an order: who works here, and whom it names already, so that an edit of
    something else keeps them."""
    named = {
        order.employee_id,
        order.mechanic_id,
        order.responsible_id,
        order.product_responsible_id,
        order.examiner_id,
        *(line.mechanic_id for line in order.services),
        *(one.employee_id for line in order.services for one in line.performers),
    }
    return [(each.id, each.name) for each in people if each.active or each.id in named]
