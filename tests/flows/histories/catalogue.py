"""What people say of works, their prices, and the station's places and people."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

from shared.contracts.base import Command
from shared.contracts.orders import (
    AddService,
    ChangeEmployee,
    ChangeOrder,
    ChangeOrderType,
    ChangePost,
    ChangeSection,
    ChangeService,
    ChangeStation,
    CreateOrderType,
    CreateSection,
    CreateService,
)
from shared.contracts.works import (
    AddPackage,
    ChangePackage,
    ChangePriceRules,
    ChangeVariant,
    CreatePackage,
    CreateVariant,
    PackagePart,
    PackageService,
    RemoveVariant,
)
from tests.flows.histories.bay import Bay
from tests.support.histories import action


class Catalogue(Bay):
    """Works of the catalogue, and what is sold together."""

    def __init__(self, database: Callable[[str], str], seed: int) -> None:
        super().__init__(database, seed)
        self.works: list[UUID] = []
        self.variants: list[tuple[UUID, UUID]] = []
        """A work, and its price by vehicle."""
        self.packages: list[UUID] = []
        self.names = 0
        self.station_id = self.business.members["orders"].settings.station_id

    @action(2)
    async def a_work_is_priced(self) -> None:
        work_id, price = self.recent(self.works), self._price()
        if work_id and self.chance(0.5):
            change = ChangeService(
                service_id=work_id, no_discount=self.chance(0.3), active=self.chance(0.9), **price
            )
            await self.send(change)
        else:
            work = CreateService(name=self._name("Работа"), group="Кузов", **price)
            self.works.append(await self.made(work))

    @action(2)
    async def a_work_is_priced_by_vehicle(self) -> None:
        work_id, known = self.recent(self.works), self.recent(self.variants)
        if known and self.chance(0.3):
            if await self.send(RemoveVariant(service_id=known[0], variant_id=known[1])):
                self.variants.remove(known)
        elif known and self.chance(0.5):
            change = ChangeVariant(service_id=known[0], variant_id=known[1], **self._price())
            await self.send(change)
        elif work_id:
            model = self.one_of((None, "Vesta"))
            variant = await self.send(
                CreateVariant(service_id=work_id, vendor="Lada", model=model, **self._price())
            )
            if variant:
                self.variants.append((work_id, variant.id))

    @action(5)
    async def a_work_of_the_catalogue_is_added(self) -> None:
        order_id, work_id = self.recent(self.orders), self.recent(self.works)
        if order_id and work_id:
            quantity = Decimal(self.random.randint(1, 3))
            variant_id = self.one_of((None, None, "none"))
            await self.send(
                AddService(
                    order_id=order_id,
                    service_id=work_id,
                    quantity=quantity,
                    variant_id=variant_id,
                )
            )

    @action(2)
    async def a_package_is_made(self) -> None:
        package_id, price = self.recent(self.packages), self.one_of((None, self.money()))
        if package_id and self.chance(0.4):
            change = ChangePackage(package_id=package_id, price=price, active=self.chance(0.8))
            await self.send(change)
        elif work_id := self.recent(self.works):
            goods, material = (
                PackagePart(product_id=product_id, quantity=self.amount())
                for product_id in self.products
            )
            work = PackageService(service_id=work_id, materials=(material,))
            costs: tuple[dict[str, Any], ...] = (
                {"price": price},
                {"discount_percent": Decimal("12.5")},
            )
            package = await self.send(
                CreatePackage(
                    name=self._name("Пакет"),
                    services=(work,),
                    goods=(goods,) if self.chance(0.7) else (),
                    **self.one_of(costs),
                )
            )
            if package:
                self.packages.append(package.id)

    @action(5)
    async def a_package_is_added(self) -> None:
        order_id, package_id = self.recent(self.orders), self.recent(self.packages)
        if order_id and package_id:
            quantity = self.one_of((1, 1, 2))
            await self.send(AddPackage(order_id=order_id, package_id=package_id, quantity=quantity))

    @action(1)
    async def prices_are_rounded_otherwise(self) -> None:
        step, mode = self.one_of(("0.01", "1", "50")), self.one_of(("up", "down", "half_up"))
        await self.send(ChangePriceRules(step=Decimal(step), mode=mode))

    @action(1)
    async def places_and_people_change(self) -> None:
        other = CreateSection(name=self._name("Участок"))
        section_id = self.one_of((self.section, await self.made(other)))
        mechanic = {"employee_id": self.one_of(self.mechanics)}
        said: tuple[Command[Any], ...] = (
            ChangeSection(section_id=section_id, name=self._name("Участок")),
            ChangePost(post_id=self.one_of(self.posts), section_id=section_id),
            ChangeEmployee(**mechanic, section_id=section_id),
            ChangeEmployee(**mechanic, pay_percent=self.money("0.00", "100.00")),
            ChangeEmployee(**mechanic, active=self.chance(0.7), last_name=self._name("Петров")),
            ChangeStation(station_id=self.station_id, legal_name=self._name("ООО")),
        )
        await self.send(self.one_of(said))
        if order_id := self.recent(self.orders):
            order = ChangeOrder(order_id=order_id, section_id=section_id, **mechanic)
            await self.send(order)

    @action(1)
    async def an_order_is_of_another_type(self) -> None:
        if order_id := self.recent(self.orders):
            code = self._name("type")
            kind = await self.made(CreateOrderType(code=code, name=code, name_en=code))
            await self.send(ChangeOrderType(order_type_id=kind, active=self.chance(0.7)))
            await self.send(ChangeOrder(order_id=order_id, type=code))

    def _price(self) -> dict[str, Any]:
        by_hours = {"price": None, "labor_hours": self.amount(), "labor_rate": self.money()}
        outright = {"price": self.money(), "labor_hours": None, "labor_rate": None}
        return self.one_of((by_hours, outright))

    def _name(self, of: str) -> str:
        self.names += 1
        return f"{of} {self.names}"
