"""Copies that services keep of each other's things, compared with what the owner says.

What was frozen on purpose (the names on an order and its papers) is no copy, and not looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from uuid import UUID

from deploy.side_by_side import Kind
from shared.contracts.base import Page, Question
from shared.contracts.copies import (
    CopiedKind,
    ListToldByClients,
    ListToldByDocuments,
    ListToldByFinance,
    ListToldByInventory,
    ListToldByOrders,
    Told,
)
from shared.contracts.reconciliation import Difference
from shared.copies import NOTHING

type _Lists = Callable[..., Question[Page[Told]]]

OWNERS: Mapping[CopiedKind, _Lists] = {
    "client": ListToldByClients,
    "vehicle": ListToldByClients,
    "contract": ListToldByClients,
    "product": ListToldByInventory,
    "part": ListToldByInventory,
    "vat": ListToldByFinance,
}
KEEPERS: Mapping[CopiedKind, Mapping[str, _Lists]] = {
    "client": {
        "orders": ListToldByOrders,
        "finance": ListToldByFinance,
        "documents": ListToldByDocuments,
    },
    "vehicle": {"orders": ListToldByOrders},
    "contract": {"orders": ListToldByOrders, "finance": ListToldByFinance},
    "product": {"orders": ListToldByOrders},
    "part": {"documents": ListToldByDocuments},
    "vat": {"orders": ListToldByOrders},
}
ABSENT: Mapping[tuple[CopiedKind, str], Mapping[str, str]] = {
    ("client", "finance"): {"survivor": NOTHING},
    ("client", "documents"): {},
    ("part", "documents"): {},
}
"""What it comes to that these keep no copy: of a client the owner is asked then (the cards of an
older version were never copied), and of lines there are copies while somebody waits for them."""
NAMED_BY: Mapping[CopiedKind, str] = {
    "client": "client_id",
    "vehicle": "vehicle_id",
    "contract": "document_id",
    "product": "product_id",
    "part": "line_id",
}


@dataclass(frozen=True, slots=True)
class SeenCopies:
    """A thing as its owner and those who copy it have it; ``None``: not at all."""

    id: UUID
    kind: CopiedKind
    owner: Told | None = None
    orders: Told | None = None
    finance: Told | None = None
    documents: Told | None = None


def compared(seen: SeenCopies) -> Iterator[Difference]:
    """One difference for each service whose copy of the thing is not what its owner says."""
    for service in KEEPERS[seen.kind]:
        copy: Told | None = getattr(seen, service)
        if copy is None and (seen.kind, service) in ABSENT:
            copy = Told(id=seen.id, revision=None, fields=dict(ABSENT[seen.kind, service]))
        if copy is None or seen.owner is None:
            if copy is not seen.owner and seen.kind != "part":
                yield _of(seen, service, _said(seen.owner), _said(copy))
            continue
        wrong = [
            name
            for name, word in sorted(copy.fields.items())
            if word != seen.owner.fields.get(name)
        ]
        if wrong or copy.revision not in (None, seen.owner.revision):
            yield _of(seen, service, _said(seen.owner, wrong), _said(copy, wrong))


def _said(told: Told | None, names: Collection[str] = ()) -> str:
    """``revision=3; price=100.00``."""
    if told is None:
        return "none"
    words = [] if told.revision is None else [f"revision={told.revision}"]
    return "; ".join([*words, *(f"{name}={told.fields.get(name, NOTHING)}" for name in names)])


def _of(seen: SeenCopies, service: str, expected: str, actual: str) -> Difference:
    named = {NAMED_BY[seen.kind]: seen.id} if seen.kind in NAMED_BY else {}
    what = f"{seen.kind}_copied_by_{service}"
    return Difference(what=what, expected=expected, actual=actual, **named)


COPIES = tuple(
    Kind(
        "id",
        partial(SeenCopies, kind=kind),
        (
            ("owner", partial(owner, kind=kind)),
            *((service, partial(lists, kind=kind)) for service, lists in KEEPERS[kind].items()),
        ),
        compared,
    )
    for kind, owner in OWNERS.items()
)
