"""Any provider that takes an HTTP request: what goes where is configuration."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

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
    json_of,
)
from services.documents.providers.settings import HttpSettings


class HttpProvider:
    """Fills our words into the configured request, and reads the configured places of the
    answer."""

    name = "http"

    def __init__(self, settings: HttpSettings, client: httpx.AsyncClient) -> None:
        self._settings = settings
        self._client = client
        self.abilities = Abilities(settings.tracks, settings.dedupes)

    async def send(self, letter: Letter) -> Accepted:
        words = _words(letter)
        content: dict[str, Any] = {
            {"json": "json", "form": "data", "query": "params"}[self._settings.format]: _filled(
                self._settings.body, words
            )
        }
        response = await answer(
            self._client,
            self._settings.method,
            _address(self._settings.url or "", words),
            headers=self._headers(words),
            **content,
        )
        if response.status_code >= 400:
            problem = f"HTTP {response.status_code}"
            # Whose fault it is may change: the key, the account's state.
            passes = response.status_code in (401, 402, 403, 408, 425)
            raise (Passing if passes else Permanent)(problem)
        if self._settings.id_path is None:
            return Accepted(None)
        found = _at(json_of(response), self._settings.id_path)
        if not isinstance(found, str | int):
            raise Unclear(f"the answer has no {self._settings.id_path}")
        return Accepted(str(found))

    async def fate(self, letter: Letter, provider_id: str | None) -> Fate:
        words = {**_words(letter), "provider_id": provider_id or ""}
        address = _address(self._settings.status_url or "", words)
        try:
            response = await answer(self._client, "GET", address, headers=self._headers(words))
            if response.status_code == 404:
                return Fate("unknown")
            if response.status_code >= 400:
                raise Passing(f"HTTP {response.status_code}")
            state = str(_at(json_of(response), self._settings.status_path))
        except Unclear as error:
            raise Passing(str(error)) from error
        if state in self._settings.delivered:
            return Fate("delivered")
        return Fate("failed", state) if state in self._settings.failed else Fate("under_way")

    def _headers(self, words: Mapping[str, str]) -> dict[str, str]:
        return {
            name: _fill(value.get_secret_value(), {"id": words["id"]})
            for name, value in self._settings.headers.items()
        }


def _words(letter: Letter) -> dict[str, str]:
    return {
        "id": str(letter.id),
        "to": letter.to,
        "text": letter.text,
        "subject": letter.subject or "",
    }


def _fill(template: str, words: Mapping[str, str]) -> str:
    """Piece by piece, so that braces in a text are not filled in turn."""
    pieces, rest = [], template
    while rest:
        at, name = min(
            ((rest.find(f"{{{name}}}"), name) for name in words if f"{{{name}}}" in rest),
            default=(len(rest), ""),
        )
        pieces.append(rest[:at])
        if not name:
            break
        pieces.append(words[name])
        rest = rest[at + len(name) + 2 :]
    return "".join(pieces)


def _filled(value: Any, words: Mapping[str, str]) -> Any:
    """Into the strings of a structure: what is sent stays valid, whatever the text holds."""
    if isinstance(value, str):
        return _fill(value, words)
    if isinstance(value, dict):
        return {key: _filled(item, words) for key, item in value.items()}
    if isinstance(value, list):
        return [_filled(item, words) for item in value]
    return value


def _address(template: str, words: Mapping[str, str]) -> str:
    return _fill(template, {name: quote(word, safe="") for name, word in words.items()})


def _at(value: Any, path: str) -> Any:
    """``result.0.id``; null where there is nothing."""
    for step in path.split("."):
        if isinstance(value, dict):
            value = value.get(step)
        elif isinstance(value, list) and step.isdecimal() and int(step) < len(value):
            value = value[int(step)]
        else:
            return None
    return value
