"""One's own profile: password, second factor, sessions, and tokens for programs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import segno
from starlette.responses import Response

from services.gateway.pages.request import PageRequest
from services.gateway.pages.routing import PASSWORD, act, show
from services.gateway.problems import field_invalid
from services.gateway.reading import parsed
from services.gateway.routes.session import ChangePassword
from services.gateway.routes.totp import BeginTotp, TotpCode
from services.gateway.sealing import opened
from shared.contracts.users import (
    CreateToken,
    EndSession,
    ListSessions,
    ListTokens,
    RevokeToken,
    Scope,
)

PROFILE = "/profile"
SCOPES: tuple[str, ...] = Scope.__args__  # type: ignore[attr-defined]
_USUAL_LIFE = timedelta(days=90)


async def profile(request: PageRequest) -> Response:
    person = request.signed_in
    totp_on, recovery_codes = await request.call.gateway.second_factor.state(person)
    return request.page(
        "profile/profile.html",
        sessions=await request.ask(ListSessions(limit=200)),
        tokens=await request.ask(ListTokens(limit=200)),
        totp_on=totp_on,
        recovery_codes=recovery_codes,
        scopes=SCOPES,
        ends=(datetime.now(request.zone) + _USUAL_LIFE).date(),
        now=datetime.now(UTC),
    )


# --- password -----------------------------------------------------------------------------------


async def password_page(request: PageRequest) -> Response:
    """Open to whoever has a one-time password only, too: nothing else is."""
    return request.page("profile/password.html", forced=request.signed_in.must_change_password)


async def change_password(request: PageRequest) -> Response:
    person = await request.call.in_person()
    said = parsed(ChangePassword, {"old": request.form.get("old"), "new": request.form.get("new")})
    if said.new != request.form.get("again"):
        raise field_invalid("again", "not_the_same_password")
    sessions = request.call.gateway.sessions
    await sessions.change_password(request.call, person, said.old, said.new)
    return request.go("/", said=request._("The password is changed"))


# --- second factor ------------------------------------------------------------------------------


async def begin_totp(request: PageRequest) -> Response:
    """Shows the secret as a code that a phone reads, and asks for what the phone shows then."""
    person = await request.call.in_person()
    said = parsed(BeginTotp, {"password": request.form.get("password")})
    begun = await request.call.gateway.second_factor.enrol(request.call, person, said.password)
    code = segno.make(begun.address, error="m")
    return request.page(
        "profile/totp.html",
        secret=begun.secret,
        # On white in the dark, too: cameras want it so.
        picture=code.svg_data_uri(scale=5, border=4, light="white", dark="black"),
    )


async def confirm_totp(request: PageRequest) -> Response:
    person = await request.call.in_person()
    said = parsed(TotpCode, {"code": request.form.get("code")})
    codes = await request.call.gateway.second_factor.confirm(request.call, person, said.code)
    return request.page("profile/recovery_codes.html", codes=codes)


async def renew_recovery_codes(request: PageRequest) -> Response:
    person = await request.call.in_person()
    said = parsed(TotpCode, {"code": request.form.get("code")})
    codes = await request.call.gateway.second_factor.renew_recovery_codes(
        request.call, person, said.code
    )
    return request.page("profile/recovery_codes.html", codes=codes)


async def turn_totp_off(request: PageRequest) -> Response:
    person = await request.call.in_person()
    said = parsed(TotpCode, {"code": request.form.get("code")})
    await request.call.gateway.second_factor.turn_off(request.call, person, said.code)
    return request.go(PROFILE, said=request._("The second factor is off"))


# --- sessions and tokens ------------------------------------------------------------------------


async def end_session(request: PageRequest) -> Response:
    await request.send(EndSession(session_id=request.id("session_id")))
    request.call.gateway.sessions.forget()
    return request.go(PROFILE, said=request._("The session is ended"))


async def create_token(request: PageRequest) -> Response:
    made = await request.send(request.form.message(CreateToken))
    token = opened(request.call.gateway.settings, made.token)
    return request.page("profile/token.html", details=made.details, token=token)


async def revoke_token(request: PageRequest) -> Response:
    await request.send(RevokeToken(token_id=request.id("token_id")))
    request.call.gateway.sessions.forget()
    return request.go(PROFILE, said=request._("The token is revoked"))


PAGES = (
    show(PROFILE, profile),
    show(PASSWORD, password_page, public=True),
    act(PASSWORD, change_password, public=True),
    act(f"{PROFILE}/totp", begin_totp),
    act(f"{PROFILE}/totp/confirm", confirm_totp),
    act(f"{PROFILE}/totp/recovery-codes", renew_recovery_codes),
    act(f"{PROFILE}/totp/off", turn_totp_off),
    act(f"{PROFILE}/sessions/{{session_id}}/end", end_session, needs=EndSession),
    act(f"{PROFILE}/tokens", create_token, needs=CreateToken),
    act(f"{PROFILE}/tokens/{{token_id}}/revoke", revoke_token, needs=RevokeToken),
)
