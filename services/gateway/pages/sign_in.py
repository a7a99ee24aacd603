"""Signing in and out, at a page: a password, and a code where the user has a second factor."""

from __future__ import annotations

from starlette.responses import Response

from services.gateway.pages.request import PageRequest, own_path
from services.gateway.pages.routing import SIGN_IN, act, show
from services.gateway.problems import headers_of, status_of
from services.gateway.reading import parsed
from services.gateway.routes.session import SignIn, forget, keep
from shared.refusals import Refused


async def sign_in_page(request: PageRequest) -> Response:
    token, _ = request.call.token()
    if token and await request.call.gateway.sessions.person_of(token):
        return request.go(own_path(request.query.get("next")))
    return _form(request)


async def sign_in(request: PageRequest) -> Response:
    sessions = request.call.gateway.sessions
    note = request.form.get("note")
    try:
        if note:
            user = await sessions.noted(note)
        else:
            user = await sessions.proven(request.call, *_said(request))
            note = sessions.note_of(user)
    except Refused as refusal:
        return _form(request, refusal)
    try:
        token, _ = await sessions.enter(request.call, user, request.form.get("code") or None)
    except Refused as refusal:
        return _form(request, refusal, note if user.totp else "")
    response = request.go(own_path(request.form.get("next")))
    keep(request.call, response, token)
    return response


async def sign_out(request: PageRequest) -> Response:
    token, _ = request.call.token()
    if token:
        await request.call.gateway.sessions.sign_out(request.call, token)
    response = request.go(SIGN_IN)
    forget(request.call, response)
    return response


def _said(request: PageRequest) -> tuple[str, str]:
    """Login and password. What nobody can have is nobody's, and looked up nowhere: raises
    ``sign_in_failed``."""
    try:
        said = parsed(SignIn, {name: request.form.get(name) for name in ("login", "password")})
    except Refused:
        raise Refused("sign_in_failed") from None
    return said.login, said.password


def _form(request: PageRequest, refusal: Refused | None = None, note: str = "") -> Response:
    """With a ``note``, the code is asked for: that is the next step, and nothing went wrong."""
    status = status_of(refusal) if refusal else 200
    if refusal:
        request.call.code = refusal.code
    asks = refusal is None or refusal.code == "totp_required"
    settings = request.call.gateway.settings
    response = request.page(
        "sign_in.html",
        status=status,
        next=own_path(request.form.get("next") or request.query.get("next")),
        login=request.form.get("login"),
        note=note,
        provider=settings.oidc_name if settings.oidc_issuer else None,
        words=None if asks or refusal is None else refusal.words(request.language),
    )
    if refusal:
        response.headers.update(headers_of(refusal, status))
    return response


PAGES = (
    show(SIGN_IN, sign_in_page, public=True),
    act(SIGN_IN, sign_in, public=True),
    act("/sign-out", sign_out),
)
