"""What the people of the load were told, and what therefore must be there in the end."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from decimal import Decimal
from uuid import UUID


@dataclass(slots=True)
class KnownOrder:
    """An order as the last acknowledged answer about it left it."""

    status: str = "new"
    works: dict[str, Decimal] = field(default_factory=dict)
    """Line → its price."""
    parts: dict[str, tuple[str, Decimal]] = field(default_factory=dict)
    """Line → product and quantity."""
    paid: Decimal = Decimal(0)


@dataclass(slots=True)
class Memory:
    """Everything acknowledged and everything refused, of all people."""

    acknowledged: dict[str, str] = field(default_factory=dict)
    """Mark → the event that must stand in an outbox with it, once."""
    refused: dict[str, str] = field(default_factory=dict)
    """Mark → the code. No event but that of the refusal may carry it."""
    orders: dict[str, KnownOrder] = field(default_factory=dict)
    """Those that were worked on since the last check."""
    checked_orders: int = 0
    """Those of before, which are left alone; the books still are compared over all of them."""
    issued: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    """Product → how much of it left with those."""
    clients: dict[str, int] = field(default_factory=dict)
    """Client, new since the last check → how many cars."""
    moved: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    """Product → what came in, less what was written off and counted away; orders not counted."""
    on_the_way: dict[str, Decimal] = field(default_factory=lambda: defaultdict(Decimal))
    """Product → in transfers that were sent and not received."""
    sent_again: int = 0
    """Requests whose answer was lost or was "come back"."""
    answers: Counter[int] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)
    """Answers that nobody should ever get."""
    poison: dict[UUID, frozenset[str]] = field(default_factory=dict)
    """Event → the services that may park it."""
    must_be_parked: set[tuple[str, UUID]] = field(default_factory=set)
    """Service and event, unless the broker lost it."""
    gone_poison: set[tuple[str, UUID]] = field(default_factory=set)
    """The same, where the broker lost it between two tries."""
    strangers: set[UUID] = field(default_factory=set)
    """Events that no outbox has and that the journal may know: ours."""
