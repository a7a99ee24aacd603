"""Signing in and out."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import pydantic_core
from pydantic import Field, StringConstraints
from starlette.responses import Response

from services.gateway.api import Area, Endpoint
from services.gateway.call import Call, cookie_name
from services.gateway.exports.sheets import JSON
from services.gateway.person import Person
from services.gateway.reading import parsed
from shared.contracts.base import Message, Name, View
from shared.messaging.inbox import fingerprint
from shared.refusals import Refused

NOTHING: frozenset[str] = frozenset()

NewPassword = Annotated[str, StringConstraints(min_length=8, max_length=200)]
Password = Annotated[str, StringConstraints(max_length=200)]
Code = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)]


class SignIn(Message):
    """Who one says one is."""

    login: Name
    password: Password = Field(repr=False)
    code: Code | None = Field(None, repr=False)
    """Of the second factor, or a recovery code, for whoever has turned it on."""


class ChangePassword(Message):
    """``new`` has at least eight characters."""

    old: Password = Field(repr=False)
    new: NewPassword = Field(repr=False)


class PersonView(View):
    """Whoever is signed in; ``session_id`` is null and ``token`` is its name for a program."""

    id: UUID
    login: str
    name: str
    role: str
    must_change_password: bool
    session_id: UUID | None
    token: str | None
    scopes: tuple[str, ...] | None


class SignedInView(View):
    token: str
    """For the header ``Authorization: Bearer …``; good for twelve hours after its last use."""
    user: PersonView


class SessionView(View):
    user: PersonView


async def sign_in(call: Call, _: Endpoint) -> Response:
    call.query(NOTHING)
    said = parsed(SignIn, await call.json())
    # A page elsewhere must not sign a browser in under a name of its choice.
    if call.from_elsewhere:
        raise Refused("cross_site_request")
    token, person = await call.gateway.sessions.sign_in(call, said.login, said.password, said.code)
    response = _json({"token": token, "user": _user(person)})
    keep(call, response, token)
    return response


def keep(call: Call, response: Response, token: str) -> None:
    """The session's cookie, which no script and no other site gets to see."""
    response.set_cookie(
        cookie_name(call.secure),
        token,
        path="/",
        secure=call.secure,
        httponly=True,
        samesite="strict",
    )


def forget(call: Call, response: Response) -> None:
    response.delete_cookie(
        cookie_name(call.secure), path="/", secure=call.secure, httponly=True, samesite="strict"
    )


async def sign_out(call: Call, _: Endpoint) -> Response:
    call.query(NOTHING)
    token, by_cookie = call.token()
    if by_cookie and not call.same_site:
        raise Refused("cross_site_request")
    if token:
        await call.gateway.sessions.sign_out(call, token)
    response = Response(status_code=204)
    forget(call, response)
    return response


async def who_am_i(call: Call, _: Endpoint) -> Response:
    call.query(NOTHING)
    return _json({"user": _user(await call.signed_in())})


async def change_password(call: Call, endpoint: Endpoint) -> Response:
    call.query(NOTHING)
    person = await call.in_person()
    key = call.idempotency_key()
    said = parsed(ChangePassword, await call.json())
    # The address alone: not even a hash of the passwords is kept.
    await call.gateway.keys.claim(person.user_id, key, fingerprint(endpoint.path, b""))
    await call.gateway.sessions.change_password(call, person, said.old, said.new)
    return Response(status_code=204)


def _user(person: Person) -> dict[str, object]:
    return {
        "id": person.user_id,
        "login": person.login,
        "name": person.name,
        "role": person.role,
        "must_change_password": person.must_change_password,
        "session_id": person.session_id,
        "token": person.token,
        "scopes": person.scopes and sorted(person.scopes),
    }


def _json(value: object) -> Response:
    return Response(pydantic_core.to_json(value), media_type=JSON)


_PATH = "/session"
AREA = Area(
    "session",
    "Signing in and out",
    (
        Endpoint(
            method="POST",
            path=_PATH,
            summary="Sign in",
            description=(
                "Answers a token for programs and sets a cookie for pages. Failures are answered "
                "ever more slowly: 429 `sign_in_throttled` says when to try again. After 401 "
                "`totp_required` send the same with `code`."
            ),
            answer=sign_in,
            body=SignIn,
            reply=SignedInView,
            public=True,
        ),
        Endpoint(
            method="GET",
            path=_PATH,
            summary="Who is signed in",
            answer=who_am_i,
            reply=SessionView,
        ),
        Endpoint(
            method="DELETE",
            path=_PATH,
            summary="Sign out",
            description="Ends the session, if there is one, and clears the cookie.",
            answer=sign_out,
            status=204,
            public=True,
        ),
        Endpoint(
            method="POST",
            path=f"{_PATH}/password",
            summary="Choose another password",
            description="The other sessions of the same user end; tokens of programs stay.",
            answer=change_password,
            body=ChangePassword,
            status=204,
            keyed=True,
        ),
    ),
)
