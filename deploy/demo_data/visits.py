"""One order in the making: each verb adds what people do then."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from random import Random
from typing import Any

from deploy.demo_data.clients import Client
from deploy.demo_data.products import Catalogue
from deploy.demo_data.steps import (
    AddWork,
    Await,
    Body,
    ChangeWork,
    Comment,
    Deliver,
    Move,
    Part,
    Pay,
    Quote,
    Refund,
    RequestParts,
    Spend,
    Step,
)
from deploy.demo_data.words import words


class Visit:
    """A client's car at a section, and the mechanic who has it."""

    def __init__(
        self,
        random: Random,
        catalogue: Catalogue,
        client: Client,
        car: Body,
        section: str,
        mechanic: int,
    ) -> None:
        self.random = random
        self.fields: Body = {}
        """Of the order's header, beyond what every order has."""
        self.steps: list[Step] = []
        self._catalogue = catalogue
        self._client = client
        self._car = car
        self._section = section
        self._mechanic = mechanic
        # Not every mechanic has a sign-in: then the advisor notes what he does.
        self._hands = words("station")["employees"][mechanic].get("login", "advisor")
        # A car body takes two.
        mates = [
            place
            for place, employee in enumerate(words("station")["employees"])
            if employee["role"] == "technician" and employee.get("section") == section
            if place != mechanic and section == "body"
        ]
        self._helper = mates[0] if mates else None
        self._pricing: Body = {}
        self._works = 0
        self._unasked: list[Part] = []
        self._awaited: Part | None = None

    # --- reception -------------------------------------------------------------------------------

    def is_an_estimate(self) -> None:
        self.fields |= {"status": "draft", "comment": words("texts")["office"]["estimate"]}

    def is_quoted(self) -> None:
        self.steps.append(Quote())

    def is_free_of_charge(self) -> None:
        comment = words("texts")["office"]["warranty"]
        self.fields |= {"type": "warranty", "visible_to_customer": False, "comment": comment}
        self._pricing = {"discount_percent": "100"}

    def takes_works(self, count: int) -> None:
        """Some works of the section, with the parts that they want."""
        works = words("works")["works"]
        offered = [place for place, work in enumerate(works) if work["section"] == self._section]
        weights = {place: works[place]["weight"] for place in offered}
        for _ in range(min(count, sum(weight > 0 for weight in weights.values()))):
            work = self.random.choices(list(weights), list(weights.values()))[0]
            del weights[work]
            self.takes_work(work)

    def takes_work(self, work: int) -> None:
        pricing = dict(self._pricing)
        if not pricing and self.random.random() < 0.05:
            pricing["fixed_discount"] = "100.00"
        self.steps.append(AddWork(work, self._mechanic, pricing, self._helper))
        wanted = words("works")["works"][work]
        for family, quantity in wanted.get("goods", {}).items():
            self._wants(family, [Decimal(quantity)], None)
        for family, quantity in wanted.get("materials", {}).items():
            # Pieces of a material are of several kinds: gloves, a rag, a can of cleaner.
            is_whole = Decimal(quantity) % 1 == 0
            pieces = [Decimal(1)] * int(quantity) if is_whole else [Decimal(quantity)]
            self._wants(family, pieces, self._works)
        self._works += 1

    def _wants(self, family: str, pieces: list[Decimal], carried_by: int | None) -> None:
        wanted: dict[int, Decimal] = defaultdict(Decimal)
        for piece in pieces:
            product = self._catalogue.choose(self.random, family, self._car)
            if product is not None:  # else the client has brought it
                wanted[product] += piece
        self._unasked += [
            Part(
                product,
                quantity,
                carried_by,
                {**self._pricing, **self._catalogue.products[product].entered(quantity)},
            )
            for product, quantity in wanted.items()
        ]

    def asks_for_parts(self) -> None:
        if self._unasked:
            # What is free of charge, the counter says.
            by = "advisor" if self._pricing else self._hands
            self.steps.append(RequestParts(by, tuple(self._unasked)))
            self._unasked = []

    def waits_for_a_part(self, product: int, work: int) -> None:
        """Of a work whose part is not in stock, or not enough of it."""
        self.steps.append(AddWork(work, self._mechanic, {}))
        self._works += 1
        family = self._catalogue.products[product].family
        quantity = Decimal(words("works")["works"][work]["goods"][family])
        self._awaited = Part(product, quantity, None, {})
        self.steps += [RequestParts(self._hands, (self._awaited,)), Await("answered")]
        self.says("advisor", "waiting", "comments")

    def gets_its_part(self) -> None:
        assert self._awaited
        product, quantity = self._awaited.product, self._awaited.quantity
        self.steps.append(Deliver(product, quantity, self._catalogue.products[product].cost))
        fields = {"category": "Доставка", "amount": "850.00", "method": "cash"}
        self.steps.append(Spend({**fields, "comment": "Доставка детали под заказ"}))

    # --- work ------------------------------------------------------------------------------------

    def has_its_parts(self) -> None:
        self.steps.append(Await("reserved"))

    def begins(self) -> None:
        self.steps.append(Move(self._hands, "in_progress"))

    def is_worked_on(self, finished: int | None = None) -> None:
        """All works are finished, or so many and the next one is begun."""
        finished = self._works if finished is None else min(finished, self._works)
        for work in range(finished):
            self.steps.append(ChangeWork(self._hands, work, {"progress": "finished"}))
        if finished < self._works:
            self.steps.append(ChangeWork(self._hands, finished, {"progress": "started"}))
        if self.random.random() < 0.6:
            self.says(self._hands, "progress", self._section)
        if self.random.random() < 0.15:
            self.says("advisor", "office", "agreed")

    def is_priced_by_agreement(self) -> None:
        price = f"{self.random.randrange(12, 60) * 100}.00"
        self.steps.append(ChangeWork("advisor", 0, {"initial_price": price}))
        self.says("advisor", "office", "approved_price")

    def is_done(self) -> None:
        self.has_its_parts()
        self.steps += [Move(self._hands, "done"), Await("settled")]

    def is_reopened(self) -> None:
        self.steps.append(Move("advisor", "in_progress", self._text("office", "reopened")))
        self.has_its_parts()

    def is_cancelled(self) -> None:
        self.steps.append(Move("advisor", "cancelled", self._text("office", "cancelled")))

    def says(self, by: str, *where: str) -> None:
        self.steps.append(Comment(by, self._text(*where)))

    # --- money -----------------------------------------------------------------------------------

    def is_paid(self, share: str = "1") -> None:
        self.steps.append(Pay(self._method(), share=Decimal(share)))

    def is_paid_ahead(self) -> None:
        amount = Decimal(self.random.randrange(2, 9) * 1000)
        comment = words("texts")["office"]["deposit"]
        self.steps.append(Pay(self._method(), amount=amount, comment=comment))

    def is_refunded(self, share: str) -> None:
        self.steps.append(Refund(Decimal(share), self._text("office", "refunded")))

    def _method(self) -> str:
        if self._client.is_company:
            return "transfer"
        return self.random.choice(("cash", "card", "card"))

    def _text(self, *where: str) -> str:
        texts: Any = words("texts")
        for name in where:
            texts = texts[name]
        return str(self.random.choice(texts))
