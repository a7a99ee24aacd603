"""smsc.ru: ``send.php`` and ``status.php``, answers in JSON (``fmt=3``). A message carries our own
id, by which its state is asked for: an answer that is lost can be found again."""

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
from services.documents.providers.settings import SmscSettings

PASSING = frozenset({2, 3, 4, 9})
"""Errors of ``send.php`` that end: the account cannot sign in or pay, the address is blocked for a
while, too many requests at once. (1: parameters, 5: date, 6: forbidden text or sender, 7: number,
8: that number cannot be reached.)"""
UNKNOWN = -3
UNDER_WAY = frozenset({-1, 0})
DELIVERED = frozenset({1, 2, 4})
"""2: read; 4: its link was followed."""
NOT_FOUND = 3
"""Error of ``status.php``: no such message."""


class SmscProvider:
    """Ours are the ids; smsc.ru asks for the phone beside them."""

    name = "smsc"
    abilities = Abilities(tracks="own_id")

    def __init__(self, settings: SmscSettings, client: httpx.AsyncClient) -> None:
        self._settings = settings
        self._client = client

    async def send(self, letter: Letter) -> Accepted:
        form = {"phones": letter.to, "mes": letter.text, "id": _id(letter)}
        if self._settings.sender:
            form["sender"] = self._settings.sender
        said = json_of(
            await answer(self._client, "POST", self._url("send"), data=self._signed(form))
        )
        if "error_code" in said or "error" in said:
            code = number_of(said.get("error_code"))
            if code is None:
                raise Unclear(_words(said))
            raise (Passing if code in PASSING else Permanent)(_words(said))
        if "id" not in said:
            raise Unclear("the answer has neither id nor error")
        return Accepted(str(said["id"]))

    async def fate(self, letter: Letter, provider_id: str | None) -> Fate:
        form = {"phone": letter.to, "id": _id(letter)}
        said = await asked(self._client, "POST", self._url("status"), data=self._signed(form))
        if "error_code" in said:
            if number_of(said["error_code"]) == NOT_FOUND:
                return Fate("unknown")
            raise Passing(_words(said))
        code = number_of(said.get("status"))
        if code is None:
            raise Passing("the answer has no status")
        if code in DELIVERED:
            return Fate("delivered")
        if code in UNDER_WAY:
            return Fate("under_way")
        return Fate("unknown") if code == UNKNOWN else Fate("failed", _words(said))

    def _url(self, verb: str) -> str:
        return f"{self._settings.url}/sys/{verb}.php"

    def _signed(self, form: dict[str, Any]) -> dict[str, Any]:
        signed = {"fmt": "3", "charset": "utf-8", **form}
        if key := self._settings.api_key.get_secret_value():
            return {"apikey": key, **signed}
        password = self._settings.password.get_secret_value()
        return {"login": self._settings.login, "psw": password, **signed}


def _id(letter: Letter) -> str:
    """Up to 40 letters and digits."""
    return letter.id.hex


def _words(said: dict[str, Any]) -> str:
    code = said.get("error_code", said.get("status"))
    return f"{code} {said.get('error') or said.get('status_name') or ''}".strip()[:500]
