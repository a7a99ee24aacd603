"""The panel: a day of posts or of technicians, a week of load; booking, moving, carrying over."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from itertools import batched
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from babel.dates import format_date, format_interval
from starlette.responses import Response

from services.gateway.pages.forms import today
from services.gateway.pages.load.timeline import FREE_CELL, QUARTER, View, midnight, timeline
from services.gateway.pages.rendering import LOCALES
from services.gateway.pages.request import PageRequest, fields_of, own_path
from services.gateway.pages.routing import act, show
from shared.contracts.load import (
    BarView,
    BookPost,
    CarriedOver,
    CarryOver,
    GetLoad,
    LoadView,
    MoveBooking,
    RemoveBooking,
)
from shared.contracts.orders import FindOrders, GetOrder, OrderSummary

LOAD = "/load"
VIEWS = ("posts", "people", "week")
DAY = timedelta(days=1)
YEARS = range(1970, 2200)
ORDERS_OFFERED = 50
CARRIED_AT_ONCE = 100
ICONS = {
    "draft": "pencil",
    "new": "clock",
    "in_progress": "player-play",
    "done": "circle-check",
    "cancelled": "circle-x",
    "carried": "arrow-right",
    "overdue": "alert-circle",
}
"""Of what a bar's state says in words."""


async def load(request: PageRequest) -> Response:
    """``?day=&view=posts|people|week&section=``; ``?booking=`` opens one, ``?book=1`` with
    ``post``, ``technician``, ``start``, ``order`` a new one."""
    day = _day(request)
    view = request.query["view"] if request.query["view"] in VIEWS else "posts"
    section = _uuid(request, "section")
    monday = day - DAY * day.weekday()
    start, days = (monday, 7) if view == "week" else (day, 1)
    now = datetime.now(UTC)
    books = bool(request.query["book"]) and request.may("BookPost")
    found, orders = await asyncio.gather(
        request.ask(
            GetLoad(
                start=midnight(start, request.zone),
                end=midnight(start + DAY * days, request.zone),
                language="ru" if request.language == "ru" else "en",
            )
        ),
        _orders(request) if books else _none(),
    )
    here = fields_of({"day": day, "view": view, "section": section})
    values: dict[str, Any] = {
        "day": day,
        "view": view,
        "section": section,
        "here": here,
        "back": f"{LOAD}?{urlencode(here)}",
        "load": found,
        "posts": {post.id: post.name for each in found.sections for post in each.posts},
        "people": {each.id: each.name for each in found.technicians},
        "today": today(request.zone),
        "earlier": day - DAY * days,
        "later": day + DAY * days,
        "heading": _heading(request, start, days),
        "booking": _booking(request, found),
        "books": books,
        "orders": orders,
        "visit": _visit(request, found),
    }
    if view == "week":
        week = [monday + DAY * each for each in range(days)]
        return request.page("load/week.html", week=week, **values)
    rows: View = "people" if view == "people" else "posts"
    return request.page(
        "load/day.html",
        timeline=timeline(found, day, request.zone, now, rows, section),
        icons=ICONS,
        bookable_from=now - FREE_CELL * QUARTER,
        **values,
    )


def _heading(request: PageRequest, start: date, days: int) -> str:
    locale = LOCALES[request.language]
    if days == 1:
        return format_date(start, "EEEE, d MMMM y", locale)
    return format_interval(start, start + DAY * (days - 1), "yMMMd", locale=locale)


def _day(request: PageRequest) -> date:
    """Today, where the address names no day that a station could mean."""
    try:
        day = date.fromisoformat(request.query["day"])
    except ValueError:
        return today(request.zone)
    return day if day.year in YEARS else today(request.zone)


def _uuid(request: PageRequest, name: str) -> UUID | None:
    try:
        return UUID(request.query[name]) if request.query[name] else None
    except ValueError:
        return None


def _booking(request: PageRequest, found: LoadView) -> BarView | None:
    """The one that the address names, if it is in the time shown."""
    return next((each for each in found.bookings if str(each.id) == request.query["booking"]), None)


def _visit(request: PageRequest, found: LoadView) -> str:
    """The way to a new visit that brings along what was pointed at: section, post, time, person."""
    query = request.query
    sections = {str(post.id): each.id for each in found.sections for post in each.posts}
    said: dict[str, Any] = {
        "section_id": sections.get(query["post"]),
        "employee_id": query["technician"],
    }
    if query["start"]:
        said["wanted"] = f"{query['post']}|{query['start']}"
    return f"/visits/new?{urlencode(fields_of(said))}"


async def _orders(request: PageRequest) -> tuple[OrderSummary, ...]:
    """Which a new booking may be for: the order that the address names, else open ones that have
    none yet."""
    if order_id := _uuid(request, "order"):
        return (await request.ask(GetOrder(order_id=order_id)),)
    question = FindOrders(q=request.query["q"], unbooked=True, limit=ORDERS_OFFERED)
    return (await request.ask(question)).items


async def _none() -> tuple[OrderSummary, ...]:
    return ()


# --- what is done there --------------------------------------------------------------------------


async def book(request: PageRequest) -> Response:
    await request.send(request.form.message(BookPost))
    return _back(request, request._("Booked"))


async def move(request: PageRequest) -> Response:
    """By the form, by dragging or by keys: only what is named changes."""
    booking_id = request.id("booking_id")
    await request.send(request.form.message(MoveBooking, booking_id=booking_id))
    return _back(request, request._("Moved"))


async def remove(request: PageRequest) -> Response:
    booking_id = request.id("booking_id")
    await request.send(request.form.message(RemoveBooking, booking_id=booking_id))
    return _back(request, request._("The post is free again"))


async def carry_over(request: PageRequest) -> Response:
    """Each of the chosen has an end of its own: told is how many went, and why the others did
    not."""
    parts = list(batched(request.form.all("booking_ids"), CARRIED_AT_ONCE)) or [()]
    results: list[CarriedOver] = []
    for number, part in enumerate(parts):
        command = request.form.message(CarryOver, booking_ids=part)
        results += (await request.send(command, f"part-{number}")).results
    said = request._("Carried over: %(count)s", count=sum(each.code is None for each in results))
    for each in results:
        if each.code is not None:
            problem = each.problem_ru if request.language == "ru" else each.problem_en
            said += f". {problem}"
    return _back(request, said)


def _back(request: PageRequest, said: str) -> Response:
    back = own_path(request.form.get("back"))
    return request.go(back if back != "/" else LOAD, said=said)


PAGES = (
    show(LOAD, load, needs=GetLoad),
    act(LOAD + "/bookings", book, needs=BookPost),
    act(LOAD + "/bookings/{booking_id}", move, needs=MoveBooking),
    act(LOAD + "/bookings/{booking_id}/remove", remove, needs=RemoveBooking),
    act(LOAD + "/carry-over", carry_over, needs=CarryOver),
)
