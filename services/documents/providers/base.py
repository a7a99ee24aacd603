"""What a provider is: it sends one message, and may tell later what became of it.

``send`` answers ``Accepted`` or raises. What it raises decides whether the message is sent again,
so it must be right: ``Passing`` only when the provider surely has not taken the message.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, Protocol
from uuid import UUID

import httpx
import pydantic_core

from services.documents.domain.messages import Abilities
from shared.contracts.messages import Channel


@dataclass(frozen=True, slots=True)
class Letter:
    """One message as a provider gets it. ``id`` is ours, and the same at every attempt."""

    id: UUID
    channel: Channel
    to: str
    text: str
    subject: str | None = None


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider has taken it."""

    provider_id: str | None


class Passing(Exception):
    """Surely not taken, and worth another try: not connected, too busy, out of money."""


class Permanent(Exception):
    """Surely not taken, and no other try would be: a wrong number, a forbidden text."""


class Unclear(Exception):
    """It may have been taken: the answer was lost, or says nothing that we understand."""


@dataclass(frozen=True, slots=True)
class Fate:
    """What a provider knows of a message. ``unknown``: it never heard of it."""

    state: Literal["under_way", "delivered", "failed", "unknown"]
    detail: str | None = None


class Provider(Protocol):
    """One way out of the house."""

    name: str
    abilities: Abilities

    async def send(self, letter: Letter) -> Accepted:
        """Raises ``Passing``, ``Permanent`` or ``Unclear``."""
        ...

    async def fate(self, letter: Letter, provider_id: str | None) -> Fate:
        """Asked only of providers that track. Raises ``Passing`` when it cannot tell now."""
        ...


async def answer(
    client: httpx.AsyncClient, method: str, url: str, **request: Any
) -> httpx.Response:
    """An HTTP request whose failures are told apart by whether anything can have been taken.

    Raises ``Passing`` when no connection was made, or the provider says itself that it is too
    busy (429, 503); ``Unclear`` when the request was out and no proper answer came.
    """
    try:
        response = await client.request(method, url, **request)
    except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
        raise Passing(_said(error)) from error
    except httpx.HTTPError as error:
        raise Unclear(_said(error)) from error
    if response.status_code in (429, 503):
        raise Passing(f"HTTP {response.status_code}")
    if response.status_code >= 500 or 300 <= response.status_code < 400:
        raise Unclear(f"HTTP {response.status_code}")
    return response


async def asked(client: httpx.AsyncClient, method: str, url: str, **request: Any) -> Any:
    """The same for a question, which may be asked as often as one likes: its JSON, or
    ``Passing``."""
    try:
        return json_of(await answer(client, method, url, **request))
    except Unclear as error:
        raise Passing(str(error)) from error


def json_of(response: httpx.Response) -> dict[str, Any]:
    """Raises ``Unclear`` for whatever is no JSON object; ``Passing`` when it came with a status
    that says that nothing was done."""
    try:
        value = pydantic_core.from_json(response.content)
    except ValueError:
        value = None
    if isinstance(value, dict):
        return value
    problem = f"no JSON object (HTTP {response.status_code})"
    raise (Passing if 400 <= response.status_code < 500 else Unclear)(problem)


def number_of(value: Any) -> int | None:
    """A code that may come as a number or as its digits."""
    try:
        return int(value)
    except (TypeError, ValueError):
        return None


def _said(error: Exception) -> str:
    # Not its text: it may hold the address, and that a key.
    return type(error).__name__
