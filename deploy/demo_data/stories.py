"""What becomes of the orders of a month: who comes, with which car, what is done, who pays."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import cycle
from random import Random

from deploy.demo_data.clients import Client, full_name
from deploy.demo_data.products import Catalogue
from deploy.demo_data.steps import Body, Moment, Order
from deploy.demo_data.visits import Visit
from deploy.demo_data.words import words

SECTION_WEIGHTS = {"repair": 50, "diagnostics": 17, "tyres": 13, "body": 10, "wash": 10}
FROM_HOUR, TO_HOUR = 9, 19
"""Between which cars are taken in."""


@dataclass(frozen=True, slots=True)
class Fate:
    """How many orders end so, when they came, and what happens on them."""

    share: float
    """Of all orders."""
    days_ago: tuple[int, int]
    """When the car came: not before, not after."""
    tell: Callable[[Visit], None]
    waits: bool = False
    """For a part that is not in stock. Its work is on the order already."""


def _draft(visit: Visit) -> None:
    visit.is_an_estimate()
    visit.takes_works(visit.random.randint(1, 3))
    visit.is_quoted()


def _new(visit: Visit) -> None:
    if visit.random.random() < 0.6:
        visit.takes_works(visit.random.randint(1, 2))
        visit.asks_for_parts()


def _in_progress(visit: Visit) -> None:
    visit.takes_works(visit.random.randint(1, 4))
    visit.asks_for_parts()
    visit.begins()
    visit.is_worked_on(visit.random.randint(0, 2))


def _waiting(visit: Visit) -> None:
    if visit.random.random() < 0.5:
        visit.is_paid_ahead()
    if visit.random.random() < 0.4:
        visit.begins()


def _filled(visit: Visit) -> None:
    """The part came, and all went its way."""
    visit.is_paid_ahead()
    visit.gets_its_part()
    visit.has_its_parts()
    visit.begins()
    visit.is_worked_on()
    visit.is_done()
    visit.is_paid()


def _cancelled(visit: Visit) -> None:
    visit.takes_works(1)
    if visit.random.random() < 0.5:
        visit.asks_for_parts()
        visit.begins()
    visit.is_cancelled()


def _owed(visit: Visit) -> None:
    visit.takes_works(visit.random.choice((1, 1, 2, 2, 3)))
    visit.asks_for_parts()
    visit.begins()
    if visit.random.random() < 0.06:
        visit.is_priced_by_agreement()
    visit.is_worked_on()
    visit.is_done()


def _paid(visit: Visit) -> None:
    _owed(visit)
    visit.is_paid()


def _paid_in_part(visit: Visit) -> None:
    _owed(visit)
    visit.is_paid(visit.random.choice(("0.3", "0.5", "0.7")))


def _refunded(visit: Visit) -> None:
    _paid(visit)
    visit.is_refunded(visit.random.choice(("1", "0.5", "0.25")))


def _reopened(visit: Visit) -> None:
    _paid(visit)
    visit.is_reopened()


def _done_again(visit: Visit) -> None:
    _owed(visit)
    visit.is_reopened()
    visit.is_done()
    visit.is_paid()


def _warranty(visit: Visit) -> None:
    visit.is_free_of_charge()
    _owed(visit)


FATES = {
    "draft": Fate(0.04, (6, 0), _draft),
    "new": Fate(0.08, (1, 0), _new),
    "in_progress": Fate(0.092, (3, 0), _in_progress),
    "waiting": Fate(0.048, (9, 1), _waiting, waits=True),
    "filled": Fate(0.016, (25, 6), _filled, waits=True),
    "cancelled": Fate(0.048, (29, 1), _cancelled),
    "paid": Fate(0.52, (30, 1), _paid),
    "owed": Fate(0.06, (20, 0), _owed),
    "paid_in_part": Fate(0.04, (25, 1), _paid_in_part),
    "refunded": Fate(0.02, (25, 2), _refunded),
    "reopened": Fate(0.012, (8, 2), _reopened),
    "done_again": Fate(0.008, (20, 4), _done_again),
    "warranty": Fate(0.016, (25, 2), _warranty),
}
ONGOING = frozenset({"draft", "new", "in_progress", "waiting", "reopened", "cancelled"})
"""The car has not been given back."""


class Teller:
    """Makes up orders of one plan, one after the other."""

    def __init__(self, random: Random, catalogue: Catalogue, clients: Sequence[Client]) -> None:
        self._random = random
        self._catalogue = catalogue
        self._clients = clients
        self._cars = [
            (client, car) for client, each in enumerate(clients) for car in range(len(each.cars))
        ]
        self._sections = [section["key"] for section in words("station")["sections"]]
        self._types = {section["key"]: section["type"] for section in words("station")["sections"]}
        missing = [place for place in catalogue.on_order() if self._cars_for(place)]
        random.shuffle(missing)
        # A delivery fills whoever waits longest: what is delivered, nobody else may wait for.
        third = max(1, len(missing) // 3)
        self._delivered, self._missed = missing[:third], cycle(missing[third:])

    def orders(self, count: int) -> list[Order]:
        """In the order in which the cars came, so that their numbers follow the calendar."""
        numbers = {name: max(1, round(fate.share * count)) for name, fate in FATES.items()}
        numbers["filled"] = min(numbers["filled"], len(self._delivered))
        numbers["paid"] = max(1, numbers["paid"] + count - sum(numbers.values()))
        fates = [name for name, number in numbers.items() for _ in range(number)]
        arrivals = sorted(
            ((self._arrival(FATES[name]), place, name) for place, name in enumerate(fates))
        )
        return [self._order(name, arrives) for arrives, _, name in arrivals]

    def _arrival(self, fate: Fate) -> Moment:
        hour = self._random.randrange(FROM_HOUR, TO_HOUR)
        return Moment.of(
            self._random.randint(*reversed(fate.days_ago)), hour, self._random.randrange(0, 60, 5)
        )

    def _order(self, name: str, arrives: Moment) -> Order:
        fate = FATES[name]
        texts = words("texts")
        if fate.waits:
            product = self._delivered.pop() if name == "filled" else next(self._missed)
            work = self._work_with(product)
            section = words("works")["works"][work]["section"]
            client, car = self._random.choice(self._cars_for(product))
            reasons = texts["waiting"]["reasons"][self._catalogue.products[product].family]
        else:
            names, weights = list(SECTION_WEIGHTS), list(SECTION_WEIGHTS.values())
            section = self._random.choices(names, weights)[0]
            client, car = self._random.choice(self._cars)
            reasons = texts["reasons"][section]
        mechanic = self._mechanic_of(section)
        visit = Visit(
            self._random,
            self._catalogue,
            self._clients[client],
            self._clients[client].cars[car],
            section,
            mechanic,
        )
        if fate.waits:
            visit.waits_for_a_part(product, work)
        fate.tell(visit)
        place = self._sections.index(section)
        came = name not in ("draft", "new")
        return Order(
            fate=name,
            fields=self._header(client, car, section, reasons) | visit.fields,
            section=place,
            post=self._random.randrange(len(words("station")["sections"][place]["posts"])),
            mechanic=mechanic,
            client=client,
            car=car,
            arrives=arrives if came else None,
            leaves=None if name in ONGOING else self._departure(arrives),
            steps=tuple(visit.steps),
        )

    def _header(self, client: int, car: int, section: str, reasons: Sequence[str]) -> Body:
        fields: Body = {
            "type": self._types[section],
            "customer_reason": self._random.choice(reasons),
            "mileage_km": self._clients[client].cars[car]["mileage_km"],
        }
        if self._random.random() < 0.3:
            fields["recommendation"] = self._random.choice(
                words("texts")["office"]["recommendations"]
            )
        if self._clients[client].is_company:
            fields["driver"] = " ".join(full_name(self._random)[:2])
        return fields

    def _departure(self, arrives: Moment) -> Moment:
        return Moment(arrives.minutes + self._random.choice((2, 3, 4, 5, 8, 24, 26, 48)) * 60)

    def _mechanic_of(self, section: str) -> int:
        return self._random.choice(
            [
                place
                for place, employee in enumerate(words("station")["employees"])
                if employee["role"] == "technician" and employee["section"] == section
            ]
        )

    def _work_with(self, product: int) -> int:
        family = self._catalogue.products[product].family
        return next(
            place
            for place, work in enumerate(words("works")["works"])
            if family in work.get("goods", {})
        )

    def _cars_for(self, product: int) -> list[tuple[int, int]]:
        return [
            (client, car)
            for client, car in self._cars
            if self._catalogue.products[product].fits(self._clients[client].cars[car])
        ]
