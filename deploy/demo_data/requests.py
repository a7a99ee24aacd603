"""Requests to a station, sent until they are answered: the same key makes a thing only once."""

from __future__ import annotations

import asyncio
from typing import Any, Self

import httpx

from deploy.demo_data.steps import Body

PASSWORD = "demo"
CONNECTIONS = 32
ANSWER_TIMEOUT_S = 30.0
PATIENCE_S = 60.0
"""How long a station that is busy, or restarts a service, is asked again."""
FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 5.0
LATER = frozenset({429, 503})


class RequestFailed(Exception):
    """The station refused what should have worked, or did not answer. One line for a person."""


class Requests:
    """As several people at once, each signed in."""

    def __init__(self, base_url: str, key_prefix: str) -> None:
        self._key_prefix = key_prefix
        self._tokens: dict[str, str] = {}
        self._http = httpx.AsyncClient(
            base_url=f"{base_url.rstrip('/')}/api/v1",
            timeout=ANSWER_TIMEOUT_S,
            limits=httpx.Limits(max_connections=CONNECTIONS),
            # The station is on this machine, whatever proxy the environment names.
            trust_env=False,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def sign_in(self, *logins: str) -> None:
        for login in logins:
            answer = await self._send(
                "POST", "/session", {}, {"login": login, "password": PASSWORD}
            )
            self._tokens[login] = answer["token"]

    async def get(self, who: str, path: str) -> Body:
        return await self._send("GET", path, self._signed(who), {})

    async def post(self, who: str, path: str, key: str, /, **fields: Any) -> Body:
        """``key`` names what is made: one request with it has an effect, however often it is
        sent. What has no value is left out."""
        return await self._send("POST", path, self._signed(who, key), fields)

    async def put(self, who: str, path: str, key: str, /, **fields: Any) -> Body:
        return await self._send("PUT", path, self._signed(who, key), fields)

    async def patch(self, who: str, path: str, key: str, /, **fields: Any) -> Body:
        return await self._send("PATCH", path, self._signed(who, key), fields)

    def _signed(self, who: str, key: str | None = None) -> dict[str, str]:
        headers = {"Authorization": f"Bearer {self._tokens[who]}"}
        if key is not None:
            headers["Idempotency-Key"] = f"{self._key_prefix}:{key}"
        return headers

    async def _send(self, method: str, path: str, headers: dict[str, str], fields: Body) -> Body:
        body = {name: value for name, value in fields.items() if value is not None}
        clock = asyncio.get_running_loop().time
        deadline = clock() + PATIENCE_S
        pause_s = FIRST_PAUSE_S
        while True:
            try:
                response = await self._http.request(
                    method, path, headers=headers, json=body or None
                )
            except httpx.TransportError as error:
                problem = f"no answer ({error!r})"
            else:
                if response.is_success:
                    answer: Body = response.json()
                    return answer
                problem = _problem(response)
                if response.status_code not in LATER:
                    raise RequestFailed(f"{method} {path}: {problem}")
                pause_s = max(pause_s, _retry_after_s(response))
            if clock() + pause_s > deadline:
                raise RequestFailed(f"{method} {path}: {problem}")
            await asyncio.sleep(pause_s)
            pause_s = min(pause_s * 2, LONGEST_PAUSE_S)


def _problem(response: httpx.Response) -> str:
    try:
        problem = response.json()
        return f"{response.status_code} {problem['code']}: {problem['detail']}"
    except (ValueError, LookupError, TypeError):
        return f"{response.status_code}"


def _retry_after_s(response: httpx.Response) -> float:
    said = response.headers.get("Retry-After", "")
    return min(float(said), LONGEST_PAUSE_S) if said.isdecimal() else 0.0
