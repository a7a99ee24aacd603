"""``/e/<token>``: a client looks at an order on a phone: how far it is, what it costs, what they
are asked. They accept or decline its jobs, and take its papers home when it is done.

Nobody signs in here: whoever has the link is the client. No cookie is set or read, so no other
page can make a browser answer: it would have to know the token, and what is shown behind it. The
token is a secret: it stands in no log, and ``no-referrer`` keeps the browser from telling it.
"""

from __future__ import annotations

from base64 import urlsafe_b64decode
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import get_args
from urllib.parse import parse_qsl, urlencode
from uuid import UUID

import structlog
from pydantic import ValidationError
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from services.gateway import failures
from services.gateway.call import SECRET_PATH, Call
from services.gateway.pages.rendering import LANGUAGES, page
from services.gateway.problems import headers_of, status_of
from services.gateway.routes.forms import disposition
from services.gateway.throttling import link, seconds_to_wait
from shared.contracts.approvals import AnswerEstimate, ShowEstimate
from shared.contracts.base import Question
from shared.contracts.forms import ClientForm, PrintByLink
from shared.contracts.photos import ClientPhoto, ShowClientPhoto, ShowClientPhotos
from shared.messaging.client import read_reply
from shared.messaging.envelope import Actor
from shared.messaging.outages import is_outage
from shared.refusals import Kind, Refused
from shared.roles import CLIENT

log = structlog.get_logger(__name__)

MAX_FIELDS = 250
NOTICES = frozenset({"approved", "declined", "changed", "begun", "call"})
_NOTICE_OF = {
    "estimate_changed": "changed",
    "order_closed": "changed",
    "line_not_found": "changed",
    "work_under_way": "begun",
    "line_issued": "begun",
}
"""What the client is told of a refusal; of any other, to call the station."""


_NOTHING_HERE = frozenset({"estimate_link_invalid", "form_not_found", "photo_not_found"})


def estimate_routes() -> list[BaseRoute]:
    return [
        Route(SECRET_PATH + "{token}", _estimate, methods=["GET", "POST"]),
        Route(SECRET_PATH + "{token}/{form}", _paper, methods=["GET"]),
        Route(SECRET_PATH + "{token}/photos/{photo_id}", _photo, methods=["GET"]),
        Route(SECRET_PATH + "{token}/photos/{photo_id}/small", _small_photo, methods=["GET"]),
    ]


async def _estimate(request: Request) -> Response:
    call, token, asked, language = _opened(request)
    try:
        estimate = await _asked(call, ShowEstimate, token=token)
        if call.method == "POST":
            return await _answer(call, token, language)
    except Exception as error:
        return _sorry(call, error, language)
    return page(
        "estimate.html",
        language,
        estimate=estimate,
        photos=await _photos(call, token),
        papers=get_args(ClientForm) if estimate.stage in ("ready", "given_out") else (),
        notice=asked.get("said") if asked.get("said") in NOTICES else None,
        zone=call.gateway.settings.zone,
        path=SECRET_PATH + token,
    )


async def _paper(request: Request) -> Response:
    """A paper of the order, as PDF."""
    call, token, _, language = _opened(request)
    form = request.path_params["form"]
    try:
        document = await _asked(call, PrintByLink, token=token, form=form, language=language)
    except Exception as error:
        return _sorry(call, error, language)
    return Response(
        document.content,
        media_type=document.media_type,
        headers={
            "Cache-Control": "no-store",
            "Content-Disposition": disposition(document.file_name),
            "Referrer-Policy": "no-referrer",
            "X-Robots-Tag": "noindex, nofollow",
        },
    )


async def _photo(request: Request) -> Response:
    return await _picture(request, small=False)


async def _small_photo(request: Request) -> Response:
    return await _picture(request, small=True)


async def _picture(request: Request, *, small: bool) -> Response:
    """A photo that is meant for the client; any other is as one that is not there."""
    call, token, _, language = _opened(request)
    photo_id = request.path_params["photo_id"]
    try:
        picture = await _asked(
            call, ShowClientPhoto, token=token, photo_id=photo_id, small=str(small)
        )
    except Exception as error:
        return _sorry(call, error, language)
    return Response(
        picture.content,
        media_type="image/jpeg",
        headers={
            "Cache-Control": "private, max-age=600",
            "Referrer-Policy": "no-referrer",
            "X-Robots-Tag": "noindex, nofollow",
        },
    )


async def _photos(call: Call, token: str) -> Sequence[ClientPhoto]:
    """The estimate is shown without them while the service that has them is away."""
    try:
        return (await _asked(call, ShowClientPhotos, token=token)).items
    except Refused as refusal:
        log.warning("estimate_without_photos", code=refusal.code)
        return ()


def _opened(request: Request) -> tuple[Call, str, dict[str, str], str]:
    """Who has opened a link, what they ask, and in which language."""
    call = Call.of(request.scope)
    call.found(SECRET_PATH + "{token}", {})
    token: str = request.path_params["token"]
    call.actor = Actor(_name_of(token), CLIENT)
    asked = dict(parse_qsl(request.scope["query_string"].decode(errors="replace")))
    language = asked["lang"] if asked.get("lang") in LANGUAGES else call.language
    return call, token, asked, language


async def _asked[ReplyT](call: Call, question: type[Question[ReplyT]], **fields: str) -> ReplyT:
    """What the link's owner may see. Raises ``estimate_link_invalid``, after some of them
    ``link_throttled``."""
    engine = call.gateway.engine
    subjects = [link(call.address)]
    known = await failures.known(engine, subjects)
    if seconds := seconds_to_wait(known, datetime.now(UTC)):
        raise Refused("link_throttled", seconds=seconds)
    try:
        try:
            message = question(**fields)
        except ValidationError:
            raise Refused("estimate_link_invalid") from None
        reply = await call.send(question.subject, message.model_dump_json().encode())
    except Refused as refusal:
        if refusal.code == "estimate_link_invalid":
            await failures.count(engine, subjects)
        raise
    view: ReplyT = read_reply(question, reply)
    return view


async def _answer(call: Call, token: str, language: str) -> Response:
    """Sends the answer on, and leads back to the estimate, where a reload repeats nothing."""
    query = urlencode({"lang": language, "said": await _said(call, token, await call.body())})
    return RedirectResponse(
        f"{SECRET_PATH}{token}?{query}",
        303,
        {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"},
    )


async def _said(call: Call, token: str, form: bytes) -> str:
    """What the client is told of the answer. Raises ``Refused`` where there is nothing to show."""
    try:
        fields = parse_qsl(form.decode(errors="replace"), max_num_fields=MAX_FIELDS)
        said = dict(fields)
        lines = [value for name, value in fields if name == "line"]
        command = AnswerEstimate.model_validate(
            {
                "token": token,
                "version": said.get("version"),
                "lines": lines,
                "to": said.get("to"),
            }
        )
    except ValueError:  # not what our form sends; a validation error is one too
        return "changed"
    try:
        await call.send(command.subject, command.model_dump_json().encode())
    except Refused as refusal:
        if refusal.code not in _NOTICE_OF and refusal.reason.kind is not Kind.CONFLICT:
            raise
        call.code = refusal.code
        return _NOTICE_OF.get(refusal.code, "call")
    return command.to


def _sorry(call: Call, error: Exception, language: str) -> Response:
    """What people see where there is nothing to show. What nobody expects is raised again."""
    if not isinstance(error, Refused):
        if not is_outage(error):
            raise error
        log.warning("estimate_unavailable", error=error)
        error = Refused("service_unavailable", service="gateway")
    else:
        call.code = error.code
    if error.code in _NOTHING_HERE:
        return page("gone.html", language, status=404)
    status = status_of(error)
    return page("later.html", language, status=status, headers=headers_of(error, status))


def _name_of(token: str) -> str:
    """Who acts, as the audit shows it: the link, by its id, which is no secret without its
    signature. Whether there is such a link, orders says."""
    value = token.partition(".")[0]
    try:
        return f"client link {UUID(bytes=urlsafe_b64decode(value[:22] + '=='))}"
    except ValueError:
        return "client link"
