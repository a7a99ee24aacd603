"""Signing in with an OpenID Connect provider: authorization code with PKCE.

The provider says who somebody is; whether and as what they may come in, the table of users says.
What the way there and back must agree on (state, nonce, verifier) is sealed in a cookie of the
browser that began it.
"""

from __future__ import annotations

import hmac
from dataclasses import dataclass
from typing import Any

import httpx
import pydantic_core
import structlog
from authlib.common.errors import AuthlibBaseError
from cryptography.fernet import InvalidToken
from joserfc.errors import JoseError

from services.gateway.sealing import opened, sealed
from shared.refusals import Refused
from shared.settings import ServiceSettings

log = structlog.get_logger(__name__)

DISCOVERY = "/.well-known/openid-configuration"
BACK_WITHIN_S = 600
TIMEOUT_S = 10
ALGORITHMS = ("RS256", "PS256", "ES256", "RS384", "PS384", "ES384", "RS512", "PS512", "ES512")
"""Signed with the provider's own key. Never ``none``, nor with a secret that clients share."""


@dataclass(frozen=True, slots=True)
class Departure:
    """Where the browser goes, and what it must bring back."""

    url: str
    luggage: str


class Provider:
    """The station's provider, if it has one."""

    def __init__(self, settings: ServiceSettings) -> None:
        self._settings = settings
        self._app = _app(settings) if settings.oidc_issuer else None

    async def depart(self, back_to: str) -> Departure:
        """Raises ``oidc_off``, ``oidc_failed``."""
        app = await self._ready()
        try:
            begun = await app.create_authorization_url(back_to)
        except _FAILURES as error:
            raise _failed(error) from error
        kept = {name: begun[name] for name in ("state", "nonce", "code_verifier")}
        luggage = pydantic_core.to_json({**kept, "redirect_uri": back_to}).decode()
        return Departure(begun["url"], sealed(self._settings, luggage))

    async def arrive(self, luggage: str | None, said: dict[str, str]) -> str:
        """The login that the provider vouches for. Raises ``oidc_off``, ``oidc_failed``."""
        app = await self._ready()
        kept = self._kept(luggage)
        if not hmac.compare_digest(said.get("state", "").encode(), kept.pop("state").encode()):
            raise _failed("state")
        if "code" not in said:
            raise _failed(said.get("error", "no code"))
        nonce = kept.pop("nonce")
        try:
            token = await app.fetch_access_token(code=said["code"], **kept)
            claims = await app.parse_id_token(token, nonce=nonce)
            if claims is None:
                raise _failed("no id token")
            if self._settings.oidc_claim not in claims and app.server_metadata.get(
                "userinfo_endpoint"
            ):
                told = await app.userinfo(token=token)
                if told.get("sub") != claims["sub"]:
                    raise _failed("another subject")
                claims = {**claims, **told}
        except _FAILURES as error:
            raise _failed(error) from error
        return self._login(claims)

    def _login(self, claims: dict[str, Any]) -> str:
        claim = self._settings.oidc_claim
        login = claims.get(claim)
        if not isinstance(login, str) or not login.strip():
            raise _failed(f"no {claim}")
        # Anybody may write anybody's address into an account of their own.
        if claim == "email" and claims.get("email_verified") is not True:
            raise _failed("email not verified")
        return login

    def _kept(self, luggage: str | None) -> dict[str, str]:
        try:
            kept: dict[str, str] = pydantic_core.from_json(
                opened(self._settings, luggage or "", within_s=BACK_WITHIN_S)
            )
        except (InvalidToken, ValueError):  # or it was sealed for something else
            raise _failed("no luggage") from None
        return kept

    async def _ready(self) -> Any:
        """With what the provider says of itself, asked for once it is needed."""
        app = self._app
        if app is None:
            raise Refused("oidc_off")
        if "_loaded_at" in app.server_metadata:
            return app
        try:
            told = await app.load_server_metadata()
        except _FAILURES as error:
            raise _failed(error) from error
        if told.get("issuer") != self._settings.oidc_issuer:
            app.server_metadata.clear()
            raise _failed("another issuer")
        offered = told.get("id_token_signing_alg_values_supported", ALGORITHMS)
        told["id_token_signing_alg_values_supported"] = [
            each for each in ALGORITHMS if each in offered
        ]
        return app


_FAILURES = (AuthlibBaseError, JoseError, httpx.HTTPError, ValueError, KeyError, RuntimeError)
"""What a provider's answer, or its absence, can come to."""


def _app(settings: ServiceSettings) -> Any:
    # Most stations have no provider, and need not load what it takes.
    from authlib.integrations.starlette_client import StarletteOAuth2App

    secret = settings.oidc_client_secret.get_secret_value()
    return StarletteOAuth2App(
        None,
        client_id=settings.oidc_client_id,
        client_secret=secret or None,
        server_metadata_url=settings.oidc_issuer.rstrip("/") + DISCOVERY,
        client_kwargs={
            "scope": "openid profile email",
            "code_challenge_method": "S256",
            "token_endpoint_auth_method": "client_secret_basic" if secret else "none",
            "timeout": TIMEOUT_S,
        },
    )


def _failed(why: object) -> Refused:
    """The reason is for the log: the browser's owner can do nothing with it."""
    log.warning("oidc_failed", why=why)
    return Refused("oidc_failed")
