"""The documents service, wired: ``pitlane service documents``."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncConnection

from services.documents.handlers import forms, handlers
from services.documents.handlers.message_templates import ship_templates
from services.documents.handlers.sending import Sender
from services.documents.providers import MessageSettings, providers
from shared.service import Running, Service
from shared.settings import ServiceSettings


async def _prepare(connection: AsyncConnection, settings: ServiceSettings) -> None:
    await ship_templates(connection, datetime.now(UTC))


async def _send_messages(running: Running) -> None:
    settings = MessageSettings()
    async with providers(settings) as carriers:
        rules = settings.rules(running.settings.zone)
        await Sender(running, carriers, rules, lambda: datetime.now(UTC)).run()


service = Service(
    "documents",
    handlers,
    configured=MessageSettings.load,
    prepare=_prepare,
    background=(_send_messages, forms.renderers.run),
    gather_s=0.2,
)
