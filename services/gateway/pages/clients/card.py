"""A client's card: who it is, the cars, what happened; edited, marked, written to."""

from __future__ import annotations

from asyncio import gather
from typing import Any

from starlette.responses import Response

from services.gateway.pages.clients import words
from services.gateway.pages.clients.finding import if_may
from services.gateway.pages.request import PageRequest
from services.gateway.pages.routing import act, show
from services.gateway.pages.words import CHECK_DIGIT
from services.gateway.problems import field_invalid
from shared.contracts.client_data import EraseClient
from shared.contracts.client_history import GetClientHistory
from shared.contracts.client_merge import FindDuplicates
from shared.contracts.clients import (
    AddVehicle,
    ChangeClient,
    ClientDetails,
    GetClient,
)
from shared.contracts.finance import GetBalance
from shared.contracts.messages import ListMessages, SendMessage
from shared.contracts.tags import CreateTag, GetClientTags, ListTags, TagClient, UntagClient
from shared.contracts.visits import GetClientVisits

MOST = 200


async def client(request: PageRequest) -> Response:
    client_id = request.id("client_id")
    about, history, visits = await gather(
        head(request),
        if_may(request, request.reads(GetClientHistory, client_id=client_id)),
        if_may(request, GetClientVisits(client_id=client_id)),
    )
    return request.page("clients/card.html", history=history, visits=visits, **about)


async def head(request: PageRequest) -> dict[str, Any]:
    """What stands above every part of a card."""
    client_id = request.id("client_id")
    card, balance, tags, all_tags, alike = await gather(
        request.ask(GetClient(client_id=client_id)),
        if_may(request, GetBalance(client_id=client_id)),
        request.ask(GetClientTags(client_id=client_id)),
        request.ask(ListTags(limit=MOST)),
        if_may(request, FindDuplicates(client_id=client_id, limit=5)),
    )
    marked = {tag.id for tag in tags.items}
    return {
        "client": card,
        "balance": balance,
        "tags": tags.items,
        "more_tags": [tag for tag in all_tags.items if tag.id not in marked],
        "alike": [_other(pair, card) for pair in alike.items] if alike else [],
        "words": words,
    }


def _other(pair: Any, card: ClientDetails) -> tuple[Any, tuple[str, ...]]:
    return (pair.other if pair.one.id == card.id else pair.one), pair.reasons


async def change(request: PageRequest) -> Response:
    client_id = request.id("client_id")
    await request.send(request.form.message(ChangeClient, client_id=client_id))
    return request.go(f"/clients/{client_id}", said=request._("Saved"))


async def add_car(request: PageRequest) -> Response:
    client_id = request.id("client_id")
    car = await request.send(request.form.message(AddVehicle, client_id=client_id))
    said = request._("The car is entered")
    if "vin_check_digit" in car.warnings:
        said += ". " + request._(CHECK_DIGIT)
    return request.go(f"/vehicles/{car.id}", said=said)


async def tag(request: PageRequest) -> Response:
    """With a tag that there is, or with a new one."""
    client_id = request.id("client_id")
    form = request.form
    if form.get("name").strip():
        made = await request.send(form.message(CreateTag), "tag")
        await request.send(TagClient(client_id=client_id, tag_id=made.id))
    else:
        await request.send(form.message(TagClient, client_id=client_id))
    return request.go(f"/clients/{client_id}")


async def untag(request: PageRequest) -> Response:
    client_id = request.id("client_id")
    await request.send(UntagClient(client_id=client_id, tag_id=request.id("tag_id")))
    return request.go(f"/clients/{client_id}")


async def erase(request: PageRequest) -> Response:
    """Only for whoever has typed the name of the person who is to be forgotten."""
    client_id = request.id("client_id")
    card = await request.ask(GetClient(client_id=client_id))
    if request.form.get("confirmed").strip().casefold() != card.name.casefold():
        raise field_invalid("confirmed", "not_the_name")
    erased = await request.send(request.form.message(EraseClient, client_id=client_id))
    request.call.gateway.jobs.tidy_soon()
    said = request._("Erased: what was known of the person is gone, here they are %(name)s")
    return request.go(f"/clients/{client_id}", said=said % {"name": erased.name})


# --- messages ------------------------------------------------------------------------------------


async def messages(request: PageRequest) -> Response:
    client_id = request.id("client_id")
    about, sent = await gather(
        head(request), request.ask(request.reads(ListMessages, client_id=client_id))
    )
    return request.page("clients/messages.html", sent=sent, **about)


async def send_message(request: PageRequest) -> Response:
    client_id = request.id("client_id")
    await request.send(request.form.message(SendMessage, client_id=client_id))
    said = request._("The message is on its way")
    return request.go(f"/clients/{client_id}/messages", said=said)


PAGES = (
    show("/clients/{client_id}", client, needs=GetClient),
    act("/clients/{client_id}", change, needs=ChangeClient),
    act("/clients/{client_id}/cars", add_car, needs=AddVehicle),
    act("/clients/{client_id}/tags", tag, needs=TagClient),
    act("/clients/{client_id}/tags/{tag_id}/remove", untag, needs=UntagClient),
    act("/clients/{client_id}/erase", erase, needs=EraseClient),
    show("/clients/{client_id}/messages", messages, needs=ListMessages),
    act("/clients/{client_id}/messages", send_message, needs=SendMessage),
)
