"""What goes on for a message beside the lane, which waits for none of it."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from shared.handlers import Handlers, Store, Work
from shared.messaging.client import ServiceClient
from shared.messaging.jobs import Job
from shared.settings import ServiceSettings


class Beside:
    """Of one service."""

    def __init__(
        self,
        settings: ServiceSettings,
        engine: AsyncEngine,
        handlers: Handlers[Store],
        client: ServiceClient,
    ) -> None:
        self._settings = settings
        self._engine = engine
        self._handlers = handlers
        self._client = client

    def _work(self, job: Job) -> Work:
        return Work(
            job.envelope, datetime.now(UTC), self._settings, self._client, answers=job.answers
        )
