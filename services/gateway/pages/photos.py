"""Photos of an order: to look at, to add, to show to the client."""

from __future__ import annotations

from starlette.responses import Response

from services.gateway.pages.names import people_named
from services.gateway.pages.request import PageRequest, own_path
from services.gateway.pages.routing import act, show
from services.gateway.photos import photo_command
from shared.contracts.orders import GetOrder
from shared.contracts.photos import AddPhoto, ChangePhoto, ListPhotos, RemovePhoto


async def photos(request: PageRequest) -> Response:
    order_id = request.id("order_id")
    order = await request.ask(GetOrder(order_id=order_id))
    found = await request.ask(request.reads(ListPhotos, order_id=order_id))
    return request.page(
        "orders/photos_page.html",
        order=order,
        photos=found.items,
        authors=await people_named(request, (photo.author for photo in found.items)),
        next=found.next,
    )


async def add_photo(request: PageRequest) -> Response:
    order_id = request.id("order_id")
    assert request.file
    await request.send(await photo_command(request.call, request.file, order_id))
    return _back(request, f"/orders/{order_id}/photos", request._("Photo added"))


async def change_photo(request: PageRequest) -> Response:
    photo = await request.send(request.form.message(ChangePhoto, photo_id=request.id("photo_id")))
    return _back(request, f"/orders/{photo.order_id}/photos", request._("Saved"))


async def remove_photo(request: PageRequest) -> Response:
    await request.send(request.form.message(RemovePhoto, photo_id=request.id("photo_id")))
    return _back(request, "/", request._("Photo removed"))


def _back(request: PageRequest, path: str, said: str) -> Response:
    """To the page that the photos are shown on."""
    asked = request.form.get("next")
    return request.go(own_path(asked) if asked else path, said=said)


PAGES = (
    show("/orders/{order_id}/photos", photos, needs=ListPhotos),
    act("/orders/{order_id}/photos", add_photo, needs=AddPhoto, takes_file=True),
    act("/photos/{photo_id}", change_photo, needs=ChangePhoto),
    act("/photos/{photo_id}/remove", remove_photo, needs=RemovePhoto),
)
