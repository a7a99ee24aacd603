"""sms.ru: ``/sms/send`` and ``/sms/status``, answers in JSON. It takes no id of ours, so that an
answer that is lost leaves a message undetermined."""

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
from services.documents.providers.settings import SmsRuSettings

ACCEPTED = 100
PASSING = frozenset({201, 206, 220, 230, 231, 232, 233, 500, 501, 502, 503, 504, 506, 507})
"""Out of money, a limit of the day or minute, the service away for a while: all of them pass."""
UNDER_WAY = frozenset({100, 101, 102})
DELIVERED = frozenset({103, 110})
"""110: delivered, and read."""
UNKNOWN = -1


class SmsRuProvider:
    """The answer has a code for the request, and one for each recipient."""

    name = "smsru"
    abilities = Abilities(tracks="provider_id")

    def __init__(self, settings: SmsRuSettings, client: httpx.AsyncClient) -> None:
        self._settings = settings
        self._client = client

    async def send(self, letter: Letter) -> Accepted:
        # Digits alone: the answer is found by them.
        to = letter.to.lstrip("+")
        form = {"to": to, "msg": letter.text}
        if self._settings.sender:
            form["from"] = self._settings.sender
        response = await answer(self._client, "POST", self._url("send"), data=self._signed(form))
        said = json_of(response)
        _check(said)
        recipients = said.get("sms")
        about = recipients.get(to) if isinstance(recipients, dict) else None
        if not isinstance(about, dict):
            raise Unclear("the answer does not name the recipient")
        _check(about)
        sms_id = about.get("sms_id")
        return Accepted(str(sms_id) if sms_id else None)

    async def fate(self, letter: Letter, provider_id: str | None) -> Fate:
        said = await asked(
            self._client, "POST", self._url("status"), data=self._signed({"sms_id": provider_id})
        )
        messages = said.get("sms")
        about = messages.get(provider_id) if isinstance(messages, dict) else None
        if number_of(said.get("status_code")) != ACCEPTED or not isinstance(about, dict):
            raise Passing(_words(said))
        code = number_of(about.get("status_code"))
        if code in DELIVERED:
            return Fate("delivered")
        if code in UNDER_WAY:
            return Fate("under_way")
        if code == UNKNOWN:
            return Fate("unknown")
        if code is None or code in PASSING:
            raise Passing(_words(about))
        return Fate("failed", _words(about))

    def _url(self, verb: str) -> str:
        return f"{self._settings.url}/sms/{verb}"

    def _signed(self, form: dict[str, Any]) -> dict[str, Any]:
        return {"api_id": self._settings.api_id.get_secret_value(), "json": "1", **form}


def _check(said: dict[str, Any]) -> None:
    code = number_of(said.get("status_code"))
    if code == ACCEPTED:
        return
    if code is None:
        raise Unclear("the answer has no code")
    raise (Passing if code in PASSING else Permanent)(_words(said))


def _words(said: dict[str, Any]) -> str:
    return f"{said.get('status_code')} {said.get('status_text') or ''}".strip()[:500]
