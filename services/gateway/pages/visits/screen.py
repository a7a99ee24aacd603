"""The screen of a new visit: a phone is typed, the client and the car are there or are made, and
the order is open."""

from __future__ import annotations

from asyncio import gather
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from starlette.responses import Response

from services.gateway.pages.clients import words
from services.gateway.pages.forms import YEARS, day_said, today
from services.gateway.pages.refusals import field_of
from services.gateway.pages.request import PageRequest
from services.gateway.pages.routing import act, show
from services.gateway.pages.visits.free_times import free_days, technician_row
from services.gateway.pages.visits.typed import looks_like
from services.gateway.pages.visits.visit import NEW, NONE, Visit, slot_text
from services.gateway.pages.words import CHECK_DIGIT
from services.gateway.problems import errors_of, status_of
from shared.contracts.approvals import (
    DeclinedWorkView,
    ListDeclinedWorks,
    TakeDeclinedWorks,
)
from shared.contracts.client_links import OrderParties, SuggestParties
from shared.contracts.clients import (
    CheckVehicle,
    ClientDetails,
    FindClients,
    FoundClient,
    GetClient,
    VehicleView,
)
from shared.contracts.finance import BalanceView, GetBalance
from shared.contracts.load import GetLoad, LoadView
from shared.contracts.orders import (
    CreateOrder,
    EmployeeView,
    FindOrders,
    GetOrder,
    ListEmployees,
    ListOrderTypes,
    ListSections,
    OrderSummary,
)
from shared.contracts.works import VehicleWarranty, WarrantyLine
from shared.refusals import Refused

SCREEN = "/visits/new"
LAST_COOKIE = "pitlane-visit"
"""Section and employee of the last visit that was opened on this device."""
MOST = 200
FEW = 8
PHONE_DIGITS = 10
"""Of a phone that is typed whole."""
DAYS = timedelta(days=7)
LENGTHS = (30, 60, 90, 120, 180, 240, 360, 480)
OPEN = ("draft", "new", "in_progress")


class Draft(dict[str, str]):
    """What stands in the form's fields; in those that nobody has filled, nothing."""

    def __missing__(self, name: str) -> str:
        return ""


async def new_visit(request: PageRequest) -> Response:
    return await _screen(request, Draft(await _like(request) | request.query))


async def _like(request: PageRequest) -> dict[str, str]:
    """What another order says of a visit like it: the form begins with it."""
    if not request.query.get("like"):
        return {}
    order = await request.ask(GetOrder(order_id=_id(request.query["like"])))
    return {
        "client_id": str(order.client_id),
        "vehicle_id": str(order.vehicle_id or NONE),
        "customer_reason": order.customer_reason or "",
        "section_id": str(order.section_id),
        "employee_id": str(order.employee_id),
        "type": order.type,
    }


async def open_visit(request: PageRequest) -> Response:
    visit = Visit.of(request.form)
    before = (visit.client_id, visit.vehicle_id)
    try:
        order = await visit.opened(request)
    except Refused as refusal:
        if (visit.client_id, visit.vehicle_id) == before:
            raise
        request.call.code = refusal.code
        return await _go_on(request, visit, refusal)
    said = await _taken(request, order.id) or request._(
        "Order %(number)s is open", number=order.number
    )
    if "vin_check_digit" in visit.warnings:
        said += ". " + request._(CHECK_DIGIT)
    response = request.go(f"/orders/{order.id}", said=said)
    request.keep(response, LAST_COOKIE, f"{order.section_id}|{order.employee_id}")
    return response


async def _go_on(request: PageRequest, visit: Visit, refusal: Refused) -> Response:
    """The form with what has been made chosen in it: it goes on from there."""
    made: dict[str, str] = {"client_id": str(visit.client_id)}
    if visit.vehicle_id:
        made["vehicle_id"] = str(visit.vehicle_id)
    else:
        made["vehicle_id"] = NEW if visit.car else NONE
    draft = {name: value for name, value in request.form.pairs if not name.startswith("_")} | made
    draft.pop("client", None)
    return await _screen(request, Draft(draft), refusal)


async def _taken(request: PageRequest, order_id: UUID) -> str | None:
    """Works that were declined before and are wanted now; why not, if they cannot be."""
    ids = request.form.all("take")
    if not ids:
        return None
    try:
        await request.send(
            request.form.message(TakeDeclinedWorks, order_id=order_id, ids=ids), "take"
        )
    except Refused as refusal:
        return refusal.words(request.language)
    return None


@dataclass(frozen=True, slots=True)
class Wanted:
    """A post and a time that somebody has chosen before the visit was begun."""

    post_id: UUID
    post: str
    start: datetime


# --- the screen ----------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Who:
    """The client that was chosen, the car, and what is to be known at once."""

    client: ClientDetails
    car: VehicleView | None
    balance: BalanceView
    open_orders: tuple[OrderSummary, ...]
    parties: OrderParties
    declined: tuple[DeclinedWorkView, ...] = ()
    warranty: tuple[WarrantyLine, ...] = ()

    @property
    def payers(self) -> list[tuple[UUID, str]]:
        return [(party.client_id, party.name) for party in self.parties.payers]

    @property
    def drivers(self) -> list[tuple[UUID, str]]:
        return [(party.client_id, party.name) for party in self.parties.drivers]


async def _screen(request: PageRequest, draft: Draft, refusal: Refused | None = None) -> Response:
    who, sections, employees, types = await gather(
        _who(request, draft),
        request.ask(ListSections(limit=MOST)),
        request.ask(ListEmployees(limit=MOST)),
        request.ask(ListOrderTypes(limit=MOST)),
    )
    section_id, _, employee_id = request.cookies.get(LAST_COOKIE, "").partition("|")
    last = {"section_id": section_id, "employee_id": employee_id}
    if len(sections.items) == 1:
        last["section_id"] = str(sections.items[0].id)
    values = _as_typed(Draft({**last, **draft}))
    status = status_of(refusal) if refusal else 200
    # Typed and sent without scripts, which look it up while it is typed.
    typed = "" if who or values["client"] == NEW else values["q"].strip()
    return request.page(
        "visits/new.html",
        typed=typed,
        found=await _found(request, typed),
        status=status,
        words=words,
        draft=values,
        who=who,
        sections=sections.items,
        employees=_by_section([one for one in employees.items if one.active], values["section_id"]),
        types=[type_ for type_ in types.items if type_.active],
        times=await _times(request, values),
        refusal=refusal.words(request.language) if refusal else "",
        code=refusal.code if refusal else "",
        field=field_of(refusal) if refusal else "",
        errors=errors_of(refusal, request.language) if refusal else [],
    )


def _as_typed(values: Draft) -> Draft:
    """What was typed into the search is the beginning of a new client."""
    if values.get("client") == NEW and values.get("q"):
        return Draft({**looks_like(values["q"]), **values})
    return values


def _by_section(
    employees: list[EmployeeView], section_id: str
) -> list[tuple[bool, list[EmployeeView]]]:
    """Those of the section first."""
    of_it = [one for one in employees if str(one.section_id) == section_id]
    others = [one for one in employees if str(one.section_id) != section_id]
    return [(True, of_it), (False, others)]


async def _who(request: PageRequest, draft: Draft) -> Who | None:
    if not draft.get("client_id"):
        return None
    client_id = _id(draft["client_id"])
    client = await request.ask(GetClient(client_id=client_id))
    car = _car(client, draft.get("vehicle_id"))
    balance, orders, parties, declined, warranty = await gather(
        request.ask(GetBalance(client_id=client.id)),
        request.ask(FindOrders(client_id=client.id, limit=50)),
        request.ask(SuggestParties(client_id=client.id, vehicle_id=car.id if car else None)),
        _declined(request, car),
        _warranty(request, car),
    )
    return Who(
        client=client,
        car=car,
        balance=balance,
        open_orders=tuple(order for order in orders.items if order.status in OPEN)[:FEW],
        parties=parties,
        declined=declined,
        warranty=warranty,
    )


async def _declined(request: PageRequest, car: VehicleView | None) -> tuple[DeclinedWorkView, ...]:
    if car is None:
        return ()
    return (await request.ask(ListDeclinedWorks(vehicle_id=car.id, limit=FEW))).items


async def _warranty(request: PageRequest, car: VehicleView | None) -> tuple[WarrantyLine, ...]:
    if car is None:
        return ()
    lines = (await request.ask(VehicleWarranty(vehicle_id=car.id, limit=50))).items
    return tuple(line for line in lines if line.in_force != "false")[:FEW]


def _car(client: ClientDetails, said: str | None) -> VehicleView | None:
    """The one that was said, or the only one."""
    if said in (NEW, NONE):
        return None
    if not said:
        return client.vehicles[0] if len(client.vehicles) == 1 else None
    return next((car for car in client.vehicles if str(car.id) == said), None)


def _ids(said: Iterable[str]) -> tuple[UUID, ...]:
    return tuple(map(_id, said))


def _id(said: str) -> UUID:
    try:
        return UUID(said)
    except ValueError:
        raise Refused("not_found") from None


# --- its parts, as they are asked for while somebody types ---------------------------------------


async def matches(request: PageRequest) -> Response:
    """Clients with their cars, by a phone, plate, VIN or name that is being typed."""
    typed = request.query.get("q", "").strip()
    return request.page("visits/matches.html", typed=typed, found=await _found(request, typed))


async def _found(request: PageRequest, typed: str) -> tuple[FoundClient, ...]:
    return (await request.ask(FindClients(q=typed, limit=FEW))).items if typed else ()


async def hints(request: PageRequest) -> Response:
    """Whether a phone, VIN or plate that is being typed for somebody new is somebody's already."""
    same, check = await gather(_same_phone(request), request.ask(request.reads(CheckVehicle)))
    return request.page(
        "visits/hints.html",
        same=same,
        check=check,
        vin=request.query.get("vin", ""),
        client_id=request.query.get("client_id"),
    )


async def _same_phone(request: PageRequest) -> tuple[FoundClient, ...]:
    phone = request.query.get("phones", "").strip()
    if sum(sign.isdigit() for sign in phone) < PHONE_DIGITS:
        return ()
    return (await request.ask(FindClients(q=phone, limit=3))).items


async def times(request: PageRequest) -> Response:
    draft = Draft(request.query)
    return request.page("visits/times.html", times=await _times(request, draft), draft=draft)


async def _times(request: PageRequest, draft: Draft) -> dict[str, Any] | None:
    """Where a work of that length fits in the week from a day on; None before a section is
    chosen."""
    if not draft.get("section_id"):
        return None
    wanted_post, _, wanted_at = draft["wanted"].partition("|")
    wanted_day = wanted_at.partition("T")[0]
    day = draft.get("day") or wanted_day or f"{today(request.zone):%Y-%m-%d}"
    minutes = int(said) if (said := draft.get("minutes", "")).isdecimal() else 60
    minutes = minutes if minutes in LENGTHS else 60
    start = max(_midnight(request, draft.get("from") or wanted_day), _midnight(request, ""))
    employee_id = _id(draft["employee_id"]) if draft.get("employee_id") else None
    load = await request.ask(
        GetLoad(section_id=_id(draft["section_id"]), start=start, end=start + DAYS)
    )
    technician_id = employee_id if technician_row(load, employee_id) else None
    days = free_days(load, timedelta(minutes=minutes), technician_id, datetime.now(UTC))
    shown = next((each for each in days if f"{each.day}" == day and each.times), None)
    return {
        "days": days,
        "shown": shown or next((each for each in days if each.times), None),
        "minutes": minutes,
        "lengths": LENGTHS,
        "technician_id": technician_id,
        "slot": slot_text,
        "wanted": _wanted(request, load, wanted_post, wanted_at),
    }


def _wanted(request: PageRequest, load: LoadView, post_id: str, at: str) -> Wanted | None:
    """What was pointed at in the load panel: it may lie between the times that are offered, or out
    of working hours."""
    posts = [post for section in load.sections for post in section.posts]
    post = next((each for each in posts if str(each.id) == post_id), None)
    try:
        start = datetime.fromisoformat(at).replace(tzinfo=request.zone)
    except ValueError:
        return None
    if start.year not in YEARS:
        return None
    return Wanted(post.id, post.name, start.astimezone(UTC)) if post else None


def _midnight(request: PageRequest, day: str) -> datetime:
    date = day_said(day[: len("2026-11-27")]) or today(request.zone)
    return datetime.combine(date, datetime.min.time(), request.zone)


PAGES = (
    show(SCREEN, new_visit, needs=CreateOrder),
    act(SCREEN, open_visit, needs=CreateOrder),
    show("/visits/matches", matches, needs=CreateOrder),
    show("/visits/hints", hints, needs=CreateOrder),
    show("/visits/times", times, needs=CreateOrder),
)
