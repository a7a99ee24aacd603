"""Twilio: the Messages resource of API 2010-04-01. It takes no id of ours, so that an answer that
is lost leaves a message undetermined."""

from __future__ import annotations

from typing import Any

import httpx

from services.documents.domain.messages import Abilities
from services.documents.providers.base import (
    Accepted,
    Fate,
    Letter,
    Passing,
    Permanent,
    Unclear,
    answer,
    asked,
    json_of,
    number_of,
)
from services.documents.providers.settings import TwilioSettings

PASSING = frozenset({20003, 20005, 20429, 14107, 21611, 30001})
"""Cannot sign in, account not active, too many requests, send rate, the sender's queue is full."""
DELIVERED = frozenset({"delivered", "read"})
FAILED = frozenset({"failed", "undelivered", "canceled"})


class TwilioProvider:
    """Signed in by the account's id and token; a message is known by its ``sid``."""

    name = "twilio"
    abilities = Abilities(tracks="provider_id")

    def __init__(self, settings: TwilioSettings, client: httpx.AsyncClient) -> None:
        self._settings = settings
        self._client = client
        self._auth = (settings.account_sid, settings.auth_token.get_secret_value())

    async def send(self, letter: Letter) -> Accepted:
        form = {"To": letter.to, "Body": letter.text}
        if self._settings.messaging_service_sid:
            form["MessagingServiceSid"] = self._settings.messaging_service_sid
        elif self._settings.sender:
            form["From"] = self._settings.sender
        response = await answer(
            self._client, "POST", self._url("Messages"), data=form, auth=self._auth
        )
        if response.status_code >= 400:
            raise _refusal(response)
        said = json_of(response)
        if not isinstance(sid := said.get("sid"), str):
            raise Unclear("the answer has no sid")
        return Accepted(sid)

    async def fate(self, letter: Letter, provider_id: str | None) -> Fate:
        said = await asked(
            self._client, "GET", self._url(f"Messages/{provider_id}"), auth=self._auth
        )
        # Of an error ``status`` is the HTTP code, not a word.
        if not isinstance(status := said.get("status"), str):
            raise Passing(_words(said))
        if status in DELIVERED:
            return Fate("delivered")
        if status in FAILED:
            return Fate("failed", _words(said) or status)
        return Fate("under_way")

    def _url(self, resource: str) -> str:
        return (
            f"{self._settings.url}/2010-04-01/Accounts/{self._settings.account_sid}/{resource}.json"
        )


def _refusal(response: httpx.Response) -> Exception:
    """4xx: nothing was made of it."""
    try:
        said = json_of(response)
    except Unclear:
        said = {}
    passes = response.status_code in (401, 403, 408) or number_of(said.get("code")) in PASSING
    words = _words(said) or f"HTTP {response.status_code}"
    return Passing(words) if passes else Permanent(words)


def _words(said: dict[str, Any]) -> str:
    code = said.get("code", said.get("error_code"))
    message = said.get("message") or said.get("error_message") or ""
    return f"{code or ''} {message}".strip()[:500]
