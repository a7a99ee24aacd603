"""A package goes onto an order: its works, materials and goods at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal
from typing import Any

from services.orders import domain
from services.orders.domain.order import Order, PartLine, ServiceLine
from services.orders.domain.package_prices import ONE, divided, sold_at, spread
from services.orders.domain.units import THOUSANDTH
from services.orders.handlers.costs import shown
from services.orders.handlers.lines import next_position, part_line, service_line
from services.orders.handlers.packages import package_of, products_of
from services.orders.handlers.table import handlers
from services.orders.store import OrdersStore
from services.orders.store.tables import packages, works
from services.orders.views import service_view
from shared.contracts.orders import AddService, OrderView, PartKind, PartRequest, ServiceAdded
from shared.contracts.works import AddPackage, PackageAdded, PackagePart, PackageView
from shared.handlers import Work
from shared.refusals import Refused, ensure_revision


@handlers.command(AddPackage)
async def add_package(command: AddPackage, store: OrdersStore, work: Work) -> OrderView:
    order = await store.order(command.order_id)
    ensure_revision(command.expected_revision, order.revision)
    package = package_of(await store.places.get(packages, command.package_id))
    if not package.active:
        raise Refused("package_inactive", name=package.name)
    services, parts = await _Bundle(package, command.quantity, order, store, work).lines()
    decision = domain.add_package(order, services, parts, work.now)
    changed = decision.order
    store.save(changed, work)
    work.publish(
        PackageAdded(
            **domain.naming(changed),
            package_id=package.id,
            name=package.name,
            quantity=command.quantity,
            line_ids=(*(line.id for line in services), *(part.id for part in parts)),
        ),
        *(
            ServiceAdded(**domain.naming(changed), line=service_view(changed, line))
            for line in services
        ),
        *decision.events,
    )
    return await shown(changed, store, work)


class _Bundle:
    """The lines that so many packages make, priced as each would be alone, and then as one."""

    def __init__(
        self, package: PackageView, copies: int, order: Order, store: OrdersStore, work: Work
    ) -> None:
        self._package = package
        self._copies = copies
        self._order = order
        self._store = store
        self._work = work
        self._position = next_position(order)

    async def lines(self) -> tuple[list[ServiceLine], list[PartLine]]:
        await self._load()
        services: list[ServiceLine] = []
        parts: list[PartLine] = []
        for each in self._package.services:
            line = await self._service(each.service_id, each.quantity)
            services.append(line)
            parts += [await self._part(part, "material", line) for part in each.materials]
        parts += [await self._part(part, "product") for part in self._package.goods]
        if self._package.price is None:
            return services, parts
        return self._at_one_price(self._package.price * self._copies, services, parts)

    async def _load(self) -> None:
        """One statement for each kind of thing, however much the package holds."""
        ids = {each.service_id for each in self._package.services}
        rows = await self._store.places.many(works, ids)
        varied = [row.id for row in rows.values() if row.has_variants]
        await self._store.catalogue.load_variants(varied)
        await self._store.copies.many(self._work, product_ids=products_of(self._package))

    async def _service(self, service_id: Any, quantity: Decimal) -> ServiceLine:
        row = await self._store.places.get(works, service_id)
        command = AddService(
            order_id=self._order.id,
            service_id=service_id,
            quantity=quantity * self._copies,
            discount_percent=self._discount(takes_none=row.no_discount),
        )
        return await service_line(
            command, self._order, self._next_position(), self._store, self._work
        )

    async def _part(
        self, part: PackagePart, kind: PartKind, carrier: ServiceLine | None = None
    ) -> PartLine:
        product = await self._store.copies.product(part.product_id, self._work)
        request = PartRequest(
            product_id=part.product_id,
            quantity=part.quantity * self._copies,
            kind=kind,
            service_line_id=carrier.id if carrier else None,
            discount_percent=self._discount(takes_none=product.no_discount),
        )
        return await part_line(request, self._order, self._next_position(), self._store, self._work)

    def _discount(self, *, takes_none: bool) -> Decimal | None:
        """``None``: the line is discounted as if it were added alone."""
        return None if takes_none else self._package.discount_percent

    def _next_position(self) -> int:
        self._position += 1
        return self._position - 1

    def _at_one_price(
        self, total: Decimal, services: Sequence[ServiceLine], parts: Sequence[PartLine]
    ) -> tuple[list[ServiceLine], list[PartLine]]:
        """The dearest work of quantity 1 takes what cannot be divided among the others."""
        single = [
            place for place, each in enumerate(self._package.services) if each.quantity == ONE
        ]
        rest = max(single, key=lambda place: services[place].price.initial)
        lines: list[ServiceLine | PartLine] = [*services, *parts]
        finals, left = spread(total, [(line.quantity, line.price.initial) for line in lines], rest)
        sold = [
            replace(line, price=sold_at(line.price, final))
            for line, final in zip(lines, finals, strict=True)
        ]
        sold_services = [line for line in sold if isinstance(line, ServiceLine)]
        sold_services[rest : rest + 1] = self._divided(services[rest], left)
        return sold_services, [line for line in sold if isinstance(line, PartLine)]

    def _divided(self, line: ServiceLine, amount: Decimal) -> list[ServiceLine]:
        """The work of all copies, in one line or two; the first keeps its id and its materials."""
        made: list[ServiceLine] = []
        for units, final in divided(amount, self._copies):
            quantity = Decimal(units).quantize(THOUSANDTH)
            sold = replace(line, quantity=quantity, price=sold_at(line.price, final))
            if made:
                sold = replace(sold, id=self._work.new_id(), position=self._next_position())
            made.append(sold)
        return made
