"""Signing in and out."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

import pydantic_core
from pydantic import Field, StringConstraints
from starlette.responses import Response

from services.gateway.api import JSON, Area, Endpoint
from services.gateway.call import Call, cookie_name
from services.gateway.reading import parsed
from services.gateway.sessions import Person
from shared.contracts.base import Message, Name, View
from shared.messaging.inbox import fingerprint
from shared.refusals import Refused

NOTHING: frozenset[str] = frozenset()

NewPassword = Annotated[str, StringConstraints(min_length=8, max_length=200)]
Password = Annotated[str, StringConstraints(max_length=200)]


class SignIn(Message):
    """Who one says one is."""

    login: Name
    password: Password = Field(repr=False)


class ChangePassword(Message):
    """``new`` has at least eight characters."""

    old: Password = Field(repr=False)
    new: NewPassword = Field(repr=False)


class UserView(View):
    id: UUID
    login: str
    name: str
    role: str
    must_change_password: bool


class SignedInView(View):
    token: str
    """For the header ``Authorization: Bearer …``; good for twelve hours after its last use."""
    user: UserView


class SessionView(View):
    user: UserView


async def sign_in(call: Call, _: Endpoint) -> Response:
    call.query(NOTHING)
    said = parsed(SignIn, await call.json())
    # A page elsewhere must not sign a browser in under a name of its choice.
    if (call.header(b"origin") or call.header(b"sec-fetch-site")) and not call.same_site:
        raise Refused("cross_site_request")
    token, person = await call.gateway.sessions.sign_in(call, said.login, said.password)
    response = _json({"token": token, "user": _user(person)})
    response.set_cookie(
        cookie_name(call.secure),
        token,
        path="/",
        secure=call.secure,
        httponly=True,
        samesite="strict",
    )
    return response


async def sign_out(call: Call, _: Endpoint) -> Response:
    call.query(NOTHING)
    token, by_cookie = call.token()
    if by_cookie and not call.same_site:
        raise Refused("cross_site_request")
    if token:
        await call.gateway.sessions.sign_out(call, token)
    response = Response(status_code=204)
    response.delete_cookie(
        cookie_name(call.secure), path="/", secure=call.secure, httponly=True, samesite="strict"
    )
    return response


async def who_am_i(call: Call, _: Endpoint) -> Response:
    call.query(NOTHING)
    return _json({"user": _user(await call.signed_in())})


async def change_password(call: Call, endpoint: Endpoint) -> Response:
    call.query(NOTHING)
    person = await call.signed_in()
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
                "ever more slowly: 429 `sign_in_throttled` says when to try again."
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
            description="The other sessions of the same user end.",
            answer=change_password,
            body=ChangePassword,
            status=204,
            keyed=True,
        ),
    ),
)
