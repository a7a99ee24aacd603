"""What is known of a person, as data or as a page to hand over; and that it is forgotten."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import pydantic_core
from starlette.responses import Response

from services.gateway.api import Endpoint, post, sent, shown
from services.gateway.call import Call
from services.gateway.exports.answers import FORMAT_FIELD
from services.gateway.exports.sheets import JSON
from services.gateway.pages.field_names import field_name
from services.gateway.pages.rendering import page
from shared.contracts.base import reply_type
from shared.contracts.client_data import EraseClient, GetPersonalData
from shared.refusals import Refused

HTML = "text/html"
FORMATS = ("json", "html")


async def personal_data(call: Call, endpoint: Endpoint) -> Response:
    """JSON, or with ``?format=html`` a page."""
    await call.allowed(GetPersonalData)
    assert endpoint.reading is not None
    chosen = call.query(FORMAT_FIELD).get("format", "json")
    if chosen not in FORMATS:
        raise Refused("not_acceptable", offered=", ".join(FORMATS))
    question = await endpoint.reading.read(call, FORMAT_FIELD)
    body = question.model_dump_json(exclude_unset=True).encode()
    reply = await call.send(GetPersonalData.subject, body)
    if chosen == "json":
        return shown(call, endpoint, reply)
    named = partial(field_name, language=call.language)
    known = pydantic_core.from_json(reply)
    return page("personal_data.html", call.language, data=known, named=named)


async def _erase(call: Call, endpoint: Endpoint) -> Response:
    """As any command, but tables that name the person are taken back in a moment."""
    reply = await sent(call, endpoint)
    call.gateway.jobs.tidy_soon()
    return shown(call, endpoint, reply)


ERASE = replace(
    post("/clients/{client_id}/erase", EraseClient, "Forget a person at their request", status=200),
    answer=_erase,
)
ENDPOINT = Endpoint(
    method="GET",
    path="/clients/{client_id}/personal-data",
    summary="Everything that is known of a person",
    answer=personal_data,
    message=GetPersonalData,
    reply=reply_type(GetPersonalData),
    media_types=(JSON, HTML),
)
