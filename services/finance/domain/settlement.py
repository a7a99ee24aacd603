"""The life of a settlement: what the books learn of one completion of an order, in any order.

An order's work is done (``OrderCompleted``), its parts leave the warehouse (``PartsIssued``), and
when both are known the completion is settled. When the order is reopened the settlement is
reversed by new entries; done again, it is settled again under the next completion number.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from uuid import UUID

from services.finance.domain.earning import Labor
from services.finance.domain.ledger import ZERO, kopecks
from services.finance.domain.lines import IssuedLine, SoldLine, sold_lines
from services.finance.domain.vat import Vat, vat_of
from shared.contracts.base import Event
from shared.contracts.finance import OrderDueChanged, OrderPaid, OrderUnpaid
from shared.contracts.orders import OrderCompleted


class State(StrEnum):
    """What the books know of one completion of an order."""

    UNKNOWN = "unknown"
    """Nothing has been heard of this completion yet."""
    AWAITING_PARTS = "awaiting_parts"
    """The order is done; what its parts cost is not known yet."""
    AWAITING_ORDER = "awaiting_order"
    """The cost is known; what the order comes to is not."""
    SETTLED = "settled"
    REVERSED = "reversed"
    VOID = "void"
    """Reopened before it was settled: it never will be."""


class Fact(StrEnum):
    """What moves a settlement on."""

    COMPLETED = "order completed"
    ISSUED = "parts issued"
    REOPENED = "order reopened"


TRANSITIONS: dict[tuple[State, State], Fact] = {
    (State.UNKNOWN, State.AWAITING_PARTS): Fact.COMPLETED,
    (State.UNKNOWN, State.AWAITING_ORDER): Fact.ISSUED,
    (State.AWAITING_PARTS, State.SETTLED): Fact.ISSUED,
    (State.AWAITING_ORDER, State.SETTLED): Fact.COMPLETED,
    (State.SETTLED, State.REVERSED): Fact.REOPENED,
    (State.UNKNOWN, State.VOID): Fact.REOPENED,
    (State.AWAITING_PARTS, State.VOID): Fact.REOPENED,
    (State.AWAITING_ORDER, State.VOID): Fact.REOPENED,
}
"""From, to: by which fact. A fact that leads nowhere from a state changes nothing: it came late, or
a second time."""
_NEXT = {(old, fact): new for (old, new), fact in TRANSITIONS.items()}


@dataclass(frozen=True, slots=True)
class Completed:
    """What the order says of its money when it is done.

    ``revenue`` is the order's total, with the ``vat`` that it contains. Of it ``products`` are
    goods and ``materials`` are charged within the works' price; whatever is left is the works
    themselves, so that the parts always add up to the total. ``pay`` is what its people have
    earned, nothing before it is settled, and ``labor`` what that is reckoned from; none in what
    was heard before people were named.
    """

    number: str
    station_id: UUID
    section_id: UUID
    client_id: UUID
    completed_at: datetime
    revenue: Decimal
    products: Decimal
    materials: Decimal
    pay: Decimal = ZERO
    labor: Labor | None = None
    vat: Vat = field(default_factory=Vat)
    lines: tuple[SoldLine, ...] = ()
    order_type: str | None = None
    """None in what was heard before it was told."""

    @property
    def services(self) -> Decimal:
        return self.revenue - self.products - self.materials

    @classmethod
    def of(cls, event: OrderCompleted, vat_percent: Decimal | None = None) -> Completed:
        """``vat_percent``: of its business day. Raises ``ValueError`` when the order's parts come
        to more than its total."""
        completed = cls(
            number=event.number,
            station_id=event.station_id,
            section_id=event.section_id,
            client_id=event.client_id,
            completed_at=event.completed_at,
            revenue=kopecks(event.total),
            products=kopecks(event.products_total),
            materials=kopecks(event.materials_total),
            labor=Labor.of(event),
            vat=vat_of(event, vat_percent),
            lines=sold_lines(event),
            order_type=event.type,
        )
        if completed.services < 0:
            raise ValueError(f"order {event.number}: its parts come to more than its total")
        return completed


@dataclass(frozen=True, slots=True)
class Issued:
    """What the parts of a completion cost; zero for an order without parts."""

    cost: Decimal
    lines: tuple[IssuedLine, ...] = ()


@dataclass(frozen=True, slots=True)
class Reopened:
    """The completion is undone."""


type News = Completed | Issued | Reopened


@dataclass(frozen=True, slots=True)
class Settlement:
    """One completion of one order, as the books know it.

    ``cost`` is of the parts issued, as far as it is known; ``corrected`` of it was not in the entry
    that settled the order, but in others since. ``paid`` is how much of the revenue clients' money
    and bonuses cover, ``bonuses`` how much of that bonuses do; ``entry_id`` names the entry that
    settled it, ``pay_entry_id`` the one by which its people earned, if they did. ``word`` counts
    how often what is due of it changed, so that the newest word is known by it. The lines of
    ``completed`` and ``issued`` are remembered until it is settled, and are in the sales from then
    on.
    """

    order_id: UUID
    completion: int
    state: State = State.UNKNOWN
    completed: Completed | None = None
    cost: Decimal | None = None
    paid: Decimal = ZERO
    entry_id: UUID | None = None
    bonuses: Decimal = ZERO
    corrected: Decimal = ZERO
    pay_entry_id: UUID | None = None
    issued: tuple[IssuedLine, ...] = ()
    word: int = 0

    @property
    def order(self) -> Completed:
        """What the order said: known of every settlement that stands or stood."""
        if self.completed is None:
            raise ValueError(f"nothing is known of order {self.order_id} being done")
        return self.completed

    @property
    def margin(self) -> Decimal:
        order = self.order
        return order.revenue - order.vat.total - (self.cost or ZERO) - order.pay

    @property
    def due(self) -> Decimal:
        """What the client still owes for it: nothing, unless it stands."""
        return self.order.revenue - self.paid if self.state is State.SETTLED else ZERO

    @property
    def money(self) -> Decimal:
        """How much of it clients' money covers."""
        return self.paid - self.bonuses

    @property
    def is_paid(self) -> bool:
        """It stands, it costs something, and nothing is due of it."""
        return self.state is State.SETTLED and bool(self.order.revenue) and not self.due

    def covered(self, amount: Decimal, *, by_bonuses: bool = False) -> Settlement:
        """With so much more of it paid; less, when the amount is negative."""
        bonuses = self.bonuses + amount if by_bonuses else self.bonuses
        return replace(self, paid=self.paid + amount, bonuses=bonuses, word=self.word + 1)


def learn(
    history: Sequence[Settlement], order_id: UUID, completion: int, news: News
) -> tuple[Settlement, ...]:
    """The settlements of an order that change when ``news`` of one completion comes, as they are
    then; those that are undone come first.

    A later completion proves that the earlier ones were reopened, whichever message is faster:
    news of an earlier one changes nothing, and news of a later one undoes what stands. That its
    cost was corrected tells nothing of that: what this has overtaken still comes, with its reason.
    """
    if any(known.completion > completion and known.state is not State.UNKNOWN for known in history):
        return ()
    earlier = [known for known in history if known.completion < completion]
    same = [known for known in history if known.completion == completion]
    changes = [_after(known, Reopened()) for known in earlier]
    changes.append(_after(same[0] if same else Settlement(order_id, completion), news))
    return tuple(change for change in changes if change)


def told_of_payment(
    before: Settlement | None, after: Settlement, at: datetime
) -> tuple[Event, ...]:
    """The fact that a settlement has become fully paid, or no longer is, or that something else is
    due of it; else none. What is due as it is settled, the fact of that says."""
    was_paid = before is not None and before.is_paid
    was_due = before.due if before else after.due
    if after.state is not State.SETTLED or (was_paid == after.is_paid and was_due == after.due):
        return ()
    order = after.order
    naming = {
        "order_id": after.order_id,
        "number": order.number,
        "completion": after.completion,
        "client_id": order.client_id,
        "at": at,
        "word": after.word,
    }
    if was_paid:
        return (OrderUnpaid(**naming, due=after.due),)
    if not after.is_paid:
        return (OrderDueChanged(**naming, due=after.due),)
    return (OrderPaid(**naming, revenue=order.revenue, money=after.money),)


def last_words(told: Iterable[Event]) -> list[Event]:
    """Facts of one moment, with one word about what is due of a completion, the last: whoever
    hears two of them the other way round could not know. What was paid before and no longer is, is
    told so."""
    kept: dict[object, Event] = {}
    for place, event in enumerate(told):
        if not isinstance(event, OrderPaid | OrderUnpaid | OrderDueChanged):
            kept[place] = event
            continue
        key = event.order_id, event.completion
        earlier = kept.pop(key, None)
        if isinstance(earlier, OrderUnpaid) and isinstance(event, OrderDueChanged):
            event = earlier.model_copy(update={"due": event.due, "word": event.word})
        kept[key] = event
    return list(kept.values())


def standing(history: Sequence[Settlement]) -> Settlement | None:
    """The settlement of an order that counts today, if there is one."""
    return next((known for known in history if known.state is State.SETTLED), None)


def _after(known: Settlement, news: News) -> Settlement | None:
    """The settlement after the news; nothing when they do not change it."""
    match news:
        case Completed():
            state = _NEXT.get((known.state, Fact.COMPLETED))
            return replace(known, state=state, completed=news) if state else None
        case Issued(cost, lines):
            state = _NEXT.get((known.state, Fact.ISSUED))
            if state is None:
                return None
            # A correction may have overtaken it.
            cost = (known.cost or ZERO) + kopecks(cost)
            return replace(known, state=state, cost=cost, issued=lines)
        case Reopened():
            state = _NEXT.get((known.state, Fact.REOPENED))
            return replace(known, state=state) if state else None
