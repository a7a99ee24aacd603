"""The station's card, sections, posts, employees, types of orders and the catalogue of works:
made, edited, listed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any, Literal
from uuid import UUID

from sqlalchemy import Table, func

from services.orders.domain.pricing import checked
from services.orders.handlers.table import handlers
from services.orders.store import OrdersStore
from services.orders.store.tables import employees, order_types, posts, sections, stations, works
from shared.contracts.base import MAX_MINUTES, Command, Event, Page
from shared.contracts.orders import (
    ChangeEmployee,
    ChangeOrderType,
    ChangePost,
    ChangeSection,
    ChangeService,
    ChangeStation,
    CreateEmployee,
    CreateOrderType,
    CreatePost,
    CreateSection,
    CreateService,
    EmployeeView,
    ListEmployees,
    ListOrderTypes,
    ListPosts,
    ListSections,
    ListServices,
    ListStations,
    OrderTypeSaved,
    OrderTypeView,
    PostView,
    ReferenceSaved,
    SectionView,
    ServiceView,
    StationSaved,
    StationView,
)
from shared.contracts.works import GetServices
from shared.edits import Changes, changes_between, ensure_filled, named_fields
from shared.handlers import Work
from shared.refusals import Refused, ensure_revision
from shared.requisites import tax_number, tax_reason_code
from shared.roles import SERVICE, may_see_pay

type Kind = Literal["section", "post", "employee", "service", "order_type", "station"]


@handlers.command(CreateSection)
async def create_section(command: CreateSection, store: OrdersStore, work: Work) -> SectionView:
    row = {"name": command.name, "station_id": work.settings.station_id}
    return _section(await _add("section", sections, row, store, work))


@handlers.command(ChangeSection)
async def change_section(command: ChangeSection, store: OrdersStore, work: Work) -> SectionView:
    return _section(await _change("section", sections, command.section_id, command, store, work))


@handlers.question(ListSections)
async def list_sections(
    question: ListSections, store: OrdersStore, work: Work
) -> Page[SectionView]:
    return await store.places.page(sections, _section, question.limit, question.cursor)


@handlers.command(CreatePost)
async def create_post(command: CreatePost, store: OrdersStore, work: Work) -> PostView:
    await store.places.get(sections, command.section_id)
    return _post(await _add("post", posts, command.model_dump(), store, work))


@handlers.command(ChangePost)
async def change_post(command: ChangePost, store: OrdersStore, work: Work) -> PostView:
    if command.section_id:
        await store.places.get(sections, command.section_id)
    return _post(await _change("post", posts, command.post_id, command, store, work))


@handlers.question(ListPosts)
async def list_posts(question: ListPosts, store: OrdersStore, work: Work) -> Page[PostView]:
    conditions = [posts.c.section_id == question.section_id] if question.section_id else []
    return await store.places.page(posts, _post, question.limit, question.cursor, *conditions)


@handlers.command(CreateEmployee)
async def create_employee(command: CreateEmployee, store: OrdersStore, work: Work) -> EmployeeView:
    if command.section_id:
        await store.places.get(sections, command.section_id)
    row = {**command.model_dump(), "active": True}
    return _employee(await _add("employee", employees, row, store, work), work)


@handlers.command(ChangeEmployee)
async def change_employee(command: ChangeEmployee, store: OrdersStore, work: Work) -> EmployeeView:
    if command.section_id:
        await store.places.get(sections, command.section_id)
    row = await _change("employee", employees, command.employee_id, command, store, work)
    return _employee(row, work)


@handlers.question(ListEmployees)
async def list_employees(
    question: ListEmployees, store: OrdersStore, work: Work
) -> Page[EmployeeView]:
    conditions = []
    if question.section_id:
        conditions.append(employees.c.section_id == question.section_id)
    if question.role:
        conditions.append(employees.c.role == question.role)
    return await store.places.page(
        employees, lambda row: _employee(row, work), question.limit, question.cursor, *conditions
    )


@handlers.command(CreateService)
async def create_service(command: CreateService, store: OrdersStore, work: Work) -> ServiceView:
    ensure_one_price(command.price, command.labor_hours, command.labor_rate)
    minutes = command.estimation_minutes
    if minutes is None:
        minutes = int((command.labor_hours or Decimal(0)) * 60)
        if minutes > MAX_MINUTES:
            raise Refused("amount_too_large")
    row = {
        **command.model_dump(),
        "estimation_minutes": minutes,
        "active": True,
        "has_variants": False,
    }
    return _service(await _add("service", works, row, store, work))


@handlers.command(ChangeService)
async def change_service(command: ChangeService, store: OrdersStore, work: Work) -> ServiceView:
    row = await store.places.held(works, command.service_id)
    named = command.model_fields_set
    ensure_one_price(
        *(
            getattr(command if name in named else row, name)
            for name in ("price", "labor_hours", "labor_rate")
        )
    )
    return _service(await _change("service", works, command.service_id, command, store, work))


@handlers.question(ListServices)
async def list_services(
    question: ListServices, store: OrdersStore, work: Work
) -> Page[ServiceView]:
    conditions = (
        [func.lower(works.c.name).contains(question.q.lower(), autoescape=True)]
        if question.q
        else []
    )
    return await store.places.page(works, _service, question.limit, question.cursor, *conditions)


@handlers.question(GetServices)
async def services_by_id(
    question: GetServices, store: OrdersStore, work: Work
) -> Page[ServiceView]:
    found = await store.places.many(works, set(question.service_ids))
    return Page(items=tuple(_service(row) for row in found.values()))


@handlers.command(CreateOrderType)
async def create_order_type(
    command: CreateOrderType, store: OrdersStore, work: Work
) -> OrderTypeView:
    row = {**command.model_dump(), "active": True}
    return _order_type(await _add("order_type", order_types, row, store, work))


@handlers.command(ChangeOrderType)
async def change_order_type(
    command: ChangeOrderType, store: OrdersStore, work: Work
) -> OrderTypeView:
    return _order_type(
        await _change("order_type", order_types, command.order_type_id, command, store, work)
    )


@handlers.question(ListOrderTypes)
async def list_order_types(
    question: ListOrderTypes, store: OrdersStore, work: Work
) -> Page[OrderTypeView]:
    return await store.places.page(order_types, _order_type, question.limit, question.cursor)


@handlers.command(ChangeStation)
async def change_station(command: ChangeStation, store: OrdersStore, work: Work) -> StationView:
    if command.tax_number:
        tax_number(command.tax_number)
    if command.tax_reason_code:
        tax_reason_code(command.tax_reason_code)
    return _station(await _change("station", stations, command.station_id, command, store, work))


@handlers.question(ListStations)
async def list_stations(_: ListStations, store: OrdersStore, work: Work) -> Page[StationView]:
    return Page(items=tuple(await store.places.stations()))


# --- the same for all of them ---------------------------------------------------------------------


async def _add(
    kind: Kind, table: Table, row: dict[str, Any], store: OrdersStore, work: Work
) -> Any:
    row = {**row, "id": work.new_id(), "revision": 1}
    added = await store.places.add(table, row, _taken(row))
    work.publish(_saved(kind, added, created=True))
    return added


async def _change(
    kind: Kind, table: Table, row_id: UUID, command: Command[Any], store: OrdersStore, work: Work
) -> Any:
    """Sets the fields that the command names; what it does not name stays."""
    row = await store.places.held(table, row_id)
    ensure_revision(getattr(command, "expected_revision", None), row.revision)
    fields = named_fields(command, f"{kind}_id")
    ensure_filled(fields, [each.name for each in table.c if not each.nullable])
    view, known = _VIEWS[kind], dict(row._mapping)
    wanted = {**known, **fields}
    changes = changes_between(view(known), view(wanted), fields)
    if not changes:
        return row
    new = {change.field: fields[change.field] for change in changes}
    changed = await store.places.change(table, row_id, new, _taken(wanted))
    work.publish(_saved(kind, changed, created=False, changes=changes))
    return changed


def _saved(kind: Kind, row: Any, *, created: bool, changes: Changes = ()) -> Event:
    match kind:
        case "order_type":
            return OrderTypeSaved(order_type=_order_type(row), created=created, changes=changes)
        case "station":
            return StationSaved(station=_station(row), changes=changes)
        case _:
            name = _VIEWS[kind](dict(row._mapping)).name
            return ReferenceSaved(kind=kind, id=row.id, name=name, created=created, changes=changes)


def _taken(row: dict[str, Any]) -> Refused:
    if "login" in row:
        return Refused("login_taken", login=row["login"])
    return Refused("name_taken", name=row.get("code") or row["name"])


def ensure_one_price(
    price: Decimal | None, labor_hours: Decimal | None, labor_rate: Decimal | None
) -> None:
    """Refused: ``price_missing``, ``price_ambiguous``, ``amount_too_large``."""
    if labor_hours is not None and labor_rate is not None:
        checked(labor_hours * labor_rate)
    elif price is None:
        raise Refused("price_missing")
    if price is not None and (labor_hours is not None or labor_rate is not None):
        raise Refused("price_ambiguous")


def _employee_of(fields: Mapping[str, Any]) -> EmployeeView:
    return EmployeeView(**fields, name=f"{fields['last_name']} {fields['first_name']}")


def _section(row: Any) -> SectionView:
    return SectionView(**row._mapping)


def _post(row: Any) -> PostView:
    return PostView(**row._mapping)


def _employee(row: Any, work: Work) -> EmployeeView:
    shown = _employee_of(row._mapping)
    if work.actor.role != SERVICE and not may_see_pay(work.actor.role):
        return shown.model_copy(update={"pay_percent": None})
    return shown


def _order_type(row: Any) -> OrderTypeView:
    return OrderTypeView(**row._mapping)


def _station(row: Any) -> StationView:
    return StationView(**row._mapping)


def _service(row: Any) -> ServiceView:
    return ServiceView(**row._mapping)


_VIEWS: Mapping[Kind, Callable[[Any], Any]] = {
    "section": SectionView.model_validate,
    "post": PostView.model_validate,
    "employee": _employee_of,
    "service": ServiceView.model_validate,
    "order_type": OrderTypeView.model_validate,
    "station": StationView.model_validate,
}
