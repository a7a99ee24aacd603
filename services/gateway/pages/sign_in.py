"""Signing in and out, at a page."""

from __future__ import annotations

from starlette.responses import Response

from services.gateway.call import cookie_name
from services.gateway.pages.request import PageRequest, own_path
from services.gateway.pages.routing import SIGN_IN, act, show
from services.gateway.problems import headers_of, status_of
from shared.refusals import Refused


async def sign_in_page(request: PageRequest) -> Response:
    token, _ = request.call.token()
    if token and await request.call.gateway.sessions.person_of(token):
        return request.go(own_path(request.query.get("next")))
    return _form(request)


async def sign_in(request: PageRequest) -> Response:
    login, password = request.form.get("login").strip(), request.form.get("password")
    try:
        token, _ = await request.call.gateway.sessions.sign_in(request.call, login, password)
    except Refused as refusal:
        request.call.code = refusal.code
        return _form(request, refusal)
    response = request.go(own_path(request.form.get("next")))
    secure = request.call.secure
    response.set_cookie(
        cookie_name(secure), token, path="/", secure=secure, httponly=True, samesite="strict"
    )
    return response


async def sign_out(request: PageRequest) -> Response:
    token, _ = request.call.token()
    if token:
        await request.call.gateway.sessions.sign_out(request.call, token)
    response = request.go(SIGN_IN)
    secure = request.call.secure
    response.delete_cookie(
        cookie_name(secure), path="/", secure=secure, httponly=True, samesite="strict"
    )
    return response


def _form(request: PageRequest, refusal: Refused | None = None) -> Response:
    status = status_of(refusal) if refusal else 200
    response = request.page(
        "sign_in.html",
        status=status,
        next=own_path(request.form.get("next") or request.query.get("next")),
        login=request.form.get("login"),
        words=refusal.words(request.language) if refusal else None,
    )
    if refusal:
        response.headers.update(headers_of(refusal, status))
    return response


PAGES = (
    show(SIGN_IN, sign_in_page, public=True),
    act(SIGN_IN, sign_in, public=True),
    act("/sign-out", sign_out),
)
