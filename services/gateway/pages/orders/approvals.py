"""The client is asked about works, and answers; the link by which they see and answer it."""

from __future__ import annotations

import asyncio

import segno
from starlette.responses import Response

from services.gateway.pages.orders.order import shown
from services.gateway.pages.request import PageRequest
from services.gateway.pages.routing import act, show
from shared.contracts.approvals import (
    AnswerWorks,
    EstimateLink,
    QuoteWorks,
    RevokeEstimateLink,
)
from shared.contracts.orders import GetOrder


async def quote(request: PageRequest) -> Response:
    order_id = request.id("order_id")
    await request.send(request.form.message(QuoteWorks, order_id=order_id))
    return request.go(f"/orders/{order_id}", said=request._("The estimate is ready to be sent"))


async def answer_page(request: PageRequest) -> Response:
    """Which works an answer is to: one, or all that wait for theirs."""
    order = await request.ask(GetOrder(order_id=request.id("order_id")))
    named = request.query.get("line")
    to = request.query.get("to", "approved")
    return request.page(
        "orders/answer.html",
        **shown(
            request,
            order=order,
            to=to,
            lines=[
                line
                for line in order.services
                if (str(line.id) == named if named else line.approval.state == "quoted")
            ],
        ),
    )


async def answer(request: PageRequest) -> Response:
    order_id, form = request.id("order_id"), request.form
    answers = [{"line_id": line, "to": form.get("to")} for line in form.all("line")]
    await request.send(form.message(AnswerWorks, order_id=order_id, answers=answers))
    return request.go(f"/orders/{order_id}", said=request._("The answer is written down"))


async def link_page(request: PageRequest) -> Response:
    """The link, to copy, and as a code that the client's phone reads from the screen."""
    order_id = request.id("order_id")
    order, link = await asyncio.gather(
        request.ask(GetOrder(order_id=order_id)), request.ask(EstimateLink(order_id=order_id))
    )
    url = link.url or request.address(link.path)
    code = segno.make_qr(url, error="m").svg_data_uri(scale=6, border=2, light="#fff")
    return request.page("orders/link.html", **shown(request, order=order, url=url, code=code))


async def revoke_link(request: PageRequest) -> Response:
    order_id = request.id("order_id")
    await request.send(request.form.message(RevokeEstimateLink, order_id=order_id))
    return request.go(f"/orders/{order_id}", said=request._("The link works no more"))


PAGES = (
    act("/orders/{order_id}/quote", quote, needs=QuoteWorks),
    show("/orders/{order_id}/answers", answer_page, needs=AnswerWorks),
    act("/orders/{order_id}/answers", answer, needs=AnswerWorks),
    show("/orders/{order_id}/link", link_page, needs=EstimateLink),
    act("/orders/{order_id}/link/revocation", revoke_link, needs=RevokeEstimateLink),
)
