"""Templates of messages to clients: when one goes out, by what channel, and what it says."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from services.gateway.pages.request import PageRequest
from services.gateway.pages.routing import act, show
from services.gateway.pages.settings.bonuses import wrong
from shared.contracts.messages import (
    ChangeMessageTemplate,
    CreateMessageTemplate,
    ListMessageTemplates,
    PreviewMessage,
)
from shared.refusals import Refused

LETTERS = "/settings/messages"


async def letters(request: PageRequest) -> Response:
    found = await request.ask(request.reads(ListMessageTemplates))
    return request.page("settings/letters.html", found=found)


async def new_letter(request: PageRequest) -> Response:
    return request.page("settings/letter.html", letter=None)


async def letter(request: PageRequest) -> Response:
    wanted = request.id("template_id")
    cursor: str | None = None
    while True:
        found = await request.ask(ListMessageTemplates(limit=200, cursor=cursor))
        for letter in found.items:
            if letter.id == wanted:
                return request.page("settings/letter.html", letter=letter)
        cursor = found.next
        if cursor is None:
            raise Refused("message_template_not_found", id=wanted)


async def create(request: PageRequest) -> Response:
    letter = await request.send(request.form.message(CreateMessageTemplate))
    return request.go(f"{LETTERS}/{letter.id}", said=request._("Saved"))


async def change(request: PageRequest) -> Response:
    template_id = request.id("template_id")
    await request.send(request.form.message(ChangeMessageTemplate, template_id=template_id))
    return request.go(f"{LETTERS}/{template_id}", said=request._("Saved"))


async def preview(request: PageRequest) -> Response:
    """What is being written, in one language, as the sample order's client would get it."""
    language = request.call.path_params["language"]
    if language not in ("ru", "en"):
        raise Refused("not_found")
    text = request.query[f"{language}.text"].strip()
    if not text:
        return request.page("settings/letter_preview.html", preview=None, said=None)
    asked: dict[str, Any] = {
        "language": language,
        "channel": request.query["channel"] or "sms",
        "text": text,
        "email_subject": request.query[f"{language}.subject"] or None,
        "condition": request.query["condition"] or None,
    }
    if asked["channel"] == "sms":
        asked["email_subject"] = None
    try:
        made = await request.ask(PreviewMessage(**asked))
    except Refused as refusal:
        said = wrong(refusal, request.language)
        return request.page("settings/letter_preview.html", preview=None, said=said)
    return request.page("settings/letter_preview.html", preview=made, said=None)


PAGES = (
    show(LETTERS, letters, needs=ListMessageTemplates),
    show(LETTERS + "/new", new_letter, needs=CreateMessageTemplate),
    show(LETTERS + "/preview/{language}", preview, needs=PreviewMessage),
    act(LETTERS, create, needs=CreateMessageTemplate),
    show(LETTERS + "/{template_id}", letter, needs=ChangeMessageTemplate),
    act(LETTERS + "/{template_id}", change, needs=ChangeMessageTemplate),
)
