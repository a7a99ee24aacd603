"""Who carries messages to clients' phones and mailboxes: each behind the same interface."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from functools import cache
from logging import WARNING, getLogger
from ssl import SSLContext

import httpx

from services.documents.providers.base import Provider
from services.documents.providers.file import FileProvider
from services.documents.providers.http import HttpProvider
from services.documents.providers.settings import MessageSettings
from services.documents.providers.smsc import SmscProvider
from services.documents.providers.smsru import SmsRuProvider
from services.documents.providers.smtp import SmtpProvider
from services.documents.providers.twilio import TwilioProvider
from shared.contracts.messages import Channel

__all__ = ["MessageSettings", "Provider", "providers"]


@asynccontextmanager
async def providers(settings: MessageSettings) -> AsyncIterator[Mapping[Channel, Provider]]:
    """The configured provider of each channel, as long as the context lasts."""
    # It logs every address, and an address may hold a key or a client's phone.
    getLogger("httpx").setLevel(WARNING)
    async with AsyncExitStack() as stack:
        client = await stack.enter_async_context(
            httpx.AsyncClient(
                verify=_trusted(),
                timeout=settings.timeout_s,
                # A message that is posted to another address is posted twice.
                follow_redirects=False,
                # A connection that the server has just closed looks like an answer that is lost.
                limits=httpx.Limits(max_keepalive_connections=0),
            )
        )
        yield {
            "sms": _provider(settings.sms_provider, settings, client),
            "email": _provider(settings.email_provider, settings, client),
        }


@cache
def _trusted() -> SSLContext:
    """Whom the world trusts. To read that takes longer than all else that a service starts with:
    once a process is enough."""
    return httpx.create_ssl_context()


def _provider(name: str, settings: MessageSettings, client: httpx.AsyncClient) -> Provider:
    match name:
        case "smsru":
            return SmsRuProvider(settings.smsru, client)
        case "smsc":
            return SmscProvider(settings.smsc, client)
        case "twilio":
            return TwilioProvider(settings.twilio, client)
        case "smtp":
            return SmtpProvider(settings.smtp, settings.timeout_s)
        case "http":
            return HttpProvider(settings.http, client)
        case _:
            return FileProvider(settings.file)
