"""A small OpenID Connect provider on loopback: real HTTP, real signatures, and whatever a test
wants to go wrong."""

from __future__ import annotations

import asyncio
import secrets
import socket
from base64 import b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from time import time
from typing import Any

import uvicorn
from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from services.gateway.app import SERVED

CLIENT_ID, CLIENT_SECRET = "pitlane", "between-the-two-of-us"


class TestProvider:
    """Lets in whoever is in ``claims``, without a question."""

    __test__ = False

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self.claims: dict[str, Any] = {"sub": "1", "preferred_username": "anna"}
        self.in_token: dict[str, Any] = {}
        """Said in the ID token otherwise than it should be."""
        self.told_issuer = issuer
        self.algorithms = ["RS256", "HS256", "none"]
        self.signs_with_client_secret = False
        self.userinfo: dict[str, Any] = {}
        self.key = RSAKey.generate_key(2048, {"kid": "first"}, private=True)
        self.redeemed: list[str] = []
        self._codes: dict[str, dict[str, str]] = {}
        self.app = Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self._discovery),
                Route("/keys", self._keys),
                Route("/authorize", self._authorize),
                Route("/token", self._token, methods=["POST"]),
                Route("/userinfo", self._userinfo),
            ]
        )

    def roll_key(self) -> None:
        self.key = RSAKey.generate_key(2048, {"kid": secrets.token_hex(4)}, private=True)

    async def _discovery(self, _: Request) -> Response:
        return JSONResponse(
            {
                "issuer": self.told_issuer,
                "authorization_endpoint": f"{self.issuer}/authorize",
                "token_endpoint": f"{self.issuer}/token",
                "userinfo_endpoint": f"{self.issuer}/userinfo",
                "jwks_uri": f"{self.issuer}/keys",
                "id_token_signing_alg_values_supported": self.algorithms,
            }
        )

    async def _keys(self, _: Request) -> Response:
        return JSONResponse({"keys": [self.key.as_dict(private=False)]})

    async def _authorize(self, request: Request) -> Response:
        asked = dict(request.query_params)
        assert asked["response_type"] == "code"
        assert asked["client_id"] == CLIENT_ID
        assert asked["code_challenge_method"] == "S256"
        assert "openid" in asked["scope"].split()
        code = secrets.token_urlsafe(16)
        self._codes[code] = asked
        return RedirectResponse(f"{asked['redirect_uri']}?code={code}&state={asked['state']}")

    async def _token(self, request: Request) -> Response:
        said = {name: str(value) for name, value in (await request.form()).items()}
        name, _, secret = (
            b64decode(request.headers["authorization"].split()[1]).decode().partition(":")
        )
        begun = self._codes.pop(said["code"], None)
        digest = sha256(said.get("code_verifier", "").encode()).digest()
        challenge = urlsafe_b64encode(digest).decode().rstrip("=")
        if (
            begun is None
            or (name, secret) != (CLIENT_ID, CLIENT_SECRET)
            or challenge != begun["code_challenge"]
            or said["redirect_uri"] != begun["redirect_uri"]
        ):
            return JSONResponse({"error": "invalid_grant"}, 400)
        self.redeemed.append(said["code"])
        return JSONResponse(
            {
                "access_token": "of no use here",
                "token_type": "Bearer",
                "id_token": self._id_token(begun["nonce"]),
            }
        )

    async def _userinfo(self, request: Request) -> Response:
        assert request.headers["authorization"] == "Bearer of no use here"
        return JSONResponse(self.userinfo)

    def _id_token(self, nonce: str) -> str:
        now = int(time())
        said = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "iat": now,
            "exp": now + 300,
            "nonce": nonce,
            **self.claims,
            **self.in_token,
        }
        if self.signs_with_client_secret:
            return jwt.encode({"alg": "HS256"}, said, OctKey.import_key(CLIENT_SECRET))
        return jwt.encode({"alg": "RS256", "kid": self.key.kid}, said, self.key)


@asynccontextmanager
async def running_provider() -> AsyncIterator[TestProvider]:
    listener = socket.create_server(("127.0.0.1", 0))
    host, port = listener.getsockname()[:2]
    provider = TestProvider(f"http://{host}:{port}")
    server = uvicorn.Server(uvicorn.Config(provider.app, lifespan="off", **SERVED))
    serving = asyncio.create_task(server.serve([listener]))
    try:
        yield provider
    finally:
        server.should_exit = True
        await serving
