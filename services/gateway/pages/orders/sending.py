"""What the client of an order is written: a template with the order's own words, or one's own."""

from __future__ import annotations

import asyncio

from starlette.responses import Response

from services.gateway.pages.audit_facts import TEMPLATE_FAILED, not_sent, template_failed
from services.gateway.pages.names import people_named
from services.gateway.pages.orders.asking import nothing
from services.gateway.pages.orders.order import MANY, shown
from services.gateway.pages.request import PageRequest
from services.gateway.pages.routing import act, show
from shared.contracts.messages import (
    ListMessages,
    ListMessageTemplates,
    MessageView,
    PreviewMessage,
    ResendMessage,
    SendMessage,
)
from shared.contracts.orders import GetOrder
from shared.contracts.work_order import GetWorkOrder


async def send_page(request: PageRequest) -> Response:
    """The template that is chosen, as this client would read it; beside it what was sent."""
    order_id = request.id("order_id")
    asked = request.reads(PreviewMessage, order_id=order_id)
    order, whole, templates, messages = await asyncio.gather(
        request.ask(GetOrder(order_id=order_id)),
        request.ask(GetWorkOrder(order_id=order_id)),
        request.ask(ListMessageTemplates(limit=MANY)),
        request.ask(ListMessages(order_id=order_id)),
    )
    by_id = {each.id: each for each in templates.items}
    template = by_id.get(asked.template_id) if asked.template_id else None
    preview = await (request.ask(asked) if template else nothing())
    return request.page(
        "orders/send.html",
        **shown(
            request,
            order=order,
            customer=whole.customer,
            templates=[(each.id, each.name) for each in templates.items if each.active],
            chosen=template,
            preview=preview,
            messages=messages.items,
            why={each.id: _why(each, request.language) for each in messages.items},
            names=await people_named(request, (each.created_by for each in messages.items)),
        ),
    )


def _why(message: MessageView, language: str) -> str | None:
    """It was not sent: the rule or the template that is against it, or what the provider said."""
    if message.reason == TEMPLATE_FAILED and message.detail:
        return template_failed(message.detail, language)
    return ": ".join(filter(None, (not_sent(message.reason, language), message.detail))) or None


async def send(request: PageRequest) -> Response:
    order_id = request.id("order_id")
    await request.send(request.form.message(SendMessage, order_id=order_id))
    return request.go(f"/orders/{order_id}", said=request._("The message is on its way"))


async def resend(request: PageRequest) -> Response:
    order_id = request.id("order_id")
    await request.send(request.form.message(ResendMessage))
    return request.go(f"/orders/{order_id}", said=request._("The message is on its way"))


PAGES = (
    show("/orders/{order_id}/send", send_page, needs=SendMessage),
    act("/orders/{order_id}/send", send, needs=SendMessage),
    act("/orders/{order_id}/send/again", resend, needs=ResendMessage),
)
