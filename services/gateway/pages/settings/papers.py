"""Print forms: how they look, and their templates, edited beside the paper that they make."""

from __future__ import annotations

import asyncio
from base64 import b64encode
from typing import Any, Literal

from starlette.responses import Response

from services.gateway.pages import rendering
from services.gateway.pages.names import people_named
from services.gateway.pages.request import PageRequest
from services.gateway.pages.routing import act, show
from services.gateway.pages.settings.bonuses import wrong
from services.gateway.routes.forms import HTML, paper_policy
from shared.contracts.forms import (
    MAX_LOGO_BYTES,
    ChangeFormLook,
    FormView,
    GetFormLook,
    GetFormTemplate,
    ListForms,
    ListFormVersions,
    PreviewForm,
    RestoreFormTemplate,
    SaveFormTemplate,
)
from shared.refusals import Refused

PAPERS = "/settings/forms"
_ONE = PAPERS + "/{form}/{language}"
LINES_AROUND = 2
"""Shown before and after a wrong line."""
FRAMED_POLICY = rendering.POLICY.replace("frame-ancestors 'none'", "frame-ancestors 'self'")


async def papers(request: PageRequest) -> Response:
    found, look = await asyncio.gather(request.ask(ListForms()), request.ask(GetFormLook()))
    authors = (state.author for form in found.items for state in form.templates if state.author)
    return request.page(
        "settings/papers.html",
        forms=found.items,
        look=look,
        people=await people_named(request, authors),
    )


async def change_look(request: PageRequest) -> Response:
    """A logo is kept, unless it is to go."""
    form = request.form
    logo: dict[str, Any] = {"logo": None} if form.get("remove_logo") == "true" else {}
    await request.send(form.message(ChangeFormLook, **logo))
    return request.go(PAPERS, said=request._("Saved"))


async def change_logo(request: PageRequest) -> Response:
    """The picture as it was chosen; documents makes its own of it."""
    assert request.file
    with request.file.file as file:
        file.seek(0)
        content = b64encode(file.read(MAX_LOGO_BYTES + 1)).decode()
    await request.send(request.form.message(ChangeFormLook, logo=content))
    return request.go(PAPERS, said=request._("Saved"))


async def paper(request: PageRequest) -> Response:
    """Its template as it is, or an earlier version to look at."""
    form, language = _path(request)
    named = {"form": form, "language": language}
    found, current, shown, versions = await asyncio.gather(
        request.ask(ListForms()),
        request.ask(GetFormTemplate.model_validate(named)),
        request.ask(request.reads(GetFormTemplate, **named)),
        request.ask(request.reads(ListFormVersions, **named)),
    )
    about: FormView = next(each for each in found.items if each.code == form)
    return request.page(
        "settings/paper.html",
        about=about,
        current=current,
        shown=shown,
        versions=versions,
        people=await people_named(request, (each.author for each in versions.items if each.author)),
    )


async def save(request: PageRequest) -> Response:
    form, language = _path(request)
    await request.send(request.form.message(SaveFormTemplate, form=form, language=language))
    return request.go(f"{PAPERS}/{form}/{language}", said=request._("Saved"))


async def restore(request: PageRequest) -> Response:
    form, language = _path(request)
    await request.send(request.form.message(RestoreFormTemplate, form=form, language=language))
    return request.go(f"{PAPERS}/{form}/{language}", said=request._("The version is back"))


async def preview(request: PageRequest) -> Response:
    """The draft as a paper, for a frame beside it; what is wrong is told there, at its line."""
    form, language = _path(request)
    draft = request.form.get("template")
    try:
        question = request.form.message(PreviewForm, form=form, language=language)
        document = await request.ask(question)
    except Refused as refusal:
        return _problem(request, refusal, draft)
    headers = {"Cache-Control": "no-store"}
    if document.media_type.startswith(HTML):
        headers["Content-Security-Policy"] = paper_policy(document.style_hashes)
    return Response(document.content, headers=headers, media_type=document.media_type)


def _problem(request: PageRequest, refusal: Refused, draft: str) -> Response:
    line, text = None, refusal.words(request.language)
    if refusal.code == "formula_invalid":
        said = wrong(refusal, request.language)
        line, text = said.line, said.text
    lines = draft.splitlines()
    around = (
        [
            (number, lines[number - 1])
            for number in range(line - LINES_AROUND, line + LINES_AROUND + 1)
            if 1 <= number <= len(lines)
        ]
        if line
        else []
    )
    return rendering.page(
        "settings/paper_problem.html",
        request.language,
        headers={"Content-Security-Policy": FRAMED_POLICY},
        line=line,
        text=text,
        around=around,
    )


def _path(request: PageRequest) -> tuple[str, Literal["ru", "en"]]:
    params = request.call.path_params
    match params["language"]:
        case "ru":
            return params["form"], "ru"
        case "en":
            return params["form"], "en"
    raise Refused("not_found")


PAGES = (
    show(PAPERS, papers, needs=GetFormLook),
    act(PAPERS + "/look", change_look, needs=ChangeFormLook),
    act(PAPERS + "/logo", change_logo, needs=ChangeFormLook, takes_file=True),
    show(_ONE, paper, needs=SaveFormTemplate),
    act(_ONE, save, needs=SaveFormTemplate),
    act(_ONE + "/preview", preview, needs=PreviewForm),
    act(_ONE + "/restore", restore, needs=RestoreFormTemplate),
)
