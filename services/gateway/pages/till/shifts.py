"""Cash boxes and their shifts: opened, counted, closed; cash brought in and collected."""

from __future__ import annotations

import asyncio

from starlette.responses import Response

from services.gateway.pages.names import people_named
from services.gateway.pages.request import PageRequest
from services.gateway.pages.routing import act, show
from services.gateway.pages.till.receipts import receipts_of_shift
from shared.contracts.till import (
    ChangeCashBox,
    ChangeTillSettings,
    CloseShift,
    CreateCashBox,
    GetShift,
    GetTillSettings,
    GetXReport,
    GetZReport,
    ListCashBoxes,
    ListShifts,
    MoveCash,
    OpenShift,
    ShiftNow,
)

SHIFTS = "/till/shifts"
BANKNOTES = (5000, 2000, 1000, 500, 200, 100, 50, 10, 5, 2, 1)


async def shifts(request: PageRequest) -> Response:
    """Newest first, and the boxes that there are."""
    found, boxes, settings = await asyncio.gather(
        request.ask(request.reads(ListShifts)),
        request.ask(ListCashBoxes()),
        request.ask(GetTillSettings()),
    )
    return request.page(
        "till/shifts.html",
        found=found,
        boxes=boxes.items,
        names={box.id: box.name for box in boxes.items},
        people=await _people(request, *found.items),
        settings=settings,
    )


async def shift(request: PageRequest) -> Response:
    """Its X report while it is open, and its Z report ever after."""
    shift = await request.ask(GetShift(shift_id=request.id("shift_id")))
    asked = GetZReport if shift.closed_at else GetXReport
    report, receipts = await asyncio.gather(
        request.ask(asked(shift_id=shift.id)), receipts_of_shift(request, shift.id)
    )
    return request.page(
        "till/shift.html",
        shift=shift,
        report=report,
        receipts=receipts,
        people=await _people(request, shift),
        banknotes=BANKNOTES,
    )


async def _people(request: PageRequest, *shifts: ShiftNow) -> dict[str, str]:
    """Who opened and closed them."""
    by = (login for shift in shifts for login in (shift.opened_by, shift.closed_by))
    return await people_named(request, filter(None, by))


async def open_shift(request: PageRequest) -> Response:
    shift = await request.send(request.form.message(OpenShift))
    return request.go(f"/till?box={shift.cash_box_id}", said=request._("The shift is open"))


async def close_shift(request: PageRequest) -> Response:
    """Counted by banknotes, where any are named, else by the total."""
    shift_id = request.id("shift_id")
    pieces = {value: request.form.get(f"pieces.{value}").strip() for value in BANKNOTES}
    banknotes = [
        {"value": str(value), "pieces": said}
        for value, said in pieces.items()
        if said not in ("", "0")
    ]
    await request.send(request.form.message(CloseShift, shift_id=shift_id, banknotes=banknotes))
    return request.go(f"{SHIFTS}/{shift_id}", said=request._("The shift is closed"))


async def move_cash(request: PageRequest) -> Response:
    document = await request.send(request.form.message(MoveCash))
    return request.go(f"/till?box={document.cash_box_id}", said=request._("Noted"))


async def create_box(request: PageRequest) -> Response:
    await request.send(request.form.message(CreateCashBox))
    return request.go(SHIFTS, said=request._("The cash box is there"))


async def change_box(request: PageRequest) -> Response:
    box_id = request.id("cash_box_id")
    await request.send(request.form.message(ChangeCashBox, cash_box_id=box_id))
    return request.go(SHIFTS, said=request._("Saved"))


async def change_settings(request: PageRequest) -> Response:
    await request.send(request.form.message(ChangeTillSettings))
    return request.go(SHIFTS, said=request._("Saved"))


PAGES = (
    show(SHIFTS, shifts, needs=ListShifts),
    show(SHIFTS + "/{shift_id}", shift, needs=GetShift),
    act(SHIFTS, open_shift, needs=OpenShift),
    act(SHIFTS + "/{shift_id}/close", close_shift, needs=CloseShift),
    act("/till/cash", move_cash, needs=MoveCash),
    act("/till/boxes", create_box, needs=CreateCashBox),
    act("/till/boxes/{cash_box_id}", change_box, needs=ChangeCashBox),
    act("/till/settings", change_settings, needs=ChangeTillSettings),
)
