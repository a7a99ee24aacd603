"""A mail server. Until the letter itself is handed over nothing can have been taken; once it is,
only the server's answer tells."""

from __future__ import annotations

import contextlib
from email.message import EmailMessage
from email.utils import formatdate

from aiosmtplib import SMTP, SMTPException, SMTPResponseException

from services.documents.domain.messages import Abilities
from services.documents.providers.base import (
    Accepted,
    Fate,
    Letter,
    Passing,
    Permanent,
    Unclear,
)
from services.documents.providers.settings import SmtpSettings


class SmtpProvider:
    """One connection for each letter: they are few."""

    name = "smtp"
    abilities = Abilities()
    """A mail server says that it has taken a letter, and no more."""

    def __init__(self, settings: SmtpSettings, timeout_s: float) -> None:
        self._settings = settings
        self._timeout_s = timeout_s

    async def send(self, letter: Letter) -> Accepted:
        content, message_id = self._letter(letter)
        server = SMTP(
            hostname=self._settings.host,
            port=self._settings.port,
            use_tls=self._settings.security == "tls",
            start_tls=self._settings.security == "starttls",
            timeout=self._timeout_s,
        )
        try:
            await self._introduce(server, letter)
            await _hand_over(server, content)
        finally:
            with contextlib.suppress(SMTPException, OSError):
                await server.quit(timeout=2)
            server.close()
        return Accepted(message_id)

    async def fate(self, letter: Letter, provider_id: str | None) -> Fate:
        raise Passing("a mail server cannot be asked")

    async def _introduce(self, server: SMTP, letter: Letter) -> None:
        try:
            await server.connect()
            if self._settings.username:
                await server.login(
                    self._settings.username, self._settings.password.get_secret_value()
                )
        except (SMTPException, OSError) as error:
            # That it does not let us in is ours to mend, and no fault of the letter.
            raise Passing(_said(error)) from error
        try:
            await server.mail(self._settings.sender)
            await server.rcpt(letter.to)
        except SMTPResponseException as error:
            raise (Permanent if error.code >= 500 else Passing)(_said(error)) from error
        except (SMTPException, OSError) as error:
            raise Passing(_said(error)) from error
        except ValueError as error:
            raise Permanent(f"no address: {letter.to!r}") from error

    def _letter(self, letter: Letter) -> tuple[bytes, str]:
        message = EmailMessage()
        domain = self._settings.sender.rpartition("@")[2] or "localhost"
        message_id = f"<{letter.id}@{domain}>"
        try:
            message["From"] = self._settings.sender
            message["To"] = letter.to
            message["Subject"] = letter.subject or ""
        except ValueError as error:
            raise Permanent(f"no address or subject: {error}") from error
        message["Message-ID"] = message_id
        message["Date"] = formatdate()
        message["Auto-Submitted"] = "auto-generated"
        message.set_content(letter.text)
        return message.as_bytes(), message_id


async def _hand_over(server: SMTP, content: bytes) -> None:
    try:
        await server.data(content)
    except SMTPResponseException as error:
        raise (Permanent if error.code >= 500 else Passing)(_said(error)) from error
    except (SMTPException, OSError) as error:
        raise Unclear(_said(error)) from error


def _said(error: Exception) -> str:
    if isinstance(error, SMTPResponseException):
        return f"{error.code} {error.message}"[:500]
    return type(error).__name__
