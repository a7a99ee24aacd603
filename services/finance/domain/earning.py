"""What a done order earns the people who did it and answer for it, to the kopeck."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_FLOOR, Decimal
from uuid import UUID

from services.finance.domain.ledger import ZERO, kopecks
from services.finance.domain.pay_rules import PERCENTS, Person, Rulebook, Terms
from shared.contracts.base import MAX_MONEY
from shared.contracts.orders import CompletedService, Earner, OrderCompleted
from shared.contracts.payroll import PayKind

_KOPECK = Decimal("0.01")
_HUNDRED = Decimal(100)


@dataclass(frozen=True, slots=True)
class Performer:
    """Who did ``share`` percent of a work."""

    person: Person
    share: Decimal


@dataclass(frozen=True, slots=True)
class Job:
    """A work that was sold. ``total`` is of the work alone, ``hours`` are all its norm-hours."""

    line_id: UUID
    name: str
    total: Decimal
    hours: Decimal
    quantity: Decimal
    group: str | None
    performers: tuple[Performer, ...]


@dataclass(frozen=True, slots=True)
class Labor:
    """What pay is reckoned from; ``seller`` answers for the goods."""

    jobs: tuple[Job, ...] = ()
    goods: Decimal = ZERO
    responsible: Person | None = None
    seller: Person | None = None

    @classmethod
    def of(cls, event: OrderCompleted) -> Labor:
        responsible = _person(event.responsible)
        return cls(
            tuple(_job(line) for line in event.services),
            kopecks(event.products_total),
            responsible,
            _person(event.product_responsible) or responsible,
        )

    @property
    def workers(self) -> list[Person]:
        """Everybody who worked on the order or answers for it, each once."""
        people = [performer.person for job in self.jobs for performer in job.performers]
        people += [self.responsible] if self.responsible else []
        first: dict[UUID | None, Person] = {}
        for person in people:
            first.setdefault(person.employee_id, person)
        return list(first.values())


@dataclass(frozen=True, slots=True)
class Earned:
    """``amount`` by one rule; ``base`` is what ``value`` was reckoned of."""

    employee_id: UUID | None
    kind: PayKind
    amount: Decimal
    base: Decimal | None = None
    value: Decimal | None = None
    rule_id: UUID | None = None
    line_id: UUID | None = None
    name: str | None = None
    share: Decimal | None = None


def earned(labor: Labor, rules: Rulebook, margin: Decimal) -> tuple[Earned, ...]:
    """Everything that an order earns its people. ``margin``: what is left of it before any pay.

    A percent of the margin is reckoned last, of what all other pay leaves. Altogether it is never
    more than amounts of the books can be.
    """
    room = min(MAX_MONEY, MAX_MONEY + margin)
    others = list(_capped(_by_rules(labor, rules), room))
    rest = margin - sum((one.amount for one in others), ZERO)
    room -= margin - rest
    return (*others, *_capped(_of_margin(labor, rules, rest), room))


def split(amount: Decimal, shares: Sequence[Decimal]) -> list[Decimal]:
    """Whole kopecks in proportion to the shares, nothing lost: what is over goes, a kopeck each, to
    the largest remainders, the first of them first."""
    total = sum(shares, ZERO)
    exact = [amount * share / total for share in shares]
    parts = [part.quantize(_KOPECK, ROUND_FLOOR) for part in exact]
    over = int((amount - sum(parts, ZERO)) / _KOPECK)
    by_remainder = sorted(range(len(parts)), key=lambda place: parts[place] - exact[place])
    for place in by_remainder[:over]:
        parts[place] += _KOPECK
    return parts


def _by_rules(labor: Labor, rules: Rulebook) -> Iterator[Earned]:
    for job in labor.jobs:
        yield from _of_job(job, rules)
    for person in labor.workers:
        if terms := rules.terms("per_order", person):
            yield Earned(
                person.employee_id, "per_order", kopecks(terms.value), None, terms.value,
                terms.rule_id,
            )  # fmt: skip
    if labor.seller and (terms := rules.terms("goods_percent", labor.seller)):
        yield _of(labor.goods, terms, labor.seller)


def _of_job(job: Job, rules: Rulebook) -> Iterator[Earned]:
    """Those who are paid alike share what one of them alone would have earned."""
    alike: dict[tuple[str, Decimal], list[tuple[Performer, Terms]]] = {}
    for performer in job.performers:
        terms = rules.for_work(performer.person, job.group)
        alike.setdefault((terms.kind, terms.value), []).append((performer, terms))
    for group in alike.values():
        shares = [performer.share for performer, _ in group]
        terms = group[0][1]
        base = {"labor_percent": job.total, "norm_hour": job.hours}.get(terms.kind, job.quantity)
        whole = kopecks(base * _per_unit(terms) * sum(shares, ZERO) / _HUNDRED)
        parts = split(whole, shares)
        for (performer, own), amount in zip(group, parts, strict=True):
            yield Earned(
                performer.person.employee_id, own.kind, amount, base, own.value, own.rule_id,
                job.line_id, job.name, performer.share,
            )  # fmt: skip


def _of_margin(labor: Labor, rules: Rulebook, margin: Decimal) -> Iterator[Earned]:
    who = labor.responsible if margin > 0 else None
    if who and (terms := rules.terms("margin_percent", who)):
        yield _of(margin, terms, who)


def _of(base: Decimal, terms: Terms, person: Person) -> Earned:
    amount = kopecks(base * _per_unit(terms))
    return Earned(person.employee_id, terms.kind, amount, base, terms.value, terms.rule_id)


def _per_unit(terms: Terms) -> Decimal:
    return terms.value / _HUNDRED if terms.kind in PERCENTS else terms.value


def _capped(many: Iterable[Earned], room: Decimal) -> Iterator[Earned]:
    """As far as there is room; what comes to nothing is not earned."""
    for one in many:
        amount = min(one.amount, room)
        room -= amount
        if amount:
            yield replace(one, amount=amount)


def _job(line: CompletedService) -> Job:
    performers = tuple(Performer(_known(earner), earner.share) for earner in line.performers) or (
        Performer(Person(line.mechanic_id, pay_percent=line.pay_percent), _HUNDRED),
    )
    return Job(
        line_id=line.line_id,
        name=line.name,
        total=kopecks(line.total),
        hours=_plain((line.labor_hours or ZERO) * line.quantity),
        quantity=line.quantity,
        group=line.group,
        performers=performers,
    )


def _plain(number: Decimal) -> Decimal:
    """Without the zeros that say nothing."""
    return Decimal(f"{number.normalize():f}")


def _person(earner: Earner | None) -> Person | None:
    return _known(earner) if earner else None


def _known(earner: Earner) -> Person:
    return Person(earner.employee_id, earner.role, earner.section_id, earner.pay_percent)
