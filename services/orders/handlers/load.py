"""The load panel in one answer, and the formulas of its bars."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC
from typing import Any
from uuid import UUID

from services.orders.domain.order import Order
from services.orders.domain.planning.bars import CAPTION, COLOUR, COLOURS, Painter, ensure_usable
from services.orders.domain.planning.bookings import HORIZON, Booking, Row, ensure_length, remaining
from services.orders.domain.planning.hours import BEGIN, DAY, instant
from services.orders.domain.planning.panel import (
    Filters,
    Frame,
    away_of,
    conflicts,
    load_row,
    together,
)
from services.orders.domain.planning.spans import MINUTE, Span
from services.orders.domain.planning.times import Times
from services.orders.handlers.bookings import booking_view
from services.orders.handlers.table import handlers
from services.orders.handlers.work_orders import whole
from services.orders.store import OrdersStore
from services.orders.store.tables import employees, posts, sections
from shared.contracts.load import (
    BarView,
    CalendarSaved,
    CarryOverOffer,
    GetLoad,
    GetLoadSettings,
    ListAbsences,
    LoadRow,
    LoadSettingsView,
    LoadView,
    SectionLoad,
    SetLoadSettings,
)
from shared.contracts.work_order import WorkOrder
from shared.edits import changes_between, named_fields
from shared.handlers import Work
from shared.permissions import may
from shared.refusals import Refused, ensure_revision
from shared.roles import TECHNICIAN

DAYS_SHOWN = 7
MAX_OFFERS = 200
"""Of unfinished work to carry over: the latest."""


@handlers.question(GetLoad)
async def get_load(question: GetLoad, store: OrdersStore, work: Work) -> LoadView:
    window = _window(question, work)
    panel = await _loaded(question, window, store, work)
    documents = await whole(list(panel.orders.values()), store, work)
    painter = await _painter(question, store, work)
    shown = [booking for booking in panel.booked if panel.filters.show(booking)]
    return LoadView(
        start=window.start,
        end=window.end,
        time_zone=work.settings.time_zone,
        sections=tuple(_sections(panel, shown, question, work)),
        technicians=tuple(_technicians(panel, shown, question, work)),
        bookings=tuple(_bar(booking, documents, painter, panel) for booking in shown),
        carry_over=tuple(await _offers(panel, documents, painter, store, work)),
        conflicts=conflicts(shown, panel.times.absences),
        troubles=painter.troubles,
    )


@handlers.question(GetLoadSettings)
async def get_load_settings(
    question: GetLoadSettings, store: OrdersStore, work: Work
) -> LoadSettingsView:
    return await _settings(store, work)


@handlers.command(SetLoadSettings)
async def set_load_settings(
    command: SetLoadSettings, store: OrdersStore, work: Work
) -> LoadSettingsView:
    before = await _settings(store, work)
    ensure_revision(command.expected_revision, before.revision)
    named = named_fields(command)
    fields = {name: said for name, said in named.items() if said is not None}
    after = before.model_copy(update=fields)
    ensure_usable(after.caption, after.colour)
    changes = changes_between(before, after, fields)
    if not changes:
        return before
    station_id, name = work.settings.station_id, work.settings.station_name
    revision = await store.calendars.set_load_formulas(
        station_id, after.caption, after.colour, before.revision
    )
    told = tuple(change.model_copy(update={"field": f"load_{change.field}"}) for change in changes)
    work.publish(CalendarSaved(kind="load_settings", id=station_id, name=name, changes=told))
    return after.model_copy(update={"revision": revision})


async def _settings(store: OrdersStore, work: Work) -> LoadSettingsView:
    saved = await store.calendars.load_formulas(work.settings.station_id)
    return LoadSettingsView(
        caption=saved.caption if saved else CAPTION,
        colour=saved.colour if saved else COLOUR,
        colours=COLOURS,
        revision=saved.revision if saved else 1,
    )


# --- what is loaded, once for all bars ---------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Panel:
    """All of the station's in the time shown; ``over``: planned bookings whose time is over."""

    frame: Frame
    filters: Filters
    times: Times
    sections: Sequence[Any]
    posts: Mapping[UUID, Any]
    employees: Mapping[UUID, Any]
    booked: Sequence[Booking]
    over: Sequence[Booking]
    orders: Mapping[UUID, Order]


async def _loaded(question: GetLoad, window: Span, store: OrdersStore, work: Work) -> _Panel:
    every_post = {row.id: row for row in await store.places.every(posts)}
    people = {row.id: row for row in await store.places.every(employees)}
    around = Span(min(window.start, work.now - HORIZON), max(window.end, work.now + HORIZON))
    times = await store.calendars.times(around, work.settings, people)
    filters = Filters(
        posts=frozenset(
            post.id
            for post in every_post.values()
            if question.section_id in (None, post.section_id)
        ),
        post_id=question.post_id,
        employee_id=question.employee_id,
    )
    booked = await store.bookings.shown(window)
    over = [
        booking
        for booking in await store.bookings.over(work.now - HORIZON, work.now, MAX_OFFERS)
        if filters.show(booking)
    ]
    wanted = {each.order_id for each in booked if filters.show(each)}
    wanted |= {each.order_id for each in over}
    orders = {order.id: order for order in await store.all_shown(sorted(wanted))}
    return _Panel(
        frame=Frame.of(window, times.calendar),
        filters=filters,
        times=times,
        sections=await store.places.every(sections),
        posts=every_post,
        employees=people,
        booked=booked,
        over=over,
        orders=orders,
    )


def _window(question: GetLoad, work: Work) -> Span:
    """From today on, a week, unless something else is said."""
    zone = work.settings.zone
    start = question.start
    if start is None:
        start = instant(work.now.astimezone(zone).date(), BEGIN, zone)
    end = question.end
    if end is None:
        end = instant(start.astimezone(zone).date() + DAY * DAYS_SHOWN, BEGIN, zone)
    window = Span(start.astimezone(UTC), end.astimezone(UTC))
    ensure_length(window)
    return window


# --- rows --------------------------------------------------------------------------------------


def _sections(
    panel: _Panel, shown: Sequence[Booking], question: GetLoad, work: Work
) -> list[SectionLoad]:
    used = {booking.post_id for booking in shown}
    wanted = [
        post
        for post in panel.posts.values()
        if post.id in panel.filters.posts
        and question.post_id in (None, post.id)
        # One person's panel needs only the posts that this person stands at.
        and (question.employee_id is None or post.id in used)
    ]
    rows = panel.times.posts(wanted, panel.frame.window)
    on_post = _by(panel.booked, "post_id")
    loads: dict[UUID, list[LoadRow]] = {}
    for post in wanted:
        row = _row(post, rows[post.id], on_post, panel, work)
        loads.setdefault(post.section_id, []).append(row)
    return [
        SectionLoad(
            id=section.id,
            name=section.name,
            posts=tuple(loads[section.id]),
            days=together(loads[section.id]),
        )
        for section in panel.sections
        if section.id in loads
    ]


def _technicians(
    panel: _Panel, shown: Sequence[Booking], question: GetLoad, work: Work
) -> list[LoadRow]:
    """Those who work here as technicians, and whoever else is booked."""
    used = {booking.technician_id for booking in shown}
    wanted = [
        each
        for each in panel.employees.values()
        if question.employee_id in (None, each.id)
        and (
            each.id in used
            or (
                each.active
                and each.role == TECHNICIAN
                and question.post_id is None
                and question.section_id in (None, each.section_id)
            )
        )
    ]
    rows = panel.times.employees(wanted, panel.frame.window)
    of_technician = _by(panel.booked, "technician_id")
    return [_row(each, rows[each.id], of_technician, panel, work) for each in wanted]


def _row(
    thing: Any, row: Row, bookings: Mapping[Any, list[Booking]], panel: _Panel, work: Work
) -> LoadRow:
    away = away_of(
        thing.id,
        panel.times.absences,
        panel.frame.window,
        with_kind=may(work.actor.role, ListAbsences),
    )
    return load_row(thing.id, thing.section_id, row, bookings.get(thing.id, ()), away, panel.frame)


def _by(bookings: Sequence[Booking], name: str) -> dict[Any, list[Booking]]:
    rows: dict[Any, list[Booking]] = {}
    for booking in bookings:
        rows.setdefault(getattr(booking, name), []).append(booking)
    return rows


# --- bars --------------------------------------------------------------------------------------


async def _painter(question: GetLoad, store: OrdersStore, work: Work) -> Painter:
    settings = await _settings(store, work)
    assert work.actor.role
    return Painter.of(
        settings.caption, settings.colour, work.actor.role, work.now, question.language
    )


def _bar(
    booking: Booking, documents: Mapping[UUID, WorkOrder], painter: Painter, panel: _Panel
) -> BarView:
    order = documents[booking.order_id]
    line = next((each for each in order.services if each.id == booking.line_id), None)
    caption, colour, fallback = painter.paint(order, _extra(booking, line, panel))
    return BarView(
        **booking_view(booking).model_dump(),
        number=order.number,
        order_status=order.status,
        line=line.service.name if line else None,
        progress=line.progress if line else None,
        caption=caption,
        colour=colour,
        fallback=fallback,
    )


def _extra(booking: Booking, line: Any, panel: _Panel) -> dict[str, object]:
    technician = panel.employees.get(booking.technician_id) if booking.technician_id else None
    return {
        "BookedWork": line.service.name if line else None,
        "BookedPost": panel.posts[booking.post_id].name,
        "BookedTechnician": (
            f"{technician.last_name} {technician.first_name}" if technician else None
        ),
        "BookedFrom": booking.start,
        "BookedTo": booking.end,
    }


async def _offers(
    panel: _Panel,
    documents: Mapping[UUID, WorkOrder],
    painter: Painter,
    store: OrdersStore,
    work: Work,
) -> list[CarryOverOffer]:
    """Of bookings that are over, those whose works are not finished nor booked anew."""
    others = await store.bookings.of_orders({booking.order_id for booking in panel.over})
    usual = panel.times.calendar.open(panel.times.window)
    offers: list[CarryOverOffer] = []
    for booking in panel.over:
        order = panel.orders[booking.order_id]
        try:
            left = remaining(booking, order.billed_services, others[order.id], usual, work.now)
        except Refused:
            continue
        bar = _bar(booking, documents, painter, panel)
        offers.append(
            CarryOverOffer(
                booking=booking_view(booking),
                number=bar.number,
                caption=bar.caption,
                line=bar.line,
                remaining_minutes=left // MINUTE,
            )
        )
    return offers
