"""Packages: works and goods that are sold together. Lines are a quantity beside each thing; what
has none is not in the package."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any
from uuid import UUID

from starlette.responses import Response

from services.gateway.pages.forms import Form
from services.gateway.pages.names import products_named, works_named
from services.gateway.pages.request import PageRequest
from services.gateway.pages.routing import act, show
from services.gateway.problems import RequestInvalid
from shared.contracts.inventory import FindProducts
from shared.contracts.orders import ListServices
from shared.contracts.works import (
    ChangePackage,
    CreatePackage,
    GetPackage,
    ListPackages,
    PackageView,
)

PACKAGES = "/settings/packages"
FOUND_AT_ONCE = 20


async def packages(request: PageRequest) -> Response:
    found = await request.ask(request.reads(ListPackages))
    return request.page("settings/packages.html", found=found)


async def new_package(request: PageRequest) -> Response:
    return await _page(request, None)


async def package(request: PageRequest) -> Response:
    package = await request.ask(GetPackage(package_id=request.id("package_id")))
    return await _page(request, package)


async def _page(request: PageRequest, package: PackageView | None) -> Response:
    """What is in it, and what was looked for to be added."""
    services = package.services if package else ()
    goods = package.goods if package else ()
    materials = [part for service in services for part in service.materials]
    works, products, more_works, more_goods = await asyncio.gather(
        works_named(request, (service.service_id for service in services)),
        products_named(request, (part.product_id for part in (*goods, *materials))),
        _found_works(request),
        _found_goods(request),
    )
    return request.page(
        "settings/package.html",
        package=package,
        works={id: service.name for id, service in works.items()},
        products={id: product.name for id, product in products.items()},
        more_works=[(id, name) for id, name in more_works if id not in works],
        more_goods=[
            (id, name) for id, name in more_goods if id not in {part.product_id for part in goods}
        ],
    )


async def _found_works(request: PageRequest) -> list[tuple[UUID, str]]:
    if not request.query["q"]:
        return []
    found = await request.ask(ListServices(q=request.query["q"], limit=FOUND_AT_ONCE))
    return [(service.id, service.name) for service in found.items if service.active]


async def _found_goods(request: PageRequest) -> list[tuple[UUID, str]]:
    if not request.query["q"]:
        return []
    found = await request.ask(FindProducts(q=request.query["q"], limit=FOUND_AT_ONCE))
    return [(product.id, product.name) for product in found.items]


async def create(request: PageRequest) -> Response:
    package = await request.send(package_said(request.form, None, CreatePackage))
    return request.go(f"{PACKAGES}/{package.id}", said=request._("Saved"))


async def change(request: PageRequest) -> Response:
    package_id = request.id("package_id")
    before = await request.ask(GetPackage(package_id=package_id))
    await request.send(package_said(request.form, before, ChangePackage, package_id=package_id))
    return request.go(f"{PACKAGES}/{package_id}", said=request._("Saved"))


def package_said[MessageT: CreatePackage | ChangePackage](
    form: Form, before: PackageView | None, model: type[MessageT], **fixed: Any
) -> MessageT:
    """``work.<id>`` and ``good.<id>`` with their quantities as the message's lines; a work keeps
    the materials that its price carries. Raises ``request_invalid``, of the form's own fields."""
    services = before.services if before else ()
    kept = {str(service.service_id): service.materials for service in services}
    called: dict[str, str] = {}
    pairs = [pair for pair in form.pairs if not pair[0].startswith(("work.", "good."))]
    for kind, lines, id_field in (
        ("work", "services", "service_id"),
        ("good", "goods", "product_id"),
    ):
        said = [
            (name.removeprefix(f"{kind}."), quantity)
            for name, quantity in form.pairs
            if name.startswith(f"{kind}.") and quantity.strip()
        ]
        for number, (id, quantity) in enumerate(said):
            line = f"{lines}.{number}"
            called[line] = f"{kind}.{id}"
            pairs += [(f"{line}.{id_field}", id), (f"{line}.quantity", quantity)]
            materials = kept.get(id, ()) if kind == "work" else ()
            for place, part in enumerate(materials):
                pairs += [
                    (f"{line}.materials.{place}.product_id", str(part.product_id)),
                    (f"{line}.materials.{place}.quantity", str(part.quantity)),
                ]
        # A package without works, or without goods, says so: what is not named would stay.
        if before and not said:
            fixed[lines] = ()
    try:
        return replace(form, pairs=tuple(pairs)).message(model, **fixed)
    except RequestInvalid as refused:
        raise RequestInvalid(
            [
                replace(each, field=called.get(each.field.rpartition(".")[0], each.field))
                for each in refused.errors
            ]
        ) from None


PAGES = (
    show(PACKAGES, packages, needs=ListPackages),
    show(PACKAGES + "/new", new_package, needs=CreatePackage),
    act(PACKAGES, create, needs=CreatePackage),
    show(PACKAGES + "/{package_id}", package, needs=GetPackage),
    act(PACKAGES + "/{package_id}", change, needs=ChangePackage),
)
