"""Print forms: to look at, to print, to edit."""

from __future__ import annotations

import re
from urllib.parse import quote

from starlette.responses import Response

from services.gateway.api import Area, Endpoint, get, patch, post, put
from services.gateway.call import Call, accepted
from services.gateway.exports.sheets import JSON
from services.gateway.reading import parsed
from shared.contracts.base import reply_type
from shared.contracts.forms import (
    ChangeFormLook,
    FormDocument,
    FormFormat,
    GetFormLook,
    GetFormTemplate,
    ListForms,
    ListFormVersions,
    PreviewForm,
    PrintForm,
    RestoreFormTemplate,
    SaveFormTemplate,
)
from shared.contracts.statements import PrintStatement
from shared.refusals import Refused

PDF = "application/pdf"
HTML = "text/html"
_FORMATS: dict[str, FormFormat] = {PDF: "pdf", HTML: "html"}
NOTHING: frozenset[str] = frozenset()


async def print_form(call: Call, endpoint: Endpoint) -> Response:
    """As ``?format=`` says, else as ``Accept`` does; to whoever takes anything, as JSON."""
    await call.allowed(endpoint.message)
    assert endpoint.reading is not None
    question = await endpoint.reading.read(call)
    assert isinstance(question, PrintForm | PrintStatement)
    call.order_id = getattr(question, "order_id", None)
    as_file = "format" in question.model_fields_set
    if not as_file and (media_type := _best(call.header(b"accept") or "*/*")) != JSON:
        as_file = True
        question = question.model_copy(update={"format": _FORMATS[media_type]})
    return await _answered(call, question, as_file=as_file)


async def preview_form(call: Call, _: Endpoint) -> Response:
    """A question, but its draft is too long for an address."""
    await call.allowed(PreviewForm)
    call.query(NOTHING)
    question = parsed(PreviewForm, await call.json())
    return await _answered(call, question, as_file=True)


async def _answered(
    call: Call, question: PrintForm | PrintStatement | PreviewForm, *, as_file: bool
) -> Response:
    body = question.model_dump_json(exclude_unset=True).encode()
    reply = await call.send(type(question).subject, body)
    if not as_file:
        return Response(reply, media_type=JSON)
    document = FormDocument.model_validate_json(reply)
    headers = {
        "Content-Disposition": disposition(document.file_name),
        "Content-Language": question.language,
        "Vary": "Accept",
    }
    if document.media_type.startswith(HTML):
        headers["Content-Security-Policy"] = paper_policy(document.style_hashes)
    return Response(document.content, headers=headers, media_type=document.media_type)


def _best(accept: str) -> str:
    """Raises ``not_acceptable``."""
    wishes = dict(accepted(accept))
    offered = (JSON, PDF, HTML)
    best = max(offered, key=lambda media_type: _wish(wishes, media_type))
    if _wish(wishes, best) == 0:
        raise Refused("not_acceptable", offered=", ".join(offered))
    return best


def _wish(wishes: dict[str, float], media_type: str) -> float:
    names = (media_type, media_type.split("/")[0] + "/*", "*/*")
    return next((wishes[name] for name in names if name in wishes), 0)


def paper_policy(style_hashes: tuple[str, ...]) -> str:
    """The paper may show what it carries in itself, and nothing else happens: no script, no
    request, no form; only our own pages may frame it. Hashes let in its own styles alone."""
    styles = " ".join(f"'{each}'" for each in style_hashes) or "'none'"
    return (
        f"sandbox; default-src 'none'; img-src data:; font-src data:; "
        f"style-src 'unsafe-hashes' {styles}; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'self'"
    )


def disposition(file_name: str) -> str:
    """Shown in the browser; saved, it has its name, also in Cyrillic (RFC 6266)."""
    plain = re.sub(r"[^\x20-\x7e]|[\"\\%]", "_", file_name)
    return f"inline; filename=\"{plain}\"; filename*=UTF-8''{quote(file_name, safe='')}"


_FORM = "/forms/{form}"
_AS_FILE = (
    "`?format=pdf` or `html` answers the file itself, as does an `Accept` that prefers "
    "`application/pdf` or `text/html`; JSON has the PDF in base64."
)
AREA = Area(
    "forms",
    "Print forms: papers of an order, their templates, the station's logo",
    (
        Endpoint(
            method="GET",
            path="/orders/{order_id}/forms/{form}",
            summary="An order as a paper",
            description=_AS_FILE,
            answer=print_form,
            message=PrintForm,
            reply=reply_type(PrintForm),
            media_types=(JSON, PDF, HTML),
        ),
        Endpoint(
            method="GET",
            path="/clients/{client_id}/statement/form",
            summary="A client's statement as a paper to sign",
            description=_AS_FILE,
            answer=print_form,
            message=PrintStatement,
            reply=reply_type(PrintStatement),
            media_types=(JSON, PDF, HTML),
        ),
        get("/forms", ListForms, "All forms, and which template each has"),
        Endpoint(
            method="POST",
            path="/forms/preview",
            summary="Try a draft of a template",
            description=(
                "Answers the paper as HTML, or as PDF with `format`; nothing is saved. "
                "For administrator and owner."
            ),
            answer=preview_form,
            body=PreviewForm,
            media_types=(HTML, PDF),
        ),
        get("/forms/look", GetFormLook, "Logo and colour"),
        patch("/forms/look", ChangeFormLook, "Change logo or colour"),
        get(f"{_FORM}/template", GetFormTemplate, "A form's template, now or earlier"),
        put(f"{_FORM}/template", SaveFormTemplate, "Save a new version of it"),
        get(f"{_FORM}/versions", ListFormVersions, "All its versions"),
        post(f"{_FORM}/restore", RestoreFormTemplate, "Bring a version back", status=200),
    ),
)
