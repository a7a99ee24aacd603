"""A car: what is known of it and since when, what was done on it and what it still needs."""

from __future__ import annotations

from asyncio import gather

from starlette.responses import Response

from services.gateway.pages.clients import words
from services.gateway.pages.clients.finding import if_may
from services.gateway.pages.request import PageRequest
from services.gateway.pages.routing import act, show
from services.gateway.pages.words import CHECK_DIGIT
from services.gateway.problems import field_invalid
from shared.contracts.approvals import DismissDeclinedWorks, ListDeclinedWorks
from shared.contracts.clients import ChangeVehicle, GetClient, GetVehicle
from shared.contracts.tags import CreateTag, GetVehicleTags, ListTags, TagVehicle, UntagVehicle
from shared.contracts.vehicle_history import GetVehicleHistory
from shared.contracts.works import VehicleWarranty
from shared.roles import MAY_GIVE_CAR

MOST = 200


async def vehicle(request: PageRequest) -> Response:
    vehicle_id = request.id("vehicle_id")
    car, history, warranty, declined, tags, all_tags = await gather(
        request.ask(GetVehicle(vehicle_id=vehicle_id)),
        if_may(request, request.reads(GetVehicleHistory, vehicle_id=vehicle_id)),
        request.ask(VehicleWarranty(vehicle_id=vehicle_id, limit=50)),
        if_may(request, ListDeclinedWorks(vehicle_id=vehicle_id)),
        request.ask(GetVehicleTags(vehicle_id=vehicle_id)),
        request.ask(ListTags(limit=MOST)),
    )
    marked = {tag.id for tag in tags.items}
    return request.page(
        "vehicles/vehicle.html",
        words=words,
        car=car,
        owner=await request.ask(GetClient(client_id=car.client_id)),
        history=history,
        facts=[item for item in history.items if item.kind != "order"] if history else [],
        orders=[item for item in history.items if item.kind == "order"] if history else [],
        warranty=[line for line in warranty.items if line.in_force != "false"],
        declined=declined.items if declined else (),
        tags=tags.items,
        may_give_car=request.signed_in.role in MAY_GIVE_CAR,
        more_tags=[tag for tag in all_tags.items if tag.id not in marked],
    )


async def change(request: PageRequest) -> Response:
    message = request.form.message(ChangeVehicle, vehicle_id=request.id("vehicle_id"))
    car = await request.send(message)
    said = request._("Saved")
    if "vin_check_digit" in car.warnings:
        said += ". " + request._(CHECK_DIGIT)
    return _back(request, said)


async def give(request: PageRequest) -> Response:
    """To another owner, from now on."""
    owner = request.form.get("other_id")
    if not owner:
        raise field_invalid("pick", "owner_missing")
    message = request.form.message(
        ChangeVehicle, vehicle_id=request.id("vehicle_id"), client_id=owner
    )
    await request.send(message)
    return _back(request, request._("The car has another owner now"))


async def dismiss(request: PageRequest) -> Response:
    """Declined works that are not offered any more."""
    message = request.form.message(DismissDeclinedWorks, vehicle_id=request.id("vehicle_id"))
    await request.send(message)
    return _back(request, request._("Saved"))


async def tag(request: PageRequest) -> Response:
    vehicle_id, form = request.id("vehicle_id"), request.form
    if form.get("name").strip():
        made = await request.send(form.message(CreateTag), "tag")
        await request.send(TagVehicle(vehicle_id=vehicle_id, tag_id=made.id))
    else:
        await request.send(form.message(TagVehicle, vehicle_id=vehicle_id))
    return _back(request)


async def untag(request: PageRequest) -> Response:
    vehicle_id = request.id("vehicle_id")
    await request.send(UntagVehicle(vehicle_id=vehicle_id, tag_id=request.id("tag_id")))
    return _back(request)


def _back(request: PageRequest, said: str | None = None) -> Response:
    return request.go(f"/vehicles/{request.id('vehicle_id')}", said=said)


_HERE = "/vehicles/{vehicle_id}"
PAGES = (
    show(_HERE, vehicle, needs=GetVehicle),
    act(_HERE, change, needs=ChangeVehicle),
    act(f"{_HERE}/owner", give, needs=ChangeVehicle),
    act(f"{_HERE}/declined/dismiss", dismiss, needs=DismissDeclinedWorks),
    act(f"{_HERE}/tags", tag, needs=TagVehicle),
    act(f"{_HERE}/tags/{{tag_id}}/remove", untag, needs=UntagVehicle),
)
