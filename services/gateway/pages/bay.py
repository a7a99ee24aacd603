"""The technician's pages, made for a phone in one hand.

Forms work as everywhere. With scripts, each becomes a request of the API that waits on the phone
until the station has answered it (``static/pages/bay.js``): ``data-api`` says which.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

from starlette.responses import Response

from services.gateway.pages.assets import STATIC
from services.gateway.pages.names import people_named
from services.gateway.pages.request import PageRequest
from services.gateway.pages.routing import act, show
from shared.contracts.base import Page
from shared.contracts.bay import GetBay, StartClock, StopClock
from shared.contracts.inventory import FindProducts, ProductView
from shared.contracts.orders import (
    AddComment,
    ChangeLine,
    GetOrder,
    ListComments,
    ListEmployees,
    MoveOrder,
    OrderView,
    RequestParts,
    ServiceLineView,
)
from shared.contracts.photos import ListPhotos

_FOUND = 20
_WORKER_POLICY = "default-src 'none'; connect-src 'self'"


async def bay(request: PageRequest) -> Response:
    return request.page("bay/bay.html", bay=await request.ask(GetBay()), now=datetime.now(UTC))


async def order(request: PageRequest) -> Response:
    order_id = request.id("order_id")
    order, own, comments, people, photos = await asyncio.gather(
        request.ask(GetOrder(order_id=order_id)),
        request.ask(GetBay()),
        request.ask(ListComments(order_id=order_id, limit=200)),
        request.ask(ListEmployees(limit=200)),
        request.ask(ListPhotos(order_id=order_id, limit=200)),
    )
    works = _wanted(order)
    parts = [part for part in order.products + order.materials if part.state != "released"]
    return request.page(
        "bay/order.html",
        order=order,
        bay=own,
        works=works,
        own=next((each for each in own.orders if each.id == order.id), None),
        comments=comments.items,
        names=await people_named(request, (each.author for each in comments.items)),
        people={each.id: each.name for each in people.items},
        photos=photos.items,
        is_open=order.status in ("draft", "new", "in_progress"),
        parts=parts,
        all_ticked=bool(works) and all(line.progress == "finished" for line in works),
        missing=[part for part in parts if part.state in ("requested", "short")],
    )


async def start(request: PageRequest) -> Response:
    await request.send(
        request.form.message(
            StartClock, order_id=request.id("order_id"), line_id=request.id("line_id")
        )
    )
    return _to_order(request)


async def stop(request: PageRequest) -> Response:
    await request.send(StopClock(order_id=request.id("order_id"), line_id=request.id("line_id")))
    return _to_order(request)


async def tick(request: PageRequest) -> Response:
    await request.send(
        request.form.message(
            ChangeLine, order_id=request.id("order_id"), line_id=request.id("line_id")
        )
    )
    return _to_order(request)


async def parts(request: PageRequest) -> Response:
    """A part by a piece of its name, its number, or the code on its box. It belongs to a work, a
    ticked one as well: what the client agreed to pay for that work is asked for anew."""
    order_id = request.id("order_id")
    question = request.reads(FindProducts, limit=_FOUND)
    order, own = await asyncio.gather(
        request.ask(GetOrder(order_id=order_id)), request.ask(GetBay())
    )
    found: Page[ProductView] | None = None
    if question.q:
        found = await request.ask(question)
    works = _wanted(order)
    open_works = [line for line in works if line.progress != "finished"]
    evident = next((few[0].id for few in (open_works, works) if len(few) == 1), None)
    return request.page(
        "bay/parts.html",
        order=order,
        works=works,
        work=own.clock.line_id if own.clock and own.clock.order_id == order.id else evident,
        q=question.q,
        found=[each for each in found.items if each.active] if found else None,
    )


async def ask_for_part(request: PageRequest) -> Response:
    order_id = request.id("order_id")
    await request.send(request.form.message(RequestParts, order_id=order_id))
    return request.go(f"/bay/orders/{order_id}", said=request._("The part is asked for"))


async def comment(request: PageRequest) -> Response:
    await request.send(request.form.message(AddComment, order_id=request.id("order_id")))
    return _to_order(request)


async def done(request: PageRequest) -> Response:
    await request.send(MoveOrder(order_id=request.id("order_id"), to="done"))
    return request.go("/bay", said=request._("The order is done"))


async def offline(request: PageRequest) -> Response:
    """What is shown of a page that was never looked at, while there is no connection."""
    return request.page("bay/offline.html")


async def worker(_: PageRequest) -> Response:
    """At the root, so that it may see to every page below ``/bay``."""
    return Response(
        (STATIC / "pages" / "bay-worker.js").read_bytes(),
        headers={"Cache-Control": "no-cache", "Content-Security-Policy": _WORKER_POLICY},
        media_type="text/javascript",
    )


def _wanted(order: OrderView) -> list[ServiceLineView]:
    return [line for line in order.services if line.approval.state != "declined"]


def _to_order(request: PageRequest) -> Response:
    return request.go(f"/bay/orders/{request.id('order_id')}")


_ORDER = "/bay/orders/{order_id}"
_WORK = f"{_ORDER}/works/{{line_id}}"
PAGES = (
    show("/bay", bay, needs=GetBay),
    show("/bay/offline", offline, needs=GetBay),
    show("/bay-worker.js", worker, public=True),
    show(_ORDER, order, needs=GetBay),
    act(f"{_WORK}/start", start, needs=StartClock),
    act(f"{_WORK}/stop", stop, needs=StopClock),
    act(f"{_WORK}/tick", tick, needs=ChangeLine),
    show(f"{_ORDER}/parts", parts, needs=GetBay),
    act(f"{_ORDER}/parts", ask_for_part, needs=RequestParts),
    act(f"{_ORDER}/comments", comment, needs=AddComment),
    act(f"{_ORDER}/done", done, needs=MoveOrder),
)
