"""What is asked of others before a person is forgotten."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any, cast
from uuid import UUID

import pytest

from services.clients.handlers.erasure import nothing_is_open
from services.clients.store import ClientsStore
from shared.contracts.client_data import EraseClient, GetOpenOrders, OpenOrders
from shared.contracts.finance import BalanceView
from shared.handlers import Work
from shared.ids import new_id
from shared.messaging.client import ServiceClient
from shared.messaging.envelope import SYSTEM, opening
from shared.refusals import Refused
from shared.settings import ServiceSettings
from tests.clients.builders import NOW


class Others:
    """Orders and finance, which answer only when everything was asked."""

    def __init__(self, questions: int, open_at: UUID | None = None) -> None:
        self._all_asked = asyncio.Barrier(questions)
        self._open_at = open_at

    async def ask(self, question: Any, **_: Any) -> Any:
        await asyncio.wait_for(self._all_asked.wait(), 5)
        if isinstance(question, GetOpenOrders):
            is_open = question.client_id == self._open_at
            return OpenOrders(numbers=("A-000007",) if is_open else ())
        return BalanceView(client_id=question.client_id, owes=0)


def a_store(aliases: list[UUID]) -> ClientsStore:
    async def told(*_: Any) -> Any:
        return aliases

    erasure = SimpleNamespace(aliases=told)
    return cast(ClientsStore, SimpleNamespace(erasure=erasure, release=told))


async def test_all_cards_of_a_client_are_asked_about_at_once() -> None:
    aliases = [new_id() for _ in range(4)]
    command = EraseClient(client_id=aliases[0], reason="Заявление")
    settings = ServiceSettings(service="clients", database_url="postgresql://nowhere")
    for open_at in (None, aliases[-1]):
        others = Others(2 * len(aliases), open_at)
        work = Work(
            opening("/station-1/clients", command.subject, SYSTEM),
            NOW,
            settings,
            cast(ServiceClient, others),
            keeps_answers=True,
        )
        if open_at is None:
            assert await nothing_is_open(command, a_store(aliases), work) == command
        else:
            with pytest.raises(Refused, match="A-000007"):
                await nothing_is_open(command, a_store(aliases), work)
