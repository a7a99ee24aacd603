"""Packages: works, materials and goods that are sold together."""

from __future__ import annotations

from typing import Any
from uuid import UUID

import pydantic_core
from sqlalchemy import func

from services.orders.domain.package_prices import ensure_sellable
from services.orders.handlers.table import handlers
from services.orders.store import OrdersStore
from services.orders.store.tables import packages, works
from shared.contracts.base import Page
from shared.contracts.works import (
    ChangePackage,
    CreatePackage,
    GetPackage,
    ListPackages,
    PackageSaved,
    PackageView,
)
from shared.edits import changes_between, ensure_filled, named_fields
from shared.handlers import Work
from shared.refusals import Refused, ensure_revision

_OF_PACKAGE = ("name", "comment", "services", "goods", "discount_percent", "price")
_CLEARABLE = frozenset({"comment", "discount_percent", "price"})


@handlers.command(CreatePackage)
async def create_package(command: CreatePackage, store: OrdersStore, work: Work) -> PackageView:
    said = {name: getattr(command, name) for name in _OF_PACKAGE}
    package = PackageView(**said, id=work.new_id(), active=True, revision=1)
    await _check(package, store, work)
    await store.places.add(packages, _row(package), Refused("name_taken", name=package.name))
    work.publish(PackageSaved(package=package, created=True))
    return package


@handlers.command(ChangePackage)
async def change_package(command: ChangePackage, store: OrdersStore, work: Work) -> PackageView:
    before = package_of(await store.places.held(packages, command.package_id))
    ensure_revision(command.expected_revision, before.revision)
    fields = named_fields(command, "package_id")
    ensure_filled(fields, fields.keys() - _CLEARABLE)
    package = before.model_copy(update=fields)
    changes = changes_between(before, package, fields)
    if not changes:
        return before
    await _check(package, store, work)
    row = _row(package)
    saved = package_of(
        await store.places.change(
            packages,
            package.id,
            {name: row[name] for name in fields},
            Refused("name_taken", name=package.name),
        )
    )
    work.publish(PackageSaved(package=saved, created=False, changes=changes))
    return saved


@handlers.question(GetPackage)
async def get_package(question: GetPackage, store: OrdersStore, work: Work) -> PackageView:
    return package_of(await store.places.get(packages, question.package_id))


@handlers.question(ListPackages)
async def list_packages(
    question: ListPackages, store: OrdersStore, work: Work
) -> Page[PackageView]:
    named = func.lower(packages.c.name).contains(question.q.lower(), autoescape=True)
    return await store.places.page(
        packages, package_of, question.limit, question.cursor, *([named] if question.q else [])
    )


def package_of(row: Any) -> PackageView:
    return PackageView.model_validate(dict(row._mapping))


async def _check(package: PackageView, store: OrdersStore, work: Work) -> None:
    """Everything that it names is there, and its price can be divided."""
    ensure_sellable(package.services, package.goods, package.discount_percent, package.price)
    service_ids = {service.service_id for service in package.services}
    known = await store.places.many(works, service_ids)
    for service_id in sorted(service_ids - known.keys()):
        raise Refused("service_not_found", id=service_id)
    product_ids = products_of(package)
    await store.copies.many(work, product_ids=product_ids)
    for product_id in sorted(product_ids):
        await store.copies.product(product_id, work)


def products_of(package: PackageView) -> set[UUID]:
    materials = (part for service in package.services for part in service.materials)
    return {part.product_id for part in (*package.goods, *materials)}


def _row(package: PackageView) -> dict[str, Any]:
    row = {name: getattr(package, name) for name in PackageView.model_fields}
    return row | {name: _as_json(row[name]) for name in ("services", "goods")}


def _as_json(value: Any) -> Any:
    return pydantic_core.to_jsonable_python(value)
