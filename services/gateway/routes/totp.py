"""The second factor of whoever is signed in."""

from __future__ import annotations

import pydantic_core
from pydantic import BaseModel, Field
from starlette.responses import Response

from services.gateway.api import Answer, Area, Endpoint
from services.gateway.call import Call
from services.gateway.exports.sheets import JSON
from services.gateway.person import Person
from services.gateway.reading import parsed
from services.gateway.routes.session import NOTHING, Code, Password
from shared.contracts.base import Message, View
from shared.messaging.inbox import fingerprint


class BeginTotp(Message):
    """The password once more, for whoever finds a screen that somebody left."""

    password: Password = Field(repr=False)


class TotpCode(Message):
    """Of the second factor, or a recovery code."""

    code: Code = Field(repr=False)


class TotpState(View):
    on: bool
    recovery_codes: int
    """How many are left."""


class TotpSecret(View):
    """``address``: what a QR code is made of for an authenticator app; ``secret``: to be typed."""

    secret: str = Field(repr=False)
    address: str = Field(repr=False)


class RecoveryCodes(View):
    """Told this once; each opens the door once when the second factor is lost."""

    codes: tuple[str, ...] = Field(repr=False)


async def totp_state(call: Call, _: Endpoint) -> Response:
    call.query(NOTHING)
    person = await call.in_person()
    on, left = await call.gateway.second_factor.state(person)
    return _json(TotpState(on=on, recovery_codes=left))


async def begin_totp(call: Call, endpoint: Endpoint) -> Response:
    person, said = await _said(call, endpoint, BeginTotp)
    begun = await call.gateway.second_factor.enrol(call, person, said.password)
    return _json(TotpSecret(secret=begun.secret, address=begun.address))


async def confirm_totp(call: Call, endpoint: Endpoint) -> Response:
    person, said = await _said(call, endpoint, TotpCode)
    codes = await call.gateway.second_factor.confirm(call, person, said.code)
    return _json(RecoveryCodes(codes=tuple(codes)))


async def renew_recovery_codes(call: Call, endpoint: Endpoint) -> Response:
    person, said = await _said(call, endpoint, TotpCode)
    codes = await call.gateway.second_factor.renew_recovery_codes(call, person, said.code)
    return _json(RecoveryCodes(codes=tuple(codes)))


async def turn_totp_off(call: Call, endpoint: Endpoint) -> Response:
    person, said = await _said(call, endpoint, TotpCode)
    await call.gateway.second_factor.turn_off(call, person, said.code)
    return Response(status_code=204)


async def _said[BodyT: BaseModel](
    call: Call, endpoint: Endpoint, body: type[BodyT]
) -> tuple[Person, BodyT]:
    call.query(NOTHING)
    person = await call.in_person()
    key = call.idempotency_key()
    said = parsed(body, await call.json())
    # The address alone: not even a hash of what proves somebody is kept.
    await call.gateway.keys.claim(person.user_id, key, fingerprint(endpoint.path, b""))
    return person, said


def _json(view: View) -> Response:
    return Response(pydantic_core.to_json(view), media_type=JSON)


def _post(
    path: str,
    summary: str,
    answer: Answer,
    body: type[BaseModel],
    reply: type[View] | None,
    description: str = "",
) -> Endpoint:
    return Endpoint(
        method="POST",
        path=path,
        summary=summary,
        description=description,
        answer=answer,
        body=body,
        reply=reply,
        status=200 if reply else 204,
        keyed=True,
    )


_PATH = "/session/totp"
AREA = Area(
    "second factor",
    "Codes of an authenticator app beside the password (RFC 6238)",
    (
        Endpoint(
            method="GET",
            path=_PATH,
            summary="Whether a second factor is on",
            answer=totp_state,
            reply=TotpState,
        ),
        _post(
            _PATH,
            "Begin with a secret",
            begin_totp,
            BeginTotp,
            TotpSecret,
            "It counts once it is confirmed; until then another one may be taken.",
        ),
        _post(
            f"{_PATH}/confirm",
            "Turn the second factor on",
            confirm_totp,
            TotpCode,
            RecoveryCodes,
            "With a code that the app shows. Sign-ins ask for codes from now on.",
        ),
        _post(
            f"{_PATH}/recovery-codes",
            "New recovery codes",
            renew_recovery_codes,
            TotpCode,
            RecoveryCodes,
            "The former ones open nothing any more.",
        ),
        _post(f"{_PATH}/off", "Turn the second factor off", turn_totp_off, TotpCode, None),
    ),
)
