"""What services keep of each other's things, so that they can show and reckon on their own: copies
that the owner's events keep fresh. ``pitlane reconcile`` asks owners and keepers, and compares."""

from __future__ import annotations

from typing import ClassVar, Literal
from uuid import UUID

from shared.contracts.base import Cursor, Page, Question, View
from shared.contracts.reconciliation import Figures, Named

CopiedKind = Literal["client", "vehicle", "contract", "product", "part", "vat"]
"""``part``: what the warehouse last said of a line of an order; ``vat``: a station's rates."""


class Told(View):
    """A thing as its owner tells it, or as a copy has it. ``revision``: its owner's count of
    changes; ``None``: none is kept. ``fields``: by name, as text; of what is long or says who
    somebody is a digest (``#3f9a1c07``). A copy tells fewer than the owner."""

    id: UUID
    revision: int | None
    fields: dict[str, str]


class _ListTold(Question[Page[Told]]):
    """``ids``: only these, where any are named."""

    ids: Named = ()
    limit: Figures = 500
    cursor: Cursor | None = None


class ListToldByClients(_ListTold):
    """Cards, cars and contracts, by id."""

    subject: ClassVar[str] = "ask.clients.told.v1"

    kind: Literal["client", "vehicle", "contract"]


class ListToldByInventory(_ListTold):
    """Products; and lines that orders want and have not been issued. By id."""

    subject: ClassVar[str] = "ask.inventory.told.v1"

    kind: Literal["product", "part"]


class ListToldByOrders(_ListTold):
    """Copies, by id."""

    subject: ClassVar[str] = "ask.orders.told.v1"

    kind: Literal["client", "vehicle", "contract", "product", "vat"]


class ListToldByFinance(_ListTold):
    """Rates of VAT, once they were set; and copies: contracts, and who a client was merged into.
    By id."""

    subject: ClassVar[str] = "ask.finance.told.v1"

    kind: Literal["vat", "client", "contract"]


class ListToldByDocuments(_ListTold):
    """Copies, by id."""

    subject: ClassVar[str] = "ask.documents.told.v1"

    kind: Literal["client", "part"]
