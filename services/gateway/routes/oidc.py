"""Signing in with the station's OpenID Connect provider: there, and back again."""

from __future__ import annotations

from starlette.responses import HTMLResponse, RedirectResponse, Response

from services.gateway.api import PREFIX, Area, Endpoint
from services.gateway.call import Call, cookie_in, cookie_name
from services.gateway.pages.routing import present
from services.gateway.provider import BACK_WITHIN_S
from services.gateway.routes.session import NOTHING, keep

_PATH = "/session/oidc"
_BACK = f"{_PATH}/callback"
_COOKIE = "pitlane-oidc"
_SAID = frozenset({"code", "state", "error", "error_description", "error_uri", "iss"})
_SAID_BESIDE = frozenset({"session_state", "scope", "authuser", "hd", "prompt"})
"""What some providers add, and nobody here reads."""
# Nothing that comes from another site brings the session's cookie along, not even a redirect;
# what our own page leads to does.
_ARRIVED = (
    '<!doctype html><meta charset="utf-8"><title>Pitlane</title>'
    '<meta http-equiv="refresh" content="0;url=/"><a href="/">Pitlane</a>'
)


async def go_to_provider(call: Call, _: Endpoint) -> Response:
    _for_people(call)
    call.query(NOTHING)
    scheme = "https" if call.secure else "http"
    back_to = f"{scheme}://{call.header(b'host')}{PREFIX}{_BACK}"
    departure = await call.gateway.provider.depart(back_to)
    response = RedirectResponse(departure.url, 303)
    response.set_cookie(
        cookie_name(call.secure, _COOKIE),
        departure.luggage,
        max_age=BACK_WITHIN_S,
        path="/",
        secure=call.secure,
        httponly=True,
        # The provider's redirect comes from elsewhere, and has to bring it.
        samesite="lax",
    )
    return response


async def come_from_provider(call: Call, _: Endpoint) -> Response:
    _for_people(call)
    said = call.query(_SAID | _SAID_BESIDE)
    name = cookie_name(call.secure, _COOKIE)
    luggage = cookie_in(call.header(b"cookie") or "", name)
    login = await call.gateway.provider.arrive(luggage, said)
    token, _person = await call.gateway.sessions.sign_in_as(call, login)
    response = HTMLResponse(_ARRIVED)
    keep(call, response, token)
    response.delete_cookie(name, path="/", secure=call.secure, httponly=True, samesite="lax")
    return response


def _for_people(call: Call) -> None:
    """Browsers come here by a link: a no is a page, where a page is asked for."""
    if "text/html" in (call.header(b"accept") or ""):
        call.presents = present


AREA = Area(
    "provider",
    "Signing in with an OpenID Connect provider, where the station has one",
    (
        Endpoint(
            method="GET",
            path=_PATH,
            summary="Sign in with the provider",
            description=(
                "For browsers: leads to the provider (authorization code with PKCE). Whoever the "
                "provider names must be a user here. 404 `oidc_off` where there is none."
            ),
            answer=go_to_provider,
            status=303,
            public=True,
            media_types=(),
        ),
        Endpoint(
            method="GET",
            path=_BACK,
            summary="Back from the provider",
            description="Sets the session's cookie and leads on to the pages.",
            answer=come_from_provider,
            public=True,
            media_types=("text/html",),
        ),
    ),
)
